//! The service about itself: for load balancers, and for people.

use crate::app::App;
use crate::frame::HEALTH;
use crate::keys::Caller;
use crate::problem::Failure;
use api::{Health, Queue, StatusView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::error::Error;
use std::time::Duration;

/// Whether requests should be sent here
///
/// Needs no key. Once the process is asked to end it answers 503 for some seconds while everything still works, so that a load balancer
/// can look elsewhere first.
#[utoipa::path(
    get,
    path = HEALTH,
    tag = "service",
    operation_id = "health",
    responses(
        (status = 200, description = "Send requests here.", body = Health),
        (status = 503, description = "Send them elsewhere: the process is about to end.", body = Health),
    )
)]
pub(crate) async fn health(State(app): State<App>) -> Response {
    let (code, status) = match app.draining().is_cancelled() {
        false => (StatusCode::OK, "healthy"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    };
    let health = Health { status: status.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), timestamp: app.timestamp(), mcp_connected: None };
    let mut response = (code, Json(health)).into_response();
    response.extensions_mut().insert(crate::problem::Whole);
    response
}

/// How the service does: its store, its model, its runs
#[utoipa::path(get, path = "/api/v1/status", tag = "service", operation_id = "status", responses((status = 200, description = "How it does.", body = StatusView)))]
pub(crate) async fn status(State(app): State<App>, Caller(principal): Caller) -> Result<Json<StatusView>, Failure> {
    let engine = app.engine();
    let now = engine.clock().now();
    let day_ago = domain::Timestamp::from_micros(now.as_micros() - Duration::from_secs(86_400).as_micros() as i64);
    let counts = engine.store().count_by_status(&principal.tenant, day_ago).await?;
    let database = match engine.store().probe().await {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    };
    let (runs_active, runs_active_max) = engine.load();
    Ok(Json(StatusView {
        service: "AI Agent Orchestrator".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: app.uptime().as_secs(),
        timestamp: now.rfc3339(),
        database,
        llm_provider: app.model().map_or("none", |m| m.provider()).to_owned(),
        llm_model: app.model().map(|m| m.id().to_owned()),
        mcp_servers: Vec::new(),
        queue: Queue { enabled: false },
        runs_last_24h: counts.into_iter().map(|(status, count)| (status.as_str().to_owned(), count)).collect(),
        runs_active,
        runs_active_max,
    }))
}
