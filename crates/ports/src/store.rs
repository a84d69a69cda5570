//! Where journals, ledgers and blobs are kept.

use async_trait::async_trait;
use domain::event::Status;
use domain::money::{Balance, LedgerChange};
use domain::{BlobHash, RunId, TenantId, Timestamp, UsdMicros};
use std::sync::Arc;

/// A durable home for runs. Every method that writes returns only once the write would survive a crash.
#[async_trait]
pub trait Store: Send + Sync {
    /// Creates a run with its first events, the ledger changes they need and the idempotency key, in one commit.
    async fn create(&self, run: NewRun) -> Result<Created, CreateError>;

    /// Appends events to a run in one commit with their ledger changes, if the journal ends just before `expected_seq`.
    async fn append(&self, append: Append) -> Result<(), AppendError>;

    /// The run's events from `from_seq` on, oldest first, as the exact bytes that were appended. At most `limit`.
    async fn events(&self, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, Error>;

    /// The run's row in lists, or `None` when this tenant has no such run.
    async fn row(&self, tenant: &TenantId, run: RunId) -> Result<Option<RunRow>, Error>;

    /// Runs of a tenant, newest first.
    async fn list(&self, query: ListQuery) -> Result<RunPage, Error>;

    /// How many runs submitted since then stand where.
    async fn count_by_status(&self, tenant: &TenantId, since: Timestamp) -> Result<Vec<(Status, u64)>, Error>;

    /// Every run that has not ended, oldest first, of all tenants: what a new process takes over.
    async fn open_runs(&self) -> Result<Vec<(TenantId, RunId)>, Error>;

    /// Keeps these bytes for as long as the run is kept. Keeping the same bytes twice costs nothing.
    async fn put_blob(&self, run: RunId, bytes: Vec<u8>) -> Result<BlobHash, Error>;

    /// The bytes of a blob that this run keeps.
    async fn blob(&self, run: RunId, hash: &BlobHash) -> Result<Option<Vec<u8>>, Error>;

    /// Where a ledger stands. An account nobody has used stands at zero.
    async fn balance(&self, account: &str) -> Result<Balance, Error>;

    /// Removes runs that ended before then, with their blobs, and idempotency keys made before `keys_before`.
    async fn purge(&self, ended_before: Timestamp, keys_before: Timestamp) -> Result<Purged, Error>;

    /// Whether a write would go through now.
    async fn probe(&self) -> Result<(), Error>;

    /// The lease under which this process writes. It is checked in every append.
    fn writer_epoch(&self) -> u64;
}

/// A run to be created.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its id.
    pub run: RunId,
    /// Its owner.
    pub tenant: TenantId,
    /// When it was submitted.
    pub at: Timestamp,
    /// The first events, encoded.
    pub events: Vec<Arc<[u8]>>,
    /// What they do to the ledgers.
    pub ledger: Vec<LedgerChange>,
    /// Its row in lists.
    pub summary: Summary,
    /// The blobs that the events name; kept with the run.
    pub blobs: Vec<(BlobHash, Arc<[u8]>)>,
    /// The caller's key, if any.
    pub idempotency: Option<IdempotencyKey>,
}

/// A caller's promise that requests with this key are one and the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The caller's key.
    pub key: String,
    /// Hash of method, path and body.
    pub request_hash: String,
}

/// What came of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The run is there now.
    New,
    /// The idempotency key had already made this run.
    Before(RunId),
}

/// Events to append.
#[derive(Clone, Debug)]
pub struct Append {
    /// To which run.
    pub run: RunId,
    /// The sequence number that the first of them gets.
    pub expected_seq: u64,
    /// The lease the writer believes to hold.
    pub writer_epoch: u64,
    /// The events, encoded. Shared with whoever watches the run.
    pub events: Vec<Arc<[u8]>>,
    /// What they do to the ledgers.
    pub ledger: Vec<LedgerChange>,
    /// The run's row after them; `None` when nothing in it changes but the number of events.
    pub summary: Option<Summary>,
}

/// What lists show of a run. Derived from the journal; kept beside it so that lists need not fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Where it stands.
    pub status: Status,
    /// The task's beginning, at most 200 characters.
    pub task: String,
    /// What it has cost.
    pub cost: UsdMicros,
    /// When the status last changed.
    pub updated_at: Timestamp,
}

/// A run's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Which run.
    pub run: RunId,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// The rest.
    pub summary: Summary,
}

/// Which runs to list.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Only these; empty is all.
    pub statuses: Vec<Status>,
    /// Only runs older than this one: the cursor.
    pub before: Option<RunId>,
    /// Left out at the start.
    pub offset: usize,
    /// At most.
    pub limit: usize,
}

/// A page of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPage {
    /// Newest first.
    pub runs: Vec<RunRow>,
    /// Whether there are more.
    pub more: bool,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Counts from 0.
    pub seq: u64,
    /// The exact bytes.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the link before and these bytes.
    pub chain: [u8; 32],
}

/// What a purge removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Runs.
    pub runs: u64,
    /// Blobs that no run keeps any more.
    pub blobs: u64,
    /// Idempotency keys.
    pub keys: u64,
}

/// Why a creation was refused.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for a different request")]
    KeyReused,
    /// A ledger cannot carry the first call. The run was not created.
    #[error("the {which} budget has {left} left")]
    OverBudget {
        /// The account's kind: run, key or global.
        which: String,
        /// What it has left.
        left: UsdMicros,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Why an append was refused. None of its events are in the journal.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended first: read on from the head and think again.
    #[error("the journal ends at {head}")]
    Conflict {
        /// The next sequence number.
        head: u64,
    },
    /// Another process holds the lease: stop.
    #[error("another process has taken over")]
    Fenced,
    /// A ledger cannot carry the reservation.
    #[error("the {which} budget has {left} left")]
    OverBudget {
        /// The account's kind: run, key or global.
        which: String,
        /// What it has left.
        left: UsdMicros,
    },
    /// The store failed; whether the events are in is not known for `Unavailable`, and they are not for the others.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Why a store could not do its work.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No room. Nothing was written.
    #[error("the disk is full")]
    Full,
    /// Not to be written to. Nothing was written.
    #[error("the store is read-only")]
    ReadOnly,
    /// Gone, closing or failing; a write may or may not have happened.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What is stored makes no sense.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
}
