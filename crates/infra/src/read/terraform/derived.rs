//! What Terraform itself writes as JSON: plans, shown states and state files.

mod plan;
mod state;

use super::declared::Declared;
use super::{Files, json};
use crate::attribute::{Attribute, Node};
use crate::inventory::Problem;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A plan or state beyond this is refused: it would take many times its size in memory. States of a thousand resources have some 5 MB.
pub(crate) const BYTES_MAX: usize = 16 << 20;

/// Marks that only Terraform's own JSON has.
const MARKS: &[&str] = &["\"terraform_version\"", "\"planned_values\"", "\"lineage\""];

/// How plans and states are called. What a file of such a name holds decides.
const NAMES: &[&str] = &["plan", "state", "terraform", "show"];

/// Whether a path may be a plan or a state.
pub(super) fn may_be(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.ends_with(".tfstate") || (is_json(path) && NAMES.iter().any(|word| name.contains(word)))
}

/// Whether a file of any name begins as `terraform show -json` begins its output.
pub(super) fn begins_as_shown(path: &str, beginning: &[u8]) -> bool {
    is_json(path) && String::from_utf8_lossy(beginning).contains("\"terraform_version\"")
}

fn is_json(path: &str) -> bool {
    path.ends_with(".json") && !super::is_part_of_code(path)
}

/// What plans and states say beyond the code.
#[derive(Default)]
pub(super) struct Derived {
    pub resources: Vec<Declared>,
    pub problems: Vec<Problem>,
    pub notices: Vec<Problem>,
}

/// The resources of plans, then of states. What the code declares, or the plan beside a state, is told once: by the first of them,
/// which has lines that a person can change. `roots`: the folders of the code's roots.
pub(super) fn read(files: &Files<'_>, code: &[Declared], roots: &[&str]) -> Derived {
    let mut derived = Derived::default();
    let in_code: BTreeMap<(usize, String), &str> =
        code.iter().map(|one| ((one.root, without_keys(&one.origin.path)), one.origin.file.as_str())).collect();
    let mut ids: BTreeSet<String> = code.iter().map(|one| one.id.clone()).collect();
    let mut documents = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with(".tfstate") || is_json(path)) {
        match document(path, bytes) {
            Ok(Some(document)) => documents.push((path, document)),
            Ok(None) => {}
            Err((line, message)) => derived.problems.push(Problem { file: path.clone(), line, message }),
        }
    }
    // A plan knows what a state will become.
    documents.sort_by_key(|(path, document)| (document.get("planned_values").is_none(), *path));
    let mut planned: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for (index, (path, document)) in documents.iter().enumerate() {
        let is_plan = document.get("planned_values").is_some();
        let read = match document.get("planned_values").or(document.get("values")) {
            Some(values) => plan::resources(path, values, document),
            None => state::resources(path, document),
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let related = related(folder, roots);
        let told_by = |one: &Declared| {
            let in_code = related.iter().find_map(|root| in_code.get(&(*root, without_keys(&one.id))));
            in_code.or_else(|| planned.get(&(folder, one.id.clone())).filter(|_| !is_plan)).copied()
        };
        let all = read.len();
        let (mut new, mut elsewhere) = (Vec::new(), None);
        for one in read {
            match told_by(&one) {
                Some(file) => elsewhere = elsewhere.or(Some(file)),
                None => new.push(one),
            }
        }
        if let Some(file) = elsewhere {
            let name = path.rsplit('/').next().unwrap_or(path);
            let told = all - new.len();
            let message =
                format!("resources that {file} declares are told from there ({told} of {all}); to have the values in {name}, review it by itself");
            derived.notices.push(Problem { file: (*path).clone(), line: None, message });
        }
        if is_plan {
            planned.extend(new.iter().map(|one| ((folder, one.id.clone()), path.as_str())));
        }
        let clashes = new.iter().any(|one| ids.contains(&one.id));
        let prefix = if clashes { format!("{path}/") } else { String::new() };
        ids.extend(new.iter().map(|one| format!("{prefix}{}", one.id)));
        derived.resources.extend(new.into_iter().map(|one| Declared {
            id: format!("{prefix}{}", one.id),
            root: roots.len() + index,
            body: Rc::new(prefixed(Rc::unwrap_or_clone(one.body), &prefix)),
            ..one
        }));
    }
    derived
}

/// The roots whose plan or state may stand in a folder: the one there; where there is none, those above and beneath.
fn related(folder: &str, roots: &[&str]) -> Vec<usize> {
    let is_beneath = |folder: &str, other: &str| other.is_empty() || folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    let own: Vec<usize> = (0..roots.len()).filter(|root| roots[*root] == folder).collect();
    if own.is_empty() { (0..roots.len()).filter(|root| is_beneath(folder, roots[*root]) || is_beneath(roots[*root], folder)).collect() } else { own }
}

fn document(path: &str, bytes: &[u8]) -> Result<Option<Node>, (Option<u32>, String)> {
    let is_state = path.ends_with(".tfstate");
    if may_be(path) && (bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])) {
        // What `>` writes in PowerShell.
        return Err((None, "the file is UTF-16; write it as UTF-8: terraform show -json p | Out-File -Encoding utf8 plan.json".to_owned()));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if is_state && error.error_len().is_some() => return Err((None, "the file is not UTF-8".to_owned())),
        // A file that is too large ends within a letter, perhaps.
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !is_state && !MARKS.iter().any(|mark| text.contains(mark)) {
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

/// An address without the keys of instances. A key in quotes may hold brackets.
fn without_keys(address: &str) -> String {
    let mut kept = String::new();
    let (mut in_key, mut in_quotes) = (false, false);
    let mut characters = address.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if in_quotes => drop(characters.next()),
            '"' if in_key => in_quotes = !in_quotes,
            '[' if !in_quotes => in_key = true,
            ']' if !in_quotes => in_key = false,
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
            Attribute::Map(set.map(|(name, node)| (name.clone(), cleaned_part(name, node))).collect())
        }
        Attribute::List(items) => Attribute::List(items.iter().map(cleaned).collect()),
        other => other.clone(),
    };
    Node::new(attribute, node.line)
}

fn cleaned_part(name: &str, node: &Node) -> Node {
    match &node.attribute {
        // Blocks.
        Attribute::List(items) if items.iter().all(|item| matches!(item.attribute, Attribute::Map(_))) => cleaned(node),
        // Providers before version 6 keep the SHA-1 of a start-up script.
        Attribute::Text(text) if name == "user_data" && text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Node::new(Attribute::Unknown("only its hash is kept".to_owned()), node.line)
        }
        _ => node.clone(),
    }
}

/// Takes out the secrets that Terraform stores whoever gave them: that one stands here does not say that one stands in the code.
fn hide_secrets(body: &mut Node, why: &str) {
    let Attribute::Map(entries) = &mut body.attribute else { return };
    for name in ["password", "master_password", "secret_string"] {
        if let Some(node) = entries.get_mut(name).filter(|node| matches!(node.attribute, Attribute::Text(_))) {
            node.attribute = Attribute::Unknown(why.to_owned());
        }
    }
}

/// The region in a resource's own attributes: since version 6 of the provider each has one, and before that most ARNs do.
fn region_of(body: &Node) -> Option<String> {
    let text = |name: &str| body.get(name).and_then(|node| node.text().known().cloned());
    text("region").or_else(|| text("arn")?.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned))
}
