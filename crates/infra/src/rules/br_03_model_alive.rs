//! BR-03: no model that is used has passed its end of life.

use super::models::used;
use super::prelude::*;
use domain::model::ModelRef;

pub(super) static RULE: Rule = Rule {
    id: "BR-03",
    title: "No model in use has passed its end of life",
    section: Section::Current,
    area: Area::Bedrock,
    document_line: None,
    severity: Severity::Critical,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy { what: "Move to the successor, and name it in the code and in the policy", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for model in used(facts) {
        let row = ModelRef::parse(&format!("bedrock/{}", model.id)).and_then(|name| facts.prices.row(&name));
        let seen = |note: String| model.seen.clone().with_note(note);
        match row.map(|row| (row, row.end_of_life.as_deref())) {
            None => tally.unclear(seen(format!("{} has no row in the price list, so its end of life is not known", model.id))),
            Some((_, None)) => tally.good(seen(format!("no end of life is known for {}", model.id))),
            Some((row, Some(end))) if end <= facts.today.as_str() => {
                let successor = row.successor.as_deref().map_or(String::new(), |successor| format!("; its successor is {successor}"));
                let verb = if model.is_in_policy { "is allowed here and" } else { "is used here and" };
                tally.bad(seen(format!("{} {verb} reached its end of life on {end}{successor}", model.id)));
            }
            Some((_, Some(end))) => tally.good(seen(format!("{} answers until {end}", model.id))),
        }
    }
    tally.close(|| if facts.uses_bedrock() { Judgement::unknown("Bedrock is used, and which model cannot be told", facts.repository.bedrock().map(|mention| Seen::mention(mention, "uses Bedrock")).collect()) } else { Judgement::not_applicable("neither code nor policies here use Bedrock") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Day;

    #[test]
    fn a_model_is_judged_on_the_day_of_the_review() {
        let project = world().with_mention(|r| &mut r.models, "anthropic.claude-3-haiku-20240307-v1:0");
        fails(&RULE, project.clone());
        passes(&RULE, World { today: Day::parse("2026-09-09").unwrap(), ..project });
    }

    #[test]
    fn profiles_policies_and_environments_name_models_too() {
        passes(&RULE, world().with_mention(|r| &mut r.models, "us.anthropic.claude-haiku-5-5"));
        let document = allow(&["bedrock:InvokeModel"], &["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"]);
        fails(&RULE, world().with("p", crate::inventory::identity::Policy { document, ..Default::default() }));
        let environment = [("MODEL".to_owned(), text("anthropic.claude-3-5-haiku-20241022-v1:0"))].into();
        fails(&RULE, world().with("fn", crate::inventory::compute::Function { environment, ..Default::default() }));
    }

    #[test]
    fn a_model_without_a_row_is_unknown() {
        is_unknown(&RULE, world().with_mention(|r| &mut r.models, "anthropic.claude-haiku-99"));
        is_unknown(&RULE, world().with_mention(|r| &mut r.sdks, "boto3 bedrock-runtime"));
        does_not_apply(&RULE, world());
    }
}
