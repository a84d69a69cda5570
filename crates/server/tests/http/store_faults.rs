//! A store that cannot be used: the caller learns what that means for them, and nothing is lost or made up.

use crate::support::{Service, Wanted, json_of, refused, start_with};
use async_trait::async_trait;
use domain::event::Status;
use domain::money::Balance;
use domain::{BlobHash, RunId, TenantId, Timestamp};
use ports::Store;
use ports::store::{Append, AppendError, CreateError, Created, Error, ListQuery, NewRun, Purged, RunPage, RunRow, StoredEvent};
use serde_json::json;
use std::sync::Arc;

/// A store in memory whose creations and lists fail.
struct Faulty {
    inner: stores::Memory,
    fault: fn() -> Error,
}

async fn with_fault(fault: fn() -> Error) -> Service {
    start_with(Wanted { store: Arc::new(Faulty { inner: stores::Memory::new(), fault }), ..Wanted::default() }).await
}

#[tokio::test]
async fn a_full_disk_is_507() {
    let service = with_fault(|| Error::Full).await;
    for path in ["/api/v1/orchestrate", "/api/v1/runs"] {
        refused(service.post(path).json(&json!({ "task": "is all well?" })), 507, "storage_full", "disk is full").await;
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_503_with_a_time_to_ask_again() {
    let service = with_fault(|| Error::ReadOnly).await;
    let submit = service.post("/api/v1/runs").json(&json!({ "task": "is all well?" }));
    assert_eq!(submit.try_clone().unwrap().send().await.unwrap().headers()["retry-after"], "5");
    refused(submit, 503, "storage_unavailable", "read-only").await;
    let service = with_fault(|| Error::Unavailable("gone".to_owned())).await;
    refused(service.get("/api/v1/runs"), 503, "storage_unavailable", "ask again").await;
}

#[tokio::test]
async fn what_is_our_fault_is_500_and_keeps_its_reasons_for_the_log() {
    let service = with_fault(|| Error::Corrupt("page 7 of secret.db".to_owned())).await;
    let problem = refused(service.get("/api/v1/runs"), 500, "internal", "request_id").await;
    assert!(!problem.to_string().contains("secret"), "{problem}");
}

#[tokio::test]
async fn a_panic_is_500_and_the_service_goes_on() {
    let service = with_fault(|| panic!("the test wants this panic")).await;
    refused(service.get("/api/v1/runs"), 500, "internal", "request_id").await;
    assert_eq!(json_of(service.get("/api/v1/agents")).await.0, 200);
}

#[async_trait]
impl Store for Faulty {
    async fn create(&self, _: NewRun) -> Result<Created, CreateError> {
        Err((self.fault)().into())
    }

    async fn list(&self, _: ListQuery) -> Result<RunPage, Error> {
        Err((self.fault)())
    }

    async fn append(&self, append: Append) -> Result<(), AppendError> {
        self.inner.append(append).await
    }

    async fn events(&self, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        self.inner.events(tenant, run, from_seq, limit).await
    }

    async fn row(&self, tenant: &TenantId, run: RunId) -> Result<Option<RunRow>, Error> {
        self.inner.row(tenant, run).await
    }

    async fn count_by_status(&self, tenant: &TenantId, since: Timestamp) -> Result<Vec<(Status, u64)>, Error> {
        self.inner.count_by_status(tenant, since).await
    }

    async fn open_runs(&self) -> Result<Vec<(TenantId, RunId)>, Error> {
        self.inner.open_runs().await
    }

    async fn put_blob(&self, run: RunId, bytes: Vec<u8>) -> Result<BlobHash, Error> {
        self.inner.put_blob(run, bytes).await
    }

    async fn blob(&self, run: RunId, hash: &BlobHash) -> Result<Option<Vec<u8>>, Error> {
        self.inner.blob(run, hash).await
    }

    async fn balance(&self, account: &str) -> Result<Balance, Error> {
        self.inner.balance(account).await
    }

    async fn purge(&self, ended_before: Timestamp, keys_before: Timestamp) -> Result<Purged, Error> {
        self.inner.purge(ended_before, keys_before).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.inner.probe().await
    }

    fn writer_epoch(&self) -> u64 {
        self.inner.writer_epoch()
    }
}
