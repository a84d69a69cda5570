//! The parts of a printed review that text and Markdown share: which checks stand where, and the sentences about the whole.

use crate::inventory::Language;
use crate::options::Deployment;
use crate::review::{Check, OptionCost, Part, Review, Status};
use crate::rules::{Area, Section};
use domain::finding::Evidence;
use std::collections::BTreeSet;

/// The checks of a section, in order.
pub(crate) fn of_section(review: &Review, section: Section) -> Vec<&Check> {
    review.checks.iter().filter(|check| check.section == section).collect()
}

/// What an area lacks: its open failures.
pub(crate) fn missing(review: &Review, area: Area) -> Vec<&Check> {
    review.checks.iter().filter(|check| check.area == area && check.is_open_failure()).collect()
}

/// The evidence of a check, each line once however many statements stand on it.
pub(crate) fn distinct(check: &Check) -> Vec<&Evidence> {
    let mut seen = BTreeSet::new();
    check.evidence.iter().filter(|evidence| seen.insert((place(evidence), shows(evidence)))).collect()
}

/// What the evidence shows, unless the sentence above it has said so.
pub(crate) fn adds(check: &Check, evidence: &Evidence) -> Option<String> {
    let shown = shows(evidence);
    let is_said = check.reason == shown.trim_end_matches(" there") || check.reason.split("; ").any(|part| part == shown);
    (!is_said && !shown.is_empty()).then_some(shown)
}

/// `path:line` or what was searched.
pub(crate) fn place(evidence: &Evidence) -> &str {
    match evidence {
        Evidence::File { place, .. } | Evidence::Resource { place, .. } => place,
        Evidence::Event { tool, .. } => tool.as_str(),
    }
}

/// What the evidence shows, in words; the quote where there are no words.
pub(crate) fn shows(evidence: &Evidence) -> String {
    match evidence {
        Evidence::File { path, note: Some(note), .. } => path.as_ref().map_or(note.clone(), |path| format!("{path}: {note}")),
        other => other.quote().to_owned(),
    }
}

/// The counts in one line.
pub(crate) fn counts(review: &Review) -> String {
    let s = &review.summary;
    let all = [
        (s.fail, "fail"),
        (s.unknown, "unknown"),
        (s.manual, "to confirm by a person"),
        (s.attested, "attested"),
        (s.pass, "pass"),
        (s.suppressed, "suppressed"),
        (s.not_applicable, "not applicable"),
    ];
    all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}

/// What stands before the name of a check.
pub(crate) fn mark(check: &Check) -> &'static str {
    if check.suppressed.is_some() { "SUPPRESSED" } else { check.status.title() }
}

/// How the infrastructure is written down, and what to do about it.
pub(crate) fn infrastructure_as_code(review: &Review) -> String {
    let name = |language: &Language| match language {
        Language::CloudFormation => "CloudFormation",
        Language::Terraform => "Terraform",
        Language::Cdk => "CDK",
    };
    let names: Vec<&str> = review.languages.iter().map(name).collect();
    match names.as_slice() {
        [] if !review.problems.is_empty() => "What declares the infrastructure could not be read; the files are listed below.".to_owned(),
        [] if !review.unrecognised.is_empty() => "The infrastructure is written down, and none of it is on AWS.".to_owned(),
        [] => "Nothing here is infrastructure as code. Write the account down in one language before changing it further: Terraform if you use more than one cloud or want plans to read \
               before each change, CDK if your team would rather write a programming language, CloudFormation if you want no tool and no state file of your own."
            .to_owned(),
        [one] => format!("The infrastructure is written in {one}. Keep to it, and bring what is missing into the same code."),
        [first @ .., last] => format!(
            "The infrastructure is written in {} and {last}. Make sure that each resource belongs to one of them only; two tools that own the same resource undo each other's changes.",
            first.join(", ")
        ),
    }
}

/// What a way of deployment costs, where it has been priced.
pub(crate) fn dollars(review: &Review, deployment: Deployment) -> Option<String> {
    price(review, deployment.as_str())
}

/// What the project as it is declared costs.
pub(crate) fn own_price(review: &Review) -> Option<String> {
    let elsewhere = review.costs.iter().any(|cost| cost.priced_as.is_some());
    let why = if elsewhere { " There are no prices here for the region that it is in." } else { "" };
    price(review, OptionCost::THIS_PROJECT).map(|price| format!("As declared it costs {price}.{why}"))
}

fn price(review: &Review, option: &str) -> Option<String> {
    let cost = review.costs.iter().find(|cost| cost.option == option)?;
    let at_least = if cost.is_at_least { "at least " } else { "" };
    let elsewhere = cost.priced_as.as_ref().map_or(String::new(), |region| format!(" at {region}'s prices"));
    Some(format!("{at_least}${} a month{elsewhere}", cost.total_monthly_usd))
}

/// How a part of the drawing is marked.
pub(crate) fn part_mark(part: &Part) -> &'static str {
    match part.status {
        None | Some(Status::NotApplicable) => "",
        Some(Status::Pass | Status::Attested) => "ok",
        Some(Status::Fail) if part.is_missing => "missing",
        Some(Status::Fail) => "at fault",
        Some(Status::Unknown) => "cannot be told",
        Some(Status::Manual) => "to confirm",
    }
}

/// The same of a failure in a list.
pub(crate) fn fault(check: &Check) -> &'static str {
    if check.is_missing() { "missing" } else { "at fault" }
}

/// With a capital, unless it begins with a name.
pub(crate) fn capital(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.chars().all(|c| c.is_ascii_lowercase() || c == ',' || c == '\'') {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
