//! A caller's promise that requests with the same key are one and the same.

use crate::problem::Failure;
use api::Code;
use axum::http::HeaderMap;
use domain::canonical;
use ports::store::IdempotencyKey;
use serde_json::{Map, Value};

const HEADER: &str = "idempotency-key";

/// The key of a POST to `path` with this body, if the caller gave one.
///
/// It is bound to the body in canonical form, so spaces and the order of fields do not matter.
pub(crate) fn key(headers: &HeaderMap, path: &str, body: &Map<String, Value>) -> Result<Option<IdempotencyKey>, Failure> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let Some(key) = key.filter(|_| values.next().is_none()) else {
        return Err(Failure::field(Code::InvalidField, "Idempotency-Key", "send it once, with 1 to 255 visible ASCII characters"));
    };
    let mut bound = format!("POST {path}\n").into_bytes();
    bound.extend(canonical::bytes(body));
    Ok(Some(IdempotencyKey { key: key.to_owned(), request_hash: canonical::sha256_hex(&bound) }))
}
