//! What ours is divided by: SQLite as plain as it can be durable. One table, one writer, every commit on the disk before it is answered.

use anyhow::{Context, Result};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Commits that were answered.
pub(crate) struct Commits {
    pub(crate) per_second: f64,
    /// From asking to the answer, shortest first.
    pub(crate) waits: Vec<Duration>,
}

type Request = (Arc<[u8]>, oneshot::Sender<()>);

/// The most requests in one commit, as in our own writer.
const GROUP_MAX: usize = 256;

/// Commits of these bytes by so many producers, each of which waits for its answer before it asks again. One thread writes, and commits
/// whatever waits in one go.
pub(crate) async fn group_commit(folder: &Path, producers: usize, commits: usize, bytes: &[Vec<u8>]) -> Result<Commits> {
    let connection = open(&folder.join("raw.db"))?;
    let (requests, queue) = mpsc::channel(4_096);
    let writer = std::thread::spawn(move || write(&connection, queue));
    let begun = Instant::now();
    let lanes: Vec<_> = (0..producers)
        .map(|lane| {
            let (requests, bytes) = (requests.clone(), bytes.iter().map(|b| Arc::from(b.as_slice())).collect::<Vec<Arc<[u8]>>>());
            tokio::spawn(async move {
                let mut waits = Vec::with_capacity(commits / producers + 1);
                for n in (lane..commits).step_by(producers) {
                    let (reply, answer) = oneshot::channel();
                    let asked = Instant::now();
                    requests.send((bytes[n / producers % bytes.len()].clone(), reply)).await.ok().context("the writer has stopped")?;
                    answer.await?;
                    waits.push(asked.elapsed());
                }
                anyhow::Ok(waits)
            })
        })
        .collect();
    drop(requests);
    let mut waits = Vec::with_capacity(commits);
    for lane in lanes {
        waits.extend(lane.await??);
    }
    let per_second = commits as f64 / begun.elapsed().as_secs_f64();
    writer.join().map_err(|_| anyhow::anyhow!("the writer crashed"))??;
    remove(folder)?;
    waits.sort_unstable();
    Ok(Commits { per_second, waits })
}

/// Commits of these bytes one after the other, from the thread that wants them.
pub(crate) fn single_commits(folder: &Path, commits: usize, bytes: &[Vec<u8>]) -> Result<Commits> {
    let connection = open(&folder.join("raw.db"))?;
    let mut insert = connection.prepare(INSERT)?;
    let begun = Instant::now();
    let mut waits = Vec::with_capacity(commits);
    for n in 0..commits {
        let asked = Instant::now();
        insert.execute([&bytes[n % bytes.len()]])?;
        waits.push(asked.elapsed());
    }
    let per_second = commits as f64 / begun.elapsed().as_secs_f64();
    remove(folder)?;
    waits.sort_unstable();
    Ok(Commits { per_second, waits })
}

/// The value below which that share of the sorted waits lies.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

const INSERT: &str = "INSERT INTO events (bytes) VALUES (?1)";

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE events (bytes BLOB NOT NULL);")?;
    Ok(connection)
}

fn remove(folder: &Path) -> Result<()> {
    for name in ["raw.db", "raw.db-wal", "raw.db-shm"] {
        // The last connection to close has taken the other two with it.
        if let Err(error) = std::fs::remove_file(folder.join(name))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
    }
    Ok(())
}

fn write(connection: &Connection, mut queue: mpsc::Receiver<Request>) -> rusqlite::Result<()> {
    let (mut begin, mut insert, mut commit) = (connection.prepare("BEGIN IMMEDIATE")?, connection.prepare(INSERT)?, connection.prepare("COMMIT")?);
    let mut answers = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = queue.blocking_recv() {
        begin.execute([])?;
        let mut next = Some(first);
        while let Some((bytes, answer)) = next {
            insert.execute([&bytes[..]])?;
            answers.push(answer);
            next = if answers.len() < GROUP_MAX { queue.try_recv().ok() } else { None };
        }
        commit.execute([])?;
        for answer in answers.drain(..) {
            // A producer that is gone has stopped waiting.
            let _ = answer.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        let waits: Vec<_> = (1..=1_000).map(Duration::from_micros).collect();
        assert_eq!(quantile(&waits, 0.5), Duration::from_micros(501));
        assert_eq!(quantile(&waits, 0.999), Duration::from_micros(1_000));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }
}
