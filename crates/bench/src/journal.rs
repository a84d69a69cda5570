//! How a journal grows: a turn late in a conversation must not cost more bytes than an early one.

use crate::Place;
use crate::table::{Row, Verdict, grouped};
use crate::watched::Watched;
use crate::world::{self, Ends};
use anyhow::{Context, Result};
use domain::principal::Principal;
use domain::{Event, Fact};
use ports::Store;
use stores::Sqlite;
use stores::sqlite::Options;

const TURN: usize = 100;
const RATIO_MAX: f64 = 1.2;

pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (first, later) = runtime.block_on(turns(place))?;
    let ratio = later as f64 / first as f64;
    Ok(vec![Row {
        what: format!("journal bytes of turn {TURN} ÷ turn 1, replies and outputs of the same size"),
        of: format!("{} ÷ {}", grouped(later as f64), grouped(first as f64)),
        figure: format!("{ratio:.2}"),
        limit: format!("≤ {RATIO_MAX}"),
        verdict: Verdict::of(ratio <= RATIO_MAX),
    }])
}

/// The bytes of the first turn and of a late one. A turn begins with its model call.
async fn turns(place: &Place<'_>) -> Result<(usize, usize)> {
    let store = Watched::new(Sqlite::open(Options::new(place.folder))?);
    let engine = world::engine(store.clone(), TURN + 1, Ends::Answers, 1)?;
    let run = world::run_one(&engine, TURN + 1).await?;
    let mut turns: Vec<usize> = Vec::new();
    for stored in store.events(&Principal::local().tenant, run.id(), 0, usize::MAX).await? {
        if matches!(Event::decode(&stored.bytes)?.fact, Fact::ModelCallStarted(_)) {
            turns.push(0);
        }
        if let Some(turn) = turns.last_mut() {
            *turn += stored.bytes.len();
        }
    }
    let bytes = |turn: usize| turns.get(turn - 1).copied().context("the run has fewer turns than it should");
    Ok((bytes(1)?, bytes(TURN)?))
}
