//! BR-01: the account may use the models. Only the account knows.

use super::prelude::*;
use std::collections::BTreeSet;

pub(super) static RULE: Rule = Rule {
    id: "BR-01",
    title: "The account has access to the models",
    section: Section::Current,
    area: Area::Bedrock,
    document_line: Some("AWS Bedrock access enabled"),
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: ACCOUNT_ONLY,
    remedy: Remedy { what: "Open the model in the Bedrock console of that region and accept its terms", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if !facts.uses_bedrock() {
        return Judgement::not_applicable("neither code nor policies here use Bedrock");
    }
    let mut models: Vec<String> = super::models::used(facts).into_iter().map(|model| model.id).collect();
    models.sort();
    models.dedup();
    let which = if models.is_empty() { "the models".to_owned() } else { models.join(", ") };
    // The client of a service and the service stand on one line.
    let mut lines = BTreeSet::new();
    let evidence = facts.repository.bedrock().filter(|mention| lines.insert(&mention.origin)).map(|mention| Seen::mention(mention, format!("uses {}", mention.value))).collect();
    Judgement::manual(format!("whether the account may use {which} is known to the account alone"), evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_asked_where_bedrock_is_used() {
        asks_a_person(&RULE, world().with_mention(|r| &mut r.models, "anthropic.claude-haiku-5-5"));
        does_not_apply(&RULE, world());
    }
}
