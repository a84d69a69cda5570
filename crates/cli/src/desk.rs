//! Where runs are: in this process, on a server, or in a database that another process writes. Commands work the same on each.

mod local;
mod reader;
mod remote;

pub(crate) use local::Local;
pub(crate) use reader::Reader;
pub(crate) use remote::Remote;

use crate::assemble::Assembly;
use crate::config::Config;
use crate::exit::{Exit, Failure, chain};
use crate::keys;
use api::{ControlView, DecisionBody, EventView, RunList, RunView, SubmitRun};
use async_trait::async_trait;
use domain::RunId;
use domain::event::Status;
use std::sync::Arc;
use stores::sqlite::{OpenError, Options, Sqlite};

/// Something that happened in a run that is followed.
pub(crate) enum Update {
    /// The next event of its journal.
    Event(EventView),
    /// More of what the model says.
    Words(String),
}

/// Takes what happens.
pub(crate) type See<'a> = &'a mut (dyn FnMut(Update) + Send);

/// What commands do with runs.
#[async_trait]
pub(crate) trait Desk: Send + Sync {
    /// Gives the task to the agents; it is durable when this returns.
    async fn submit(&self, task: &SubmitRun) -> Result<RunId, Failure>;

    /// Tells what happens in the run, from its first event on, until it ends or waits for a person; gives it as it is then.
    async fn follow(&self, run: RunId, see: See<'_>) -> Result<RunView, Failure>;

    /// The run as it stands.
    async fn get(&self, run: RunId) -> Result<RunView, Failure>;

    /// Runs, newest first; an empty list of statuses is all.
    async fn list(&self, statuses: &[Status], limit: usize) -> Result<RunList, Failure>;

    /// Ends the run.
    async fn cancel(&self, run: RunId) -> Result<ControlView, Failure>;

    /// Lets the run go on.
    async fn resume(&self, run: RunId) -> Result<ControlView, Failure>;

    /// Answers a call that waits for a person.
    async fn decide(&self, run: RunId, word: &DecisionBody) -> Result<ControlView, Failure>;

    /// Leaves a run that goes on where that is possible, else parks it. The sentence says which, and how to come back to it.
    async fn leave(&self, run: RunId) -> String;

    /// Whether runs are driven by this very process.
    fn is_local(&self) -> bool {
        false
    }

    /// Lets what is under way land. Nothing can be done afterwards.
    async fn close(&self);
}

/// What a command is going to do, which decides what it can make do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Look: a database that is another's will do.
    Look,
    /// Do something to runs that are there.
    Change,
    /// Submit a task and wait for it: if nothing can be kept, it is still worth doing.
    Work,
}

/// Opens the place where runs are. A second process becomes the client of the first.
///
/// # Errors
/// Nothing that would serve the purpose can be opened.
pub(crate) async fn open(config: &Config, server: Option<&str>, purpose: Purpose, assembly: &Assembly) -> Result<Arc<dyn Desk>, Failure> {
    if let Some(url) = server {
        let key = match &config.api_key {
            Some(key) => Some(key.reveal().to_owned()),
            None => keys::read(&config.data_dir).unwrap_or_default(),
        };
        return Ok(Arc::new(Remote::new(url, key)?));
    }
    let dir = config.data_dir.clone();
    match Sqlite::open(Options::new(dir)) {
        Ok(store) => Ok(Arc::new(Local::new(assembly, Arc::new(store), true))),
        Err(OpenError::Locked { address: Some(address), .. }) => {
            tracing::debug!("a server has the data directory: becoming its client at {address}");
            let key = match keys::read(&config.data_dir)? {
                Some(key) => Some(key),
                None => config.api_key.as_ref().map(|key| key.reveal().to_owned()),
            };
            Ok(Arc::new(Remote::new(&address, key)?))
        }
        Err(error @ (OpenError::NotWritable { .. } | OpenError::Full { .. })) if purpose == Purpose::Work => {
            eprintln!("warning: {}; this run is kept in memory only", chain(&error));
            Ok(Arc::new(Local::in_memory(assembly)))
        }
        Err(OpenError::Locked { .. } | OpenError::NotWritable { .. } | OpenError::Full { .. }) if purpose == Purpose::Look => {
            let store = Sqlite::open_read_only(&config.data_dir).map_err(|error| Failure::failed(chain(&error)))?;
            Ok(Arc::new(Reader::new(Local::new(assembly, Arc::new(store), true))))
        }
        Err(error @ OpenError::Locked { .. }) => {
            let failure = Failure::new(Exit::Unreachable, chain(&error));
            Err(failure.advise("wait until it ends, or name another directory with --data-dir; orchestrator up serves many at once"))
        }
        Err(error) => Err(Failure::failed(chain(&error))),
    }
}
