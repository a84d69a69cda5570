//! A resource's attributes as a reader resolved them, before they get types: the common ground of CloudFormation and Terraform.

use crate::inventory::Link;
use crate::value::Value;
use std::collections::BTreeMap;

/// A node of an attribute tree with the line it stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What stands there.
    pub attribute: Attribute,
    /// Its line, from 1.
    pub line: u32,
}

/// What an attribute comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// Explicitly nothing: `null`, `AWS::NoValue`. The same as not being there.
    Null,
    /// True or false.
    Bool(bool),
    /// A number. Templates write whole and broken ones alike.
    Number(f64),
    /// Text.
    Text(String),
    /// Another resource, or one of its attributes: `Ref`, `Fn::GetAtt`, `aws_x.y.arn`. `attribute` is `None` for the resource itself.
    Reference {
        /// The resource's id within the inventory.
        resource: String,
        /// The attribute that is read, as its language spells it.
        attribute: Option<String>,
    },
    /// Several.
    List(Vec<Node>),
    /// By name.
    Map(BTreeMap<String, Node>),
    /// Set, and to what cannot be told. Holds why.
    Unknown(String),
}

impl Node {
    /// A node.
    pub fn new(attribute: Attribute, line: u32) -> Node {
        Node { attribute, line }
    }

    /// The node of this name in a map; `None` elsewhere and for `Null`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.attribute {
            Attribute::Map(entries) => entries.get(name).filter(|node| node.attribute != Attribute::Null),
            _ => None,
        }
    }

    /// The node along a path of names. A list in between stands for its only element, as Terraform's blocks do.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| match &node.attribute {
            Attribute::List(items) if items.len() == 1 => items[0].get(name),
            _ => node.get(name),
        })
    }

    /// The elements of a list; a single value is a list of one.
    pub fn items(&self) -> Vec<&Node> {
        match &self.attribute {
            Attribute::List(items) => items.iter().collect(),
            Attribute::Null => Vec::new(),
            _ => vec![self],
        }
    }

    /// As text. Numbers and booleans read as their text, as every service takes them.
    pub fn text(&self) -> Value<String> {
        match &self.attribute {
            Attribute::Text(text) => Value::Known(text.clone()),
            Attribute::Bool(value) => Value::Known(value.to_string()),
            Attribute::Number(number) => Value::Known(number.to_string()),
            Attribute::Null => Value::Absent,
            Attribute::Unknown(why) => Value::Unknown(why.clone()),
            Attribute::Reference { resource, .. } => Value::Unknown(format!("it comes from {resource}")),
            Attribute::List(_) => Value::Unknown("it is a list, and one value belongs here".to_owned()),
            Attribute::Map(_) => Value::Unknown("it is several named values, and one belongs here".to_owned()),
        }
    }

    /// As a number. Text that is one counts.
    pub fn number(&self) -> Value<f64> {
        match &self.attribute {
            Attribute::Number(number) => Value::Known(*number),
            _ => match self.text() {
                Value::Known(text) => match text.trim().parse::<f64>() {
                    // `nan` and `inf` parse, and are no number of anything.
                    Ok(number) if number.is_finite() => Value::Known(number),
                    _ => Value::Unknown(format!("{text:?} is not a number")),
                },
                Value::Unknown(why) => Value::Unknown(why),
                Value::Absent => Value::Absent,
            },
        }
    }

    /// As true or false. The texts `true` and `false` count.
    pub fn flag(&self) -> Value<bool> {
        match &self.attribute {
            Attribute::Bool(value) => Value::Known(*value),
            _ => match self.text() {
                Value::Known(text) if text.eq_ignore_ascii_case("true") => Value::Known(true),
                Value::Known(text) if text.eq_ignore_ascii_case("false") => Value::Known(false),
                Value::Known(text) => Value::Unknown(format!("{text:?} is neither true nor false")),
                Value::Unknown(why) => Value::Unknown(why),
                Value::Absent => Value::Absent,
            },
        }
    }

    /// As a link to another resource. Text is the name or ARN of something outside.
    pub fn link(&self) -> Value<Link> {
        match &self.attribute {
            Attribute::Reference { resource, .. } => Value::Known(Link::To(resource.clone())),
            _ => self.text().map(Link::Outside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_what_is_no_number_are_none() {
        let number = |text: &str| Node::new(Attribute::Text(text.to_owned()), 1).number();
        assert_eq!(number(" 1.5"), Value::Known(1.5));
        assert!(["nan", "inf", "-Infinity", "seven", ""].iter().all(|text| number(text).is_unknown()));
    }
}
