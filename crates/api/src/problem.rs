//! Errors: problem details (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the code says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status's own phrase.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to do, for people. Always a string.
    pub detail: String,
    /// A stable name, for programs.
    pub code: Code,
    /// The same id as in the server's log.
    pub request_id: String,
    /// Which fields are wrong, when fields are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field, or the header.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// The stable names of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the request cannot be read.
    Malformed,
    /// 422: it can be read and a value in it is wrong.
    InvalidRequest,
    /// 401: no key.
    MissingKey,
    /// 401: a wrong key.
    InvalidKey,
    /// 404: no such route or thing.
    NotFound,
    /// 405: not by this method.
    MethodNotAllowed,
    /// 409: the run is over.
    RunEnded,
    /// 409: the run does not wait for that.
    NotWaiting,
    /// 422: the idempotency key was used for another request.
    IdempotencyKeyReused,
    /// 408: the body came too slowly.
    RequestTimeout,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 429: all there is room for is under way.
    Busy,
    /// 402: a budget is used up.
    BudgetExceeded,
    /// 500: a bug.
    Internal,
    /// 503: the server is about to stop.
    Draining,
    /// 503: the store is not available.
    StoreUnavailable,
    /// 507: the disk is full.
    StorageFull,
}

impl Code {
    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Code::Malformed => 400,
            Code::MissingKey | Code::InvalidKey => 401,
            Code::BudgetExceeded => 402,
            Code::NotFound => 404,
            Code::MethodNotAllowed => 405,
            Code::RequestTimeout => 408,
            Code::RunEnded | Code::NotWaiting => 409,
            Code::BodyTooLarge => 413,
            Code::UnsupportedMediaType => 415,
            Code::InvalidRequest | Code::IdempotencyKeyReused => 422,
            Code::Busy => 429,
            Code::Internal => 500,
            Code::Draining | Code::StoreUnavailable => 503,
            Code::StorageFull => 507,
        }
    }

    /// The status's own phrase.
    pub fn title(self) -> &'static str {
        match self.status() {
            400 => "Bad Request",
            401 => "Unauthorized",
            402 => "Payment Required",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            409 => "Conflict",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            503 => "Service Unavailable",
            507 => "Insufficient Storage",
            _ => "Internal Server Error",
        }
    }
}

impl Problem {
    /// A problem with that code.
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            request_id: request_id.into(),
            errors: Vec::new(),
        }
    }
}
