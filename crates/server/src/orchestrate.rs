//! `POST /api/v1/orchestrate`: a task in, its answer out, or where to find it later.

use crate::app::App;
use crate::body::JsonObject;
use crate::keys::Caller;
use crate::problem::Failure;
use crate::submit::{Submitted, location, submit};
use api::{OrchestrateView, SubmitRun};
use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::event::Status;
use domain::{Run, RunId, TenantId};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const PATH: &str = "/api/v1/orchestrate";

/// For runs that are about to end when the server is: most callers then get their answer, and the drain has time for it.
const LANDING: Duration = Duration::from_millis(500);

/// Runs a task and waits for its answer
///
/// Waits at most 25 seconds, or as long as `Prefer: wait=N` says if that is shorter. A run that is not done by then goes on: the answer
/// is 202 with its id and `Location`. A client that hangs up does not cancel its run.
#[utoipa::path(
    post,
    path = PATH,
    tag = "tasks",
    operation_id = "orchestrate",
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N`: wait at most N seconds. `respond-async`: do not wait."),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters. A repeat with the same key and body waits for the first one's run; kept for 24 hours."),
    ),
    request_body = SubmitRun,
    responses(
        (status = 200, description = "The run has ended.", body = OrchestrateView),
        (status = 202, description = "The run goes on, or waits for a person.", body = OrchestrateView, headers(("Location" = String, description = "The run."))),
    )
)]
pub(crate) async fn orchestrate(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    JsonObject(body): JsonObject,
) -> Result<Response, Failure> {
    let wait = wait(&headers, app.bounds().wait_max);
    let Submitted { accepted, tenant } = submit(&app, caller, &headers, PATH, body).await?;
    let run = accepted.run;
    match settled(&app, &tenant, run, wait).await? {
        Some(state) if state.status().is_ended() => Ok(Json(OrchestrateView::of(&state)).into_response()),
        Some(state) => Ok(goes_on(run, OrchestrateView::of(&state))),
        None => {
            let row = app.engine().store().row(&tenant, run).await?;
            Ok(goes_on(run, OrchestrateView::open(run, row.map_or(Status::Running, |r| r.summary.status))))
        }
    }
}

fn goes_on(run: RunId, view: OrchestrateView) -> Response {
    (StatusCode::ACCEPTED, [(LOCATION, location(run))], Json(view)).into_response()
}

/// The run once it has ended or waits for a person; `None` when that takes longer than `wait`, or the server is closing.
async fn settled(app: &App, tenant: &TenantId, run: RunId, wait: Duration) -> Result<Option<Arc<Run>>, Failure> {
    if wait.is_zero() {
        return Ok(None);
    }
    let closing = async {
        app.closing().cancelled().await;
        tokio::time::sleep(LANDING).await;
    };
    tokio::select! {
        settled = app.engine().settled(tenant, run) => Ok(settled?),
        () = tokio::time::sleep(wait) => Ok(None),
        () = closing => Ok(None),
    }
}

/// How long the caller wants to wait (RFC 7240). What cannot be read is not a preference.
fn wait(headers: &HeaderMap, max: Duration) -> Duration {
    let preferences = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split([',', ';'])).map(str::trim);
    let mut wait = max;
    for preference in preferences {
        match preference.split_once('=') {
            Some((name, seconds)) if name.trim().eq_ignore_ascii_case("wait") => {
                if let Ok(seconds) = seconds.trim().trim_matches('"').parse() {
                    wait = max.min(Duration::from_secs(seconds));
                }
            }
            None if preference.eq_ignore_ascii_case("respond-async") => return Duration::ZERO,
            _ => {}
        }
    }
    wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_shortens_the_wait_and_never_lengthens_it() {
        let max = Duration::from_secs(25);
        for (prefer, seconds) in
            [("wait=3", 3), ("respond-async, wait=5", 0), ("wait=\"7\"", 7), ("wait=900", 25), ("wait=-1", 25), ("return=minimal", 25)]
        {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", prefer.parse().unwrap());
            assert_eq!(wait(&headers, max), Duration::from_secs(seconds), "{prefer}");
        }
        assert_eq!(wait(&HeaderMap::new(), max), max);
    }
}
