//! From stored bytes to a run.

use crate::{Engine, Inner};
use domain::agent::Catalogue;
use domain::event::DecodeError;
use domain::run::IllegalEvent;
use domain::{BlobHash, Event, Fact, Run, RunId, TenantId};
use ports::store;
use std::sync::{Arc, PoisonError};

/// Events read from the store in one go.
const PAGE: usize = 512;

/// Why a stored run could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// An event could not be read: another release wrote it, or it is damaged.
    #[error("run {run}, event {seq}")]
    Decode {
        /// The run.
        run: RunId,
        /// The event's sequence number.
        seq: u64,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The events do not follow from each other.
    #[error("run {run} has a journal that breaks its own rules")]
    Illegal {
        /// The run.
        run: RunId,
        /// Which rule.
        #[source]
        source: IllegalEvent,
    },
    /// The definitions that the run works with are gone or damaged.
    #[error("run {run} names the catalogue {hash}, which cannot be read")]
    Catalogue {
        /// The run.
        run: RunId,
        /// The blob.
        hash: BlobHash,
    },
}

impl Engine {
    /// The run as its journal has it now; `None` when this tenant has no such run.
    pub async fn run(&self, tenant: &TenantId, run: RunId) -> Result<Option<Run>, LoadError> {
        self.inner.load(tenant, run).await
    }

    /// Waits until the run has ended or waits for a person, and gives it; `None` when this tenant has no such run.
    pub async fn settled(&self, tenant: &TenantId, run: RunId) -> Result<Option<Arc<Run>>, LoadError> {
        if let Some(live) = self.inner.registry.get(run) {
            let mut rested = live.rested();
            // An error is a driver that failed; the journal knows how far it came.
            if let Ok(state) = rested.wait_for(Option::is_some).await
                && let Some(state) = state.as_ref().filter(|r| r.submitted().principal.tenant == *tenant)
            {
                return Ok(Some(state.clone()));
            }
        }
        Ok(self.inner.load(tenant, run).await?.map(Arc::new))
    }
}

impl Inner {
    pub(crate) async fn load(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, LoadError> {
        let mut run: Option<Run> = None;
        loop {
            let from = run.as_ref().map_or(0, Run::head);
            let page = self.store.events(tenant, id, from, PAGE).await?;
            let is_last = page.len() < PAGE;
            for stored in page {
                let event = Event::decode(&stored.bytes).map_err(|source| LoadError::Decode { run: id, seq: stored.seq, source })?;
                let folded = match run {
                    Some(run) => run.apply(event),
                    None => Run::begin(id, self.catalogue_of(id, &event).await?, event),
                };
                run = Some(folded.map_err(|source| LoadError::Illegal { run: id, source })?);
            }
            if is_last {
                return Ok(run);
            }
        }
    }

    async fn catalogue_of(&self, run: RunId, first: &Event) -> Result<Arc<Catalogue>, LoadError> {
        let Fact::Submitted(submitted) = &first.fact else {
            // `Run::begin` says what is wrong.
            return Ok(self.catalogue.clone());
        };
        let hash = &submitted.catalogue;
        if *hash == self.catalogue_hash {
            return Ok(self.catalogue.clone());
        }
        let known = self.catalogues.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        if let Some(catalogue) = known {
            return Ok(catalogue);
        }
        let missing = || LoadError::Catalogue { run, hash: hash.clone() };
        let bytes = self.store.blob(run, hash).await?.ok_or_else(missing)?;
        let catalogue: Arc<Catalogue> = Arc::new(serde_json::from_slice(&bytes).map_err(|_| missing())?);
        self.catalogues.lock().unwrap_or_else(PoisonError::into_inner).insert(hash.clone(), catalogue.clone());
        Ok(catalogue)
    }
}
