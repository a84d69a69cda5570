//! The one place where an error becomes HTTP: a stable code and a sentence for the caller, the whole chain for the log, the
//! same request id in both.

use crate::frame::Asked;
use api::{Code, FieldError, Problem, Refusal};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::{ControlError, LoadError, SubmitError};
use ports::store;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Why a request was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    /// For the log alone.
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Failure {
        Failure { code, detail: detail.into(), errors: Vec::new(), retry_after: None, source: None }
    }

    pub(crate) fn field(code: Code, field: &str, message: impl Into<String>) -> Failure {
        let mut refusal = api::submit::wrong_field(field, message);
        refusal.code = code;
        refusal.into()
    }

    pub(crate) fn busy(detail: impl Into<String>, retry_after: Duration) -> Failure {
        Failure { retry_after: Some(retry_after), ..Failure::new(Code::Busy, detail) }
    }

    pub(crate) fn no_run(id: &str) -> Failure {
        let shown: String = id.chars().take(100).collect();
        Failure::new(Code::NotFound, format!("there is no run {shown}"))
    }

    /// A fault of ours. The caller learns the request id, the log the rest.
    pub(crate) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        let detail = "the server failed; its log tells more under this request_id";
        Failure { source: Some(source.into()), ..Failure::new(Code::Internal, detail) }
    }

    /// The failure that a status without a body stands for.
    pub(crate) fn of_status(status: StatusCode) -> Failure {
        match status {
            StatusCode::NOT_FOUND => Failure::new(Code::NotFound, "there is nothing at this path; /openapi.json lists what there is"),
            StatusCode::METHOD_NOT_ALLOWED => Failure::new(Code::MethodNotAllowed, "this path takes the methods named in the header Allow"),
            status if status.is_client_error() => Failure::new(Code::InvalidRequest, "the request cannot be read"),
            status => Failure::internal(format!("an answer with status {status} and no reason")),
        }
    }

    fn log(&self, asked: &Asked) {
        let mut chain = String::new();
        let mut cause = self.source.as_deref().map(|e| e as &dyn Error);
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        let Asked { request_id, method, path, peer } = asked;
        let (status, code, detail) = (self.code.status(), self.code, &self.detail);
        match status {
            500.. => tracing::error!(%request_id, %method, path, peer, status, ?code, "{detail}{chain}"),
            401 | 403 => tracing::warn!(%request_id, %method, path, peer, status, ?code, "{detail}"),
            _ => tracing::info!(%request_id, %method, path, peer, status, ?code, "{detail}{chain}"),
        }
    }
}

/// Marks an answer with an error's status that has its own body.
#[derive(Clone, Copy)]
pub(crate) struct Whole;

/// A failure on its way to `render`, which knows the request.
#[derive(Clone)]
pub(crate) struct Raised(Arc<Failure>);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(Raised(Arc::new(self)));
        response
    }
}

/// Turns an answer that failed into its problem details, and logs it. Others pass.
pub(crate) fn render(mut response: Response, asked: &Asked) -> Response {
    let status = response.status();
    let raised = response.extensions_mut().remove::<Raised>();
    let is_whole = response.extensions().get::<Whole>().is_some() || !(status.is_client_error() || status.is_server_error());
    if raised.is_none() && is_whole {
        return response;
    }
    let Raised(failure) = raised.unwrap_or_else(|| Raised(Arc::new(Failure::of_status(status))));
    failure.log(asked);
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: failure.code.title().to_owned(),
        status: failure.code.status(),
        detail: failure.detail.clone(),
        code: failure.code,
        instance: Some(asked.path.clone()),
        errors: failure.errors.clone(),
        request_id: asked.request_id.clone(),
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.remove("content-length");
    if failure.code == Code::Unauthorized {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"));
    }
    if let Some(after) = failure.retry_after {
        // Rounded up: asking a moment too early would be for nothing.
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_millis().div_ceil(1_000).max(1) as u64));
    }
    *response.body_mut() = Body::from(body);
    response
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure { errors: refusal.errors, ..Failure::new(refusal.code, refusal.detail) }
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Failure {
        match error {
            SubmitError::Invalid { field, message } => Failure::field(Code::InvalidField, field, message),
            SubmitError::Busy { retry_after, .. } => Failure::busy(format!("{error}; ask again after a moment"), retry_after),
            SubmitError::Draining => {
                Failure { retry_after: Some(Duration::from_secs(1)), ..Failure::new(Code::Draining, "the server is shutting down; ask again") }
            }
            SubmitError::KeyReused => {
                let message = "it was used for a different request in the last 24 hours; use a new key for a new request";
                Failure::field(Code::IdempotencyKeyReused, "Idempotency-Key", message)
            }
            SubmitError::Store(error) => error.into(),
            SubmitError::Bug(error) => Failure::internal(error),
        }
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Failure {
        match error {
            ControlError::NotFound(run) => Failure::no_run(&run.to_string()),
            ControlError::Ended(_) | ControlError::NotWaiting(_) => Failure::new(Code::Conflict, error.to_string()),
            ControlError::Load(error) => error.into(),
            ControlError::Store(error) => error.into(),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::Store(error) => error.into(),
            error => Failure::internal(error),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        let (code, detail) = match &error {
            store::Error::Full => (Code::StorageFull, "the server's disk is full; nothing was accepted. Make room, then ask again"),
            store::Error::ReadOnly => (Code::StorageUnavailable, "the server's store is read-only; nothing was accepted"),
            store::Error::Unavailable(_) => (Code::StorageUnavailable, "the server's store cannot be used now; ask again after a moment"),
            store::Error::Corrupt(_) => return Failure::internal(error),
        };
        let retry_after = (code == Code::StorageUnavailable).then_some(Duration::from_secs(5));
        Failure { retry_after, source: Some(error.into()), ..Failure::new(code, detail) }
    }
}
