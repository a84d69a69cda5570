//! The folders of a tree with what their files declare, and which of them are roots.

use super::json;
use super::syntax::{self, Block, Body, Expression, ExpressionKind};
use super::{FILE_BYTES_MAX, Files};
use crate::inventory::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// One folder: Terraform reads all its files as one.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Relative to the tree; empty for its top.
    pub folder: String,
    /// In the order of the files and of the lines in them.
    pub resources: Vec<Placed>,
    /// Data sources.
    pub data: Vec<Placed>,
    pub modules: Vec<Placed>,
    pub variables: BTreeMap<String, Placed>,
    pub outputs: BTreeMap<String, Placed>,
    pub providers: Vec<Placed>,
    pub locals: BTreeMap<String, (String, Expression)>,
    /// What files of values say, later ones winning. They count for a root alone.
    pub given: BTreeMap<String, (String, Expression)>,
    /// Whether AWS's provider is among the required ones.
    pub requires_aws: bool,
    /// Where each block stands in its list, by kind and labels.
    places: BTreeMap<String, usize>,
}

/// A block and the file in which it stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub file: String,
    pub block: Block,
}

impl Placed {
    /// The label of this number; empty when there is none.
    pub(super) fn label(&self, index: usize) -> &str {
        self.block.labels.get(index).map_or("", String::as_str)
    }
}

/// All folders.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub sources: BTreeMap<String, Source>,
    pub problems: Vec<Problem>,
    /// What was read and does not count.
    pub notices: Vec<Problem>,
}

impl Tree {
    /// Reads the files that are Terraform's own language; a broken one is a problem, and the others are read all the same.
    pub(super) fn read(files: &Files<'_>) -> Tree {
        let mut tree = Tree::default();
        // Files that override come last, as Terraform takes them.
        let (overriding, plain): (Vec<_>, Vec<_>) = files
            .iter()
            .filter(|(path, _)| is_code(path) && super::is_ours(path) && !is_replaced(path, files))
            .partition(|(path, _)| overrides(path));
        for (path, bytes) in plain.into_iter().chain(overriding) {
            let Some(body) = tree.body(path, bytes) else { continue };
            let folder = folder_of(path).to_owned();
            let source = tree.sources.entry(folder.clone()).or_insert_with(|| Source { folder, ..Source::default() });
            source.take(path, body, &mut tree.problems, &mut tree.notices);
        }
        let (mut values, others): (Vec<_>, Vec<_>) = files.iter().filter(|(path, _)| is_values(path)).partition(|(path, _)| applies_by_itself(path));
        let unused = others.into_iter().map(|(path, _)| path).filter(|path| tree.is_beside_code(path)).map(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let stem = name.split('.').next().unwrap_or(name);
            let plan = format!("terraform plan -var-file={name} -out=p && terraform show -json p > plan.json");
            let message = format!(
                "its values are not applied, since only terraform.tfvars and *.auto.tfvars are by themselves: copy it to {stem}.auto.tfvars, or review a plan ({plan})"
            );
            Problem { file: path.clone(), line: None, message }
        });
        let unused: Vec<Problem> = unused.collect();
        tree.notices.extend(unused);
        // terraform.tfvars first, then the automatic ones in their order.
        values.sort_by_key(|(path, _)| (is_automatic(path), path.as_str()));
        for (path, bytes) in values {
            if !tree.sources.contains_key(folder_of(path)) {
                continue;
            }
            let Some(body) = tree.body(path, bytes) else { continue };
            if let Some(source) = tree.sources.get_mut(folder_of(path)) {
                source.given.extend(body.attributes.into_iter().map(|(name, value)| (name, (path.clone(), value))));
            }
        }
        tree
    }

    /// Terragrunt's calls of code that is not in the tree: the file, the line and the source.
    pub(super) fn terragrunt(&mut self, files: &Files<'_>) -> Vec<(String, u32, String)> {
        let mut calls = Vec::new();
        for (path, bytes) in files.iter().filter(|(path, _)| is_terragrunt(path)) {
            let Some(body) = self.body(path, bytes) else { continue };
            let call = body.blocks("terraform").find_map(|block| Some((block.line, block.body.attribute("source")?)));
            let Some((line, source)) = call else { continue };
            let source = source.as_text().unwrap_or("an unknown source");
            let is_here = joined(folder_of(path), &source.replace("//", "/")).is_some_and(|folder| self.sources.contains_key(&folder));
            if !is_here {
                calls.push((path.clone(), line, source.to_owned()));
            }
        }
        calls
    }

    /// Whether a file lies in a folder with code, or beneath one, as `environments/production.tfvars` does.
    fn is_beside_code(&self, path: &str) -> bool {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        std::iter::once("").chain(above).any(|folder| self.sources.contains_key(folder))
    }

    fn body(&mut self, path: &str, bytes: &[u8]) -> Option<Body> {
        match parsed(path, bytes) {
            Ok(body) => Some(body),
            Err((line, message)) => {
                self.problems.push(Problem { file: path.to_owned(), line, message });
                None
            }
        }
    }

    /// The folders from which one would run Terraform: nobody else in the tree calls them.
    /// Folders that only call each other in a ring are begun at the first of them.
    pub(super) fn roots(&self) -> Vec<&Source> {
        let called: BTreeSet<&str> = self.sources.values().flat_map(|source| self.called_by(source).filter(|to| *to != source.folder)).collect();
        let mut roots: Vec<&Source> = self.sources.values().filter(|source| !called.contains(source.folder.as_str())).collect();
        let mut reached = BTreeSet::new();
        roots.iter().for_each(|root| self.reach(root, &mut reached));
        for source in self.sources.values() {
            if !reached.contains(source.folder.as_str()) {
                self.reach(source, &mut reached);
                roots.push(source);
            }
        }
        roots
    }

    fn called_by<'t>(&'t self, source: &'t Source) -> impl Iterator<Item = &'t str> {
        source.modules.iter().filter_map(|call| self.local(source, call)).map(|source| source.folder.as_str())
    }

    fn reach<'t>(&'t self, from: &'t Source, reached: &mut BTreeSet<&'t str>) {
        let mut waiting = vec![from];
        while let Some(source) = waiting.pop() {
            if reached.insert(&source.folder) {
                waiting.extend(source.modules.iter().filter_map(|call| self.local(source, call)));
            }
        }
    }

    /// The folder that a module call means, when it is in the tree.
    pub(super) fn local(&self, from: &Source, call: &Placed) -> Option<&Source> {
        let path = call.block.body.attribute("source")?.as_text()?;
        let is_local = path.starts_with("./") || path.starts_with("../") || path == "." || path == "..";
        is_local.then(|| joined(&from.folder, path)).flatten().and_then(|folder| self.sources.get(&folder))
    }
}

impl Source {
    fn take(&mut self, file: &str, body: Body, problems: &mut Vec<Problem>, notices: &mut Vec<Problem>) {
        for block in body.blocks {
            let placed = Placed { file: file.to_owned(), block };
            let labels = match placed.block.kind.as_str() {
                "resource" | "data" | "ephemeral" => 2,
                "module" => 1,
                _ => 0,
            };
            if labels > 0 && placed.block.labels.len() != labels {
                let message = format!("a {} block needs {labels} labels", placed.block.kind);
                problems.push(Problem { file: placed.file, line: Some(placed.block.line), message });
                continue;
            }
            match placed.block.kind.as_str() {
                "resource" => add(&mut self.resources, &mut self.places, placed, notices),
                "data" | "ephemeral" => add(&mut self.data, &mut self.places, placed, notices),
                "module" => add(&mut self.modules, &mut self.places, placed, notices),
                "variable" => add_named(&mut self.variables, placed),
                "output" => add_named(&mut self.outputs, placed),
                "provider" => self.providers.push(placed),
                "locals" => self.locals.extend(placed.block.body.attributes.into_iter().map(|(name, value)| (name, (file.to_owned(), value)))),
                "terraform" => self.requires_aws |= requires_aws(&placed.block.body),
                // Blocks that declare nothing: moved, import, removed, check, and those of languages built on this one.
                _ => {}
            }
        }
    }
}

/// Adds a block; one of the same name is replaced piece by piece when the file overrides, else the first stands.
fn add(blocks: &mut Vec<Placed>, places: &mut BTreeMap<String, usize>, placed: Placed, notices: &mut Vec<Problem>) {
    let name = format!("{} {}", placed.block.kind, placed.block.labels.join("."));
    let Some(first) = places.get(&name).and_then(|place| blocks.get_mut(*place)) else {
        places.insert(name, blocks.len());
        blocks.push(placed);
        return;
    };
    if !overrides(&placed.file) {
        let message = format!("{} is declared twice, first in {}:{}; the first is read", placed.block.labels.join("."), first.file, first.block.line);
        notices.push(Problem { file: placed.file, line: Some(placed.block.line), message });
        return;
    }
    merge(first, placed);
}

fn add_named(blocks: &mut BTreeMap<String, Placed>, placed: Placed) {
    match blocks.get_mut(placed.label(0)) {
        Some(first) if overrides(&placed.file) => merge(first, placed),
        _ => drop(blocks.insert(placed.label(0).to_owned(), placed)),
    }
}

/// Replaces what another file says otherwise.
fn merge(first: &mut Placed, overriding: Placed) {
    let Body { attributes, blocks } = overriding.block.body;
    let body = &mut first.block.body;
    body.attributes.retain(|(name, _)| !attributes.iter().any(|(overriding, _)| overriding == name));
    body.blocks.retain(|block| !blocks.iter().any(|overriding| overriding.kind == block.kind));
    body.attributes.extend(attributes);
    body.blocks.extend(blocks);
}

fn requires_aws(terraform: &Body) -> bool {
    let required = terraform.blocks("required_providers").flat_map(|block| block.body.attributes.iter());
    let in_json = terraform.attributes.iter().filter(|(name, _)| name == "required_providers");
    required.chain(in_json).any(|(name, value)| name == "aws" || names_aws(value))
}

/// Whether a provider's source, or one of several in JSON, is AWS's.
fn names_aws(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Object(entries) => entries.iter().any(|(name, value)| name.as_text() == Some("aws") || names_aws(value)),
        ExpressionKind::List(items) => items.iter().any(names_aws),
        _ => value.as_text().is_some_and(|source| source.ends_with("hashicorp/aws")),
    }
}

/// A file's body, or the line and the sentence that say why not.
fn parsed(path: &str, bytes: &[u8]) -> Result<Body, (Option<u32>, String)> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err((None, format!("the file has {} bytes, of which at most {FILE_BYTES_MAX} are read", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| (None, "the file is not UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if path.ends_with(".json") {
        let node = json::parse(text).map_err(|broken| (Some(broken.line), format!("not JSON: {}", broken.message)))?;
        if is_code(path) {
            return Ok(syntax::body_from_json(&node));
        }
        let mut values = Body::default();
        if let crate::Attribute::Map(entries) = node.attribute {
            values.attributes.extend(entries.iter().map(|(name, node)| (name.clone(), syntax::expression_from_json(node))));
        }
        return Ok(values);
    }
    syntax::body_from_hcl(text).map_err(|error| {
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        let line = error.location().line();
        // What is not closed is missed only where the file ends.
        let begun =
            text.lines().take(line.saturating_sub(1)).enumerate().filter(|(_, line)| line.starts_with(|first: char| first.is_ascii_alphabetic()));
        let within = begun.last().map_or_else(String::new, |(before, _)| format!(", in what begins in line {}", before + 1));
        (u32::try_from(line).ok(), format!("not HCL: {message}{within}"))
    })
}

/// Code of Terraform, or of OpenTofu, which reads Terraform's as well.
pub(super) fn is_code(path: &str) -> bool {
    let path = path.strip_suffix(".json").unwrap_or(path);
    path.ends_with(".tf") || path.ends_with(".tofu")
}

/// Whether OpenTofu reads another file in the place of this one.
fn is_replaced(path: &str, files: &Files<'_>) -> bool {
    let (path, ending) = path.strip_suffix(".json").map_or((path, ""), |path| (path, ".json"));
    path.strip_suffix(".tf").is_some_and(|stem| files.contains_key(&format!("{stem}.tofu{ending}")))
}

/// Terragrunt's file, which says what code is run with what values.
pub(super) fn is_terragrunt(path: &str) -> bool {
    path.rsplit('/').next() == Some("terragrunt.hcl")
}

fn overrides(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_suffix(".tf").or(stem.strip_suffix(".tofu")).unwrap_or(stem);
    stem == "override" || stem.ends_with("_override")
}

/// Whether a file gives values to variables.
pub(super) fn is_values(path: &str) -> bool {
    path.ends_with(".tfvars") || path.ends_with(".tfvars.json")
}

fn applies_by_itself(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "terraform.tfvars" | "terraform.tfvars.json") || is_automatic(path)
}

fn is_automatic(path: &str) -> bool {
    path.ends_with(".auto.tfvars") || path.ends_with(".auto.tfvars.json")
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder; `None` when it leads out of the tree.
pub(super) fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
