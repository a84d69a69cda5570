//! IAM-07: MFA on a user guards something only where a policy asks for it.

use super::policies::documents_of_user;
use super::prelude::*;
use crate::inventory::identity::User;

pub(super) static RULE: Rule = Rule {
    id: "IAM-07",
    title: "Users' policies ask for MFA",
    section: Section::Iam,
    area: Area::Identity,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Deny what needs a person unless MFA was shown, or use a role: a second factor on a user with keys guards nothing by itself",
        cloudformation: "Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: false}}",
        terraform: "condition { test = \"BoolIfExists\" variable = \"aws:MultiFactorAuthPresent\" values = [\"false\"] }",
    },
    patch: None,
    judge,
};

const KEY: &str = "aws:multifactorauthpresent";
const AGE: &str = "aws:multifactorauthage";

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, user) in facts.all::<User>() {
        let documents = documents_of_user(facts.inventory, user);
        let asks = documents.iter().filter_map(|document| document.known()).flat_map(|document| &document.statements).any(|statement| {
            statement.conditions.iter().any(|condition| [KEY, AGE].contains(&condition.key.to_lowercase().as_str()))
        });
        if asks {
            tally.good(Seen::resource(resource, &[], "one of its policies asks for MFA"));
        } else if documents.iter().any(|document| document.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "whether its policies ask for MFA cannot be told"));
        } else {
            tally.bad(Seen::resource(resource, &[], "none of its policies asks for MFA, so whoever has its key needs no second factor"));
        }
    }
    tally.close(|| facts.not_needed("no IAM user is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::{Condition, Document, Statement};

    #[test]
    fn a_condition_in_one_of_its_policies_is_needed() {
        let condition = Condition { operator: "Bool".to_owned(), key: "aws:MultiFactorAuthPresent".to_owned(), values: vec![text("true")] };
        let document = Value::Known(Document { statements: vec![Statement { conditions: vec![condition], ..Statement::default() }] });
        passes(&RULE, world().with("u", User { inline: vec![document], ..User::default() }));
        fails(&RULE, world().with("u", User::default()));
        is_unknown(&RULE, world().with("u", User { inline: vec![unclear()], ..User::default() }));
        does_not_apply(&RULE, world().with("r", crate::inventory::identity::Role::default()));
    }
}
