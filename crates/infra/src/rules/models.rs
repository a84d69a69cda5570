//! The Bedrock models that a project uses: in its code, in the environment of what it runs, in its policies.

use super::environments::variables;
use super::facts::Facts;
use super::judgement::Seen;
use super::policies;
use crate::inventory::Link;
use crate::usage::{named, split};
use crate::value::Value;
use std::collections::BTreeSet;

/// A model and where it is named.
pub(crate) struct Used {
    /// Model id or inference profile, without the ARN around it.
    pub(crate) id: String,
    /// Where.
    pub(crate) seen: Seen,
    /// Whether a policy names it, rather than code that calls it.
    pub(crate) is_in_policy: bool,
}

/// Every model that is named, in the order of environments, code and policies.
pub(crate) fn used(facts: &Facts) -> Vec<Used> {
    let mut models = Vec::new();
    let mut in_environments = Vec::new();
    for (resource, name, value) in variables(facts) {
        if let Some(id) = value.known().and_then(|value| named(value)) {
            let seen = Seen::resource(resource, &[], format!("{name} is {id}")).with_word(name);
            in_environments.push((resource.origin.file.as_str(), id));
            models.push(Used { id: id.to_owned(), seen, is_in_policy: false });
        }
    }
    for mention in &facts.repository.models {
        let id = named(&mention.value).unwrap_or(&mention.value);
        // A template is read as configuration too; what its environment says is said already.
        if !in_environments.contains(&(mention.origin.file.as_str(), id)) {
            models.push(Used { id: id.to_owned(), seen: Seen::mention(mention, format!("uses {id}")), is_in_policy: false });
        }
    }
    for (resource, statement) in policies::bedrock_statements(facts.inventory) {
        for link in &statement.resources {
            if let Value::Known(Link::Outside(arn)) = link
                && let Some(id) = named(arn)
            {
                models.push(Used {
                    id: id.to_owned(),
                    seen: Seen::part(resource, statement.line, &["Resource", "resources"], format!("allows {id}")).with_word(id),
                    is_in_policy: true,
                });
            }
        }
    }
    models
}

/// What a policy names to allow this model: with a profile, the model behind it in every region too.
pub(crate) fn arns(id: &str) -> Vec<String> {
    let Some((geography, model)) = split(id) else { return vec![format!("arn:aws:bedrock:*::foundation-model/{id}")] };
    // The global profile asks for the model in no region at all.
    let region = if geography == "global" { "" } else { "*" };
    vec![format!("arn:aws:bedrock:*:*:inference-profile/{id}"), format!("arn:aws:bedrock:{region}::foundation-model/{model}")]
}

/// The ids of all models that code or environments call.
pub(crate) fn called(facts: &Facts) -> BTreeSet<String> {
    used(facts).into_iter().filter(|model| !model.is_in_policy).map(|model| model.id).collect()
}

/// Whether the id is an inference profile: a geography before the model's id.
pub(crate) fn is_profile(id: &str) -> bool {
    split(id).is_some()
}
