//! What an entry says of AWS, whatever language it stands in.

use super::entries::Entry;
use super::models::model_id;
use super::{Credentials, Fact, tables};

/// What is known of the file around an entry.
#[derive(Clone, Copy, Default)]
pub(super) struct Around {
    /// An SDK is imported or AWS configured, so that `region` can only be one of AWS.
    pub(super) is_aws: bool,
    /// A client of Bedrock is made, so that what is called a model's id is one whoever made it.
    pub(super) asks_models: bool,
    /// It is a pipeline, whose credentials deploy and do not run.
    pub(super) is_pipeline: bool,
    /// It declares infrastructure, where a model's ARN is granted and not used.
    pub(super) is_template: bool,
}

/// What names of an access key come to once letters and digits alone are left, in code that knows AWS by another sign, and anywhere.
const KEY_NAMES: &[(&str, Credentials, bool)] = &[
    ("awsaccesskeyid", Credentials::KeyId, true),
    ("awsaccesskey", Credentials::KeyId, true),
    ("awssecretaccesskey", Credentials::KeySecret, true),
    ("awssecretkey", Credentials::KeySecret, true),
    ("accesskeyid", Credentials::KeyId, false),
    ("secretaccesskey", Credentials::KeySecret, false),
    ("awsrolearn", Credentials::Role, true),
    ("roletoassume", Credentials::Role, true),
    ("awswebidentitytokenfile", Credentials::Role, true),
    ("assumerole", Credentials::Role, false),
    ("assumerolecommand", Credentials::Role, false),
    ("awsprofile", Credentials::Profile, true),
    ("profilename", Credentials::Profile, false),
    // Constructors of fixed credentials, which take both halves.
    ("newstaticcredentialsprovider", Credentials::KeySecret, false),
    ("newstaticcredentials", Credentials::KeySecret, false),
    ("awsbasiccredentials", Credentials::KeySecret, false),
    ("basicawscredentials", Credentials::KeySecret, false),
];

/// Adds what an entry says.
pub(super) fn of_entry(entry: &Entry<'_>, around: Around, facts: &mut Vec<(u32, Fact)>) {
    let mut add = |fact| facts.push((entry.line, fact));
    for value in values(entry.value) {
        if let Some(id) = model_id(value).filter(|id| !(around.is_template && id.starts_with("arn:"))) {
            add(Fact::Model(id.to_owned()));
        } else if around.asks_models && is_called_model(entry, value) {
            add(Fact::Model(value.to_owned()));
        }
        if let Some(fact) = region(entry, value, around) {
            add(fact);
        }
        if let Some((service, region)) = endpoint(value) {
            add(Fact::Service(tables::service_id(service)));
            if let Some(region) = region {
                add(Fact::Region { region: region.to_owned(), is_default: entry.is_default, is_named: true });
            }
        }
    }
    if around.is_template {
        return;
    }
    for word in [entry.name, entry.value] {
        if let Some(credentials) = credentials(word, around) {
            add(if around.is_pipeline { Fact::PipelineCredentials(credentials) } else { Fact::Credentials(credentials) });
        }
    }
}

/// Whether something is given as a model's id and has the form of one: `maker.model`.
fn is_called_model(entry: &Entry<'_>, value: &str) -> bool {
    let name: String = entry.name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let is_word = |text: &str| text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
    matches!(name.as_str(), "modelid" | "bedrockmodelid") && value.split_once('.').is_some_and(|(maker, model)| is_word(maker) && is_word(model))
}

/// A value's parts when it is a list, else the value. Prose with commas is no list.
fn values(value: &str) -> Vec<&str> {
    let trimmed = value.trim().trim_start_matches('[').trim_end_matches(']');
    let parts: Vec<&str> = trimmed.split(',').map(|part| part.trim().trim_matches(['"', '\''])).collect();
    if parts.len() > 1 && parts.iter().all(|part| !part.contains(char::is_whitespace)) { parts } else { vec![value.trim()] }
}

fn region(entry: &Entry<'_>, value: &str, around: Around) -> Option<Fact> {
    if !(9..=14).contains(&value.len()) {
        return None;
    }
    // Java spells regions as constants.
    let spelled = value.to_ascii_lowercase().replace('_', "-");
    let region = tables::REGIONS.iter().find(|region| **region == spelled)?;
    let name = entry.name.to_ascii_lowercase();
    if !name.contains("region") && !name.contains("aws") {
        return None;
    }
    // Several are a choice; what runs is in one of them.
    if name.contains("regions") && value.len() < entry.value.trim().len() {
        return None;
    }
    let is_named = around.is_aws || name.contains("aws") || name.contains("bedrock");
    Some(Fact::Region { region: (*region).to_owned(), is_default: entry.is_default, is_named })
}

/// The service and region of an endpoint's address, the latter when the text has it.
fn endpoint(value: &str) -> Option<(&str, Option<&str>)> {
    let host = value.strip_prefix("https://")?.split(['/', ':']).next()?;
    let (service, region) = host.strip_suffix(".amazonaws.com")?.split_once('.')?;
    // A bucket's address has the service in the middle.
    let is_service = service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let known = tables::REGIONS.contains(&region).then_some(region);
    // The region may be filled in at run time; anything else is another kind of host, such as a VPC endpoint's.
    let is_filled_in = region.starts_with(['{', '$']) && region.ends_with('}');
    (is_service && (known.is_some() || is_filled_in)).then_some((service, known))
}

fn credentials(word: &str, around: Around) -> Option<Credentials> {
    if !(9..=40).contains(&word.len()) || word.contains(char::is_whitespace) {
        return None;
    }
    let letters: String = word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let (_, credentials, _) = KEY_NAMES.iter().find(|(name, _, anywhere)| *name == letters && (*anywhere || around.is_aws))?;
    Some(*credentials)
}
