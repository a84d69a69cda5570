//! When a failed model call is tried again. The engine is the only layer that retries.

use domain::Timestamp;
use domain::director::agent::ATTEMPTS_MAX;
use domain::model::ModelError;
use ports::Clock;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The first retry comes within half a second, each later one within twice that, never later than 20 s.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(20);
/// A provider that asks for longer is not waited for: the run answers with what it has.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// Retries allowed across all runs: a fifth of the calls made, and ten a second on top, so that an outage is not made worse by us.
pub(crate) struct Budget {
    state: Mutex<State>,
}

struct State {
    /// In hundredths of a retry.
    tokens: u64,
    filled_at: Duration,
}

const TOKENS_PER_RETRY: u64 = 100;
const TOKENS_PER_CALL: u64 = 20;
const TOKENS_PER_SECOND: u64 = 10 * TOKENS_PER_RETRY;
/// Ten seconds' worth, so that a quiet hour does not buy a storm.
const TOKENS_MAX: u64 = 10 * TOKENS_PER_SECOND;

impl Budget {
    pub(crate) fn new(now: Duration) -> Budget {
        Budget { state: Mutex::new(State { tokens: TOKENS_PER_SECOND, filled_at: now }) }
    }

    pub(crate) fn call_made(&self, now: Duration) {
        let mut state = self.filled(now);
        state.tokens = (state.tokens + TOKENS_PER_CALL).min(TOKENS_MAX);
    }

    fn take(&self, now: Duration) -> bool {
        let mut state = self.filled(now);
        match state.tokens.checked_sub(TOKENS_PER_RETRY) {
            Some(left) => {
                state.tokens = left;
                true
            }
            None => false,
        }
    }

    fn filled(&self, now: Duration) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed_ms = u64::try_from(now.saturating_sub(state.filled_at).as_millis()).unwrap_or(u64::MAX);
        state.tokens = state.tokens.saturating_add(elapsed_ms.saturating_mul(TOKENS_PER_SECOND) / 1_000).min(TOKENS_MAX);
        state.filled_at = now;
        state
    }
}

/// When the call may be made again; `None` is never.
pub(crate) fn retry_at(error: &ModelError, attempt: u32, budget: &Budget, clock: &dyn Clock) -> Option<Timestamp> {
    if !error.kind.is_transient() || attempt >= ATTEMPTS_MAX {
        return None;
    }
    let asked = Duration::from_millis(error.retry_after_ms.unwrap_or(0));
    if asked > RETRY_AFTER_MAX || !budget.take(clock.monotonic()) {
        return None;
    }
    let ceiling = BACKOFF_FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(BACKOFF_MAX);
    // Full jitter: anywhere from at once to the ceiling.
    let jitter = Duration::from_micros(clock.random() % (u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX) + 1));
    Some(clock.now().after(asked + jitter))
}
