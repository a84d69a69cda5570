//! ACC-02: there is an account to deploy to. Only a person can say.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "ACC-02",
    title: "An AWS account is set up",
    section: Section::Current,
    area: Area::Account,
    document_line: Some("AWS Account configured"),
    severity: Severity::Info,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: ACCOUNT_ONLY,
    remedy: Remedy { what: "Open an account, name its security and billing contacts, and lock its root user away", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(_: &Facts) -> Judgement {
    Judgement::manual("an account and its contacts are not in files", Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_asked() {
        asks_a_person(&RULE, world());
    }
}
