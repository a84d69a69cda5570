//! Reading a resource's attributes: values through references, blocks, links.

use super::containers::scaling_key;
use super::context::Context;
use crate::attribute::{Attribute, Node};
use crate::inventory::Link;
use crate::read::partial::placeholders;
use crate::read::terraform::declared::Declared;
use crate::read::terraform::evaluate::json_text;
use crate::read::terraform::json;
use crate::value::Value;
use std::collections::BTreeSet;

/// One resource, or a block within it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    context: &'a Context<'a>,
    pub(super) declared: &'a Declared,
    node: &'a Node,
}

impl<'a> Reader<'a> {
    pub(super) fn of(context: &'a Context<'a>, declared: &'a Declared) -> Reader<'a> {
        Reader { context, declared, node: &declared.body }
    }

    /// The same resource, reading another node: a document that was parsed from one of its attributes.
    pub(super) fn on<'b>(&self, node: &'b Node) -> Reader<'b>
    where
        'a: 'b,
    {
        Reader { context: self.context, declared: self.declared, node }
    }

    pub(super) fn type_name(&self) -> &'a str {
        &self.declared.type_name
    }

    pub(super) fn line(&self) -> u32 {
        self.node.line
    }

    pub(super) fn this(&self) -> &'a Node {
        self.node
    }

    /// What stands at a path such as `health_check.path`. On the way, an unknown is what is found, and a list of one is its element.
    pub(super) fn find(&self, path: &str) -> Option<&'a Node> {
        let mut node = self.node;
        for name in path.split('.') {
            if let Attribute::List(items) = &node.attribute {
                node = items.first()?;
            }
            node = match &node.attribute {
                Attribute::Map(entries) => entries.get(name).filter(|node| node.attribute != Attribute::Null)?,
                Attribute::Unknown(_) => return Some(node),
                _ => return None,
            };
        }
        Some(node)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.find(path).is_some_and(|node| !matches!(&node.attribute, Attribute::List(items) if items.is_empty()))
    }

    /// What stands there, through references.
    pub(super) fn value(&self, path: &str) -> Option<Node> {
        self.find(path).map(|node| self.context.resolved(node))
    }

    /// What stands there as a document: a value, or JSON in a text of which parts may be unknown. What is no JSON stays as it is.
    pub(super) fn document(&self, path: &str) -> Option<Node> {
        let node = self.value(path)?;
        let (Attribute::Text(text) | Attribute::Unknown(text)) = &node.attribute else { return Some(node) };
        // A text of several lines begins on the line after the mark that opens it.
        let line = node.line + u32::from(text.trim_end().contains('\n'));
        let parsed = json::parse_with_holes(text, line).ok();
        Some(parsed.filter(|parsed| matches!(parsed.attribute, Attribute::List(_) | Attribute::Map(_))).unwrap_or(node))
    }

    /// A node that was found, through references.
    pub(super) fn resolved(&self, node: &Node) -> Node {
        self.context.resolved(node)
    }

    pub(super) fn text(&self, path: &str) -> Value<String> {
        self.value(path).map_or(Value::Absent, |node| explained(written(&node)))
    }

    /// A text of which an empty one is none.
    pub(super) fn some_text(&self, path: &str) -> Value<String> {
        match self.text(path) {
            Value::Known(text) if text.is_empty() => Value::Absent,
            other => other,
        }
    }

    /// The text, or what is known of it: the expression whose value is not.
    pub(super) fn text_or_expression(&self, path: &str) -> Value<String> {
        match self.value(path).map(|node| node.attribute) {
            Some(Attribute::Unknown(why)) => Value::Known(why),
            _ => self.text(path),
        }
    }

    pub(super) fn number(&self, path: &str) -> Value<f64> {
        self.value(path).map_or(Value::Absent, |node| explained(node.number()))
    }

    pub(super) fn flag(&self, path: &str) -> Value<bool> {
        self.value(path).map_or(Value::Absent, |node| explained(node.flag()))
    }

    /// Whether it is set to this text.
    pub(super) fn is(&self, path: &str, text: &str) -> Value<bool> {
        self.text(path).map(|value| value.eq_ignore_ascii_case(text))
    }

    /// Each of a list's elements as text.
    pub(super) fn texts(&self, path: &str) -> Vec<Value<String>> {
        self.elements(path).iter().map(|node| explained(self.context.resolved(node).text())).collect()
    }

    pub(super) fn link(&self, path: &str, types: &[&str]) -> Value<Link> {
        self.find(path).map_or(Value::Absent, |node| self.link_of(node, types))
    }

    pub(super) fn links(&self, path: &str, types: &[&str]) -> Vec<Value<Link>> {
        self.elements(path).iter().map(|node| self.link_of(node, types)).collect()
    }

    pub(super) fn link_of(&self, node: &Node, types: &[&str]) -> Value<Link> {
        match self.context.link(node, types, self.declared.root) {
            Value::Known(Link::Outside(text)) if text.is_empty() => Value::Absent,
            link => link,
        }
    }

    /// As `link`, but a text of which a part is unknown stays a text with `${…}` in it: names and ARNs that are read as patterns.
    pub(super) fn pattern_link(&self, node: &Node) -> Value<Link> {
        match &node.attribute {
            Attribute::Unknown(text) if text.contains("${") => Value::Known(Link::Outside(text.clone())),
            _ => self.link_of(node, &[]),
        }
    }

    pub(super) fn pattern_links(&self, path: &str) -> Vec<Value<Link>> {
        self.elements(path).iter().map(|node| self.pattern_link(node)).collect()
    }

    /// Text in which an unknown part stands as `${…}`; what is unknown as a whole is unknown.
    pub(super) fn pattern(&self, path: &str) -> Value<String> {
        self.value(path).map_or(Value::Absent, |node| pattern(&node))
    }

    /// The declared resources that the holes of a text name, in their order.
    pub(super) fn holes(&self, text: &str) -> Vec<&'a Declared> {
        self.context.holes(text)
    }

    fn elements(&self, path: &str) -> Vec<Node> {
        let Some(node) = self.find(path) else { return Vec::new() };
        match self.context.resolved(node).attribute {
            Attribute::List(items) => items.into_iter().filter(|item| item.attribute != Attribute::Null).collect(),
            // One value; or a list that another resource gives back, which cannot be taken apart: whatever it holds comes from there.
            _ => vec![node.clone()],
        }
    }

    /// The blocks of a name; one that is unknown reads as a block of unknowns.
    pub(super) fn blocks(&self, path: &str) -> Vec<Reader<'a>> {
        self.find(path).map(Node::items).unwrap_or_default().into_iter().map(|node| Reader { node, ..*self }).collect()
    }

    /// The resources of this type that add to this one.
    pub(super) fn satellites(&self, types: &[&str]) -> Vec<Reader<'a>> {
        let indices = self.context.satellites.get(&self.declared.id).map(Vec::as_slice).unwrap_or_default();
        let all = indices.iter().map(|index| &self.context.all[*index]);
        all.filter(|one| types.contains(&one.type_name.as_str())).map(|one| Reader::of(self.context, one)).collect()
    }

    /// The target of Application Auto Scaling that is written as this policy writes it.
    pub(super) fn same_scaling(&self) -> Option<Reader<'a>> {
        self.context.scaling.get(&scaling_key(self)).map(|index| Reader::of(self.context, &self.context.all[*index]))
    }

    /// The target of Application Auto Scaling that scales this service.
    pub(super) fn scaled_by(&self) -> Option<Reader<'a>> {
        self.context.scaled.get(&self.declared.id).map(|index| Reader::of(self.context, &self.context.all[*index]))
    }

    /// The resource of a link, if it is declared.
    pub(super) fn follow(&self, link: &Value<Link>) -> Option<Reader<'a>> {
        match link {
            Value::Known(Link::To(id)) => self.context.get(id).map(|one| Reader::of(self.context, one)),
            _ => None,
        }
    }
}

/// A value as text. A list or map where a text belongs is JSON that was encoded.
fn written(node: &Node) -> Value<String> {
    match node.attribute {
        Attribute::List(_) | Attribute::Map(_) => Node::new(json_text(node), node.line).text(),
        _ => node.text(),
    }
}

/// Text in which an unknown part stands as `${…}`.
pub(super) fn pattern(node: &Node) -> Value<String> {
    match &node.attribute {
        Attribute::Unknown(text) if text.contains("${") => Value::Known(text.clone()),
        _ => explained(written(node)),
    }
}

/// The same, with a reason that a person understands.
pub(super) fn explained<T>(value: Value<T>) -> Value<T> {
    match value {
        Value::Unknown(why) => Value::Unknown(sentence(why)),
        other => other,
    }
}

/// The text around what is not known is left out: it may be a secret's.
fn sentence(why: String) -> String {
    if why.contains("${") {
        let holes: BTreeSet<&str> = placeholders(&why).into_iter().collect();
        let holes: Vec<&str> = holes.into_iter().collect();
        return format!("it depends on what is known only at deployment: {}", holes.join("; "));
    }
    if let Some((function, _)) = why.split_once("()").filter(|(function, _)| function.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':')) {
        return format!("{function}() is worked out by Terraform alone: a plan (terraform show -json) has its value");
    }
    if why.contains(' ') {
        return why;
    }
    match why.split('.').next() {
        Some("var") => format!("{why} has no value here"),
        Some("data") => format!("{why} is looked up at deployment"),
        Some("module") => format!("{why} comes from a module that is not here"),
        _ => why,
    }
}
