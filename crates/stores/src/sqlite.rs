//! SQLite on one machine: one thread writes and commits whatever waits in one go, a few connections read beside it.

mod checkpoint;
mod ledgers;
mod lock;
mod read;
mod schema;
mod writer;

use async_trait::async_trait;
use domain::event::Status;
use domain::money::Balance;
use domain::{BlobHash, RunId, TenantId, Timestamp};
use lock::DirectoryLock;
use ports::Store;
use ports::store::*;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::runtime::RuntimeFlavor;
use tokio::sync::{mpsc, oneshot};
use writer::{Request, Writer};

/// Where and how the data is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory; made with mode 0700 when it is not there.
    pub dir: PathBuf,
    /// The write-ahead log may grow to this many bytes before the writer itself stops to empty it. 64 MiB.
    pub wal_bytes_max: u64,
}

impl Options {
    /// The defaults, in this directory.
    pub fn new(dir: impl Into<PathBuf>) -> Options {
        Options { dir: dir.into(), wal_bytes_max: 64 * 1024 * 1024 }
    }
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works with it.
    #[error("{} is in use by process {}", dir.display(), pid.map_or("of unknown id".to_owned(), |pid| pid.to_string()))]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// Who.
        pid: Option<u32>,
        /// Where it listens, when it is a server.
        address: Option<String>,
    },
    /// It cannot be written to.
    #[error("{} cannot be written to: make it writable, or name another directory with --data-dir", dir.display())]
    NotWritable {
        /// The directory.
        dir: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The disk is full.
    #[error("the disk of {} is full: free some space, or name another directory with --data-dir", dir.display())]
    Full {
        /// The directory.
        dir: PathBuf,
    },
    /// A newer release has been here.
    #[error("{} was written by a newer release (schema {found}, this release knows {known}): use that release, or another --data-dir", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It is not a database, or a broken one.
    #[error("{} is damaged: restore it from a backup, or move it away to begin anew", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// Anything else that SQLite says.
    #[error("{} could not be opened", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
}

/// A data directory.
pub struct Sqlite {
    /// `None` when opened for reading only.
    writing: Option<Writing>,
    threads: Vec<std::thread::JoinHandle<()>>,
    readers: read::Readers,
    epoch: u64,
    lock: Option<Mutex<DirectoryLock>>,
}

/// The two ways to the database.
struct Writing {
    writer: Arc<Mutex<Writer>>,
    requests: mpsc::Sender<Request>,
}

/// Requests that wait for the writer. It commits thousands in a second; a longer queue would only hide that it is too slow.
const REQUESTS_MAX: usize = 4_096;

impl Sqlite {
    /// Opens the directory for writing: takes its lock, brings the schema up to date and begins a new lease.
    pub fn open(options: Options) -> Result<Sqlite, OpenError> {
        let lock = DirectoryLock::take(&options.dir)?;
        let path = database_path(&options.dir);
        let mut connection = schema::open(&path)?;
        let epoch = schema::prepare(&mut connection, &path)?;
        let readers = read::Readers::open(&path)?;
        let (checkpoints, checkpointer) = checkpoint::spawn(&path).map_err(|source| OpenError::NotWritable { dir: options.dir.clone(), source })?;
        let (requests, queue) = mpsc::channel(REQUESTS_MAX);
        let writer = Arc::new(Mutex::new(Writer::new(connection, epoch, &path, options.wal_bytes_max, checkpoints)));
        let here = writer.clone();
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer::run(&writer, queue));
        let thread = thread.map_err(|source| OpenError::NotWritable { dir: options.dir.clone(), source })?;
        Ok(Sqlite {
            writing: Some(Writing { writer: here, requests }),
            threads: vec![thread, checkpointer],
            readers,
            epoch,
            lock: Some(Mutex::new(lock)),
        })
    }

    /// Opens the database beside its owner, for reading only.
    pub fn open_read_only(dir: &Path) -> Result<Sqlite, OpenError> {
        let path = database_path(dir);
        schema::check_version(&schema::open_reader(&path)?, &path)?;
        Ok(Sqlite { writing: None, threads: Vec::new(), readers: read::Readers::open(&path)?, epoch: 0, lock: None })
    }

    /// Writes into the lock file where this process listens, so that a second one can become its client.
    pub fn announce(&self, address: &str) -> std::io::Result<()> {
        match &self.lock {
            Some(lock) => lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(Some(address)),
            None => Ok(()),
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, Error> {
        let writing = self.writing.as_ref().ok_or(Error::ReadOnly)?;
        let (reply, answer) = oneshot::channel();
        let gone = |_| Error::Unavailable("the writer has stopped".to_owned());
        if let Some(request) = writing.write_here(request(reply)) {
            writing.requests.send(request).await.map_err(|_| gone(()))?;
        }
        answer.await.map_err(|_| gone(()))
    }
}

impl Writing {
    /// Writes on the caller's own thread when nobody writes and nobody waits, since to wake another thread and be woken by it takes longer
    /// than the writing. Gives the request back when it has to wait its turn.
    fn write_here(&self, request: Request) -> Option<Request> {
        let may_block = tokio::runtime::Handle::try_current().is_ok_and(|here| here.runtime_flavor() == RuntimeFlavor::MultiThread);
        let nobody_waits = self.requests.capacity() == self.requests.max_capacity();
        match self.writer.try_lock() {
            Ok(mut writer) if may_block && nobody_waits => {
                tokio::task::block_in_place(|| writer.serve_one(request));
                None
            }
            _ => Some(request),
        }
    }
}

impl Drop for Sqlite {
    /// Lets the writer finish what waits, empties the log, and gives the lock back.
    fn drop(&mut self) {
        self.writing = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so; there is nothing left to do for it.
            let _ = thread.join();
        }
    }
}

fn database_path(dir: &Path) -> PathBuf {
    dir.join("orchestrator.db")
}

/// What a failure of SQLite means for the caller.
fn classify(error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(ErrorCode::ReadOnly) => Error::ReadOnly,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt(error.to_string()),
        _ => Error::Unavailable(error.to_string()),
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn create(&self, run: NewRun) -> Result<Created, CreateError> {
        self.ask(|reply| Request::Create(Box::new(run), reply)).await?
    }

    async fn append(&self, append: Append) -> Result<(), AppendError> {
        self.ask(|reply| Request::Append(append, reply)).await?
    }

    async fn events(&self, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        let tenant = tenant.clone();
        self.readers.read(move |c| read::events(c, &tenant, run, from_seq, limit)).await
    }

    async fn row(&self, tenant: &TenantId, run: RunId) -> Result<Option<RunRow>, Error> {
        let tenant = tenant.clone();
        self.readers.read(move |c| read::row(c, &tenant, run)).await
    }

    async fn list(&self, query: ListQuery) -> Result<RunPage, Error> {
        self.readers.read(move |c| read::list(c, &query)).await
    }

    async fn count_by_status(&self, tenant: &TenantId, since: Timestamp) -> Result<Vec<(Status, u64)>, Error> {
        let tenant = tenant.clone();
        self.readers.read(move |c| read::count_by_status(c, &tenant, since)).await
    }

    async fn open_runs(&self) -> Result<Vec<(TenantId, RunId)>, Error> {
        self.readers.read(read::open_runs).await
    }

    async fn put_blob(&self, run: RunId, bytes: Vec<u8>) -> Result<BlobHash, Error> {
        self.ask(|reply| Request::PutBlob(run, bytes, reply)).await?
    }

    async fn blob(&self, run: RunId, hash: &BlobHash) -> Result<Option<Vec<u8>>, Error> {
        let hash = hash.clone();
        self.readers.read(move |c| read::blob(c, run, &hash)).await
    }

    async fn balance(&self, account: &str) -> Result<Balance, Error> {
        let account = account.to_owned();
        self.readers.read(move |c| read::balance(c, &account)).await
    }

    async fn purge(&self, ended_before: Timestamp, keys_before: Timestamp) -> Result<Purged, Error> {
        let mut total = Purged::default();
        loop {
            let part = self.ask(|reply| Request::Purge(ended_before, keys_before, reply)).await??;
            total.runs += part.runs;
            total.blobs += part.blobs;
            total.keys += part.keys;
            // Each request removes a bounded part, so that appends get their turn in between.
            if part == Purged::default() {
                return Ok(total);
            }
        }
    }

    async fn probe(&self) -> Result<(), Error> {
        self.ask(Request::Probe).await?
    }

    fn writer_epoch(&self) -> u64 {
        self.epoch
    }
}

fn connection_error(path: &Path, source: rusqlite::Error) -> OpenError {
    match classify(&source) {
        Error::Corrupt(_) => OpenError::Corrupt { path: path.to_owned(), source },
        Error::Full => OpenError::Full { dir: path.parent().unwrap_or(path).to_owned() },
        Error::ReadOnly => {
            OpenError::NotWritable { dir: path.parent().unwrap_or(path).to_owned(), source: std::io::Error::other(source.to_string()) }
        }
        Error::Unavailable(_) => OpenError::Sqlite { path: path.to_owned(), source },
    }
}

/// Settings that every connection needs.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

#[cfg(test)]
mod tests;
