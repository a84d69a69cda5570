//! How much of the simulated world a second of ours buys.

use crate::table::{Row, Verdict, grouped};
use crate::{ATTEMPTS, Place};
use anyhow::Result;
use std::time::{Duration, Instant};
use testkit::sim::simulate;

const SEEDS: u64 = 2_000;

pub(crate) fn measure(_: &Place<'_>) -> Result<Vec<Row>> {
    let mut best = (Duration::MAX, Duration::ZERO);
    for _ in 0..ATTEMPTS {
        let begun = Instant::now();
        let mut simulated = Duration::ZERO;
        for seed in 0..SEEDS {
            simulated += simulate(seed)?.simulated;
        }
        best = best.min((begun.elapsed(), simulated));
    }
    let (took, simulated) = best;
    let hours = simulated.as_secs_f64() / 3_600.0;
    Ok(vec![Row {
        what: "simulation, on one core".into(),
        of: format!("{} seeds, {} simulated hours, {:.1} s", grouped(SEEDS as f64), grouped(hours), took.as_secs_f64()),
        figure: format!("{} seeds, {} h a second", grouped(SEEDS as f64 / took.as_secs_f64()), grouped(hours / took.as_secs_f64())),
        limit: String::new(),
        verdict: Verdict::Reported,
    }])
}
