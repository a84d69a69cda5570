//! Names and the steps from them: `var.a.b`, `aws_x.y[0].arn`, `module.m.out`, `each.value`, splats.

use super::expand::Shape;
use super::{Evaluated, Evaluator, MORE, Scope, Target, key_of, reference_text, unknown_key};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::names;
use crate::read::terraform::syntax::{Block, Expression, Step};
use std::collections::BTreeMap;

/// Resolving goes from one resource to the next at most this often.
const HOPS_MAX: u32 = 16;

impl Evaluator<'_> {
    /// A name and what follows it.
    pub(super) fn steps(&self, root: &Expression, name: &str, steps: &[Step], scope: Scope<'_>, line: u32) -> Evaluated {
        if let Some(node) = scope.find(name) {
            return self.walk_from(node, steps, scope);
        }
        let unknown = |why: String| Ok(Node::new(Attribute::Unknown(why), line));
        match (name, steps) {
            ("var", [Step::Name(variable), rest @ ..]) => self.walk_made(&self.variable(scope.module, variable, line), rest, scope),
            ("local", [Step::Name(local), rest @ ..]) => self.walk_made(&self.local(scope.module, local, line), rest, scope),
            ("path", [Step::Name(which)]) => self.path(scope.module, which, line),
            ("terraform", [Step::Name(which), ..]) => unknown(format!("terraform.{which}")),
            ("count" | "each" | "self", _) => Err(format!("{name} has no meaning here")),
            ("module", [Step::Name(call), rest @ ..]) => match self.module_call(scope.module, call) {
                Some(placed) => self.expanded_walk(scope, &format!("module.{call}"), &placed.file, &placed.block, rest, line),
                None => self.undeclared(line, format!("module.{call}")),
            },
            ("data", [Step::Name(kind), Step::Name(label), rest @ ..]) => match self.data_block(scope.module, kind, label) {
                Some(placed) => self.expanded_walk(scope, &format!("data.{kind}.{label}"), &placed.file, &placed.block, rest, line),
                None => self.undeclared(line, format!("data.{kind}.{label}")),
            },
            (kind, [Step::Name(label), rest @ ..]) => match self.resource_block(scope.module, kind, label) {
                Some(placed) => self.expanded_walk(scope, &format!("{kind}.{label}"), &placed.file, &placed.block, rest, line),
                None => self.undeclared(line, format!("{kind}.{label}")),
            },
            _ => self.undeclared(root.line, name.to_owned()),
        }
    }

    pub(super) fn undeclared(&self, line: u32, name: String) -> Evaluated {
        self.notice(line, format!("{name} is used and not declared"));
        Err(format!("{name} is not declared"))
    }

    fn expanded_walk(&self, scope: Scope<'_>, name: &str, file: &str, block: &Block, steps: &[Step], line: u32) -> Evaluated {
        let expansion = self.expand(scope.module, name, file, block);
        self.register(scope.module, name, &expansion);
        // Whichever of an unknown number is meant, the one that stands for all is it.
        if expansion.shape == Shape::Unknown
            && let [Step::Index(_), rest @ ..] = steps
        {
            let kept = Attribute::Reference { resource: expansion.instances[0].address.clone(), attribute: None };
            return self.walk(Node::new(kept, line), rest, scope);
        }
        self.spend(expansion.instances.len() as u64)?;
        self.walk(expansion.value(name, line), steps, scope)
    }

    fn walk_made(&self, made: &Evaluated, steps: &[Step], scope: Scope<'_>) -> Evaluated {
        match made {
            Ok(node) => self.walk_from(node, steps, scope),
            Err(why) => Err(why.clone()),
        }
    }

    /// Goes the steps from a value that stays where it is: only what is found at the end is copied.
    fn walk_from(&self, node: &Node, steps: &[Step], scope: Scope<'_>) -> Evaluated {
        let (mut node, mut steps) = (node, steps);
        while let Some((step, rest)) = steps.split_first() {
            let within = match (step, &node.attribute) {
                (Step::Name(name), Attribute::Map(entries)) => entries.get(name),
                (Step::Index(index), Attribute::Map(entries)) => match self.resolved(self.evaluate(index, scope)?).attribute {
                    Attribute::Text(key) => entries.get(&key),
                    _ => None,
                },
                _ => None,
            };
            // Whatever is not plainly there is for the other way, which knows what to say of it.
            let Some(within) = within else { break };
            (node, steps) = (within, rest);
        }
        self.spend_on(node)?;
        self.walk(node.clone(), steps, scope)
    }

    /// Goes the steps from a value.
    pub(super) fn walk(&self, node: Node, steps: &[Step], scope: Scope<'_>) -> Evaluated {
        let Some((step, rest)) = steps.split_first() else { return Ok(node) };
        let line = node.line;
        match step {
            Step::Name(name) => self.walk(self.get(node, name)?, rest, scope),
            Step::Index(index) => {
                let index = self.resolved(self.evaluate(index, scope)?);
                self.walk(self.index(node, &index)?, rest, scope)
            }
            Step::Splat => {
                let node = match node.attribute {
                    Attribute::Reference { attribute: Some(_), .. } => self.resolved(node),
                    _ => node,
                };
                let items = match node.attribute {
                    Attribute::List(items) => items,
                    Attribute::Null => Vec::new(),
                    Attribute::Unknown(why) => return self.walk(Node::new(Attribute::Unknown(extended(&why, "[*]")), line), rest, scope),
                    attribute => vec![Node::new(attribute, node.line)],
                };
                let items = items.into_iter().map(|item| self.walk(item, rest, scope)).collect::<Result<_, _>>()?;
                Ok(Node::new(Attribute::List(items), line))
            }
        }
    }

    /// The attribute of a value.
    fn get(&self, node: Node, name: &str) -> Evaluated {
        let line = node.line;
        let attribute = match node.attribute {
            Attribute::Map(entries) => return entry(entries, name, line).ok_or_else(|| format!("there is no {name:?} in it")),
            Attribute::Reference { resource, attribute: None } => {
                let target = self.targets.borrow().get(&resource).cloned();
                match target {
                    Some(Target::Module(Some(module))) => return self.output(module, name, line),
                    Some(Target::Module(None)) => Attribute::Unknown(format!("{resource}.{name}")),
                    Some(Target::Data { module, index, instance }) => return self.data(module, index, &instance, name, line),
                    _ => Attribute::Reference { resource, attribute: Some(name.to_owned()) },
                }
            }
            Attribute::Reference { resource, attribute: Some(path) } => {
                let within = self.resolved(Node::new(Attribute::Reference { resource, attribute: Some(path) }, line));
                match within.attribute {
                    Attribute::Reference { resource, attribute } => {
                        let path = attribute.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"));
                        Attribute::Reference { resource, attribute: Some(path) }
                    }
                    _ => return self.get(within, name),
                }
            }
            Attribute::Unknown(why) => Attribute::Unknown(extended(&why, &format!(".{name}"))),
            Attribute::Null => return Err(format!("null has no {name:?}")),
            // A block that may be there once reads as a list of one.
            Attribute::List(mut items) if items.len() == 1 && matches!(items[0].attribute, Attribute::Map(_)) => {
                return self.get(items.remove(0), name);
            }
            _ => return Err(format!("there is no {name:?} in it")),
        };
        Ok(Node::new(attribute, line))
    }

    /// The element of a value.
    pub(super) fn index(&self, node: Node, index: &Node) -> Evaluated {
        let line = node.line;
        let key = match &index.attribute {
            Attribute::Unknown(why) => return Ok(Node::new(Attribute::Unknown(why.clone()), line)),
            Attribute::Reference { resource, attribute } => {
                return Ok(Node::new(Attribute::Unknown(reference_text(resource, attribute.as_deref())), line));
            }
            _ => key_of(index)?,
        };
        let shown = if matches!(index.attribute, Attribute::Number(_)) { format!("[{key}]") } else { format!("[{key:?}]") };
        match node.attribute {
            Attribute::List(mut items) => {
                let at = key.parse::<usize>().ok().filter(|at| *at < items.len());
                if at.is_none()
                    && let Some(more) = items.iter().find(|item| is_more(item))
                {
                    return Ok(more.clone());
                }
                at.map(|at| items.swap_remove(at)).ok_or_else(|| format!("there is no element {shown}"))
            }
            Attribute::Map(entries) => entry(entries, &key, line).ok_or_else(|| format!("there is no element {shown}")),
            Attribute::Unknown(why) => Ok(Node::new(Attribute::Unknown(extended(&why, &shown)), line)),
            Attribute::Reference { resource, attribute: Some(path) } => {
                let within = self.resolved(Node::new(Attribute::Reference { resource, attribute: Some(path) }, line));
                match within.attribute {
                    Attribute::Reference { resource, attribute } => {
                        let path = attribute.map_or_else(|| shown.clone(), |path| path + &shown);
                        Ok(Node::new(Attribute::Reference { resource, attribute: Some(path) }, line))
                    }
                    _ => self.index(within, index),
                }
            }
            _ => Err(format!("there is no element {shown}")),
        }
    }

    /// What a reference comes to where the files tell it; else the reference. Values that are none stay as they are.
    pub(super) fn resolved(&self, node: Node) -> Node {
        let mut node = node;
        for _ in 0..HOPS_MAX {
            let Attribute::Reference { resource, attribute: Some(name) } = &node.attribute else { return node };
            let Some(found) = self.argument(resource, name) else { return node };
            node = Node::new(found.attribute, node.line);
        }
        node
    }

    /// The same for every value within.
    pub(super) fn resolved_within(&self, node: Node) -> Node {
        let node = self.resolved(node);
        let attribute = match node.attribute {
            Attribute::List(items) => Attribute::List(items.into_iter().map(|item| self.resolved_within(item)).collect()),
            Attribute::Map(entries) => Attribute::Map(entries.into_iter().map(|(name, item)| (name, self.resolved_within(item))).collect()),
            other => other,
        };
        Node::new(attribute, node.line)
    }

    /// The argument of a declared resource that this attribute repeats.
    fn argument(&self, resource: &str, name: &str) -> Option<Node> {
        let target = self.targets.borrow().get(resource).cloned()?;
        let Target::Resource { module, index, instance } = target else { return None };
        let module = self.module(module);
        let kind = module.source.resources.get(index)?.label(0);
        let argument = if name == "id" { names::id_of(kind).unwrap_or(name) } else { name };
        // An id or ARN that is not an argument is made by AWS.
        module.source.resources.get(index)?.block.body.attribute(argument).map(|_| ()).or_else(|| {
            let blocks = &module.source.resources[index].block.body.blocks;
            blocks.iter().any(|block| block.kind == argument || block.labels.first().is_some_and(|label| label == argument)).then_some(())
        })?;
        let body = self.body(module.id, index, &instance).ok()?;
        let node = body.get(argument)?.clone();
        self.spend_on(&node).ok()?;
        // What is not known here is better said by the reference itself.
        (!matches!(node.attribute, Attribute::Unknown(_))).then_some(node)
    }
}

/// The entry of a map; unknown when a key that is not known may be this one.
fn entry(mut entries: BTreeMap<String, Node>, key: &str, line: u32) -> Option<Node> {
    let unknown = unknown_key(&entries).map(|why| Node::new(Attribute::Unknown(why.to_owned()), line));
    entries.remove(key).or(unknown)
}

/// The reason for a part of something that is not known.
pub(crate) fn extended(why: &str, step: &str) -> String {
    if why.contains(' ') || why.contains("${") { why.to_owned() } else { format!("{why}{step}") }
}

/// Whether an element stands for an unknown number of further ones.
pub(crate) fn is_more(node: &Node) -> bool {
    matches!(&node.attribute, Attribute::Unknown(why) if why.starts_with(MORE))
}
