//! What people do to a run: cancel it, let it go on, answer it.

use super::NamedRun;
use crate::app::App;
use crate::body::JsonObject;
use crate::keys::Caller;
use crate::problem::Failure;
use api::{ControlView, DecisionBody};
use axum::Json;
use axum::extract::State;
use domain::event::Status;
use domain::{RunId, TenantId};
use engine::{ControlError, Saying};
use std::time::Duration;

/// What was asked for is usually done within milliseconds; a call that must be let finish takes longer, and is not waited for.
const SETTLE_MAX: Duration = Duration::from_secs(1);

/// Ends a run as soon as what it has started has ended
///
/// A run that has ended already stays as it is; the answer says how it ended.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run_id}/cancel",
    tag = "runs",
    operation_id = "cancel_run",
    params(("run_id" = String, Path, description = "The run.")),
    responses((status = 200, description = "It is cancelled, or will be once what it has started has ended, or it had ended before.", body = ControlView))
)]
pub(crate) async fn cancel(State(app): State<App>, caller: Caller, NamedRun(run_id): NamedRun) -> Result<Json<ControlView>, Failure> {
    let person = caller.person();
    match app.engine().cancel(run_id, &person).await {
        Ok(_) => {
            app.moved().send_replace(());
            let status = settled(&app, &person.tenant, run_id).await?;
            let message = match status {
                Status::Cancelled => "the run was cancelled",
                _ => "the run ends as soon as what it has started has ended",
            };
            Ok(Json(ControlView { run_id, status, message: message.to_owned() }))
        }
        Err(ControlError::Ended(status)) => {
            Ok(Json(ControlView { run_id, status, message: format!("the run had ended before: it is {}", status.as_str()) }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Lets a paused run go on
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run_id}/resume",
    tag = "runs",
    operation_id = "resume_run",
    params(("run_id" = String, Path, description = "The run.")),
    responses((status = 200, description = "It goes on, or was not paused.", body = ControlView))
)]
pub(crate) async fn resume(State(app): State<App>, caller: Caller, NamedRun(run_id): NamedRun) -> Result<Json<ControlView>, Failure> {
    let status = app.engine().resume(run_id, &caller.person()).await?;
    app.moved().send_replace(());
    let message = match status {
        Status::AwaitingApproval | Status::NeedsDecision => "the run waits for a person's word on a call: see its `pending`",
        _ => "the run goes on",
    };
    Ok(Json(ControlView { run_id, status, message: message.to_owned() }))
}

/// Answers a call that waits for a person
///
/// `approve` or `deny` for a call that asks; `retry`, `done` with its output, or `abort` for one whose outcome is unknown. The run's
/// `pending` shows what waits.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run_id}/decision",
    tag = "runs",
    operation_id = "decide_run",
    params(("run_id" = String, Path, description = "The run.")),
    request_body = DecisionBody,
    responses((status = 200, description = "The word is recorded and the run goes on.", body = ControlView))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    caller: Caller,
    NamedRun(run_id): NamedRun,
    JsonObject(body): JsonObject,
) -> Result<Json<ControlView>, Failure> {
    let body = DecisionBody::read(body)?;
    let saying = match body.decision {
        api::Saying::Approve => Saying::Approve,
        api::Saying::Deny => Saying::Deny { reason: body.reason },
        api::Saying::Retry => Saying::Retry,
        api::Saying::Done => Saying::Done { output: body.output.unwrap_or_default() },
        api::Saying::Abort => Saying::Abort,
    };
    let status = app.engine().decide(run_id, body.call.as_ref(), body.call_hash.as_deref(), saying, &caller.person()).await?;
    app.moved().send_replace(());
    Ok(Json(ControlView { run_id, status, message: "recorded".to_owned() }))
}

/// Where the run stands once it has come to rest, or after a moment.
async fn settled(app: &App, tenant: &TenantId, run: RunId) -> Result<Status, Failure> {
    if let Ok(settled) = tokio::time::timeout(SETTLE_MAX, app.engine().settled(tenant, run)).await
        && let Some(run) = settled?
    {
        return Ok(run.status());
    }
    let row = app.engine().store().row(tenant, run).await?;
    Ok(row.map_or(Status::Running, |r| r.summary.status))
}
