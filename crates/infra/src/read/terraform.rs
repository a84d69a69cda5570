//! Terraform: modules in HCL or JSON, plans and state files.

mod declared;
mod derived;
mod evaluate;
mod functions;
mod json;
mod map;
mod named_files;
mod names;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use derived::BYTES_MAX;
pub(crate) use named_files::named_in;

use crate::inventory::{Inventory, Language, Origin};
use declared::Declarations;
use evaluate::Evaluator;
use std::borrow::Cow;
use std::collections::BTreeMap;
use tree::Tree;

/// Files by their path from the folder that is read, with forward slashes.
pub(crate) type Files<'f> = BTreeMap<String, Cow<'f, [u8]>>;

/// A file of code or values beyond this is not read. The largest in public modules have some 100 KB.
const FILE_BYTES_MAX: usize = 4 << 20;

/// Whether a file is one that `read` looks at: code, values, a plan or a state. Other files are only asked for by `file` and `templatefile`.
pub(crate) fn is_ours(path: &str) -> bool {
    // What `terraform init` downloads is not the project's own.
    let is_downloaded = path.split('/').any(|part| part == ".terraform");
    !is_downloaded && (tree::is_code(path) || tree::is_values(path) || tree::is_terragrunt(path) || derived::may_be(path))
}

/// Whether a file of another name is a plan or state all the same, by how it begins.
pub(crate) fn is_shown(path: &str, beginning: &[u8]) -> bool {
    !path.split('/').any(|part| part == ".terraform") && derived::begins_as_shown(path, beginning)
}

/// Whether a file is read together with the code beside it.
pub(crate) fn is_part_of_code(path: &str) -> bool {
    tree::is_code(path) || tree::is_values(path)
}

/// Reads all that Terraform declares in these files.
///
/// `Language::Terraform` is among the languages when something of AWS is declared: a resource or data source of its provider,
/// the provider itself, or a module of the registry that is written for it. Another cloud's files are listed and say nothing of AWS.
pub(crate) fn read(files: &Files<'_>) -> Inventory {
    let mut tree = Tree::read(files);
    let terragrunt = tree.terragrunt(files);
    let evaluator = Evaluator::new(&tree, files);
    let roots = tree.roots();
    let mut declarations = Declarations::default();
    for (index, source) in roots.iter().enumerate() {
        // Several roots may use the same addresses.
        let prefix = if roots.len() > 1 && !source.folder.is_empty() { format!("{}/", source.folder) } else { String::new() };
        let module = evaluator.root(source, &prefix);
        declarations.add(&evaluator, &module, index, None);
    }
    declarations.calls.extend(terragrunt.into_iter().map(|(file, line, source)| {
        let origin = Origin { line, path: "terraform".to_owned(), file };
        declared::call(origin.file.clone(), &source, origin)
    }));
    let folders: Vec<&str> = roots.iter().map(|source| source.folder.as_str()).collect();
    let derived = derived::read(files, &declarations.resources, &folders);
    declarations.resources.extend(derived.resources);
    let is_aws = declarations.resources.iter().any(|one| is_aws(&one.type_name));
    declarations.resources.retain(|one| {
        let is_validation = map::is_validation(one);
        if is_validation {
            declarations.conditional.remove(&one.id);
        }
        !is_validation
    });
    let mut inventory = map::inventory(&declarations.resources);
    inventory.unrecognised.append(&mut declarations.calls);
    inventory.conditional = declarations.conditional;
    let (hidden, notices) = evaluator.into_problems_and_notices();
    inventory.problems = tree.problems.iter().cloned().chain(hidden).chain(derived.problems).collect();
    inventory.notices = tree.notices.iter().cloned().chain(notices).chain(derived.notices).collect();
    inventory.problems.sort();
    inventory.notices.sort();
    if is_aws || is_of_aws(&inventory, &tree) {
        inventory.languages.push(Language::Terraform);
    }
    inventory
}

fn is_aws(type_name: &str) -> bool {
    type_name.starts_with("aws_") || type_name.starts_with("awscc_")
}

fn is_of_aws(inventory: &Inventory, tree: &Tree) -> bool {
    let from_registry = |type_name: &str| type_name.starts_with("module ") && (type_name.ends_with("/aws") || type_name.contains("terraform-aws-"));
    inventory.unrecognised.iter().any(|one| from_registry(&one.type_name))
        || tree.sources.values().any(|source| {
            source.requires_aws || source.providers.iter().any(|one| one.label(0) == "aws") || source.data.iter().any(|one| is_aws(one.label(0)))
        })
}
