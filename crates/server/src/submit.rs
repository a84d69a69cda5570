//! From a body to a submitted run: what `orchestrate` and `runs` have in common.

use crate::app::App;
use crate::idempotency;
use crate::keys::Caller;
use crate::problem::Failure;
use api::submit::wrong_field;
use api::{ModelChoice, Task};
use axum::http::HeaderMap;
use domain::event::{Limits, Mode};
use domain::model::ModelRef;
use domain::{RunId, TenantId};
use engine::{Accepted, Submission};
use serde_json::{Map, Value};

/// A run that was accepted, and whose it is.
pub(crate) struct Submitted {
    pub(crate) accepted: Accepted,
    pub(crate) tenant: TenantId,
}

/// Submits what the body asks for; `path` is where it was sent.
pub(crate) async fn submit(app: &App, caller: Caller, headers: &HeaderMap, path: &str, body: Map<String, Value>) -> Result<Submitted, Failure> {
    let idempotency = idempotency::key(headers, path, &body)?;
    let task = Task::read(body)?;
    let mut limits = app.limits();
    if let Some(max) = task.cost_usd_micros_max {
        limits = Limits { cost_usd_micros_max: max, ..limits };
    }
    let Caller(principal) = caller;
    let tenant = principal.tenant.clone();
    let model = model(app, task.model)?;
    if let Mode::Checks { agents, .. } = &task.mode
        && agents.is_empty()
    {
        return Err(wrong_field("agent_ids", "with mode checks, name the agents whose checks are wanted").into());
    }
    let submission = Submission { task: task.task, context: task.context, principal, mode: task.mode, model, limits, idempotency };
    let accepted = app.engine().submit(submission).await?;
    Ok(Submitted { accepted, tenant })
}

fn model(app: &App, choice: ModelChoice) -> Result<Option<ModelRef>, Failure> {
    match choice {
        ModelChoice::Configured => Ok(app.model().cloned()),
        ModelChoice::NoModel => Ok(None),
        ModelChoice::Named(model) if app.providers().iter().any(|p| p == model.provider()) => Ok(Some(model)),
        ModelChoice::Named(model) => {
            let known = if app.providers().is_empty() { "none is".to_owned() } else { format!("there are: {}", app.providers().join(", ")) };
            let message =
                format!("no provider {} is configured on this server; {known}. Leave model out, or say none for checks alone", model.provider());
            Err(wrong_field("model", message).into())
        }
    }
}

/// Where a run is found.
pub(crate) fn location(run: RunId) -> String {
    format!("/api/v1/runs/{run}")
}
