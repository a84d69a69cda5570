//! What the configuration needs, entry by entry.

use super::document::{Effect, Statement};
use super::evaluate::Context;
use super::profiles;
use crate::usage::{GEOGRAPHIES, named, split};

/// The actions of a model that is asked, whole or streamed. Converse and ConverseStream are allowed by the same two.
const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// An account's number, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// Twelve digits.
    Known(String),
    /// Not known here. Templates say so in their language; plain JSON has a `*`.
    Unknown,
}

impl Account {
    /// As an ARN has it.
    pub(super) fn in_arn(&self) -> &str {
        match self {
            Account::Known(number) => number,
            Account::Unknown => "*",
        }
    }
}

/// Something that the configuration needs to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The configuration entry, as it is written: `model = "bedrock/us.anthropic.claude-haiku-5-5"`.
    pub entry: String,
    /// Actions.
    pub actions: Vec<String>,
    /// ARNs. With an unknown account its place is a `*`; nothing else is a pattern.
    pub resources: Vec<String>,
    /// What had to be taken on trust, in sentences.
    pub notes: Vec<String>,
    /// The inference profile that the models are reached through.
    profile: Option<String>,
}

/// One thing that must be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The action.
    pub action: String,
    /// The ARN.
    pub resource: String,
    /// What the request carries beside them.
    pub context: Context,
}

/// A model whose ARNs cannot be told.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnknownModel(String);

impl Need {
    /// What asking a model of Bedrock needs. `model` is an id, an inference profile or an ARN, with or without `bedrock/` before it;
    /// `region` is the one that requests are sent to.
    ///
    /// # Errors
    /// It is no such thing.
    pub fn model(entry: &str, model: &str, region: &str, account: &Account) -> Result<Need, UnknownModel> {
        let id = model.strip_prefix("bedrock/").unwrap_or(model);
        let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'_' | b'/'));
        if id.is_empty() || !is_plain(id) {
            return Err(UnknownModel(format!("{model:?} is neither a model id, nor an inference profile, nor an ARN of Bedrock")));
        }
        if !super::is_region(region) {
            return Err(UnknownModel(format!("{region:?} is not a region of AWS")));
        }
        let need =
            Need { entry: entry.to_owned(), actions: INVOKE.map(str::to_owned).to_vec(), resources: Vec::new(), notes: Vec::new(), profile: None };
        if id.starts_with("arn:") {
            return need.arn(id);
        }
        if id.contains('/') || !id.contains('.') {
            return Err(UnknownModel(format!("{model:?} is no model id of Bedrock; one reads maker.model, such as us.anthropic.claude-haiku-5-5")));
        }
        let partition = partition(region);
        match split(id) {
            Some((geography, model)) if !is_called_from(geography, region) => Err(UnknownModel(format!(
                "{region} cannot reach {id}: the profiles of {geography} are for other regions; take {}",
                profiles::of_region(region).map_or_else(|| format!("global.{model}"), |own| format!("{own}.{model} or global.{model}"))
            ))),
            None if id.split_once('.').is_some_and(|(_, rest)| named(rest).is_some()) => {
                Err(UnknownModel(format!("{id} begins with no geography that is known here ({})", GEOGRAPHIES.join(", "))))
            }
            Some((geography, model)) => {
                let profile = format!("arn:{partition}:bedrock:{region}:{}:inference-profile/{id}", account.in_arn());
                Ok(need.through(profile, partition, region, geography, model))
            }
            None => Ok(Need { resources: vec![foundation_model(partition, region, id)], ..need }),
        }
    }

    /// A model in whatever regions a profile covers.
    fn through(mut self, profile: String, partition: &str, region: &str, geography: &str, model: &str) -> Need {
        self.resources.push(profile.clone());
        self.profile = Some(profile);
        self.resources.push(foundation_model(partition, region, model));
        match profiles::find(geography, model) {
            // The global profile is asked for by the model's ARN without a region, in all regions at once.
            None => self.resources.push(foundation_model(partition, "", model)),
            Some(row) => {
                let others = row.regions.iter().filter(|other| *other != region);
                self.resources.extend(others.map(|other| foundation_model(partition, other, model)));
                if !row.verified {
                    self.notes.push(format!(
                        "No public page confirms which regions {geography}.{model} sends requests to; they are as known on {}: {}. Compare them with: \
                         aws bedrock get-inference-profile --inference-profile-identifier {geography}.{model}",
                        row.as_of, row.source
                    ));
                }
            }
        }
        self
    }

    /// An ARN as it is given, and what stands behind it as far as its text tells.
    fn arn(mut self, arn: &str) -> Result<Need, UnknownModel> {
        let wrong = || UnknownModel(format!("{arn:?} is not the ARN of a model or an inference profile of Bedrock"));
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, partition, "bedrock", region, _, resource] = parts[..] else { return Err(wrong()) };
        let (kind, id) = resource.split_once('/').ok_or_else(wrong)?;
        match kind {
            "inference-profile" => {
                let (geography, model) = split(id).ok_or_else(wrong)?;
                return Ok(self.through(arn.to_owned(), partition, region, geography, model));
            }
            "application-inference-profile" => {
                let lacks = "An application inference profile does not say which model and regions stand behind it, and these must be allowed too. \
                     Ask aws bedrock get-inference-profile for them, and name the models it lists.";
                self.notes.push(lacks.to_owned());
                self.profile = Some(arn.to_owned());
            }
            "foundation-model" | "provisioned-model" | "imported-model" | "custom-model-deployment" | "prompt-router" | "default-prompt-router" => {}
            _ => return Err(wrong()),
        }
        if kind.ends_with("prompt-router") {
            self.notes.push("A prompt router asks other models, which must be allowed too; aws bedrock get-prompt-router lists them.".to_owned());
        }
        self.resources.push(arn.to_owned());
        Ok(self)
    }

    /// Everything that must be allowed, one by one.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants = Vec::new();
        for action in &self.actions {
            for resource in &self.resources {
                // The program signs with keys that no second factor stands behind, and asks for no guardrail.
                let mut context: Context =
                    ["aws:MultiFactorAuthPresent", "bedrock:GuardrailIdentifier"].map(|key| (key.to_owned(), Vec::new())).into();
                let through = self.profile.iter().filter(|profile| *profile != resource);
                context.insert("bedrock:InferenceProfileArn".to_owned(), through.cloned().collect());
                let region = resource.split(':').nth(3).filter(|region| !region.is_empty()).unwrap_or("unspecified");
                context.insert("aws:RequestedRegion".to_owned(), vec![region.to_owned()]);
                context.insert("aws:SecureTransport".to_owned(), vec!["true".to_owned()]);
                grants.push(Grant { action: action.clone(), resource: resource.clone(), context });
            }
        }
        grants
    }

    /// The statement that gives all of it, and nothing else.
    pub fn statement(&self) -> Statement {
        Statement {
            sid: sid(&self.entry),
            effect: Effect::Allow,
            actions: self.actions.clone(),
            resources: self.resources.clone(),
            ..Statement::default()
        }
    }
}

/// Whether requests to a geography's profiles may be sent from a region. Profiles are offered in the geography itself and in some regions
/// around it, so that only what is surely wrong is refused.
fn is_called_from(geography: &str, region: &str) -> bool {
    let beginnings: &[&str] = match geography {
        "us" => &["us-", "ca-", "mx-", "sa-"],
        "ca" => &["ca-"],
        "eu" => &["eu-", "il-", "me-", "af-"],
        "apac" | "au" | "jp" => &["ap-", "me-", "il-"],
        "us-gov" => &["us-gov-"],
        _ => return true,
    };
    beginnings.iter().any(|beginning| region.starts_with(beginning)) && (geography == "us-gov" || !region.starts_with("us-gov-"))
}

pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn foundation_model(partition: &str, region: &str, model: &str) -> String {
    format!("arn:{partition}:bedrock:{region}::foundation-model/{model}")
}

/// An entry's words as a Sid, which has letters and digits only: `ModelBedrockUsAnthropicClaudeHaiku55`.
fn sid(entry: &str) -> String {
    let words = entry.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(model: &str, region: &str) -> Need {
        Need::model("model", model, region, &Account::Known("123456789012".to_owned())).unwrap()
    }

    #[test]
    fn each_form_of_a_model_has_its_arns() {
        assert_eq!(need("amazon.nova-lite-v1:0", "us-east-1").resources, ["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"]);
        assert_eq!(
            need("bedrock/us.anthropic.claude-haiku-5-5", "us-east-1").resources,
            [
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-5-5",
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-5-5",
                "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-haiku-5-5",
                "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-haiku-5-5",
            ]
        );
        assert_eq!(
            need("global.anthropic.claude-haiku-5-5", "sa-east-1").resources[1..],
            [
                "arn:aws:bedrock:sa-east-1::foundation-model/anthropic.claude-haiku-5-5",
                "arn:aws:bedrock:::foundation-model/anthropic.claude-haiku-5-5"
            ]
        );
        // A region that only sends is allowed too.
        assert!(need("us.anthropic.claude-haiku-5-5", "us-west-1").resources[1].contains(":us-west-1::"));
        assert!(need("us-gov.anthropic.claude-haiku-5-5", "us-gov-west-1").resources[0].starts_with("arn:aws-us-gov:"));
        let profile = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0";
        assert_eq!(need(profile, "us-east-1").resources.len(), 7);
    }

    #[test]
    fn regions_that_nobody_confirms_are_noted() {
        let notes = |model: &str, region: &str| need(model, region).notes.join("\n");
        for (model, region) in
            [("us.anthropic.claude-haiku-5-5", "us-east-1"), ("eu.anthropic.claude-haiku-5-5", "eu-west-1"), ("us.x.y", "us-east-1")]
        {
            assert!(notes(model, region).contains(&format!("--inference-profile-identifier {model}")), "{model}");
        }
        for (model, region) in [("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1"), ("global.anthropic.claude-haiku-5-5", "us-east-1")] {
            assert_eq!(notes(model, region), "", "{model}");
        }
    }

    #[test]
    fn what_an_arn_does_not_tell_is_said() {
        let need = need("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc", "us-east-1");
        assert_eq!(need.resources.len(), 1);
        assert!(need.notes[0].contains("get-inference-profile"));
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for model in ["", "gpt-4o", "bedrock/", "us.*", "arn:aws:s3:::bucket", "arn:aws:bedrock:us-east-1:1:guardrail/x", "a b.c", "openai/gpt.4"] {
            assert!(Need::model("model", model, "us-east-1", &Account::Unknown).is_err(), "{model}");
        }
        let said = |model: &str, region: &str| Need::model("model", model, region, &Account::Unknown).unwrap_err().to_string();
        let elsewhere = said("eu.anthropic.claude-haiku-5-5", "us-east-1");
        assert!(elsewhere.ends_with("take us.anthropic.claude-haiku-5-5 or global.anthropic.claude-haiku-5-5"), "{elsewhere}");
        assert!(said("us.anthropic.claude-haiku-5-5", "us-gov-west-1").contains("us-gov.anthropic.claude-haiku-5-5"));
        assert!(said("sa.anthropic.claude-haiku-5-5", "sa-east-1").contains("no geography that is known here"));
        assert!(Need::model("model", "amazon.nova-lite-v1:0", "mars-1", &Account::Unknown).is_err());
    }
}
