//! The verbs: submit, drive, perform, recover, cancel, decide, drain.
//!
//! The engine goes round between a run's pure state and the world: it asks `Run::next`, writes the intents, performs, writes the
//! outcomes together with the next intents, and goes round again. It survives a crash at any await, because everything it
//! knows about a run is in the journal before anybody is told.

mod control;
mod drive;
mod live;
mod load;
mod perform;
mod plan;
mod recover;
mod reserve;
mod retry;
mod submit;

pub use control::{ControlError, Person, Saying};
pub use drive::DriveError;
pub use live::Notice;
pub use load::LoadError;
pub use submit::{Accepted, Submission, SubmitError};

use domain::agent::Catalogue;
use domain::permit::Policy;
use domain::prices::Prices;
use domain::{BlobHash, RunId, ToolName, UsdMicros};
use live::Registry;
use ports::{Clock, Model, Store, Tool};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Drives runs. A cheap handle; every clone is the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What an engine is made of.
pub struct Parts {
    /// Where journals are kept.
    pub store: Arc<dyn Store>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Models by provider name.
    pub models: BTreeMap<String, Arc<dyn Model>>,
    /// Every tool that agents may name.
    pub tools: Vec<Arc<dyn Tool>>,
    /// The agents and tools on offer to new runs.
    pub catalogue: Catalogue,
    /// Who may do what.
    pub policy: Arc<dyn Policy>,
    /// What models cost.
    pub prices: Prices,
    /// Limits.
    pub options: Options,
}

/// The engine's limits.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Runs driven at once; more are turned away. 256: each holds a few kilobytes, and the store is busy long before.
    pub runs_concurrent_max: usize,
    /// What one key may spend in a UTC day. $5.
    pub key_cost_per_day_max: UsdMicros,
    /// What all keys together may spend in a UTC day. $5.
    pub global_cost_per_day_max: UsdMicros,
    /// The longest a model call may take, from request to last byte. Two minutes.
    pub model_call_max: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            runs_concurrent_max: 256,
            key_cost_per_day_max: UsdMicros(5_000_000),
            global_cost_per_day_max: UsdMicros(5_000_000),
            model_call_max: Duration::from_secs(120),
        }
    }
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) models: BTreeMap<String, Arc<dyn Model>>,
    pub(crate) tools: BTreeMap<ToolName, Arc<dyn Tool>>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) catalogue_hash: BlobHash,
    pub(crate) catalogue_bytes: Arc<[u8]>,
    /// Catalogues of earlier releases or configurations that open runs still work with.
    pub(crate) catalogues: Mutex<BTreeMap<BlobHash, Arc<Catalogue>>>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) prices: Prices,
    pub(crate) options: Options,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) registry: Registry,
    pub(crate) retry_budget: retry::Budget,
    /// Set when nothing new may be started.
    pub(crate) draining: CancellationToken,
    /// Set when drivers must let go of what is under way.
    pub(crate) abandoned: CancellationToken,
    pub(crate) drivers: TaskTracker,
}

impl Engine {
    /// Puts the parts together. Nothing is driven until a run is submitted or `recover` is called.
    pub fn new(parts: Parts) -> Engine {
        let (catalogue_hash, bytes) = parts.catalogue.to_blob();
        let tools = parts.tools.into_iter().map(|t| (t.spec().name.clone(), t)).collect();
        let inner = Inner {
            retry_budget: retry::Budget::new(parts.clock.monotonic()),
            store: parts.store,
            clock: parts.clock,
            models: parts.models,
            tools,
            catalogue: Arc::new(parts.catalogue),
            catalogue_hash,
            catalogue_bytes: bytes.into(),
            catalogues: Mutex::default(),
            policy: parts.policy,
            prices: parts.prices,
            slots: Arc::new(Semaphore::new(parts.options.runs_concurrent_max)),
            options: parts.options,
            registry: Registry::default(),
            draining: CancellationToken::new(),
            abandoned: CancellationToken::new(),
            drivers: TaskTracker::new(),
        };
        Engine { inner: Arc::new(inner) }
    }

    /// The agents and tools on offer to new runs.
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// The store, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The price list.
    pub fn prices(&self) -> &Prices {
        &self.inner.prices
    }

    /// How many runs are being driven now, and how many may be.
    pub fn load(&self) -> (usize, usize) {
        let max = self.inner.options.runs_concurrent_max;
        (max - self.inner.slots.available_permits().min(max), max)
    }

    /// Follows a run's events and its model's words as they come, best effort: one that falls behind reads on from the store.
    ///
    /// `None` when nobody drives the run now.
    pub fn watch(&self, run: RunId) -> Option<tokio::sync::broadcast::Receiver<Notice>> {
        self.inner.registry.get(run).map(|live| live.subscribe())
    }

    /// Stops taking runs, lets what is under way land, and parks every run durably; gives up on what has not landed in time.
    ///
    /// A parked run goes on when `recover` is called on its store again. Returns whether everything landed.
    pub async fn drain(&self, within: Duration) -> bool {
        self.inner.draining.cancel();
        self.inner.registry.wake_all();
        self.inner.drivers.close();
        let deadline = self.inner.clock.sleep(within);
        let landed = tokio::select! {
            biased;
            () = self.inner.drivers.wait() => true,
            () = deadline => false,
        };
        self.inner.abandoned.cancel();
        self.inner.drivers.wait().await;
        landed
    }

    /// Whether `drain` was called.
    pub fn is_draining(&self) -> bool {
        self.inner.draining.is_cancelled()
    }
}
