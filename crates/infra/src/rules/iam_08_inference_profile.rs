//! IAM-08: who calls a model through an inference profile is allowed the profile and the models behind it.

use super::models::{is_profile, used};
use super::policies::{bedrock_statements, matches};
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "IAM-08",
    title: "The policy allows the inference profile and the models behind it",
    section: Section::Iam,
    area: Area::Bedrock,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy {
        what: "Allow the profile's ARN and the foundation model's ARN in every region that the profile covers",
        cloudformation: "",
        terraform: "",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let resources: Vec<_> =
        bedrock_statements(facts.inventory).flat_map(|(resource, statement)| statement.resources.iter().map(move |link| (resource, statement, link))).collect();
    let mut tally = Tally::default();
    for model in used(facts).into_iter().filter(|model| is_profile(&model.id) && !model.is_in_policy) {
        let Some((_, bare)) = model.id.split_once('.') else { continue };
        let covers = |kind: &str, id: &str| {
            resources.iter().any(|(_, _, link)| match link {
                // Region and account do not matter here: their places are filled with what any pattern for them covers.
                Value::Known(Link::Outside(pattern)) => {
                    let last = pattern.rsplit(':').next().unwrap_or_default();
                    pattern == "*" || (pattern.starts_with("arn:") && (matches(last, &format!("{kind}/{id}")) || tail(pattern).is_some_and(|tail| matches(tail, &format!("{kind}/{id}")))))
                }
                _ => false,
            })
        };
        let has_unclear = resources.iter().any(|(_, _, link)| link.is_unknown());
        let note = match (covers("inference-profile", &model.id), covers("foundation-model", bare)) {
            (true, true) => {
                tally.good(model.seen.with_note(format!("the policy allows {} and the model behind it", model.id)));
                continue;
            }
            _ if has_unclear => {
                tally.unclear(model.seen.with_note(format!("whether the policy allows {} and the model behind it cannot be told", model.id)));
                continue;
            }
            _ if resources.is_empty() => continue,
            (false, true) => format!("the policy allows the model {bare}, and not the profile {}", model.id),
            (true, false) => format!("the policy allows the profile {}, and not the model {bare} behind it", model.id),
            (false, false) => format!("the policy allows neither the profile {} nor the model behind it", model.id),
        };
        let at = resources.first().map(|(resource, statement, _)| Seen::part(resource, statement.line, &["Resource", "resources"], note));
        at.into_iter().for_each(|seen| tally.bad(seen));
    }
    tally.close(|| {
        if !used(facts).iter().any(|model| is_profile(&model.id) && !model.is_in_policy) {
            Judgement::not_applicable("no inference profile is used here")
        } else {
            Judgement::unknown("an inference profile is used, and no policy that allows Bedrock is declared", used(facts).into_iter().filter(|model| is_profile(&model.id)).map(|model| model.seen).collect())
        }
    })
}

/// What follows the account in an ARN; model ids hold colons of their own.
fn tail(arn: &str) -> Option<&str> {
    arn.splitn(6, ':').nth(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::Policy;

    const PROFILE: &str = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-5-5";
    const MODEL: &str = "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5";

    fn project(resources: &[&str]) -> World {
        let document = allow(&["bedrock:InvokeModel"], resources);
        world().with_mention(|r| &mut r.models, "us.anthropic.claude-haiku-5-5").with("p", Policy { document, ..Policy::default() })
    }

    #[test]
    fn profile_and_model_are_both_needed() {
        passes(&RULE, project(&[PROFILE, MODEL]));
        passes(&RULE, project(&["*"]));
        passes(&RULE, project(&["arn:aws:bedrock:*:*:inference-profile/us.anthropic.*", "arn:aws:bedrock:*::foundation-model/*"]));
        fails(&RULE, project(&[PROFILE]));
        fails(&RULE, project(&[MODEL]));
    }

    #[test]
    fn without_a_policy_or_a_profile_there_is_nothing_to_compare() {
        is_unknown(&RULE, world().with_mention(|r| &mut r.models, "us.anthropic.claude-haiku-5-5"));
        does_not_apply(&RULE, world().with_mention(|r| &mut r.models, "anthropic.claude-haiku-5-5"));
    }
}
