//! The store that the product uses, with a watch on it: what is waited for, how long a step takes, which bytes are kept.

use async_trait::async_trait;
use domain::event::Status;
use domain::money::Balance;
use domain::{BlobHash, RunId, TenantId, Timestamp};
use ports::Store;
use ports::store::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use stores::Sqlite;

/// Appends whose bytes are remembered: enough to show what steps write, and little to copy.
const BYTES_REMEMBERED: usize = 256;

pub(crate) struct Watched {
    store: Sqlite,
    watch: Mutex<Watch>,
}

#[derive(Default)]
struct Watch {
    seen: Seen,
    /// When each run was last answered.
    answered: BTreeMap<RunId, Instant>,
}

/// What was seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// From one answer of the store to the next for the same run: what was decided, done and written in between. One for each append.
    pub(crate) steps: Vec<Duration>,
    /// The bytes of some appends, all events of one in a row.
    pub(crate) bytes: Vec<Vec<u8>>,
}

impl Watched {
    pub(crate) fn new(store: Sqlite) -> Arc<Watched> {
        Arc::new(Watched { store, watch: Mutex::default() })
    }

    /// How many runs have been created or appended to.
    pub(crate) fn moved(&self) -> usize {
        self.lock().answered.len()
    }

    /// Everything seen since this was last asked.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut self.lock().seen)
    }

    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Watched {
    async fn create(&self, run: NewRun) -> Result<Created, CreateError> {
        let id = run.run;
        let created = self.store.create(run).await?;
        self.lock().answered.insert(id, Instant::now());
        Ok(created)
    }

    async fn append(&self, append: Append) -> Result<(), AppendError> {
        let run = append.run;
        let remembered = self.lock().seen.bytes.len() < BYTES_REMEMBERED;
        let bytes = remembered.then(|| append.events.concat());
        self.store.append(append).await?;
        let now = Instant::now();
        let mut watch = self.lock();
        watch.seen.bytes.extend(bytes);
        if let Some(before) = watch.answered.insert(run, now) {
            watch.seen.steps.push(now - before);
        }
        Ok(())
    }

    async fn events(&self, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        self.store.events(tenant, run, from_seq, limit).await
    }

    async fn row(&self, tenant: &TenantId, run: RunId) -> Result<Option<RunRow>, Error> {
        self.store.row(tenant, run).await
    }

    async fn list(&self, query: ListQuery) -> Result<RunPage, Error> {
        self.store.list(query).await
    }

    async fn count_by_status(&self, tenant: &TenantId, since: Timestamp) -> Result<Vec<(Status, u64)>, Error> {
        self.store.count_by_status(tenant, since).await
    }

    async fn open_runs(&self) -> Result<Vec<(TenantId, RunId)>, Error> {
        self.store.open_runs().await
    }

    async fn put_blob(&self, run: RunId, bytes: Vec<u8>) -> Result<BlobHash, Error> {
        self.store.put_blob(run, bytes).await
    }

    async fn blob(&self, run: RunId, hash: &BlobHash) -> Result<Option<Vec<u8>>, Error> {
        self.store.blob(run, hash).await
    }

    async fn balance(&self, account: &str) -> Result<Balance, Error> {
        self.store.balance(account).await
    }

    async fn purge(&self, ended_before: Timestamp, keys_before: Timestamp) -> Result<Purged, Error> {
        self.store.purge(ended_before, keys_before).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.store.probe().await
    }

    fn writer_epoch(&self) -> u64 {
        self.store.writer_epoch()
    }
}
