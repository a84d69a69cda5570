//! IAM-07: MFA on a user guards something only where a policy asks for it.

use super::policies::documents_of_user;
use super::prelude::*;
use crate::inventory::identity::{Condition, Statement, User};

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
/// What a condition is on when that cannot be told.
const UNTOLD: &str = "…";

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, user) in facts.all::<User>() {
        let documents = documents_of_user(facts.inventory, user);
        let statements = documents.iter().filter_map(|document| document.known()).flat_map(|document| &document.statements);
        let asked: Vec<(&Statement, &Condition)> = statements.flat_map(|statement| statement.conditions.iter().map(move |condition| (statement, condition))).filter(|(_, condition)| [KEY, AGE, UNTOLD].contains(&condition.key.to_lowercase().as_str())).collect();
        let answers: Vec<Option<bool>> = asked.iter().map(|(statement, condition)| asks(statement, condition)).collect();
        if answers.contains(&Some(true)) {
            tally.good(Seen::resource(resource, &[], "one of its policies asks for MFA"));
        } else if answers.contains(&None) || documents.iter().any(|document| document.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "whether its policies ask for MFA cannot be told"));
        } else if let Some((statement, condition)) = asked.first() {
            let note = format!("{} of {} lets an access key by, whose requests say nothing of MFA", condition.operator, condition.key);
            tally.bad(Seen::part(resource, statement.line, &["Condition", "condition"], note));
        } else {
            tally.bad(Seen::resource(resource, &[], "none of its policies asks for MFA, so whoever has its key needs no second factor"));
        }
    }
    tally.close(|| facts.not_needed("no IAM user is declared"))
}

/// Whether a condition keeps out requests without MFA, those with an access key among them: these do not have the key at all, and only
/// some operators notice. `None` when its effect, key or value cannot be told.
fn asks(statement: &Statement, condition: &Condition) -> Option<bool> {
    if condition.key == UNTOLD {
        return None;
    }
    let denies = statement.effect.holds(false, |effect| effect == "Deny")?;
    let value = condition.values.first().map_or(Some(""), |value| value.known().map(String::as_str))?;
    let is = |wanted: &str| value.eq_ignore_ascii_case(wanted);
    let operator = condition.operator.to_lowercase();
    Some(match (condition.key.to_lowercase() == AGE, denies, operator.as_str()) {
        (false, true, "boolifexists") => is("false"),
        (false, false, "bool") => is("true"),
        (_, true, "null") => is("true"),
        (_, false, "null") => is("false"),
        (true, true, operator) => operator.starts_with("numericgreaterthan") && operator.ends_with("ifexists"),
        (true, false, operator) => operator.starts_with("numericlessthan") && !operator.ends_with("ifexists"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::Document;

    #[test]
    fn only_some_operators_keep_an_access_key_out() {
        let user = |effect: &str, operator: &str, value: Value<String>| {
            let condition = Condition { operator: operator.to_owned(), key: "aws:MultiFactorAuthPresent".to_owned(), values: vec![value] };
            let statement = Statement { effect: text(effect), conditions: vec![condition], ..Statement::default() };
            world().with("u", User { inline: vec![Value::Known(Document { statements: vec![statement] })], ..User::default() })
        };
        passes(&RULE, user("Allow", "Bool", text("true")));
        passes(&RULE, user("Deny", "BoolIfExists", text("false")));
        fails(&RULE, user("Deny", "Bool", text("false")));
        fails(&RULE, user("Allow", "BoolIfExists", text("true")));
        is_unknown(&RULE, user("Deny", "BoolIfExists", unclear()));
        fails(&RULE, world().with("u", User::default()));
        is_unknown(&RULE, world().with("u", User { inline: vec![unclear()], ..User::default() }));
        does_not_apply(&RULE, world().with("r", crate::inventory::identity::Role::default()));
    }
}
