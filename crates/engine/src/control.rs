//! What people do to a run: cancel it, park it, let it go on, answer it.

use crate::load::LoadError;
use crate::plan::summary;
use crate::{Engine, Inner};
use domain::event::{ApprovalDecided, Decided, Decision, Status};
use domain::run::CallState;
use domain::{CallId, Event, Fact, Run, RunId, TenantId};
use ports::store::{self, Append, AppendError};
use std::sync::Arc;

/// Who does something to a run.
#[derive(Clone, Debug)]
pub struct Person {
    /// Whose runs they see.
    pub tenant: TenantId,
    /// Their name in the journal.
    pub name: String,
}

/// A person's word on a call that waits for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// Yes, make the call.
    Approve,
    /// No.
    Deny {
        /// Why, for the model and the record.
        reason: Option<String>,
    },
    /// The unknown call did not happen: make it now.
    Retry,
    /// The unknown call happened, and gave this.
    Done {
        /// What it gave.
        output: String,
    },
    /// End the run.
    Abort,
}

/// Why a run was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// This tenant has no such run.
    #[error("there is no run {0}")]
    NotFound(RunId),
    /// It is over.
    #[error("the run has ended: it is {}", .0.as_str())]
    Ended(Status),
    /// It does not wait for that.
    #[error("{0}")]
    NotWaiting(String),
    /// It could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It could not be written.
    #[error("the journal could not be written")]
    Store(#[from] store::Error),
}

impl Engine {
    /// Asks for the run to end as soon as what was started has ended. Cancelling an ended run is an error that says how it ended.
    pub async fn cancel(&self, run: RunId, by: &Person) -> Result<Status, ControlError> {
        self.inner.say(run, by, |_| Ok(Fact::CancelRequested { by: by.name.clone() })).await
    }

    /// Parks the run: what is under way lands, nothing new starts until `resume`.
    pub async fn pause(&self, run: RunId, by: &Person) -> Result<Status, ControlError> {
        self.inner.say(run, by, |_| Ok(Fact::Paused { by: by.name.clone() })).await
    }

    /// Lets a parked run go on. A run that is not parked is driven if nobody drives it.
    pub async fn resume(&self, run: RunId, by: &Person) -> Result<Status, ControlError> {
        let state = self.inner.load(&by.tenant, run).await?.ok_or(ControlError::NotFound(run))?;
        match state.status() {
            Status::Paused | Status::Sleeping => self.inner.say(run, by, |_| Ok(Fact::Resumed { by: by.name.clone() })).await,
            status if status.is_ended() => Err(ControlError::Ended(status)),
            status => {
                self.inner.adopt(by.tenant.clone(), run);
                Ok(status)
            }
        }
    }

    /// Answers a call that waits for a person. `call` may be left out when only one waits.
    ///
    /// `call_hash`, when given, must be the hash that was shown: an answer to another call is refused.
    pub async fn decide(
        &self,
        run: RunId,
        call: Option<&CallId>,
        call_hash: Option<&str>,
        saying: Saying,
        by: &Person,
    ) -> Result<Status, ControlError> {
        self.inner.say(run, by, |state| answer(state, call, call_hash, &saying, by)).await
    }
}

fn answer(run: &Run, call: Option<&CallId>, shown_hash: Option<&str>, saying: &Saying, by: &Person) -> Result<Fact, ControlError> {
    let not_waiting = |message: String| Err(ControlError::NotWaiting(message));
    let waiting: Vec<_> = run.calls().filter(|c| matches!(c.state, CallState::Waiting { .. } | CallState::Unknown)).collect();
    let names = || waiting.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
    let found = match (call, waiting.as_slice()) {
        (_, []) => return not_waiting(format!("no call of this run waits for a person: the run is {}", run.status().as_str())),
        (Some(id), _) => match waiting.iter().find(|c| c.id == *id) {
            Some(call) => call,
            None => return not_waiting(format!("call {id} does not wait for a person; waiting: {}", names())),
        },
        (None, [one]) => one,
        (None, _) => return not_waiting(format!("several calls wait for a person, name one: {}", names())),
    };
    match (&found.state, saying) {
        (CallState::Waiting { call_hash, .. }, Saying::Approve | Saying::Deny { .. }) => {
            if shown_hash.is_some_and(|shown| shown != call_hash) {
                return not_waiting("the call is not the one that was shown; look at it again".to_owned());
            }
            let (approved, reason) = match saying {
                Saying::Deny { reason } => (false, reason.clone()),
                _ => (true, None),
            };
            Ok(Fact::ApprovalDecided(ApprovalDecided { call: found.id.clone(), call_hash: call_hash.clone(), approved, by: by.name.clone(), reason }))
        }
        (CallState::Unknown, Saying::Retry | Saying::Done { .. } | Saying::Abort) => {
            let decision = match saying {
                Saying::Done { output } => Decision::Done { output: output.clone() },
                Saying::Abort => Decision::Abort,
                _ => Decision::Retry,
            };
            Ok(Fact::Decided(Decided { call: found.id.clone(), decision, by: by.name.clone() }))
        }
        (CallState::Unknown, _) => not_waiting(format!("whether call {} happened is not known: answer retry, done or abort", found.id)),
        _ => not_waiting(format!("call {} waits for a yes or a no: answer approve or deny", found.id)),
    }
}

impl Inner {
    /// Appends the fact that `fact` makes of the run as it stands, and sees to it that somebody drives the run on.
    async fn say(self: &Arc<Self>, id: RunId, by: &Person, fact: impl Fn(&Run) -> Result<Fact, ControlError>) -> Result<Status, ControlError> {
        loop {
            let run = self.load(&by.tenant, id).await?.ok_or(ControlError::NotFound(id))?;
            if run.status().is_ended() {
                return Err(ControlError::Ended(run.status()));
            }
            let fact = fact(&run)?;
            match self.append_fact(run, fact).await {
                Ok(status) => {
                    self.adopt(by.tenant.clone(), id);
                    return Ok(status);
                }
                // The run went on in between: look again.
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::Store(error)) => return Err(error.into()),
                Err(AppendError::Fenced) => return Err(store::Error::Unavailable("another process has taken over the store".to_owned()).into()),
                Err(AppendError::OverBudget { .. }) => return Err(store::Error::Corrupt("a fact without money was over budget".to_owned()).into()),
            }
        }
    }

    /// Appends one fact at the head of the run as loaded.
    pub(crate) async fn append_fact(&self, run: Run, fact: Fact) -> Result<Status, AppendError> {
        let (id, head) = (run.id(), run.head());
        let event = Event { at: self.clock.now(), fact };
        let bytes = event.encode().into();
        let run = run.apply(event).map_err(|error| store::Error::Corrupt(error.to_string()))?;
        let append = Append {
            run: id,
            expected_seq: head,
            writer_epoch: self.store.writer_epoch(),
            events: vec![bytes],
            ledger: Vec::new(),
            summary: Some(summary(&run)),
        };
        self.store.append(append).await?;
        Ok(run.status())
    }

    /// Wakes the run's driver, or gives it one.
    pub(crate) fn adopt(self: &Arc<Self>, tenant: TenantId, id: RunId) {
        if self.draining.is_cancelled() {
            return;
        }
        if let Some(live) = self.registry.enter(id) {
            self.spawn_driver(id, live, tenant);
        }
    }
}
