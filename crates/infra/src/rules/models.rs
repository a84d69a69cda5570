//! The Bedrock models that a project uses: in its code, in the environment of what it runs, in its policies.

use super::facts::Facts;
use super::judgement::Seen;
use super::policies;
use crate::inventory::Link;
use crate::inventory::compute::{Function, TaskDefinition};
use crate::value::Value;

/// A model and where it is named.
pub(crate) struct Used {
    /// Model id or inference profile, without the ARN around it.
    pub(crate) id: String,
    /// Where.
    pub(crate) seen: Seen,
    /// Whether a policy names it, rather than code that calls it.
    pub(crate) is_in_policy: bool,
}

/// The vendors whose names begin a Bedrock model id.
const VENDORS: &[&str] = &[
    "anthropic",
    "amazon",
    "meta",
    "mistral",
    "cohere",
    "ai21",
    "deepseek",
    "openai",
    "qwen",
    "stability",
    "writer",
    "twelvelabs",
    "google",
    "minimax",
    "moonshot",
    "nvidia",
];
/// The geographies whose names begin an inference profile.
const GEOGRAPHIES: &[&str] = &["us", "us-gov", "eu", "apac", "au", "jp", "ca", "global"];

/// Every model that is named, in the order of environments, code and policies.
pub(crate) fn used(facts: &Facts) -> Vec<Used> {
    let mut models = Vec::new();
    let environments = facts
        .all::<TaskDefinition>()
        .flat_map(|(resource, task)| task.containers.iter().map(move |container| (resource, &container.environment)))
        .chain(facts.all::<Function>().map(|(resource, function)| (resource, &function.environment)));
    let mut in_environments = Vec::new();
    for (resource, environment) in environments {
        for (name, value) in environment {
            if let Some(id) = value.known().and_then(|value| model_id(value)) {
                let seen = Seen::resource(resource, &[], format!("{name} is {id}")).with_word(name);
                in_environments.push((resource.origin.file.as_str(), id));
                models.push(Used { id: id.to_owned(), seen, is_in_policy: false });
            }
        }
    }
    for mention in &facts.repository.models {
        let id = bare(&mention.value);
        // A template is read as configuration too; what its environment says is said already.
        if !in_environments.contains(&(mention.origin.file.as_str(), id)) {
            models.push(Used { id: id.to_owned(), seen: Seen::mention(mention, format!("uses {id}")), is_in_policy: false });
        }
    }
    for (resource, statement) in policies::bedrock_statements(facts.inventory) {
        for link in &statement.resources {
            if let Value::Known(Link::Outside(arn)) = link
                && let Some(id) = model_id(arn).filter(|id| !id.contains('*'))
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

/// The model id in a value: `bedrock/…`, an ARN, or the id itself.
pub(crate) fn model_id(value: &str) -> Option<&str> {
    let id = bare(value);
    let without_geography = id.split_once('.').filter(|(first, _)| GEOGRAPHIES.contains(first)).map_or(id, |(_, rest)| rest);
    let (vendor, rest) = without_geography.split_once('.')?;
    (VENDORS.contains(&vendor) && !rest.is_empty() && !rest.contains(char::is_whitespace)).then_some(id)
}

/// Whether the id is an inference profile: a geography before the model's id.
pub(crate) fn is_profile(id: &str) -> bool {
    id.split_once('.').is_some_and(|(first, _)| GEOGRAPHIES.contains(&first))
}

fn bare(value: &str) -> &str {
    let value = value.strip_prefix("bedrock/").unwrap_or(value);
    if value.starts_with("arn:") { value.rsplit('/').next().unwrap_or(value) } else { value }
}
