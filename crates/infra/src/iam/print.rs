//! A generated policy as a CloudFormation template and as Terraform.

use super::document::{Effect, Policy, Statement};
use super::generate::{Generated, Principal};
use std::fmt::Write as _;

/// Names that the founding document gives.
const USER: &str = "bedrock-orchestrator-user";
const ROLE: &str = "bedrock-orchestrator-role";

/// The policy with its role or user as a CloudFormation template, in YAML. An unknown account becomes `${AWS::AccountId}`.
pub fn cloudformation(generated: &Generated) -> String {
    let mut text = String::new();
    comments(&mut text, generated);
    text.push_str("AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: Least privilege for the orchestrator.\nResources:\n");
    text.push_str("  Policy:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n");
    document_yaml(&mut text, &generated.policy);
    let holder = if generated.trust.is_some() { "Roles" } else { "Users" };
    let _ = writeln!(text, "      {holder}:\n        - !Ref {}", if generated.trust.is_some() { "Role" } else { "User" });
    match &generated.trust {
        Some(trust) => {
            let _ = writeln!(text, "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: {ROLE}\n      AssumeRolePolicyDocument:");
            document_yaml(&mut text, trust);
        }
        None => {
            let _ = writeln!(text, "  User:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: {USER}");
        }
    }
    if has_instance_profile(generated.principal) {
        text.push_str("  InstanceProfile:\n    Type: AWS::IAM::InstanceProfile\n    Properties:\n      Roles:\n        - !Ref Role\n");
    }
    text
}

/// What to know of the document as plain JSON, which unlike the other two has no word for the account that it is used in.
pub fn note_of_json(generated: &Generated) -> Option<&'static str> {
    let has_any_account = generated.policy.statements.iter().flat_map(|statement| &statement.resources).any(|arn| is_of_any_account(arn));
    has_any_account.then_some("The account is not known here, so * stands in its place; name it with --account to narrow that.")
}

fn is_of_any_account(arn: &str) -> bool {
    arn.split(':').nth(4) == Some("*")
}

fn has_instance_profile(principal: Principal) -> bool {
    matches!(principal, Principal::Ec2 | Principal::Beanstalk)
}

fn comments(text: &mut String, generated: &Generated) {
    for (sid, entry) in &generated.entries {
        // An entry may hold anything; a comment ends with its line.
        let _ = writeln!(text, "# {sid}: {}", entry.replace(['\n', '\r'], " "));
    }
    for note in &generated.notes {
        let _ = writeln!(text, "# {note}");
    }
}

fn document_yaml(text: &mut String, policy: &Policy) {
    text.push_str("        Version: \"2012-10-17\"\n        Statement:\n");
    for statement in &policy.statements {
        let _ = writeln!(text, "          - Sid: {}\n            Effect: {}", statement.sid, effect(statement));
        for (kind, names) in &statement.principals {
            let _ = writeln!(text, "            Principal:\n              {kind}:");
            names.iter().for_each(|name| yaml_item(text, 16, name));
        }
        for (name, values) in lists(statement) {
            let _ = writeln!(text, "            {name}:");
            values.iter().for_each(|value| yaml_item(text, 14, value));
        }
        if !statement.conditions.is_empty() {
            text.push_str("            Condition:\n");
        }
        for (operator, keys) in &statement.conditions {
            // In quotes, because the operator `Null` is YAML's word for nothing.
            let _ = writeln!(text, "              {}:", quoted(operator));
            for (key, values) in keys {
                let _ = writeln!(text, "                {}:", quoted(key));
                values.iter().for_each(|value| yaml_item(text, 18, value));
            }
        }
    }
}

fn yaml_item(text: &mut String, indent: usize, value: &str) {
    let written = if is_of_any_account(value) {
        // `!Sub` has variables of its own; a policy's are marked as literal.
        format!("!Sub {}", quoted(&with_account(&value.replace("${", "${!"), "${AWS::AccountId}")))
    } else {
        quoted(value)
    };
    let _ = writeln!(text, "{:indent$}- {written}", "");
}

/// The value with something else in the account's place.
fn with_account(arn: &str, account: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let Some(part) = parts.get_mut(4) {
        *part = account;
    }
    parts.join(":")
}

/// A text in double quotes, as JSON, YAML and HCL have them alike.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn effect(statement: &Statement) -> &'static str {
    match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

fn lists(statement: &Statement) -> impl Iterator<Item = (&'static str, &Vec<String>)> {
    let all = [
        ("Action", &statement.actions),
        ("NotAction", &statement.not_actions),
        ("Resource", &statement.resources),
        ("NotResource", &statement.not_resources),
    ];
    all.into_iter().filter(|(_, values)| !values.is_empty())
}

/// The policy with its role or user as Terraform. An unknown account is read from the caller's identity.
pub fn terraform(generated: &Generated) -> String {
    let mut text = String::new();
    comments(&mut text, generated);
    let mut body = String::new();
    document_hcl(&mut body, "orchestrator", &generated.policy);
    if body.contains("data.aws_caller_identity") {
        text.push_str("data \"aws_caller_identity\" \"current\" {}\n\n");
    }
    text.push_str(&body);
    match &generated.trust {
        Some(trust) => {
            document_hcl(&mut text, "orchestrator_trust", trust);
            let _ = writeln!(
                text,
                "resource \"aws_iam_role\" \"orchestrator\" {{\n  name               = \"{ROLE}\"\n  assume_role_policy = \
                 data.aws_iam_policy_document.orchestrator_trust.json\n}}\n\nresource \"aws_iam_role_policy\" \"orchestrator\" {{\n  name   = \
                 \"least-privilege\"\n  role   = aws_iam_role.orchestrator.id\n  policy = data.aws_iam_policy_document.orchestrator.json\n}}"
            );
        }
        None => {
            let _ = writeln!(
                text,
                "resource \"aws_iam_user\" \"orchestrator\" {{\n  name = \"{USER}\"\n}}\n\nresource \"aws_iam_user_policy\" \"orchestrator\" {{\n  name   = \
                 \"least-privilege\"\n  user   = aws_iam_user.orchestrator.name\n  policy = data.aws_iam_policy_document.orchestrator.json\n}}"
            );
        }
    }
    if has_instance_profile(generated.principal) {
        let _ = writeln!(
            text,
            "\nresource \"aws_iam_instance_profile\" \"orchestrator\" {{\n  name = \"{ROLE}\"\n  role = aws_iam_role.orchestrator.name\n}}"
        );
    }
    text
}

fn document_hcl(text: &mut String, name: &str, policy: &Policy) {
    let _ = writeln!(text, "data \"aws_iam_policy_document\" \"{name}\" {{");
    for (index, statement) in policy.statements.iter().enumerate() {
        let between = if index == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{between}  statement {{\n    sid    = {}\n    effect = \"{}\"", quoted(&statement.sid), effect(statement));
        let names = [("Action", "actions"), ("NotAction", "not_actions"), ("Resource", "resources"), ("NotResource", "not_resources")];
        for (of_aws, values) in lists(statement) {
            let name = names.iter().find(|(known, _)| *known == of_aws).map_or("", |(_, name)| name);
            let _ = writeln!(text, "\n    {name} = [");
            for value in values {
                let _ = writeln!(text, "      {},", hcl(value));
            }
            text.push_str("    ]\n");
        }
        for (kind, names) in &statement.principals {
            let names: Vec<String> = names.iter().map(|name| hcl(name)).collect();
            let _ = writeln!(text, "\n    principals {{\n      type        = {}\n      identifiers = [{}]\n    }}", quoted(kind), names.join(", "));
        }
        for (operator, keys) in &statement.conditions {
            for (key, values) in keys {
                let values: Vec<String> = values.iter().map(|value| hcl(value)).collect();
                let _ = writeln!(
                    text,
                    "\n    condition {{\n      test     = {}\n      variable = {}\n      values   = [{}]\n    }}",
                    quoted(operator),
                    quoted(key),
                    values.join(", ")
                );
            }
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n\n");
}

/// `aws_iam_policy_document` takes a policy's own variables as `&{…}`; `${` would be Terraform's.
fn hcl(value: &str) -> String {
    let literal = value.replace("${", "&{");
    quoted(&if is_of_any_account(value) { with_account(&literal, "${data.aws_caller_identity.current.account_id}") } else { literal })
}
