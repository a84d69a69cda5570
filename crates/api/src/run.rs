//! A run as it is shown: the same body from the server, from `run get -o json` and from `ask -o json`.

mod calls;
mod list;

pub use calls::{ModelCallView, ToolCallView, WorkState};
pub use list::{ControlView, RunAccepted, RunList, RunRowView};

use crate::schema;
use domain::event::{Mode, Outcome, Status};
use domain::finding::Finding;
use domain::money::Usage;
use domain::run::{Call, CallState};
use domain::{AgentId, CallId, Event, Run, RunId, ToolName, UsdMicros};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A run, whole. Times are RFC 3339 in UTC; amounts are millionths of a US dollar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub run_id: RunId,
    /// Where it stands.
    #[schema(schema_with = schema::status)]
    pub status: Status,
    /// `full` or `partial` once it has completed, else null.
    #[schema(schema_with = schema::outcome)]
    pub outcome: Option<String>,
    /// Why the answer is not all that was asked for, when it is partial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_reason: Option<String>,
    /// The answer, Markdown, once it has completed.
    pub answer: Option<String>,
    /// What was found so far, in order.
    #[schema(schema_with = schema::findings)]
    pub findings: Vec<Finding>,
    /// The agents that work on it, once chosen.
    #[schema(value_type = Vec<String>)]
    pub agents: Vec<AgentId>,
    /// Tokens of the model calls whose provider counted them.
    #[schema(schema_with = schema::usage)]
    pub usage: Usage,
    /// What it has cost.
    #[schema(value_type = i64)]
    pub cost_usd_micros: UsdMicros,
    /// From submission to the last event, in milliseconds.
    pub duration_ms: u64,
    /// What was asked.
    pub task: String,
    /// The same, under the name that compatible clients use.
    pub goal: String,
    /// What the caller added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Value>,
    /// The model that answers, or null for deterministic checks alone.
    pub model: Option<String>,
    /// The most that it may cost.
    #[schema(value_type = i64)]
    pub cost_usd_micros_max: UsdMicros,
    /// Bytes of requests sent to models.
    pub request_bytes: u64,
    /// When it was submitted.
    pub created_at: String,
    /// When its last event was recorded.
    pub updated_at: String,
    /// When it ended, or null.
    pub completed_at: Option<String>,
    /// Why it ended without an answer, or null.
    pub error: Option<String>,
    /// The calls that wait for a person.
    #[serde(default)]
    pub pending: Vec<Pending>,
    /// Every model call, with what left the machine and to where. Absent where only the state was at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_calls: Option<Vec<ModelCallView>>,
    /// Every tool call. Absent where only the state was at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<ToolCallView>>,
    /// The number of events in its journal.
    pub events: u64,
}

/// A call that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pending {
    /// Which call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// Binds an approval to exactly this call; null where none is asked for.
    pub call_hash: Option<String>,
    /// The tool.
    #[schema(value_type = String)]
    pub tool: ToolName,
    /// The exact arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// Why a person is asked.
    pub reason: String,
    /// What they can say.
    pub kind: PendingKind,
}

/// What a waiting call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PendingKind {
    /// A yes or a no: `approve` or `deny`.
    Approval,
    /// Word on whether it happened: `retry`, `done` or `abort`.
    Decision,
}

impl RunView {
    /// What the run's state says. The lists of calls need the journal: `with_journal`.
    pub fn of(run: &Run) -> RunView {
        let status = run.status();
        let submitted = run.submitted();
        let (outcome, outcome_reason) = match run.completed().map(|c| &c.outcome) {
            None => (None, None),
            Some(Outcome::Full) => (Some("full".to_owned()), None),
            Some(Outcome::Partial { reason }) => (Some("partial".to_owned()), Some(reason.clone())),
        };
        let updated_at = run.changed_at().rfc3339();
        RunView {
            run_id: run.id(),
            status,
            outcome,
            outcome_reason,
            answer: run.completed().map(|c| c.answer.clone()),
            findings: run.findings().to_vec(),
            agents: run.routed().map(|r| r.chosen.clone()).unwrap_or_default(),
            usage: run.spend().usage,
            cost_usd_micros: run.spend().cost,
            duration_ms: duration_ms(run),
            task: submitted.task.clone(),
            goal: submitted.task.clone(),
            context: submitted.context.clone(),
            model: model(run),
            cost_usd_micros_max: submitted.limits.cost_usd_micros_max,
            request_bytes: run.spend().request_bytes,
            created_at: run.submitted_at().rfc3339(),
            completed_at: status.is_ended().then(|| updated_at.clone()),
            updated_at,
            error: run.failure(),
            // A run that has ended waits for nobody, whatever it left open.
            pending: if status.is_ended() { Vec::new() } else { run.calls().filter_map(pending).collect() },
            model_calls: None,
            tool_calls: None,
            events: run.head(),
        }
    }

    /// Adds what only the journal knows. `journal` holds the run's events from the first on.
    pub fn with_journal(self, journal: &[Event]) -> RunView {
        RunView { model_calls: Some(calls::model_calls(journal)), tool_calls: Some(calls::tool_calls(journal)), ..self }
    }
}

/// From submission to the last event. An open run's clock stands still between events, so that this is a function of the journal.
pub(crate) fn duration_ms(run: &Run) -> u64 {
    u64::try_from(run.changed_at().since(run.submitted_at()).as_millis()).unwrap_or(u64::MAX)
}

fn model(run: &Run) -> Option<String> {
    let is_checks = matches!(run.submitted().mode, Mode::Checks { .. });
    run.model().filter(|_| !is_checks).map(ToString::to_string)
}

fn pending(call: &Call) -> Option<Pending> {
    let (kind, call_hash, reason) = match &call.state {
        CallState::Waiting { call_hash, reason } => (PendingKind::Approval, Some(call_hash.clone()), reason.clone()),
        CallState::Unknown => {
            let reason = "the call was started and its outcome was lost; whether it happened is not known".to_owned();
            (PendingKind::Decision, None, reason)
        }
        CallState::Proposed | CallState::Started(_) | CallState::Finished(_) => return None,
    };
    Some(Pending { call: call.id.clone(), call_hash, tool: call.tool.clone(), arguments: call.arguments.clone(), reason, kind })
}

#[cfg(test)]
mod tests;
