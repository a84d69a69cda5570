//! `POST /api/v1/orchestrate` on the real binary, every request a durable run: how many a second, what each costs.

use crate::load::{Answered, answers};
use crate::process::{KEY, Server};
use crate::raw::{self, Commits, quantile};
use crate::table::{Row, Verdict, grouped};
use crate::{ATTEMPTS, Place, bare};
use anyhow::{Result, ensure};
use bytes::Bytes;
use hyper::Request;
use rusqlite::{Connection, OpenFlags};
use std::time::Duration;

const CONNECTIONS: usize = 32;
const REQUESTS: usize = 12_800;
/// Requests before the measured ones: threads are started, pages are mapped, statements are prepared.
const WARM_UP: usize = 1_600;

/// Of what the disk allows: the comparator's commits a second, divided by the waits of a run.
const OF_THE_DISK: f64 = 0.5;
const PROCESSOR_AIM: Duration = Duration::from_micros(250);

/// One turn, with a price, so that the ledgers are written.
const SCRIPT: &str = r#"
stream = false
price = { input = "1.00", output = "5.00" }
[[script]]
[[script.turn]]
text = "All is well: the load is 0.3 on two processors, 5 of 8 GiB of memory are free, and no file system is fuller than 40 %."
usage = { input_fresh = 2000, output = 40 }
"#;

const BODY: &str = r#"{"task": "Is this machine healthy?", "context": {"ticket": "OPS-1234", "since": "09:30"}}"#;

/// What one attempt measured.
struct Attempt {
    ours: Answered,
    processor: Duration,
    resident_mib: f64,
    raw: Commits,
    /// Durable waits of one run.
    waits: f64,
}

impl Attempt {
    /// Requests a second as a share of what the disk allows.
    fn share(&self) -> f64 {
        self.ours.per_second / (self.raw.per_second / self.waits)
    }
}

pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Row>> {
    std::fs::write(place.folder.join("script.toml"), SCRIPT)?;
    let mut attempts = (0..ATTEMPTS).map(|_| attempt(place)).collect::<Result<Vec<_>>>()?;
    let bare = bare()?;
    let processor = attempts.iter().map(|a| a.processor).min().unwrap_or_default();
    attempts.sort_by(|a, b| b.share().total_cmp(&a.share()));
    let best = &attempts[0];
    let ms = |waits: &[Duration], share| quantile(waits, share).as_secs_f64() * 1e3;
    Ok(vec![
        Row {
            what: format!("`POST /api/v1/orchestrate`, instant model, {CONNECTIONS} connections, each a durable run ÷ what the disk allows"),
            of: format!(
                "{} requests a second (p50 {:.1}, p99 {:.1} ms) ÷ ({} commits a second ÷ {:.0} waits a run)",
                grouped(best.ours.per_second),
                ms(&best.ours.waits, 0.5),
                ms(&best.ours.waits, 0.99),
                grouped(best.raw.per_second),
                best.waits
            ),
            figure: format!("{:.2}", best.share()),
            limit: format!("≥ {OF_THE_DISK}"),
            verdict: Verdict::of(best.share() >= OF_THE_DISK),
        },
        Row {
            what: "processor time of such a request, user and system".into(),
            of: format!("the server's process; {:.0} MiB resident at the end", best.resident_mib),
            figure: format!("{} µs", processor.as_micros()),
            limit: format!("aim ≤ {} µs", PROCESSOR_AIM.as_micros()),
            verdict: Verdict::of(processor <= PROCESSOR_AIM),
        },
        Row {
            what: "for comparison: a bare axum, JSON in and out, nothing kept".into(),
            of: format!("{} requests a second (p50 {:.1} ms)", grouped(bare.0.per_second), ms(&bare.0.waits, 0.5)),
            figure: format!("{} µs", bare.1.as_micros()),
            limit: String::new(),
            verdict: Verdict::Reported,
        },
    ])
}

fn attempt(place: &Place<'_>) -> Result<Attempt> {
    let data = place.folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let model = format!("scripted/{}", place.folder.join("script.toml").display());
    let settings =
        [("ORCHESTRATOR_MODEL", model.as_str()), ("ORCHESTRATOR_BUDGET_USD_PER_KEY_DAY", "1000000"), ("ORCHESTRATOR_BUDGET_USD_PER_DAY", "1000000")];
    let server = Server::product(place, &settings)?;
    let request = Request::post("/api/v1/orchestrate")
        .header("Host", server.address.to_string())
        .header("Content-Type", "application/json")
        .header("X-API-Key", KEY)
        .body(Bytes::from_static(BODY.as_bytes()))?;
    answers(server.address, CONNECTIONS, WARM_UP, &request)?;
    let before = server.processor_time()?;
    let ours = answers(server.address, CONNECTIONS, REQUESTS, &request)?;
    let processor = (server.processor_time()? - before) / REQUESTS as u32;
    let resident_mib = server.resident_mib()?;
    server.stop()?;
    let (waits, bytes) = written(&data.join("orchestrator.db"))?;
    let raw = tokio::runtime::Runtime::new()?.block_on(raw::group_commit(place.folder, CONNECTIONS, REQUESTS * 2, &bytes))?;
    Ok(Attempt { ours, processor, resident_mib, raw, waits })
}

/// The durable waits of a run and the bytes of each, as the database has them.
///
/// A step's events carry the time of the step, so each time of a run is one append; that two follow within one microsecond does not happen.
fn written(database: &std::path::Path) -> Result<(f64, Vec<Vec<u8>>)> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (runs, ended): (f64, f64) =
        connection.query_row("SELECT count(*), sum(status = 'completed') FROM runs", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    ensure!(ended == (REQUESTS + WARM_UP) as f64, "{ended} of {runs} runs have completed");
    let appends =
        "SELECT run_id, json_extract(CAST(bytes AS TEXT), '$.at') AS at, group_concat(CAST(bytes AS TEXT), '') FROM events GROUP BY run_id, at";
    let count: f64 = connection.query_row(&format!("SELECT count(*) FROM ({appends})"), [], |row| row.get(0))?;
    let mut some = connection.prepare(&format!("{appends} LIMIT 256"))?;
    let bytes = some.query_map([], |row| Ok(row.get::<_, String>(2)?.into_bytes()))?.collect::<rusqlite::Result<_>>()?;
    Ok((count / runs, bytes))
}

fn bare() -> Result<(Answered, Duration)> {
    let server = Server::start(bare::command()?, "/health")?;
    let request = Request::post(bare::PATH)
        .header("Host", server.address.to_string())
        .header("Content-Type", "application/json")
        .body(Bytes::from_static(BODY.as_bytes()))?;
    answers(server.address, CONNECTIONS, WARM_UP, &request)?;
    let before = server.processor_time()?;
    let answered = answers(server.address, CONNECTIONS, REQUESTS * 4, &request)?;
    let processor = (server.processor_time()? - before) / (REQUESTS * 4) as u32;
    Ok((answered, processor))
}
