//! Moving the log into the database, off the commit path.

use super::schema;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

/// Starts the thread. Each signal asks for one pass; the thread ends when the sender is dropped.
pub(super) fn spawn(path: &Path) -> std::io::Result<(mpsc::SyncSender<()>, JoinHandle<()>)> {
    // One pass waiting is enough: the next takes all there is.
    let (signal, signals) = mpsc::sync_channel(1);
    let path = path.to_owned();
    let thread = std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(move || {
        let connection = match schema::open(&path) {
            Ok(connection) => connection,
            Err(error) => return tracing::error!(%error, "no checkpoints: the writer will make them itself"),
        };
        while signals.recv().is_ok() {
            // PASSIVE never waits for a reader or the writer, and takes what it can.
            if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                tracing::warn!(%error, "a checkpoint failed; the next commit will ask again");
            }
        }
    })?;
    Ok((signal, thread))
}
