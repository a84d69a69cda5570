//! The bodies of resources: arguments, blocks, and blocks that are made (`dynamic`).

pub(crate) use super::expand::Instance;
use super::{Binding, Evaluator, Scope, entries, map};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::syntax::{Block, Body};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Arguments that speak to Terraform, not to AWS.
const META: &[&str] = &["count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner", "timeouts"];

/// Blocks that one dynamic block makes.
const DYNAMIC_MAX: usize = 1_000;

/// What an address means.
#[derive(Clone)]
pub(crate) enum Target {
    Resource {
        module: usize,
        index: usize,
        instance: Instance,
    },
    Data {
        module: usize,
        index: usize,
        instance: Instance,
    },
    /// `None`: the module is not in the tree.
    Module(Option<usize>),
}

impl Evaluator<'_> {
    /// The body of a resource's instance, made at first use.
    ///
    /// # Errors
    /// It is being made: the resource refers to itself.
    pub(crate) fn body(&self, module: usize, index: usize, instance: &Instance) -> Result<Rc<Node>, String> {
        match self.bodies.borrow().get(&instance.address) {
            Some(None) => return Err(format!("{} refers to itself", instance.address)),
            Some(Some(body)) => return Ok(body.clone()),
            None => {}
        }
        self.bodies.borrow_mut().insert(instance.address.clone(), None);
        let source = self.module(module).source;
        let placed = &source.resources[index];
        let body = Rc::new(self.in_file(&placed.file, || self.of_instance(module, &placed.block, instance)));
        self.bodies.borrow_mut().insert(instance.address.clone(), Some(body.clone()));
        Ok(body)
    }

    /// A block's body as one of its instances sees it.
    pub(super) fn of_instance(&self, module: usize, block: &Block, instance: &Instance) -> Node {
        let binding = instance.binding.as_ref().map(|(name, node)| Binding { name, node, outer: None });
        let scope = Scope { module, names: binding.as_ref() };
        self.inner(&block.body, META, scope, block.line)
    }

    fn inner(&self, body: &Body, without: &[&str], scope: Scope<'_>, line: u32) -> Node {
        let mut map: BTreeMap<String, Node> = BTreeMap::new();
        for (name, expression) in body.attributes.iter().filter(|(name, _)| !without.contains(&name.as_str())) {
            map.insert(name.clone(), self.attribute(expression, scope));
        }
        for block in body.blocks.iter().filter(|block| !without.contains(&block.kind.as_str())) {
            let (name, made) = match (block.kind.as_str(), block.labels.first()) {
                ("dynamic", Some(name)) => (name.clone(), self.dynamic(name, block, scope)),
                (kind, _) => (kind.to_owned(), vec![self.inner(&block.body, &[], scope, block.line)]),
            };
            let list = map.entry(name).or_insert_with(|| Node::new(Attribute::List(Vec::new()), block.line));
            if let Attribute::List(items) = &mut list.attribute {
                items.extend(made);
            }
        }
        Node::new(Attribute::Map(map), line)
    }

    /// The blocks that a dynamic one makes. Over something unknown it makes one that is unknown.
    fn dynamic(&self, name: &str, block: &Block, scope: Scope<'_>) -> Vec<Node> {
        let unknown = |why: String| vec![Node::new(Attribute::Unknown(why), block.line)];
        let Some(each) = block.body.attribute("for_each") else { return unknown("a dynamic block has no for_each".to_owned()) };
        let Some(content) = block.body.blocks("content").next() else { return unknown("a dynamic block has no content".to_owned()) };
        let iterator = block.body.attribute("iterator").and_then(|iterator| iterator.as_path()).unwrap_or_else(|| name.to_owned());
        let collection = self.resolved(self.attribute(each, scope));
        let is_set = matches!(collection.attribute, Attribute::List(_)) && self.is_set(each, scope);
        let entries = match entries(collection) {
            Ok(Ok(entries)) if entries.len() <= DYNAMIC_MAX => entries,
            Ok(Ok(entries)) => {
                self.notice(block.line, format!("a dynamic block makes {} blocks; more than {DYNAMIC_MAX} are not read", entries.len()));
                return unknown(format!("{} blocks", entries.len()));
            }
            Ok(Err(why)) | Err(why) => return unknown(why),
        };
        let made = entries.into_iter().map(|(key, value)| {
            // A set's elements are their own keys.
            let key = if is_set { value.clone() } else { key };
            let node = map([("key", key), ("value", value)], block.line);
            let binding = Binding { name: &iterator, node: &node, outer: scope.names };
            self.inner(&content.body, &[], Scope { module: scope.module, names: Some(&binding) }, content.line)
        });
        made.collect()
    }
}
