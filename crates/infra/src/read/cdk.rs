//! CDK: the templates that an application synthesised, and applications that have none yet.
//!
//! A folder with a `manifest.json` of artifacts is an assembly, whatever its name. Only the templates that its manifest names are its
//! stacks; what else lies in it are assets, which may be anything. Nested stacks are found from their parents.

use super::Options;
use super::cloudformation::template::{Environment, Template};
use super::document::{self, Item};
use super::files::{Files, beside};
use super::may_be_template;
use crate::inventory::{Inventory, Language, Problem};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A manifest lists stacks and assets by the hundred, not by the megabyte.
const MANIFEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The assemblies that were found.
#[derive(Debug, Default)]
pub(super) struct Assemblies {
    /// Their folders, each ending in a slash, or empty for the root.
    folders: Vec<String>,
    /// The stacks by their template.
    stacks: BTreeMap<String, Environment>,
    /// The files of its assets by the name under which they are uploaded. The name is a hash, so that assemblies share them safely.
    assets: Arc<BTreeMap<String, String>>,
    /// Manifests that could not be read.
    pub(super) problems: Vec<Problem>,
}

impl Assemblies {
    /// In which language a file may be a template; `None` when it need not be looked at.
    pub(super) fn language(&self, path: &str) -> Option<Language> {
        if !may_be_template(path) {
            return None;
        }
        if !self.folders.iter().any(|folder| path.starts_with(folder.as_str())) {
            return Some(Language::CloudFormation);
        }
        let is_template = self.stacks.contains_key(path) || path.ends_with(".nested.template.json");
        is_template.then_some(Language::Cdk)
    }
}

/// Finds the assemblies.
pub(super) fn assemblies(files: &Files) -> Assemblies {
    let mut assemblies = Assemblies::default();
    let mut assets = BTreeMap::new();
    for path in files.paths().filter(|path| *path == "manifest.json" || path.ends_with("/manifest.json")) {
        // Web applications have files of this name too; what is not an assembly is none of ours.
        let Ok(bytes) = files.head(path, MANIFEST_BYTES_MAX + 1) else { continue };
        // Every assembly has a stack, a tree or an assembly of its own among its artifacts.
        if ![&b"\"aws:cloudformation:stack\""[..], b"\"cdk:tree\"", b"\"cdk:cloud-assembly\""].iter().any(|mark| contains(&bytes, mark)) {
            continue;
        }
        let manifest = match document::read(&bytes) {
            Ok(document) => document.root,
            Err(error) => {
                assemblies.problems.push(error.in_file(path));
                continue;
            }
        };
        let Some(artifacts) = manifest.get("artifacts") else { continue };
        assemblies.folders.push(path.trim_end_matches("manifest.json").to_owned());
        for artifact in artifacts.entries() {
            let text = |names: &[&str]| artifact.value.at(names).and_then(Item::text);
            match text(&["type"]) {
                Some("aws:cloudformation:stack") => {}
                Some("cdk:asset-manifest") => {
                    if let Some(file) = text(&["properties", "file"]).and_then(|file| beside(path, file)) {
                        match uploaded(files, &file) {
                            Ok(uploaded) => assets.extend(uploaded),
                            Err(problem) => assemblies.problems.push(problem),
                        }
                    }
                    continue;
                }
                _ => continue,
            }
            let Some(template) = text(&["properties", "templateFile"]).and_then(|file| beside(path, file)) else { continue };
            let environment = text(&["environment"]).unwrap_or_default();
            let stack = text(&["properties", "stackName"]).unwrap_or(&artifact.key);
            if !files.has(&template) {
                let message = format!("{template} is named here and is not there; synthesise again");
                assemblies.problems.push(Problem { file: path.to_owned(), line: Some(artifact.line), message });
            }
            assemblies.stacks.insert(template, placed(environment, stack));
        }
    }
    assemblies.assets = Arc::new(assets);
    assemblies
}

/// The files that a manifest of assets uploads as they are, by the name that they get. Folders are code, and no templates.
fn uploaded(files: &Files, manifest: &str) -> Result<Vec<(String, String)>, Problem> {
    // Its templates are read without it, those aside that only an uploaded name leads to.
    if !files.has(manifest) {
        return Ok(Vec::new());
    }
    let unread = |message| Problem { file: manifest.to_owned(), line: None, message };
    let bytes = files.head(manifest, MANIFEST_BYTES_MAX + 1).map_err(unread)?;
    let document = document::read(&bytes).map_err(|error| error.in_file(manifest))?;
    let mut uploaded = Vec::new();
    for asset in document.root.get("files").map_or(&[][..], Item::entries) {
        let source = asset.value.at(&["source", "path"]).and_then(Item::text).and_then(|file| beside(manifest, file));
        let is_file = asset.value.at(&["source", "packaging"]).and_then(Item::text) == Some("file");
        let Some(source) = source.filter(|_| is_file) else { continue };
        for destination in asset.value.get("destinations").map_or(&[][..], Item::entries) {
            let key = destination.value.get("objectKey").and_then(Item::text).and_then(|key| key.rsplit('/').next());
            uploaded.extend(key.map(|key| (key.to_owned(), source.clone())));
        }
    }
    Ok(uploaded)
}

/// Tells each stack's template where it is deployed.
pub(super) fn place(templates: &mut [Template], assemblies: &Assemblies, options: &Options) {
    for template in templates.iter_mut().filter(|template| template.language == Language::Cdk) {
        template.assets = assemblies.assets.clone();
        if let Some(known) = assemblies.stacks.get(&template.file) {
            let environment = known.clone();
            template.environment = Environment {
                region: environment.region.or_else(|| options.region.clone()),
                account: environment.account.or_else(|| options.account.clone()),
                stack: environment.stack,
            };
        }
    }
}

/// `aws://account/region`, in which either may be unknown.
fn placed(environment: &str, stack: &str) -> Environment {
    let (account, region) = environment.strip_prefix("aws://").and_then(|place| place.split_once('/')).unwrap_or(("", ""));
    let known = |text: &str| (!text.is_empty() && !text.starts_with("unknown-")).then(|| text.to_owned());
    Environment { region: known(region), account: known(account), stack: Some(stack.to_owned()) }
}

/// Applications without synthesised output, each a problem that says how to make it.
pub(super) fn applications(files: &Files, assemblies: &Assemblies) -> Inventory {
    let mut inventory = Inventory::default();
    for path in files.paths().filter(|path| *path == "cdk.json" || path.ends_with("/cdk.json")) {
        let settings = match files.head(path, MANIFEST_BYTES_MAX).map(|bytes| document::read(&bytes)) {
            Ok(Ok(document)) => document.root,
            Ok(Err(error)) => {
                inventory.problems.push(error.in_file(path));
                continue;
            }
            Err(message) => {
                inventory.problems.push(Problem { file: path.to_owned(), line: None, message });
                continue;
            }
        };
        let Some(app) = settings.get("app") else { continue };
        inventory.languages.push(Language::Cdk);
        let output = settings.get("output").and_then(Item::text).unwrap_or("cdk.out");
        let folder = beside(path, output).map(|folder| format!("{folder}/"));
        let is_synthesised = folder.is_some_and(|folder| assemblies.folders.contains(&folder));
        if !is_synthesised {
            let place = path.trim_end_matches("cdk.json").trim_end_matches('/');
            let place = if place.is_empty() { "this folder" } else { place };
            let message = format!("this CDK application has no synthesised output in {output}; run `npx cdk synth` in {place} and read it again");
            inventory.problems.push(Problem { file: path.to_owned(), line: Some(app.line), message });
        }
    }
    inventory
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}
