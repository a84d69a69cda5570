//! IAM-08: who calls a model through an inference profile is allowed the profile and the models behind it.

use super::models::{arns, called, is_profile, used};
use super::patterns::{FILLED_IN, covers, filled_in};
use super::policies::{bedrock_statements, matches};
use super::judgement::Verdict;
use super::prelude::*;
use crate::iam::of_profile;
use crate::inventory::identity::Statement;

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
    let allowed = Allowed::of(facts);
    let mut tally = Tally::default();
    for model in used(facts).into_iter().filter(|model| is_profile(&model.id) && !model.is_in_policy) {
        let Some(first) = allowed.statements.first() else { continue };
        match allowed.lacks(&model.id) {
            Lacks::Nothing => tally.good(model.seen.with_note(format!("the policy allows {} and the model behind it", model.id))),
            Lacks::Something(what) => tally.bad(named(Seen::part(first.0, first.1.line, RESOURCES, what), first.1)),
            Lacks::Untold(why) => tally.unclear(model.seen.with_note(why)),
        }
    }
    let judgement = tally.close(|| {
        let profiles: Vec<_> = used(facts).into_iter().filter(|model| is_profile(&model.id) && !model.is_in_policy).map(|model| model.seen).collect();
        if profiles.is_empty() {
            Judgement::not_applicable("no inference profile is used here")
        } else {
            Judgement::unknown("an inference profile is used, and no policy that allows Bedrock is declared", profiles)
        }
    });
    let lacking = || called(facts).into_iter().filter(|id| is_profile(id) && matches!(allowed.lacks(id), Lacks::Something(_))).flat_map(|id| arns(&id));
    match judgement.verdict {
        Verdict::Fail => judgement.remedied(format!("Add to the statement's resources: {}.", allowed.missing(lacking()).join(", "))),
        _ => judgement,
    }
}

/// With the first resource that a statement names, to find its line by.
fn named(seen: Seen, statement: &Statement) -> Seen {
    match statement.resources.iter().find_map(|link| if let Value::Known(Link::Outside(name)) = link { Some(name) } else { None }) {
        Some(name) if name != "*" => seen.with_word(name),
        _ => seen,
    }
}

const RESOURCES: &[&str] = &["Resource", "resources", "NotResource", "not_resources"];

/// The statements that allow asking a model, and the patterns of their resources, a part that a deployment fills in as one sign.
struct Allowed<'a> {
    statements: Vec<(&'a Resource, &'a Statement)>,
    patterns: Vec<String>,
}

/// What the statements lack for the calls through a profile.
enum Lacks {
    Nothing,
    Something(String),
    Untold(String),
}

impl<'a> Allowed<'a> {
    fn of(facts: &Facts<'a>) -> Allowed<'a> {
        let statements: Vec<_> = bedrock_statements(facts.inventory).collect();
        let known = statements.iter().flat_map(|(_, statement)| &statement.resources).filter_map(Value::known);
        let patterns = known.filter_map(|link| if let Link::Outside(pattern) = link { Some(filled_in(pattern)) } else { None }).collect();
        Allowed { statements, patterns }
    }

    fn lacks(&self, id: &str) -> Lacks {
        let model = id.split_once('.').map_or(id, |(_, model)| model);
        let of_model = format!("foundation-model/{model}");
        let has_profile = self.covers(None, &format!("inference-profile/{id}"));
        let (regions, missing): (Vec<String>, Vec<String>) = match of_profile(id) {
            Some(row) => row.regions.iter().cloned().partition(|region| self.covers(Some(region), &of_model)),
            // The global profile asks for the model in no region at all.
            None => [String::new()].into_iter().partition(|_| self.covers(Some(""), &of_model)),
        };
        if has_profile && missing.is_empty() {
            return Lacks::Nothing;
        }
        if self.is_unclear() {
            return Lacks::Untold(format!("whether the policy allows {id} and the model behind it cannot be told"));
        }
        let (missing, in_any) = (missing.join(", "), self.covers(None, &of_model));
        match (has_profile, in_any) {
            (false, false) => Lacks::Something(format!("the policy allows neither the profile {id} nor the model behind it")),
            (false, true) => Lacks::Something(format!("the policy allows the model {model}, and not the profile {id}")),
            (true, false) => Lacks::Something(format!("the policy allows the profile {id}, and not the model {model} behind it")),
            (true, true) if missing.is_empty() => {
                Lacks::Something(format!("the policy allows {model} in some regions, and {id} asks for it without one (arn:aws:bedrock:::foundation-model/…)"))
            }
            // A profile has two regions or more, whichever they are; one may be filled in.
            (true, true) if regions.len() > 1 && (of_profile(id).is_some_and(|row| !row.verified) || self.covers(Some(FILLED_IN), &of_model)) => {
                Lacks::Untold(format!("the policy allows {model} in {}, and whether {id} sends requests to {missing} too cannot be told", regions.join(", ")))
            }
            (true, true) => {
                let allowed = if regions.is_empty() { "one region".to_owned() } else { regions.join(", ") };
                Lacks::Something(format!("the policy allows {model} in {allowed} alone, and {id} sends requests to {missing} too, where they are refused"))
            }
        }
    }

    /// Those of these ARNs that no pattern covers as they stand.
    fn missing(&self, arns: impl Iterator<Item = String>) -> Vec<String> {
        let is_covered = |arn: &String| self.patterns.iter().any(|pattern| matches(pattern, arn));
        let mut missing: Vec<String> = arns.filter(|arn| !is_covered(arn)).map(|arn| format!("`{arn}`")).collect();
        missing.dedup();
        missing
    }

    fn covers(&self, region: Option<&str>, what: &str) -> bool {
        self.patterns.iter().any(|pattern| covers(pattern, "bedrock", region, what))
    }

    fn is_unclear(&self) -> bool {
        let is_untold = |statement: &Statement| !statement.not_resources.is_empty() || statement.resources.iter().any(Value::is_unknown);
        let names_untold = |pattern: &String| pattern.splitn(6, ':').nth(5).unwrap_or(pattern).contains(FILLED_IN);
        self.statements.iter().any(|(_, statement)| is_untold(statement)) || self.patterns.iter().any(names_untold)
    }
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
    fn the_model_is_allowed_in_every_region_of_the_profile() {
        let model = |region: &str| format!("arn:aws:bedrock:{region}::foundation-model/anthropic.claude-haiku-5-5");
        let judged = |regions: &[&str]| project(&regions.iter().map(|region| model(region)).chain([PROFILE.to_owned()]).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>());
        passes(&RULE, judged(&["us-east-1", "us-east-2", "us-west-2"]));
        passes(&RULE, judged(&["us-*"]));
        fails(&RULE, judged(&["us-east-1"]));
        fails(&RULE, judged(&["${AWS::Region}"]));
        // Which regions stand behind this profile is on no public page.
        is_unknown(&RULE, judged(&["us-east-1", "us-east-2"]));
    }

    #[test]
    fn without_a_policy_or_a_profile_there_is_nothing_to_compare() {
        is_unknown(&RULE, world().with_mention(|r| &mut r.models, "us.anthropic.claude-haiku-5-5"));
        does_not_apply(&RULE, world().with_mention(|r| &mut r.models, "anthropic.claude-haiku-5-5"));
    }
}
