//! Conditions: what holds, what does not, and what only a deployment decides.

use super::stack::Stacks;
use super::template::Section;
use crate::attribute::{Attribute, Node};
use crate::read::document::{Content, Item};
use std::collections::HashSet;

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// It cannot be told, and why.
    Unknown(String),
}

impl Truth {
    fn of(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

impl<'a> Stacks<'a> {
    /// Whether a resource or an output is there, by its own condition.
    pub(crate) fn resource_condition(&self, stack: usize, item: &'a Item) -> Truth {
        match item.get("Condition").and_then(Item::text) {
            Some(name) => self.named_condition(stack, name, item.line),
            None => Truth::True,
        }
    }

    /// Why a resource that its condition leaves out may be deployed all the same: a parameter on which that rests has no value here
    /// but its default.
    pub(crate) fn may_yet_be(&self, stack: usize, item: &'a Item) -> Option<String> {
        let name = item.get("Condition").and_then(Item::text)?;
        let default = self.default_behind(stack, name, &mut HashSet::new())?;
        Some(format!("condition {name} does not hold while {default}"))
    }

    fn default_behind(&self, stack: usize, condition: &'a str, seen: &mut HashSet<(usize, &'a str)>) -> Option<String> {
        let entry = self.stacks[stack].template.entry(Section::Conditions, condition)?;
        if !seen.insert((stack, condition)) {
            return None;
        }
        self.default_in(stack, &entry.value, seen)
    }

    /// The first parameter of an expression that has its default, in words.
    fn default_in(&self, stack: usize, item: &'a Item, seen: &mut HashSet<(usize, &'a str)>) -> Option<String> {
        let found = self.deeper(|| match &item.content {
            Content::List(items) => items.iter().find_map(|item| self.default_in(stack, item, seen)),
            Content::Map(entries) => entries.iter().find_map(|entry| match (entry.key.as_str(), entry.value.text()) {
                ("Ref", Some(name)) => self.default_of(stack, name, seen),
                ("Condition", Some(name)) => self.default_behind(stack, name, seen),
                _ => self.default_in(stack, &entry.value, seen),
            }),
            _ => None,
        });
        found.flatten()
    }

    fn default_of(&self, stack: usize, name: &'a str, seen: &mut HashSet<(usize, &'a str)>) -> Option<String> {
        let this = &self.stacks[stack];
        let declared = this.template.entry(Section::Parameters, name)?;
        match this.parent.and_then(|(parent, arguments)| Some((parent, arguments?.get(name)?))) {
            Some((parent, argument)) => self.default_in(parent, argument, seen),
            None => {
                let default = declared.value.get("Default")?.node().text();
                Some(default.known().map_or_else(|| format!("{name} has its default"), |default| format!("{name} has its default, {default:?}")))
            }
        }
    }

    /// Whether the condition of this name holds.
    pub(super) fn named_condition(&self, stack: usize, name: &str, line: u32) -> Truth {
        let template = self.stacks[stack].template;
        let Some(entry) = template.entry(Section::Conditions, name) else {
            self.complain(stack, line, format!("there is no condition {name}"));
            return Truth::Unknown(format!("there is no condition {name}"));
        };
        let conditions = &self.stacks[stack].conditions;
        if let Some(known) = conditions.borrow().get(name) {
            if matches!(known, Truth::Unknown(why) if *why == circle(name)) {
                self.complain(stack, entry.line, circle(name));
            }
            return known.clone();
        }
        // What asks for itself on the way finds this.
        conditions.borrow_mut().insert(&entry.key, Truth::Unknown(circle(name)));
        let truth = self.deeper(|| self.truth(stack, &entry.value)).unwrap_or(Truth::Unknown("conditions nest too deep".to_owned()));
        let truth = match truth {
            Truth::Unknown(why) => Truth::Unknown(format!("condition {name} cannot be told: {why}")),
            told => told,
        };
        conditions.borrow_mut().insert(&entry.key, truth.clone());
        truth
    }

    /// Whether an expression of a condition holds.
    pub(super) fn truth(&self, stack: usize, item: &'a Item) -> Truth {
        let Content::Map(entries) = &item.content else {
            return self.truth_of_value(stack, item);
        };
        let [entry] = entries.as_slice() else {
            return Truth::Unknown("it is not a condition".to_owned());
        };
        let argument = &entry.value;
        match entry.key.as_str() {
            "Condition" => match argument.text() {
                Some(name) => self.named_condition(stack, name, argument.line),
                None => Truth::Unknown("a condition's name is not a text".to_owned()),
            },
            "Fn::Not" => match argument.elements().first().map(|inner| self.truth(stack, inner)) {
                Some(Truth::True) => Truth::False,
                Some(Truth::False) => Truth::True,
                Some(unknown) => unknown,
                None => Truth::Unknown("Fn::Not has no argument".to_owned()),
            },
            "Fn::And" => self.all(stack, argument.elements(), Truth::False, Truth::True),
            "Fn::Or" => self.all(stack, argument.elements(), Truth::True, Truth::False),
            "Fn::Equals" => match argument.elements() {
                [left, right] => equals(&self.evaluate(stack, left), &self.evaluate(stack, right)),
                _ => Truth::Unknown("Fn::Equals takes two arguments".to_owned()),
            },
            _ => self.truth_of_value(stack, item),
        }
    }

    /// `decisive` as soon as one of them is that, else unknown if one is, else `otherwise`.
    fn all(&self, stack: usize, items: &'a [Item], decisive: Truth, otherwise: Truth) -> Truth {
        let mut result = otherwise;
        for item in items {
            match self.truth(stack, item) {
                truth if truth == decisive => return decisive,
                unknown @ Truth::Unknown(_) => result = unknown,
                _ => {}
            }
        }
        result
    }

    fn truth_of_value(&self, stack: usize, item: &'a Item) -> Truth {
        let node = self.evaluate(stack, item);
        match node.flag() {
            crate::Value::Known(value) => Truth::of(value),
            crate::Value::Unknown(why) => Truth::Unknown(why),
            crate::Value::Absent => Truth::Unknown("it is nothing".to_owned()),
        }
    }
}

fn circle(name: &str) -> String {
    format!("condition {name} is made of itself")
}

fn equals(left: &Node, right: &Node) -> Truth {
    match (&left.attribute, &right.attribute) {
        (Attribute::Reference { resource, attribute }, Attribute::Reference { resource: other, attribute: of_other }) => {
            if (resource, attribute) == (other, of_other) { Truth::True } else { Truth::Unknown(format!("it compares {resource} with {other}")) }
        }
        // What a resource gives is never empty, and that is what templates ask of it.
        (Attribute::Reference { .. }, Attribute::Text(text)) | (Attribute::Text(text), Attribute::Reference { .. }) if text.is_empty() => {
            Truth::False
        }
        (Attribute::List(_) | Attribute::Map(_), _) | (_, Attribute::List(_) | Attribute::Map(_)) => {
            if same(left, right) {
                Truth::True
            } else {
                Truth::Unknown("it compares a list or a map".to_owned())
            }
        }
        _ => match (left.text(), right.text()) {
            (crate::Value::Known(left), crate::Value::Known(right)) => Truth::of(left == right),
            (crate::Value::Unknown(why), _) | (_, crate::Value::Unknown(why)) => Truth::Unknown(why),
            (crate::Value::Absent, _) | (_, crate::Value::Absent) => Truth::Unknown("it compares nothing".to_owned()),
        },
    }
}

/// Whether two values are the same known thing, wherever they stand.
pub(super) fn same(left: &Node, right: &Node) -> bool {
    match (&left.attribute, &right.attribute) {
        (Attribute::List(left), Attribute::List(right)) => left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right)),
        (Attribute::Map(left), Attribute::Map(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|((name, left), (other, right))| name == other && same(left, right))
        }
        (Attribute::Unknown(_), _) => false,
        (left, right) => left == right,
    }
}
