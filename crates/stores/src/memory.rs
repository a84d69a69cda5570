//! A store that forgets: for tests, for the simulated world, and for a machine whose disk is full.

use crate::ledger;
use async_trait::async_trait;
use domain::event::Status;
use domain::money::{Balance, LedgerChange};
use domain::{BlobHash, RunId, TenantId, Timestamp, canonical};
use ports::Store;
use ports::store::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs in a map.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runs: BTreeMap<RunId, Kept>,
    blobs: BTreeMap<BlobHash, Arc<[u8]>>,
    balances: BTreeMap<String, Balance>,
    keys: BTreeMap<(TenantId, String), Key>,
}

struct Kept {
    tenant: TenantId,
    created_at: Timestamp,
    summary: Summary,
    events: Vec<StoredEvent>,
    blobs: BTreeSet<BlobHash>,
}

struct Key {
    request_hash: String,
    run: RunId,
    made_at: Timestamp,
}

/// The only lease there is.
const EPOCH: u64 = 1;

impl Memory {
    /// An empty store.
    pub fn new() -> Memory {
        Memory::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change below is made whole after all that can refuse it, so a panic leaves no half.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ledger(&mut self, changes: &[LedgerChange]) -> Result<(), ledger::Over> {
        let touched = ledger::touched(changes);
        let mut balances: BTreeMap<String, Balance> =
            touched.into_iter().map(|name| (name.to_owned(), self.balances.get(name).copied().unwrap_or_default())).collect();
        ledger::apply(&mut balances, changes)?;
        self.balances.extend(balances);
        Ok(())
    }
}

impl Kept {
    fn push(&mut self, events: Vec<Arc<[u8]>>) {
        for bytes in events {
            let previous = self.events.last().map_or([0; 32], |e| e.chain);
            let chain = canonical::chain(&previous, &bytes);
            self.events.push(StoredEvent { seq: self.events.len() as u64, bytes, chain });
        }
    }

    fn row(&self, run: RunId) -> RunRow {
        RunRow { run, created_at: self.created_at, summary: self.summary.clone() }
    }
}

#[async_trait]
impl Store for Memory {
    async fn create(&self, new: NewRun) -> Result<Created, CreateError> {
        let mut state = self.lock();
        if let Some(key) = &new.idempotency
            && let Some(known) = state.keys.get(&(new.tenant.clone(), key.key.clone()))
        {
            return if known.request_hash == key.request_hash { Ok(Created::Before(known.run)) } else { Err(CreateError::KeyReused) };
        }
        if state.runs.contains_key(&new.run) {
            return Err(Error::Corrupt(format!("run {} exists", new.run)).into());
        }
        state.ledger(&new.ledger).map_err(|over| CreateError::OverBudget { which: over.which, left: over.left })?;
        let mut kept = Kept { tenant: new.tenant.clone(), created_at: new.at, summary: new.summary, events: Vec::new(), blobs: BTreeSet::new() };
        kept.push(new.events);
        for (hash, bytes) in new.blobs {
            kept.blobs.insert(hash.clone());
            state.blobs.entry(hash).or_insert(bytes);
        }
        state.runs.insert(new.run, kept);
        if let Some(key) = new.idempotency {
            state.keys.insert((new.tenant, key.key), Key { request_hash: key.request_hash, run: new.run, made_at: new.at });
        }
        Ok(Created::New)
    }

    async fn append(&self, append: Append) -> Result<(), AppendError> {
        if append.writer_epoch != EPOCH {
            return Err(AppendError::Fenced);
        }
        let mut state = self.lock();
        let head = state.runs.get(&append.run).map_or(0, |kept| kept.events.len() as u64);
        if head == 0 || head != append.expected_seq {
            return Err(AppendError::Conflict { head });
        }
        state.ledger(&append.ledger).map_err(|over| AppendError::OverBudget { which: over.which, left: over.left })?;
        if let Some(kept) = state.runs.get_mut(&append.run) {
            kept.push(append.events);
            kept.summary = append.summary.unwrap_or_else(|| kept.summary.clone());
        }
        Ok(())
    }

    async fn events(&self, tenant: &TenantId, run: RunId, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        let state = self.lock();
        let kept = state.runs.get(&run).filter(|kept| kept.tenant == *tenant);
        let from = usize::try_from(from_seq).unwrap_or(usize::MAX);
        Ok(kept.map_or(Vec::new(), |kept| kept.events.iter().skip(from).take(limit).cloned().collect()))
    }

    async fn row(&self, tenant: &TenantId, run: RunId) -> Result<Option<RunRow>, Error> {
        Ok(self.lock().runs.get(&run).filter(|kept| kept.tenant == *tenant).map(|kept| kept.row(run)))
    }

    async fn list(&self, query: ListQuery) -> Result<RunPage, Error> {
        let state = self.lock();
        let wanted = |kept: &Kept| kept.tenant == query.tenant && (query.statuses.is_empty() || query.statuses.contains(&kept.summary.status));
        let older = state.runs.iter().rev().filter(|(run, kept)| query.before.is_none_or(|before| **run < before) && wanted(kept));
        let mut runs: Vec<RunRow> = older.skip(query.offset).take(query.limit.saturating_add(1)).map(|(run, kept)| kept.row(*run)).collect();
        let more = runs.len() > query.limit;
        runs.truncate(query.limit);
        Ok(RunPage { runs, more })
    }

    async fn count_by_status(&self, tenant: &TenantId, since: Timestamp) -> Result<Vec<(Status, u64)>, Error> {
        let state = self.lock();
        let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
        for kept in state.runs.values().filter(|kept| kept.tenant == *tenant && kept.created_at >= since) {
            *counts.entry(kept.summary.status).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }

    async fn open_runs(&self) -> Result<Vec<(TenantId, RunId)>, Error> {
        let state = self.lock();
        let open = state.runs.iter().filter(|(_, kept)| !kept.summary.status.is_ended());
        Ok(open.map(|(run, kept)| (kept.tenant.clone(), *run)).collect())
    }

    async fn put_blob(&self, run: RunId, bytes: Vec<u8>) -> Result<BlobHash, Error> {
        let hash = BlobHash::of(&bytes);
        let mut state = self.lock();
        let kept = state.runs.get_mut(&run).ok_or_else(|| Error::Corrupt(format!("run {run} does not exist")))?;
        kept.blobs.insert(hash.clone());
        state.blobs.entry(hash.clone()).or_insert_with(|| bytes.into());
        Ok(hash)
    }

    async fn blob(&self, run: RunId, hash: &BlobHash) -> Result<Option<Vec<u8>>, Error> {
        let state = self.lock();
        let kept = state.runs.get(&run).is_some_and(|kept| kept.blobs.contains(hash));
        Ok(if kept { state.blobs.get(hash).map(|bytes| bytes.to_vec()) } else { None })
    }

    async fn balance(&self, account: &str) -> Result<Balance, Error> {
        Ok(self.lock().balances.get(account).copied().unwrap_or_default())
    }

    async fn purge(&self, ended_before: Timestamp, keys_before: Timestamp) -> Result<Purged, Error> {
        let mut state = self.lock();
        let (runs, blobs, keys) = (state.runs.len(), state.blobs.len(), state.keys.len());
        state.runs.retain(|_, kept| !kept.summary.status.is_ended() || kept.summary.updated_at >= ended_before);
        state.keys.retain(|_, key| key.made_at >= keys_before);
        let kept: BTreeSet<BlobHash> = state.runs.values().flat_map(|kept| kept.blobs.iter().cloned()).collect();
        state.blobs.retain(|hash, _| kept.contains(hash));
        Ok(Purged { runs: (runs - state.runs.len()) as u64, blobs: (blobs - state.blobs.len()) as u64, keys: (keys - state.keys.len()) as u64 })
    }

    async fn probe(&self) -> Result<(), Error> {
        Ok(())
    }

    fn writer_epoch(&self) -> u64 {
        EPOCH
    }
}

#[cfg(test)]
mod tests {
    crate::conformance!(Box::new(super::Memory::new()));
}
