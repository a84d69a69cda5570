//! Moving the log into the database, off the commit path.

use super::schema;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

/// The writer's end of the thread that moves the log.
pub(super) struct Checkpoints {
    signal: mpsc::SyncSender<()>,
    moved: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Asks for a pass, unless one is waiting to begin.
    pub(super) fn ask(&self) {
        // Full: the pass that waits will take what there is.
        let _ = self.signal.try_send(());
    }

    /// Whether a pass has ended since this was last asked.
    pub(super) fn take_moved(&self) -> bool {
        self.moved.swap(false, Ordering::Relaxed)
    }
}

/// Starts the thread, which ends when the other end is dropped.
///
/// While it moves the log, the writer makes it longer, so it never comes to the log's end. When it has moved nearly all, the writer moves the
/// rest, and the next commit begins the log anew: the file keeps its size, and a commit that need not make a file longer is a quicker one.
pub(super) fn spawn(path: &Path) -> std::io::Result<(Checkpoints, JoinHandle<()>)> {
    // One pass waiting is enough: the next takes all there is.
    let (signal, signals) = mpsc::sync_channel(1);
    let moved = Arc::new(AtomicBool::new(false));
    let checkpoints = Checkpoints { signal, moved: moved.clone() };
    let path = path.to_owned();
    let thread = std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(move || {
        let connection = match schema::open(&path) {
            Ok(connection) => connection,
            Err(error) => return tracing::error!(%error, "no checkpoints: the writer will make them itself"),
        };
        while signals.recv().is_ok() {
            match pass(&connection) {
                Ok(()) => moved.store(true, Ordering::Relaxed),
                Err(error) => tracing::warn!(%error, "a checkpoint failed; a later commit will ask again"),
            }
        }
    })?;
    Ok((checkpoints, thread))
}

/// Moves what can be moved without waiting for a reader or the writer.
pub(super) fn pass(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}
