//! Reading a request's body: declared for what it is, whole, in time, not too large.

use crate::app::App;
use crate::problem::Failure;
use api::Code;
use axum::body::BodyDataStream;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use std::error::Error;
use std::io;
use std::time::Duration;

/// A body too large is still read to its end, up to this many times the limit, because a client that is cut off while it sends does
/// not see the answer.
const DISCARDED_MAX: usize = 16;
/// The longest that is done for.
const DISCARD_TIME_MAX: Duration = Duration::from_secs(5);

/// A body that is a JSON object.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl FromRequest<App> for JsonObject {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<JsonObject, Failure> {
        declared_json(request.headers())?;
        let max = app.bounds().body_bytes_max;
        let advice = "name a file or an address instead of pasting it";
        Ok(JsonObject(api::read::object(&whole(request, app, max, advice).await?)?))
    }
}

/// The body, or why it is not taken; `advice` is for a body of more than `max` bytes.
pub(crate) async fn whole(request: Request, app: &App, max: usize, advice: &str) -> Result<Vec<u8>, Failure> {
    let (parts, body) = request.into_parts();
    let length: Option<usize> = parts.headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let mut body = body.into_data_stream();
    if length.is_some_and(|length| length > max) {
        // A client that asked first has not sent it yet and never will.
        if !parts.headers.contains_key(EXPECT) {
            discard(&mut body, max).await;
        }
        return Err(too_large(max, advice));
    }
    let limit = app.bounds().body_time_max;
    let read = tokio::time::timeout(limit, read(&mut body, length.unwrap_or_default(), max)).await;
    let late = |_| Failure::new(Code::RequestTimeout, format!("the body did not arrive within {} seconds", limit.as_secs()));
    match read.map_err(late)?? {
        Some(bytes) => Ok(bytes),
        None => {
            discard(&mut body, max).await;
            Err(too_large(max, advice))
        }
    }
}

fn declared_json(headers: &HeaderMap) -> Result<(), Failure> {
    let declared = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut parts = declared.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => value.trim_matches('"').eq_ignore_ascii_case("utf-8"),
        _ => true,
    });
    match is_json && is_utf8 {
        true => Ok(()),
        false => Err(Failure::new(Code::UnsupportedMediaType, "send JSON in UTF-8, with the header Content-Type: application/json")),
    }
}

/// The whole body, or `None` when it is longer than `max`.
async fn read(body: &mut BodyDataStream, length: usize, max: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut bytes = Vec::with_capacity(length);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        if bytes.len() + chunk.len() > max {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

async fn discard(body: &mut BodyDataStream, max: usize) {
    let all = async {
        let mut left = max.saturating_mul(DISCARDED_MAX);
        while let Some(Ok(chunk)) = body.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // Late or not, the answer is the same.
    let _ = tokio::time::timeout(DISCARD_TIME_MAX, all).await;
}

fn too_large(max: usize, advice: &str) -> Failure {
    Failure::new(Code::BodyTooLarge, format!("the body has more than {max} bytes; {advice}"))
}

fn unreadable(error: &axum::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let is_end = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
        if error.downcast_ref().is_some_and(hyper::Error::is_incomplete_message) || error.downcast_ref().is_some_and(is_end) {
            return Failure::new(Code::BodyIncomplete, "the body ended before it was whole");
        }
        cause = error.source();
    }
    Failure::new(Code::InvalidRequest, "the body cannot be read: it is not framed as HTTP frames bodies")
}
