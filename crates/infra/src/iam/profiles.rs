//! Which regions an inference profile sends requests to: dated data.

use crate::usage::split;
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

/// The geography that a region belongs to, the narrowest when there are several. `None`: no profile sends requests to that region.
pub(crate) fn of_region(region: &str) -> Option<&'static str> {
    let around = PROFILES.iter().filter(|profile| profile.regions.iter().any(|of| of == region));
    around.min_by_key(|profile| profile.regions.len()).map(|profile| profile.geography.as_str())
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
    use crate::usage::GEOGRAPHIES;

    #[test]
    fn every_geography_but_the_global_one_has_its_regions() {
        for geography in GEOGRAPHIES {
            assert_eq!(find(geography, "maker.model").is_some(), *geography != "global", "{geography}");
        }
        assert!(PROFILES.iter().all(|profile| GEOGRAPHIES.contains(&profile.geography.as_str())));
    }

    #[test]
    fn a_region_has_the_narrowest_geography_around_it() {
        for (region, geography) in
            [("us-east-1", "us"), ("eu-central-1", "eu"), ("ap-northeast-1", "jp"), ("ap-south-1", "apac"), ("us-gov-west-1", "us-gov")]
        {
            assert_eq!(of_region(region), Some(geography));
        }
        assert_eq!(of_region("sa-east-1"), None);
    }

    #[test]
    fn a_models_own_row_comes_before_its_geographys() {
        assert_eq!(find("eu", "anthropic.claude-haiku-4-5-20251001-v1:0").unwrap().regions.len(), 6);
        assert_eq!(find("eu", "anthropic.claude-haiku-5-5").unwrap().regions.len(), 8);
        assert!(PROFILES.iter().all(|p| !p.source.is_empty() && p.as_of.len() == 10));
    }
}
