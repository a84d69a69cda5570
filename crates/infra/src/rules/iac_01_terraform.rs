//! IAC-01: Terraform, if that is the language of the infrastructure.

use super::prelude::*;
use crate::inventory::Language;

pub(super) static RULE: Rule = Rule {
    id: "IAC-01",
    title: "The infrastructure is written in Terraform",
    section: Section::InfrastructureAsCode,
    area: Area::InfrastructureAsCode,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Days,
    refs: Refs::NONE,
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy { what: "Write the infrastructure down in one language, so that it can be reviewed, repeated and taken back", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    super::languages::judge(facts, Language::Terraform, || Judgement::fail("nothing here is infrastructure as code", vec![Seen::Searched { place: ".".to_owned(), note: "no Terraform, CloudFormation or CDK file declares a resource".to_owned() }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_language_is_enough() {
        let with = |language| {
            let mut world = world().with_in("x", "vpc", crate::inventory::network::Vpc::default());
            world.inventory.languages = vec![language];
            world
        };
        passes(&RULE, with(Language::Terraform));
        does_not_apply(&RULE, with(Language::Cdk));
        fails(&RULE, world());
    }
}
