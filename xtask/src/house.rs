//! The rules of the house that the compiler does not hold: which crate may know which, what every file begins with, how long it may be.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who may know whom. An arrow that is not here is a decision: make it in `docs/decisions` first.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ports", &["domain"]),
    ("engine", &["domain", "ports"]),
    ("providers", &["domain", "ports"]),
    ("bedrock", &["domain", "ports"]),
    ("tools", &["domain", "ports"]),
    ("stores", &["domain", "ports"]),
    ("infra", &["domain"]),
    ("api", &["domain"]),
    ("server", &["api", "domain", "engine", "infra", "ports"]),
    ("orchestrator", &["api", "bedrock", "domain", "engine", "infra", "ports", "providers", "server", "stores", "tools"]),
    ("testkit", &["domain", "engine", "infra", "ports", "stores"]),
    ("bench", &["domain", "engine", "ports", "stores", "testkit"]),
    ("xtask", &[]),
];

/// What the pure crate may be built on: types, encodings and one hash. Nothing that does I/O, tells time or draws numbers.
const DOMAIN_CRATES: &[&str] = &["chrono", "serde", "serde_json", "sha2", "thiserror", "toml", "uuid", "yaml_serde"];

/// A file longer than this holds a second idea.
const FILE_LINES_MAX: usize = 600;

/// Checks every rule and tells all that is broken at once.
///
/// # Errors
/// A list of what breaks which rule, or the repository could not be read.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut broken = arrows(&metadata(root)?)?;
    for file in sources(root)? {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        broken.extend(source(&name, &text));
    }
    if broken.is_empty() {
        return Ok(());
    }
    let mut message = String::from("the rules of the house are broken:\n");
    for rule in broken {
        writeln!(message, "  {rule}")?;
    }
    bail!(message)
}

fn metadata(root: &Path) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).current_dir(root).args(["metadata", "--no-deps", "--format-version=1", "--locked"]).output()?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Arrows between crates that nobody decided on, and crates that decide a dependency's version or features by themselves.
fn arrows(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("packages")?;
    let members: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut broken = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("name")?;
        let Some((_, allowed)) = ARROWS.iter().find(|(member, _)| *member == name) else {
            broken.push(format!("crate {name} has no line in ARROWS"));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            // Tests may know more than the crate they test.
            if dependency["kind"] == "dev" {
                continue;
            }
            let to = dependency["name"].as_str().context("dependency name")?;
            if members.contains(&to) && !allowed.contains(&to) {
                broken.push(format!("crate {name} must not know crate {to}"));
            }
            if name == "domain" && !DOMAIN_CRATES.contains(&to) {
                broken.push(format!("crate domain must not be built on {to}"));
            }
        }
    }
    Ok(broken)
}

fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("crates"), root.join("xtask")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.ends_with("fixtures") {
                // What tests read is somebody else's, or broken on purpose.
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn source(name: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if !text.starts_with("//! ") {
        broken.push(format!("{name} does not begin by saying what it is for (//! …)"));
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        broken.push(format!("{name} has {lines} lines; a second idea has moved in"));
    }
    if name.ends_with("/mod.rs") {
        broken.push(format!("{name}: name the file after its idea"));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn this_repository_keeps_the_rules() {
        check(&crate::shell::root()).unwrap();
    }

    #[test]
    fn an_arrow_that_nobody_decided_on_is_found() {
        let metadata = json!({"packages": [
            {"name": "domain", "dependencies": [{"name": "tokio", "kind": null}]},
            {"name": "tools", "dependencies": [{"name": "stores", "kind": null}, {"name": "testkit", "kind": "dev"}]},
            {"name": "stores", "dependencies": []},
            {"name": "newcomer", "dependencies": []},
        ]});
        let broken = arrows(&metadata).unwrap();
        assert_eq!(
            broken,
            ["crate domain must not be built on tokio", "crate tools must not know crate stores", "crate newcomer has no line in ARROWS"]
        );
    }

    #[test]
    fn a_file_without_a_purpose_or_with_two_is_found() {
        assert_eq!(source("a.rs", "//! Why.\n"), Vec::<String>::new());
        assert_eq!(source("a.rs", "use b;\n").len(), 1);
        assert_eq!(source("a.rs", &format!("//! Why.\n{}", "\n".repeat(FILE_LINES_MAX))).len(), 1);
        assert_eq!(source("crates/x/src/y/mod.rs", "//! Why.\n").len(), 1);
    }
}
