//! Remedies as patches: made to a template with one fault for each, they leave none of these faults.

use domain::prices::Prices;
use infra::read::{Files, Options, read_files, sources};
use infra::review::{Day, Decisions, Input, Patch, Project, Review, Sources, Status, patched, review};
use infra::usage::scan;
use std::collections::BTreeSet;
use std::process::Command;

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

/// All patches made at once: no rule that had one finds its fault again, and no other finds a new one. The text after them.
fn check(file: &str, text: &str) -> String {
    let before = reviewed(file, text);
    let patched_rules: Vec<&str> = before.checks.iter().filter(|check| !check.patches.is_empty()).map(|check| check.id).collect();
    assert!(patched_rules.len() >= 20, "{patched_rules:?}");
    let patches: Vec<Patch> = before.checks.iter().flat_map(|check| check.patches.clone()).collect();
    let after_text = patched(file, text, &patches);
    let after = reviewed(file, &after_text);
    assert!(after.problems.is_empty(), "{:?}\n{after_text}", after.problems);
    for id in patched_rules {
        let is = after.check(id).unwrap();
        assert_eq!(is.status, Status::Pass, "{id} in {file} is still there: {}\n{after_text}", is.reason);
    }
    let failing = |review: &Review| review.checks.iter().filter(|check| check.status == Status::Fail).map(|check| check.id).collect::<BTreeSet<_>>();
    assert!(failing(&after).is_subset(&failing(&before)));
    after_text
}

#[test]
fn patches_of_a_cloudformation_template_mend_its_faults() {
    let after = check("faults.yaml", include_str!("fixtures/review/faults/faults.yaml"));
    assert!(after.contains("ActionsEnabled: true # until we have time"));
}

#[test]
fn patches_of_a_terraform_module_mend_its_faults() {
    check("faults.tf", include_str!("fixtures/review/faults/faults.tf"));
}

/// The patches of a project that were tried out, for one rule.
fn tried(file: &str, text: &str, rule: &str) -> Vec<Patch> {
    tried_in(&[(file, text)], rule)
}

fn tried_in(files: &[(&str, &str)], rule: &str) -> Vec<Patch> {
    let files = Files::in_memory(files.iter().map(|(file, text)| ((*file).to_owned(), text.as_bytes().to_vec())));
    let models = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let (decisions, today) = (Decisions::default(), Day::parse("2026-11-23").unwrap());
    let project = Project { files: &files, decisions: &decisions, models: &models, region: "us-east-1", today: &today };
    let check = project.review().0.check(rule).unwrap().clone();
    assert_eq!(check.status, Status::Fail, "{}", check.reason);
    check.patches
}

#[test]
fn a_value_that_goes_on_below_its_line_is_left_alone() {
    let database = |settings: &str| format!("Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      Engine: postgres\n{settings}");
    let list = "      BackupRetentionPeriod: !If\n        - Prod\n        - 1\n        - 1\n";
    let conditions = "Conditions:\n  Prod: !Equals [a, b]\n";
    assert_eq!(tried("t.yaml", &format!("{conditions}{}", database(list)), "DB-04"), []);
    assert_eq!(tried("t.yaml", &format!("{conditions}{}", database(&list.replace("        -", "      -"))), "DB-04"), []);
    let calculated = "resource \"aws_db_instance\" \"db\" {\n  engine = \"postgres\"\n  backup_retention_period = max(\n    1,\n    2,\n  )\n}\n";
    assert_eq!(tried("main.tf", calculated, "DB-04"), []);
}

#[test]
fn a_patch_that_does_not_mend_its_fault_is_dropped_and_the_others_stay() {
    // What another file overrides cannot be set beside it.
    let database = |name: &str| format!("resource \"aws_db_instance\" \"{name}\" {{\n  engine = \"postgres\"\n}}\n");
    let text = format!("{}{}", database("fixed"), database("db"));
    let fixed = "resource \"aws_db_instance\" \"fixed\" {\n  backup_retention_period = 1\n}\n";
    let patches = tried_in(&[("main.tf", text.as_str()), ("override.tf", fixed)], "DB-04");
    let lines: Vec<(String, u32)> = patches.into_iter().map(|patch| (patch.file, patch.start_line)).collect();
    assert_eq!(lines, [("main.tf".to_owned(), 4)]);
}

#[test]
fn the_diff_of_all_patches_applies() {
    let (yaml, terraform) = (include_str!("fixtures/review/faults/faults.yaml"), include_str!("fixtures/review/faults/faults.tf"));
    for (file, text) in [
        ("faults.yaml", yaml.to_owned()),
        ("faults.tf", terraform.to_owned()),
        ("faults.yaml", yaml.replace('\n', "\r\n")),
        ("faults.tf", terraform.replace('\n', "\r\n")),
        ("main.tf", "resource \"aws_cloudwatch_log_group\" \"it\" {\n  name = \"/api\"\n}".to_owned()),
    ] {
        let review = reviewed(file, &text);
        let patches: Vec<Patch> = review.checks.iter().flat_map(|check| check.patches.clone()).collect();
        let after = patched(file, &text, &patches);
        let endings = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
        let (carriage, all) = endings(&after);
        assert!(after != text && carriage == if text.contains('\r') { all } else { 0 }, "{after:?}");
        let diff = infra::print::diff(&review, &Sources::new([(file.to_owned(), text.clone())]));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), &text).unwrap();
        std::fs::write(folder.path().join("all.patch"), &diff).unwrap();
        let applied = Command::new("git").args(["apply", "--verbose", "all.patch"]).current_dir(folder.path()).output().unwrap();
        assert!(applied.status.success(), "{}\n{diff}", String::from_utf8_lossy(&applied.stderr));
        assert_eq!(std::fs::read_to_string(folder.path().join(file)).unwrap(), after);
    }
}

#[test]
fn what_a_patch_would_replace_is_left_to_its_owner() {
    let text = "resource \"aws_db_instance\" \"db\" {\n  engine = \"postgres\"\n}\n\nresource \"aws_ebs_volume\" \"v\" {\n  size = 20\n}\n";
    assert_eq!(tried("main.tf", text, "DB-05"), []);
}

#[test]
fn the_url_of_a_function_of_sam_is_mended_within_the_function() {
    let text = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.13\n      \
                Handler: app.handler\n      CodeUri: .\n      FunctionUrlConfig:\n        AuthType: NONE\n";
    let patches = tried("template.yaml", text, "SLS-05");
    assert_eq!(patched("template.yaml", text, &patches), text.replace("NONE", "AWS_IAM"));
}
