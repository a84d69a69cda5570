//! What a repository's code and configuration say of its use of AWS, as the rules need it.

use crate::inventory::Origin;
use crate::usage::{Credentials, Evidence, Fact, Usage};

/// What code, environment templates, images and workflows mention. Comments and documentation are no use and do not come in here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepositoryFacts {
    /// SDK clients, such as `boto3 bedrock-runtime`.
    pub sdks: Vec<Mention>,
    /// Bedrock model ids, inference profiles and ARNs.
    pub models: Vec<Mention>,
    /// Regions.
    pub regions: Vec<Mention>,
    /// Places that take a long-lived access key: `AWS_SECRET_ACCESS_KEY` in an environment template, `aws_access_key_id=` in code.
    /// The value reads as what is taken: "an access key".
    pub access_keys: Vec<Mention>,
    /// Calls that ask a model for its answer bit by bit.
    pub streams: Vec<Mention>,
    /// Access keys written into the files, their value cut short.
    pub hard_coded: Vec<Mention>,
}

/// One place that mentions something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What is mentioned.
    pub value: String,
    /// Where.
    pub origin: Origin,
    /// The words there. Secrets are cut short.
    pub quote: String,
}

impl RepositoryFacts {
    /// The facts of a repository's use.
    pub fn of(usage: &Usage) -> RepositoryFacts {
        let mention = |value: &str, evidence: &Evidence| {
            let origin = Origin { file: evidence.file.clone(), line: evidence.line, path: String::new() };
            Mention { value: value.to_owned(), origin, quote: evidence.quote.clone() }
        };
        let streams = usage.streams.iter().map(|evidence| mention("a stream", evidence)).collect();
        let mut facts = RepositoryFacts { streams, ..RepositoryFacts::default() };
        for configured in &usage.configured {
            let (list, value) = match &configured.fact {
                Fact::Client { service, sdk } => (&mut facts.sdks, format!("{sdk} {service}")),
                Fact::Service(service) => (&mut facts.sdks, service.clone()),
                Fact::Model(model) => (&mut facts.models, model.clone()),
                Fact::Region { region, .. } => (&mut facts.regions, region.clone()),
                Fact::Credentials(Credentials::KeyId | Credentials::KeySecret) => (&mut facts.access_keys, "an access key".to_owned()),
                Fact::PipelineCredentials(Credentials::KeyId | Credentials::KeySecret) => {
                    (&mut facts.access_keys, "a pipeline's access key".to_owned())
                }
                Fact::HardCodedKey(masked) => (&mut facts.hard_coded, masked.clone()),
                _ => continue,
            };
            list.extend(configured.evidence.iter().map(|evidence| mention(&value, evidence)));
        }
        facts
    }

    /// Where Bedrock is used: its clients and its models.
    pub fn bedrock(&self) -> impl Iterator<Item = &Mention> {
        self.sdks.iter().filter(|sdk| sdk.value.to_lowercase().contains("bedrock")).chain(&self.models)
    }
}
