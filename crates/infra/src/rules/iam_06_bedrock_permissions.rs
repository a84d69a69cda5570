//! IAM-06: a role or user may ask Bedrock, at once and as a stream.

use super::policies::{INVOKE, allows, documents_of};
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
        if attached.iter().filter_map(Value::known).any(|link| matches!(link, Link::Outside(name) if name.ends_with("/AmazonBedrockFullAccess"))) {
            tally.good(Seen::resource(resource, &[], "AWS's policy AmazonBedrockFullAccess is attached to it"));
            continue;
        }
        let documents = documents_of(facts.inventory, inline, attached);
        let statements: Vec<_> = documents.iter().filter_map(|document| document.known()).flat_map(|document| &document.statements).collect();
        let [whole, stream] = INVOKE.map(|action| statements.iter().any(|s| s.effect.holds(true, |e| e == "Allow") == Some(true) && allows(s, action) == Some(true)));
        match (whole, stream) {
            (true, true) => tally.good(Seen::resource(resource, &[], "it may invoke models, at once and as a stream")),
            (true, false) => tally.bad(Seen::resource(resource, &[], "it may invoke models, but not as a stream (bedrock:InvokeModelWithResponseStream)")),
            (false, true) => tally.bad(Seen::resource(resource, &[], "it may invoke models as a stream, but not at once (bedrock:InvokeModel)")),
            (false, false) => {
                if let Some(Value::Unknown(why)) = documents.iter().find(|document| document.is_unknown()) {
                    tally.unclear(Seen::resource(resource, &[], format!("its policy cannot be told: {why}")));
                }
            }
        }
    }
    tally.close(|| facts.none_of("a role or user that may invoke Bedrock models"))
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
    fn both_actions_are_needed() {
        let both = allow(&["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], &[MODEL]);
        passes(&RULE, project().with("role", Role { inline: vec![both.clone()], ..Role::default() }));
        let declared = Policy { document: both, ..Policy::default() };
        passes(&RULE, project().with("policy", declared).with("role", Role { attached: vec![to("policy")], ..Role::default() }));
        fails(&RULE, project().with("role", Role { inline: vec![allow(&["bedrock:InvokeModel"], &[MODEL])], ..Role::default() }));
    }

    #[test]
    fn nobody_who_may_is_a_failure_and_an_unreadable_policy_is_not() {
        fails(&RULE, project().with("role", Role::default()));
        is_unknown(&RULE, project().with("role", Role { inline: vec![unclear()], ..Role::default() }));
        is_unknown(&RULE, project());
        does_not_apply(&RULE, world().with("role", Role::default()));
    }
}
