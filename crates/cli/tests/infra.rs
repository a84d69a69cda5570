//! `infra` as a person types it: the real binary, templates in a temporary folder.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const INSTANCE: &str = r#"
provider "aws" {
  region = "us-east-1"
}
resource "aws_instance" "api" {
  instance_type               = "t3.medium"
  associate_public_ip_address = true
  user_data                   = file("${path.module}/boot.sh")
  root_block_device {
    volume_size = 20
    volume_type = "gp3"
  }
}
"#;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrator"));
    command.env_clear().env("HOME", folder).current_dir(folder).arg("infra").args(arguments).output().unwrap()
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[track_caller]
fn fails(output: &Output, code: i32, said: &str) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(code) && err.contains(said), "{output:?}");
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_folder_of_templates_is_priced_line_by_line() {
    let project = project(&[("main.tf", INSTANCE), ("boot.sh", "#!/bin/sh\n")]);
    let text = run(project.path(), &["cost", "--load", "tasks=30000"]);
    let out = String::from_utf8_lossy(&text.stdout);
    assert!(text.status.code() == Some(0) && out.contains("$35.62 a month") && out.contains("[aws_instance.api]"), "{text:?}");
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");

    let bill = json(&run(project.path(), &["cost", ".", "-o", "json"]));
    assert_eq!((&bill["region"], &bill["complete"], &bill["unpriced"]), (&"us-east-1".into(), &true.into(), &Value::Array(Vec::new())));
    let fields = ["as_of", "region", "load", "complete", "unpriced", "total_monthly_usd", "per_1000_tasks_usd", "lines"];
    assert!(fields.iter().all(|field| !bill[*field].is_null()), "{bill}");
    let fields = ["resource", "item", "quantity", "unit", "unit_price_usd", "monthly_usd", "free_tier_usd", "assumption", "verified"];
    assert!(fields.iter().all(|field| !bill["lines"][0][*field].is_null()), "{bill}");
}

#[test]
fn a_region_that_no_file_tells_is_asked_for() {
    let unknown = INSTANCE.replace("\"us-east-1\"", "var.region");
    let project = project(&[("main.tf", &format!("variable \"region\" {{}}\n{unknown}")), ("boot.sh", "")]);
    let bill = json(&run(project.path(), &["cost", "-o", "json"]));
    let why = bill["unpriced"][0]["why"].as_str().unwrap_or_default();
    assert!(bill["complete"] == false && why.starts_with("its region is unknown") && why.contains("--region"), "{bill}");
    assert_eq!(json(&run(project.path(), &["cost", "--region", "us-east-1", "-o", "json"]))["complete"], true);
}

#[test]
fn a_named_option_is_priced_and_the_four_are_ranked() {
    let project = project(&[]);
    for option in ["ec2", "fargate", "lambda", "beanstalk"] {
        let bill = json(&run(project.path(), &["cost", "--option", option, "-o", "json"]));
        assert_eq!(bill["complete"], true, "{option}: {bill}");
    }
    let ranking = json(&run(project.path(), &["recommend", "--load", "tasks=1000", "--need", "ha", "--svg", "cost.svg", "-o", "json"]));
    assert_eq!((ranking["ranked"].as_array().unwrap().len(), &ranking["excluded"][0]["option"]), (3, &"ec2".into()), "{ranking}");
    assert!(std::fs::read_to_string(project.path().join("cost.svg")).unwrap().starts_with("<svg"));
    let document = run(project.path(), &["cost", "--as-document"]);
    assert!(String::from_utf8_lossy(&document.stdout).contains("~$47-87"), "{document:?}");
}

#[test]
fn a_users_prices_take_the_place_of_the_built_in_ones() {
    let row =
        "[[price]]\nid = \"ec2.t3.medium\"\nunit = \"hour\"\nusd = \"0.0516\"\nas_of = \"2026-11\"\nsource = \"our contract\"\nverified = true\n";
    let project = project(&[("main.tf", INSTANCE), ("boot.sh", ""), ("mine.toml", row), ("wrong.toml", &row.replace("0.0516", "-1"))]);
    let text = run(project.path(), &["cost", "--prices", "mine.toml"]);
    // 730 hours at a cent more each.
    assert!(String::from_utf8_lossy(&text.stdout).contains("$42.92 a month"), "{text:?}");
    fails(&run(project.path(), &["cost", "--prices", "wrong.toml"]), 2, "wrong.toml: ");
}

#[test]
fn wrong_input_is_refused_with_what_would_be_right() {
    let empty = project(&[("readme.md", "no templates here")]);
    let run = |arguments: &[&str]| run(empty.path(), arguments);
    fails(&run(&["cost"]), 2, "declares no AWS resource");
    fails(&run(&["cost", "nowhere"]), 2, "there is no file or folder nowhere");
    fails(&run(&["cost", "--option", "farget"]), 2, "did you mean fargate?");
    fails(&run(&["cost", "--option", "ec2", "--load", "task=1"]), 2, "did you mean tasks?");
    fails(&run(&["cost", "--option", "ec2", "--load", "tasks=0"]), 2, "tasks");
    fails(&run(&["cost", "--option", "ec2", "--region", "eu-central-1"]), 2, "--as-us-east-1");
    fails(&run(&["cost", "--option", "ec2", "--actual", "readme.md"]), 2, "readme.md");
    fails(&run(&["cost", "--option", "lambda", "--load", "memory_mb=20000"]), 2, "at most 10240 MB");
    fails(&run(&["recommend", "--need", "hot"]), 2, "is not a need");
    for region in ["US-EAST-1", "", "mars-north-1"] {
        let with: [&[&str]; 4] =
            [&["cost", "--option", "ec2", "--as-us-east-1"], &["recommend"], &["review"], &["iam", "generate", "--model", "amazon.nova-pro-v1:0"]];
        with.iter().for_each(|command| fails(&run(&[*command, &["--region", region]].concat()), 2, "is no region of AWS"));
    }
    fails(&run(&["recommend", "--svg", "nowhere/cost.svg"]), 2, "nowhere/cost.svg could not be written");
    std::fs::write(empty.path().join("all.zip"), b"PK\x03\x04").unwrap();
    for command in ["cost", "review"] {
        fails(&run(&[command, "all.zip"]), 2, "is an archive");
        fails(&run(&[command, "/dev/null"]), 2, "neither a folder nor a file");
    }
    fails(&run(&["review", "readme.md"]), 2, "is no template");
    let priced = run(&["cost", "--option", "ec2", "--region", "eu-central-1", "--as-us-east-1"]);
    assert!(String::from_utf8_lossy(&priced.stdout).contains("us-east-1"), "{priced:?}");

    let broken = project(&[("main.tf", "resource \"aws_instance\" {\n")]);
    fails(&self::run(broken.path(), &["cost"]), 8, "main.tf:");
    let half = project(&[("main.tf", INSTANCE), ("boot.sh", ""), ("broken.tf", "resource {{\n")]);
    let priced = self::run(half.path(), &["cost"]);
    fails(&priced, 8, "broken.tf:1");
    assert!(String::from_utf8_lossy(&priced.stdout).contains("EC2 t3.medium"), "the rest goes on: {priced:?}");
}

const CODE: &str = "import boto3\n\nclient = boto3.client(\"bedrock-runtime\")\nMODEL = \"anthropic.claude-3-haiku-20240307-v1:0\"\n";

#[test]
fn a_project_is_reviewed_with_a_line_for_every_fault() {
    let project = project(&[("main.tf", INSTANCE), ("boot.sh", ""), ("app.py", CODE)]);
    let reviewed = run(project.path(), &["review", "-o", "json"]);
    let review = json(&reviewed);
    let fields = ["summary", "usage", "architecture", "checks", "costs", "questions", "next_steps"];
    assert!(reviewed.status.code() == Some(0) && fields.iter().all(|field| !review[*field].is_null()), "{review}");
    assert_eq!(review["architecture"]["recognised"], "ec2");
    let check = |id: &str| review["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("{id}"));
    assert_eq!((&check("BR-03")["status"], &check("BR-03")["evidence"][0]["where"]), (&"fail".into(), &"app.py:4".into()));
    assert_eq!((&check("EC2-02")["status"], &check("EC2-05")["status"]), (&"fail".into(), &"pass".into()));

    let text = run(project.path(), &["review"]);
    assert!(String::from_utf8_lossy(&text.stdout).lines().all(|line| line.chars().count() <= 100), "{text:?}");
    let markdown = run(project.path(), &["review", "--report", "markdown"]);
    assert!(markdown.stdout.starts_with(b"# AWS Infrastructure Review\n"), "{markdown:?}");
    assert_eq!(json(&run(project.path(), &["review", "--report", "sarif"]))["version"], "2.1.0");
    assert!(run(project.path(), &["review", "--report", "junit"]).stdout.starts_with(b"<?xml"));

    std::fs::write(project.path().join("mend.diff"), run(project.path(), &["review", "--report", "diff"]).stdout).unwrap();
    let patched = Command::new("git").args(["apply", "mend.diff"]).current_dir(project.path()).output().unwrap();
    assert!(patched.status.success(), "{patched:?}");
    let mended = json(&run(project.path(), &["review", "-o", "json"]));
    let check = mended["checks"].as_array().unwrap().iter().find(|check| check["id"] == "EC2-02").unwrap();
    assert_eq!(check["status"], "pass", "{check}");
}

#[test]
fn a_template_without_a_region_is_judged_in_the_one_that_is_named() {
    let template = "Resources:\n  Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: !Sub 'app-${AWS::Region}', AssumeRolePolicyDocument: {}}}\n";
    let project = project(&[("t.yaml", template), ("samconfig.toml", "[default.deploy.parameters]\nregion = \"eu-west-1\"\n")]);
    let bill = json(&run(project.path(), &["cost", "--as-us-east-1", "-o", "json"]));
    assert_eq!((&bill["region"], &bill["priced_as"]), (&"eu-west-1".into(), &"us-east-1".into()), "what the project is deployed with");
    let reviewed = run(project.path(), &["review", "--region", "us-west-2", "-o", "json"]);
    assert!(reviewed.status.success(), "{reviewed:?}");
}

#[test]
fn a_gate_counts_what_is_new_and_nobody_has_decided_on() {
    let project = project(&[("main.tf", INSTANCE), ("boot.sh", "")]);
    let code = |arguments: &[&str]| run(project.path(), arguments).status.code();
    assert_eq!(code(&["review", "--fail-on", "high"]), Some(3));
    std::fs::write(project.path().join("last.json"), run(project.path(), &["review", "-o", "json"]).stdout).unwrap();
    assert_eq!(code(&["review", "--fail-on", "high", "--baseline", "last.json"]), Some(0));
    std::fs::write(project.path().join("app.py"), CODE).unwrap();
    assert_eq!(code(&["review", "--fail-on", "critical", "--baseline", "last.json"]), Some(3), "the model is new");

    let decisions = "[[suppression]]\nrule = \"BR-03\"\nreason = \"replaced next week\"\nuntil = \"2999-01-01\"\n";
    std::fs::write(project.path().join("review.toml"), decisions).unwrap();
    assert_eq!(code(&["review", "--fail-on", "critical", "--baseline", "last.json"]), Some(0));
    std::fs::write(project.path().join("review.toml"), "[[suppression]]\nrule = \"BR-03\"\nuntil = \"2999-01-01\"\n").unwrap();
    fails(&run(project.path(), &["review"]), 2, "review.toml: ");
    std::fs::write(project.path().join("review.toml"), "").unwrap();
    fails(&run(project.path(), &["review", "--baseline", "main.tf"]), 2, "the baseline main.tf");
    fails(&run(project.path(), &["review", "nowhere"]), 2, "there is no file or folder nowhere");
}

#[test]
fn the_policy_names_the_profile_and_the_models_of_every_region_behind_it_and_is_equal_to_itself() {
    let project = project(&[]);
    let model = ["--model", "us.anthropic.claude-haiku-5-5", "--region", "us-east-1"];
    let with = |arguments: &[&'static str]| run(project.path(), &[&["iam"], arguments, &model].concat());
    let generated = with(&["generate", "-o", "json"]);
    let policy = json(&generated);
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Action"], serde_json::json!(["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]));
    let resources = statement["Resource"].as_array().unwrap();
    let names = |arn: &str| resources.iter().any(|resource| resource == arn);
    assert!(names("arn:aws:bedrock:us-east-1:*:inference-profile/us.anthropic.claude-haiku-5-5"), "{policy}");
    assert!(names("arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-haiku-5-5"), "{policy}");
    assert!(resources.iter().all(|resource| !resource.as_str().unwrap().contains("eu-")), "{policy}");
    // What is not sure is said beside the document, never in it.
    let beside = String::from_utf8_lossy(&generated.stderr);
    assert!(beside.contains("note: No public page confirms which regions us.anthropic.claude-haiku-5-5 sends requests to"), "{beside}");
    assert_eq!(policy.as_object().unwrap().keys().collect::<Vec<_>>(), ["Statement", "Version"]);

    std::fs::write(project.path().join("policy.json"), &generated.stdout).unwrap();
    assert_eq!(with(&["diff", "policy.json"]).status.code(), Some(0));
    let without = String::from_utf8(generated.stdout).unwrap().replace("bedrock:InvokeModelWithResponseStream", "bedrock:ListFoundationModels");
    std::fs::write(project.path().join("policy.json"), without).unwrap();
    let differs = with(&["diff", "policy.json"]);
    let out = String::from_utf8_lossy(&differs.stdout);
    assert!(differs.status.code() == Some(3) && out.contains("missing    bedrock:InvokeModelWithResponseStream"), "{differs:?}");
    assert!(out.contains("excessive  bedrock:ListFoundationModels"), "{out}");
}

#[test]
fn an_access_denied_message_is_explained_and_wrong_input_refused() {
    let project = project(&[("broken.json", "{")]);
    let message = "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: bedrock:InvokeModel on resource: \
        arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-haiku-5-5 because no identity-based policy allows the bedrock:InvokeModel action";
    let iam = |arguments: &[&str]| run(project.path(), &[&["iam"], arguments].concat());
    let explained = iam(&["check", message, "--model", "us.anthropic.claude-haiku-5-5"]);
    let out = String::from_utf8_lossy(&explained.stdout);
    assert!(explained.status.success() && out.contains("The configuration needs it: model = ") && out.contains("\"Statement\""), "{explained:?}");
    fails(&iam(&["check", "it does not work", "--model", "us.anthropic.claude-haiku-5-5"]), 2, "no AccessDenied message");
    fails(&iam(&["generate"]), 2, "no model of Amazon Bedrock is configured");
    // Whoever is refused need not have configured a model.
    let elsewhere =
        iam(&["check", "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k"]);
    let out = String::from_utf8_lossy(&elsewhere.stdout);
    assert!(elsewhere.status.success() && out.contains("If it is wanted") && !out.contains("configuration"), "{elsewhere:?}");
    let model = ["--model", "us.anthropic.claude-haiku-5-5"];
    fails(&iam(&[&["generate", "--language", "terraform", "-o", "json"], model.as_slice()].concat()), 2, "leave out --language");
    fails(&iam(&["generate", "--principal", "root", "--model", "us.anthropic.claude-haiku-5-5"]), 2, "must be user, ec2");
    fails(&iam(&["generate", "--account", "12", "--model", "us.anthropic.claude-haiku-5-5"]), 2, "twelve digits");
    fails(&iam(&["diff", "broken.json", "--model", "us.anthropic.claude-haiku-5-5"]), 2, "broken.json");
}
