//! What every one of Terraform's sources comes down to: instances of resources with their attributes.

use super::evaluate::{Evaluator, Module};
use crate::attribute::{Attribute, Node};
use crate::inventory::{Origin, Unrecognised};
use crate::value::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// One instance of a resource.
#[derive(Debug)]
pub(super) struct Declared {
    /// As in the inventory.
    pub id: String,
    /// Such as `aws_lb`.
    pub type_name: String,
    pub origin: Origin,
    pub region: Value<String>,
    /// Arguments by name; blocks are lists of maps.
    pub body: Rc<Node>,
    /// Which root, plan or state it belongs to. Names mean nothing beyond it.
    pub root: usize,
}

/// What the modules of the tree declare.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    pub resources: Vec<Declared>,
    /// Calls of modules that are not in the tree.
    pub calls: Vec<Unrecognised>,
    /// Why it cannot be told whether a resource is there, by its id.
    pub conditional: BTreeMap<String, String>,
}

impl Declarations {
    /// Adds all instances of a module and of the modules that it calls. `why`: what it depends on whether the module is there.
    pub(super) fn add<'t>(&mut self, evaluator: &Evaluator<'t>, module: &Rc<Module<'t>>, root: usize, why: Option<&str>) {
        for (index, placed) in module.source.resources.iter().enumerate() {
            let name = placed.block.labels.join(".");
            let provider = placed.block.body.attribute("provider").and_then(|provider| provider.as_path());
            let expansion = evaluator.instances(module, &name, placed);
            for instance in &expansion.instances {
                let body = match evaluator.body(module.id, index, instance) {
                    Ok(body) => body,
                    Err(why) => Rc::new(Node::new(Attribute::Unknown(why), placed.block.line)),
                };
                let region = match body.get("region") {
                    Some(region) => region.text(),
                    None => module.region(provider.as_deref().unwrap_or("aws")),
                };
                if let Some(why) = expansion.why.as_deref().or(why) {
                    self.conditional.insert(instance.address.clone(), format!("how many there are depends on {why}"));
                }
                self.resources.push(Declared {
                    id: instance.address.clone(),
                    type_name: placed.label(0).to_owned(),
                    origin: Origin { file: placed.file.clone(), line: placed.block.line, path: path_of(&instance.address).to_owned() },
                    region,
                    body,
                    root,
                });
            }
        }
        for call in &module.source.modules {
            match evaluator.called(module, call) {
                Ok((children, number)) => {
                    let why = number.as_deref().or(why);
                    children.iter().for_each(|child| self.add(evaluator, child, root, why));
                }
                Err(source) => {
                    let id = format!("{}module.{}", module.prefix, call.label(0));
                    let origin = Origin { file: call.file.clone(), line: call.block.line, path: path_of(&id).to_owned() };
                    self.calls.push(self::call(id, &source, origin));
                }
            }
        }
    }
}

/// A call of a module that is not in the tree.
pub(super) fn call(id: String, source: &str, origin: Origin) -> Unrecognised {
    Unrecognised { id, type_name: format!("module {}", without_credentials(source)), origin }
}

/// The source of a module without what lets one in: `user:password@`, and parameters other than the version.
fn without_credentials(source: &str) -> String {
    let (address, parameters) = source.split_once('?').unwrap_or((source, ""));
    let address = match address.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.find('/').unwrap_or(rest.len());
            format!("{scheme}://{}", rest[..host].rfind('@').map_or(rest, |at| &rest[at + 1..]))
        }
        None => address.to_owned(),
    };
    match parameters.split('&').find(|parameter| parameter.starts_with("ref=")) {
        Some(version) => format!("{address}?{version}"),
        None => address,
    }
}

/// An address without the folder that keeps the roots apart.
pub(super) fn path_of(address: &str) -> &str {
    // Folders come before the first bracket, whose key may hold slashes of its own.
    let end = address.find('[').unwrap_or(address.len());
    address[..end].rfind('/').map_or(address, |slash| &address[slash + 1..])
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn a_modules_source_is_told_without_its_token() {
        for (source, told) in [
            ("git::https://oauth2:token@gitlab.com/a/b.git?ref=v1", "git::https://gitlab.com/a/b.git?ref=v1"),
            ("git::ssh://git@github.com/a/b.git?sshkey=abc&ref=v2", "git::ssh://github.com/a/b.git?ref=v2"),
            ("s3::https://s3.amazonaws.com/b/k.zip?aws_access_key_secret=x", "s3::https://s3.amazonaws.com/b/k.zip"),
            ("https://example.com/@scope/b.zip", "https://example.com/@scope/b.zip"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("terraform-aws-modules/vpc/aws", "terraform-aws-modules/vpc/aws"),
        ] {
            assert_eq!(without_credentials(source), told);
        }
    }
}
