//! The loop that moves one run on: outcomes in, decisions and intents out, one durable append a step.

use crate::Inner;
use crate::live::{Live, Notice};
use crate::load::LoadError;
use crate::perform::perform;
use crate::plan::{Plan, Planned, Start, summary};
use crate::reserve::Cap;
use domain::event::FailureReason;
use domain::run::{IllegalEvent, Wait};
use domain::{Event, Fact, Next, Run, RunId, TenantId, Timestamp};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use ports::store::{self, Append, AppendError, Summary};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// How often a full or unreachable disk is tried again. People free space in minutes; a second costs nothing.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Why a driver gave up on its run. The run itself is as its journal has it.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// Another process owns the store now.
    #[error("another process has taken over the store")]
    Fenced,
    /// The journal could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The journal could not be written.
    #[error("the journal could not be written")]
    Store(#[from] store::Error),
    /// The product broke its own rules.
    #[error("the run asked for something it does not allow")]
    Illegal(#[from] IllegalEvent),
    /// The run is not in the store.
    #[error("run {0} is gone")]
    Gone(RunId),
}

/// Where a driver begins.
pub(crate) enum Begin {
    /// With a run just created, and the effects whose intents were created with it.
    Created(Box<Run>, Vec<Start>),
    /// With a run whose last driver is gone.
    TakeOver(TenantId),
}

impl Inner {
    /// Takes a live run over in a task of its own, once there is a slot for it.
    pub(crate) fn spawn_driver(self: &Arc<Self>, id: RunId, live: Arc<Live>, tenant: TenantId) {
        let inner = self.clone();
        self.drivers.spawn(async move {
            let _slot = tokio::select! {
                biased;
                () = inner.draining.cancelled() => return inner.registry.remove(id),
                slot = inner.slots.clone().acquire_owned() => match slot {
                    Ok(slot) => slot,
                    Err(_) => return inner.registry.remove(id),
                },
            };
            inner.drive(id, live, Begin::TakeOver(tenant)).await;
        });
    }

    /// Drives a live run until it ends, waits for a person, or is parked.
    pub(crate) async fn drive(self: &Arc<Self>, id: RunId, live: Arc<Live>, begin: Begin) {
        let mut driver = Driver { inner: self.clone(), live, id, under_way: FuturesUnordered::new(), last_summary: None };
        let driven = AssertUnwindSafe(driver.drive(begin)).catch_unwind().await;
        let error = match driven {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => DriveError::Illegal(IllegalEvent { seq: 0, fact: "panic", why: "the driver crashed" }),
        };
        tracing::error!(run = %id, error = &error as &dyn std::error::Error, "the run is no longer driven");
        if let DriveError::Illegal(broken) = error {
            self.end_as_bug(id, &broken).await;
        }
        self.registry.remove(id);
    }
}

struct Driver {
    inner: Arc<Inner>,
    live: Arc<Live>,
    id: RunId,
    under_way: FuturesUnordered<BoxFuture<'static, Fact>>,
    /// The row as last written.
    last_summary: Option<Summary>,
}

/// A run after an append, with what is to be started now.
struct Appended {
    run: Run,
    starts: Vec<Start>,
    retry_at: Option<Timestamp>,
}

impl Driver {
    async fn drive(&mut self, begin: Begin) -> Result<(), DriveError> {
        let mut at = match begin {
            Begin::Created(run, starts) => {
                self.last_summary = Some(summary(&run));
                Appended { run: *run, starts, retry_at: None }
            }
            Begin::TakeOver(tenant) => self.take_over(&tenant).await?,
        };
        loop {
            at = self.until_rest(at).await?;
            match self.inner.registry.leave(self.id, &self.live, Box::new(at.run)) {
                Ok(()) => return Ok(()),
                // Somebody wrote to the journal while we were leaving.
                Err(run) => at = Appended { run: *run, starts: Vec::new(), retry_at: None },
            }
        }
    }

    /// Goes round until nothing is under way and nothing can be started.
    async fn until_rest(&mut self, mut at: Appended) -> Result<Appended, DriveError> {
        loop {
            for start in at.starts.drain(..) {
                self.under_way.push(perform(self.inner.clone(), self.live.clone(), start).boxed());
            }
            let parked = self.inner.draining.is_cancelled();
            let due = at.retry_at.or_else(|| match at.run.next(self.inner.policy.as_ref()) {
                Next::Wait(Wait::Until(time)) => Some(time),
                _ => None,
            });
            let may_go_on = !self.under_way.is_empty() || due.is_some() && !parked;
            if !may_go_on && !self.live.take_dirty() {
                return Ok(at);
            }
            let mut facts = Vec::new();
            if may_go_on {
                let wait = due.map(|time| time.since(self.inner.clock.now()));
                let due_passed = async {
                    match wait {
                        Some(wait) => self.inner.clock.sleep(wait).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    () = self.inner.abandoned.cancelled() => return Ok(at),
                    Some(fact) = self.under_way.next() => facts.push(fact),
                    () = self.live.woken() => {}
                    () = due_passed, if !parked => {
                        if at.retry_at.is_none() {
                            facts.push(Fact::Woken);
                        }
                    }
                }
                // Whatever else has landed goes into the same append.
                while let Some(Some(fact)) = self.under_way.next().now_or_never() {
                    facts.push(fact);
                }
            }
            let mut run = at.run;
            if self.live.take_dirty() {
                // Others append seldom: a person's word, a cancel. Reading the whole journal again keeps one way of loading.
                let tenant = run.submitted().principal.tenant.clone();
                run = self.inner.load_patiently(&tenant, self.id).await?;
            }
            at = self.step(run, facts).await?;
        }
    }

    /// Writes the outcomes with all that follows from them.
    async fn step(&mut self, run: Run, facts: Vec<Fact>) -> Result<Appended, DriveError> {
        let now = self.inner.clock.now();
        let mut plan = Plan::new(run);
        for fact in facts {
            plan = plan.outcome(now, fact)?;
        }
        let plan = plan.decide(&self.inner, now, None, self.inner.draining.is_cancelled())?;
        self.append(plan).await
    }

    async fn append(&mut self, mut plan: Plan) -> Result<Appended, DriveError> {
        let mut warned = false;
        loop {
            if plan.run.is_stopping() {
                self.live.stop.cancel();
            }
            if plan.events.is_empty() {
                return Ok(Appended { run: plan.run, starts: plan.starts, retry_at: plan.retry_at });
            }
            let row = summary(&plan.run);
            let row_changed = self.last_summary.as_ref().is_none_or(|last| last.status != row.status || last.cost != row.cost);
            let append = Append {
                run: self.id,
                expected_seq: plan.run.head() - plan.events.len() as u64,
                writer_epoch: self.inner.store.writer_epoch(),
                events: plan.events.iter().map(|e| e.bytes.clone()).collect(),
                ledger: plan.ledger.clone(),
                summary: row_changed.then(|| row.clone()),
            };
            match self.inner.store.append(append.clone()).await {
                Ok(()) => return Ok(self.appended(plan, row, append.expected_seq)),
                Err(AppendError::Conflict { .. }) => {
                    // An earlier try whose answer was lost may have gone through: then the conflict is with ourselves.
                    if self.inner.is_in_journal(&plan.run, &append).await? {
                        return Ok(self.appended(plan, row, append.expected_seq));
                    }
                    plan = self.again(&plan.run, plan.events, None).await?;
                }
                Err(AppendError::OverBudget { which, left }) => {
                    let cap = Cap { which, left };
                    plan = self.again(&plan.run, plan.events, Some(&cap)).await?;
                }
                Err(AppendError::Fenced) => return Err(DriveError::Fenced),
                Err(AppendError::Store(error @ store::Error::Corrupt(_))) => return Err(error.into()),
                Err(AppendError::Store(error)) => {
                    if !std::mem::replace(&mut warned, true) {
                        tracing::warn!(run = %self.id, %error, "holding the outcomes of a run until the store takes them");
                    }
                    self.inner.wait_for_store().await?;
                    if matches!(error, store::Error::Unavailable(_)) && self.inner.is_in_journal(&plan.run, &append).await? {
                        return Ok(self.appended(plan, row, append.expected_seq));
                    }
                }
            }
        }
    }

    fn appended(&mut self, plan: Plan, row: Summary, first_seq: u64) -> Appended {
        self.last_summary = Some(row);
        for (seq, event) in (first_seq..).zip(&plan.events) {
            self.live.tell(|| Notice::Event { seq, bytes: event.bytes.clone() });
        }
        Appended { run: plan.run, starts: plan.starts, retry_at: plan.retry_at }
    }

    /// Thinks again on top of what the journal holds now: the outcomes are kept, the decisions are taken anew.
    async fn again(&mut self, run: &Run, events: Vec<Planned>, cap: Option<&Cap>) -> Result<Plan, DriveError> {
        let run = self.inner.load_patiently(&run.submitted().principal.tenant, self.id).await?;
        let mut plan = Plan::new(run);
        for outcome in events.into_iter().filter(|e| e.is_outcome) {
            let event = Event::decode(&outcome.bytes).map_err(|source| LoadError::Decode { run: self.id, seq: plan.run.head(), source })?;
            plan = plan.outcome(event.at, event.fact)?;
        }
        Ok(plan.decide(&self.inner, self.inner.clock.now(), cap, self.inner.draining.is_cancelled())?)
    }

    async fn take_over(&mut self, tenant: &TenantId) -> Result<Appended, DriveError> {
        self.live.take_dirty();
        let run = self.inner.load_patiently(tenant, self.id).await?;
        self.last_summary = Some(summary(&run));
        let now = self.inner.clock.now();
        let todo = run.take_over(self.inner.policy.as_ref(), now);
        let mut plan = Plan::new(run);
        for fact in todo.facts {
            plan = plan.outcome(now, fact)?;
        }
        let plan = plan.decide(&self.inner, now, None, self.inner.draining.is_cancelled())?;
        let mut at = self.append(plan).await?;
        for effect in todo.repeat {
            if let domain::Effect::CallTool(call) = effect {
                at.starts.push(Start::Tool(call));
            }
        }
        Ok(at)
    }
}

impl Inner {
    /// Whether an append whose answer was lost went through after all. Asks until the store says.
    async fn is_in_journal(&self, run: &Run, append: &Append) -> Result<bool, DriveError> {
        let tenant = &run.submitted().principal.tenant;
        loop {
            match self.store.events(tenant, append.run, append.expected_seq, append.events.len()).await {
                Ok(stored) => return Ok(stored.len() == append.events.len() && stored.iter().zip(&append.events).all(|(s, e)| s.bytes[..] == e[..])),
                Err(store::Error::Unavailable(_)) => self.wait_for_store().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Loads a run, waiting for a store that is away.
    async fn load_patiently(&self, tenant: &TenantId, id: RunId) -> Result<Run, DriveError> {
        loop {
            match self.load(tenant, id).await {
                Ok(run) => return run.ok_or(DriveError::Gone(id)),
                Err(LoadError::Store(store::Error::Unavailable(_))) => self.wait_for_store().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) async fn wait_for_store(&self) -> Result<(), DriveError> {
        tokio::select! {
            biased;
            () = self.abandoned.cancelled() => Err(store::Error::Unavailable("the process is ending".to_owned()).into()),
            () = self.clock.sleep(STORE_RETRY) => Ok(()),
        }
    }

    /// Ends a run that the product cannot drive on, so that it does not fail again at every start.
    async fn end_as_bug(&self, id: RunId, broken: &IllegalEvent) {
        let Ok(open) = self.store.open_runs().await else { return };
        let Some((tenant, _)) = open.into_iter().find(|(_, open)| *open == id) else { return };
        let Ok(Some(run)) = self.load(&tenant, id).await else { return };
        let fact = Fact::Failed { reason: FailureReason::Bug, message: format!("a bug in the product ended this run: {broken}") };
        if let Err(error) = self.append_fact(run, fact).await {
            tracing::error!(run = %id, %error, "the run could not be ended");
        }
    }
}
