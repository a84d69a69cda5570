//! `review.toml`: what people have answered, attested, and decided to bear for now.

use super::{Check, Day, QUESTIONS, Status};
use crate::rules;
use crate::rules::facts::count;
use domain::finding::Evidence;
use serde::{Deserialize, Serialize};

/// What people have decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Answers to the review's questions.
    pub answers: Vec<Answer>,
    /// What people vouch for.
    pub attestations: Vec<Attestation>,
    /// Failures that are borne for now.
    pub suppressions: Vec<Suppression>,
}

/// An answer to one of the review's questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question's id.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// Somebody vouches that a rule holds which no file can decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// The rule.
    #[serde(skip)]
    pub rule: String,
    /// Who.
    pub by: String,
    /// When.
    pub on: Day,
    /// The last day on which it counts.
    pub until: Day,
    /// What was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a failure is borne for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// The rule.
    #[serde(skip)]
    pub rule: String,
    /// The resource, when it is for one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Day,
    /// Whether it stands beside the resource rather than in a file of its own.
    #[serde(skip)]
    pub is_inline: bool,
}

/// A file of decisions that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidDecisions(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    answer: Vec<FileAnswer>,
    #[serde(default)]
    attestation: Vec<FileAttestation>,
    #[serde(default)]
    suppression: Vec<FileSuppression>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAnswer {
    question: String,
    answer: String,
}

/// What must be there is optional here, so that the error can say what to write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAttestation {
    rule: String,
    by: Option<String>,
    on: Option<Day>,
    until: Option<Day>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSuppression {
    rule: String,
    resource: Option<String>,
    reason: Option<String>,
    until: Option<Day>,
}

impl Decisions {
    /// Reads `review.toml`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Decisions, InvalidDecisions> {
        let file: File = toml::from_str(text).map_err(|error| InvalidDecisions(error.to_string()))?;
        let answers = file.answer.into_iter().map(answer).collect::<Result<_, _>>()?;
        let attestations = file.attestation.into_iter().map(attestation).collect::<Result<_, _>>()?;
        let suppressions = file.suppression.into_iter().map(suppression).collect::<Result<_, _>>()?;
        Ok(Decisions { answers, attestations, suppressions })
    }
}

fn answer(file: FileAnswer) -> Result<Answer, InvalidDecisions> {
    if !QUESTIONS.iter().any(|question| question.id == file.question) {
        let ids: Vec<&str> = QUESTIONS.iter().map(|question| question.id).collect();
        return Err(InvalidDecisions(format!("no question is called {:?}; they are {}", file.question, ids.join(", "))));
    }
    if file.answer.trim().is_empty() {
        return Err(InvalidDecisions(format!("the answer to {} is empty", file.question)));
    }
    Ok(Answer { question: file.question, answer: file.answer })
}

fn attestation(file: FileAttestation) -> Result<Attestation, InvalidDecisions> {
    let what = format!("the attestation of {}", file.rule);
    let rule = known_rule(&file.rule)?;
    let by = said(file.by, || format!("{what} names nobody; add by = \"your name\""))?;
    let on = file.on.ok_or_else(|| InvalidDecisions(format!("{what} has no day; add on = \"YYYY-MM-DD\"")))?;
    let until = file.until.ok_or_else(|| InvalidDecisions(format!("{what} has no expiry; add until = \"YYYY-MM-DD\"")))?;
    if until < on {
        return Err(InvalidDecisions(format!("{what} expires on {until}, before it was made on {on}")));
    }
    Ok(Attestation { rule, by, on, until, note: file.note })
}

fn suppression(file: FileSuppression) -> Result<Suppression, InvalidDecisions> {
    let what = format!("the suppression of {}", file.rule);
    let rule = known_rule(&file.rule)?;
    let reason = said(file.reason, || format!("{what} has no reason; add reason = \"why it is borne\""))?;
    let until = file.until.ok_or_else(|| InvalidDecisions(format!("{what} has no expiry; add until = \"YYYY-MM-DD\"")))?;
    Ok(Suppression { rule, resource: file.resource, reason, until, is_inline: false })
}

fn said(text: Option<String>, otherwise: impl FnOnce() -> String) -> Result<String, InvalidDecisions> {
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| InvalidDecisions(otherwise()))
}

fn known_rule(id: &str) -> Result<String, InvalidDecisions> {
    rules::rule(id).map(|rule| rule.id.to_owned()).ok_or_else(|| InvalidDecisions(format!("no rule is called {id:?}; ids look like \"IAM-02\"")))
}

/// Decisions as they are laid over checks, and what remains of them.
pub(crate) struct Applied<'a> {
    attestations: Vec<(&'a Attestation, bool)>,
    suppressions: Vec<(Suppression, bool)>,
    broken: Vec<String>,
    today: &'a Day,
}

impl<'a> Applied<'a> {
    /// Decisions of a file, and those beside resources.
    pub(crate) fn new(decisions: &'a Decisions, inline: Vec<super::inline::Inline>, today: &'a Day) -> Applied<'a> {
        let mut suppressions: Vec<(Suppression, bool)> = decisions.suppressions.iter().map(|suppression| (suppression.clone(), false)).collect();
        let mut broken = Vec::new();
        for one in inline {
            match one {
                Ok(suppression) => suppressions.push((suppression, false)),
                Err(why) => broken.push(why),
            }
        }
        Applied { attestations: decisions.attestations.iter().map(|attestation| (attestation, false)).collect(), suppressions, broken, today }
    }

    /// Lays them over a check. What is attested or suppressed keeps its evidence; a failure is suppressed when each of its places is.
    pub(crate) fn apply(&mut self, check: &mut Check) {
        let today = self.today;
        if check.status == Status::Manual
            && let Some((attestation, is_used)) = self
                .attestations
                .iter_mut()
                .find(|(attestation, _)| attestation.rule == check.id && attestation.on <= *today && attestation.until >= *today)
        {
            *is_used = true;
            check.status = Status::Attested;
            check.reason = format!("attested by {} on {}, until {}", attestation.by, attestation.on, attestation.until);
            check.attested = Some((*attestation).clone());
        }
        if check.status != Status::Fail {
            return;
        }
        let valid: Vec<&mut (Suppression, bool)> =
            self.suppressions.iter_mut().filter(|(suppression, _)| suppression.rule == check.id && suppression.until >= *today).collect();
        let covers = |suppression: &Suppression, evidence: &Evidence| match (&suppression.resource, evidence) {
            (None, _) => true,
            (Some(resource), Evidence::File { path: Some(path), .. }) => resource == path,
            _ => false,
        };
        let is_borne = !valid.is_empty()
            && (valid.iter().any(|one| one.0.resource.is_none())
                || (!check.evidence.is_empty() && check.evidence.iter().all(|evidence| valid.iter().any(|one| covers(&one.0, evidence)))));
        let mut used = None;
        let mut borne = 0;
        for one in valid {
            let covered = check.evidence.iter().filter(|evidence| covers(&one.0, evidence)).count();
            if covered > 0 || one.0.resource.is_none() {
                one.1 = true;
                borne += covered;
                used.get_or_insert_with(|| one.0.clone());
            }
        }
        if is_borne {
            check.suppressed = used;
        } else if borne > 0 {
            check.evidence.retain(|evidence| {
                !self.suppressions.iter().any(|(suppression, is_used)| *is_used && suppression.rule == check.id && covers(suppression, evidence))
            });
            check.reason = format!(
                "{}; {} more borne for now",
                check.evidence.iter().find_map(note).unwrap_or_else(|| check.reason.clone()),
                count(borne, "place")
            );
        }
    }

    /// What did nothing, so that nobody relies on it.
    pub(crate) fn notices(self) -> Vec<String> {
        let mut notices = self.broken;
        for (attestation, is_used) in self.attestations {
            if attestation.until < *self.today {
                notices.push(format!("the attestation of {} by {} expired on {}", attestation.rule, attestation.by, attestation.until));
            } else if attestation.on > *self.today {
                notices.push(format!("the attestation of {} by {} is dated in the future, {}", attestation.rule, attestation.by, attestation.on));
            } else if !is_used {
                notices.push(format!("the attestation of {} by {} does nothing: no person is asked here", attestation.rule, attestation.by));
            }
        }
        for (suppression, is_used) in self.suppressions {
            let which = suppression.resource.as_ref().map_or(suppression.rule.clone(), |resource| format!("{} for {resource}", suppression.rule));
            if suppression.until < *self.today {
                notices.push(format!("the suppression of {which} expired on {}", suppression.until));
            } else if !is_used {
                notices.push(format!("the suppression of {which} does nothing: it does not fail there"));
            }
        }
        notices
    }
}

fn note(evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::File { note, path, .. } => note.as_ref().map(|note| path.as_ref().map_or(note.clone(), |path| format!("{path}: {note}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Decisions::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_is_read() {
        let text = "[[answer]]\nquestion = \"Q01\"\nanswer = \"EC2\"\n[[attestation]]\nrule = \"IAM-02\"\nby = \"A. Person\"\non = \"2026-11-01\"\nuntil = \"2027-11-01\"\n\
                    [[suppression]]\nrule = \"NET-03\"\nreason = \"behind a VPN\"\nuntil = \"2027-01-01\"\n";
        let decisions = Decisions::parse(text).unwrap();
        assert_eq!((decisions.answers.len(), decisions.attestations.len(), decisions.suppressions.len()), (1, 1, 1));
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        let attestation = "[[attestation]]\nrule = \"IAM-02\"\non = \"2026-11-01\"\nuntil = \"2027-11-01\"\n";
        assert!(error(attestation).contains("names nobody"));
        assert!(error(&attestation.replace("until = \"2027-11-01\"", "by = \"A\"")).contains("no expiry"));
        assert!(error(&format!("{attestation}by = \"A\"\n").replace("2027", "2025")).contains("before it was made"));
        assert!(error("[[suppression]]\nrule = \"NET-03\"\nuntil = \"2027-01-01\"\n").contains("no reason"));
        assert!(error("[[suppression]]\nrule = \"NET-03\"\nreason = \"x\"\n").contains("no expiry"));
        assert!(error("[[suppression]]\nrule = \"NET-99\"\nreason = \"x\"\nuntil = \"2027-01-01\"\n").contains("NET-99"));
        assert!(error("[[supression]]\n").contains("supression"));
        assert!(error("[[suppression]]\nrule = \"NET-03\"\nuntil = \"soon\"\n").contains("soon"));
    }
}
