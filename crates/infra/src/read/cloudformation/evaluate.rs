//! Evaluating: an expression of a template in a stack gives a tree of attributes in which no function is left.
//!
//! What only a deployment decides becomes unknown with the reason; nothing is guessed and nothing fails.

use super::condition::{Truth, same};
use super::repeat::is_loop;
use super::serverless;
use super::stack::{Export, Stacks};
use super::template::Section;
use super::{cidr, text};
use crate::attribute::{Attribute, Node};
use crate::read::document::{Content, Entry, Item};
use crate::read::partial;
use crate::value::Value;
use std::collections::BTreeMap;

impl<'a> Stacks<'a> {
    /// The value of an expression.
    pub(crate) fn evaluate(&self, stack: usize, item: &'a Item) -> Node {
        if !self.spend(1) {
            self.complain(stack, 1, "the template comes to more values than are evaluated; the rest is unknown".to_owned());
            return unknown("the template comes to more values than are evaluated", item.line);
        }
        let node = self.deeper(|| self.evaluate_now(stack, item));
        node.unwrap_or_else(|| unknown("it is made of itself, or nests too deep", item.line))
    }

    fn evaluate_now(&self, stack: usize, item: &'a Item) -> Node {
        match &item.content {
            Content::Map(entries) => match entries.as_slice() {
                [entry] if is_function(&entry.key) && !is_loop(entry) => self.call(stack, entry, item.line),
                _ => {
                    // What a loop adds to a map cannot be told apart from what stands there already.
                    if let Some(unread) = entries.iter().find(|entry| is_loop(entry)) {
                        return unknown(&self.why_unread(stack, unread), unread.line);
                    }
                    let values = entries.iter().map(|entry| (entry.key.clone(), self.evaluate(stack, &entry.value)));
                    Node::new(Attribute::Map(values.collect()), item.line)
                }
            },
            Content::List(items) => {
                let values = items.iter().map(|item| self.evaluate(stack, item));
                // An element that is `AWS::NoValue` is not there.
                Node::new(Attribute::List(values.filter(|node| node.attribute != Attribute::Null).collect()), item.line)
            }
            Content::Text(text) => {
                self.spend(text.len() as u64 / 64);
                text::resolved(text, item.line)
            }
            Content::Null | Content::Bool(_) | Content::Number(_) => item.node(),
        }
    }

    fn call(&self, stack: usize, entry: &'a Entry, line: u32) -> Node {
        let argument = &entry.value;
        match entry.key.as_str() {
            "Ref" => match self.name(stack, argument) {
                Some(name) => self.reference(stack, &name, line),
                None => unknown("Ref takes a name", line),
            },
            "Fn::GetAtt" => self.get_att(stack, argument, line),
            "Fn::Sub" => self.sub(stack, argument, line),
            "Fn::Join" => self.join(stack, argument, line),
            "Fn::If" => self.choose(stack, argument, line),
            "Fn::Select" => self.select(stack, argument, line),
            "Fn::Split" => self.split(stack, argument, line),
            "Fn::FindInMap" => self.find_in_map(stack, argument, line),
            "Fn::ImportValue" => self.import(stack, argument, line),
            // What is encoded is read decoded, wherever it goes.
            "Fn::Base64" => self.evaluate(stack, argument),
            "Fn::Cidr" => self.cidr(stack, argument, line),
            "Fn::GetAZs" => Node::new(Attribute::Unknown(partial::why("${Fn::GetAZs}", &["the zones of the region".to_owned()])), line),
            "Fn::Length" => match self.evaluate(stack, argument).attribute {
                Attribute::List(items) => Node::new(Attribute::Number(items.len() as f64), line),
                Attribute::Unknown(why) => unknown(&why, line),
                _ => unknown("Fn::Length takes a list", line),
            },
            "Fn::ToJsonString" => match text::json(&self.evaluate(stack, argument)) {
                Ok(json) => Node::new(Attribute::Text(json.to_string()), line),
                Err(why) => unknown(&why, line),
            },
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                let call = self.truth_of_call(stack, entry);
                match call {
                    Truth::True => Node::new(Attribute::Bool(true), line),
                    Truth::False => Node::new(Attribute::Bool(false), line),
                    Truth::Unknown(why) => unknown(&why, line),
                }
            }
            serverless::FILLED_IN => unknown(&serverless::why(argument.text().unwrap_or_default()), line),
            "Fn::Transform" => unknown("a macro makes it (Fn::Transform)", line),
            name => {
                self.complain(stack, line, format!("{name} is a function that is not known here"));
                unknown(&format!("{name} is not known here"), line)
            }
        }
    }

    /// A name, which the transform for language extensions lets a function put together.
    pub(super) fn name(&self, stack: usize, item: &'a Item) -> Option<String> {
        match item.text() {
            Some(name) => Some(name.to_owned()),
            None => self.evaluate(stack, item).text().known().cloned(),
        }
    }

    fn truth_of_call(&self, stack: usize, entry: &'a Entry) -> Truth {
        match (entry.key.as_str(), entry.value.elements()) {
            ("Fn::Equals", [left, right]) if same(&self.evaluate(stack, left), &self.evaluate(stack, right)) => Truth::True,
            _ => Truth::Unknown(format!("{} stands outside of a condition", entry.key)),
        }
    }

    fn choose(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let [condition, then, otherwise] = argument.elements() else {
            return unknown("Fn::If takes a condition and two values", line);
        };
        let truth = match condition.text() {
            Some(name) => self.named_condition(stack, name, condition.line),
            None => self.truth(stack, condition),
        };
        match truth {
            Truth::True => self.evaluate(stack, then),
            Truth::False => self.evaluate(stack, otherwise),
            Truth::Unknown(why) => {
                let (then, otherwise) = (self.evaluate(stack, then), self.evaluate(stack, otherwise));
                let may_be_absent = |node: &Node| match &node.attribute {
                    Attribute::Null => true,
                    Attribute::Unknown(why) => partial::may_be_absent(why),
                    _ => false,
                };
                match same(&then, &otherwise) {
                    true => then,
                    false if may_be_absent(&then) || may_be_absent(&otherwise) => unknown(&partial::perhaps(&why), line),
                    false => unknown(&why, line),
                }
            }
        }
    }

    fn select(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let [index, list] = argument.elements() else {
            return unknown("Fn::Select takes an index and a list", line);
        };
        let index = match self.evaluate(stack, index).number() {
            Value::Known(index) if index >= 0.0 => index as usize,
            Value::Unknown(why) => return unknown(&why, line),
            _ => return unknown("Fn::Select takes an index from 0", line),
        };
        match self.evaluate(stack, list).attribute {
            Attribute::List(mut items) if index < items.len() => items.swap_remove(index),
            Attribute::List(items) => {
                self.complain(stack, line, format!("Fn::Select asks for item {index} of {}", items.len()));
                unknown(&format!("there is no item {index}"), line)
            }
            // Two items of the same unknown list are two things; the index keeps them apart.
            Attribute::Unknown(why) => {
                let of = partial::pattern(&why).and_then(|pattern| pattern.strip_prefix("${")?.strip_suffix('}')).or(text::name(list));
                let pattern = format!("${{{}[{index}]}}", of.unwrap_or("…"));
                Node::new(Attribute::Unknown(partial::why(&pattern, &[partial::reasons(&why).to_owned()])), line)
            }
            Attribute::Reference { resource, attribute } => {
                let of = attribute.map_or(resource.clone(), |attribute| format!("{resource}.{attribute}"));
                Node::new(Attribute::Unknown(partial::why(&format!("${{{of}[{index}]}}"), &[resource])), line)
            }
            _ => unknown("Fn::Select takes a list", line),
        }
    }

    fn split(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let [delimiter, text] = argument.elements() else {
            return unknown("Fn::Split takes a delimiter and a text", line);
        };
        let delimiter = delimiter.text().filter(|delimiter| !delimiter.is_empty());
        match (delimiter, self.evaluate(stack, text).text()) {
            (Some(delimiter), Value::Known(text)) => {
                let parts = text.split(delimiter).map(|part| Node::new(Attribute::Text(part.to_owned()), line));
                Node::new(Attribute::List(parts.collect()), line)
            }
            (Some(delimiter), Value::Unknown(why)) => self.split_pattern(&why, delimiter, line),
            _ => unknown("Fn::Split takes a delimiter and a text", line),
        }
    }

    fn find_in_map(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let (names, default) = match argument.elements() {
            [map, first, second] => ([map, first, second], None),
            [map, first, second, options] => ([map, first, second], options.get("DefaultValue")),
            _ => return unknown("Fn::FindInMap takes a map and two names", line),
        };
        let template = self.stacks[stack].template;
        let mut unknown_why = None;
        let [map, first, second] = names.map(|name| match self.evaluate(stack, name).text() {
            Value::Known(name) => Some(name),
            Value::Unknown(why) => {
                unknown_why = Some(why);
                None
            }
            Value::Absent => None,
        });
        let Some(map_name) = map else { return unknown(&unknown_why.unwrap_or_default(), line) };
        let Some(map) = template.named(Section::Mappings, &map_name) else {
            self.complain(stack, line, format!("there is no mapping {map_name}"));
            return unknown(&format!("there is no mapping {map_name}"), line);
        };
        self.spend(map.entries().len() as u64 / 16);
        let fitting = |item: &'a Item, name: &Option<String>| -> Vec<&'a Item> {
            let entries = item.entries().iter();
            entries.filter(|entry| name.as_ref().is_none_or(|name| *name == entry.key)).map(|entry| &entry.value).collect()
        };
        let candidates: Vec<&Item> = fitting(map, &first).into_iter().flat_map(|item| fitting(item, &second)).collect();
        match (candidates.first(), default, unknown_why) {
            (Some(found), _, None) => self.evaluate(stack, found),
            (None, Some(default), None) => self.evaluate(stack, default),
            (None, None, None) => {
                let message = format!("mapping {map_name} has no {}.{}", first.unwrap_or_default(), second.unwrap_or_default());
                self.complain(stack, line, message.clone());
                unknown(&message, line)
            }
            (found, _, Some(why)) => {
                // Whatever the name is, when every choice is the same the choice is known.
                let values: Vec<Node> = candidates.iter().map(|item| self.evaluate(stack, item)).collect();
                let agree = found.is_some() && default.is_none() && values.windows(2).all(|pair| same(&pair[0], &pair[1]));
                if agree { values.into_iter().next().unwrap_or_else(|| unknown(&why, line)) } else { unknown(&why, line) }
            }
        }
    }

    fn import(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let name = match self.evaluate(stack, argument).attribute {
            Attribute::Text(name) => name,
            Attribute::Unknown(why) => match partial::pattern(&why) {
                Some(pattern) => pattern.to_owned(),
                None => return unknown(&why, line),
            },
            _ => return unknown("Fn::ImportValue takes a name", line),
        };
        let found = self.exports_called(&name);
        match found.as_slice() {
            [export] => Node::new(self.exported(export), line),
            [] => unknown(&format!("it is imported as {name}, which no template here exports"), line),
            _ => unknown(&format!("it is imported as {name}, which {} templates here export", found.len()), line),
        }
    }

    /// What an export comes to; asked for often, and perhaps by itself.
    fn exported(&self, export: &Export<'a>) -> Attribute {
        if let Some(known) = &*export.evaluated.borrow() {
            self.spend(weight(known));
            return known.attribute.clone();
        }
        *export.evaluated.borrow_mut() = Some(unknown("it is imported by what it is made of", export.value.line));
        let node = self.evaluate(export.stack, export.value);
        *export.evaluated.borrow_mut() = Some(node.clone());
        node.attribute
    }

    fn cidr(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let Some((block, rest)) = argument.elements().split_first() else {
            return unknown("Fn::Cidr takes a block and a count", line);
        };
        let numbers: Vec<Value<f64>> = rest.iter().map(|item| self.evaluate(stack, item).number()).collect();
        let block = self.evaluate(stack, block).text();
        match (block, numbers.first().and_then(Value::known), numbers.get(1).map(Value::known)) {
            (Value::Known(block), Some(count), bits @ (None | Some(Some(_)))) => {
                let bits = bits.flatten().copied().unwrap_or(8.0);
                match cidr::blocks(&block, *count, bits) {
                    Some(blocks) => {
                        let blocks = blocks.into_iter().map(|block| Node::new(Attribute::Text(block), line));
                        Node::new(Attribute::List(blocks.collect()), line)
                    }
                    None => unknown(&format!("Fn::Cidr cannot cut {block} so"), line),
                }
            }
            (Value::Unknown(why), _, _) => unknown(&why, line),
            _ => unknown("Fn::Cidr takes a block and a count", line),
        }
    }
}

/// A node that cannot be told.
pub(super) fn unknown(why: &str, line: u32) -> Node {
    Node::new(Attribute::Unknown(why.to_owned()), line)
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// What copying a value costs, as in `Stacks::spend`.
pub(super) fn weight(node: &Node) -> u64 {
    match &node.attribute {
        Attribute::Text(text) | Attribute::Unknown(text) => 1 + text.len() as u64 / 64,
        Attribute::List(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Attribute::Map(entries) => 1 + BTreeMap::values(entries).map(weight).sum::<u64>(),
        Attribute::Null | Attribute::Bool(_) | Attribute::Number(_) | Attribute::Reference { .. } => 1,
    }
}
