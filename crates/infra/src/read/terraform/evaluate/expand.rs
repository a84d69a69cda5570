//! `count` and `for_each`: the instances of a block.

use super::{Evaluator, MORE, Scope, UNKNOWN_KEY, entries, key_of, map, node_of_key};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::functions::TOO_MANY_NUMBERS;
use crate::read::terraform::syntax::Block;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Instances of one block. Who really has more of one kind has a bill that no reader of files should tell from guesses.
const INSTANCES_MAX: usize = 1_000;

/// Instances in all.
const INSTANCES_OF_ALL_MAX: usize = 50_000;

/// The instances of a block.
#[derive(Debug)]
pub(crate) struct Expansion {
    pub shape: Shape,
    pub instances: Vec<Instance>,
    /// What the number depends on, when it is not known.
    pub why: Option<String>,
}

/// How a block is repeated.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    /// Neither `count` nor `for_each`.
    One,
    Count,
    Each,
    /// How often is not known; one instance stands for all.
    Unknown,
}

/// One instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// `aws_x.y["k"]`, with the module's path in front.
    pub address: String,
    /// Its key among its siblings.
    pub key: String,
    /// What it is known by inside: `count` or `each`, and the value.
    pub binding: Option<(&'static str, Rc<Node>)>,
}

impl Evaluator<'_> {
    /// The instances of a block, made once. `name` is its address without instance.
    pub(super) fn expand(&self, module: usize, name: &str, file: &str, block: &Block) -> Rc<Expansion> {
        let this = self.module(module);
        if let Some(made) = this.expansions.borrow().get(name) {
            // Open: its count asks for itself. Terraform refuses that.
            return made.clone().unwrap_or_else(|| Rc::new(self.unknown(&this.prefix, name, "count", name, block)));
        }
        this.expansions.borrow_mut().insert(name.to_owned(), None);
        let expansion = Rc::new(self.in_file(file, || self.expanded(module, &this.prefix, name, block)));
        this.expansions.borrow_mut().insert(name.to_owned(), Some(expansion.clone()));
        expansion
    }

    fn expanded(&self, module: usize, prefix: &str, name: &str, block: &Block) -> Expansion {
        let scope = Scope { module, names: None };
        if let Some(count) = block.body.attribute("count") {
            let count = self.resolved(self.attribute(count, scope));
            if count.attribute == Attribute::Null {
                return one(prefix, name);
            }
            return match count.number() {
                crate::Value::Known(count) if (0.0..=INSTANCES_MAX as f64).contains(&count) && self.has_room(count as usize) => {
                    let instances = (0..count as usize).map(|index| {
                        let index_node = Node::new(Attribute::Number(index as f64), block.line);
                        Instance {
                            address: format!("{prefix}{name}[{index}]"),
                            key: index.to_string(),
                            binding: Some(("count", Rc::new(map([("index", index_node)], block.line)))),
                        }
                    });
                    Expansion { shape: Shape::Count, instances: instances.collect(), why: None }
                }
                crate::Value::Known(count) if count < 0.0 => {
                    self.notice(block.line, format!("the count of {name} is {count}, which Terraform refuses"));
                    self.unknown(prefix, name, "count", "its number, which is below 0", block)
                }
                crate::Value::Known(count) => {
                    self.notice(block.line, format!("{name} is there {count} times; more than {INSTANCES_MAX} are read as one"));
                    self.unknown(prefix, name, "count", &over_many(), block)
                }
                _ => {
                    let why = why_of(&count);
                    self.unknown(prefix, name, "count", &why, block)
                }
            };
        }
        let Some(each) = block.body.attribute("for_each") else { return one(prefix, name) };
        let each = self.resolved(self.attribute(each, scope));
        let is_list = matches!(each.attribute, Attribute::List(_));
        let why = match entries(each) {
            Ok(Ok(entries)) if entries.len() <= INSTANCES_MAX && self.has_room(entries.len()) => {
                // A set's elements are their own keys.
                let keyed = entries.into_iter().map(|(key, value)| if is_list { (self.resolved(value.clone()), value) } else { (key, value) });
                let keyed: Result<BTreeMap<String, Node>, String> = keyed.map(|(key, value)| Ok((key_of(&key)?, value))).collect();
                match keyed {
                    Ok(keyed) => return self.each(prefix, name, keyed, block),
                    Err(why) => why,
                }
            }
            Ok(Ok(entries)) => {
                self.notice(block.line, format!("{name} is there {} times; more than {INSTANCES_MAX} are read as one", entries.len()));
                return self.unknown(prefix, name, "each", &over_many(), block);
            }
            Ok(Err(why)) | Err(why) => {
                if why.contains(TOO_MANY_NUMBERS) {
                    self.notice(block.line, format!("{name} is there for each of a {why}: Terraform makes 1024 at most, and one is read"));
                }
                why
            }
        };
        self.unknown(prefix, name, "each", &why, block)
    }

    fn each(&self, prefix: &str, name: &str, keyed: BTreeMap<String, Node>, block: &Block) -> Expansion {
        let instances = keyed.into_iter().map(|(key, value)| {
            let shown = key.strip_prefix(UNKNOWN_KEY).map_or_else(|| format!("{key:?}"), |why| format!("({why})"));
            let binding = map([("key", node_of_key(&key, block.line)), ("value", value)], block.line);
            Instance { address: format!("{prefix}{name}[{shown}]"), key, binding: Some(("each", Rc::new(binding))) }
        });
        Expansion { shape: Shape::Each, instances: instances.collect(), why: None }
    }

    /// One instance for an unknown number: of a count the first, whose index is 0; of a `for_each` one without a key.
    fn unknown(&self, prefix: &str, name: &str, binding: &'static str, why: &str, block: &Block) -> Expansion {
        let unknown = |why: &str| Node::new(Attribute::Unknown(why.to_owned()), block.line);
        let instance = if binding == "count" {
            let index = Node::new(Attribute::Number(0.0), block.line);
            Instance {
                address: format!("{prefix}{name}[0]"),
                key: "0".to_owned(),
                binding: Some((binding, Rc::new(map([("index", index)], block.line)))),
            }
        } else {
            // A step into the reason would pretend to know of which element it is.
            let value = unknown(&format!("each of {why}"));
            let key = format!("{UNKNOWN_KEY}each of {why}");
            let inner = map([("key", value.clone()), ("value", value)], block.line);
            Instance { address: format!("{prefix}{name}[each.key]"), key, binding: Some((binding, Rc::new(inner))) }
        };
        Expansion { shape: Shape::Unknown, instances: vec![instance], why: Some(why.to_owned()) }
    }

    fn has_room(&self, instances: usize) -> bool {
        self.targets.borrow().len() + instances <= INSTANCES_OF_ALL_MAX
    }
}

fn one(prefix: &str, name: &str) -> Expansion {
    let instance = Instance { address: format!("{prefix}{name}"), key: String::new(), binding: None };
    Expansion { shape: Shape::One, instances: vec![instance], why: None }
}

fn over_many() -> String {
    format!("its number, which is over {INSTANCES_MAX}")
}

fn why_of(node: &Node) -> String {
    match node.text() {
        crate::Value::Unknown(why) => why,
        _ => "a value that is not a number".to_owned(),
    }
}

impl Expansion {
    /// The block as a value: a reference to its only instance, or a list or map of references.
    /// An unknown number is one reference and an element that stands for the rest.
    pub(super) fn value(&self, name: &str, line: u32) -> Node {
        let refer = |instance: &Instance| Node::new(Attribute::Reference { resource: instance.address.clone(), attribute: None }, line);
        let attribute = match self.shape {
            Shape::One => return refer(&self.instances[0]),
            Shape::Count => Attribute::List(self.instances.iter().map(refer).collect()),
            Shape::Each => Attribute::Map(self.instances.iter().map(|instance| (instance.key.clone(), refer(instance))).collect()),
            Shape::Unknown => {
                let more = Node::new(Attribute::Unknown(format!("{MORE}{name}")), line);
                if self.instances[0].key == "0" {
                    Attribute::List(vec![refer(&self.instances[0]), more])
                } else {
                    let entries = [(self.instances[0].key.clone(), refer(&self.instances[0])), (format!("{UNKNOWN_KEY}{MORE}{name}"), more)];
                    Attribute::Map(entries.into_iter().collect())
                }
            }
        };
        Node::new(attribute, line)
    }
}
