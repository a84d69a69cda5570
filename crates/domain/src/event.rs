//! The facts of a run's journal and their versioned encoding.

use crate::finding::FindingDraft;
use crate::ids::{AgentId, BlobHash, CallId, RunId, ToolName};
use crate::model::{ModelError, ModelRef, ModelReply, Purpose};
use crate::money::{Reservation, UsdMicros};
use crate::principal::Principal;
use crate::target::Target;
use crate::time::Timestamp;
use crate::tool::{RecordedOutput, Replay, ToolErrorKind, Trust};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The encoding this release writes. It reads all up to this one.
pub const ENCODING_VERSION: u32 = 1;

/// One entry of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it was recorded, by the clock port.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// What can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A task was accepted. Always the first event, and the only one of its kind.
    Submitted(Box<Submitted>),
    /// Agents were chosen.
    Routed(Routed),
    /// Deterministic checks were chosen, instead of a model or after it failed.
    ChecksPlanned(ChecksPlanned),
    /// A model call is about to be made; its worst case is reserved in the same commit.
    ModelCallStarted(ModelCallStarted),
    /// The model answered.
    ModelReplied(Box<ModelReplied>),
    /// The model did not answer, or the call was not made.
    ModelFailed(ModelFailed),
    /// A tool call is about to be made.
    ToolCallStarted(ToolCallStarted),
    /// A tool call ended, or was refused before it began.
    ToolCallFinished(Box<ToolCallFinished>),
    /// A `once` call was started by a driver that is gone; whether it happened is not known.
    ToolCallUnknown {
        /// Which call.
        call: CallId,
    },
    /// A person decided what an unknown call came to.
    Decided(Decided),
    /// A call waits for a person.
    ApprovalRequested(ApprovalRequested),
    /// A person answered.
    ApprovalDecided(ApprovalDecided),
    /// A child run was created for an agent.
    Delegated {
        /// The child; its id derives from this run and event, so creating it twice is creating it once.
        child: RunId,
        /// Who works in it.
        agent: AgentId,
    },
    /// A child run ended.
    DelegateFinished {
        /// The child.
        child: RunId,
        /// How.
        status: Status,
    },
    /// The run sleeps until a time.
    Slept {
        /// When it wakes.
        until: Timestamp,
    },
    /// It woke.
    Woken,
    /// A person parked the run.
    Paused {
        /// Who.
        by: String,
    },
    /// A person let it go on.
    Resumed {
        /// Who.
        by: String,
    },
    /// Somebody wants the run to end.
    CancelRequested {
        /// Who.
        by: String,
    },
    /// It ended for that reason.
    Cancelled {
        /// Who wanted it.
        by: String,
    },
    /// It ended with an answer.
    Completed(Completed),
    /// It ended without one.
    Failed {
        /// A stable name.
        reason: FailureReason,
        /// One sentence.
        message: String,
    },
}

/// The task and everything that bounds its run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    /// What is asked, in plain words.
    pub task: String,
    /// What the caller adds, a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
    /// For whom.
    pub principal: Principal,
    /// How the work is directed.
    pub mode: Mode,
    /// The model; `None` is checks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// What it may use up.
    pub limits: Limits,
    /// The blob with the agents and tools on offer.
    pub catalogue: BlobHash,
}

/// How a run's work is directed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The supervisor routes the task.
    Supervised,
    /// The caller named the agents.
    Agents(Vec<AgentId>),
    /// No model: these agents' checks, for these targets.
    Checks {
        /// Whose.
        agents: Vec<AgentId>,
        /// For what.
        targets: Vec<Target>,
    },
}

/// What a run may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Turns of the agent.
    pub turns_max: u32,
    /// Money.
    pub cost_usd_micros_max: UsdMicros,
    /// Output tokens of one model call.
    pub output_tokens_max: u32,
    /// Tool calls of one turn; more are refused one by one.
    pub calls_per_turn_max: u32,
}

impl Default for Limits {
    /// 12 turns, $0.25, 4,096 output tokens a call, 16 calls a turn.
    fn default() -> Limits {
        Limits { turns_max: 12, cost_usd_micros_max: UsdMicros(250_000), output_tokens_max: 4_096, calls_per_turn_max: 16 }
    }
}

/// Which agents work on the task, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// Every agent with its score, best first.
    pub candidates: Vec<Candidate>,
    /// Why these were chosen.
    pub reason: RouteReason,
    /// Who works: one agent, or several whose tools the supervisor uses in one conversation.
    pub chosen: Vec<AgentId>,
}

/// An agent's score for a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// The sum of what speaks for it.
    pub score: u32,
}

/// Why agents were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteReason {
    /// The caller named them.
    Forced,
    /// One rule's score was clear, or there is no model to ask and these are all that scored.
    Rules,
    /// A model was asked.
    Model,
    /// A model was asked in vain; the best score won.
    Fallback,
}

/// A list of deterministic checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChecksPlanned {
    /// Why checks rather than a model's words, when a model was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of_model: Option<String>,
    /// What will be called, in order.
    pub checks: Vec<PlannedCheck>,
}

/// One deterministic check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedCheck {
    /// The tool.
    pub tool: ToolName,
    /// Its arguments.
    pub arguments: Value,
    /// Earlier check (index into the list) whose target must have been reachable, else this one is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<usize>,
}

/// A model call about to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCallStarted {
    /// What for.
    pub purpose: Purpose,
    /// Which model.
    pub model: ModelRef,
    /// The request's seal, see [`crate::model::ModelRequest::seal`].
    pub request_hash: String,
    /// The canonical request's length: about what leaves the machine.
    pub request_bytes: u64,
    /// Where it goes, such as a host name.
    pub destination: String,
    /// Output tokens granted.
    pub output_tokens_max: u32,
    /// Counts from 1 within the purpose's turn.
    pub attempt: u32,
    /// What is held for it.
    pub reservation: Reservation,
}

/// A model's reply with what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReplied {
    /// The reply.
    pub reply: ModelReply,
    /// What it came to; the whole reservation when the provider gave no counts.
    pub cost_usd_micros: UsdMicros,
    /// From request to last byte.
    pub latency_ms: u64,
}

/// A model call without a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFailed {
    /// Why.
    pub error: ModelError,
    /// What is booked for it: the whole reservation when the provider may have billed.
    pub cost_usd_micros: UsdMicros,
    /// When the call may be tried again; `None` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// A tool call about to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCallStarted {
    /// Which call.
    pub call: CallId,
    /// The tool.
    pub tool: ToolName,
    /// The arguments, as permitted.
    pub arguments: Value,
    /// What may happen if no outcome is recorded.
    pub replay: Replay,
    /// The same for every attempt at this call.
    pub idempotency_key: String,
    /// The policy that allowed it.
    pub policy_version: String,
}

/// A tool call's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCallFinished {
    /// Which call.
    pub call: CallId,
    /// `None` when the tool did its work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ToolErrorKind>,
    /// What it gave, or the error's message.
    pub output: RecordedOutput,
    /// What is wrong. Ids and evidence follow from the event's place in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingDraft>,
    /// Whether checks that build on this one make sense.
    pub reachable: bool,
    /// Whether an outsider can have written the output.
    pub trust: Trust,
    /// How long it took.
    pub latency_ms: u64,
}

/// A person's word on a call whose outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Which call.
    pub call: CallId,
    /// What they say.
    pub decision: Decision,
    /// Who.
    pub by: String,
}

/// What a person can say of an unknown call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It did not happen: do it now.
    Retry,
    /// It happened, and gave this.
    Done {
        /// What it gave.
        output: String,
    },
    /// End the run.
    Abort,
}

/// A call that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequested {
    /// Which call.
    pub call: CallId,
    /// Hash of run, tool and exact arguments; the answer is bound to it.
    pub call_hash: String,
    /// Why the policy asks.
    pub reason: String,
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalDecided {
    /// Which call.
    pub call: CallId,
    /// The hash that was shown.
    pub call_hash: String,
    /// Yes or no.
    pub approved: bool,
    /// Who.
    pub by: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The end of a run that has an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// The answer, Markdown.
    pub answer: String,
    /// Whether it is all that was asked for.
    pub outcome: Outcome,
}

/// How complete an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As asked.
    Full,
    /// From what was found before something went wrong.
    Partial {
        /// What, one sentence.
        reason: String,
    },
}

/// Why a run ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// A person aborted an unknown call.
    Aborted,
    /// There was nothing that could be done for the task.
    NothingToDo,
    /// The product broke its own rules.
    Bug,
}

/// Where a run stands, derived from its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Accepted, nothing done yet.
    Pending,
    /// Working.
    Running,
    /// A call waits for a person's yes.
    AwaitingApproval,
    /// A call's outcome is unknown and a person must say.
    NeedsDecision,
    /// Waiting for a time.
    Sleeping,
    /// Parked by a person.
    Paused,
    /// Ended with an answer.
    Completed,
    /// Ended without one.
    Failed,
    /// Ended because somebody wanted it to.
    Cancelled,
}

impl Status {
    /// Every status, in the order a run may pass through them.
    pub const ALL: [Status; 9] = [
        Status::Pending,
        Status::Running,
        Status::AwaitingApproval,
        Status::NeedsDecision,
        Status::Sleeping,
        Status::Paused,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
    ];

    /// Whether the run is over.
    pub fn is_ended(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Cancelled)
    }

    /// Whether only a person can move it on.
    pub fn waits_for_person(self) -> bool {
        matches!(self, Status::AwaitingApproval | Status::NeedsDecision | Status::Paused)
    }

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Running => "running",
            Status::AwaitingApproval => "awaiting_approval",
            Status::NeedsDecision => "needs_decision",
            Status::Sleeping => "sleeping",
            Status::Paused => "paused",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    /// Reads the wire name.
    pub fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// Bytes in a journal that this release cannot read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A later release wrote it.
    #[error("the event has encoding version {found}, this release reads up to {ENCODING_VERSION}: use the newer release")]
    Newer {
        /// Its version.
        found: u32,
    },
    /// It is not an event.
    #[error("the bytes are not an event")]
    Malformed(#[source] serde_json::Error),
}

impl Event {
    /// The exact bytes that are stored and hashed: `{"v":1,"at":…,"fact":{"<name>":…}}`.
    pub fn encode(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Written<'a> {
            v: u32,
            at: Timestamp,
            fact: &'a Fact,
        }
        serde_json::to_vec(&Written { v: ENCODING_VERSION, at: self.at, fact: &self.fact }).expect("our own types have string keys and serialise")
    }

    /// Reads what `encode` wrote, in this release or an earlier one.
    pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
        #[derive(Deserialize)]
        struct Read {
            v: u32,
            at: Timestamp,
            fact: Fact,
        }
        match serde_json::from_slice::<Read>(bytes) {
            Ok(read) if read.v <= ENCODING_VERSION => Ok(Event { at: read.at, fact: read.fact }),
            Ok(read) => Err(DecodeError::Newer { found: read.v }),
            Err(error) => {
                #[derive(Deserialize)]
                struct Version {
                    v: u32,
                }
                match serde_json::from_slice::<Version>(bytes) {
                    Ok(Version { v }) if v > ENCODING_VERSION => Err(DecodeError::Newer { found: v }),
                    _ => Err(DecodeError::Malformed(error)),
                }
            }
        }
    }
}

impl Fact {
    /// The wire name, `tool_call_started`.
    pub fn name(&self) -> &'static str {
        match self {
            Fact::Submitted(_) => "submitted",
            Fact::Routed(_) => "routed",
            Fact::ChecksPlanned(_) => "checks_planned",
            Fact::ModelCallStarted(_) => "model_call_started",
            Fact::ModelReplied(_) => "model_replied",
            Fact::ModelFailed(_) => "model_failed",
            Fact::ToolCallStarted(_) => "tool_call_started",
            Fact::ToolCallFinished(_) => "tool_call_finished",
            Fact::ToolCallUnknown { .. } => "tool_call_unknown",
            Fact::Decided(_) => "decided",
            Fact::ApprovalRequested(_) => "approval_requested",
            Fact::ApprovalDecided(_) => "approval_decided",
            Fact::Delegated { .. } => "delegated",
            Fact::DelegateFinished { .. } => "delegate_finished",
            Fact::Slept { .. } => "slept",
            Fact::Woken => "woken",
            Fact::Paused { .. } => "paused",
            Fact::Resumed { .. } => "resumed",
            Fact::CancelRequested { .. } => "cancel_requested",
            Fact::Cancelled { .. } => "cancelled",
            Fact::Completed(_) => "completed",
            Fact::Failed { .. } => "failed",
        }
    }
}
