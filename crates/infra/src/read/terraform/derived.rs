//! What Terraform itself writes as JSON: plans, shown states and state files.

mod plan;
mod state;

use super::declared::Declared;
use super::{Files, json};
use crate::attribute::{Attribute, Node};
use crate::inventory::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// A plan or state beyond this is refused: it would take many times its size in memory. States of a thousand resources have some 5 MB.
pub(crate) const BYTES_MAX: usize = 16 << 20;

/// Marks that only Terraform's own JSON has, near its beginning.
const MARKS: &[&str] = &["\"terraform_version\"", "\"planned_values\"", "\"lineage\""];

/// How much of a file is looked at for a mark.
const BEGINNING_BYTES: usize = 64 << 10;

/// Whether a path may be a plan or a state. What it holds decides.
pub(super) fn may_be(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_json = name.ends_with(".json") && !name.ends_with(".tf.json") && !name.ends_with(".tfvars.json");
    name.ends_with(".tfstate") || (is_json && ["plan", "state", "terraform", "show"].iter().any(|word| name.contains(word)))
}

/// The resources of plans, then of states. What the code declares, or the plan beside a state, is told once: by the first of them,
/// which has lines that a person can change.
pub(super) fn read(files: &Files<'_>, code: &[Declared], first_root: usize) -> (Vec<Declared>, Vec<Problem>) {
    let (mut declared, mut problems) = (Vec::new(), Vec::new());
    let in_code: BTreeSet<String> = code.iter().map(|one| without_keys(&one.origin.path)).collect();
    let mut ids: BTreeSet<String> = code.iter().map(|one| one.id.clone()).collect();
    let mut documents = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| may_be(path)) {
        match document(path, bytes) {
            Ok(Some(document)) => documents.push((path, document)),
            Ok(None) => {}
            Err((line, message)) => problems.push(Problem { file: path.clone(), line, message }),
        }
    }
    // A plan knows what a state will become.
    documents.sort_by_key(|(path, document)| (document.get("planned_values").is_none(), *path));
    let mut in_folder: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (index, (path, document)) in documents.iter().enumerate() {
        let read = match (document.get("planned_values"), document.get("values")) {
            (Some(values), _) => plan::resources(path, values, document),
            (None, Some(values)) => plan::resources(path, values, document),
            (None, None) => state::resources(path, document),
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let known = in_folder.entry(folder).or_default();
        let new: Vec<Declared> = read.into_iter().filter(|one| !in_code.contains(&without_keys(&one.id)) && !known.contains(&one.id)).collect();
        known.extend(new.iter().map(|one| one.id.clone()));
        let clashes = new.iter().any(|one| ids.contains(&one.id));
        let prefix = if clashes { format!("{path}/") } else { String::new() };
        ids.extend(new.iter().map(|one| format!("{prefix}{}", one.id)));
        declared.extend(new.into_iter().map(|one| Declared {
            id: format!("{prefix}{}", one.id),
            root: first_root + index,
            body: prefixed(one.body, &prefix),
            ..one
        }));
    }
    (declared, problems)
}

fn document(path: &str, bytes: &[u8]) -> Result<Option<Node>, (Option<u32>, String)> {
    let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(BEGINNING_BYTES)]);
    let is_state = path.ends_with(".tfstate");
    if !is_state && !MARKS.iter().any(|mark| beginning.contains(mark)) {
        return Ok(None);
    }
    if bytes.len() > BYTES_MAX {
        let advice = "review the code instead, or the plan of a part of it (terraform plan -target)";
        return Err((None, format!("a plan or state of more than {} MB is not read; {advice}", BYTES_MAX >> 20)));
    }
    if bytes.is_empty() {
        // An empty state is what `terraform init` may leave.
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| (None, "the file is not UTF-8".to_owned()))?;
    let document = json::parse(text).map_err(|broken| (Some(broken.line), format!("not JSON: {}", broken.message)))?;
    let is_shown = document.get("planned_values").is_some() || document.get("values").is_some();
    match document.get("version").and_then(|version| version.number().known().copied()) {
        _ if is_shown => Ok(Some(document)),
        Some(4.0) => Ok(Some(document)),
        Some(version) if is_state => {
            Err((None, format!("a state of version {version} is not read, only of version 4; terraform 0.12 and later write it")))
        }
        _ if document.get("format_version").is_some() => Ok(None),
        _ if is_state => Err((None, "it is not a state: it has no version".to_owned())),
        _ => Ok(None),
    }
}

/// An address without the keys of instances, and without the folder or file in front of it.
fn without_keys(address: &str) -> String {
    let mut kept = String::new();
    let mut in_key = false;
    for character in address.chars() {
        match character {
            '[' => in_key = true,
            ']' => in_key = false,
            _ if !in_key => kept.push(character),
            _ => {}
        }
    }
    kept
}

/// References within a body, to the ids that its resources got.
fn prefixed(node: Node, prefix: &str) -> Node {
    if prefix.is_empty() {
        return node;
    }
    let attribute = match node.attribute {
        Attribute::Reference { resource, attribute } => Attribute::Reference { resource: format!("{prefix}{resource}"), attribute },
        Attribute::List(items) => Attribute::List(items.into_iter().map(|item| prefixed(item, prefix)).collect()),
        Attribute::Map(entries) => Attribute::Map(entries.into_iter().map(|(name, item)| (name, prefixed(item, prefix))).collect()),
        other => other,
    };
    Node::new(attribute, node.line)
}

/// A body without the empty texts that a provider stores for what is not set. Maps that a person writes are left alone.
fn cleaned(node: &Node) -> Node {
    let attribute = match &node.attribute {
        Attribute::Map(entries) => {
            let set = entries.iter().filter(|(_, node)| !matches!(&node.attribute, Attribute::Text(text) if text.is_empty()));
            Attribute::Map(
                set.map(|(name, node)| {
                    let is_block =
                        matches!(&node.attribute, Attribute::List(items) if items.iter().all(|item| matches!(item.attribute, Attribute::Map(_))));
                    (name.clone(), if is_block { cleaned(node) } else { node.clone() })
                })
                .collect(),
            )
        }
        Attribute::List(items) => Attribute::List(items.iter().map(cleaned).collect()),
        other => other.clone(),
    };
    Node::new(attribute, node.line)
}

/// The region in a resource's own attributes: since version 6 of the provider each has one, and before that most ARNs do.
fn region_of(body: &Node) -> Option<String> {
    let text = |name: &str| body.get(name).and_then(|node| node.text().known().cloned());
    text("region").or_else(|| text("arn")?.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned))
}
