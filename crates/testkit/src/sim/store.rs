//! A store with faults: calls that fail before or after their commit, a full disk, a crash on either side of a commit.

use super::world::World;
use async_trait::async_trait;
use domain::event::Status;
use domain::money::Balance;
use domain::{BlobHash, RunId, TenantId, Timestamp};
use ports::Store;
use ports::store::*;
use std::sync::Arc;

pub(crate) struct SimStore {
    world: Arc<World>,
    epoch: u64,
}

impl SimStore {
    pub(crate) fn new(world: Arc<World>) -> SimStore {
        let epoch = world.durable.writer_epoch();
        SimStore { world, epoch }
    }

    /// Crash point and fault before a write.
    async fn before(&self) -> Result<(), Error> {
        self.world.point().await;
        if self.world.faulty() {
            let full = self.world.with_rng(|rng| rng.one_in(2));
            return Err(if full { Error::Full } else { Error::Unavailable("simulated".to_owned()) });
        }
        Ok(())
    }

    /// Crash point and fault after a commit: the write is in, and the caller does not hear of it.
    async fn after(&self) -> Result<(), Error> {
        self.world.point().await;
        if self.world.faulty() { Err(Error::Unavailable("simulated, after the commit".to_owned())) } else { Ok(()) }
    }

    async fn read(&self) -> Result<(), Error> {
        self.world.point().await;
        if self.world.faulty() { Err(Error::Unavailable("simulated read".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Store for SimStore {
    async fn create(&self, run: NewRun) -> Result<Created, CreateError> {
        self.before().await?;
        let created = self.world.durable.create(run).await?;
        self.after().await?;
        Ok(created)
    }

    async fn append(&self, append: Append) -> Result<(), AppendError> {
        self.before().await?;
        self.world.durable.append(append).await?;
        self.after().await?;
        Ok(())
    }

    async fn events(&self, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        self.read().await?;
        self.world.durable.events(tenant, run, from_seq, limit).await
    }

    async fn row(&self, tenant: &TenantId, run: RunId) -> Result<Option<RunRow>, Error> {
        self.read().await?;
        self.world.durable.row(tenant, run).await
    }

    async fn list(&self, query: ListQuery) -> Result<RunPage, Error> {
        self.read().await?;
        self.world.durable.list(query).await
    }

    async fn count_by_status(&self, tenant: &TenantId, since: Timestamp) -> Result<Vec<(Status, u64)>, Error> {
        self.world.durable.count_by_status(tenant, since).await
    }

    async fn open_runs(&self) -> Result<Vec<(TenantId, RunId)>, Error> {
        self.read().await?;
        self.world.durable.open_runs().await
    }

    async fn put_blob(&self, run: RunId, bytes: Vec<u8>) -> Result<BlobHash, Error> {
        self.before().await?;
        self.world.durable.put_blob(run, bytes).await
    }

    async fn blob(&self, run: RunId, hash: &BlobHash) -> Result<Option<Vec<u8>>, Error> {
        self.read().await?;
        self.world.durable.blob(run, hash).await
    }

    async fn balance(&self, account: &str) -> Result<Balance, Error> {
        self.world.durable.balance(account).await
    }

    async fn purge(&self, ended_before: Timestamp, keys_before: Timestamp) -> Result<Purged, Error> {
        self.world.durable.purge(ended_before, keys_before).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.before().await
    }

    fn writer_epoch(&self) -> u64 {
        self.epoch
    }
}
