//! The answer of `POST /api/v1/orchestrate`, in the shape that compatible clients read.

use crate::run::duration_ms;
use crate::schema;
use domain::agent::SUPERVISOR;
use domain::event::{Outcome, Status};
use domain::{AgentId, Run, RunId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What a task came to, or that its run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrchestrateView {
    /// Whether the run has completed, in full or in part. False while it goes on.
    pub success: bool,
    /// What the agents gave: one entry once the run has ended, none before.
    pub results: Vec<AgentResult>,
    /// For people.
    pub message: String,
    /// The run, for `GET /api/v1/runs/{run_id}`.
    #[schema(value_type = String, format = "uuid")]
    pub run_id: RunId,
    /// Where it stands.
    #[schema(schema_with = schema::status)]
    pub status: Status,
}

/// What an agent gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentResult {
    /// The agent; the supervisor when several worked together.
    #[schema(value_type = String)]
    pub agent_id: AgentId,
    /// Its name for people.
    pub agent_name: String,
    /// Whether it gave an answer.
    pub success: bool,
    /// `{summary, outcome, findings}`: the answer as Markdown, `full` or `partial`, and what was found.
    #[schema(value_type = Object)]
    pub output: Value,
    /// Why it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `{agents, usage, cost_usd_micros, duration_ms}`.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// When it was done, RFC 3339.
    pub timestamp: String,
}

impl OrchestrateView {
    /// What this run has come to.
    pub fn of(run: &Run) -> OrchestrateView {
        let status = run.status();
        let success = status == Status::Completed;
        let message = match (status, run.completed().map(|c| &c.outcome)) {
            (_, Some(Outcome::Full)) => "the task was completed".to_owned(),
            (_, Some(Outcome::Partial { reason })) => format!("the task was completed in part: {reason}"),
            (status, _) if status.is_ended() => run.failure().unwrap_or_else(|| format!("the run is {}", status.as_str())),
            (status, _) => OrchestrateView::open(run.id(), status).message,
        };
        let results = if status.is_ended() { vec![result(run, success)] } else { Vec::new() };
        OrchestrateView { success, results, message, run_id: run.id(), status }
    }

    /// The answer while the run goes on.
    pub fn open(run_id: RunId, status: Status) -> OrchestrateView {
        let message = match status {
            Status::AwaitingApproval | Status::NeedsDecision => {
                format!("the run waits for a person: see `pending` of /api/v1/runs/{run_id} and answer with /api/v1/runs/{run_id}/decision")
            }
            Status::Paused => format!("the run is paused: let it go on with /api/v1/runs/{run_id}/resume"),
            _ => format!("the run goes on: follow it at /api/v1/runs/{run_id}"),
        };
        OrchestrateView { success: false, results: Vec::new(), message, run_id, status }
    }
}

fn result(run: &Run, success: bool) -> AgentResult {
    let chosen = run.routed().map_or(&[][..], |r| r.chosen.as_slice());
    let agent_id = match chosen {
        [one] => one.clone(),
        _ => AgentId::new(SUPERVISOR),
    };
    let completed = run.completed();
    let outcome = completed.map(|c| if c.outcome == Outcome::Full { "full" } else { "partial" });
    AgentResult {
        agent_name: title(agent_id.as_str()),
        agent_id,
        success,
        output: json!({ "summary": completed.map(|c| &c.answer), "outcome": outcome, "findings": run.findings() }),
        error: run.failure(),
        metadata: json!({
            "agents": chosen,
            "usage": run.spend().usage,
            "cost_usd_micros": run.spend().cost,
            "duration_ms": duration_ms(run),
        }),
        timestamp: run.changed_at().rfc3339(),
    }
}

/// `network_diagnostics` as people write it: `Network Diagnostics`.
pub(crate) fn title(id: &str) -> String {
    let mut title = String::with_capacity(id.len());
    for word in id.split(['_', '-']).filter(|w| !w.is_empty()) {
        if !title.is_empty() {
            title.push(' ');
        }
        let mut letters = word.chars();
        title.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        title.push_str(letters.as_str());
    }
    title
}
