//! SEC-02: whatever holds a secret encrypts it at rest.

use super::patch::Setting;
use super::prelude::*;
use crate::inventory::secrets::{Parameter, Secret};
use crate::sensitive::is_secret_name;

pub(super) static RULE: Rule = Rule {
    id: "SEC-02",
    title: "Secrets are encrypted at rest",
    section: Section::Secrets,
    area: Area::Secrets,
    document_line: Some("Encrypt secrets at rest"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &[], checkov: &["CKV_AWS_149", "CKV_AWS_337", "CKV2_AWS_34"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Keep the value where it is encrypted", cloudformation: "AWS::SecretsManager::Secret", terraform: "type = \"SecureString\"" },
    patch: Some(patch),
    judge,
};

/// CloudFormation cannot create a SecureString, so the change is Terraform's alone.
fn patch(_: &Inventory, _: &Resource) -> Vec<Change> {
    vec![Change::Set { cloudformation: None, terraform: Some(Setting { within: "", name: "type", inner: "", value: "\"SecureString\"".to_owned(), beside: None }) }]
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, secret) in facts.all::<Secret>() {
        let key = if secret.key.is_absent() { "AWS's own key" } else { "a key of its own" };
        tally.good(Seen::resource(resource, &["KmsKeyId", "kms_key_id"], format!("Secrets Manager encrypts it with {key}")));
    }
    for (resource, parameter) in facts.all::<Parameter>() {
        let is_encrypted = parameter.parameter_type.holds(false, |kind| kind == "SecureString");
        let is_secret = is_secret_name(parameter.name.known().unwrap_or(&resource.id));
        match (is_encrypted, is_secret) {
            (Some(true), _) => tally.good(Seen::resource(resource, &["Type", "type"], "it is a SecureString")),
            (Some(false), true) => tally.bad(Seen::resource(resource, &["Type", "type"], "by its name it holds a secret, and it is not a SecureString")),
            (None, true) => tally.unclear(Seen::resource(resource, &["Type", "type"], untold("whether it is a SecureString", &parameter.parameter_type))),
            (_, false) => {}
        }
    }
    tally.close(|| facts.not_needed("no secret is declared here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(parameter_type: Value<String>) -> World {
        world().with("p", Parameter { name: text("/app/api-key"), parameter_type, ..Parameter::default() })
    }

    #[test]
    fn a_parameter_that_holds_a_secret_must_be_encrypted() {
        passes(&RULE, parameter(text("SecureString")));
        passes(&RULE, world().with("s", Secret::default()));
        fails(&RULE, parameter(text("String")));
        is_unknown(&RULE, parameter(unclear()));
        does_not_apply(&RULE, world().with("p", Parameter { name: text("/app/log-level"), parameter_type: text("String"), ..Parameter::default() }));
    }
}
