//! Time and chance.

use domain::Timestamp;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// Tells the time, waits, and draws random numbers. A simulation seeds all three.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump; use it for what people read and for the day of a ledger.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point. It never goes back; use it for leases, time-outs and latencies.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Sixty-four random bits, good enough for ids and jitter, not for keys.
    fn random(&self) -> u64;
}
