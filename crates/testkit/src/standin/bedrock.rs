//! Bedrock Runtime: Converse and ConverseStream.

use super::scenario::{self, Act, Asked, Part, Refusal, Reply, Stop};
use super::signature::Request;
use super::{Recorded, World, bedrock_rules, frames};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// `POST /model/{model}/converse`.
pub(super) async fn converse(State(world): State<Arc<World>>, Path(model): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let act = match read(&world, &model, "converse", &uri, &headers, &body) {
        Ok(act) => act,
        Err(refusal) => return *refusal,
    };
    match act {
        Act::Refuse(Refusal::NoStreaming) => whole(&scenario::answer_after_all()).await,
        Act::Refuse(refusal) => refuse(refusal, &model),
        other => whole(&other).await,
    }
}

/// `POST /model/{model}/converse-stream`.
pub(super) async fn converse_stream(
    State(world): State<Arc<World>>,
    Path(model): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let act = match read(&world, &model, "converse-stream", &uri, &headers, &body) {
        Ok(act) => act,
        Err(refusal) => return *refusal,
    };
    match act {
        Act::Refuse(refusal) => refuse(refusal, &model),
        Act::Silent => pending().await,
        other => streamed(other),
    }
}

fn read(world: &World, model: &str, operation: &str, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Act, Box<Response>> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    world.record(Recorded { path: format!("/model/{model}/{operation}"), authorization: authorization.clone(), body: json.clone() });
    if !bedrock_rules::is_signed(&authorization, headers.contains_key("x-amz-date")) {
        return Err(Box::new(error(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token")));
    }
    if let Some(account) = &world.account {
        let action = if operation == "converse" { "bedrock:InvokeModel" } else { "bedrock:InvokeModelWithResponseStream" };
        let request = Request { method: "POST", path: uri.path(), query: uri.query().unwrap_or_default(), headers, body };
        account.admit(&request, &authorization, action, model).map_err(|turned| Box::new(error(turned.status, turned.kind, &turned.message)))?;
    }
    let invalid = |problem: &str| Box::new(error(StatusCode::BAD_REQUEST, "ValidationException", problem));
    bedrock_rules::check(&json).map_err(|problem| invalid(&problem))?;
    let by_account = || world.account.as_ref().and_then(|account| account.scenario(model));
    let name = scenario::name(model).or_else(by_account).unwrap_or_default();
    let asked = Asked { tool: first_tool(&json), result: last_result(&json), count: world.count(name) };
    scenario::act(name, &asked).ok_or_else(|| invalid("The provided model identifier is invalid."))
}

fn first_tool(body: &Value) -> Option<(String, Value)> {
    let spec = &body["toolConfig"]["tools"][0]["toolSpec"];
    Some((spec["name"].as_str()?.to_owned(), spec["inputSchema"]["json"].clone()))
}

fn last_result(body: &Value) -> Option<String> {
    let blocks = body["messages"].as_array()?.last()?["content"].as_array()?;
    let result = blocks.iter().rev().find_map(|block| block.get("toolResult"))?;
    Some(result["content"][0]["text"].as_str().unwrap_or_default().to_owned())
}

fn refuse(refusal: Refusal, model: &str) -> Response {
    let bare = model.rsplit('/').next().unwrap_or(model);
    match refusal {
        Refusal::Throttled => error(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", "Too many requests, please wait before trying again."),
        Refusal::NotReady => error(StatusCode::TOO_MANY_REQUESTS, "ModelNotReadyException", "Model is not ready for inference."),
        Refusal::Denied => error(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: bedrock:InvokeModel because no identity-based policy allows the action",
        ),
        Refusal::Expired => error(StatusCode::FORBIDDEN, "ExpiredTokenException", "The security token included in the request is expired"),
        Refusal::EndOfLife => error(StatusCode::NOT_FOUND, "ResourceNotFoundException", "This model version has reached the end of its life."),
        Refusal::NeedsProfile => error(
            StatusCode::BAD_REQUEST,
            "ValidationException",
            &format!("Invocation of model ID {bare} with on-demand throughput isn\u{2019}t supported. Retry your request with an inference profile."),
        ),
        Refusal::Unwell => error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "The service is temporarily unavailable."),
        Refusal::NoStreaming => error(
            StatusCode::BAD_REQUEST,
            "ValidationException",
            "The model doesn't support the ConverseStream operation. Streaming is not supported.",
        ),
        Refusal::NoMaxCompletionTokens => error(StatusCode::BAD_REQUEST, "ValidationException", "The provided model identifier is invalid."),
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = Body::from(json!({ "message": message }).to_string());
    respond(status, &[("content-type", "application/json"), ("x-amzn-errortype", kind)], body)
}

fn respond(status: StatusCode, headers: &[(&str, &str)], body: Body) -> Response {
    let mut builder = Response::builder().status(status).header("x-amzn-requestid", "00000000-0000-4000-8000-000000000000");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body).expect("our own headers are well formed")
}

fn usage() -> Value {
    let total = scenario::INPUT_FRESH + scenario::CACHE_READ + scenario::CACHE_WRITE + scenario::OUTPUT;
    json!({
        "inputTokens": scenario::INPUT_FRESH,
        "outputTokens": scenario::OUTPUT,
        "totalTokens": total,
        "cacheReadInputTokens": scenario::CACHE_READ,
        "cacheWriteInputTokens": scenario::CACHE_WRITE,
        "cacheDetails": [{"ttl": "1h", "inputTokens": scenario::CACHE_WRITE}],
    })
}

fn stop_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::ToolUse => "tool_use",
        Stop::Limit => "max_tokens",
        Stop::Filtered => "guardrail_intervened",
        Stop::Novel => "got_bored",
    }
}

async fn whole(act: &Act) -> Response {
    let reply = match act {
        Act::Reply(reply) => reply,
        Act::Silent => pending().await,
        // The rest are ways for a stream to fail; a whole reply has no middle.
        _ => return error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", "This model fails in streams only."),
    };
    let mut content = Vec::new();
    for (index, part) in reply.parts.iter().enumerate() {
        content.push(match part {
            Part::Thought { text, signature } => json!({"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}),
            Part::Text(text) => json!({ "text": text }),
            // A whole reply holds parsed arguments; half ones come as a string.
            Part::Call { tool, arguments } => {
                let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!(arguments));
                json!({"toolUse": {"toolUseId": format!("tooluse_{index}"), "name": tool, "input": input}})
            }
        });
    }
    tokio::time::sleep(reply.pause).await;
    let body = json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(reply.stop),
        "usage": usage(),
        "metrics": {"latencyMs": 1},
    });
    respond(StatusCode::OK, &[("content-type", "application/json")], Body::from(body.to_string()))
}

fn streamed(act: Act) -> Response {
    let frames = match act {
        Act::Reply(reply) => paced(reply_frames(&reply), reply.pause),
        Act::Unfinished => paced(opening(), Duration::ZERO),
        Act::Cut => paced(opening(), Duration::ZERO).chain(stream::once(scenario::cut())).boxed(),
        Act::Exception(name) => paced([opening(), vec![frames::exception(name, "Too much of it.")]].concat(), Duration::ZERO),
        Act::Garbled => paced([opening(), vec![frames::garbled("contentBlockDelta", &text_delta(0, "x"))]].concat(), Duration::ZERO),
        Act::Endless => paced(opening(), Duration::ZERO).chain(endless()).boxed(),
        Act::Refuse(_) | Act::Silent => unreachable!("answered by the caller"),
    };
    respond(StatusCode::OK, &[("content-type", frames::CONTENT_TYPE)], Body::from_stream(frames))
}

fn paced(frames: Vec<Bytes>, pause: Duration) -> BoxStream<'static, io::Result<Bytes>> {
    stream::iter(frames)
        .then(move |frame| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(frame)
        })
        .boxed()
}

fn endless() -> impl Stream<Item = io::Result<Bytes>> {
    stream::repeat_with(|| Ok(frames::event("contentBlockDelta", &text_delta(0, &"and on ".repeat(100)))))
}

fn opening() -> Vec<Bytes> {
    vec![frames::event("messageStart", &json!({"role": "assistant"})), frames::event("contentBlockDelta", &text_delta(0, "All "))]
}

fn text_delta(index: usize, text: &str) -> Value {
    json!({"contentBlockIndex": index, "delta": {"text": text}})
}

fn reply_frames(reply: &Reply) -> Vec<Bytes> {
    let mut frames = vec![frames::event("messageStart", &json!({"role": "assistant"}))];
    for (index, part) in reply.parts.iter().enumerate() {
        let mut delta = |delta: Value| frames.push(frames::event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta})));
        match part {
            Part::Thought { text, signature } => {
                delta(json!({"reasoningContent": {"text": text}}));
                delta(json!({"reasoningContent": {"signature": signature}}));
            }
            Part::Text(text) => scenario::pieces(text).iter().for_each(|piece| delta(json!({ "text": piece }))),
            Part::Call { tool, arguments } => {
                let start = json!({"toolUse": {"toolUseId": format!("tooluse_{index}"), "name": tool}});
                frames.push(frames::event("contentBlockStart", &json!({"contentBlockIndex": index, "start": start})));
                for piece in scenario::halves(arguments) {
                    let delta = json!({"toolUse": {"input": piece}});
                    frames.push(frames::event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta})));
                }
            }
        }
        frames.push(frames::event("contentBlockStop", &json!({"contentBlockIndex": index})));
    }
    frames.push(frames::event("messageStop", &json!({"stopReason": stop_reason(reply.stop)})));
    frames.push(frames::event("metadata", &json!({"usage": usage(), "metrics": {"latencyMs": 1}})));
    frames
}
