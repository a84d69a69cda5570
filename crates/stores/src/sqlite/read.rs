//! Reading beside the writer: a few connections, each in its own snapshot.

use super::{OpenError, classify, schema};
use domain::event::Status;
use domain::money::Balance;
use domain::{BlobHash, RunId, TenantId, Timestamp, UsdMicros};
use ports::store::*;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Reads are short and the machine is small; more would only compete with the writer.
const READERS: usize = 3;

pub(super) struct Readers {
    connections: Arc<Vec<Mutex<Connection>>>,
    next: AtomicUsize,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Readers, OpenError> {
        let connections = (0..READERS).map(|_| schema::open_reader(path).map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Readers { connections: Arc::new(connections), next: AtomicUsize::new(0) })
    }

    /// Runs a query on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static) -> Result<T, Error> {
        let connections = self.connections.clone();
        let n = self.next.fetch_add(1, Ordering::Relaxed) % connections.len();
        let read = tokio::task::spawn_blocking(move || {
            let connection = connections[n].lock().unwrap_or_else(PoisonError::into_inner);
            query(&connection).map_err(|error| classify(&error))
        });
        read.await.unwrap_or_else(|_| Err(Error::Unavailable("a query crashed".to_owned())))
    }
}

pub(super) fn events(c: &Connection, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> rusqlite::Result<Vec<StoredEvent>> {
    if row(c, tenant, run)?.is_none() {
        return Ok(Vec::new());
    }
    let sql = "SELECT seq, bytes, chain FROM events WHERE run_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3";
    let (from_seq, limit) = (i64::try_from(from_seq).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    let event =
        |row: &Row<'_>| Ok(StoredEvent { seq: row.get::<_, i64>(0)?.unsigned_abs(), bytes: row.get_ref(1)?.as_blob()?.into(), chain: row.get(2)? });
    c.prepare_cached(sql)?.query_map(params![run.as_bytes(), from_seq, limit], event)?.collect()
}

const ROW: &str = "run_id, created_at, status, task, cost, updated_at";

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let status: String = row.get(2)?;
    let status = Status::parse(&status).ok_or_else(|| rusqlite::Error::InvalidColumnType(2, status, rusqlite::types::Type::Text))?;
    Ok(RunRow {
        run: RunId::from_bytes(row.get(0)?),
        created_at: Timestamp::from_micros(row.get(1)?),
        summary: Summary { status, task: row.get(3)?, cost: UsdMicros(row.get(4)?), updated_at: Timestamp::from_micros(row.get(5)?) },
    })
}

pub(super) fn row(c: &Connection, tenant: &TenantId, run: RunId) -> rusqlite::Result<Option<RunRow>> {
    let sql = format!("SELECT {ROW} FROM runs WHERE run_id = ?1 AND tenant = ?2");
    c.prepare_cached(&sql)?.query_row(params![run.as_bytes(), tenant.as_str()], run_row).optional()
}

pub(super) fn list(c: &Connection, query: &ListQuery) -> rusqlite::Result<RunPage> {
    let mut sql = format!("SELECT {ROW} FROM runs WHERE tenant = ?");
    let mut values = vec![Value::from(query.tenant.as_str().to_owned())];
    if let Some(before) = query.before {
        sql.push_str(" AND run_id < ?");
        values.push(Value::from(before.as_bytes().to_vec()));
    }
    if !query.statuses.is_empty() {
        sql.push_str(&format!(" AND status IN ({})", vec!["?"; query.statuses.len()].join(", ")));
        values.extend(query.statuses.iter().map(|s| Value::from(s.as_str().to_owned())));
    }
    sql.push_str(" ORDER BY run_id DESC LIMIT ? OFFSET ?");
    values.push(Value::from(i64::try_from(query.limit.saturating_add(1)).unwrap_or(i64::MAX)));
    values.push(Value::from(i64::try_from(query.offset).unwrap_or(i64::MAX)));
    let mut runs: Vec<RunRow> = c.prepare_cached(&sql)?.query_map(rusqlite::params_from_iter(values), run_row)?.collect::<rusqlite::Result<_>>()?;
    let more = runs.len() > query.limit;
    runs.truncate(query.limit);
    Ok(RunPage { runs, more })
}

pub(super) fn count_by_status(c: &Connection, tenant: &TenantId, since: Timestamp) -> rusqlite::Result<Vec<(Status, u64)>> {
    let sql = "SELECT status, count(*) FROM runs WHERE tenant = ?1 AND created_at >= ?2 GROUP BY status";
    let counts: Vec<(String, i64)> = c
        .prepare_cached(sql)?
        .query_map(params![tenant.as_str(), since.as_micros()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut counts: Vec<_> = counts.into_iter().filter_map(|(status, n)| Some((Status::parse(&status)?, n.unsigned_abs()))).collect();
    counts.sort_unstable();
    Ok(counts)
}

pub(super) fn open_runs(c: &Connection) -> rusqlite::Result<Vec<(TenantId, RunId)>> {
    let sql = "SELECT tenant, run_id FROM runs WHERE is_open = 1 ORDER BY run_id";
    let open = |row: &Row<'_>| Ok((TenantId::new(row.get::<_, String>(0)?), RunId::from_bytes(row.get(1)?)));
    c.prepare_cached(sql)?.query_map([], open)?.collect()
}

pub(super) fn blob(c: &Connection, run: RunId, hash: &BlobHash) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes FROM blobs JOIN blob_refs USING (hash) WHERE run_id = ?1 AND hash = ?2";
    c.prepare_cached(sql)?.query_row(params![run.as_bytes(), hash.as_str()], |row| row.get(0)).optional()
}

pub(super) fn balance(c: &Connection, account: &str) -> rusqlite::Result<Balance> {
    let sql = "SELECT spent, held FROM ledger WHERE account = ?1";
    let balance = |row: &Row<'_>| Ok(Balance { spent: UsdMicros(row.get(0)?), held: UsdMicros(row.get(1)?) });
    Ok(c.prepare_cached(sql)?.query_row([account], balance).optional()?.unwrap_or_default())
}
