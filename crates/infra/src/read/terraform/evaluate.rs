//! What expressions come to. Nothing is guessed: what depends on the world outside the files is unknown, and says on what.
//!
//! An unknown's reason is the expression that cannot be told (`var.zone`, `data.aws_ami.ubuntu.id`), or a text whose holes are such
//! expressions (`${var.name}-api`), so that a reader of the inventory sees as much of the value as there is.

mod bodies;
mod budget;
mod data;
mod expand;
mod modules;
mod operators;
mod steps;
mod templates;
mod variables;

pub(super) use bodies::{Instance, Target};
pub(super) use budget::{Budget, measure};
pub(super) use modules::Module;
pub(super) use steps::{extended, is_more};
pub(super) use templates::{TEXT_BYTES_MAX, Text, json_text, too_long};

use super::Files;
use super::functions::{self, Functions};
use super::syntax::{Expression, ExpressionKind, For};
use super::tree::Tree;
use crate::attribute::{Attribute, Node};
use crate::inventory::Problem;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// An expression's value, or why Terraform would refuse it. `try` and `can` catch the latter.
pub(super) type Evaluated = Result<Node, String>;

/// Evaluations within each other: a local that uses a local that uses an output, each a few levels of expression deep.
/// What real configurations need stays below 100; the stack of a thread holds this many.
const DEPTH_MAX: u32 = 200;

/// Lists and maps within each other in a value. JSON files may have as many, and a list in a list of another local could have any number.
const VALUE_DEPTH_MAX: u32 = 128;

/// Begins the reason of an element that stands for an unknown number of further ones.
pub(super) const MORE: &str = "how many ";

/// Begins a map's key that is not known but can be told from the other keys; the rest is the reason.
const UNKNOWN_KEY: char = '\u{1}';

/// A binding of this name is a map that binds each of its keys.
const ALL_NAMES: &str = "*";

/// Evaluates the modules of a tree.
pub(super) struct Evaluator<'t> {
    tree: &'t Tree,
    files: &'t Files<'t>,
    modules: RefCell<Vec<Rc<Module<'t>>>>,
    /// What an address means: `module.a.aws_x.y[0]`.
    targets: RefCell<BTreeMap<String, Target>>,
    /// Of resources; none while one is being made.
    bodies: RefCell<BTreeMap<String, Option<Rc<Node>>>>,
    problems: RefCell<BTreeSet<Problem>>,
    notices: RefCell<BTreeSet<Problem>>,
    /// The file of the expression that is being evaluated, for problems.
    file: Cell<&'t str>,
    depth: Cell<u32>,
    functions: Functions,
    /// Whether it was told that the budget is spent.
    is_exhausted: Cell<bool>,
}

/// A value that is made once.
enum Slot {
    /// It is being made; who asks for it now asks in a circle.
    Open,
    Made(Rc<Evaluated>),
}

/// The names that an expression can use besides the module's own: `count`, `each`, those of `for` and of dynamic blocks.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    module: usize,
    names: Option<&'s Binding<'s>>,
}

struct Binding<'s> {
    name: &'s str,
    node: &'s Node,
    outer: Option<&'s Binding<'s>>,
}

impl<'s> Scope<'s> {
    fn find(&self, name: &str) -> Option<&'s Node> {
        let mut names = self.names;
        while let Some(binding) = names {
            if binding.name == name {
                return Some(binding.node);
            }
            if binding.name == ALL_NAMES
                && let Some(node) = binding.node.get(name)
            {
                return Some(node);
            }
            names = binding.outer;
        }
        None
    }
}

impl<'t> Evaluator<'t> {
    pub(super) fn new(tree: &'t Tree, files: &'t Files<'t>) -> Evaluator<'t> {
        Evaluator {
            tree,
            files,
            modules: RefCell::default(),
            targets: RefCell::default(),
            bodies: RefCell::default(),
            problems: RefCell::default(),
            notices: RefCell::default(),
            file: Cell::new(""),
            depth: Cell::new(0),
            functions: Functions::default(),
            is_exhausted: Cell::new(false),
        }
    }

    /// What could not be read, and what was read without some values, so far.
    pub(super) fn into_problems_and_notices(self) -> (BTreeSet<Problem>, BTreeSet<Problem>) {
        (self.problems.into_inner(), self.notices.into_inner())
    }

    /// Resources may be hidden here.
    fn problem(&self, line: u32, message: String) {
        self.problems.borrow_mut().insert(Problem { file: self.file.get().to_owned(), line: Some(line), message });
    }

    /// A value is not what its writer may expect; the resources are all there.
    fn notice(&self, line: u32, message: String) {
        self.notices.borrow_mut().insert(Problem { file: self.file.get().to_owned(), line: Some(line), message });
    }

    fn evaluate(&self, expression: &Expression, scope: Scope<'_>) -> Evaluated {
        if self.depth.get() >= DEPTH_MAX {
            self.notice(expression.line, format!("expressions use each other more than {DEPTH_MAX} levels deep; this one is left unknown"));
            return Ok(Node::new(Attribute::Unknown("it is nested too deeply".to_owned()), expression.line));
        }
        self.spend(1)?;
        self.depth.set(self.depth.get() + 1);
        let value = self.value(expression, scope);
        self.depth.set(self.depth.get() - 1);
        value
    }

    /// The value of a whole attribute: what Terraform would refuse is unknown, so that the rest of the block can be read.
    fn attribute(&self, expression: &Expression, scope: Scope<'_>) -> Node {
        self.evaluate(expression, scope).unwrap_or_else(|why| Node::new(Attribute::Unknown(why), expression.line))
    }

    fn spend(&self, work: u64) -> Result<(), String> {
        self.functions.budget.spend(work).map_err(|exhausted| {
            if !self.is_exhausted.replace(true) {
                let file = self.file.get().to_owned();
                self.notices.borrow_mut().insert(Problem { file, line: None, message: exhausted.why() });
            }
            "there are too many values".to_owned()
        })
    }

    /// Pays for a copy of a value. A value too deep to be walked safely is refused.
    fn spend_on(&self, node: &Node) -> Result<(), String> {
        let (weight, depth) = budget::measure(node);
        if depth > VALUE_DEPTH_MAX {
            return Err("it is nested too deeply".to_owned());
        }
        self.spend(weight)
    }

    /// Another use of a value that was made before. It is copied, and copies are what a bomb is made of.
    fn again(&self, made: &Evaluated) -> Evaluated {
        if let Ok(node) = made {
            self.spend_on(node)?;
        }
        made.clone()
    }

    fn value(&self, expression: &Expression, scope: Scope<'_>) -> Evaluated {
        let line = expression.line;
        let attribute = match &expression.kind {
            ExpressionKind::Literal(literal) => {
                if let Attribute::Text(text) = literal {
                    self.spend(budget::weight_of_text(text))?;
                }
                literal.clone()
            }
            ExpressionKind::List(items) => Attribute::List(items.iter().map(|item| self.evaluate(item, scope)).collect::<Result<_, _>>()?),
            ExpressionKind::Object(entries) => return self.object(entries, scope, line),
            ExpressionKind::Template(pieces) => return self.template(pieces, scope, line),
            ExpressionKind::Name(name) => return self.steps(expression, name, &[], scope, line),
            ExpressionKind::Steps(root, steps) => {
                if let ExpressionKind::Name(name) = &root.kind {
                    return self.steps(root, name, steps, scope, line);
                }
                let root = self.evaluate(root, scope)?;
                return self.walk(root, steps, scope);
            }
            ExpressionKind::Condition(parts) => return self.condition(parts, scope, line),
            ExpressionKind::Call { name, arguments, spreads } => return self.call(name, arguments, *spreads, scope, line),
            ExpressionKind::Not(inner) => operators::not(&self.resolved(self.evaluate(inner, scope)?))?,
            ExpressionKind::Negate(inner) => operators::negate(&self.resolved(self.evaluate(inner, scope)?))?,
            ExpressionKind::Binary(parts) => return self.binary(parts, scope, line),
            ExpressionKind::For(each) => return self.for_each_of(each, scope, line),
        };
        Ok(Node::new(attribute, line))
    }

    fn object(&self, entries: &[(Expression, Expression)], scope: Scope<'_>, line: u32) -> Evaluated {
        let mut map = BTreeMap::new();
        for (key, value) in entries {
            let key = self.resolved(self.evaluate(key, scope)?);
            map.insert(key_of(&key)?, self.evaluate(value, scope)?);
        }
        Ok(Node::new(Attribute::Map(map), line))
    }

    fn condition(&self, [condition, then, otherwise]: &[Expression; 3], scope: Scope<'_>, line: u32) -> Evaluated {
        match truth(&self.resolved(self.evaluate(condition, scope)?))? {
            Ok(true) => self.evaluate(then, scope),
            Ok(false) => self.evaluate(otherwise, scope),
            Err(why) => {
                let (then, otherwise) = (self.evaluate(then, scope)?, self.evaluate(otherwise, scope)?);
                if same(&then, &otherwise) { Ok(then) } else { Ok(Node::new(Attribute::Unknown(why), line)) }
            }
        }
    }

    fn call(&self, name: &str, arguments: &[Expression], spreads: bool, scope: Scope<'_>, line: u32) -> Evaluated {
        match name {
            "try" => {
                let mut last = Err("try has no arguments".to_owned());
                for argument in arguments {
                    last = self.evaluate(argument, scope);
                    if last.is_ok() {
                        break;
                    }
                }
                return last;
            }
            "can" => {
                let tried = arguments.first().map(|argument| self.evaluate(argument, scope).map(|node| node.attribute));
                let attribute = match tried {
                    // Once it is known it may be fine or not.
                    Some(Ok(Attribute::Unknown(why))) => Attribute::Unknown(why),
                    tried => Attribute::Bool(matches!(tried, Some(Ok(_)))),
                };
                return Ok(Node::new(attribute, line));
            }
            _ => {}
        }
        let mut values = arguments.iter().map(|argument| self.evaluate(argument, scope)).collect::<Result<Vec<_>, _>>()?;
        if spreads && let Some(last) = values.pop() {
            match last.attribute {
                Attribute::List(items) => values.extend(items),
                Attribute::Unknown(why) => return Ok(Node::new(Attribute::Unknown(why), line)),
                _ => return Err("only a list can be spread over arguments".to_owned()),
            }
        }
        if let "file" | "templatefile" | "fileexists" | "filebase64" = name {
            return self.of_file(name, &values, scope, line);
        }
        if !functions::keeps_references(name) {
            values = values.into_iter().map(|value| self.resolved_within(value)).collect();
        } else if let ("zipmap" | "sort", Some(keys)) = (name, values.first_mut()) {
            *keys = self.resolved_within(keys.clone());
        }
        // A function reads all that it is given.
        values.iter().try_for_each(|value| self.spend_on(value))?;
        let made = self.functions.call(name, &values, line);
        // It may have spent the last of the budget itself.
        self.spend(0)?;
        let made = made.unwrap_or_else(|| Ok(Node::new(Attribute::Unknown(format!("{name}()")), line)))?;
        self.spend_on(&made)?;
        Ok(made)
    }

    fn for_each_of(&self, each: &For, scope: Scope<'_>, line: u32) -> Evaluated {
        let collection = self.resolved(self.evaluate(&each.collection, scope)?);
        let is_set = matches!(collection.attribute, Attribute::List(_)) && self.is_set(&each.collection, scope);
        let entries = match entries(collection)? {
            Ok(entries) => entries,
            Err(why) => return Ok(Node::new(Attribute::Unknown(why), line)),
        };
        let mut list = Vec::new();
        let mut map: BTreeMap<String, Node> = BTreeMap::new();
        for (key, value) in entries {
            let key = if is_set { value.clone() } else { key };
            let key_name = each.key_name.as_deref().unwrap_or("");
            let outer = Binding { name: key_name, node: &key, outer: scope.names };
            let binding = Binding { name: &each.value_name, node: &value, outer: Some(&outer) };
            let inner = Scope { module: scope.module, names: Some(&binding) };
            if let Some(condition) = &each.condition {
                match truth(&self.resolved(self.evaluate(condition, inner)?))? {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(why) => return Ok(Node::new(Attribute::Unknown(why), line)),
                }
            }
            let value = self.evaluate(&each.value, inner)?;
            let Some(key) = &each.key else {
                list.push(value);
                continue;
            };
            let key = key_of(&self.resolved(self.evaluate(key, inner)?))?;
            if each.groups {
                let group = map.entry(key).or_insert_with(|| Node::new(Attribute::List(Vec::new()), value.line));
                if let Attribute::List(items) = &mut group.attribute {
                    items.push(value);
                }
            } else if let Some(key) = map.insert(key.clone(), value).map(|_| key) {
                // Two unknown keys that look alike may or may not be the same.
                return match key.strip_prefix(UNKNOWN_KEY) {
                    Some(why) => Ok(Node::new(Attribute::Unknown(why.to_owned()), line)),
                    None => Err(format!("two elements have the key {key:?}")),
                };
            }
        }
        Ok(Node::new(if each.key.is_some() { Attribute::Map(map) } else { Attribute::List(list) }, line))
    }
}

/// The keys and values of a collection; the inner error is why they are unknown.
fn entries(node: Node) -> Result<Result<Vec<(Node, Node)>, String>, String> {
    let line = node.line;
    match node.attribute {
        #[expect(clippy::cast_precision_loss, reason = "no list has 2^53 elements")]
        Attribute::List(items) => {
            Ok(Ok(items.into_iter().enumerate().map(|(index, item)| (Node::new(Attribute::Number(index as f64), line), item)).collect()))
        }
        Attribute::Map(entries) => Ok(Ok(entries.into_iter().map(|(key, node)| (node_of_key(&key, line), node)).collect())),
        Attribute::Unknown(why) => Ok(Err(why)),
        Attribute::Reference { resource, attribute } => Ok(Err(reference_text(&resource, attribute.as_deref()))),
        Attribute::Null => Err("null has no elements".to_owned()),
        _ => Err("a text, number or boolean has no elements".to_owned()),
    }
}

/// Why it cannot be told whether a map has a key that is not among the known ones.
pub(super) fn unknown_key(entries: &BTreeMap<String, Node>) -> Option<&str> {
    entries.keys().find_map(|key| key.strip_prefix(UNKNOWN_KEY))
}

fn map<const N: usize>(entries: [(&str, Node); N], line: u32) -> Node {
    Node::new(Attribute::Map(entries.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()), line)
}

/// How a map writes a key. A key that is not known keeps apart from others by its reason.
pub(super) fn key_of(node: &Node) -> Result<String, String> {
    match &node.attribute {
        Attribute::Text(_) | Attribute::Number(_) | Attribute::Bool(_) => Ok(node.text().known().cloned().unwrap_or_default()),
        Attribute::Unknown(why) => Ok(format!("{UNKNOWN_KEY}{why}")),
        Attribute::Reference { resource, attribute } => Ok(format!("{UNKNOWN_KEY}{}", reference_text(resource, attribute.as_deref()))),
        _ => Err("only a text can be a key".to_owned()),
    }
}

/// The key as a value.
pub(super) fn node_of_key(key: &str, line: u32) -> Node {
    let attribute = match key.strip_prefix(UNKNOWN_KEY) {
        Some(why) => Attribute::Unknown(why.to_owned()),
        None => Attribute::Text(key.to_owned()),
    };
    Node::new(attribute, line)
}

/// A condition: true, false, or why it cannot be told.
fn truth(node: &Node) -> Result<Result<bool, String>, String> {
    match &node.attribute {
        Attribute::Bool(value) => Ok(Ok(*value)),
        Attribute::Text(text) if text == "true" || text == "false" => Ok(Ok(text == "true")),
        Attribute::Unknown(why) => Ok(Err(why.clone())),
        Attribute::Reference { resource, attribute } => Ok(Err(reference_text(resource, attribute.as_deref()))),
        _ => Err("a condition is neither true nor false".to_owned()),
    }
}

/// Whether two values are the same wherever they stand.
pub(super) fn same(one: &Node, other: &Node) -> bool {
    ByValue(one) == ByValue(other)
}

/// A value in an order of all values, wherever they stand.
pub(super) struct ByValue<'n>(pub &'n Node);

impl Ord for ByValue<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |attribute: &Attribute| match attribute {
            Attribute::Null => 0,
            Attribute::Bool(_) => 1,
            Attribute::Number(_) => 2,
            Attribute::Text(_) => 3,
            Attribute::Reference { .. } => 4,
            Attribute::List(_) => 5,
            Attribute::Map(_) => 6,
            Attribute::Unknown(_) => 7,
        };
        match (&self.0.attribute, &other.0.attribute) {
            (Attribute::Bool(one), Attribute::Bool(other)) => one.cmp(other),
            // Zero has two signs, and is the same with either.
            (Attribute::Number(one), Attribute::Number(other)) => (one + 0.0).total_cmp(&(other + 0.0)),
            (Attribute::Text(one), Attribute::Text(other)) | (Attribute::Unknown(one), Attribute::Unknown(other)) => one.cmp(other),
            (Attribute::Reference { resource, attribute }, Attribute::Reference { resource: other, attribute: others }) => {
                (resource, attribute).cmp(&(other, others))
            }
            (Attribute::List(ones), Attribute::List(others)) => ones.iter().map(ByValue).cmp(others.iter().map(ByValue)),
            (Attribute::Map(ones), Attribute::Map(others)) => {
                let ones = ones.iter().map(|(key, node)| (key, ByValue(node)));
                ones.cmp(others.iter().map(|(key, node)| (key, ByValue(node))))
            }
            (one, other) => rank(one).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for ByValue<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByValue<'_> {}

/// A reference as Terraform writes it.
pub(super) fn reference_text(resource: &str, attribute: Option<&str>) -> String {
    attribute.map_or_else(|| resource.to_owned(), |attribute| format!("{resource}.{attribute}"))
}
