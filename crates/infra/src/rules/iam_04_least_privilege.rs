//! IAM-04: policies name the actions and resources that are needed, and no more.

use super::judgement::Verdict;
use super::models::{arns, called};
use super::policies::{INVOKE, allowing, allows, attached, documents, is_for_everything, matches};
use super::prelude::*;
use crate::inventory::identity::Role;

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
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    // Whoever may write IAM's policies or take its keys may do everything.
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreatePolicyVersion",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "kms:Decrypt",
    "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
    "sns:Publish",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sts:AssumeRole",
];

/// Actions on nothing that has an ARN, or that only look: `*` as the resource is what AWS asks for, or does no harm.
const WHOLE: &[&str] = &[
    "*:Describe*",
    "*:List*",
    "ce:*",
    "cloudwatch:GetMetric*",
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
    "ec2messages:*",
    "ecr:GetAuthorizationToken",
    "ecr-public:GetAuthorizationToken",
    "pricing:*",
    "secretsmanager:GetRandomPassword",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*",
    "sts:GetCallerIdentity",
    "tag:Get*",
    "xray:Get*",
    "xray:Put*",
];

const ACTIONS: &[&str] = &["Action", "actions", "NotAction", "not_actions"];
const RESOURCES: &[&str] = &["Resource", "resources", "NotResource", "not_resources"];

/// What gives rights to a role, user or group that may be declared elsewhere.
const PARTS: &[&str] = &[
    "aws_iam_group_policy",
    "aws_iam_group_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_iam_user_policy",
    "aws_iam_user_policy_attachment",
    "AWS::IAM::Group",
    "AWS::IAM::GroupPolicy",
];

/// Whether an action is for every resource by its nature.
fn is_of_everything(action: &str) -> bool {
    WHOLE.iter().any(|pattern| matches(pattern, action))
}

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
    for (resource, role) in facts.all::<Role>() {
        for statement in role.trust.known().map_or(&[][..], |document| &document.statements) {
            let is_everybody = statement.principals.iter().any(|(kind, names)| (kind == "AWS" || kind == "*") && names.contains(&Value::Known("*".to_owned())));
            if is_everybody && statement.effect == Value::Known("Allow".to_owned()) && statement.conditions.is_empty() {
                tally.bad(Seen::part(resource, statement.line, &["Principal", "principals"], "any AWS account may take it"));
            }
        }
    }
    facts.apart(PARTS, "what it allows is not looked into here").for_each(|part| tally.unclear(part));
    let mut is_of_bedrock = false;
    for (resource, statement) in allowing(facts.inventory) {
        is_of_bedrock |= allows(statement, INVOKE[0]) == Some(true);
        let is_whole = is_for_everything(statement) && statement.conditions.is_empty();
        let line = |note: String| Seen::part(resource, statement.line, ACTIONS, note);
        let whole = statement.actions.iter().filter_map(Value::known).find(|action| *action == "*" || action.ends_with(":*"));
        let narrowable = NARROWABLE.iter().find(|action| allows(statement, action) == Some(true));
        if let Some(action) = whole {
            tally.bad(line(format!("it allows {action}")).with_word(action));
        } else if !statement.not_actions.is_empty() {
            tally.bad(line("it allows all actions but a few (NotAction)".to_owned()));
        } else if let Some(action) = narrowable.filter(|_| is_whole) {
            tally.bad(Seen::part(resource, statement.line, RESOURCES, format!("it allows {action} on {}", if statement.not_resources.is_empty() { "every resource" } else { "every resource but a few" })));
        } else if let Some(Value::Unknown(why)) = statement.actions.iter().find(|action| action.is_unknown()) {
            tally.unclear(line(format!("one of its actions cannot be told: {why}")));
        } else if let Some(action) = statement.actions.iter().filter_map(Value::known).find(|action| is_whole && !is_of_everything(action)) {
            tally.unclear(Seen::part(resource, statement.line, RESOURCES, format!("it allows {action} on every resource, and whether that could be less is not known here")));
        } else {
            tally.good(line("it names what it allows".to_owned()));
        }
    }
    let judgement = tally.close(|| facts.not_needed("no policy is declared"));
    let models: Vec<String> = called(facts).iter().flat_map(|id| arns(id)).map(|arn| format!("`{arn}`")).collect();
    match judgement.verdict {
        Verdict::Fail if is_of_bedrock && !models.is_empty() => {
            judgement.remedied(format!("Name the actions and the ARNs that are used; for Bedrock `bedrock:InvokeModel` on {}, and the streaming action where the code streams.", models.join(", ")))
        }
        _ => judgement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::Policy;

    fn policy(actions: &[&str], resources: &[&str]) -> World {
        world().with("policy", Policy { document: allow(actions, resources), ..Policy::default() })
    }

    fn everybody() -> Value<crate::inventory::identity::Document> {
        let mut trust = trust("ec2.amazonaws.com");
        if let Value::Known(document) = &mut trust {
            document.statements[0].principals = [("AWS".to_owned(), vec![text("*")])].into();
        }
        trust
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
        fails(&RULE, policy(&["iam:CreatePolicyVersion"], &["*"]));
        is_unknown(&RULE, policy(&["codebuild:StartBuild"], &["*"]));
        fails(&RULE, world().with("role", Role { trust: everybody(), ..Role::default() }));
        let mut all_but_one = allow(&["s3:DeleteObject"], &[]);
        if let Value::Known(document) = &mut all_but_one {
            document.statements[0].not_resources = vec![outside("arn:aws:s3:::public/*")];
        }
        fails(&RULE, world().with("policy", Policy { document: all_but_one, ..Policy::default() }));
        fails(&RULE, world().with("role", Role { attached: vec![outside("arn:aws:iam::aws:policy/AmazonBedrockFullAccess")], ..Role::default() }));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        is_unknown(&RULE, world().with("policy", Policy { document: unclear(), ..Policy::default() }));
        is_unknown(&RULE, world().with_hidden_module());
        is_unknown(&RULE, world().with("role", Role::default()).with_apart("aws_iam_role_policy_attachment"));
        does_not_apply(&RULE, world().with("role", Role::default()));
    }
}
