//! IAM-03: access keys are replaced every 90 days. Their age is known to the account alone.

use super::prelude::*;
use crate::inventory::identity::AccessKey;

pub(super) static RULE: Rule = Rule {
    id: "IAM-03",
    title: "Access keys are rotated every 90 days",
    section: Section::Iam,
    area: Area::Identity,
    document_line: Some("Rotate access keys regularly (90 days)"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs { prowler: &["iam_rotate_access_key_90_days", "iam_user_accesskey_unused"], checkov: &[], fsbp: &["IAM.3*", "IAM.8*", "IAM.22*"], cdk_nag: &[] },
    decided_from: ACCOUNT_ONLY,
    remedy: Remedy { what: "Replace the keys every 90 days, or better, do without them (IAM-01)", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let declared = facts.all::<AccessKey>().map(|(resource, _)| Seen::resource(resource, &[], "an access key is declared"));
    let used = facts.repository.access_keys.iter().map(|mention| Seen::mention(mention, format!("takes {}", mention.value)));
    let keys: Vec<Seen> = declared.chain(used).collect();
    if !keys.is_empty() {
        return Judgement::manual("the age of an access key is known to the account alone, and nothing in files renews one", keys);
    }
    if facts.has_templates() || facts.uses_bedrock() {
        return Judgement::not_applicable("no access key is declared or used here");
    }
    Judgement::manual("nothing here uses AWS, so only the account knows its keys", Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_about_where_there_are_any() {
        asks_a_person(&RULE, world().with("key", AccessKey::default()));
        asks_a_person(&RULE, world());
        does_not_apply(&RULE, world().with("role", crate::inventory::identity::Role::default()));
    }
}
