//! Runs in a database that another process writes: they can be looked at, and nothing else.

use super::{Desk, Local, See};
use crate::exit::{Exit, Failure};
use api::{ControlView, DecisionBody, RunList, RunView, SubmitRun};
use async_trait::async_trait;
use domain::RunId;
use domain::event::Status;

/// A database opened for reading.
pub(crate) struct Reader {
    local: Local,
}

impl Reader {
    pub(crate) fn new(local: Local) -> Reader {
        Reader { local }
    }
}

fn read_only<T>() -> Result<T, Failure> {
    let failure = Failure::new(Exit::Unreachable, "another process has the data directory, and it is no server that could be asked");
    Err(failure.advise("wait until it ends, or start orchestrator up and repeat the command beside it"))
}

#[async_trait]
impl Desk for Reader {
    async fn submit(&self, _: &SubmitRun) -> Result<RunId, Failure> {
        read_only()
    }

    async fn follow(&self, run: RunId, see: See<'_>) -> Result<RunView, Failure> {
        // Nobody tells us of new events; what is there can be shown.
        self.local.follow(run, see).await
    }

    async fn get(&self, run: RunId) -> Result<RunView, Failure> {
        self.local.get(run).await
    }

    async fn list(&self, statuses: &[Status], limit: usize) -> Result<RunList, Failure> {
        self.local.list(statuses, limit).await
    }

    async fn cancel(&self, _: RunId) -> Result<ControlView, Failure> {
        read_only()
    }

    async fn resume(&self, _: RunId) -> Result<ControlView, Failure> {
        read_only()
    }

    async fn decide(&self, _: RunId, _: &DecisionBody) -> Result<ControlView, Failure> {
        read_only()
    }

    async fn leave(&self, run: RunId) -> String {
        format!("the run goes on in another process; see it with: orchestrator run get {run}")
    }

    async fn close(&self) {}
}
