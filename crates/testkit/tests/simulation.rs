//! Thousands of small histories, each with crashes, faults and people.

use testkit::sim::{Report, simulate};

/// `SIM_SEEDS=from..to` chooses the seeds; a single failing seed is rerun with `SIM_SEEDS=n..n+1`.
fn seeds() -> std::ops::Range<u64> {
    let default = 0..2_000;
    let Ok(text) = std::env::var("SIM_SEEDS") else { return default };
    let (from, to) = text.split_once("..").expect("SIM_SEEDS is from..to");
    from.parse().expect("a number")..to.parse().expect("a number")
}

#[test]
fn every_seed_keeps_every_promise() {
    let begun = std::time::Instant::now();
    let mut total = Report::default();
    let seeds = seeds();
    let count = seeds.end - seeds.start;
    for seed in seeds {
        match simulate(seed) {
            Ok(report) => {
                total.runs += report.runs;
                total.lives += report.lives;
                total.faults += report.faults;
                total.effects += report.effects;
                total.simulated += report.simulated;
            }
            Err(violation) => panic!("{violation}\nsee it again with SIM_SEEDS={seed}..{}", seed + 1),
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{count} seeds ({:.0} a second): {} runs, {} lives, {} store faults, {} effects, {:.0} simulated hours",
        count as f64 / seconds,
        total.runs,
        total.lives,
        total.faults,
        total.effects,
        total.simulated.as_secs_f64() / 3_600.0
    );
    assert!(total.runs > count && total.lives > 2 * count, "the histories are too small to show anything");
}
