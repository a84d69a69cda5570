//! IAM-01: code gets its rights from a role, not from an access key.

use super::prelude::*;
use crate::inventory::compute::{Function, Service, TaskDefinition};
use crate::inventory::identity::AccessKey;

pub(super) static RULE: Rule = Rule {
    id: "IAM-01",
    title: "Code uses IAM roles, not access keys",
    section: Section::Iam,
    area: Area::Bedrock,
    document_line: Some("Use IAM roles instead of access keys when possible"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &["iam_user_with_temporary_credentials", "ec2_instance_profile_attached", "bedrock_api_key_no_long_term_credentials"],
        checkov: &["CKV2_AWS_41", "CKV_AWS_273", "CKV_AWS_41"],
        fsbp: &["IAM.4*"],
        cdk_nag: &[],
    },
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy {
        what: "Give the code a role and take the access key out; the SDK finds the role's credentials by itself",
        cloudformation: "IamInstanceProfile, TaskRoleArn or Role",
        terraform: "iam_instance_profile, task_role_arn or role",
    },
    patch: None,
    judge,
};

/// How it becomes known.
const TO_KNOW: &str = "Declare what runs the code together with its role, or say in review.toml where its credentials come from (Q07).";

const PROFILE: &[&str] = &["IamInstanceProfile", "iam_instance_profile", "LaunchTemplate", "launch_template"];

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<AccessKey>() {
        tally.bad(Seen::resource(resource, &[], "it is an access key that lives until somebody deletes it"));
    }
    for mention in &facts.repository.access_keys {
        tally.bad(Seen::mention(mention, format!("takes {}, which lives until somebody replaces it", mention.value)));
    }
    for (resource, machine) in super::machines::machines(facts.inventory) {
        match &machine.instance_profile {
            Value::Known(_) => tally.good(Seen::resource(resource, PROFILE, "its instance profile gives it a role")),
            Value::Unknown(_) => tally.unclear(Seen::resource(resource, PROFILE, untold("whether it has a role", &machine.instance_profile))),
            Value::Absent => {}
        }
    }
    for (resource, service) in facts.all::<Service>() {
        if facts.inventory.follow::<TaskDefinition>(&service.task_definition).is_some_and(|(_, task)| !task.task_role.is_absent()) {
            tally.good(Seen::resource(resource, &[], "its tasks have a role"));
        }
    }
    for (resource, function) in facts.all::<Function>() {
        // A role whose name comes from elsewhere is still a role.
        if !function.role.is_absent() {
            tally.good(Seen::resource(resource, &["Role", "role"], "it has a role"));
        }
    }
    tally.close(|| Judgement::unknown("nothing here shows how the code gets its credentials", Vec::new()).remedied(TO_KNOW))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_with_a_role_passes_and_a_key_fails_whatever_else_is_there() {
        let function = world().with("fn", Function { role: to("role"), ..Function::default() });
        passes(&RULE, function.clone());
        fails(&RULE, function.clone().with("key", AccessKey::default()));
        fails(&RULE, function.with_mention(|r| &mut r.access_keys, "an access key's secret"));
    }

    #[test]
    fn code_that_says_nothing_of_credentials_is_unknown() {
        is_unknown(&RULE, world().with_mention(|r| &mut r.sdks, "boto3 bedrock-runtime"));
    }
}
