//! What a server's refusal means and what to do about it.

use domain::model::{ModelError, ModelErrorKind};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::error::Error;

/// Status, headers and the beginning of the body.
pub(super) type Refusal = (StatusCode, HeaderMap, String);

/// Where the refusal came from, for the message.
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) base_url: &'a str,
    pub(super) model: &'a str,
    pub(super) api_key_name: &'a str,
    pub(super) has_key: bool,
}

/// A refusal's body is a sentence or two; some servers send a page.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// What of the provider's words goes into a message.
const WORDS_CHARS_MAX: usize = 400;

/// Reads what a refusal says. A body that breaks off is used as far as it came.
pub(super) async fn refusal(mut response: Response) -> Refusal {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while body.len() < BODY_BYTES_MAX
        && let Ok(Some(piece)) = response.chunk().await
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(BODY_BYTES_MAX);
    (status, headers, String::from_utf8_lossy(&body).into_owned())
}

/// A request that got no status.
pub(super) fn not_sent(host: &str, port: Option<u16>, error: reqwest::Error) -> ModelError {
    let kind = if error.is_timeout() && !error.is_connect() {
        ModelErrorKind::Timeout
    } else if error.is_connect() || error.is_timeout() {
        ModelErrorKind::Connect
    } else {
        // The request went out and the connection broke before a status: it may have been worked on.
        ModelErrorKind::Malformed
    };
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    ModelError::new(kind, format!("could not reach {host}{port}: {cause}"))
}

/// A request that was answered with a status other than 2xx.
pub(super) fn refused(place: &Place<'_>, status: StatusCode, headers: &HeaderMap, body: &str) -> ModelError {
    use ModelErrorKind::*;
    let Place { host, base_url, model, api_key_name, has_key } = place;
    let (words, code) = words(body);
    let said = if words.is_empty() { String::new() } else { format!(": {words}") };
    let (kind, message) = match status.as_u16() {
        401 | 403 if !has_key => (Denied, format!("{host} wants a key; set {api_key_name}{said}")),
        401 => (Denied, format!("{host} refused the key; check {api_key_name}{said}")),
        403 => (Denied, format!("{host} does not allow this with the key in {api_key_name}{said}")),
        404 => (NotFound, format!("{host} has no model {model}; check its name, and the base URL {base_url}{said}")),
        429 if code == "insufficient_quota" => (Denied, format!("the account at {host} has no credit left; check its billing{said}")),
        429 => (RateLimited, format!("{host} is limiting requests{said}")),
        408 => (Timeout, format!("{host} gave up waiting{said}")),
        300..=399 => {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("another place");
            (Invalid, format!("{host} redirects to {to}; redirects are not followed, so set the base URL that is meant"))
        }
        500..=599 => (Unavailable, format!("{host} is unwell (status {}){said}", status.as_u16())),
        _ => (Invalid, format!("{host} refused the request (status {}){said}", status.as_u16())),
    };
    ModelError { kind, message, retry_after_ms: retry_after_ms(headers) }
}

/// An error object inside a stream that began well.
pub(super) fn in_stream(host: &str, error: &Value) -> ModelError {
    let (words, _) = words(&serde_json::json!({ "error": error }).to_string());
    // A rate limit counts as free, but this reply had begun and may be billed: unwell is the honest class for all of them.
    ModelError::new(ModelErrorKind::Unavailable, format!("{host} broke off its reply: {words}"))
}

/// The provider's words and its code for the error, of the shapes that are about.
fn words(body: &str) -> (String, String) {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let error = value.get("error").unwrap_or(&value);
    let message = [&error["message"], &value["message"], &value["detail"], error].into_iter().find_map(Value::as_str);
    let is_page = body.trim_start().starts_with('<');
    let text = message.unwrap_or(if is_page { "" } else { body.trim() });
    let code = [&error["code"], &error["type"]]
        .into_iter()
        .find_map(|code| code.as_str().map(str::to_owned).or_else(|| code.as_i64().map(|n| n.to_string())));
    (text.chars().take(WORDS_CHARS_MAX).collect(), code.unwrap_or_default())
}

/// How long to wait, in milliseconds. A date instead of seconds is left to our own back-off.
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    let ms = number("retry-after-ms").or_else(|| number(RETRY_AFTER.as_str()).map(|seconds| seconds * 1_000.0))?;
    Some(ms as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    const PLACE: Place<'static> =
        Place { host: "api.test", base_url: "https://api.test/v1", model: "m-1", api_key_name: "OPENAI_API_KEY", has_key: true };

    fn check(status: u16, body: &str, kind: ModelErrorKind, says: &str) {
        let error = refused(&PLACE, StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body);
        assert_eq!(error.kind, kind, "{status} {body}");
        assert!(error.message.contains(says), "{status}: {}", error.message);
    }

    #[test]
    fn every_status_says_what_to_do() {
        use ModelErrorKind::*;
        check(401, r#"{"error": {"message": "Incorrect API key"}}"#, Denied, "check OPENAI_API_KEY: Incorrect API key");
        check(403, "", Denied, "OPENAI_API_KEY");
        check(404, "<html>", NotFound, "no model m-1");
        check(429, "{}", RateLimited, "limiting");
        check(429, r#"{"error": {"message": "quota", "code": "insufficient_quota"}}"#, Denied, "billing");
        check(400, r#"{"error": {"message": "bad tool"}}"#, Invalid, "bad tool");
        check(422, r#"{"detail": "no such field"}"#, Invalid, "no such field");
        check(500, r#"{"error": "boom"}"#, Unavailable, "boom");
        check(503, "loading", Unavailable, "loading");
        check(529, "", Unavailable, "529");
        check(302, "", Invalid, "redirects are not followed");
    }

    #[test]
    fn the_time_to_wait_is_read_in_seconds_and_milliseconds() {
        let wait = |name: &'static str, value: &'static str| {
            retry_after_ms(&HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]))
        };
        assert_eq!(wait("retry-after", "2"), Some(2_000));
        assert_eq!(wait("retry-after", "0.5"), Some(500));
        assert_eq!(wait("retry-after-ms", "250"), Some(250));
        assert_eq!(wait("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(wait("retry-after", "-1"), None);
    }
}
