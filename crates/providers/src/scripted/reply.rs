//! Plays one turn of a script as a model's reply.

use super::format::{CallLine, Fail, Turn};
use crate::arguments;
use domain::model::{ModelError, ModelErrorKind, ModelReply, ModelRequest, RequestedCall, Stop};
use domain::money::Usage;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use ports::ModelEvent;
use serde_json::json;
use std::time::Duration;

type Events = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// A reply that is an error.
pub(super) fn failed(error: ModelError) -> Events {
    stream::iter([Err(error)]).boxed()
}

/// The turn as events. `fails` is the failure of this attempt, if it is one.
pub(super) fn play(turn: &Turn, fails: Option<&Fail>, request: &ModelRequest, output_tokens_max: u32, by_word: bool) -> Events {
    let events = if let Some(fail) = fails {
        failed(ModelError { kind: fail.kind, message: fail.message.clone(), retry_after_ms: fail.retry_after_ms })
    } else if turn.garbage {
        failed(ModelError::new(ModelErrorKind::Malformed, "the reply could not be read: it is garbage by the script"))
    } else if turn.endless {
        slowly(stream::repeat_with(|| Ok(ModelEvent::Text("and on ".to_owned()))).boxed(), turn.word_delay_ms)
    } else if turn.silent {
        stream::pending().boxed()
    } else {
        let words: Vec<String> = if by_word { turn.text.split_inclusive(' ').map(str::to_owned).collect() } else { whole(&turn.text) };
        let words = stream::iter(words.into_iter().map(|word| Ok(ModelEvent::Text(word)))).boxed();
        let end = stream::iter([Ok(ModelEvent::Finished(reply(turn, request, output_tokens_max)))]);
        slowly(words, turn.word_delay_ms).chain(end).boxed()
    };
    if turn.delay_ms == 0 {
        return events;
    }
    let delay = Duration::from_millis(turn.delay_ms);
    stream::once(async move {
        tokio::time::sleep(delay).await;
        events
    })
    .flatten()
    .boxed()
}

fn whole(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}

/// Waits before every event. Without a wait it still lets others run, because a stream without an end would not.
fn slowly(events: Events, delay_ms: u64) -> Events {
    events
        .then(move |event| async move {
            if delay_ms == 0 {
                tokio::task::yield_now().await
            } else {
                tokio::time::sleep(Duration::from_millis(delay_ms)).await
            }
            event
        })
        .boxed()
}

fn reply(turn: &Turn, request: &ModelRequest, output_tokens_max: u32) -> ModelReply {
    let calls: Vec<RequestedCall> = turn.call.iter().map(call).collect();
    let stop = turn.stop.unwrap_or(if calls.is_empty() { Stop::End } else { Stop::ToolUse });
    // About four bytes a token, as models of this kind count English.
    let guess = |request: &ModelRequest| Usage {
        input_fresh: request.seal().canonical_len / 4,
        output: (turn.text.len() as u64 / 4 + 20 * calls.len() as u64 + 1).min(u64::from(output_tokens_max)),
        ..Usage::default()
    };
    let usage = if turn.no_usage { None } else { Some(turn.usage.map_or_else(|| guess(request), Usage::from)) };
    ModelReply { text: turn.text.clone(), calls, opaque: Vec::new(), stop, usage }
}

fn call(line: &CallLine) -> RequestedCall {
    match &line.raw {
        Some(raw) => arguments::read(&line.tool, raw),
        None => RequestedCall { tool: line.tool.as_str().into(), arguments: line.arguments.clone().unwrap_or(json!({})), problem: None },
    }
}
