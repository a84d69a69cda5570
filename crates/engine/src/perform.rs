//! Doing what a run asked for: one future per effect, each of which ends in exactly one fact.

use crate::Inner;
use crate::live::{Live, Notice};
use crate::plan::Start;
use crate::retry::retry_at;
use domain::event::{ModelFailed, ModelReplied, ToolCallFinished};
use domain::model::{ModelError, ModelErrorKind, ModelReply};
use domain::money::Price;
use domain::permit::PermittedCall;
use domain::run::ModelEffect;
use domain::tool::{RecordedOutput, Replay, Spilled, ToolError, ToolErrorKind, ToolOutput, Trust, abridge};
use domain::{BlobHash, Fact, UsdMicros};
use futures_util::{FutureExt, StreamExt};
use ports::ModelEvent;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that a reply may have for each output token granted, and on top. A token is seldom longer than eight bytes; JSON may double them.
const REPLY_BYTES_PER_TOKEN: usize = 32;
const REPLY_BYTES_ALLOWANCE: usize = 64 * 1024;

pub(crate) async fn perform(inner: Arc<Inner>, live: Arc<Live>, start: Start) -> Fact {
    match start {
        Start::Model { effect, output_tokens_max, price, reserved } => call_model(&inner, &live, effect, output_tokens_max, price, reserved).await,
        Start::Tool(call) => call_tool(&inner, &live, call).await,
    }
}

async fn call_model(inner: &Inner, live: &Live, effect: ModelEffect, output_tokens_max: u32, price: Price, reserved: UsdMicros) -> Fact {
    let begun = inner.clock.monotonic();
    inner.retry_budget.call_made(begun);
    let mut heard = false;
    let result = tokio::select! {
        biased;
        () = live.stop.cancelled() => Err(ModelError::new(ModelErrorKind::Cancelled, "the run was cancelled during the call")),
        result = hear(inner, live, &effect, output_tokens_max, &mut heard) => result,
        () = inner.clock.sleep(inner.options.model_call_max) => {
            let message = format!("the model had not finished after {} s", inner.options.model_call_max.as_secs());
            Err(ModelError::new(ModelErrorKind::Timeout, message))
        }
    };
    let failed = |error: ModelError, cost_usd_micros| {
        let retry_at = retry_at(&error, effect.attempt, &inner.retry_budget, inner.clock.as_ref());
        Fact::ModelFailed(ModelFailed { error, cost_usd_micros, retry_at })
    };
    match result {
        Ok(reply) => {
            let cost = reply.usage.map_or(reserved, |usage| price.cost(&usage));
            if reply.text.trim().is_empty() && reply.calls.is_empty() {
                return failed(ModelError::new(ModelErrorKind::Malformed, "the model answered nothing"), cost);
            }
            let reply = checked(inner, reply);
            Fact::ModelReplied(Box::new(ModelReplied { reply, cost_usd_micros: cost, latency_ms: elapsed_ms(inner, begun) }))
        }
        Err(error) => {
            // What was turned away at the door, and what failed before a word was heard, is not billed. Anything else may be.
            let free = error.kind.is_free() || error.kind == ModelErrorKind::Unavailable && !heard;
            failed(error, if free { UsdMicros::ZERO } else { reserved })
        }
    }
}

/// Listens to the model until it has finished. `heard` is set with the first word.
async fn hear(inner: &Inner, live: &Live, effect: &ModelEffect, output_tokens_max: u32, heard: &mut bool) -> Result<ModelReply, ModelError> {
    let Some(model) = inner.models.get(effect.request.model.provider()) else {
        return Err(ModelError::new(ModelErrorKind::NotFound, "the provider is gone"));
    };
    let bytes_max = output_tokens_max as usize * REPLY_BYTES_PER_TOKEN + REPLY_BYTES_ALLOWANCE;
    let mut bytes = 0_usize;
    let mut stream = model.stream(&effect.request, output_tokens_max);
    while let Some(event) = stream.next().await {
        let more = match event? {
            ModelEvent::Finished(reply) => return Ok(reply),
            ModelEvent::Text(text) => {
                let more = text.len();
                live.tell(|| Notice::Text(text));
                more
            }
            ModelEvent::Progress(more) => more,
        };
        *heard = true;
        bytes += more;
        if bytes > bytes_max {
            let message = format!("the model went on for more than {bytes_max} bytes after being granted {output_tokens_max} tokens");
            return Err(ModelError::new(ModelErrorKind::Malformed, message));
        }
    }
    Err(ModelError::new(ModelErrorKind::Malformed, "the model's reply ended in the middle"))
}

/// The reply with each call's arguments checked by its tool, so that the fold needs no tool to know which calls can be made.
fn checked(inner: &Inner, mut reply: ModelReply) -> ModelReply {
    for call in reply.calls.iter_mut().filter(|c| c.problem.is_none()) {
        if let Some(tool) = inner.tools.get(&call.tool) {
            call.problem = tool.check(&call.arguments).err();
        }
    }
    reply
}

async fn call_tool(inner: &Inner, live: &Live, call: PermittedCall) -> Fact {
    let begun = inner.clock.monotonic();
    let (run, id, replay) = (call.run(), call.call().clone(), call.replay());
    let tool = inner.tools.get(call.tool()).cloned();
    let trust = tool.as_ref().map_or(Trust::Trusted, |t| t.spec().trust);
    let result = match tool {
        None => Err(ToolError::new(ToolErrorKind::Unavailable, format!("this release has no tool {}", call.tool()))),
        Some(tool) => {
            let limit = Duration::from_millis(tool.spec().timeout_ms);
            // Only what may be abandoned without harm is: a `keyed` or `once` call that was begun is waited for.
            let stopped = async { if replay == Replay::Safe { live.stop.cancelled().await } else { std::future::pending().await } };
            tokio::select! {
                biased;
                () = stopped => Err(ToolError::new(ToolErrorKind::Cancelled, "the run was cancelled during the call")),
                result = AssertUnwindSafe(tool.call(call)).catch_unwind() => {
                    result.unwrap_or_else(|_| Err(ToolError::new(ToolErrorKind::Failed, "the tool crashed; that is a bug in it")))
                }
                () = inner.clock.sleep(limit) => Err(ToolError::new(ToolErrorKind::Timeout, format!("no outcome after {} ms", limit.as_millis()))),
            }
        }
    };
    // Whether a call that may not be repeated took effect before it timed out or crashed, nobody here knows.
    let undecided = |e: &ToolError| replay == Replay::Once && matches!(e.kind, ToolErrorKind::Timeout | ToolErrorKind::Failed);
    if result.as_ref().is_err_and(undecided) {
        return Fact::ToolCallUnknown { call: id };
    }
    let latency_ms = elapsed_ms(inner, begun);
    let finished = match result {
        Ok(ToolOutput { text, findings, reachable }) => {
            let output = spill(inner, run, text).await;
            ToolCallFinished { call: id, error: None, output, findings, reachable, trust, latency_ms }
        }
        Err(ToolError { kind, message }) => {
            let output = RecordedOutput { text: message, spilled: None };
            ToolCallFinished { call: id, error: Some(kind), output, findings: Vec::new(), reachable: false, trust, latency_ms }
        }
    };
    Fact::ToolCallFinished(Box::new(finished))
}

/// Keeps a large output in a blob, with its head and tail in the journal.
async fn spill(inner: &Inner, run: domain::RunId, text: String) -> RecordedOutput {
    let hash = BlobHash::of(text.as_bytes());
    let Some(kept) = abridge(&text, &hash) else {
        return RecordedOutput { text, spilled: None };
    };
    let bytes = text.len() as u64;
    match inner.store.put_blob(run, text.into_bytes()).await {
        Ok(blob) => RecordedOutput { text: kept, spilled: Some(Spilled { blob, bytes }) },
        // The head and tail are worth more than a run that stops because the disk is full.
        Err(error) => {
            tracing::warn!(%run, %error, "the middle of a large output could not be kept");
            RecordedOutput { text: format!("{kept}\n[the whole output could not be kept: {error}]"), spilled: None }
        }
    }
}

fn elapsed_ms(inner: &Inner, begun: Duration) -> u64 {
    u64::try_from(inner.clock.monotonic().saturating_sub(begun).as_millis()).unwrap_or(u64::MAX)
}
