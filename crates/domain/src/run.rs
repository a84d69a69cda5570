//! A run: the fold of its journal, and what it asks for next.
//!
//! `apply` folds one fact in; `next` says what to do now, from the state alone. The engine goes round between the two.

mod apply;
mod call;
mod takeover;

pub use call::{Call, CallState};
pub use takeover::TakeOver;

use crate::agent::{Agent, Catalogue, SUPERVISOR};
use crate::director;
use crate::event::{Completed, Event, Fact, FailureReason, Outcome, Routed, Status, Submitted};
use crate::finding::Finding;
use crate::hashed::Hashed;
use crate::ids::{AgentId, CallId, RunId};
use crate::model::{Message, ModelError, ModelRef, ModelReply, ModelRequest, Purpose};
use crate::money::{Reservation, Usage, UsdMicros};
use crate::permit::{PermittedCall, Policy};
use crate::time::Timestamp;
use std::sync::Arc;

/// A run's state. Two runs with the same journal are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    id: RunId,
    catalogue: Arc<Catalogue>,
    submitted: Submitted,
    submitted_at: Timestamp,
    /// The sequence number of the next event.
    head: u64,
    changed_at: Timestamp,
    routed: Option<Routed>,
    turns: Vec<Turn>,
    /// The task and the turns whose calls have ended, as the model is told of them.
    conversation: Vec<Hashed<Message>>,
    stage: Stage,
    findings: Vec<Finding>,
    spend: Spend,
    tainted: bool,
    pause: Option<Pause>,
    stop: Option<Stop>,
}

/// Which director has the word, with what only it knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// The supervisor chooses agents, perhaps by a model's vote, whose words are kept until they are read.
    Routing { call: ModelCall, vote: Option<String> },
    /// The agent's conversation with its model.
    Agent { call: ModelCall },
    /// Deterministic checks.
    Checks(Checks),
    /// Over.
    Ended(Ending),
}

/// The state of the one model call that a director may have under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ModelCall {
    /// None under way.
    Idle,
    /// Sent; no outcome yet.
    Started { attempt: u32, reservation: Reservation },
    /// Failed; tried again at that time, if at all.
    Failed { attempt: u32, error: ModelError, retry_at: Option<Timestamp> },
}

/// One reply of the model and the calls it asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) reply: ModelReply,
    pub(crate) calls: Vec<Call>,
}

/// The checks director's state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checks {
    /// Why there are checks and not a model's words.
    pub(crate) instead_of_model: Option<String>,
    pub(crate) checks: Vec<Check>,
}

/// One check: a call, and the check that must have reached its target first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    pub(crate) call: Call,
    pub(crate) after: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Completed(Completed),
    Failed { reason: FailureReason, message: String },
    Cancelled { by: String },
}

/// What keeps an open run from going on by itself.
#[derive(Clone, Debug, PartialEq)]
enum Pause {
    ByPerson,
    Until(Timestamp),
}

/// That somebody wants the run to end, as soon as what was started has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stop {
    Cancel { by: String },
    Abort { by: String },
}

/// What a run has used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// Booked money.
    pub cost: UsdMicros,
    /// Tokens of the calls whose provider counted them.
    pub usage: Usage,
    /// Model calls made.
    pub model_calls: u32,
    /// Tool calls made.
    pub tool_calls: u32,
    /// Bytes of requests sent to models.
    pub request_bytes: u64,
}

/// What a run asks for.
#[derive(Debug)]
pub enum Next {
    /// Pure decisions: write these and ask again.
    Record(Vec<Fact>),
    /// Start these; never empty. Each intent is written before its effect starts.
    Perform(Vec<Effect>),
    /// Nothing until something outside happens.
    Wait(Wait),
    /// Nothing ever again.
    Ended,
}

/// What a waiting run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The outcomes of effects under way.
    Outcomes,
    /// A person: an approval, a decision, or word to go on.
    Person,
    /// A time.
    Until(Timestamp),
}

/// Something to be done to, or asked of, the world.
#[derive(Debug)]
pub enum Effect {
    /// Ask a model.
    CallModel(ModelEffect),
    /// Call a tool.
    CallTool(PermittedCall),
}

/// A model call to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelEffect {
    /// What for.
    pub purpose: Purpose,
    /// What to send.
    pub request: ModelRequest,
    /// Counts from 1.
    pub attempt: u32,
    /// Not before this time, when it is a retry.
    pub not_before: Option<Timestamp>,
    /// What the run and its agent may still spend.
    pub budget_left: UsdMicros,
}

/// A fact that cannot follow what a journal holds already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} ({fact}) cannot happen here: {why}")]
pub struct IllegalEvent {
    /// Its sequence number.
    pub seq: u64,
    /// Its name.
    pub fact: &'static str,
    /// The rule it breaks.
    pub why: &'static str,
}

impl Run {
    /// Begins a run with its first event, which must be `Submitted`. `catalogue` is the blob that the event names.
    pub fn begin(id: RunId, catalogue: Arc<Catalogue>, event: Event) -> Result<Run, IllegalEvent> {
        let Fact::Submitted(submitted) = event.fact else {
            return Err(IllegalEvent { seq: 0, fact: event.fact.name(), why: "a journal begins with submitted" });
        };
        Ok(Run {
            id,
            catalogue,
            submitted: *submitted,
            submitted_at: event.at,
            head: 1,
            changed_at: event.at,
            routed: None,
            turns: Vec::new(),
            conversation: Vec::new(),
            stage: Stage::Routing { call: ModelCall::Idle, vote: None },
            findings: Vec::new(),
            spend: Spend::default(),
            tainted: false,
            pause: None,
            stop: None,
        })
    }

    /// Folds one fact in. The same journal gives the same state, first time or after a crash.
    pub fn apply(self, event: Event) -> Result<Run, IllegalEvent> {
        apply::apply(self, event)
    }

    /// What to do now, from the state alone.
    pub fn next(&self, policy: &dyn Policy) -> Next {
        if let Stage::Ended(_) = self.stage {
            return Next::Ended;
        }
        if let Some(stop) = &self.stop {
            if self.has_effects_under_way() {
                return Next::Wait(Wait::Outcomes);
            }
            let message = |by: &str| format!("{by} aborted a call whose outcome was unknown");
            return Next::Record(vec![match stop {
                Stop::Cancel { by } => Fact::Cancelled { by: by.clone() },
                Stop::Abort { by } => Fact::Failed { reason: FailureReason::Aborted, message: message(by) },
            }]);
        }
        match self.pause {
            Some(_) if self.has_effects_under_way() => return Next::Wait(Wait::Outcomes),
            Some(Pause::ByPerson) => return Next::Wait(Wait::Person),
            Some(Pause::Until(time)) => return Next::Wait(Wait::Until(time)),
            None => {}
        }
        match &self.stage {
            Stage::Routing { call, vote } => director::supervisor::next(self, call, vote.as_deref()),
            Stage::Agent { call } => director::agent::next(self, call, policy),
            Stage::Checks(checks) => director::checks::next(self, checks, policy),
            Stage::Ended(_) => Next::Ended,
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        match &self.stage {
            Stage::Ended(Ending::Completed(_)) => return Status::Completed,
            Stage::Ended(Ending::Failed { .. }) => return Status::Failed,
            Stage::Ended(Ending::Cancelled { .. }) => return Status::Cancelled,
            _ => {}
        }
        if self.pause == Some(Pause::ByPerson) {
            return Status::Paused;
        }
        if self.open_calls().any(|c| matches!(c.state, CallState::Unknown)) {
            return Status::NeedsDecision;
        }
        if self.open_calls().any(|c| matches!(c.state, CallState::Waiting { .. })) {
            return Status::AwaitingApproval;
        }
        match self.pause {
            Some(Pause::Until(_)) => Status::Sleeping,
            _ if self.head == 1 => Status::Pending,
            _ => Status::Running,
        }
    }

    /// Its id.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// What was asked, by whom, within which limits.
    pub fn submitted(&self) -> &Submitted {
        &self.submitted
    }

    /// When it was submitted.
    pub fn submitted_at(&self) -> Timestamp {
        self.submitted_at
    }

    /// When its last event was recorded.
    pub fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    /// The sequence number of the next event.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The agents and tools it works with.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The choice of agents, once made.
    pub fn routed(&self) -> Option<&Routed> {
        self.routed.as_ref()
    }

    /// What was found so far, in order.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What it has used up.
    pub fn spend(&self) -> &Spend {
        &self.spend
    }

    /// Whether an outsider's words are in it.
    pub fn is_tainted(&self) -> bool {
        self.tainted
    }

    /// Whether somebody wants it to end and it has not yet.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// The answer and how complete it is, when the run has completed.
    pub fn completed(&self) -> Option<&Completed> {
        match &self.stage {
            Stage::Ended(Ending::Completed(completed)) => Some(completed),
            _ => None,
        }
    }

    /// Why it ended without an answer, one sentence, when it did.
    pub fn failure(&self) -> Option<String> {
        match &self.stage {
            Stage::Ended(Ending::Failed { message, .. }) => Some(message.clone()),
            Stage::Ended(Ending::Cancelled { by }) => Some(format!("cancelled by {by}")),
            _ => None,
        }
    }

    /// The tool calls of the whole run, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let checks = match &self.stage {
            Stage::Checks(checks) => checks.checks.as_slice(),
            _ => &[],
        };
        self.turns.iter().flat_map(|t| &t.calls).chain(checks.iter().map(|c| &c.call))
    }

    /// The call with this id, if the run still knows it.
    pub fn call(&self, id: &CallId) -> Option<&Call> {
        self.calls().find(|c| c.id == *id)
    }

    /// The request that the next turn would send, while an agent works, from the turns that have ended. For replay and comparison.
    pub fn next_request(&self) -> Option<ModelRequest> {
        matches!(self.stage, Stage::Agent { .. }).then(|| director::agent::request(self)).flatten()
    }

    /// The model that answers for this run: the lead agent's own, else the configured one.
    pub fn model(&self) -> Option<&ModelRef> {
        let configured = self.submitted.model.as_ref()?;
        Some(self.lead().and_then(|agent| agent.model.as_ref()).unwrap_or(configured))
    }

    /// The agent that leads: the one chosen, or the supervisor for several.
    pub(crate) fn lead(&self) -> Option<&Agent> {
        let routed = self.routed.as_ref()?;
        let name = match routed.chosen.as_slice() {
            [one] => one,
            _ => &AgentId::new(SUPERVISOR),
        };
        self.catalogue.agents.get(name)
    }

    /// The agents chosen, with their definitions.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = &Agent> {
        let names = self.routed.as_ref().map_or(&[][..], |r| &r.chosen);
        names.iter().filter_map(|name| self.catalogue.agents.get(name))
    }

    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    pub(crate) fn conversation(&self) -> &[Hashed<Message>] {
        &self.conversation
    }

    /// What may still be spent by this run under its own limit and its agent's.
    pub(crate) fn budget_left(&self) -> UsdMicros {
        let limit = self.submitted.limits.cost_usd_micros_max;
        let limit = self.lead().and_then(|a| a.budget_usd_micros).map_or(limit, |own| own.min(limit));
        limit.saturating_sub(self.spend.cost)
    }

    fn has_effects_under_way(&self) -> bool {
        let model = match &self.stage {
            Stage::Routing { call, .. } | Stage::Agent { call } => matches!(call, ModelCall::Started { .. }),
            Stage::Checks(_) | Stage::Ended(_) => false,
        };
        model || self.open_calls().any(|c| matches!(c.state, CallState::Started(_)))
    }

    /// The calls that may still be open: those of the last turn, or the checks.
    fn open_calls(&self) -> impl Iterator<Item = &Call> {
        let checks = match &self.stage {
            Stage::Checks(checks) => checks.checks.as_slice(),
            _ => &[],
        };
        self.turns.last().map_or(&[][..], |t| &t.calls).iter().chain(checks.iter().map(|c| &c.call))
    }

    fn call_mut(&mut self, id: &CallId) -> Option<&mut Call> {
        let checks = match &mut self.stage {
            Stage::Checks(checks) => checks.checks.as_mut_slice(),
            _ => &mut [],
        };
        let turn = self.turns.last_mut().map_or(&mut [][..], |t| &mut t.calls);
        turn.iter_mut().chain(checks.iter_mut().map(|c| &mut c.call)).find(|c| c.id == *id)
    }
}

/// Completes a run from what it found, for a director that has nothing better.
pub(crate) fn complete(answer: String, outcome: Outcome) -> Next {
    Next::Record(vec![Fact::Completed(Completed { answer, outcome })])
}

#[cfg(test)]
mod tests;
