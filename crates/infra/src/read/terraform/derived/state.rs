//! State files of version 4: all values are known, and links are the ids and ARNs in them.

use super::{cleaned, hide_secrets, region_of};
use crate::attribute::{Attribute, Node};
use crate::inventory::Origin;
use crate::read::terraform::declared::Declared;
use crate::value::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The managed resources of a state.
pub(super) fn resources(file: &str, state: &Node) -> Vec<Declared> {
    let mut declared = Vec::new();
    for resource in state.get("resources").map(Node::items).unwrap_or_default() {
        let text = |name: &str| resource.get(name).and_then(|node| node.text().known().cloned());
        let (Some(type_name), Some(name)) = (text("type"), text("name")) else { continue };
        if text("mode").as_deref() != Some("managed") {
            continue;
        }
        let module = text("module").map_or_else(String::new, |module| format!("{module}."));
        // What is deposed is there until the next run deletes it, under the address of what took its place.
        let instances = resource.get("instances").map(Node::items).unwrap_or_default();
        for instance in instances.into_iter().filter(|instance| instance.get("deposed").is_none()) {
            let key = match instance.get("index_key").map(|key| &key.attribute) {
                Some(Attribute::Number(index)) => format!("[{index}]"),
                Some(Attribute::Text(key)) => format!("[{key:?}]"),
                _ => String::new(),
            };
            let empty = Node::new(Attribute::Map(BTreeMap::new()), instance.line);
            let mut body = cleaned(instance.get("attributes").unwrap_or(&empty));
            hide_secrets(&mut body, "the state holds it, whoever gave it");
            let id = format!("{module}{type_name}.{name}{key}");
            declared.push(Declared {
                origin: Origin { file: file.to_owned(), line: resource.line, path: id.clone() },
                region: region_of(&body).map_or(Value::Absent, Value::Known),
                type_name: type_name.clone(),
                id,
                body: Rc::new(body),
                root: 0,
            });
        }
    }
    declared
}
