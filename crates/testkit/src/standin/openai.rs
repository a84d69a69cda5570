//! OpenAI's chat completions, streamed and whole.

use super::scenario::{self, Act, Asked, Part, Refusal, Reply, Stop};
use super::{Recorded, World, openai_rules};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// `POST /v1/chat/completions`.
pub(super) async fn chat_completions(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    world.record(Recorded { path: "/v1/chat/completions".to_owned(), authorization: authorization.clone(), body: request.clone() });
    let key = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if key.is_empty() || key == "wrong" {
        // The vendor, too, quotes the key.
        return error(StatusCode::UNAUTHORIZED, &format!("Incorrect API key provided: {key}."), "invalid_api_key");
    }
    if let Err(problem) = openai_rules::check(&request) {
        return error(StatusCode::BAD_REQUEST, &problem, "invalid_request_error");
    }
    let model = request["model"].as_str().unwrap_or_default();
    let name = scenario::name(model).unwrap_or_default();
    let asked = Asked { tool: first_tool(&request), result: last_result(&request), count: world.count(name) };
    let is_streamed = request["stream"] == true;
    let act = match scenario::act(name, &asked) {
        None => {
            return error(StatusCode::NOT_FOUND, &format!("The model `{model}` does not exist or you do not have access to it."), "model_not_found");
        }
        Some(Act::Refuse(Refusal::NoMaxCompletionTokens)) if request.get("max_completion_tokens").is_none() => scenario::answer_after_all(),
        Some(Act::Refuse(Refusal::NoStreaming)) => return whole(&scenario::answer_after_all(), model),
        Some(Act::Refuse(refusal)) => return refuse(refusal, model),
        Some(Act::Silent) => pending().await,
        Some(act) => act,
    };
    if is_streamed { streamed(act, model, request["stream_options"]["include_usage"] == true) } else { whole(&act, model) }
}

fn first_tool(request: &Value) -> Option<(String, Value)> {
    let function = &request["tools"][0]["function"];
    Some((function["name"].as_str()?.to_owned(), function["parameters"].clone()))
}

fn last_result(request: &Value) -> Option<String> {
    let message = request["messages"].as_array()?.last()?;
    (message["role"] == "tool").then(|| message["content"].as_str().unwrap_or_default().to_owned())
}

fn refuse(refusal: Refusal, model: &str) -> Response {
    match refusal {
        Refusal::Throttled => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, "Rate limit reached for requests", "rate_limit_exceeded");
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("2"));
            response
        }
        Refusal::Denied => error(StatusCode::FORBIDDEN, "Your project does not have access to this model.", "model_not_allowed"),
        Refusal::Expired => error(StatusCode::UNAUTHORIZED, "Your key has expired.", "invalid_api_key"),
        Refusal::EndOfLife => error(StatusCode::NOT_FOUND, &format!("The model `{model}` has been deprecated."), "model_not_found"),
        Refusal::NeedsProfile => error(StatusCode::BAD_REQUEST, "This model needs a deployment.", "invalid_request_error"),
        Refusal::Unwell | Refusal::NotReady => error(StatusCode::SERVICE_UNAVAILABLE, "The engine is currently overloaded.", "overloaded"),
        Refusal::NoStreaming => error(StatusCode::BAD_REQUEST, "Streaming is not supported.", "unsupported_value"),
        Refusal::NoMaxCompletionTokens => error(
            StatusCode::BAD_REQUEST,
            "Unsupported parameter: 'max_completion_tokens' is not supported with this model. Use 'max_tokens' instead.",
            "unsupported_parameter",
        ),
    }
}

fn error(status: StatusCode, message: &str, code: &str) -> Response {
    let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}});
    respond(status, "application/json", Body::from(body.to_string()))
}

fn respond(status: StatusCode, content_type: &str, body: Body) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, content_type).body(body).expect("our own headers are well formed")
}

/// The vendor counts cached input within the prompt and does not bill its writing apart.
fn usage() -> Value {
    let prompt = scenario::INPUT_FRESH + scenario::CACHE_READ;
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": scenario::OUTPUT,
        "total_tokens": prompt + scenario::OUTPUT,
        "prompt_tokens_details": {"cached_tokens": scenario::CACHE_READ},
        "completion_tokens_details": {"reasoning_tokens": 0},
    })
}

fn finish_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "stop",
        Stop::ToolUse => "tool_calls",
        Stop::Limit => "length",
        Stop::Filtered => "content_filter",
        Stop::Novel => "got_bored",
    }
}

fn whole(act: &Act, model: &str) -> Response {
    let Act::Reply(reply) = act else {
        return error(StatusCode::INTERNAL_SERVER_ERROR, "This model fails in streams only.", "server_error");
    };
    let mut text = String::new();
    let mut calls = Vec::new();
    for part in &reply.parts {
        match part {
            Part::Thought { .. } => {}
            Part::Text(more) => text.push_str(more),
            Part::Call { tool, arguments } => {
                calls.push(json!({"id": format!("call_{}", calls.len()), "type": "function", "function": {"name": tool, "arguments": arguments}}));
            }
        }
    }
    let mut message = json!({"role": "assistant", "content": if text.is_empty() { Value::Null } else { json!(text) }, "refusal": null});
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let body = json!({
        "id": "chatcmpl-standin", "object": "chat.completion", "created": 1_700_000_000, "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(reply.stop)}],
        "usage": usage(),
    });
    respond(StatusCode::OK, "application/json", Body::from(body.to_string()))
}

fn streamed(act: Act, model: &str, with_usage: bool) -> Response {
    let opening = || vec![chunk(model, json!({"role": "assistant", "content": ""}), None), chunk(model, json!({"content": "All "}), None)];
    let events = match act {
        Act::Reply(reply) => paced(reply_events(&reply, model, with_usage), reply.pause),
        Act::Unfinished => paced(opening(), Duration::ZERO),
        Act::Cut => paced(opening(), Duration::ZERO).chain(stream::once(scenario::cut())).boxed(),
        Act::Exception(name) => {
            let error = data(&json!({"error": {"message": "Too much of it.", "type": name, "param": null, "code": "rate_limit_exceeded"}}));
            paced([opening(), vec![error]].concat(), Duration::ZERO)
        }
        Act::Garbled => paced([opening(), vec![Bytes::from_static(b"data: {\"choices\": [\n\n")]].concat(), Duration::ZERO),
        Act::Endless => {
            let more = chunk(model, json!({"content": "and on ".repeat(100)}), None);
            paced(opening(), Duration::ZERO).chain(stream::repeat_with(move || Ok(more.clone()))).boxed()
        }
        Act::Refuse(_) | Act::Silent => unreachable!("answered by the caller"),
    };
    respond(StatusCode::OK, "text/event-stream; charset=utf-8", Body::from_stream(events))
}

fn paced(events: Vec<Bytes>, pause: Duration) -> BoxStream<'static, io::Result<Bytes>> {
    stream::iter(events)
        .then(move |event| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(event)
        })
        .boxed()
}

fn reply_events(reply: &Reply, model: &str, with_usage: bool) -> Vec<Bytes> {
    let mut events = vec![chunk(model, json!({"role": "assistant", "content": ""}), None)];
    let mut calls = 0;
    for part in &reply.parts {
        match part {
            Part::Thought { .. } => {}
            Part::Text(text) => events.extend(scenario::pieces(text).iter().map(|piece| chunk(model, json!({ "content": piece }), None))),
            Part::Call { tool, arguments } => {
                let first = json!({"index": calls, "id": format!("call_{calls}"), "type": "function", "function": {"name": tool, "arguments": ""}});
                events.push(chunk(model, json!({"tool_calls": [first]}), None));
                for piece in scenario::halves(arguments) {
                    events.push(chunk(model, json!({"tool_calls": [{"index": calls, "function": {"arguments": piece}}]}), None));
                }
                calls += 1;
            }
        }
    }
    events.push(chunk(model, json!({}), Some(finish_reason(reply.stop))));
    if with_usage {
        let mut last = envelope(model);
        last["choices"] = json!([]);
        last["usage"] = usage();
        events.push(data(&last));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

fn chunk(model: &str, delta: Value, finish_reason: Option<&str>) -> Bytes {
    let mut chunk = envelope(model);
    chunk["choices"] = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]);
    data(&chunk)
}

fn envelope(model: &str) -> Value {
    json!({"id": "chatcmpl-standin", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": model})
}

fn data(json: &Value) -> Bytes {
    format!("data: {json}\n\n").into()
}
