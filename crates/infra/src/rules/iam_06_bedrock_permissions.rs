//! IAM-06: a role or user may ask Bedrock, at once and as a stream.

use super::policies::{INVOKE, allows, documents_of, matches};
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "IAM-06",
    title: "A role or user may invoke Bedrock models",
    section: Section::Current,
    area: Area::Bedrock,
    document_line: Some("IAM user/role with Bedrock permissions"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on the models in use",
        cloudformation: "",
        terraform: "",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if !facts.uses_bedrock() {
        return Judgement::not_applicable("neither code nor policies here use Bedrock");
    }
    let mut tally = Tally::default();
    for resource in &facts.inventory.resources {
        let (inline, attached) = match &resource.kind {
            Kind::Role(role) => (&role.inline, &role.attached),
            Kind::User(user) => (&user.inline, &user.attached),
            _ => continue,
        };
        if let Some(name) = attached.iter().find_map(|link| grants_all(link)) {
            tally.good(Seen::resource(resource, &[], format!("AWS's policy {name} is attached to it")));
            continue;
        }
        let documents = documents_of(facts.inventory, inline, attached);
        let statements: Vec<_> = documents.iter().filter_map(|document| document.known()).flat_map(|document| &document.statements).collect();
        let may = |action: &str, wanted: Option<bool>| statements.iter().any(|s| s.effect.holds(true, |e| e == "Allow") == Some(true) && allows(s, action) == wanted);
        let [whole, stream] = INVOKE.map(|action| may(action, Some(true)));
        let untold = documents.iter().find_map(|document| if let Value::Unknown(why) = document { Some(format!("its policy cannot be told: {why}")) } else { None });
        let untold = untold.or_else(|| attached.iter().find_map(why_untold));
        let untold = untold.or_else(|| INVOKE.iter().any(|action| may(action, None)).then(|| "one of its actions cannot be told".to_owned()));
        // The statement that allows one of them, by its action.
        let at = |note: &str| {
            let statement = statements.iter().find(|statement| INVOKE.iter().any(|action| allows(statement, action) == Some(true)));
            let action = statement.and_then(|statement| statement.actions.iter().filter_map(Value::known).find(|pattern| INVOKE.iter().any(|action| matches(pattern, action))));
            match (statement, action) {
                (Some(statement), Some(action)) => Seen::part(resource, statement.line, &[], note).with_word(action),
                _ => Seen::resource(resource, &[], note),
            }
        };
        match (whole, stream, untold) {
            (true, true, _) => tally.good(at("it may invoke models, at once and as a stream")),
            (_, _, Some(untold)) => tally.unclear(Seen::resource(resource, &[], untold)),
            (true, false, None) => match (facts.repository.streams.first(), facts.repository.bedrock().next()) {
                (Some(stream), _) => {
                    tally.bad(at("it may invoke models, but not as a stream (bedrock:InvokeModelWithResponseStream)"));
                    tally.bad(Seen::mention(stream, "the code asks for a stream"));
                }
                (None, Some(_)) => tally.good(at("it may invoke models, and nothing here asks for a stream")),
                (None, None) => tally.unclear(at("it may invoke models, but not as a stream, and whether the code asks for one cannot be told")),
            },
            (false, true, None) => tally.bad(at("it may invoke models as a stream, but not at once (bedrock:InvokeModel)")),
            (false, false, None) => {}
        }
    }
    tally.close(|| facts.none_of("a role or user that may invoke Bedrock models"))
}

/// The policy of AWS's own that allows both actions, if this is one.
fn grants_all(link: &Value<Link>) -> Option<&str> {
    let Some(Link::Outside(name)) = link.known() else { return None };
    let own = name.rsplit('/').next().unwrap_or(name);
    (is_of_aws(name) && ["AmazonBedrockFullAccess", "AdministratorAccess", "PowerUserAccess"].contains(&own)).then_some(own)
}

/// Why it cannot be told what an attached policy allows; `None` when it is declared here or is one of AWS's own for something else.
fn why_untold(link: &Value<Link>) -> Option<String> {
    match link {
        Value::Unknown(why) => Some(format!("a policy attached to it cannot be told: {why}")),
        Value::Known(Link::Outside(name)) if !is_of_aws(name) => Some(format!("what {name} allows is declared elsewhere")),
        _ => None,
    }
}

/// A policy by its name alone is AWS's own; an ARN says so.
fn is_of_aws(name: &str) -> bool {
    !name.starts_with("arn:") || name.contains(":iam::aws:policy/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::{Policy, Role};

    const MODEL: &str = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-5-5";

    fn project() -> World {
        world().with_mention(|r| &mut r.sdks, "boto3 bedrock-runtime")
    }

    #[test]
    fn the_action_of_streams_is_needed_where_the_code_streams() {
        let both = allow(&["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], &[MODEL]);
        passes(&RULE, project().with("role", Role { inline: vec![both.clone()], ..Role::default() }));
        let declared = Policy { document: both, ..Policy::default() };
        passes(&RULE, project().with("policy", declared).with("role", Role { attached: vec![to("policy")], ..Role::default() }));
        let at_once = Role { inline: vec![allow(&["bedrock:InvokeModel"], &[MODEL])], ..Role::default() };
        passes(&RULE, project().with("role", at_once.clone()));
        fails(&RULE, project().with_mention(|r| &mut r.streams, "a stream").with("role", at_once.clone()));
        is_unknown(&RULE, world().with("role", at_once));
    }

    #[test]
    fn nobody_who_may_is_a_failure_and_an_unreadable_policy_is_not() {
        fails(&RULE, project().with("role", Role::default()));
        is_unknown(&RULE, project().with("role", Role { inline: vec![unclear()], ..Role::default() }));
        let attached = |link| project().with("role", Role { attached: vec![link], ..Role::default() });
        passes(&RULE, attached(outside("arn:aws:iam::aws:policy/AdministratorAccess")));
        fails(&RULE, attached(outside("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")));
        is_unknown(&RULE, attached(outside("arn:aws:iam::123456789012:policy/our-bedrock")));
        is_unknown(&RULE, attached(unclear()));
        let mut document = allow(&["bedrock:InvokeModel"], &["*"]);
        if let Value::Known(document) = &mut document {
            document.statements[0].actions = vec![unclear()];
        }
        is_unknown(&RULE, project().with("role", Role { inline: vec![document], ..Role::default() }));
        is_unknown(&RULE, project());
        does_not_apply(&RULE, world().with("role", Role::default()));
    }
}
