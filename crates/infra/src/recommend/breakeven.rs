//! Where the order of two options turns.

use super::{Need, exclusions, variant};
use crate::cost::{Load, Usd, expected_total};
use crate::options::Deployment;
use crate::price::RegionalPrices;
use domain::prices::Prices;
use serde::Serialize;
use std::collections::BTreeSet;

/// The number of tasks from which another option is the cheaper one, exact to the task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// Cheaper below.
    pub below: Deployment,
    /// Cheaper from here on.
    pub above: Deployment,
    /// Tasks in a month. Everything else of the load stays as it was stated.
    pub tasks: u64,
    /// What both cost there, near enough: `above`'s total.
    pub monthly_usd: Usd,
}

/// Tasks between which break-even points are looked for: from a few a day to more than any account runs by default.
const TASKS_MIN: u64 = 100;
const TASKS_MAX: u64 = 1_000_000_000;
/// Looks at so many loads in each factor of ten before it narrows down; an order that turns twice in between stays unseen.
const STEPS_PER_DECADE: u32 = 12;

/// Every point at which the order of two options that fit turns, by tasks.
pub(super) fn all(load: &Load, needs: &BTreeSet<Need>, prices: &RegionalPrices, models: &Prices) -> Vec<BreakEven> {
    let ladder = ladder();
    let totals: Vec<(Deployment, Vec<Option<Usd>>)> = Deployment::ALL
        .into_iter()
        .map(|option| (option, ladder.iter().map(|tasks| total(option, *tasks, load, needs, prices, models)).collect()))
        .collect();
    let mut points = Vec::new();
    for (at, (first, of_first)) in totals.iter().enumerate() {
        for (second, of_second) in &totals[at + 1..] {
            let is_dearer =
                |tasks: u64| Some(total(*first, tasks, load, needs, prices, models)? > total(*second, tasks, load, needs, prices, models)?);
            for step in 1..ladder.len() {
                let order = |step: usize| Some(of_first[step]? > of_second[step]?);
                let (Some(before), Some(after)) = (order(step - 1), order(step)) else { continue };
                if before == after {
                    continue;
                }
                let Some(tasks) = narrowed(ladder[step - 1], ladder[step], before, is_dearer) else { continue };
                // A total that jumps may turn the order back at once; only an order that holds is worth a name.
                let around = (is_dearer(tasks - tasks.div_ceil(50)), is_dearer(tasks + tasks.div_ceil(50)));
                if around != (Some(before), Some(after)) {
                    continue;
                }
                let (below, above) = if before { (*second, *first) } else { (*first, *second) };
                if let Some(monthly_usd) = total(above, tasks, load, needs, prices, models) {
                    points.push(BreakEven { below, above, tasks, monthly_usd });
                }
            }
        }
    }
    points.sort_by_key(|point| point.tasks);
    points
}

/// What an option costs with so many tasks; `None` when it does not fit them, or part of it has no price.
pub(super) fn total(option: Deployment, tasks: u64, load: &Load, needs: &BTreeSet<Need>, prices: &RegionalPrices, models: &Prices) -> Option<Usd> {
    let load = Load { tasks, ..load.clone() };
    if !exclusions(option, &load, needs).is_empty() {
        return None;
    }
    let (total, unpriced) = expected_total(&option.inventory(&load, variant(needs)), &load, prices, models);
    (unpriced == 0).then_some(total)
}

/// Loads at even distances on a logarithmic scale.
pub(super) fn ladder() -> Vec<u64> {
    let decades = TASKS_MAX.ilog10() - TASKS_MIN.ilog10();
    let step = |step: u32| TASKS_MIN as f64 * 10_f64.powf(f64::from(step) / f64::from(STEPS_PER_DECADE));
    (0..=decades * STEPS_PER_DECADE).map(|at| step(at).round() as u64).collect()
}

/// The first number of tasks at which the answer is no longer `before`.
fn narrowed(mut low: u64, mut high: u64, before: bool, is_dearer: impl Fn(u64) -> Option<bool>) -> Option<u64> {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_dearer(middle)? == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}
