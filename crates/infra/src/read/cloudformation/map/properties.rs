//! Reading properties as the inventory's values and links.

use crate::attribute::{Attribute, Node};
use crate::inventory::Link;
use crate::read::cloudformation::map::known::Names;
use crate::read::partial;
use crate::value::Value;
use std::collections::BTreeMap;

/// The properties of a resource, or a part of them.
#[derive(Clone, Copy)]
pub(super) struct Properties<'a> {
    pub(super) node: &'a Node,
    pub(super) names: &'a Names,
    /// The id of the resource.
    pub(super) id: &'a str,
}

impl<'a> Properties<'a> {
    /// The part at a path such as `VpcConfig.SubnetIds`. Where the path leads through something unknown, that.
    pub(super) fn at(&self, path: &str) -> Option<&'a Node> {
        let mut node = self.node;
        for name in path.split('.') {
            if let Attribute::Unknown(_) = node.attribute {
                return Some(node);
            }
            node = node.get(name)?;
        }
        Some(node)
    }

    /// Whether something is set. What is set to something that cannot be told is; what a condition may take away may be.
    pub(super) fn present(&self, path: &str) -> Value<bool> {
        let above = path.rsplit_once('.').map_or(Some(self.node), |(above, _)| self.at(above));
        if let Some(Attribute::Unknown(why)) = above.map(|node| &node.attribute) {
            return Value::Unknown(why.clone());
        }
        let doubt = |node: &Node| match &node.attribute {
            Attribute::Unknown(why) if partial::may_be_absent(why) => Value::Unknown(why.clone()),
            _ => Value::Known(true),
        };
        let Some(node) = self.at(path) else { return Value::Absent };
        let items: Vec<Value<bool>> = node.items().into_iter().map(doubt).collect();
        items.iter().find(|item| !item.is_unknown()).or(items.first()).cloned().unwrap_or_default()
    }

    /// The part at a path, as properties.
    pub(super) fn part(&self, path: &str) -> Option<Properties<'a>> {
        Some(Properties { node: self.at(path)?, ..*self })
    }

    /// The elements of a list of maps.
    pub(super) fn parts(&self, path: &str) -> Vec<Properties<'a>> {
        self.nodes(path).into_iter().map(|node| Properties { node, ..*self }).collect()
    }

    /// How many elements a list has. Unknown when one of them is, since that may be several or none.
    pub(super) fn count(&self, path: &str) -> Value<f64> {
        let nodes = self.nodes(path);
        match nodes.iter().find_map(|node| if let Attribute::Unknown(why) = &node.attribute { Some(why) } else { None }) {
            Some(why) => Value::Unknown(why.clone()),
            None if nodes.is_empty() => Value::Absent,
            None => Value::Known(nodes.len() as f64),
        }
    }

    /// The element of a list that is the one. Unknown when none surely is and one may be.
    pub(super) fn find(&self, path: &str, is_it: impl Fn(Properties<'a>) -> Value<bool>) -> Value<Properties<'a>> {
        let mut found = Value::Absent;
        for part in self.parts(path) {
            match is_it(part) {
                Value::Known(true) => return Value::Known(part),
                Value::Unknown(why) => found = Value::Unknown(why),
                Value::Known(false) | Value::Absent => {}
            }
        }
        found
    }

    /// The elements of a list. One that came out as a list itself, as `Fn::If` may give, counts by its elements.
    pub(super) fn nodes(&self, path: &str) -> Vec<&'a Node> {
        self.at(path).map_or_else(Vec::new, |node| node.items().into_iter().flat_map(Node::items).collect())
    }

    pub(super) fn text(&self, path: &str) -> Value<String> {
        self.at(path).map_or(Value::Absent, |node| self.names.text(node))
    }

    /// Text; where a part of it cannot be told, that stands as `${…}`.
    pub(super) fn pattern(&self, path: &str) -> Value<String> {
        self.at(path).map_or(Value::Absent, pattern)
    }

    pub(super) fn number(&self, path: &str) -> Value<f64> {
        self.at(path).map_or(Value::Absent, Node::number)
    }

    pub(super) fn flag(&self, path: &str) -> Value<bool> {
        self.at(path).map_or(Value::Absent, Node::flag)
    }

    /// Whether a text is this one, such as `ENABLED`.
    pub(super) fn is(&self, path: &str, text: &str) -> Value<bool> {
        self.text(path).map(|value| value.eq_ignore_ascii_case(text))
    }

    pub(super) fn texts(&self, path: &str) -> Vec<Value<String>> {
        self.nodes(path).into_iter().map(|node| self.names.text(node)).collect()
    }

    pub(super) fn link(&self, path: &str) -> Value<Link> {
        self.at(path).map_or(Value::Absent, |node| self.names.called(path, self.names.link(node)))
    }

    pub(super) fn links(&self, path: &str) -> Vec<Value<Link>> {
        self.nodes(path).into_iter().map(|node| self.names.called(path, self.names.link(node))).collect()
    }

    /// The values of a map by name.
    pub(super) fn map(&self, path: &str) -> BTreeMap<String, Value<String>> {
        match self.at(path).map(|node| &node.attribute) {
            Some(Attribute::Map(entries)) => {
                let set = entries.iter().filter(|(_, node)| node.attribute != Attribute::Null);
                set.map(|(name, node)| (name.clone(), self.names.text(node))).collect()
            }
            Some(Attribute::Unknown(why)) => BTreeMap::from([("…".to_owned(), Value::Unknown(why.clone()))]),
            _ => BTreeMap::new(),
        }
    }
}

/// Text; where a part of it cannot be told, that stands as `${…}`.
pub(super) fn pattern(node: &Node) -> Value<String> {
    match node.text() {
        Value::Unknown(why) => match partial::pattern(&why) {
            Some(pattern) => Value::Known(pattern.to_owned()),
            None => Value::Unknown(why),
        },
        told => told,
    }
}
