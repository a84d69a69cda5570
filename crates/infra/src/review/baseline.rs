//! An earlier review to compare with: what it knew already is no news.

use super::{Check, Status};
use domain::finding::Evidence;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What failed in an earlier review, by rule: the resources or places at fault.
#[derive(Clone, Debug, Default)]
pub struct Baseline(BTreeMap<String, BTreeSet<String>>);

/// A file that is no review.
#[derive(Debug, thiserror::Error)]
#[error("the baseline is not a review as `infra review -o json` prints it")]
pub struct InvalidBaseline(#[source] serde_json::Error);

#[derive(Deserialize)]
struct Earlier {
    checks: Vec<EarlierCheck>,
}

#[derive(Deserialize)]
struct EarlierCheck {
    id: String,
    status: Status,
    #[serde(default)]
    evidence: Vec<Evidence>,
    suppressed: Option<serde::de::IgnoredAny>,
}

impl Baseline {
    /// Reads the JSON of an earlier review.
    ///
    /// # Errors
    /// The text is no such JSON.
    pub fn parse(json: &str) -> Result<Baseline, InvalidBaseline> {
        let earlier: Earlier = serde_json::from_str(json).map_err(InvalidBaseline)?;
        // What somebody bore for a while is news again when the while is over.
        let failed = earlier.checks.into_iter().filter(|check| check.status == Status::Fail && check.suppressed.is_none());
        Ok(Baseline(failed.map(|check| (check.id, check.evidence.iter().map(place).collect())).collect()))
    }

    /// Whether a failure was not there before, or is now at a place where it was not.
    pub fn is_new(&self, check: &Check) -> bool {
        match self.0.get(check.id) {
            None => true,
            Some(known) => check.evidence.iter().any(|evidence| !known.contains(&place(evidence))),
        }
    }
}

/// Lines move and resources keep their names, so the name counts where there is one, with what is wrong there: the port that is open, the
/// key that is written down. What was searched changes with every file.
fn place(evidence: &Evidence) -> String {
    match evidence {
        Evidence::File { path, place, note, .. } => {
            let file = || place.rsplit_once(':').map_or(place.as_str(), |(file, _)| file);
            format!("{} {}", path.as_deref().unwrap_or_else(file), note.as_deref().unwrap_or_default())
        }
        Evidence::Resource { .. } => "searched".to_owned(),
        Evidence::Event { event, .. } => event.to_string(),
    }
}
