//! The runs being driven now: one driver each, woken when somebody else has written to its journal.

use domain::{Run, RunId};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

/// What those who watch a run are told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// An event is in the journal.
    Event {
        /// Its sequence number.
        seq: u64,
        /// Its exact bytes.
        bytes: Arc<[u8]>,
    },
    /// The model said some more. Not in the journal until it has said all.
    Text(String),
}

/// About a second of a fast model's words. A watcher further behind reads on from the store.
const NOTICES_BUFFERED_MAX: usize = 256;

/// The channel between a run's driver and everybody else.
pub(crate) struct Live {
    /// Made for the first watcher: most runs have none, and its buffer is larger than the rest of a run.
    notices: OnceLock<broadcast::Sender<Notice>>,
    wake: Notify,
    /// Somebody has written to the journal since the driver last looked.
    dirty: AtomicBool,
    /// Set when the run is to end: model calls and `safe` tool calls under way are dropped.
    pub(crate) stop: CancellationToken,
    /// The run as its driver left it, once it has.
    rest: watch::Sender<Option<Arc<Run>>>,
}

impl Live {
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.get_or_init(|| broadcast::Sender::new(NOTICES_BUFFERED_MAX)).subscribe()
    }

    pub(crate) fn tell(&self, notice: impl FnOnce() -> Notice) {
        if let Some(notices) = self.notices.get().filter(|notices| notices.receiver_count() > 0) {
            // An error is a watcher who left in between.
            let _ = notices.send(notice());
        }
    }

    pub(crate) fn wake(&self) {
        self.dirty.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(crate) fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn rested(&self) -> watch::Receiver<Option<Arc<Run>>> {
        self.rest.subscribe()
    }
}

/// Every live run by id.
#[derive(Default)]
pub(crate) struct Registry {
    runs: Mutex<BTreeMap<RunId, Arc<Live>>>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Arc<Live>>> {
        // A panic while the lock is held leaves the map whole: every change to it is one call.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, run: RunId) -> Option<Arc<Live>> {
        self.lock().get(&run).cloned()
    }

    /// Makes the run live, or wakes the driver it has. `Some` means that the caller must drive it.
    pub(crate) fn enter(&self, run: RunId) -> Option<Arc<Live>> {
        let mut runs = self.lock();
        if let Some(live) = runs.get(&run) {
            live.wake();
            return None;
        }
        let live = Arc::new(Live {
            notices: OnceLock::new(),
            wake: Notify::new(),
            dirty: AtomicBool::new(false),
            stop: CancellationToken::new(),
            rest: watch::Sender::new(None),
        });
        runs.insert(run, live.clone());
        Some(live)
    }

    /// Ends the driver's tenure, unless somebody has woken it in the meantime: then the state comes back.
    ///
    /// Whoever comes later finds no live run and starts a driver.
    pub(crate) fn leave(&self, run: RunId, live: &Live, state: Box<Run>) -> Result<(), Box<Run>> {
        let mut runs = self.lock();
        if live.dirty.load(Ordering::SeqCst) {
            return Err(state);
        }
        runs.remove(&run);
        live.rest.send_replace(Some(Arc::from(state)));
        Ok(())
    }

    /// Ends it whatever has happened in the meantime: the driver has failed.
    pub(crate) fn remove(&self, run: RunId) {
        self.lock().remove(&run);
    }

    pub(crate) fn wake_all(&self) {
        self.lock().values().for_each(|live| live.wake());
    }
}
