//! The calls of a run, read from its journal.

use crate::schema;
use domain::event::Decision;
use domain::model::Purpose;
use domain::money::Usage;
use domain::{CallId, Event, Fact, ToolName, UsdMicros};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One call of a model: what left the machine, to where, and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelCallView {
    /// The sequence number of the event that recorded the intent.
    pub event: u64,
    /// What for: `route` or `turn`.
    pub purpose: String,
    /// Which model.
    pub model: String,
    /// Where the request went, such as a host name.
    pub destination: String,
    /// The request's length.
    pub request_bytes: u64,
    /// Counts from 1; above it, the call is a retry.
    pub attempt: u32,
    /// How far it is.
    pub state: WorkState,
    /// What it cost; 0 while it is under way.
    #[schema(value_type = i64)]
    pub cost_usd_micros: UsdMicros,
    /// Tokens, when the provider counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::usage)]
    pub usage: Option<Usage>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToolCallView {
    /// Which call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// The tool.
    #[schema(value_type = String)]
    pub tool: ToolName,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// How far it is.
    pub state: WorkState,
    /// The sequence number of the event with its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// The output's beginning and end, at most about 8 KiB, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// Planned or asked for, not made.
    Proposed,
    /// A person is asked.
    Waiting,
    /// Under way.
    Started,
    /// Whether it happened is not known.
    Unknown,
    /// Done.
    Finished,
    /// It gave an error, or was refused.
    Failed,
}

pub(super) fn model_calls(journal: &[Event]) -> Vec<ModelCallView> {
    let mut calls: Vec<ModelCallView> = Vec::new();
    for (seq, event) in journal.iter().enumerate() {
        match &event.fact {
            Fact::ModelCallStarted(started) => calls.push(ModelCallView {
                event: seq as u64,
                purpose: purpose(started.purpose).to_owned(),
                model: started.model.to_string(),
                destination: started.destination.clone(),
                request_bytes: started.request_bytes,
                attempt: started.attempt,
                state: WorkState::Started,
                cost_usd_micros: UsdMicros::ZERO,
                usage: None,
                latency_ms: None,
                error: None,
            }),
            Fact::ModelReplied(replied) => {
                if let Some(call) = under_way(&mut calls) {
                    call.state = WorkState::Finished;
                    call.cost_usd_micros = replied.cost_usd_micros;
                    call.usage = replied.reply.usage;
                    call.latency_ms = Some(replied.latency_ms);
                }
            }
            // Without a call under way it was refused before anything left the machine.
            Fact::ModelFailed(failed) => {
                if let Some(call) = under_way(&mut calls) {
                    call.state = WorkState::Failed;
                    call.cost_usd_micros = failed.cost_usd_micros;
                    call.error = Some(failed.error.message.clone());
                }
            }
            _ => {}
        }
    }
    calls
}

/// A run makes one model call at a time, so it is the last one.
fn under_way(calls: &mut [ModelCallView]) -> Option<&mut ModelCallView> {
    calls.last_mut().filter(|c| c.state == WorkState::Started)
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Route => "route",
        Purpose::Turn => "turn",
    }
}

pub(super) fn tool_calls(journal: &[Event]) -> Vec<ToolCallView> {
    let mut calls = ToolCalls(Vec::new());
    for (seq, event) in journal.iter().enumerate() {
        let seq = seq as u64;
        match &event.fact {
            Fact::ChecksPlanned(planned) => {
                for (i, check) in planned.checks.iter().enumerate() {
                    calls.propose(CallId::at(seq, i), &check.tool, &check.arguments);
                }
            }
            Fact::ModelReplied(replied) => {
                for (i, call) in replied.reply.calls.iter().enumerate() {
                    calls.propose(CallId::at(seq, i), &call.tool, &call.arguments);
                }
            }
            Fact::ApprovalRequested(asked) => calls.set(&asked.call, WorkState::Waiting),
            Fact::ApprovalDecided(decided) => calls.set(&decided.call, WorkState::Proposed),
            Fact::ToolCallStarted(started) => calls.set(&started.call, WorkState::Started),
            Fact::ToolCallUnknown { call } => calls.set(call, WorkState::Unknown),
            Fact::Decided(decided) => match &decided.decision {
                Decision::Retry => calls.set(&decided.call, WorkState::Proposed),
                Decision::Done { output } => calls.finish(&decided.call, WorkState::Finished, seq, output, None),
                Decision::Abort => {}
            },
            Fact::ToolCallFinished(finished) => {
                let state = if finished.error.is_some() { WorkState::Failed } else { WorkState::Finished };
                calls.finish(&finished.call, state, seq, &finished.output.text, Some(finished.latency_ms));
            }
            _ => {}
        }
    }
    calls.0
}

struct ToolCalls(Vec<ToolCallView>);

impl ToolCalls {
    fn propose(&mut self, call: CallId, tool: &ToolName, arguments: &Value) {
        let (tool, arguments) = (tool.clone(), arguments.clone());
        self.0.push(ToolCallView { call, tool, arguments, state: WorkState::Proposed, event: None, output: None, latency_ms: None });
    }

    fn get(&mut self, call: &CallId) -> Option<&mut ToolCallView> {
        // From the end: the calls that change are those of the last turn.
        self.0.iter_mut().rev().find(|c| c.call == *call)
    }

    fn set(&mut self, call: &CallId, state: WorkState) {
        if let Some(call) = self.get(call) {
            call.state = state;
        }
    }

    fn finish(&mut self, call: &CallId, state: WorkState, seq: u64, output: &str, latency_ms: Option<u64>) {
        if let Some(call) = self.get(call) {
            call.state = state;
            call.event = Some(seq);
            call.output = Some(output.to_owned());
            call.latency_ms = latency_ms;
        }
    }
}
