//! Writing. One at a time: the caller itself when nobody else is at it, or else a thread that commits whatever waits in one go.

use super::checkpoint::{self, Checkpoints};
use super::classify;
use super::ledgers::Ledgers;
use domain::{BlobHash, RunId, Timestamp, canonical};
use ports::store::*;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

pub(super) enum Request {
    Create(Box<NewRun>, oneshot::Sender<Result<Created, CreateError>>),
    Append(Append, oneshot::Sender<Result<(), AppendError>>),
    PutBlob(RunId, Vec<u8>, oneshot::Sender<Result<BlobHash, Error>>),
    Purge(Timestamp, Timestamp, oneshot::Sender<Result<Purged, Error>>),
    Probe(oneshot::Sender<Result<(), Error>>),
}

/// An answer that is kept back until the commit.
enum Answer {
    Create(Result<Created, CreateError>),
    Append(Result<(), AppendError>),
    PutBlob(Result<BlobHash, Error>),
    Purge(Result<Purged, Error>),
    Probe,
}

/// Requests in one commit. More would make the first wait for the last without saving a measurable part of an fsync.
const GROUP_MAX: usize = 256;
/// Runs whose head is remembered: all that are driven, and then some.
const HEADS_MAX: usize = 16_384;
/// Runs that one purge request removes.
const PURGE_RUNS_MAX: i64 = 50;
/// The log's size that is worth a checkpoint.
const CHECKPOINT_BYTES: u64 = 4 * 1024 * 1024;
/// How often the log's size is looked at, in commits.
const CHECKPOINT_EVERY: u64 = 64;

pub(super) struct Writer {
    connection: Connection,
    epoch: u64,
    heads: HashMap<RunId, Head>,
    ledgers: Ledgers,
    wal_path: PathBuf,
    wal_bytes_max: u64,
    checkpoints: Checkpoints,
    commits: u64,
}

/// Where a journal ends.
#[derive(Clone, Copy)]
struct Head {
    next_seq: u64,
    chain: [u8; 32],
}

/// The thread that writes for those who found another at it: takes the first request that waits, then all others that wait too.
pub(super) fn run(writer: &Mutex<Writer>, mut queue: mpsc::Receiver<Request>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = queue.blocking_recv() {
        group.push(first);
        // A panic in a commit has left a transaction open: nothing sound can follow it.
        let Ok(mut writer) = writer.lock() else { return };
        while group.len() < GROUP_MAX {
            match queue.try_recv() {
                Ok(next) => group.push(next),
                Err(_) => break,
            }
        }
        writer.serve(&mut group);
        writer.checkpoint_when_due();
    }
}

impl Writer {
    pub(super) fn new(connection: Connection, epoch: u64, path: &Path, wal_bytes_max: u64, checkpoints: Checkpoints) -> Writer {
        let mut wal_path = path.as_os_str().to_owned();
        wal_path.push("-wal");
        Writer {
            connection,
            epoch,
            heads: HashMap::new(),
            ledgers: Ledgers::default(),
            wal_path: wal_path.into(),
            wal_bytes_max,
            checkpoints,
            commits: 0,
        }
    }

    /// Commits this request and nothing else, and answers it.
    pub(super) fn serve_one(&mut self, request: Request) {
        self.serve(&mut vec![request]);
        self.checkpoint_when_due();
    }

    /// Commits a group and answers it. When one request breaks the transaction, each gets its own, so that neighbours do not suffer.
    fn serve(&mut self, group: &mut Vec<Request>) {
        match self.commit(group) {
            Ok(answers) => group.drain(..).zip(answers).for_each(|(request, answer)| reply(request, answer)),
            Err(error) if group.len() == 1 => group.drain(..).for_each(|request| refuse(request, classify(&error))),
            Err(_) => {
                for request in group.drain(..) {
                    let mut alone = vec![request];
                    match self.commit(&alone) {
                        Ok(answers) => alone.drain(..).zip(answers).for_each(|(request, answer)| reply(request, answer)),
                        Err(error) => alone.drain(..).for_each(|request| refuse(request, classify(&error))),
                    }
                }
            }
        }
    }

    fn commit(&mut self, group: &[Request]) -> rusqlite::Result<Vec<Answer>> {
        let result = self.try_commit(group);
        if let Err(error) = &result {
            // What the heads and ledgers say may have been rolled back.
            self.heads.clear();
            self.ledgers.forget();
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            end_if_fsync_failed(error);
        }
        result
    }

    fn try_commit(&mut self, group: &[Request]) -> rusqlite::Result<Vec<Answer>> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let answers = group.iter().map(|request| self.perform(request)).collect::<rusqlite::Result<Vec<_>>>()?;
        self.ledgers.write(&self.connection)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.commits += 1;
        Ok(answers)
    }

    /// Does one request's part. A refusal comes before anything of the request is written.
    fn perform(&mut self, request: &Request) -> rusqlite::Result<Answer> {
        Ok(match request {
            Request::Create(new, _) => Answer::Create(self.create(new)?),
            Request::Append(append, _) => Answer::Append(self.append(append)?),
            Request::PutBlob(run, bytes, _) => Answer::PutBlob(self.put_blob(*run, bytes)?),
            Request::Purge(ended_before, keys_before, _) => Answer::Purge(Ok(self.purge(*ended_before, *keys_before)?)),
            Request::Probe(_) => {
                let sql = "INSERT INTO meta VALUES ('probed', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1";
                self.connection.prepare_cached(sql)?.execute([])?;
                Answer::Probe
            }
        })
    }

    fn create(&mut self, new: &NewRun) -> rusqlite::Result<Result<Created, CreateError>> {
        let tenant = new.tenant.as_str();
        if let Some(key) = &new.idempotency {
            let sql = "SELECT request_hash, run_id FROM idempotency WHERE tenant = ?1 AND key = ?2";
            let known: Option<(String, [u8; 16])> =
                self.connection.prepare_cached(sql)?.query_row(params![tenant, key.key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            match known {
                Some((hash, run)) if hash == key.request_hash => return Ok(Ok(Created::Before(RunId::from_bytes(run)))),
                Some(_) => return Ok(Err(CreateError::KeyReused)),
                None => {}
            }
        }
        if let Err(over) = self.ledgers.change(&self.connection, &new.ledger)? {
            return Ok(Err(CreateError::OverBudget { which: over.which, left: over.left }));
        }
        let (run, summary) = (new.run.as_bytes(), &new.summary);
        let sql = "INSERT INTO runs (run_id, tenant, created_at, status, is_open, task, cost, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        self.connection.prepare_cached(sql)?.execute(params![
            run,
            tenant,
            new.at.as_micros(),
            summary.status.as_str(),
            !summary.status.is_ended(),
            summary.task,
            summary.cost.0,
            summary.updated_at.as_micros()
        ])?;
        self.insert_events(new.run, Head { next_seq: 0, chain: [0; 32] }, &new.events)?;
        for (hash, bytes) in &new.blobs {
            self.keep_blob(new.run, hash, bytes)?;
        }
        if let Some(key) = &new.idempotency {
            let sql = "INSERT INTO idempotency (tenant, key, request_hash, run_id, made_at) VALUES (?1, ?2, ?3, ?4, ?5)";
            self.connection.prepare_cached(sql)?.execute(params![tenant, key.key, key.request_hash, run, new.at.as_micros()])?;
        }
        Ok(Ok(Created::New))
    }

    fn append(&mut self, append: &Append) -> rusqlite::Result<Result<(), AppendError>> {
        if append.writer_epoch != self.epoch {
            return Ok(Err(AppendError::Fenced));
        }
        let head = self.head(append.run)?;
        if head.next_seq == 0 || head.next_seq != append.expected_seq {
            return Ok(Err(AppendError::Conflict { head: head.next_seq }));
        }
        if let Err(over) = self.ledgers.change(&self.connection, &append.ledger)? {
            return Ok(Err(AppendError::OverBudget { which: over.which, left: over.left }));
        }
        self.insert_events(append.run, head, &append.events)?;
        if let Some(summary) = &append.summary {
            let sql = "UPDATE runs SET status = ?2, is_open = ?3, cost = ?4, updated_at = ?5 WHERE run_id = ?1";
            self.connection.prepare_cached(sql)?.execute(params![
                append.run.as_bytes(),
                summary.status.as_str(),
                !summary.status.is_ended(),
                summary.cost.0,
                summary.updated_at.as_micros()
            ])?;
        }
        Ok(Ok(()))
    }

    fn head(&mut self, run: RunId) -> rusqlite::Result<Head> {
        if let Some(head) = self.heads.get(&run) {
            return Ok(*head);
        }
        let sql = "SELECT seq, chain FROM events WHERE run_id = ?1 ORDER BY seq DESC LIMIT 1";
        let last: Option<(i64, [u8; 32])> =
            self.connection.prepare_cached(sql)?.query_row([run.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(last.map_or(Head { next_seq: 0, chain: [0; 32] }, |(seq, chain)| Head { next_seq: seq.unsigned_abs() + 1, chain }))
    }

    fn insert_events(&mut self, run: RunId, mut head: Head, events: &[Arc<[u8]>]) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare_cached("INSERT INTO events (run_id, seq, bytes, chain) VALUES (?1, ?2, ?3, ?4)")?;
        for bytes in events {
            head.chain = canonical::chain(&head.chain, bytes);
            insert.execute(params![run.as_bytes(), head.next_seq as i64, &bytes[..], head.chain])?;
            head.next_seq += 1;
        }
        drop(insert);
        if self.heads.len() >= HEADS_MAX {
            self.heads.clear();
        }
        self.heads.insert(run, head);
        Ok(())
    }

    fn put_blob(&mut self, run: RunId, bytes: &[u8]) -> rusqlite::Result<Result<BlobHash, Error>> {
        if self.head(run)?.next_seq == 0 {
            return Ok(Err(Error::Corrupt(format!("run {run} does not exist"))));
        }
        let hash = BlobHash::of(bytes);
        self.keep_blob(run, &hash, bytes)?;
        Ok(Ok(hash))
    }

    fn keep_blob(&self, run: RunId, hash: &BlobHash, bytes: &[u8]) -> rusqlite::Result<()> {
        let known: bool =
            self.connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = ?1)")?.query_row([hash.as_str()], |row| row.get(0))?;
        if !known {
            self.connection.prepare_cached("INSERT INTO blobs (hash, bytes) VALUES (?1, ?2)")?.execute(params![hash.as_str(), bytes])?;
        }
        let sql = "INSERT OR IGNORE INTO blob_refs (run_id, hash) VALUES (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute(params![run.as_bytes(), hash.as_str()])?;
        Ok(())
    }

    fn purge(&mut self, ended_before: Timestamp, keys_before: Timestamp) -> rusqlite::Result<Purged> {
        let sql = "DELETE FROM idempotency WHERE (tenant, key) IN (SELECT tenant, key FROM idempotency WHERE made_at < ?1 LIMIT ?2)";
        let keys = self.connection.prepare_cached(sql)?.execute(params![keys_before.as_micros(), PURGE_RUNS_MAX])?;
        let sql = "SELECT run_id FROM runs WHERE is_open = 0 AND updated_at < ?1 ORDER BY run_id LIMIT ?2";
        let runs: Vec<[u8; 16]> = self
            .connection
            .prepare_cached(sql)?
            .query_map(params![ended_before.as_micros(), PURGE_RUNS_MAX], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut blobs = 0;
        for run in &runs {
            self.heads.remove(&RunId::from_bytes(*run));
            self.connection.prepare_cached("DELETE FROM events WHERE run_id = ?1")?.execute([run])?;
            self.connection.prepare_cached("DELETE FROM runs WHERE run_id = ?1")?.execute([run])?;
            self.ledgers.remove(&self.connection, &format!("run:{}", RunId::from_bytes(*run)))?;
            let hashes: Vec<String> = self
                .connection
                .prepare_cached("DELETE FROM blob_refs WHERE run_id = ?1 RETURNING hash")?
                .query_map([run], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for hash in hashes {
                let sql = "DELETE FROM blobs WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE hash = ?1)";
                blobs += self.connection.prepare_cached(sql)?.execute([hash])?;
            }
        }
        Ok(Purged { runs: runs.len() as u64, blobs: blobs as u64, keys: keys as u64 })
    }

    /// Asks the other thread for a checkpoint and finishes what it has begun; makes one itself when the log has grown past all bounds.
    fn checkpoint_when_due(&mut self) {
        if self.checkpoints.take_moved()
            && let Err(error) = checkpoint::pass(&self.connection)
        {
            tracing::warn!(%error, "the rest of the log was not moved; a later commit will try again");
        }
        if !self.commits.is_multiple_of(CHECKPOINT_EVERY) {
            return;
        }
        let wal_bytes = std::fs::metadata(&self.wal_path).map_or(0, |m| m.len());
        if wal_bytes > self.wal_bytes_max {
            if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
                tracing::warn!(%error, wal_bytes, "the log could not be emptied");
            }
        } else if wal_bytes > CHECKPOINT_BYTES {
            self.checkpoints.ask();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the log was not emptied at the end; the next start does it");
        }
    }
}

fn reply(request: Request, answer: Answer) {
    // A receiver that is gone has stopped waiting; what was committed is committed.
    match (request, answer) {
        (Request::Create(_, to), Answer::Create(answer)) => drop(to.send(answer)),
        (Request::Append(_, to), Answer::Append(answer)) => drop(to.send(answer)),
        (Request::PutBlob(_, _, to), Answer::PutBlob(answer)) => drop(to.send(answer)),
        (Request::Purge(_, _, to), Answer::Purge(answer)) => drop(to.send(answer)),
        (Request::Probe(to), Answer::Probe) => drop(to.send(Ok(()))),
        _ => unreachable!("answers are made in the order of their requests"),
    }
}

fn refuse(request: Request, error: Error) {
    match request {
        Request::Create(_, to) => drop(to.send(Err(error.into()))),
        Request::Append(_, to) => drop(to.send(Err(error.into()))),
        Request::PutBlob(_, _, to) => drop(to.send(Err(error))),
        Request::Purge(_, _, to) => drop(to.send(Err(error))),
        Request::Probe(to) => drop(to.send(Err(error))),
    }
}

/// After a failed fsync nobody knows what is on the disk, and a second one may claim success for pages that are lost.
/// The next start reads what is really there.
fn end_if_fsync_failed(error: &rusqlite::Error) {
    use rusqlite::ffi;
    let extended = error.sqlite_error().map(|e| e.extended_code);
    if matches!(extended, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)) {
        eprintln!("the disk failed to keep what it was given ({error}); ending, so that nothing is built on it");
        std::process::abort();
    }
}
