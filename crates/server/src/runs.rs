//! Runs: submitted, listed, looked at.

pub(crate) mod control;
pub(crate) mod events;

use crate::app::App;
use crate::body::JsonObject;
use crate::frame::unreadable_path;
use crate::keys::Caller;
use crate::problem::Failure;
use crate::submit::{Submitted, location, submit};
use api::read::nearest;
use api::{Code, FieldError, Refusal, RunAccepted, RunList, RunRowView, RunView, SubmitRun};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::event::Status;
use domain::{Event, Run, RunId, TenantId, Timestamp};
use ports::store::{ListQuery, RunRow};

pub(crate) const PATH: &str = "/api/v1/runs";

/// Events read from the store in one go.
const PAGE: usize = 512;

/// The run that a path names. One that is no id names nothing, like one that is nobody's.
pub(crate) struct NamedRun(pub(crate) RunId);

impl FromRequestParts<App> for NamedRun {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<NamedRun, Failure> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, app).await;
        let Path(text) = path.map_err(|_| unreadable_path())?;
        RunId::parse(&text).map(NamedRun).ok_or_else(|| Failure::no_run(&text))
    }
}

/// Submits a task and does not wait
#[utoipa::path(
    post,
    path = PATH,
    tag = "runs",
    operation_id = "submit_run",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters. A repeat with the same key and body gets the first one's run; kept for 24 hours.")),
    request_body = SubmitRun,
    responses((status = 202, description = "The run is durable and under way.", body = RunAccepted, headers(("Location" = String, description = "The run."))))
)]
pub(crate) async fn create(State(app): State<App>, caller: Caller, headers: HeaderMap, JsonObject(body): JsonObject) -> Result<Response, Failure> {
    let goal = body.get("task").or(body.get("goal")).and_then(|t| t.as_str()).unwrap_or_default().trim().to_owned();
    let Submitted { accepted, tenant } = submit(&app, caller, &headers, PATH, body).await?;
    let run_id = accepted.run;
    let (status, message) = if accepted.is_new {
        (Status::Pending, format!("the run was accepted: follow it at {}", location(run_id)))
    } else {
        let row = app.engine().store().row(&tenant, run_id).await?;
        (row.map_or(Status::Pending, |r| r.summary.status), "this Idempotency-Key had started the run before".to_owned())
    };
    let accepted = RunAccepted { run_id, status, goal, created_at: created_at(run_id).rfc3339(), message };
    Ok((StatusCode::ACCEPTED, [(LOCATION, location(run_id))], Json(accepted)).into_response())
}

/// A run's id begins with the time of its submission in milliseconds.
fn created_at(run: RunId) -> Timestamp {
    let millis = run.as_bytes()[..6].iter().fold(0_i64, |millis, byte| millis << 8 | i64::from(*byte));
    Timestamp::from_micros(millis * 1_000)
}

/// Runs, newest first
#[utoipa::path(
    get,
    path = PATH,
    tag = "runs",
    operation_id = "list_runs",
    params(
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 100.", minimum = 1, maximum = 100),
        ("offset" = Option<u64>, Query, description = "Leave out so many at the start."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before: only runs older than that page. Stays right while runs are added."),
        ("status" = Option<String>, Query, description = "Only runs that stand there; several with commas."),
    ),
    responses((status = 200, description = "A page of runs.", body = RunList))
)]
pub(crate) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<RunList>, Failure> {
    let Query(pairs) = query.map_err(|_| Failure::new(Code::InvalidRequest, "the query cannot be read: an escape in it is not UTF-8"))?;
    let query = list_query(principal.tenant, pairs)?;
    let (limit, offset) = (query.limit, query.offset);
    let page = app.engine().store().list(query).await?;
    let next = page.runs.last().filter(|_| page.more).map(|r| r.run.to_string());
    let runs: Vec<_> = page.runs.into_iter().map(row_view).collect();
    Ok(Json(RunList { limit, offset, count: runs.len(), next, runs }))
}

fn list_query(tenant: TenantId, pairs: Vec<(String, String)>) -> Result<ListQuery, Refusal> {
    const KNOWN: &[&str] = &["limit", "offset", "cursor", "status"];
    /// Past this, a cursor is the way.
    const OFFSET_MAX: usize = 1_000_000;
    let mut query = ListQuery { tenant, statuses: Vec::new(), before: None, offset: 0, limit: 20 };
    let mut code = Code::InvalidField;
    let mut errors = Vec::new();
    for (name, value) in pairs {
        let wrong = match name.as_str() {
            "limit" => match value.parse() {
                Ok(limit @ 1..=100) => {
                    query.limit = limit;
                    continue;
                }
                _ => "it must be a number from 1 to 100".to_owned(),
            },
            "offset" => match value.parse() {
                Ok(offset @ 0..=OFFSET_MAX) => {
                    query.offset = offset;
                    continue;
                }
                _ => format!("it must be a number from 0 to {OFFSET_MAX}"),
            },
            "cursor" => match RunId::parse(&value) {
                Some(run) => {
                    query.before = Some(run);
                    continue;
                }
                None => "it must be `next` of an earlier page".to_owned(),
            },
            "status" => match value.split(',').map(Status::parse).collect::<Option<Vec<_>>>() {
                Some(statuses) => {
                    query.statuses.extend(statuses);
                    continue;
                }
                None => format!("it must be of {}", Status::ALL.map(Status::as_str).join(", ")),
            },
            unknown => {
                code = Code::UnknownField;
                match nearest(unknown, KNOWN) {
                    Some(near) => format!("there is no such parameter; did you mean {near}?"),
                    None => format!("there is no such parameter; there are: {}", KNOWN.join(", ")),
                }
            }
        };
        errors.push(FieldError::new(name.chars().take(100).collect::<String>(), wrong));
    }
    if errors.is_empty() { Ok(query) } else { Err(Refusal::fields(code, errors)) }
}

fn row_view(row: RunRow) -> RunRowView {
    let updated_at = row.summary.updated_at.rfc3339();
    RunRowView {
        run_id: row.run,
        status: row.summary.status,
        goal: row.summary.task.clone(),
        task: row.summary.task,
        cost_usd_micros: row.summary.cost,
        created_at: row.created_at.rfc3339(),
        completed_at: row.summary.status.is_ended().then(|| updated_at.clone()),
        updated_at,
    }
}

/// One run, whole
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run_id}",
    tag = "runs",
    operation_id = "get_run",
    params(("run_id" = String, Path, description = "The run.")),
    responses((status = 200, description = "The run as it stands.", body = RunView))
)]
pub(crate) async fn get(State(app): State<App>, Caller(principal): Caller, NamedRun(id): NamedRun) -> Result<Json<RunView>, Failure> {
    let run = app.engine().run(&principal.tenant, id).await?.ok_or_else(|| Failure::no_run(&id.to_string()))?;
    let journal = journal(&app, &principal.tenant, &run).await?;
    Ok(Json(RunView::of(&run).with_journal(&journal)))
}

/// The events that made the run what it is; later ones are left out.
async fn journal(app: &App, tenant: &TenantId, run: &Run) -> Result<Vec<Event>, Failure> {
    let mut events: Vec<Event> = Vec::new();
    while (events.len() as u64) < run.head() {
        let from = events.len() as u64;
        let left = usize::try_from(run.head() - from).unwrap_or(PAGE).min(PAGE);
        let page = app.engine().store().events(tenant, run.id(), from, left).await?;
        if page.is_empty() {
            return Err(Failure::internal(format!("run {} ends at event {from}, before its head {}", run.id(), run.head())));
        }
        for stored in page {
            events.push(Event::decode(&stored.bytes).map_err(Failure::internal)?);
        }
    }
    Ok(events)
}
