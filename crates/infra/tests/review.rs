//! Whole reviews of small projects, printed in every form; the goldens are read like code.

use domain::finding::Severity;
use domain::prices::Prices;
use infra::print::{Style, junit, markdown, sarif, text};
use infra::read::{Files, read_files, sources};
use infra::review::{Baseline, Day, Decisions, Input, Project, Review, Status, review};
use infra::usage::scan;
use std::path::PathBuf;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

fn reviewed(files: &Files, decisions: &str) -> Review {
    let inventory = read_files(files, &infra::read::Options::default());
    let prices = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let decisions = Decisions::parse(decisions).unwrap();
    let today = Day::parse("2026-11-23").unwrap();
    review(&Input {
        inventory: &inventory,
        usage: &scan(files),
        prices: &prices,
        today: &today,
        costs: Vec::new(),
        decisions: &decisions,
        sources: &sources(files, &inventory),
    })
}

fn of(name: &str) -> Review {
    reviewed(&Files::of(&fixture(name)), "")
}

/// Compares with a golden file, or writes it when `REFRESH` is set.
fn golden(name: &str, actual: &str) {
    let path = fixture("review").join(name);
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{} is not what is printed now; set REFRESH=1 to write it anew and read the difference", path.display());
}

#[test]
fn a_small_project_is_printed_as_text_and_markdown() {
    let review = of("review/small");
    golden("small.txt", &text(&review, Style::Plain));
    golden("small.md", &markdown(&review));
}

#[test]
fn a_project_without_templates_is_printed_as_text() {
    golden("founding.txt", &text(&of("usage/founding"), Style::Plain));
}

#[test]
fn no_line_of_text_is_wider_than_100_columns() {
    for name in ["review/small", "usage/founding", "fargate/cloudformation", "terraform/ecs", "baselines/terraform/rest"] {
        for line in text(&of(name), Style::Plain).lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
    }
}

#[test]
fn the_json_has_the_shape_that_programs_rely_on() {
    let json = infra::print::json(&of("review/small"));
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = ["summary", "usage", "architecture", "checks", "costs", "questions", "next_steps", "problems", "unrecognised", "notices"];
    let mut found = keys.clone();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    for count in ["pass", "fail", "manual", "attested", "unknown", "not_applicable", "suppressed"] {
        assert!(json["summary"][count].is_u64(), "{count}");
    }
    assert_eq!(json["architecture"]["recognised"], "ec2");
    let ssh = json["checks"].as_array().unwrap().iter().find(|check| check["id"] == "NET-02").unwrap();
    assert_eq!(
        (&ssh["status"], &ssh["severity"], &ssh["document_line"]),
        (&"fail".into(), &"critical".into(), &"Restrict SSH access to your IP only".into())
    );
    assert_eq!(
        (&ssh["evidence"][0]["kind"], &ssh["evidence"][0]["where"], &ssh["evidence"][0]["quote"]),
        (&"file".into(), &"main.tf:19".into(), &"cidr_blocks = [\"0.0.0.0/0\"]".into())
    );
    assert_eq!(ssh["refs"]["fsbp"][0], serde_json::json!({"id": "EC2.13", "verified": true}));
    assert_eq!(ssh["refs"]["cdk_nag"][0], serde_json::json!({"id": "AwsSolutions-EC23", "verified": false}));
}

#[test]
fn a_baseline_leaves_only_what_is_new() {
    let before = of("review/small");
    let baseline = Baseline::parse(&infra::print::json(&before).to_string()).unwrap();
    assert!(before.failures_at(Severity::Info, None).count() > 10);
    assert_eq!(before.failures_at(Severity::Info, Some(&baseline)).count(), 0);
    let text = std::fs::read_to_string(fixture("review/small/main.tf")).unwrap();
    let more = format!("# moved down by a line\n{text}\nresource \"aws_cloudwatch_log_group\" \"other\" {{\n  name = \"/other\"\n}}\n");
    let code = std::fs::read(fixture("review/small/app.py")).unwrap();
    let after = reviewed(&Files::in_memory([("main.tf".to_owned(), more.into_bytes()), ("app.py".to_owned(), code)]), "");
    let new: Vec<&str> = after.failures_at(Severity::Info, Some(&baseline)).map(|check| check.id).collect();
    assert_eq!(new, ["MON-03"]);
    assert!(Baseline::parse("{}").is_err());
}

/// The rules that fail after a change, in a project whose earlier review is the baseline.
fn new_failures(before: (&str, &str, &str), after: (&str, &str)) -> Vec<&'static str> {
    let (file, earlier, decisions) = before;
    let files = |text: &str| Files::in_memory([(file.to_owned(), text.as_bytes().to_vec())]);
    let baseline = Baseline::parse(&infra::print::json(&reviewed(&files(earlier), decisions)).to_string()).unwrap();
    let (later, decisions) = after;
    reviewed(&files(later), decisions).failures_at(Severity::Info, Some(&baseline)).map(|check| check.id).collect()
}

#[test]
fn a_new_fault_in_a_file_or_resource_that_had_another_is_new() {
    let open = |ports: &[u16]| {
        let rules = ports.iter().map(|port| {
            format!("  ingress {{\n    protocol = \"tcp\"\n    from_port = {port}\n    to_port = {port}\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }}\n")
        });
        format!("resource \"aws_security_group\" \"sg\" {{\n{}}}\n", rules.collect::<String>())
    };
    assert_eq!(new_failures(("main.tf", &open(&[8000]), ""), (&open(&[8000, 3306]), "")), ["NET-01"]);
    // Put together here so that no scanner takes this file for the leak that it tests.
    let key = |end: &str| format!("key = \"AKIA{}{end}\"\n", "Q3ZJKLMNOPQR");
    let code = |keys: &[&str]| format!("import boto3\n{}", keys.iter().map(|end| key(end)).collect::<String>());
    assert_eq!(new_failures(("app.py", &code(&["STU2"]), ""), (&code(&["STU2", "XYZ3"]), "")), ["SEC-01", "SEC-06"]);
}

#[test]
fn what_was_borne_when_the_baseline_was_taken_is_new_when_it_no_longer_is() {
    let text = "resource \"aws_security_group\" \"sg\" {\n  ingress {\n    protocol = \"tcp\"\n    from_port = 22\n    to_port = 22\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n";
    let borne = "[[suppression]]\nrule = \"NET-02\"\nreason = \"a lab\"\nuntil = \"2099-01-01\"\n";
    assert_eq!(new_failures(("main.tf", text, borne), (text, "")), ["NET-02"]);
}

#[test]
fn no_form_of_a_review_repeats_a_secret() {
    let review = of("review/secrets");
    assert_eq!(review.problems, []);
    let forms = [
        ("text", text(&review, Style::Plain)),
        ("Markdown", markdown(&review)),
        ("JSON", infra::print::json(&review).to_string()),
        ("SARIF", sarif(&review).to_string()),
        ("JUnit", junit(&review)),
    ];
    for (form, printed) in forms {
        let leaks: Vec<&str> = printed.lines().filter(|line| line.contains("PLANTED")).collect();
        assert!(leaks.is_empty(), "{form}: {}", leaks.join("\n"));
    }
    let json = infra::print::json(&review);
    let places = |id: &str| json["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()["evidence"].as_array().unwrap().len();
    assert!(places("SEC-01") >= 9 && places("SEC-06") >= 15, "{} {}", places("SEC-01"), places("SEC-06"));
}

#[test]
fn decisions_turn_manual_into_attested_and_failures_into_suppressed() {
    let files = || Files::of(&fixture("review/small"));
    let decisions = "[[attestation]]\nrule = \"IAM-02\"\nby = \"A. Person\"\non = \"2026-11-01\"\nuntil = \"2027-11-01\"\n\
                     [[attestation]]\nrule = \"ACC-02\"\nby = \"A. Person\"\non = \"2025-11-01\"\nuntil = \"2026-11-01\"\n\
                     [[suppression]]\nrule = \"NET-03\"\nresource = \"aws_instance.api\"\nreason = \"the simple set-up\"\nuntil = \"2027-01-01\"\n\
                     [[suppression]]\nrule = \"MON-03\"\nreason = \"later\"\nuntil = \"2026-01-01\"\n\
                     [[answer]]\nquestion = \"Q15\"\nanswer = \"at a registrar\"\n";
    let (before, after) = (reviewed(&files(), ""), reviewed(&files(), decisions));
    let status = |id: &str| after.check(id).unwrap();
    assert_eq!((status("IAM-02").status, status("ACC-02").status), (Status::Attested, Status::Manual));
    assert!(status("NET-03").suppressed.is_some() && status("NET-03").status == Status::Fail);
    assert!(status("MON-03").suppressed.is_none());
    assert_eq!((after.summary.attested, after.summary.suppressed, after.summary.fail), (1, 1, before.summary.fail - 1));
    assert_eq!(after.questions.len(), before.questions.len() - 1);
    assert!(after.next_steps.iter().all(|step| step.id != "NET-03"));
    assert_eq!(after.notices.len(), 2, "{:?}", after.notices);
    let future = reviewed(&files(), "[[attestation]]\nrule = \"IAM-02\"\nby = \"A\"\non = \"2090-01-01\"\nuntil = \"2091-01-01\"\n");
    assert_eq!(future.check("IAM-02").unwrap().status, Status::Manual);
    assert!(future.notices[0].contains("in the future"), "{:?}", future.notices);
}

#[test]
fn prices_of_another_region_and_what_could_not_be_read_are_said_in_every_form() {
    let text_of_files =
        [("main.tf", "provider \"aws\" {\n  region = \"ap-southeast-3\"\n}\nresource \"aws_sns_topic\" \"t\" {}\n"), ("b.tf", "resource {\n")];
    let files = Files::in_memory(text_of_files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    let models = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let (decisions, today) = (Decisions::default(), Day::parse("2026-11-23").unwrap());
    let project = Project { files: &files, decisions: &decisions, models: &models, region: "us-east-1", today: &today };
    let review = project.review().0;
    let json = infra::print::json(&review);
    assert_eq!((&json["costs"][0]["priced_as"], &json["problems"][0]["file"]), (&"us-east-1".into(), &"b.tf".into()), "{json}");
    assert!(markdown(&review).contains("at us-east-1's prices. There are no prices here for the region"));
    assert!(
        sarif(&review)["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap().starts_with("b.tf could")
    );
}

#[test]
fn a_comment_beside_a_resource_suppresses_its_rule() {
    let text = std::fs::read_to_string(fixture("review/small/main.tf")).unwrap();
    let skipped = text.replace("  name = \"/api\"", "  # orchestrator:skip=MON-03 until=2027-01-31 kept for an audit\n  name = \"/api\"");
    let review = reviewed(&Files::in_memory([("main.tf".to_owned(), skipped.into_bytes())]), "");
    assert_eq!(review.check("MON-03").unwrap().suppressed.as_ref().unwrap().reason, "kept for an audit");
    let log = sarif(&review);
    let result = log["runs"][0]["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "MON-03").unwrap();
    assert_eq!(result["suppressions"][0]["kind"], "inSource");
}

#[test]
fn sarif_points_at_lines_and_junit_counts_what_it_lists() {
    let review = of("review/small");
    let log = sarif(&review);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let notifications = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(results.len() + notifications.len(), review.summary.fail + review.summary.manual + review.summary.unknown);
    assert!(results.iter().filter(|result| result["kind"] == "fail").count() == review.summary.fail && !notifications.is_empty());
    // One result without a file, and code scanning refuses all of them.
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string() && place["region"]["startLine"].is_u64(), "{result}");
    }
    let ssh = results.iter().find(|result| result["ruleId"] == "NET-02").unwrap();
    assert_eq!(ssh["locations"][0]["physicalLocation"]["region"]["startLine"], 19);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules[ssh["ruleIndex"].as_u64().unwrap() as usize]["id"], "NET-02");
    let xml = junit(&review);
    assert_eq!(xml.matches("<testcase ").count(), review.checks.len());
    assert_eq!(xml.matches("<failure ").count(), review.summary.fail);
}

#[test]
fn the_same_architecture_is_judged_alike_in_both_languages() {
    let languages = ["IAC-01", "IAC-02"];
    for name in ["ec2", "ec2_arm", "fargate", "fargate_private", "http", "rest"] {
        let cloudformation =
            Files::in_memory([("t.yaml".to_owned(), std::fs::read(fixture(&format!("baselines/cloudformation/{name}.yaml"))).unwrap())]);
        let (cloudformation, terraform) = (reviewed(&cloudformation, ""), of(&format!("baselines/terraform/{name}")));
        let statuses = |review: &Review| {
            review.checks.iter().filter(|check| !languages.contains(&check.id)).map(|check| (check.id, check.status)).collect::<Vec<_>>()
        };
        for (one, other) in statuses(&cloudformation).into_iter().zip(statuses(&terraform)) {
            let why = |review: &Review| review.check(one.0).unwrap().reason.clone();
            assert_eq!(one, other, "{name}: {} / {}", why(&cloudformation), why(&terraform));
        }
    }
}

/// The check of a rule on one file.
fn checked(file: &str, text: &str, rule: &str) -> infra::review::Check {
    reviewed(&Files::in_memory([(file.to_owned(), text.as_bytes().to_vec())]), "").check(rule).unwrap().clone()
}

#[test]
fn what_a_cluster_says_is_shown_where_the_cluster_is_declared() {
    let text = "resource \"aws_rds_cluster\" \"c\" {\n  engine                  = \"aurora-postgresql\"\n  master_password         = \"hunter2real99\"\n  \
                backup_retention_period = 1\n}\n\nresource \"aws_rds_cluster_instance\" \"i\" {\n  engine             = \"aurora-postgresql\"\n  \
                cluster_identifier = aws_rds_cluster.c.id\n}\n";
    for (rule, place) in [("SEC-06", "main.tf:3"), ("DB-04", "main.tf:4")] {
        let check = checked("main.tf", text, rule);
        assert!(matches!(&check.evidence[0], domain::finding::Evidence::File { place: at, .. } if at == place), "{check:?}");
    }
}

#[test]
fn what_another_cloud_declares_is_no_fault_of_anything_on_aws() {
    let text = "resource \"google_storage_bucket\" \"b\" {\n  name = \"b\"\n}\n";
    let review = reviewed(&Files::in_memory([("main.tf".to_owned(), text.as_bytes().to_vec())]), "");
    let failing: Vec<&str> = review.checks.iter().filter(|check| check.status == Status::Fail).map(|check| check.id).collect();
    assert_eq!((failing.as_slice(), review.check("IAC-01").unwrap().status), (&[][..], Status::Pass));
    assert!(review.architecture.why.starts_with("nothing declared here is on AWS"), "{}", review.architecture.why);
    assert_eq!(review.check("NET-02").unwrap().reason, "nothing declared here is on AWS");
}

#[test]
fn a_template_that_cannot_be_read_is_why_nothing_is_recognised() {
    let review = reviewed(&Files::in_memory([("main.tf".to_owned(), b"resource \"aws_vpc\" {".to_vec())]), "");
    assert_eq!(review.architecture.why, "main.tf could not be read");
}

#[test]
fn work_that_settles_several_rules_is_one_step() {
    let review = of("review/small");
    let alarms = review.next_steps.iter().find(|step| step.id == "MON-01").unwrap();
    assert_eq!(alarms.also, ["MON-04", "MON-06", "MON-05", "MON-02"]);
    assert!(!review.next_steps.iter().any(|step| step.id == "MON-04"));
    let all: usize = review.next_steps.iter().map(|step| 1 + step.also.len()).sum();
    assert_eq!(all, review.summary.fail);
}

#[test]
fn what_the_review_says_is_missing_is_not_asked() {
    let review = of("review/small");
    assert!(!review.questions.iter().any(|question| ["Q11", "Q12", "Q13"].contains(&question.id)), "{:?}", review.questions);
}
