//! Runs in this process.

use super::{Desk, See, Update};
use crate::assemble::Assembly;
use crate::exit::{Exit, Failure, chain};
use api::{ControlView, DecisionBody, EventView, ModelChoice, RunList, RunRowView, RunView, SubmitRun, Task};
use async_trait::async_trait;
use domain::event::{Limits, Status};
use domain::model::ModelRef;
use domain::principal::Principal;
use domain::{Event, RunId};
use engine::{ControlError, Engine, LoadError, Notice, Person, Saying, Submission, SubmitError};
use ports::Store;
use ports::store::{ListQuery, RunRow};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// Events read from the store in one go.
const PAGE: usize = 512;

/// What is under way may land for that long when the command ends. Longer than most tool calls take.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// An engine of our own.
pub(crate) struct Local {
    engine: Engine,
    model: Option<ModelRef>,
    limits: Limits,
    is_durable: bool,
}

impl Local {
    /// On this store, with the product's own limits.
    pub(crate) fn new(assembly: &Assembly, store: Arc<dyn Store>, is_durable: bool) -> Local {
        Local { engine: assembly.engine(store), model: assembly.choice.model.clone(), limits: assembly.limits, is_durable }
    }

    /// Nothing outlives the process.
    pub(crate) fn in_memory(assembly: &Assembly) -> Local {
        Local::new(assembly, Arc::new(stores::Memory::new()), false)
    }

    fn principal() -> Principal {
        Principal::local()
    }

    fn person() -> Person {
        let principal = Local::principal();
        Person { tenant: principal.tenant, name: principal.key }
    }

    /// Tells the events that the store has from `next` on, and gives the number after the last.
    async fn catch_up(&self, run: RunId, mut next: u64, see: See<'_>) -> Result<u64, Failure> {
        loop {
            let page = self.engine.store().events(&Local::principal().tenant, run, next, PAGE).await;
            let page = page.map_err(|error| Failure::failed(chain(&error)))?;
            let is_last = page.len() < PAGE;
            for stored in page {
                see(Update::Event(view(stored.seq, &stored.bytes)?));
                next = stored.seq + 1;
            }
            if is_last {
                return Ok(next);
            }
        }
    }

    async fn control(&self, run: RunId, status: Result<Status, ControlError>, message: &str) -> Result<ControlView, Failure> {
        let status = status.map_err(refused)?;
        Ok(ControlView { run_id: run, status, message: message.to_owned() })
    }
}

fn view(seq: u64, bytes: &[u8]) -> Result<EventView, Failure> {
    let event = Event::decode(bytes).map_err(|error| Failure::failed(chain(&error)))?;
    Ok(EventView::of(seq, &event))
}

#[async_trait]
impl Desk for Local {
    async fn submit(&self, task: &SubmitRun) -> Result<RunId, Failure> {
        let body = match serde_json::to_value(task) {
            Ok(serde_json::Value::Object(body)) => body,
            _ => return Err(Failure::failed("the task could not be written as JSON")),
        };
        let task = Task::read(body).map_err(|refusal| Failure::usage(refusal.detail))?;
        let model = match task.model {
            ModelChoice::Configured => self.model.clone(),
            ModelChoice::NoModel => None,
            ModelChoice::Named(model) => Some(model),
        };
        let limits = match task.cost_usd_micros_max {
            Some(max) => Limits { cost_usd_micros_max: max, ..self.limits },
            None => self.limits,
        };
        let submission =
            Submission { task: task.task, context: task.context, principal: Local::principal(), mode: task.mode, model, limits, idempotency: None };
        match self.engine.submit(submission).await {
            Ok(accepted) => Ok(accepted.run),
            Err(error @ SubmitError::Invalid { .. }) => Err(Failure::usage(error.to_string())),
            Err(error) => Err(Failure::failed(chain(&error))),
        }
    }

    async fn follow(&self, run: RunId, see: See<'_>) -> Result<RunView, Failure> {
        let mut next = 0;
        loop {
            let notices = self.engine.watch(run);
            next = self.catch_up(run, next, see).await?;
            let Some(mut notices) = notices else { break };
            loop {
                match notices.recv().await {
                    Ok(Notice::Event { seq, bytes }) if seq == next => {
                        see(Update::Event(view(seq, &bytes)?));
                        next += 1;
                    }
                    Ok(Notice::Event { seq, .. }) if seq < next => {}
                    Ok(Notice::Event { .. }) | Err(RecvError::Lagged(_)) => next = self.catch_up(run, next, see).await?,
                    Ok(Notice::Text(text)) => see(Update::Words(text)),
                    Err(RecvError::Closed) => break,
                }
            }
        }
        // Nobody drives it any more: it has ended, or rests.
        self.get(run).await
    }

    async fn get(&self, run: RunId) -> Result<RunView, Failure> {
        match self.engine.run(&Local::principal().tenant, run).await {
            Ok(Some(run)) => Ok(RunView::of(&run)),
            Ok(None) => Err(missing(run)),
            Err(error) => Err(unreadable(&error)),
        }
    }

    async fn list(&self, statuses: &[Status], limit: usize) -> Result<RunList, Failure> {
        let query = ListQuery { tenant: Local::principal().tenant, statuses: statuses.to_vec(), before: None, offset: 0, limit };
        let page = self.engine.store().list(query).await.map_err(|error| Failure::failed(chain(&error)))?;
        let next = page.runs.last().filter(|_| page.more).map(|row| row.run.to_string());
        let runs: Vec<RunRowView> = page.runs.into_iter().map(row_view).collect();
        Ok(RunList { count: runs.len(), runs, limit, offset: 0, next })
    }

    async fn cancel(&self, run: RunId) -> Result<ControlView, Failure> {
        let asked = self.engine.cancel(run, &Local::person()).await;
        if asked.is_ok() {
            self.engine.settled(&Local::principal().tenant, run).await.map_err(|error| unreadable(&error))?;
        }
        let status = match asked {
            Ok(_) => Ok(self.get(run).await?.status),
            Err(error) => Err(error),
        };
        self.control(run, status, "the run ends as soon as what it has started has ended").await
    }

    async fn resume(&self, run: RunId) -> Result<ControlView, Failure> {
        let status = self.engine.resume(run, &Local::person()).await;
        self.control(run, status, "the run goes on").await
    }

    async fn decide(&self, run: RunId, word: &DecisionBody) -> Result<ControlView, Failure> {
        let saying = match word.decision {
            api::Saying::Approve => Saying::Approve,
            api::Saying::Deny => Saying::Deny { reason: word.reason.clone() },
            api::Saying::Retry => Saying::Retry,
            api::Saying::Done => Saying::Done { output: word.output.clone().unwrap_or_default() },
            api::Saying::Abort => Saying::Abort,
        };
        let status = self.engine.decide(run, word.call.as_ref(), word.call_hash.as_deref(), saying, &Local::person()).await;
        self.control(run, status, "the word is recorded").await
    }

    async fn leave(&self, run: RunId) -> String {
        if !self.is_durable {
            return "the run was kept in memory only and is gone".to_owned();
        }
        // A run that has ended meanwhile needs no parking.
        let _ = self.engine.pause(run, &Local::person()).await;
        format!("the run is parked; let it go on with: orchestrator run resume {run}")
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.engine.drain(CLOSE_MAX).await;
    }
}

fn row_view(row: RunRow) -> RunRowView {
    let updated_at = row.summary.updated_at.rfc3339();
    RunRowView {
        run_id: row.run,
        status: row.summary.status,
        goal: row.summary.task.clone(),
        task: row.summary.task,
        cost_usd_micros: row.summary.cost,
        created_at: row.created_at.rfc3339(),
        completed_at: row.summary.status.is_ended().then(|| updated_at.clone()),
        updated_at,
    }
}

fn missing(run: RunId) -> Failure {
    Failure::usage(format!("there is no run {run}")).advise("orchestrator run ls shows the runs there are")
}

fn unreadable(error: &LoadError) -> Failure {
    Failure::failed(chain(error))
}

fn refused(error: ControlError) -> Failure {
    match error {
        ControlError::NotFound(run) => missing(run),
        ControlError::Ended(_) | ControlError::NotWaiting(_) => Failure::new(Exit::Usage, error.to_string()),
        other => Failure::failed(chain(&other)),
    }
}
