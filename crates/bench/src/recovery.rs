//! A process that starts on the runs another left open: how long until every one has moved on.

use crate::raw::quantile;
use crate::table::{Row, Verdict};
use crate::watched::Watched;
use crate::world::{self, Ends};
use crate::{ATTEMPTS, Place};
use anyhow::{Context, Result, ensure};
use ports::Store;
use std::path::Path;
use std::time::{Duration, Instant};
use stores::Sqlite;
use stores::sqlite::Options;

const RUNS: usize = 1_000;
/// Turns that each has behind it when the first process goes.
const TURNS: usize = 3;
/// Runs driven at once by the second process: the product's default, so most have to wait for their turn.
const AT_ONCE: usize = 256;
const LIMIT: Duration = Duration::from_secs(2);

pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Row>> {
    let mut took = Vec::new();
    for attempt in 0..ATTEMPTS {
        let folder = place.folder.join(attempt.to_string());
        // A runtime that is dropped with runs under way is a process that dies.
        tokio::runtime::Runtime::new()?.block_on(leave_open(&folder))?;
        took.push(tokio::runtime::Runtime::new()?.block_on(take_over(&folder))?);
    }
    took.sort_unstable();
    let best = quantile(&took, 0.0);
    Ok(vec![Row {
        what: format!("a new process on {RUNS} open runs, each in a model call: until the last has moved on"),
        of: "opening the store, reading every journal, appending to each".into(),
        figure: format!("{:.2} s", best.as_secs_f64()),
        limit: format!("< {} s", LIMIT.as_secs()),
        verdict: Verdict::of(best < LIMIT),
    }])
}

/// Brings runs as far as a model call that is never answered.
async fn leave_open(folder: &Path) -> Result<()> {
    let store = Watched::new(Sqlite::open(Options::new(folder))?);
    let engine = world::engine(store.clone(), TURNS, Ends::HangsUp, RUNS)?;
    for _ in 0..RUNS {
        engine.submit(world::task(TURNS)).await?;
    }
    // Two appends for each turn but the last.
    let mut appends = 0;
    while appends < RUNS * (TURNS - 1) * 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        appends += store.take().steps.len();
    }
    Ok(())
}

async fn take_over(folder: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let store = Watched::new(Sqlite::open(Options::new(folder)).context("the first process has left its lock")?);
    let engine = world::engine(store.clone(), TURNS, Ends::Answers, AT_ONCE)?;
    let open = engine.recover().await?;
    ensure!(open == RUNS, "{open} runs were left open");
    let mut moved = 0;
    while moved < RUNS {
        tokio::time::sleep(Duration::from_millis(1)).await;
        moved = store.moved();
    }
    let took = begun.elapsed();
    while !store.open_runs().await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(took)
}
