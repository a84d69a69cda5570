//! Remedies as patches: made to a template with one fault for each, they leave none of these faults.

use domain::prices::Prices;
use infra::read::{Files, Options, read_files, sources};
use infra::review::{Day, Decisions, Input, Patch, Review, Sources, Status, patched, review};
use infra::usage::scan;
use std::collections::BTreeSet;
use std::process::Command;

/// The rules whose remedy is a patch in both languages.
const PATCHED: [&str; 20] = [
    "IAM-05", "NET-07", "SEC-03", "SEC-06", "MON-01", "MON-03", "EC2-02", "ECS-03", "ECS-05", "ECS-07", "SLS-01", "SLS-05", "SLS-06", "SLS-07",
    "ALB-02", "ALB-04", "DNS-03", "DB-01", "DB-02", "DB-04",
];

fn reviewed(file: &str, text: &str) -> Review {
    let files = Files::in_memory([(file.to_owned(), text.as_bytes().to_vec())]);
    let inventory = read_files(&files, &Options::default());
    let prices = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let today = Day::parse("2026-11-23").unwrap();
    review(&Input {
        inventory: &inventory,
        usage: &scan(&files),
        prices: &prices,
        today: &today,
        costs: Vec::new(),
        decisions: &Decisions::default(),
        sources: &sources(&files, &inventory),
    })
}

fn check(file: &str, text: &str, more: &[&str]) -> String {
    let before = reviewed(file, text);
    assert!(before.problems.is_empty(), "{:?}", before.problems);
    let patches: Vec<Patch> = before.checks.iter().flat_map(|check| check.patches.clone()).collect();
    let after_text = patched(file, text, &patches);
    let after = reviewed(file, &after_text);
    assert!(after.problems.is_empty(), "{:?}\n{after_text}", after.problems);
    for id in PATCHED.iter().chain(more) {
        let (was, is) = (before.check(id).unwrap(), after.check(id).unwrap());
        assert_eq!(was.status, Status::Fail, "{id} in {file}: {}", was.reason);
        assert!(!was.patches.is_empty(), "{id} in {file} has no patch");
        assert_eq!(is.status, Status::Pass, "{id} in {file} is still there: {}\n{after_text}", is.reason);
    }
    // Nothing that held before is broken by what mends the rest.
    let failing = |review: &Review| review.checks.iter().filter(|check| check.status == Status::Fail).map(|check| check.id).collect::<BTreeSet<_>>();
    assert!(failing(&after).is_subset(&failing(&before)));
    after_text
}

#[test]
fn patches_of_a_cloudformation_template_mend_its_faults() {
    let after = check("faults.yaml", include_str!("fixtures/review/faults/faults.yaml"), &["DB-05"]);
    assert!(after.contains("ActionsEnabled: true # until we have time"));
}

#[test]
fn patches_of_a_terraform_module_mend_its_faults() {
    check("faults.tf", include_str!("fixtures/review/faults/faults.tf"), &["DB-05", "SEC-02"]);
}

#[test]
fn the_diff_of_all_patches_applies() {
    for (file, text) in
        [("faults.yaml", include_str!("fixtures/review/faults/faults.yaml")), ("faults.tf", include_str!("fixtures/review/faults/faults.tf"))]
    {
        let review = reviewed(file, text);
        let patches: Vec<Patch> = review.checks.iter().flat_map(|check| check.patches.clone()).collect();
        let diff = infra::print::diff(&review, &Sources::new([(file.to_owned(), text.to_owned())]));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
        std::fs::write(folder.path().join("all.patch"), &diff).unwrap();
        let applied = Command::new("git").args(["apply", "--verbose", "all.patch"]).current_dir(folder.path()).output().unwrap();
        assert!(applied.status.success(), "{}\n{diff}", String::from_utf8_lossy(&applied.stderr));
        assert_eq!(std::fs::read_to_string(folder.path().join(file)).unwrap(), patched(file, text, &patches));
    }
}
