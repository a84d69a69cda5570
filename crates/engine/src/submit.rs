//! Taking a task: checked, given a slot, and durable before anybody is told its id.

use crate::drive::Begin;
use crate::plan::{Plan, Start, summary};
use crate::reserve::Cap;
use crate::{Engine, Inner};
use domain::event::{Limits, Mode, Submitted};
use domain::model::ModelRef;
use domain::principal::Principal;
use domain::run::IllegalEvent;
use domain::{Event, Fact, Run, RunId, TenantId, Timestamp};
use ports::store::{self, CreateError, Created, IdempotencyKey, NewRun};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Characters of a task. A page of text; more belongs in a file that a tool reads.
pub(crate) const TASK_CHARS_MAX: usize = 10_000;
/// Characters of the context as JSON.
pub(crate) const CONTEXT_CHARS_MAX: usize = 50_000;
/// Agents that one task can be forced upon.
pub(crate) const AGENTS_MAX: usize = 10;

/// A full engine is asked again after a few seconds: most runs last longer, but not all.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Seconds that a caller is kept waiting to learn what became of a creation.
const READ_BACKS_MAX: u32 = 10;

/// A task to be run.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What is asked. White space around it is cut off.
    pub task: String,
    /// What the caller adds, a JSON object.
    pub context: Option<Value>,
    /// For whom.
    pub principal: Principal,
    /// How it is directed.
    pub mode: Mode,
    /// The model; `None` is checks only.
    pub model: Option<ModelRef>,
    /// What it may use up.
    pub limits: Limits,
    /// The caller's promise about repeats.
    pub idempotency: Option<IdempotencyKey>,
}

/// A task that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its run.
    pub run: RunId,
    /// False when the idempotency key had made the run before.
    pub is_new: bool,
}

/// Why a task was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Something in it is wrong.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// Every slot is taken.
    #[error("{runs} runs are being driven, which is all there is room for")]
    Busy {
        /// How many.
        runs: usize,
        /// When to ask again.
        retry_after: Duration,
    },
    /// The process is about to end.
    #[error("the server is shutting down")]
    Draining,
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for a different request")]
    KeyReused,
    /// The store failed; nothing was accepted.
    #[error("the run could not be stored")]
    Store(#[from] store::Error),
    /// The product broke its own rules.
    #[error("a bug kept the run from starting")]
    Bug(#[from] IllegalEvent),
}

impl Engine {
    /// Takes a task. When this returns, the run is durable and being driven.
    ///
    /// Dropping the future does not undo it: a caller who hangs up does not cancel.
    pub async fn submit(&self, submission: Submission) -> Result<Accepted, SubmitError> {
        let submission = self.inner.checked(submission)?;
        let (tell, told) = oneshot::channel();
        let inner = self.inner.clone();
        self.inner.drivers.spawn(async move { inner.accept_and_drive(submission, tell).await });
        told.await.unwrap_or_else(|_| Err(store::Error::Unavailable("the submission crashed".to_owned()).into()))
    }
}

impl Inner {
    fn checked(&self, mut submission: Submission) -> Result<Submission, SubmitError> {
        let invalid = |field, message: String| Err(SubmitError::Invalid { field, message });
        submission.task = submission.task.trim().to_owned();
        let chars = submission.task.chars().count();
        if chars == 0 {
            return invalid("task", "it is empty; say in plain words what should be looked at".to_owned());
        }
        if chars > TASK_CHARS_MAX {
            return invalid(
                "task",
                format!("it has {chars} characters, {TASK_CHARS_MAX} is the most; name a file or an address instead of pasting it"),
            );
        }
        if let Some(context) = &submission.context {
            if !context.is_object() {
                return invalid("context", "it must be a JSON object".to_owned());
            }
            let chars = context.to_string().chars().count();
            if chars > CONTEXT_CHARS_MAX {
                return invalid("context", format!("it has {chars} characters as JSON, {CONTEXT_CHARS_MAX} is the most"));
            }
        }
        if let Mode::Agents(agents) | Mode::Checks { agents, .. } = &submission.mode {
            if agents.is_empty() || agents.len() > AGENTS_MAX {
                return invalid("agent_ids", format!("name 1 to {AGENTS_MAX} agents"));
            }
            if let Some(unknown) = agents.iter().find(|a| !self.catalogue.agents.contains_key(a)) {
                let known: Vec<_> = self.catalogue.agents.keys().map(|a| a.as_str()).collect();
                return invalid("agent_ids", format!("there is no agent {unknown}; there are: {}", known.join(", ")));
            }
        }
        Ok(submission)
    }

    /// Tells the caller what became of the task as soon as that is certain, and goes on with the run.
    async fn accept_and_drive(self: &Arc<Self>, submission: Submission, tell: oneshot::Sender<Result<Accepted, SubmitError>>) {
        // A caller that is gone has hung up, which changes nothing.
        let answer = |accepted| drop(tell.send(accepted));
        if self.draining.is_cancelled() {
            return answer(Err(SubmitError::Draining));
        }
        let runs = self.options.runs_concurrent_max;
        let Ok(_slot) = self.slots.clone().try_acquire_owned() else {
            return answer(Err(SubmitError::Busy { runs, retry_after: RETRY_AFTER }));
        };
        let now = self.clock.now();
        let id = self.new_run_id(now);
        let idempotency = submission.idempotency.clone();
        let submitted = Fact::Submitted(Box::new(Submitted {
            task: submission.task,
            context: submission.context,
            principal: submission.principal,
            mode: submission.mode,
            model: submission.model,
            limits: submission.limits,
            catalogue: self.catalogue_hash.clone(),
        }));
        match self.create(id, now, submitted, idempotency).await {
            Err(error) => answer(Err(error)),
            Ok((Created::Before(run), ..)) => answer(Ok(Accepted { run, is_new: false })),
            Ok((Created::New, run, starts)) => {
                // Live before its id is known, so that nobody who asks for it finds a run at rest.
                let live = self.registry.enter(id);
                answer(Ok(Accepted { run: id, is_new: true }));
                if let Some(live) = live {
                    self.drive(id, live, Begin::Created(Box::new(run), starts)).await;
                }
            }
        }
    }

    /// Creates the run together with the first decisions and intents, so that submitting and starting are one commit.
    async fn create(
        &self,
        id: RunId,
        now: Timestamp,
        submitted: Fact,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<(Created, Run, Vec<Start>), SubmitError> {
        let event = Event { at: now, fact: submitted };
        let first: Arc<[u8]> = event.encode().into();
        let begun = Run::begin(id, self.catalogue.clone(), event)?;
        let mut cap: Option<Cap> = None;
        loop {
            let plan = Plan::new(begun.clone()).decide(self, now, cap.as_ref(), false)?;
            let mut events = vec![first.clone()];
            events.extend(plan.events.into_iter().map(|e| e.bytes));
            let tenant = plan.run.submitted().principal.tenant.clone();
            let new = NewRun {
                run: id,
                tenant: tenant.clone(),
                at: now,
                events,
                ledger: plan.ledger,
                summary: summary(&plan.run),
                blobs: vec![(self.catalogue_hash.clone(), self.catalogue_bytes.clone())],
                idempotency: idempotency.clone(),
            };
            match self.store.create(new).await {
                Ok(created) => return Ok((created, plan.run, plan.starts)),
                Err(CreateError::KeyReused) => return Err(SubmitError::KeyReused),
                Err(CreateError::OverBudget { which, left }) => cap = Some(Cap { which, left }),
                Err(CreateError::Store(error @ store::Error::Unavailable(_))) => {
                    return if self.was_created(&tenant, id).await { Ok((Created::New, plan.run, plan.starts)) } else { Err(error.into()) };
                }
                Err(CreateError::Store(error)) => return Err(error.into()),
            }
        }
    }

    /// Whether a creation whose answer was lost went through after all. A store that stays away is given up on: the caller asks again.
    async fn was_created(&self, tenant: &TenantId, id: RunId) -> bool {
        for _ in 0..READ_BACKS_MAX {
            match self.store.row(tenant, id).await {
                Ok(row) => return row.is_some(),
                Err(_) if self.wait_for_store().await.is_err() => return false,
                Err(_) => {}
            }
        }
        false
    }

    fn new_run_id(&self, now: Timestamp) -> RunId {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.clock.random().to_le_bytes());
        random[8..].copy_from_slice(&self.clock.random().to_le_bytes()[..2]);
        RunId::new(now, random)
    }
}
