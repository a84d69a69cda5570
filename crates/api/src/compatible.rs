//! The reply of `POST /api/v1/orchestrate`, in the shape of the compatible API with our fields beside it.

use crate::runs::{RunView, reason};
use domain::Run;
use domain::event::Status;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A task's results, or word that it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrchestrateReply {
    /// Whether the run has completed.
    pub success: bool,
    /// One entry for each agent that worked on it; empty while the run goes on.
    pub results: Vec<AgentResult>,
    /// One sentence.
    pub message: String,
    /// The durable run.
    pub run_id: String,
    /// Where it stands.
    pub status: String,
    /// The whole result; null while the run goes on.
    pub run: Option<RunView>,
}

/// What an agent came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentResult {
    /// Who.
    pub agent_id: String,
    /// Who, as people write it.
    pub agent_name: String,
    /// Whether the run has completed.
    pub success: bool,
    /// The answer and its findings.
    #[schema(value_type = Object)]
    pub output: Value,
    /// Why there is no answer.
    pub error: Option<String>,
    /// How the agent was chosen, how complete the answer is, what it cost.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// RFC 3339.
    pub timestamp: String,
}

impl OrchestrateReply {
    /// The reply for the run as it stands.
    pub fn of(run: &Run) -> OrchestrateReply {
        let view = RunView::of(run);
        let status = run.status();
        let success = status == Status::Completed;
        let message = match status {
            Status::Completed if view.findings.is_empty() => "Completed: nothing wrong was found.".to_owned(),
            Status::Completed => format!("Completed with {} finding(s).", view.findings.len()),
            Status::Failed | Status::Cancelled => format!("The run has {}: {}.", status.as_str(), run.failure().unwrap_or_default()),
            status if status.waits_for_person() => format!("The run waits for a person: {}. See /api/v1/runs/{}.", status.as_str(), view.run_id),
            _ => format!("The run goes on. See /api/v1/runs/{}.", view.run_id),
        };
        let is_ended = status.is_ended();
        let results = if is_ended { view.agents.iter().map(|agent| AgentResult::of(agent, run, &view, success)).collect() } else { Vec::new() };
        OrchestrateReply { success, results, message, run_id: view.run_id.clone(), status: view.status.clone(), run: is_ended.then_some(view) }
    }

    /// The reply for a run that is taken and goes on.
    pub fn going_on(run_id: String, status: Status) -> OrchestrateReply {
        let message = format!("The run goes on. See /api/v1/runs/{run_id}.");
        OrchestrateReply { success: false, results: Vec::new(), message, run_id, status: status.as_str().to_owned(), run: None }
    }
}

impl AgentResult {
    fn of(agent: &str, run: &Run, view: &RunView, success: bool) -> AgentResult {
        let name = run.catalogue().agents.values().find(|known| known.name.as_str() == agent);
        AgentResult {
            agent_id: agent.to_owned(),
            agent_name: name.map_or_else(|| agent.to_owned(), |known| crate::AgentView::of(known).name),
            success,
            output: json!({"answer": view.answer, "summary": view.answer, "findings": view.findings}),
            error: run.failure(),
            metadata: json!({
                "routed_by": run.routed().map(|routed| reason(routed.reason)),
                "outcome": view.outcome,
                "cost_usd_micros": view.cost_usd_micros,
                "model": run.model().map(ToString::to_string),
            }),
            timestamp: run.changed_at().rfc3339(),
        }
    }
}
