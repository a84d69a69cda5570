//! Steps of runs: how many a second, how long each, how many waits for the disk.

use crate::process::processor_time;
use crate::raw::{self, Commits, quantile};
use crate::table::{Row, Verdict, grouped};
use crate::watched::{Seen, Watched};
use crate::world::{self, Ends};
use crate::{ATTEMPTS, Place};
use anyhow::Result;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use stores::Sqlite;
use stores::sqlite::Options;

/// Turns of a run: twice the product's limit, so that whatever grows with a conversation shows.
const TURNS: usize = 24;
/// Runs of one measurement with several at a time: about 15,000 steps, of which the slowest thousandth is 15.
const RUNS: usize = 320;
/// Runs of one measurement with one at a time.
const RUNS_ALONE: usize = 40;

const AT_LEAST: f64 = 0.3;
const OVER_ONE_COMMIT_MAX: Duration = Duration::from_micros(150);
const SLOWEST_MAX: f64 = 3.0;

/// Everything the engine did in one measurement.
struct Steps {
    per_second: f64,
    /// Model calls and tool calls.
    effects: usize,
    /// Of all of them together, the bench's own small part included.
    processor: Duration,
    seen: Seen,
}

impl Steps {
    fn waits_per_step(&self) -> f64 {
        self.seen.steps.len() as f64 / self.effects as f64
    }
}

pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut at_16: Vec<(Steps, Commits)> = Vec::new();
    let mut at_256: Vec<f64> = Vec::new();
    let mut alone: Vec<(Steps, Commits)> = Vec::new();
    for attempt in 0..ATTEMPTS {
        let folder = |name: &str| place.folder.join(format!("{name}-{attempt}"));
        let ours = runtime.block_on(drive(&folder("16"), 16, RUNS))?;
        let raw = runtime.block_on(raw::group_commit(place.folder, 16, ours.seen.steps.len(), &ours.seen.bytes))?;
        at_256.push(runtime.block_on(drive(&folder("256"), 256, RUNS * 2))?.per_second / ours.per_second);
        at_16.push((ours, raw));
        let ours = runtime.block_on(drive(&folder("1"), 1, RUNS_ALONE))?;
        let raw = raw::single_commits(place.folder, ours.seen.steps.len(), &ours.seen.bytes)?;
        alone.push((ours, raw));
    }
    Ok(vec![waits(&at_16), throughput(&at_16), more_runs(&at_256), latency(&alone), slowest(&at_16), processor(&at_16)])
}

/// Drives so many runs, so many at a time, on an empty store.
async fn drive(folder: &Path, at_once: usize, runs: usize) -> Result<Steps> {
    let store = Watched::new(Sqlite::open(Options::new(folder))?);
    // A run that has ended gives its slot back a moment after its answer.
    let engine = world::engine(store.clone(), TURNS, Ends::Answers, at_once * 2)?;
    // The first run pays for what every process pays once.
    world::run_one(&engine, TURNS).await?;
    store.take();
    let (begun, before) = (Instant::now(), processor_time("self")?);
    let left = Arc::new(AtomicUsize::new(runs));
    let lanes: Vec<_> = (0..at_once)
        .map(|_| {
            let (engine, left) = (engine.clone(), left.clone());
            tokio::spawn(async move {
                let mut effects = 0;
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                    let spend = *world::run_one(&engine, TURNS).await?.spend();
                    effects += (spend.model_calls + spend.tool_calls) as usize;
                }
                anyhow::Ok(effects)
            })
        })
        .collect();
    let mut effects = 0;
    for lane in lanes {
        effects += lane.await??;
    }
    let (took, processor) = (begun.elapsed().as_secs_f64(), processor_time("self")? - before);
    let mut seen = store.take();
    seen.steps.sort_unstable();
    Ok(Steps { per_second: seen.steps.len() as f64 / took, effects, processor, seen })
}

fn waits(measured: &[(Steps, Commits)]) -> Row {
    let worst = measured.iter().map(|(ours, _)| ours.waits_per_step()).fold(0.0, f64::max);
    let (ours, _) = &measured[0];
    Row {
        what: "durable waits per step".into(),
        of: format!("{} appends ÷ {} model and tool calls", grouped(ours.seen.steps.len() as f64), grouped(ours.effects as f64)),
        figure: format!("{worst:.2}"),
        limit: "1".into(),
        verdict: Verdict::of(worst <= 1.0),
    }
}

fn throughput(measured: &[(Steps, Commits)]) -> Row {
    let (ratio, ours, raw) = best(measured.iter().map(|(ours, raw)| (ours.per_second / raw.per_second, ours, raw)), f64::total_cmp);
    Row {
        what: "steps a second, 16 runs at a time ÷ SQLite group commit of the same bytes, 16 producers".into(),
        of: format!("{} ÷ {}", grouped(ours.per_second), grouped(raw.per_second)),
        figure: format!("{ratio:.2}"),
        limit: format!("≥ {AT_LEAST} (stretch 0.5)"),
        verdict: Verdict::of(ratio >= AT_LEAST),
    }
}

fn more_runs(ratios: &[f64]) -> Row {
    let ratio = ratios.iter().copied().fold(0.0, f64::max);
    Row {
        what: "steps a second, 256 runs at a time ÷ 16 at a time".into(),
        of: String::new(),
        figure: format!("{ratio:.2}"),
        limit: "≥ 1".into(),
        verdict: Verdict::of(ratio >= 1.0),
    }
}

fn latency(measured: &[(Steps, Commits)]) -> Row {
    let median = |waits: &[Duration]| quantile(waits, 0.5);
    let over = |(ours, raw): &(Steps, Commits)| median(&ours.seen.steps).saturating_sub(median(&raw.waits));
    let (over, ours, raw) = best(measured.iter().map(|pair| (over(pair), &pair.0, &pair.1)), |a, b| b.cmp(a));
    Row {
        what: "median step, one run at a time, over one SQLite commit of the same bytes".into(),
        of: format!("{} µs − {} µs", median(&ours.seen.steps).as_micros(), median(&raw.waits).as_micros()),
        figure: format!("{} µs", over.as_micros()),
        limit: format!("≤ {} µs", OVER_ONE_COMMIT_MAX.as_micros()),
        verdict: Verdict::of(over <= OVER_ONE_COMMIT_MAX),
    }
}

fn slowest(measured: &[(Steps, Commits)]) -> Row {
    let slow = |waits: &[Duration]| quantile(waits, 0.999).as_secs_f64() * 1e3;
    let ratio = |(ours, raw): &(Steps, Commits)| slow(&ours.seen.steps) / slow(&raw.waits);
    let (ratio, ours, raw) = best(measured.iter().map(|pair| (ratio(pair), &pair.0, &pair.1)), |a, b| b.total_cmp(a));
    Row {
        what: "slowest step in a thousand, 16 runs at a time ÷ the same of the group commit".into(),
        of: format!("{:.1} ms ÷ {:.1} ms", slow(&ours.seen.steps), slow(&raw.waits)),
        figure: format!("{ratio:.1}"),
        limit: format!("≤ {SLOWEST_MAX:.0}"),
        verdict: Verdict::of(ratio <= SLOWEST_MAX),
    }
}

fn processor(measured: &[(Steps, Commits)]) -> Row {
    let least = measured.iter().map(|(ours, _)| ours.processor / ours.effects as u32).min().unwrap_or_default();
    Row {
        what: "processor time of a step, 16 runs at a time".into(),
        of: "user and system, the writer's and the measuring itself included".into(),
        figure: format!("{} µs", least.as_micros()),
        limit: String::new(),
        verdict: Verdict::Reported,
    }
}

/// The attempt whose figure is the greatest by this order.
fn best<'a, F>(
    attempts: impl Iterator<Item = (F, &'a Steps, &'a Commits)>,
    order: impl Fn(&F, &F) -> std::cmp::Ordering,
) -> (F, &'a Steps, &'a Commits) {
    attempts.max_by(|a, b| order(&a.0, &b.0)).expect("there is more than one attempt")
}
