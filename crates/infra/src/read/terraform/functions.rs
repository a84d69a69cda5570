//! Terraform's functions. Those that are not here are unknown, by name.

mod addresses;
mod collections;
mod encoding;
mod numbers;
mod patterns;
mod texts;

pub(super) use collections::as_set;

use super::evaluate::{Budget, Evaluated, TEXT_BYTES_MAX, too_long};
use crate::attribute::{Attribute, Node};
use crate::value::Value;
use patterns::Patterns;
use std::collections::BTreeMap;

/// Why a call has no value.
#[derive(Debug)]
enum Stop {
    /// It depends on something that is not known.
    Unknown(String),
    /// Terraform would refuse it.
    Wrong(String),
}

/// How the reason begins why a list has no elements that is longer than any list here.
pub(super) const TOO_MANY_NUMBERS: &str = "range of ";

type Made = Result<Attribute, Stop>;

fn wrong<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Wrong(message.into()))
}

/// Functions that only arrange what they are given: what refers to a resource still does afterwards.
pub(super) fn keeps_references(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "chunklist",
        "coalesce",
        "coalescelist",
        "compact",
        "concat",
        "distinct",
        "element",
        "flatten",
        "jsondecode",
        "jsonencode",
        "length",
        "lookup",
        "merge",
        "nonsensitive",
        "one",
        "reverse",
        "sensitive",
        "setproduct",
        "setunion",
        "slice",
        "sort",
        "tolist",
        "tomap",
        "toset",
        "values",
        "zipmap",
    ];
    NAMES.contains(&name)
}

/// What the calls of one evaluation share.
#[derive(Default)]
pub(super) struct Functions {
    pub budget: Budget,
    patterns: Patterns,
}

impl Functions {
    /// Calls a function; `None` when it is not here. What it is given is paid for; what it makes beyond that it pays for itself.
    pub(super) fn call(&self, name: &str, arguments: &[Node], line: u32) -> Option<Evaluated> {
        let arguments = Arguments { name, nodes: arguments, line, shared: self };
        let made = collections::call(&arguments)
            .or_else(|| texts::call(&arguments))
            .or_else(|| numbers::call(&arguments))
            .or_else(|| addresses::call(&arguments))
            .or_else(|| encoding::call(&arguments))?;
        Some(match made {
            // What encodes makes a text longer, and may be given its own result.
            Ok(Attribute::Text(text)) if text.len() > TEXT_BYTES_MAX => Ok(Node::new(too_long(), line)),
            Ok(attribute) => Ok(Node::new(attribute, line)),
            Err(Stop::Unknown(why)) => Ok(Node::new(Attribute::Unknown(why), line)),
            Err(Stop::Wrong(message)) => Err(format!("{name}: {message}")),
        })
    }
}

/// What a function is given, each taken as what it must be.
struct Arguments<'a> {
    name: &'a str,
    nodes: &'a [Node],
    line: u32,
    shared: &'a Functions,
}

impl<'a> Arguments<'a> {
    /// Pays for what is made of the arguments and may be larger than they are.
    fn spend(&self, work: u64) -> Result<(), Stop> {
        self.shared.budget.spend(work).map_err(|exhausted| Stop::Unknown(exhausted.why()))
    }

    /// The same function with other arguments.
    fn with(&self, nodes: &'a [Node]) -> Arguments<'a> {
        Arguments { nodes, ..*self }
    }

    fn node(&self, index: usize) -> Result<&'a Node, Stop> {
        self.nodes.get(index).ok_or_else(|| Stop::Wrong(format!("argument {} is missing", index + 1)))
    }

    fn text(&self, index: usize) -> Result<String, Stop> {
        known(self.node(index)?.text(), "a text")
    }

    fn number(&self, index: usize) -> Result<f64, Stop> {
        let node = self.node(index)?;
        match node.attribute {
            Attribute::Number(number) => Ok(number),
            // Text that is no number is an error in Terraform, where it is merely unknown to us.
            Attribute::Text(ref text) => text.trim().parse().map_err(|_| Stop::Wrong(format!("{text:?} is not a number"))),
            _ => known(node.number(), "a number"),
        }
    }

    /// A number that counts something.
    fn whole(&self, index: usize) -> Result<i64, Stop> {
        let number = self.number(index)?;
        if number.fract() == 0.0 && number.abs() < 1e15 { Ok(number as i64) } else { wrong(format!("{number} is not a whole number")) }
    }

    fn list(&self, index: usize) -> Result<&'a [Node], Stop> {
        list_of(self.node(index)?)
    }

    fn map(&self, index: usize) -> Result<&'a BTreeMap<String, Node>, Stop> {
        let node = self.node(index)?;
        match &node.attribute {
            Attribute::Map(entries) => Ok(entries),
            _ => Err(not_a(node, "a map")),
        }
    }
}

fn list_of(node: &Node) -> Result<&[Node], Stop> {
    match &node.attribute {
        Attribute::List(items) => Ok(items),
        _ => Err(not_a(node, "a list")),
    }
}

fn not_a(node: &Node, what: &str) -> Stop {
    match &node.attribute {
        Attribute::Unknown(why) => Stop::Unknown(why.clone()),
        Attribute::Reference { resource, attribute } => Stop::Unknown(super::evaluate::reference_text(resource, attribute.as_deref())),
        _ => Stop::Wrong(format!("{what} was expected")),
    }
}

fn known<T>(value: Value<T>, what: &str) -> Result<T, Stop> {
    match value {
        Value::Known(value) => Ok(value),
        Value::Unknown(why) => Err(Stop::Unknown(why)),
        Value::Absent => wrong(format!("{what} was expected, not null")),
    }
}

fn text(text: impl Into<String>) -> Attribute {
    Attribute::Text(text.into())
}
