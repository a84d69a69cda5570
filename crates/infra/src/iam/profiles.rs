//! Which regions an inference profile sends requests to: dated data.

use serde::Deserialize;
use std::sync::LazyLock;

/// What the table knows of a profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    geography: String,
    models: String,
    pub(crate) regions: Vec<String>,
    pub(crate) as_of: String,
    pub(super) source: String,
    pub(crate) verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<Profile>,
}

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("profiles.toml")).expect("a test reads the table");
    file.profile
});

/// The geography of a profile's id and its model: `us` and `anthropic.claude-haiku-5-5`. `None` for a plain model id.
pub(super) fn split(id: &str) -> Option<(&str, &str)> {
    let (geography, model) = id.split_once('.')?;
    let is_known = geography == "global" || PROFILES.iter().any(|profile| profile.geography == geography);
    is_known.then_some((geography, model))
}

/// The row of this profile: the model's own, else the geography's.
pub(super) fn find(geography: &str, model: &str) -> Option<&'static Profile> {
    let fits = PROFILES.iter().filter(|profile| profile.geography == geography && model.starts_with(&profile.models));
    fits.max_by_key(|profile| profile.models.len())
}

/// The row of the profile with this id: `us.anthropic.claude-haiku-5-5`.
pub(crate) fn of_profile(id: &str) -> Option<&'static Profile> {
    split(id).and_then(|(geography, model)| find(geography, model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_own_row_comes_before_its_geographys() {
        assert_eq!(split("us.anthropic.claude-haiku-5-5"), Some(("us", "anthropic.claude-haiku-5-5")));
        assert_eq!(split("anthropic.claude-haiku-5-5"), None);
        assert_eq!(find("eu", "anthropic.claude-haiku-4-5-20251001-v1:0").unwrap().regions.len(), 6);
        assert_eq!(find("eu", "anthropic.claude-haiku-5-5").unwrap().regions.len(), 8);
        assert!(PROFILES.iter().all(|p| !p.source.is_empty() && p.as_of.len() == 10));
    }
}
