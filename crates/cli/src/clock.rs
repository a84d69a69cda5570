//! The real clock, and chance from the operating system.

use domain::Timestamp;
use futures_util::future::{BoxFuture, FutureExt};
use ports::Clock;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Numbers fetched from the operating system at once: a system call for each run id would be felt.
const RANDOM_BUFFERED: usize = 512;

/// The clock of this machine.
pub(crate) struct SystemClock {
    begun: Instant,
    random: Mutex<Vec<u64>>,
}

impl SystemClock {
    pub(crate) fn new() -> SystemClock {
        SystemClock { begun: Instant::now(), random: Mutex::new(Vec::new()) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 is read as 1970: `doctor` tells, and runs still work.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }

    fn random(&self) -> u64 {
        let mut numbers = self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(number) = numbers.pop() {
            return number;
        }
        let mut bytes = [0; RANDOM_BUFFERED * 8];
        // Without the operating system's chance there are no ids; it is there from the first moments of every boot.
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        numbers.extend(bytes.chunks_exact(8).map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap_or_default())));
        numbers.pop().unwrap_or_default()
    }
}
