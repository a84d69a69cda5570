//! Model ids of Bedrock: which texts are one, what people call it, and when it ends.

use super::tables::{GEOGRAPHIES, MODEL_FAMILIES};
use domain::model::ModelRef;
use domain::prices::Prices;
use std::fmt;

/// A model id as it stands in code or configuration, when the whole text is one: plain, through an inference profile, as an ARN, with
/// the prefix of a library that calls several vendors.
pub(crate) fn model_id(text: &str) -> Option<&str> {
    let bare = without_library(text);
    if is_model_arn(bare) || is_profile_or_model(bare) { Some(bare) } else { None }
}

fn without_library(text: &str) -> &str {
    let text = text.trim();
    let prefixes = ["bedrock/converse/", "bedrock/invoke/", "bedrock_converse/", "amazon-bedrock/", "bedrock/", "bedrock:"];
    prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text)
}

fn is_model_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let begins = parts.next() == Some("arn") && parts.next().is_some_and(|partition| partition.starts_with("aws")) && parts.next() == Some("bedrock");
    let kinds =
        ["foundation-model/", "inference-profile/", "application-inference-profile/", "provisioned-model/", "imported-model/", "custom-model/"];
    // A pattern of a policy grants a model, and a place-holder names none.
    begins && parts.nth(2).is_some_and(|resource| kinds.iter().any(|kind| resource.starts_with(kind))) && !text.contains(['*', '$', '{', '<', ' '])
}

/// The model or inference profile that an id, or an ARN of a policy, names by AWS's own name for it. `None` for patterns, and for ARNs
/// that hold an id which only an account knows.
pub(crate) fn named(text: &str) -> Option<&str> {
    let bare = without_library(text);
    let id = if bare.starts_with("arn:") { bare.rsplit('/').next()? } else { bare };
    is_profile_or_model(id).then_some(id)
}

/// The geography of an inference profile and the model behind it: `us` and `anthropic.claude-haiku-5-5`. `None` for a plain model id.
pub(crate) fn split(id: &str) -> Option<(&str, &str)> {
    id.split_once('.').filter(|(first, _)| GEOGRAPHIES.contains(first))
}

fn is_profile_or_model(text: &str) -> bool {
    let text = split(text).map_or(text, |(_, model)| model);
    let Some((maker, model)) = text.split_once('.') else { return false };
    let Some((_, families)) = MODEL_FAMILIES.iter().find(|(known, _)| *known == maker) else { return false };
    let is_name = model.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b':' | b'_'));
    // A family alone, such as `anthropic.claude`, is a word for many models.
    is_name && families.iter().any(|family| model.strip_prefix(family).is_some_and(|rest| rest.contains(|c: char| c.is_ascii_alphanumeric())))
}

/// What people call a model: `Claude 3 Haiku` for `us.anthropic.claude-3-haiku-20240307-v1:0`. `None` for ARNs that only hold an id of
/// AWS's own.
pub fn model_name(id: &str) -> Option<String> {
    let id = id.rsplit('/').next()?;
    let id = split(id).map_or(id, |(_, model)| model);
    let (_, model) = id.split_once('.')?;
    let model = model.split(':').next()?;
    let mut name = String::new();
    let mut was_number = false;
    for part in model.split('-') {
        let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_date = is_number && part.len() == 8;
        let is_version = part.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        if part.is_empty() || is_date || is_version {
            continue;
        }
        // `3-5` is a version in two parts.
        let between = if name.is_empty() {
            ""
        } else if is_number && was_number {
            "."
        } else {
            " "
        };
        name.push_str(between);
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        was_number = is_number;
    }
    (!name.is_empty()).then_some(name)
}

/// When a model ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The model as configured.
    pub model: String,
    /// The day from which it does not answer.
    pub end_of_life: String,
    /// Whether that day has come.
    pub is_over: bool,
    /// What to use instead.
    pub successor: Option<String>,
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tense = if self.is_over { "past its end of life on" } else { "reaches its end of life on" };
        write!(f, "{tense} {}", self.end_of_life)?;
        match &self.successor {
            Some(successor) => write!(f, "; use {successor}"),
            None => Ok(()),
        }
    }
}

/// A model's end by the price list. `None`: the list has no day for it.
pub(super) fn lifecycle(id: &str, prices: &Prices, today: &str) -> Option<Lifecycle> {
    let row = prices.row(&ModelRef::parse(&format!("bedrock/{id}"))?)?;
    let end_of_life = row.end_of_life.clone()?;
    // Days written as YYYY-MM-DD sort as text.
    let is_over = end_of_life.as_str() <= today;
    Some(Lifecycle { model: id.to_owned(), end_of_life, is_over, successor: row.successor.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_ids_are_known_from_names_that_look_like_them() {
        for id in [
            "anthropic.claude-3-haiku-20240307-v1:0",
            "us.anthropic.claude-haiku-5-5",
            "global.anthropic.claude-sonnet-5-5",
            "amazon.titan-embed-text-v2:0",
            "meta.llama3-1-70b-instruct-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        ] {
            assert_eq!(model_id(id), Some(id));
        }
        assert_eq!(model_id("bedrock/us.amazon.nova-lite-v1:0"), Some("us.amazon.nova-lite-v1:0"));
        for other in [
            "amazon.com",
            "meta.json",
            "anthropic.claude",
            "anthropic.claude-",
            "openai.gpt-4o",
            "use anthropic.claude-3-haiku-20240307-v1:0",
            "us.east",
            // Hosts and a password whose first word is a maker's name.
            "api.openai.com",
            "www.amazon.com",
            "google.com",
            "mistral.ai",
            "writer.s3cr3t-P4ss:word",
        ] {
            assert_eq!(model_id(other), None, "{other}");
            assert_eq!(named(other), None, "{other}");
        }
        assert_eq!(model_id("arn:aws:bedrock:*::foundation-model/anthropic.claude-*"), None);
        assert_eq!(named("arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5"), Some("anthropic.claude-haiku-5-5"));
        assert_eq!(named("arn:aws:bedrock:*::foundation-model/anthropic.claude-*"), None);
        assert_eq!(named("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"), None);
        assert_eq!(split("jp.anthropic.claude-sonnet-5"), Some(("jp", "anthropic.claude-sonnet-5")));
        assert_eq!(split("anthropic.claude-sonnet-5"), None);
    }

    #[test]
    fn models_have_the_names_people_use() {
        for (id, name) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku"),
            ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet"),
            ("eu.anthropic.claude-haiku-5-5", "Claude Haiku 5.5"),
            ("amazon.nova-lite-v1:0", "Nova Lite"),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-5-5", "Claude Haiku 5.5"),
        ] {
            assert_eq!(model_name(id).as_deref(), Some(name));
        }
        assert_eq!(model_name("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"), None);
    }
}
