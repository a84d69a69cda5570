//! What surrounds every request: its id, room for it, the headers of its answer, and a net below it.

use crate::app::App;
use crate::problem::{Failure, render};
use api::{API_VERSION, Code};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// Needs neither a key nor room: a load balancer must be heard when the service is full.
pub(crate) const HEALTH: &str = "/api/v1/health";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const VERSION: HeaderName = HeaderName::from_static("x-api-version");

/// Where a request came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What is known of a request whatever becomes of it.
pub(crate) struct Asked {
    pub(crate) request_id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) peer: String,
}

pub(crate) async fn frame(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = Asked {
        request_id: request_id(&app, &request),
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        peer: request.extensions().get::<Peer>().map(|p| p.0.to_string()).unwrap_or_default(),
    };
    let response = match admit(&app, &asked.path) {
        // The slot is held until the head of the answer is there; an event stream then holds one of its own.
        Ok(_slot) => {
            AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|panic| Failure::internal(words(&*panic)).into_response())
        }
        Err(failure) => failure.into_response(),
    };
    let mut response = render(response, &asked);
    tracing::debug!(request_id = %asked.request_id, method = %asked.method, path = asked.path, status = response.status().as_u16(), "answered");
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&asked.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(VERSION, HeaderValue::from_static(API_VERSION));
    // Whatever a key is needed for is no business of a cache.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'"));
    // Whoever keeps this connection would soon find it closed under a request; better to say so with an answer.
    if app.draining().is_cancelled() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn admit(app: &App, path: &str) -> Result<Option<tokio::sync::OwnedSemaphorePermit>, Failure> {
    if path == HEALTH {
        return Ok(None);
    }
    match app.requests().clone().try_acquire_owned() {
        Ok(slot) => Ok(Some(slot)),
        Err(_) => {
            let max = app.bounds().requests_max;
            Err(Failure::busy(format!("{max} requests are being answered, which is all there is room for"), Duration::from_secs(1)))
        }
    }
}

/// The caller's id when it is fit for a log, else a new one.
fn request_id(app: &App, request: &Request) -> String {
    let fit = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    let given = request.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(fit);
    given.map_or_else(|| format!("{:016x}", app.engine().clock().random()), str::to_owned)
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a request's code panicked: {}", text.unwrap_or("no words"))
}

/// Whatever no route takes.
pub(crate) async fn nothing_here() -> Failure {
    Failure::of_status(axum::http::StatusCode::NOT_FOUND)
}

/// A path with a parameter that cannot be read.
pub(crate) fn unreadable_path() -> Failure {
    Failure::new(Code::NotFound, "the path holds an escape that is not UTF-8")
}
