//! IAM-02: people who sign in show a second factor. Only the account knows.

use super::prelude::*;
use crate::inventory::identity::User;

pub(super) static RULE: Rule = Rule {
    id: "IAM-02",
    title: "IAM users have MFA",
    section: Section::Iam,
    area: Area::Identity,
    document_line: Some("Enable MFA for IAM users"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["iam_user_mfa_enabled_console_access", "iam_root_mfa_enabled"], checkov: &[], fsbp: &["IAM.5*", "IAM.19*", "IAM.9"], cdk_nag: &[] },
    decided_from: ACCOUNT_ONLY,
    remedy: Remedy { what: "Enable MFA for the root user and for every user with a console password", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let users: Vec<Seen> = facts.all::<User>().map(|(resource, _)| Seen::resource(resource, &[], "an IAM user is declared")).collect();
    let reason = match users.len() {
        0 => "MFA devices are enrolled in the account and leave no trace in files; the root user needs one in any case".to_owned(),
        n => format!("{} declared, and whether a device is enrolled is known to the account alone", count(n, "IAM user")),
    };
    Judgement::manual(reason, users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_asked() {
        asks_a_person(&RULE, world());
        asks_a_person(&RULE, world().with("user", User::default()));
    }
}
