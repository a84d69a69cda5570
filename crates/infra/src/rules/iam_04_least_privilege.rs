//! IAM-04: policies name the actions and resources that are needed, and no more.

use super::policies::{allowing, allows, attached, documents, is_for_everything};
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "IAM-04",
    title: "Policies grant the least that is needed",
    section: Section::Iam,
    area: Area::Identity,
    document_line: Some("Use least privilege principle"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &[
            "iam_customer_attached_policy_no_administrative_privileges",
            "iam_inline_policy_no_administrative_privileges",
            "bedrock_full_access_policy_attached",
        ],
        checkov: &["CKV_AWS_1", "CKV_AWS_49", "CKV_AWS_107", "CKV_AWS_286", "CKV_AWS_355", "CKV_AWS_356", "CKV2_AWS_40"],
        fsbp: &["IAM.1*", "IAM.21"],
        cdk_nag: &["IAM4", "IAM5"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Name the actions and the ARNs that are used",
        cloudformation: "",
        terraform: "",
    },
    patch: None,
    judge,
};

/// Actions on things that have ARNs, where `*` as the resource always grants more than is needed. Secrets have a rule of their own.
const NARROWABLE: &[&str] = &[
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "dynamodb:PutItem",
    "dynamodb:DeleteItem",
    "iam:PassRole",
    "lambda:InvokeFunction",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
    "sns:Publish",
    "sqs:SendMessage",
    "sts:AssumeRole",
];

const ACTIONS: &[&str] = &["Action", "actions", "NotAction", "not_actions"];
const RESOURCES: &[&str] = &["Resource", "resources"];

/// AWS's own policies that grant whole services to whoever has them.
fn is_broad(policy: &str) -> bool {
    policy == "AdministratorAccess" || policy == "PowerUserAccess" || policy.ends_with("FullAccess")
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, policy) in attached(facts.inventory).filter(|(_, policy)| is_broad(policy)) {
        tally.bad(Seen::resource(resource, &["ManagedPolicyArns", "managed_policy_arns", "policy_arn"], format!("AWS's policy {policy} is attached to it")));
    }
    for (resource, document) in documents(facts.inventory) {
        if let Value::Unknown(why) = document {
            tally.unclear(Seen::resource(resource, &[], format!("its policy cannot be told: {why}")));
        }
    }
    for (resource, statement) in allowing(facts.inventory) {
        let line = |note: String| Seen::part(resource, statement.line, ACTIONS, note);
        let whole = statement.actions.iter().filter_map(Value::known).find(|action| *action == "*" || action.ends_with(":*"));
        let narrowable = NARROWABLE.iter().find(|action| allows(statement, action) == Some(true));
        if let Some(action) = whole {
            tally.bad(line(format!("it allows {action}")).with_word(action));
        } else if !statement.not_actions.is_empty() {
            tally.bad(line("it allows all actions but a few (NotAction)".to_owned()));
        } else if let Some(action) = narrowable.filter(|_| is_for_everything(statement) && statement.conditions.is_empty()) {
            tally.bad(Seen::part(resource, statement.line, RESOURCES, format!("it allows {action} on every resource")));
        } else if let Some(Value::Unknown(why)) = statement.actions.iter().find(|action| action.is_unknown()) {
            tally.unclear(line(format!("one of its actions cannot be told: {why}")));
        } else {
            tally.good(line("it names what it allows".to_owned()));
        }
    }
    tally.close(|| match facts.not_needed("no policy is declared") {
        judgement if !facts.is_part_hidden() => judgement,
        _ => facts.none_of("a policy"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::{Policy, Role};

    fn policy(actions: &[&str], resources: &[&str]) -> World {
        world().with("policy", Policy { document: allow(actions, resources), ..Policy::default() })
    }

    #[test]
    fn named_actions_on_named_resources_pass() {
        passes(&RULE, policy(&["bedrock:InvokeModel"], &["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-5-5"]));
        passes(&RULE, policy(&["ec2:DescribeInstances"], &["*"]));
    }

    #[test]
    fn wildcards_and_broad_policies_fail() {
        fails(&RULE, policy(&["s3:*"], &["arn:aws:s3:::b/*"]));
        fails(&RULE, policy(&["*"], &["*"]));
        fails(&RULE, policy(&["bedrock:Invoke*"], &["*"]));
        fails(&RULE, world().with("role", Role { attached: vec![outside("arn:aws:iam::aws:policy/AmazonBedrockFullAccess")], ..Role::default() }));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        is_unknown(&RULE, world().with("policy", Policy { document: unclear(), ..Policy::default() }));
        is_unknown(&RULE, world().with_hidden_module());
        does_not_apply(&RULE, world().with("role", Role::default()));
    }
}
