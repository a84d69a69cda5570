//! Taking over the runs that an earlier process left open.

use crate::Engine;
use ports::store;

impl Engine {
    /// Gives every open run a driver; each starts as soon as a slot is free. Returns how many there are.
    ///
    /// Call it once, before the first submission.
    pub async fn recover(&self) -> Result<usize, store::Error> {
        let open = self.inner.store.open_runs().await?;
        let count = open.len();
        for (tenant, run) in open {
            self.inner.adopt(tenant, run);
        }
        Ok(count)
    }
}
