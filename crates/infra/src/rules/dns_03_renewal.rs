//! DNS-03: a certificate renews itself.

use super::facts::is_terraform;
use super::prelude::*;
use crate::inventory::names::Certificate;

pub(super) static RULE: Rule = Rule {
    id: "DNS-03",
    title: "Certificates are validated by DNS, so that they renew themselves",
    section: Section::Common,
    area: Area::Certificate,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Validate by DNS; by e-mail somebody must answer a message before each renewal, or the site goes down", cloudformation: "ValidationMethod: DNS", terraform: "validation_method = \"DNS\"" },
    patch: Some(|_, _| set(("ValidationMethod", "DNS"), ("validation_method", "\"DNS\""))),
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, certificate) in facts.all::<Certificate>() {
        let settings = &["ValidationMethod", "validation_method"];
        // Terraform without a method imports a certificate, which nobody renews but its owner.
        let is_imported = certificate.validation.is_absent() && is_terraform(resource);
        let holds = if is_imported { None } else { certificate.validation.holds(false, |method| method.eq_ignore_ascii_case("DNS")) };
        let unclear = if is_imported { "it is imported, and who renews it cannot be told".to_owned() } else { untold("how it is validated", &certificate.validation) };
        tally.holds(holds, resource, settings, notes("it is validated by DNS", "it is validated by e-mail", unclear));
    }
    tally.close(|| facts.not_needed("no certificate is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_is_the_default_of_cloudformation() {
        let in_file = |file: &str, validation| world().with_in(file, "c", Certificate { validation, ..Certificate::default() });
        passes(&RULE, in_file("main.tf", text("DNS")));
        fails(&RULE, in_file("main.tf", text("EMAIL")));
        fails(&RULE, in_file("t.yaml", Value::Absent));
        is_unknown(&RULE, in_file("main.tf", Value::Absent));
        is_unknown(&RULE, in_file("t.yaml", unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
