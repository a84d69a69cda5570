//! Data sources. The world is not asked: of most nothing is known but their name, which tells one from another.

use super::{Evaluated, Evaluator, Instance, map, reference_text};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::json;
use crate::read::terraform::tree::Placed;
use std::collections::BTreeMap;

impl Evaluator<'_> {
    /// An attribute of a data source.
    pub(super) fn data(&self, module: usize, index: usize, instance: &Instance, name: &str, line: u32) -> Evaluated {
        let this = self.module(module);
        let placed = &this.source.data[index];
        let attribute = match (placed.label(0), name) {
            ("aws_iam_policy_document", "json" | "minified_json") => {
                let key = format!("{}.json", instance.address);
                let made = self.once(&this, key, || {
                    Ok(self.in_file(&placed.file, || document(&self.resolved_documents(self.of_instance(module, &placed.block, instance)))))
                });
                return self.again(&made);
            }
            // A region's name and the partition follow from the provider.
            ("aws_region", "name" | "id" | "region") => match self.region_of_data(module, placed, instance) {
                Some(region) => Attribute::Text(region),
                None => Attribute::Unknown(reference_text(&instance.address, Some(name))),
            },
            ("aws_partition", "partition" | "dns_suffix") => match self.region_of_data(module, placed, instance) {
                Some(region) if is_commercial(&region) => Attribute::Text(if name == "partition" { "aws" } else { "amazonaws.com" }.to_owned()),
                _ => Attribute::Unknown(reference_text(&instance.address, Some(name))),
            },
            _ => Attribute::Unknown(reference_text(&instance.address, Some(name))),
        };
        Ok(Node::new(attribute, line))
    }

    /// The region that a data source asks for: the one that it names, else its provider's.
    fn region_of_data(&self, module: usize, placed: &Placed, instance: &Instance) -> Option<String> {
        let body = self.in_file(&placed.file, || self.of_instance(module, &placed.block, instance));
        if let Some(named) = body.get("region").or(body.get("name")) {
            return self.resolved(named.clone()).text().known().cloned();
        }
        if body.get("endpoint").is_some() {
            return None;
        }
        let provider = placed.block.body.attribute("provider").and_then(|provider| provider.as_path());
        self.module(module).region(provider.as_deref().unwrap_or("aws")).known().cloned()
    }

    fn resolved_documents(&self, node: Node) -> Node {
        let Attribute::Map(mut entries) = node.attribute else { return node };
        for name in ["source_policy_documents", "override_policy_documents", "source_json", "override_json"] {
            if let Some(node) = entries.remove(name) {
                entries.insert(name.to_owned(), self.resolved_within(node));
            }
        }
        Node::new(Attribute::Map(entries), node.line)
    }
}

fn is_commercial(region: &str) -> bool {
    !["cn-", "us-gov-", "us-iso", "eu-isoe", "eusc-"].iter().any(|other| region.starts_with(other))
}

/// The policy that `aws_iam_policy_document` makes of its blocks: source documents, then its own statements, then those that override by name.
fn document(body: &Node) -> Node {
    let mut statements: Vec<Node> = Vec::new();
    for name in ["source_json", "source_policy_documents"] {
        for node in body.get(name).map(Node::items).unwrap_or_default() {
            statements.extend(statements_of(node));
        }
    }
    for block in body.get("statement").map(Node::items).unwrap_or_default() {
        place(&mut statements, statement(block));
    }
    for name in ["override_json", "override_policy_documents"] {
        for node in body.get(name).map(Node::items).unwrap_or_default() {
            for statement in statements_of(node) {
                place(&mut statements, statement);
            }
        }
    }
    let version = body.get("version").cloned().unwrap_or_else(|| text("2012-10-17", body.line));
    map([("Version", version), ("Statement", Node::new(Attribute::List(statements), body.line))], body.line)
}

/// Puts a statement in the place of one with the same name, else behind the others.
fn place(statements: &mut Vec<Node>, statement: Node) {
    let sid = statement.get("Sid").map(|sid| sid.attribute.clone()).filter(|sid| *sid != Attribute::Text(String::new()));
    let same = sid.and_then(|sid| statements.iter_mut().find(|other| other.get("Sid").is_some_and(|other| other.attribute == sid)));
    match same {
        Some(same) => *same = statement,
        None => statements.push(statement),
    }
}

/// The statements of a document that is given as text or as value. One that is unknown stands as an unknown statement.
fn statements_of(node: &Node) -> Vec<Node> {
    let parsed = match &node.attribute {
        Attribute::Text(text) if text.trim().is_empty() => return Vec::new(),
        Attribute::Text(text) | Attribute::Unknown(text) => {
            json::parse_with_holes(text, node.line).ok().filter(|node| node.get("Statement").is_some())
        }
        Attribute::Map(_) => Some(node.clone()),
        _ => None,
    };
    match parsed {
        Some(document) => document.get("Statement").map(|list| list.items().into_iter().cloned().collect()).unwrap_or_default(),
        None => {
            let why = match node.text() {
                crate::Value::Unknown(why) => why,
                _ => "it is not a policy document".to_owned(),
            };
            vec![Node::new(Attribute::Unknown(why), node.line)]
        }
    }
}

fn statement(block: &Node) -> Node {
    if let Attribute::Unknown(_) = block.attribute {
        return block.clone();
    }
    let mut entries: BTreeMap<String, Node> = BTreeMap::new();
    let names = [
        ("sid", "Sid"),
        ("effect", "Effect"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    for (from, to) in names {
        if let Some(node) = block.get(from) {
            entries.insert(to.to_owned(), node.clone());
        }
    }
    entries.entry("Effect".to_owned()).or_insert_with(|| text("Allow", block.line));
    for (from, to) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let Some(node) = block.get(from) else { continue };
        let mut principals: BTreeMap<String, Node> = BTreeMap::new();
        for item in node.items() {
            let kind = item.at(&["type"]).map(Node::text).and_then(|kind| kind.known().cloned());
            let (Some(kind), Some(identifiers)) = (kind, item.at(&["identifiers"])) else {
                principals.insert("unknown".to_owned(), item.clone());
                continue;
            };
            let list = principals.entry(kind).or_insert_with(|| Node::new(Attribute::List(Vec::new()), item.line));
            if let Attribute::List(items) = &mut list.attribute {
                items.extend(identifiers.items().into_iter().cloned());
            }
        }
        entries.insert(to.to_owned(), Node::new(Attribute::Map(principals), node.line));
    }
    if let Some(conditions) = block.get("condition") {
        let mut operators: BTreeMap<String, Node> = BTreeMap::new();
        for item in conditions.items() {
            let part = |name: &str| item.at(&[name]).map(Node::text).and_then(|text| text.known().cloned()).unwrap_or_else(|| "unknown".to_owned());
            let values = item.at(&["values"]).cloned().unwrap_or_else(|| item.clone());
            let keys = operators.entry(part("test")).or_insert_with(|| map([], item.line));
            let Attribute::Map(keys) = &mut keys.attribute else { continue };
            let all = keys.entry(part("variable")).or_insert_with(|| Node::new(Attribute::List(Vec::new()), item.line));
            if let Attribute::List(all) = &mut all.attribute {
                all.extend(values.items().into_iter().cloned());
            }
        }
        entries.insert("Condition".to_owned(), Node::new(Attribute::Map(operators), conditions.line));
    }
    Node::new(Attribute::Map(entries), block.line)
}

fn text(text: &str, line: u32) -> Node {
    Node::new(Attribute::Text(text.to_owned()), line)
}
