//! The agents on offer.

use crate::app::App;
use crate::frame::unreadable_path;
use crate::keys::Caller;
use crate::problem::Failure;
use api::{AgentBody, AgentList, AgentView, Code};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use domain::AgentId;

/// Every agent on offer
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents", operation_id = "list_agents", responses((status = 200, description = "The agents.", body = AgentList)))]
pub(crate) async fn list(State(app): State<App>, _: Caller) -> Json<AgentList> {
    Json(AgentList::of(app.engine().catalogue()))
}

/// One agent
#[utoipa::path(
    get,
    path = "/api/v1/agents/{agent_id}",
    tag = "agents",
    operation_id = "get_agent",
    params(("agent_id" = String, Path, description = "The agent.")),
    responses((status = 200, description = "The agent.", body = AgentBody))
)]
pub(crate) async fn get(State(app): State<App>, _: Caller, path: Result<Path<String>, PathRejection>) -> Result<Json<AgentBody>, Failure> {
    let Path(id) = path.map_err(|_| unreadable_path())?;
    let agents = &app.engine().catalogue().agents;
    match agents.get(&AgentId::new(id.as_str())) {
        Some(agent) => Ok(Json(AgentBody { agent: AgentView::of(agent) })),
        None => {
            let known: Vec<_> = agents.keys().map(AgentId::as_str).collect();
            let shown: String = id.chars().take(100).collect();
            Err(Failure::new(Code::NotFound, format!("there is no agent {shown}; there are: {}", known.join(", "))))
        }
    }
}
