//! Patches tried out: made to the files, which are then read again. One that does not mend its fault, or breaks its file, is dropped.

use super::patch::{Patch, edits, patched};
use super::{Check, Input, RepositoryFacts, Review, at_fault, judged};
use crate::inventory::{Inventory, Problem};
use crate::read::{self, Files, read_files};
use crate::rules::{self, Facts, Rule, Seen, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Patches that do not mend together with all others are tried again by themselves, up to so many. Each time everything is read.
const TRIALS_MAX: usize = 8;

/// What mends one resource.
struct Unit {
    rule: &'static Rule,
    resource: String,
    patches: Vec<Patch>,
}

/// Leaves only the patches after which their rule finds no fault with the resource.
pub(super) fn keep_what_mends(review: &mut Review, files: &Files, input: &Input) {
    let units: Vec<Unit> = review.checks.iter().flat_map(|check| units(check, input)).collect();
    if units.is_empty() {
        return;
    }
    let (mended, others) = Trial::of(&units, files, input).mended(units, input);
    let mut kept = mended;
    for unit in others.into_iter().take(TRIALS_MAX) {
        let alone = vec![unit];
        kept.extend(Trial::of(&alone, files, input).mended(alone, input).0);
    }
    for check in &mut review.checks {
        check.patches = kept.iter().filter(|unit| unit.rule.id == check.id).flat_map(|unit| unit.patches.clone()).collect();
        check.patches.sort();
        // A module or a counted resource stands in its file once, however often it is deployed.
        check.patches.dedup();
    }
}

/// The patches of a check, by the resource that each mends.
fn units(check: &Check, input: &Input) -> Vec<Unit> {
    let Some((rule, patch)) = rules::rule(check.id).and_then(|rule| Some((rule, rule.patch?))).filter(|_| !check.patches.is_empty()) else {
        return Vec::new();
    };
    let resources = at_fault(check).filter_map(|id| input.inventory.resource(id));
    let unit = |resource: &crate::inventory::Resource| {
        let patches = edits(&patch(input.inventory, resource), resource, input.sources);
        Unit { rule, resource: resource.id.clone(), patches }
    };
    resources.map(unit).filter(|unit| !unit.patches.is_empty()).collect()
}

/// The project as it is after some patches.
struct Trial {
    inventory: Inventory,
    /// Whether something can no longer be read that could be before.
    is_broken: bool,
}

impl Trial {
    fn of(units: &[Unit], files: &Files, input: &Input) -> Trial {
        let mut by_file: BTreeMap<&str, Vec<Patch>> = BTreeMap::new();
        for patch in units.iter().flat_map(|unit| &unit.patches) {
            by_file.entry(&patch.file).or_default().push(patch.clone());
        }
        let changed = by_file
            .into_iter()
            .filter_map(|(file, patches)| Some((file.to_owned(), patched(file, input.sources.text(file)?, &patches).into_bytes())));
        let inventory = read_files(&files.with(changed), &read::Options::default());
        // Lines move, so problems are the same when their words are.
        let said = |problem: &Problem| (problem.file.clone(), problem.message.clone());
        let before: BTreeSet<_> = input.inventory.problems.iter().map(said).collect();
        let is_broken = inventory.problems.iter().any(|problem| !before.contains(&said(problem)));
        Trial { inventory, is_broken }
    }

    /// The units whose resource is no longer at fault, and the others.
    fn mended(&self, units: Vec<Unit>, input: &Input) -> (Vec<Unit>, Vec<Unit>) {
        if self.is_broken {
            return (Vec::new(), units);
        }
        let repository = RepositoryFacts::of(input.usage);
        let facts = Facts::new(&self.inventory, &repository, input.prices, input.today);
        let mut left: BTreeMap<&str, Option<BTreeSet<String>>> = BTreeMap::new();
        units.into_iter().partition(|unit| {
            let left = left.entry(unit.rule.id).or_insert_with(|| at_fault_still(unit.rule, &facts));
            left.as_ref().is_some_and(|left| !left.contains(&unit.resource))
        })
    }
}

/// The resources that a rule does not pass; `None` when it says nothing of any resource.
fn at_fault_still(rule: &Rule, facts: &Facts) -> Option<BTreeSet<String>> {
    let judgement = judged(rule, facts);
    let of_resources = || {
        let ids = judgement.evidence.iter().filter_map(|seen| if let Seen::At { resource, .. } = seen { resource.clone() } else { None });
        ids.collect::<BTreeSet<String>>()
    };
    match judgement.verdict {
        Verdict::Pass => Some(BTreeSet::new()),
        Verdict::Fail | Verdict::Unknown => Some(of_resources()).filter(|ids| !ids.is_empty()),
        Verdict::Manual | Verdict::NotApplicable => None,
    }
}
