//! Errors as they go over the wire: RFC 9457 problem details with a stable code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, for programs. A code keeps its meaning and its HTTP status for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the request cannot be read.
    InvalidRequest,
    /// 400: the body ended early.
    BodyIncomplete,
    /// 400: the JSON is nested too deeply.
    JsonTooDeep,
    /// 401: no key, or a wrong one.
    Unauthorized,
    /// 403: the key may not do this.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 405: the path exists, the method does not.
    MethodNotAllowed,
    /// 408: the request did not arrive in time.
    RequestTimeout,
    /// 409: the thing is not in a state for this.
    Conflict,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 415: the body is not declared as JSON.
    UnsupportedMediaType,
    /// 422: a field is wrong; `errors` says which.
    InvalidField,
    /// 422: a field is not known; `errors` says which and what may have been meant.
    UnknownField,
    /// 422: the idempotency key belongs to another request.
    IdempotencyKeyReused,
    /// 429: no room now; `Retry-After` says when to ask again.
    Busy,
    /// 500: a fault of the product.
    Internal,
    /// 503: the process is about to end; another may answer.
    Draining,
    /// 503: the store cannot be used now.
    StorageUnavailable,
    /// 507: the disk is full.
    StorageFull,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; 19] = [
        Code::InvalidRequest,
        Code::BodyIncomplete,
        Code::JsonTooDeep,
        Code::Unauthorized,
        Code::Forbidden,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::RequestTimeout,
        Code::Conflict,
        Code::BodyTooLarge,
        Code::UnsupportedMediaType,
        Code::InvalidField,
        Code::UnknownField,
        Code::IdempotencyKeyReused,
        Code::Busy,
        Code::Internal,
        Code::Draining,
        Code::StorageUnavailable,
        Code::StorageFull,
    ];

    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Code::InvalidRequest | Code::BodyIncomplete | Code::JsonTooDeep => 400,
            Code::Unauthorized => 401,
            Code::Forbidden => 403,
            Code::NotFound => 404,
            Code::MethodNotAllowed => 405,
            Code::RequestTimeout => 408,
            Code::Conflict => 409,
            Code::BodyTooLarge => 413,
            Code::UnsupportedMediaType => 415,
            Code::InvalidField | Code::UnknownField | Code::IdempotencyKeyReused => 422,
            Code::Busy => 429,
            Code::Internal => 500,
            Code::Draining | Code::StorageUnavailable => 503,
            Code::StorageFull => 507,
        }
    }

    /// A few words that do not change with the occurrence.
    pub fn title(self) -> &'static str {
        match self {
            Code::InvalidRequest => "The request cannot be read",
            Code::BodyIncomplete => "The body ended early",
            Code::JsonTooDeep => "The JSON is nested too deeply",
            Code::Unauthorized => "A valid key is needed",
            Code::Forbidden => "The key may not do this",
            Code::NotFound => "Not found",
            Code::MethodNotAllowed => "The path does not take this method",
            Code::RequestTimeout => "The request did not arrive in time",
            Code::Conflict => "Not possible in the present state",
            Code::BodyTooLarge => "The body is too large",
            Code::UnsupportedMediaType => "The body is of another type than this takes",
            Code::InvalidField => "A field is wrong",
            Code::UnknownField => "A field is not known",
            Code::IdempotencyKeyReused => "The idempotency key belongs to another request",
            Code::Busy => "No room now",
            Code::Internal => "A fault of the product",
            Code::Draining => "Shutting down",
            Code::StorageUnavailable => "The store cannot be used now",
            Code::StorageFull => "The disk is full",
        }
    }
}

/// An error, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// A few words that do not change with the occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, one or two sentences.
    pub detail: String,
    /// What went wrong, for programs.
    pub code: Code,
    /// The path that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What is wrong with which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The same as in the server's log and in `X-Request-ID`.
    pub request_id: String,
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Its name in the body, the query or the headers.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_from_its_wire_name() {
        for code in Code::ALL {
            let text = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), code);
            assert!((400..600).contains(&code.status()) && !code.title().is_empty());
        }
        assert_eq!(serde_json::to_string(&Code::IdempotencyKeyReused).unwrap(), "\"idempotency_key_reused\"");
    }
}
