//! Each rule on templates: one that passes, one that fails and one that cannot tell, in each language, with a snapshot of what is said of them.

use domain::finding::Evidence;
use domain::prices::Prices;
use infra::read::{Files, Options, read_files, sources};
use infra::review::{Check, Day, Decisions, Input, Patch, Review, Sources, Status, patched, review};
use infra::rules::{RULES, Rule, Source};
use infra::usage::scan;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The fixtures of a rule, by the end of their names; each is a file, or a folder where code stands beside the template.
const LANGUAGES: [(&str, &str); 2] = [("yaml", "cloudformation"), ("tf", "terraform")];
const VERDICTS: [(&str, Status); 3] = [("pass", Status::Pass), ("fail", Status::Fail), ("unknown", Status::Unknown)];

/// Fixtures that cannot be, with the reason.
const IMPOSSIBLE: [(&str, &str, &str); 10] = [
    ("IAC-01", "pass.yaml", "a CloudFormation template is not Terraform"),
    ("IAC-01", "fail.yaml", "it fails where no template is, and a template is one"),
    ("IAC-01", "fail.tf", "it fails where no template is, and a module is one"),
    ("IAC-02", "pass.tf", "a Terraform module is not CloudFormation"),
    ("IAC-02", "fail.yaml", "that there is no template at all is IAC-01's to say"),
    ("IAC-02", "fail.tf", "that there is no template at all is IAC-01's to say"),
    ("IAC-03", "pass.yaml", "CDK is read from its output, a folder of JSON"),
    ("IAC-03", "pass.tf", "a Terraform module is not CDK"),
    ("IAC-03", "fail.yaml", "that there is no template at all is IAC-01's to say"),
    ("IAC-03", "fail.tf", "that there is no template at all is IAC-01's to say"),
];

/// Failures whose remedy is no change of a line in this language although the rule has a patch, with the reason.
const UNPATCHED: [(&str, &str, &str); 1] = [("SEC-02", "fail.yaml", "CloudFormation cannot create a SecureString")];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rules"))
}

fn is_decided_from_templates(rule: &Rule) -> bool {
    rule.decided_from.contains(&Source::CloudFormation) && rule.decided_from.contains(&Source::Terraform)
}

/// A fixture: its name, and its files as a project of their own.
fn fixture(rule: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let path = folder().join(rule).join(name);
    if path.is_file() {
        return Some([(name.to_owned(), std::fs::read_to_string(path).unwrap())].into());
    }
    let (verdict, ending) = name.split_once('.').unwrap();
    let (_, language) = LANGUAGES.iter().find(|(known, _)| *known == ending).unwrap();
    let path = folder().join(rule).join(format!("{verdict}-{language}"));
    path.is_dir().then(|| files_below(&path))
}

fn files_below(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())).collect()
}

fn reviewed(files: &BTreeMap<String, String>) -> (Review, Sources) {
    let files = Files::in_memory(files.iter().map(|(name, text)| (name.clone(), text.as_bytes().to_vec())));
    let inventory = read_files(&files, &Options::default());
    let prices = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let today = Day::parse("2026-11-23").unwrap();
    let sources = sources(&files, &inventory);
    let review = review(&Input {
        inventory: &inventory,
        usage: &scan(&files),
        prices: &prices,
        today: &today,
        costs: Vec::new(),
        decisions: &Decisions::default(),
        sources: &sources,
    });
    (review, sources)
}

/// What is said of a fixture, as a reader of the report sees it.
fn said(name: &str, check: &Check, diff: &str) -> String {
    let mut text = format!("\n{name}: {}: {}\n", check.status.title(), check.reason);
    for evidence in &check.evidence {
        match evidence {
            Evidence::File { place, quote, note, .. } => {
                let note = note.as_deref().unwrap_or_default();
                writeln!(text, "  {place} | {quote} | {note}").unwrap();
            }
            Evidence::Resource { place, quote } => writeln!(text, "  {place} | {quote}").unwrap(),
            Evidence::Event { .. } => unreachable!("a rule sees no events"),
        }
    }
    if !check.remedy.is_empty() {
        writeln!(text, "  remedy: {}", check.remedy).unwrap();
    }
    diff.lines().for_each(|line| writeln!(text, "  {line}").unwrap());
    text
}

/// A line in the file that it names, whose words stand there but for secrets.
fn is_true(evidence: &Evidence, files: &BTreeMap<String, String>) -> bool {
    let Evidence::File { place, quote, .. } = evidence else { return true };
    let Some((file, line)) = place.rsplit_once(':') else { return false };
    let line = line.parse::<usize>().ok().and_then(|line| files.get(file)?.lines().nth(line - 1));
    line.is_some_and(|line| quote.split(['…', '*']).all(|words| line.contains(words)))
}

#[test]
fn each_rule_says_of_its_fixtures_what_their_names_say() {
    let mut faults = Vec::new();
    for rule in RULES.iter().filter(|rule| is_decided_from_templates(rule)) {
        let mut snapshot = format!("{} {}\n", rule.id, rule.title);
        for (ending, _) in LANGUAGES {
            for (verdict, expected) in VERDICTS {
                let name = format!("{verdict}.{ending}");
                let Some(files) = fixture(rule.id, &name) else { continue };
                let (mut review, sources) = reviewed(&files);
                review.checks.retain(|check| check.id == rule.id);
                let check = &review.checks[0];
                if check.status != expected {
                    faults.push(format!("{} {name} comes out as {}: {}", rule.id, check.status.title(), check.reason));
                }
                if expected != Status::Unknown && !review.problems.is_empty() {
                    faults.push(format!("{} {name} cannot be read: {:?}", rule.id, review.problems));
                }
                for evidence in check.evidence.iter().filter(|evidence| !is_true(evidence, &files)) {
                    faults.push(format!("{} {name} is not what stands there: {evidence:?}", rule.id));
                }
                snapshot += &said(&name, check, &infra::print::diff(&review, &sources));
            }
        }
        let path = folder().join(rule.id).join("snapshot.txt");
        if std::env::var_os("REFRESH").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &snapshot).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != snapshot {
            faults.push(format!("{} is not what is said now; set REFRESH=1 to write it anew and read the difference", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_rule_that_templates_decide_has_all_its_fixtures_or_a_reason() {
    let mut complete_of_document = 0;
    for rule in RULES.iter().filter(|rule| is_decided_from_templates(rule)) {
        let names = LANGUAGES.iter().flat_map(|(ending, _)| VERDICTS.map(|(verdict, _)| format!("{verdict}.{ending}")));
        let (found, missing): (Vec<String>, Vec<String>) = names.partition(|name| fixture(rule.id, name).is_some());
        let is_excused = |name: &String| IMPOSSIBLE.iter().any(|(id, of, _)| *id == rule.id && of == name);
        assert!(!found.iter().any(is_excused), "{}: {found:?} holds what is said to be impossible", rule.id);
        assert!(missing.iter().all(is_excused), "{} has no {missing:?}", rule.id);
        complete_of_document += usize::from(missing.is_empty() && rule.document_line.is_some());
    }
    assert!(complete_of_document >= 36, "{complete_of_document} check-boxes have fixtures");
}

#[test]
fn each_folder_belongs_to_a_rule_and_holds_nothing_else() {
    for entry in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap()) {
        let id = entry.file_name().into_string().unwrap();
        let rule = infra::rules::rule(&id).unwrap_or_else(|| panic!("{id} is no rule"));
        assert!(is_decided_from_templates(rule), "{id} is not decided from templates");
        for inside in std::fs::read_dir(entry.path()).unwrap() {
            let name = inside.unwrap().file_name().into_string().unwrap();
            let (verdict, rest) = name.split_once(['.', '-']).unwrap();
            let is_fixture = VERDICTS.iter().any(|(known, _)| *known == verdict)
                && LANGUAGES.iter().any(|(ending, language)| rest == *ending || rest == *language);
            assert!(is_fixture || name == "snapshot.txt", "{id}/{name}");
        }
    }
}

#[test]
fn each_patch_makes_its_rule_pass() {
    for rule in RULES.iter().filter(|rule| rule.patch.is_some()) {
        for (ending, _) in LANGUAGES {
            let name = format!("fail.{ending}");
            let Some(files) = fixture(rule.id, &name) else { continue };
            let (before, _) = reviewed(&files);
            let patches: Vec<Patch> = before.check(rule.id).unwrap().patches.clone();
            let is_excused = UNPATCHED.iter().any(|(id, of, _)| *id == rule.id && *of == name);
            assert_eq!(patches.is_empty(), is_excused, "{} {name}: {patches:?}", rule.id);
            if is_excused {
                continue;
            }
            let after_text: BTreeMap<String, String> = files.iter().map(|(file, text)| (file.clone(), patched(file, text, &patches))).collect();
            let (after, _) = reviewed(&after_text);
            assert!(after.problems.is_empty(), "{} {name}: {:?}\n{after_text:?}", rule.id, after.problems);
            let check = after.check(rule.id).unwrap();
            assert_eq!(check.status, Status::Pass, "{} {name} is still there: {}\n{after_text:#?}", rule.id, check.reason);
        }
    }
}
