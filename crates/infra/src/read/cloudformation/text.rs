//! Text that is put together: `Fn::Sub`, `Fn::Join`, and references that the service resolves inside of text.

use super::evaluate::unknown;
use super::stack::Stacks;
use crate::attribute::{Attribute, Node};
use crate::read::document::{Content, Item};
use crate::read::partial;
use std::collections::HashMap;

/// A template has at most 1 MB; what grows beyond was made to grow.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

impl<'a> Stacks<'a> {
    /// `Fn::Sub`, with or without variables of its own.
    pub(super) fn sub(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let (pattern, variables) = match &argument.content {
            Content::List(parts) => match parts.as_slice() {
                [pattern, variables] => (pattern.text(), variables.entries()),
                _ => (None, &[][..]),
            },
            _ => (argument.text(), &[][..]),
        };
        let Some(pattern) = pattern else { return unknown("Fn::Sub takes a text", line) };
        let variables: HashMap<&str, &Item> = variables.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
        let mut text = Parts::new(line);
        let mut rest = pattern;
        while let Some(start) = rest.find("${") {
            text.push_text(&rest[..start]);
            rest = &rest[start + 2..];
            let Some(end) = rest.find('}') else {
                text.push_text("${");
                break;
            };
            let name = rest[..end].trim();
            rest = &rest[end + 1..];
            if let Some(literal) = name.strip_prefix('!') {
                text.push_text(&format!("${{{literal}}}"));
                continue;
            }
            let node = match (variables.get(name), name.split_once('.')) {
                (Some(value), _) => self.evaluate(stack, value),
                (None, Some((resource, attribute))) => self.attribute(stack, resource, attribute, line),
                (None, None) => self.reference(stack, name, line),
            };
            text.push(&node, Some(name));
            if !self.spend(1 + text.pattern.len() as u64 / 1024) || text.is_too_long() {
                return unknown("the text grows too long", line);
            }
        }
        text.push_text(rest);
        text.node()
    }

    /// `Fn::Join`.
    pub(super) fn join(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let [delimiter, list] = argument.elements() else {
            return unknown("Fn::Join takes a delimiter and a list", line);
        };
        let Some(delimiter) = delimiter.scalar().or_else(|| (delimiter.content == Content::Null).then(String::new)) else {
            return unknown("Fn::Join takes a delimiter that is a text", line);
        };
        // Written as a list, each element's name is there to stand for it; a list from elsewhere has only values.
        let (nodes, names): (Vec<Node>, Vec<Option<&str>>) = match &list.content {
            Content::List(items) => items.iter().map(|item| (self.evaluate(stack, item), name(item))).unzip(),
            _ => match self.evaluate(stack, list).attribute {
                Attribute::List(items) => items.into_iter().map(|node| (node, None)).unzip(),
                Attribute::Unknown(why) => return unknown(&why, line),
                Attribute::Reference { resource, .. } => return unknown(&format!("it comes from {resource}"), line),
                _ => return unknown("Fn::Join takes a list", line),
            },
        };
        let mut text = Parts::new(line);
        let there = nodes.iter().zip(names).filter(|(node, _)| node.attribute != Attribute::Null);
        for (position, (node, name)) in there.enumerate() {
            if position > 0 {
                text.push_text(&delimiter);
            }
            match &node.attribute {
                // A list within the list is joined too, as the service does for a parameter that is one.
                Attribute::List(items) => {
                    for (position, item) in items.iter().enumerate() {
                        if position > 0 {
                            text.push_text(&delimiter);
                        }
                        text.push(item, None);
                    }
                }
                _ => text.push(node, name),
            }
            if !self.spend(1 + text.pattern.len() as u64 / 1024) || text.is_too_long() {
                return unknown("the text grows too long", line);
            }
        }
        text.node()
    }
}

impl<'a> Stacks<'a> {
    /// Cuts text of which parts cannot be told. Lists of references are passed between stacks as joined text, and are references again
    /// once they are cut.
    pub(super) fn split_pattern(&self, why: &str, delimiter: &str, line: u32) -> Node {
        let Some(pattern) = partial::pattern(why) else { return unknown(why, line) };
        let mut items = Vec::new();
        let mut start = 0;
        let mut at = 0;
        while at < pattern.len() {
            let rest = &pattern[at..];
            if rest.starts_with("${") {
                at += rest.find('}').map_or(rest.len(), |end| end + 1);
            } else if rest.starts_with(delimiter) {
                items.push(self.part(&pattern[start..at], why, line));
                at += delimiter.len();
                start = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        items.push(self.part(&pattern[start..], why, line));
        self.spend(items.len() as u64);
        Node::new(Attribute::List(items), line)
    }

    /// A part of a pattern: text, a reference, or a smaller pattern.
    fn part(&self, part: &str, why: &str, line: u32) -> Node {
        if !part.contains("${") {
            return resolved(part, line);
        }
        let only = part.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('}'));
        match only.and_then(|name| self.reference_called(name)) {
            Some(reference) => Node::new(reference, line),
            None => Node::new(Attribute::Unknown(partial::why(part, &[partial::reasons(why).to_owned()])), line),
        }
    }

    /// The resource that a placeholder such as `main/Table.Arn` stands for.
    fn reference_called(&self, name: &str) -> Option<Attribute> {
        let (stack, path) = name.rsplit_once('/')?;
        let (resource, attribute) = path.split_once('.').map_or((path, None), |(resource, attribute)| (resource, Some(attribute)));
        let stack = &self.stacks[*self.by_id.get(stack)?];
        stack.template.resource(resource)?;
        Some(Attribute::Reference { resource: format!("{}/{resource}", stack.id), attribute: attribute.map(str::to_owned) })
    }
}

/// Text as far as it is put together.
struct Parts {
    line: u32,
    pattern: String,
    because: Vec<String>,
    /// The reference that is all of it so far.
    only: Option<Attribute>,
}

impl Parts {
    fn new(line: u32) -> Parts {
        Parts { line, pattern: String::new(), because: Vec::new(), only: None }
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.only = None;
            self.pattern.push_str(text);
        }
    }

    /// Adds a value; `name` is what it is called, to stand for it when it cannot be told.
    fn push(&mut self, node: &Node, name: Option<&str>) {
        let was_empty = self.pattern.is_empty();
        match &node.attribute {
            Attribute::Null => {}
            Attribute::Text(text) => self.push_text(text),
            Attribute::Bool(value) => self.push_text(&value.to_string()),
            Attribute::Number(number) => self.push_text(&number.to_string()),
            Attribute::Reference { resource, attribute } => {
                let placeholder = match attribute {
                    Some(attribute) => format!("${{{resource}.{attribute}}}"),
                    None => format!("${{{resource}}}"),
                };
                self.push_text(&placeholder);
                self.because.push(resource.clone());
                self.only = was_empty.then(|| node.attribute.clone());
            }
            Attribute::Unknown(why) => {
                match partial::pattern(why) {
                    Some(pattern) => self.push_text(pattern),
                    None => self.push_text(&format!("${{{}}}", name.unwrap_or("…"))),
                }
                self.because.push(partial::reasons(why).to_owned());
                self.only = was_empty.then(|| node.attribute.clone());
            }
            Attribute::List(_) | Attribute::Map(_) => {
                self.push_text("${…}");
                self.because.push("it is a list or a map".to_owned());
            }
        }
    }

    fn is_too_long(&self) -> bool {
        self.pattern.len() > TEXT_BYTES_MAX
    }

    fn node(self) -> Node {
        match self.only {
            Some(Attribute::Reference { resource, attribute }) => Node::new(Attribute::Reference { resource, attribute }, self.line),
            Some(attribute @ Attribute::Unknown(_)) => Node::new(attribute, self.line),
            _ if self.because.is_empty() => resolved(&self.pattern, self.line),
            // What the service resolves in text it resolves around references too.
            _ => match partial::dynamic(&self.pattern) {
                Some(why) => unknown(&why, self.line),
                None => Node::new(Attribute::Unknown(partial::why(&self.pattern, &self.because)), self.line),
            },
        }
    }
}

/// Text, unless the service resolves something in it at deployment.
pub(super) fn resolved(text: &str, line: u32) -> Node {
    match partial::dynamic(text) {
        Some(why) => unknown(&why, line),
        None => Node::new(Attribute::Text(text.to_owned()), line),
    }
}

/// What an expression is called: the name that `Ref` or `Fn::GetAtt` gives.
pub(super) fn name(item: &Item) -> Option<&str> {
    match item.entries() {
        [entry] if entry.key == "Ref" || entry.key == "Fn::GetAtt" => entry.value.text(),
        [entry] if entry.key == "Fn::ImportValue" => Some("Fn::ImportValue"),
        [entry] if entry.key == "Fn::GetAZs" => Some("Fn::GetAZs"),
        _ => None,
    }
}

/// A value as JSON; the error says why it cannot be told.
pub(super) fn json(node: &Node) -> Result<serde_json::Value, String> {
    Ok(match &node.attribute {
        Attribute::Null => serde_json::Value::Null,
        Attribute::Bool(value) => (*value).into(),
        Attribute::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => (*number as i64).into(),
        Attribute::Number(number) => (*number).into(),
        Attribute::Text(text) => text.clone().into(),
        Attribute::List(items) => items.iter().map(json).collect::<Result<Vec<_>, _>>()?.into(),
        Attribute::Map(entries) => {
            let entries = entries.iter().map(|(name, node)| Ok((name.clone(), json(node)?)));
            serde_json::Value::Object(entries.collect::<Result<_, String>>()?)
        }
        Attribute::Reference { resource, .. } => return Err(format!("it comes from {resource}")),
        Attribute::Unknown(why) => return Err(why.clone()),
    })
}
