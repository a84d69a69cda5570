//! What every request works with.

use crate::keys::{Key, Keys};
use domain::event::Limits;
use domain::model::ModelRef;
use engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// The service. A cheap handle; every clone is the same one.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What a service is made of.
pub struct Parts {
    /// Does the work.
    pub engine: Engine,
    /// The keys that are let in; without one, nothing but the health and the front page is.
    pub keys: Vec<Key>,
    /// The model of tasks that name none; `None` is deterministic checks alone.
    pub model: Option<ModelRef>,
    /// The providers that the engine has, so that a task which names another is refused at once.
    pub providers: Vec<String>,
    /// What a run may use up when the request does not say.
    pub limits: Limits,
    /// What a request may use up.
    pub bounds: Bounds,
}

/// What a request may use up.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest body, in bytes. 1 MiB: the largest valid task and context take less than half of it.
    pub body_bytes_max: usize,
    /// The longest that a body may take to arrive. 30 s.
    pub body_time_max: Duration,
    /// Requests being answered at once, the health aside. 512: twice the engine's runs, so that watching works while it is full.
    pub requests_max: usize,
    /// The longest archive of templates, in bytes. 16 MiB: the largest repository of templates known to us packs to a third of it.
    pub archive_bytes_max: usize,
    /// Archives being reviewed at once. 2: each may unpack to 256 MiB and keeps a processor busy.
    pub reviews_max: usize,
    /// Declared resources in an archive. 20,000: six times what the largest repository known to us declares, and seconds of work.
    pub resources_max: usize,
    /// Event streams at once. 256.
    pub streams_max: usize,
    /// The longest that `orchestrate` waits for a run. 25 s, below the 30 s after which API gateways give up.
    pub wait_max: Duration,
    /// Silence on an event stream after which a comment is sent. 15 s, below the 30 to 60 s of proxies.
    pub keep_alive: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            body_bytes_max: 1024 * 1024,
            body_time_max: Duration::from_secs(30),
            requests_max: 512,
            archive_bytes_max: 16 * 1024 * 1024,
            reviews_max: 2,
            resources_max: 20_000,
            streams_max: 256,
            wait_max: Duration::from_secs(25),
            keep_alive: Duration::from_secs(15),
        }
    }
}

struct Inner {
    engine: Engine,
    keys: Keys,
    model: Option<ModelRef>,
    providers: Vec<String>,
    limits: Limits,
    bounds: Bounds,
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    reviews: Arc<Semaphore>,
    /// Set when a load balancer should look elsewhere; everything still works.
    draining: CancellationToken,
    /// Set when nothing may wait any more.
    closing: CancellationToken,
    /// Changes when a person has done something to a run: whoever watches a run at rest looks again.
    moved: watch::Sender<()>,
    started: Duration,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> App {
        let inner = Inner {
            started: parts.engine.clock().monotonic(),
            engine: parts.engine,
            keys: Keys::new(parts.keys),
            model: parts.model,
            providers: parts.providers,
            limits: parts.limits,
            requests: Arc::new(Semaphore::new(parts.bounds.requests_max)),
            streams: Arc::new(Semaphore::new(parts.bounds.streams_max)),
            reviews: Arc::new(Semaphore::new(parts.bounds.reviews_max)),
            bounds: parts.bounds,
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
            moved: watch::Sender::new(()),
        };
        App { inner: Arc::new(inner) }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn model(&self) -> Option<&ModelRef> {
        self.inner.model.as_ref()
    }

    pub(crate) fn providers(&self) -> &[String] {
        &self.inner.providers
    }

    pub(crate) fn limits(&self) -> Limits {
        self.inner.limits
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.inner.bounds
    }

    pub(crate) fn requests(&self) -> &Arc<Semaphore> {
        &self.inner.requests
    }

    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.inner.streams
    }

    pub(crate) fn reviews(&self) -> &Arc<Semaphore> {
        &self.inner.reviews
    }

    pub(crate) fn draining(&self) -> &CancellationToken {
        &self.inner.draining
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.inner.closing
    }

    pub(crate) fn moved(&self) -> &watch::Sender<()> {
        &self.inner.moved
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.inner.engine.clock().monotonic().saturating_sub(self.inner.started)
    }

    /// Now, RFC 3339.
    pub(crate) fn timestamp(&self) -> String {
        self.inner.engine.clock().now().rfc3339()
    }
}
