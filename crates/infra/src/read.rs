//! From files to one inventory: finds the templates of a folder, a file or an archive, and has each language read its own.
//!
//! Templates are known by what they say, not by their names. A broken one is a problem with its place, and the rest goes on.

mod archive;
mod base64;
mod cdk;
mod cloudformation;
mod document;
mod extras;
mod files;
pub(crate) mod partial;
mod place;
mod policy;
mod scope;
mod sources;
mod terraform;

pub use archive::{ArchiveError, ArchiveFormat, from_archive};
pub use files::Files;
pub use place::Place;
pub use sources::sources;

use crate::inventory::{Inventory, Language, Problem, Unrecognised};
use cloudformation::serverless;
use cloudformation::template::{Environment, Template};
use document::DOCUMENT_BYTES_MAX;
use regex::bytes::Regex;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What the files do not say and somebody may.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What `AWS::Region` is where no file says it. Default: unknown.
    pub region: Option<String>,
    /// What `AWS::AccountId` is where no file says it. Default: unknown.
    pub account: Option<String>,
}

/// A template says this of itself, or has resources of AWS types. What contains neither is not parsed.
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    let mark = r#"AWSTemplateFormatVersion|Type["']?\s*:\s*["']?(?:AWS|Alexa|Custom)::"#;
    Regex::new(mark).expect("the pattern is a regular expression")
});

/// How much of a file that is too large to be a template is looked at to say so.
const HEAD_BYTES: usize = 64 * 1024;

/// How much of a JSON file tells whether Terraform wrote it.
const BEGINNING_BYTES: usize = 1024;

/// The inventory of a folder, or of one file.
pub fn read(root: &Path) -> Inventory {
    read_files(&Files::of(root), &Options::default())
}

/// The inventory of files, from wherever they come.
pub fn read_files(files: &Files, options: &Options) -> Inventory {
    let aside = scope::aside(files);
    let inventory = declared(&files.without(aside.paths()), options);
    let declares = !inventory.resources.is_empty() || !inventory.unrecognised.is_empty() || !inventory.problems.is_empty();
    let (mut inventory, aside) = match declares {
        true => (inventory, aside),
        // Who shows examples alone wants them looked at.
        false => {
            let tests = aside.without_examples();
            (declared(&files.without(tests.paths()), options), tests)
        }
    };
    inventory.notices.extend(aside.notice(files));
    inventory.notices.extend(files.notices().iter().cloned());
    let elsewhere: Vec<Problem> = inventory.unrecognised.iter().filter_map(|one| elsewhere(one, &inventory.problems)).collect();
    inventory.notices.extend(elsewhere);
    inventory
}

/// What is declared in a module or template that is not here, unless its absence is a problem already.
fn elsewhere(unrecognised: &Unrecognised, problems: &[Problem]) -> Option<Problem> {
    let Unrecognised { id, type_name, origin } = unrecognised;
    let remedy = match type_name.as_str() {
        "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => "keep its template beside this one and name it by its path".to_owned(),
        module if module.starts_with("module ") => "read a plan (terraform show -json) in place of the code".to_owned(),
        _ => return None,
    };
    let is_told = problems.iter().any(|problem| problem.file == origin.file && problem.line == Some(origin.line));
    let message = format!("what {id} declares is not here and not seen: {remedy}");
    (!is_told).then(|| Problem { file: origin.file.clone(), line: Some(origin.line), message })
}

/// What the files declare that are listed.
fn declared(files: &Files, options: &Options) -> Inventory {
    let assemblies = cdk::assemblies(files);
    let (mut templates, mut problems) = templates(files, &assemblies, options);
    cdk::place(&mut templates, &assemblies, options);
    let mut inventory = cloudformation::read(&templates);
    add(&mut inventory, cdk::applications(files, &assemblies));
    add(&mut inventory, terraform::read(&terraform_files(files, &mut problems)));
    problems.extend(files.problems().iter().cloned());
    problems.extend(assemblies.problems);
    inventory.problems.extend(problems);
    in_order(inventory)
}

/// The files that Terraform's reader looks at, and those that their code takes in by `file` or `templatefile`.
fn terraform_files<'f>(files: &'f Files, problems: &mut Vec<Problem>) -> terraform::Files<'f> {
    let mut taken = terraform::Files::new();
    let mut take = |path: &str, taken: &mut terraform::Files<'f>| match files.head(path, terraform::BYTES_MAX + 1) {
        Ok(bytes) => drop(taken.insert(path.to_owned(), bytes)),
        Err(message) => problems.push(Problem { file: path.to_owned(), line: None, message }),
    };
    let is_shown = |path: &str| path.ends_with(".json") && files.head(path, BEGINNING_BYTES).is_ok_and(|bytes| terraform::is_shown(path, &bytes));
    for path in files.paths().filter(|path| terraform::is_ours(path) || is_shown(path)) {
        take(path, &mut taken);
    }
    // Terraform reads the files of a folder as one, also when somebody names one of them.
    if taken.keys().any(|path| terraform::is_part_of_code(path)) {
        files
            .beside_it()
            .iter()
            .filter(|path| terraform::is_part_of_code(path) && !files.paths().any(|one| one == *path))
            .for_each(|path| take(path, &mut taken));
    }
    let named: BTreeSet<String> = taken.iter().flat_map(|(path, code)| terraform::named_in(path, code)).filter(|path| files.has(path)).collect();
    for path in named {
        if !taken.contains_key(&path) {
            take(&path, &mut taken);
        }
    }
    taken
}

/// Adds what another language declares.
fn add(inventory: &mut Inventory, other: Inventory) {
    inventory.resources.extend(other.resources);
    inventory.unrecognised.extend(other.unrecognised);
    inventory.problems.extend(other.problems);
    inventory.notices.extend(other.notices);
    inventory.languages.extend(other.languages);
    inventory.conditional.extend(other.conditional);
    inventory.extras.extend(other.extras);
}

/// The same whatever order the files came in: by file and line.
fn in_order(mut inventory: Inventory) -> Inventory {
    inventory.resources.sort_by(|left, right| (&left.origin, &left.id).cmp(&(&right.origin, &right.id)));
    inventory.unrecognised.sort_by(|left, right| (&left.origin, &left.id).cmp(&(&right.origin, &right.id)));
    for problems in [&mut inventory.problems, &mut inventory.notices] {
        problems.sort();
        problems.dedup();
    }
    inventory.languages.sort();
    inventory.languages.dedup();
    inventory.forget_places();
    inventory
}

/// The templates among the files, with what could not be read of them.
fn templates(files: &Files, assemblies: &cdk::Assemblies, options: &Options) -> (Vec<Template>, Vec<Problem>) {
    let candidates: Vec<(&str, Language)> = files.paths().filter_map(|path| Some((path, assemblies.language(path)?))).collect();
    let (mut templates, mut problems) = parsed(files, &candidates);
    // A file that was named alone names others beside it.
    let mut known: BTreeSet<String> = templates.iter().map(|template| template.file.clone()).collect();
    let mut from = 0;
    while from < templates.len() {
        let named = cloudformation::nested(&templates[from..]);
        from = templates.len();
        let more: Vec<String> = named.into_iter().filter(|file| files.has(file) && known.insert(file.clone())).collect();
        let more: Vec<(&str, Language)> = more.iter().map(|file| (file.as_str(), Language::CloudFormation)).collect();
        let (found, broken) = parsed(files, &more);
        templates.extend(found);
        problems.extend(broken);
    }
    for template in &mut templates {
        template.environment = Environment { region: options.region.clone(), account: options.account.clone(), stack: None };
    }
    (templates, problems)
}

/// Reads and parses files on every core; what comes back is in the order of the files.
fn parsed(files: &Files, candidates: &[(&str, Language)]) -> (Vec<Template>, Vec<Problem>) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((path, language)) = candidates.get(index) else { return results };
            if let Some(result) = template(files, path, *language).transpose() {
                results.push((index, result));
            }
        }
    };
    // A thread costs more than a few files do.
    let threads = thread::available_parallelism().map_or(1, usize::from).min(candidates.len() / 8 + 1);
    let mut results: Vec<(usize, Result<Template, Problem>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_by_key(|(index, _)| *index);
    let (mut templates, mut problems) = (Vec::new(), Vec::new());
    for (_, result) in results {
        match result {
            Ok(template) => templates.push(template),
            Err(problem) => problems.push(problem),
        }
    }
    (templates, problems)
}

/// The template in a file; `None` when it is something else.
fn template(files: &Files, path: &str, language: Language) -> Result<Option<Template>, Problem> {
    let problem = |message| Problem { file: path.to_owned(), line: None, message };
    let size = files.size(path);
    if size > DOCUMENT_BYTES_MAX as u64 {
        let head = files.head(path, HEAD_BYTES).map_err(problem)?;
        let message = format!("the file has {size} bytes; templates over {DOCUMENT_BYTES_MAX} are not read, and CloudFormation takes 1,000,000");
        return if MARK.is_match(&head) { Err(problem(message)) } else { Ok(None) };
    }
    let bytes = files.head(path, DOCUMENT_BYTES_MAX + 1).map_err(problem)?;
    if is_marked_utf_16(&bytes) {
        return Err(problem("this is a template in UTF-16; save it as UTF-8 (PowerShell: `Out-File -Encoding utf8` in place of `>`)".to_owned()));
    }
    if !MARK.is_match(&bytes) && !serverless::is_named(path) {
        return Ok(None);
    }
    Template::read(path, &bytes, language).map_err(|error| error.in_file(path))
}

/// Whether this is what Windows PowerShell makes of a template that is sent to a file by `>`.
fn is_marked_utf_16(bytes: &[u8]) -> bool {
    let is_utf_16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    is_utf_16 && MARK.is_match(&bytes.iter().copied().filter(|byte| *byte != 0).collect::<Vec<u8>>())
}

/// Whether a file may be a template by the ending of its name, which spares reading sources and pictures.
fn may_be_template(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, ending)) => ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)),
        None => false,
    }
}

/// Endings under which people keep templates.
const ENDINGS: [&str; 9] = ["yaml", "yml", "json", "template", "cfn", "cform", "cft", "sam", "stack"];
