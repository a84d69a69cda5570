//! A server's reply, put together piece by piece.

use super::{failure, sse};
use crate::arguments;
use domain::model::{ModelError, ModelErrorKind, ModelReply, RequestedCall, Stop};
use domain::money::Usage;
use futures_util::stream::{self, BoxStream, StreamExt};
use ports::ModelEvent;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// No token of any model is longer on average; a reply beyond this ignores its limit.
const BYTES_PER_TOKEN_MAX: usize = 64;
/// Room for a reply of few tokens.
const BYTES_SPARE: usize = 64 * 1024;
/// On the wire each token comes with an envelope of a few hundred bytes.
const WIRE_BYTES_PER_BYTE: usize = 16;
/// One reply asks for no more than this; a list of calls without end would eat the memory.
const CALLS_MAX: usize = 256;

/// Reads the reply as it comes.
pub(super) fn read(response: Response, host: String, idle: Duration, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
    let is_whole = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let bytes_max = BYTES_PER_TOKEN_MAX.saturating_mul(output_tokens_max as usize).saturating_add(BYTES_SPARE);
    let reply = Reply { host, bytes_left: bytes_max, text: String::new(), calls: Vec::new(), finish: None, refused: false, usage: None };
    let wire_bytes_left = bytes_max.saturating_mul(WIRE_BYTES_PER_BYTE);
    let reading = Reading {
        response,
        is_whole,
        events: sse::Events::default(),
        whole: Vec::new(),
        reply,
        ready: VecDeque::new(),
        ended: false,
        idle,
        wire_bytes_left,
    };
    stream::try_unfold(reading, Reading::next).boxed()
}

struct Reading {
    response: Response,
    /// The server answers with one JSON document instead of events.
    is_whole: bool,
    events: sse::Events,
    whole: Vec<u8>,
    reply: Reply,
    ready: VecDeque<ModelEvent>,
    ended: bool,
    idle: Duration,
    wire_bytes_left: usize,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(ModelEvent, Reading)>, ModelError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some((event, self)));
            }
            if self.ended {
                return Ok(None);
            }
            let host = &self.reply.host;
            match tokio::time::timeout(self.idle, self.response.chunk()).await {
                Err(_) => {
                    return Err(ModelError::new(
                        ModelErrorKind::Timeout,
                        format!("{host} fell silent for {} s within its reply", self.idle.as_secs()),
                    ));
                }
                Ok(Err(error)) => {
                    return Err(ModelError::new(ModelErrorKind::Malformed, format!("the connection to {host} broke within the reply: {error}")));
                }
                Ok(Ok(None)) => self.closed()?,
                Ok(Ok(Some(bytes))) => self.take(&bytes)?,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        self.wire_bytes_left = self.wire_bytes_left.checked_sub(bytes.len()).ok_or_else(|| self.reply.endless())?;
        if self.is_whole {
            self.whole.extend_from_slice(bytes);
            return Ok(());
        }
        for data in self.events.push(bytes) {
            self.event(&data)?;
            if self.ended {
                break;
            }
        }
        Ok(())
    }

    fn closed(&mut self) -> Result<(), ModelError> {
        if self.is_whole {
            let whole = std::mem::take(&mut self.whole);
            self.ready.extend(self.reply.take(&whole)?);
        } else if let Some(data) = self.events.rest() {
            self.event(&data)?;
        }
        if self.ended { Ok(()) } else { self.end(false) }
    }

    fn event(&mut self, data: &str) -> Result<(), ModelError> {
        if data == "[DONE]" {
            return self.end(true);
        }
        self.ready.extend(self.reply.take(data.as_bytes())?);
        Ok(())
    }

    fn end(&mut self, is_done: bool) -> Result<(), ModelError> {
        self.ready.push_back(ModelEvent::Finished(self.reply.finish(is_done)?));
        self.ended = true;
        Ok(())
    }
}

struct Reply {
    host: String,
    bytes_left: usize,
    text: String,
    calls: Vec<PartialCall>,
    finish: Option<String>,
    refused: bool,
    usage: Option<WireUsage>,
}

#[derive(Default)]
struct PartialCall {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    // A stream has deltas, a whole reply has one message.
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    #[serde(alias = "reasoning")]
    reasoning_content: Option<Value>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
struct ToolCall {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Clone, Copy, Deserialize)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Clone, Copy, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

impl Reply {
    /// Takes one chunk.
    fn take(&mut self, json: &[u8]) -> Result<Vec<ModelEvent>, ModelError> {
        let chunk: Chunk = serde_json::from_slice(json)
            .map_err(|error| ModelError::new(ModelErrorKind::Malformed, format!("{} sent what is not a chat completion: {error}", self.host)))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(failure::in_stream(&self.host, &error));
        }
        self.usage = chunk.usage.or(self.usage);
        let mut events = Vec::new();
        for choice in chunk.choices {
            self.finish = choice.finish_reason.or(self.finish.take());
            let Some(delta) = choice.delta else { continue };
            self.refused |= delta.refusal.as_deref().is_some_and(|refusal| !refusal.is_empty());
            for text in [delta.content, delta.refusal].into_iter().flatten().filter(|text| !text.is_empty()) {
                self.spend(text.len())?;
                self.text.push_str(&text);
                events.push(ModelEvent::Text(text));
            }
            let thought = delta.reasoning_content.as_ref().and_then(Value::as_str).map_or(0, str::len);
            let mut unseen = thought;
            for call in delta.tool_calls.into_iter().flatten() {
                unseen += self.take_call(call)?;
            }
            if unseen > 0 {
                self.spend(unseen)?;
                events.push(ModelEvent::Progress(unseen));
            }
        }
        Ok(events)
    }

    /// Adds to the call it belongs to: by index, else by a new id, else to the last. Gives the bytes added.
    fn take_call(&mut self, delta: ToolCall) -> Result<usize, ModelError> {
        let id = delta.id.unwrap_or_default();
        let place = match delta.index {
            Some(index) => self.calls.iter().position(|call| call.index == Some(index)),
            None if id.is_empty() => self.calls.len().checked_sub(1),
            None => self.calls.iter().position(|call| call.id == id),
        };
        let place = match place {
            Some(place) => place,
            None if self.calls.len() == CALLS_MAX => return Err(self.endless()),
            None => {
                self.calls.push(PartialCall { index: delta.index, id, ..PartialCall::default() });
                self.calls.len() - 1
            }
        };
        let Some(function) = delta.function else { return Ok(0) };
        // Some servers give the arguments as an object rather than as its text.
        let arguments = match function.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        let name = function.name.unwrap_or_default();
        let call = &mut self.calls[place];
        call.name.push_str(&name);
        call.arguments.push_str(&arguments);
        Ok(name.len() + arguments.len())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), ModelError> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| self.endless())?;
        Ok(())
    }

    fn endless(&self) -> ModelError {
        ModelError::new(
            ModelErrorKind::Timeout,
            format!("the reply of {} did not end within its limit of tokens; the model ignores the limit", self.host),
        )
    }

    /// The whole reply. Without a reason to stop and without the closing mark it was cut off.
    fn finish(&mut self, is_done: bool) -> Result<ModelReply, ModelError> {
        let calls: Vec<RequestedCall> = self.calls.drain(..).map(|call| arguments::read(&call.name, &call.arguments)).collect();
        let stop = match self.finish.as_deref() {
            None if !is_done => return Err(ModelError::new(ModelErrorKind::Malformed, format!("{} cut its reply off", self.host))),
            Some("content_filter") => Stop::Filtered,
            Some("length") => Stop::OutputLimit,
            _ if self.refused => Stop::Filtered,
            None | Some("stop" | "tool_calls" | "function_call" | "") => {
                if calls.is_empty() {
                    Stop::End
                } else {
                    Stop::ToolUse
                }
            }
            Some(other) => {
                return Err(ModelError::new(ModelErrorKind::Malformed, format!("{} stopped for a reason that is not known: {other:?}", self.host)));
            }
        };
        Ok(ModelReply { text: std::mem::take(&mut self.text), calls, opaque: Vec::new(), stop, usage: self.usage.and_then(disjoint) })
    }
}

/// The vendor counts cached input within the prompt; we count it apart.
fn disjoint(usage: WireUsage) -> Option<Usage> {
    let (input, output) = (usage.prompt_tokens?, usage.completion_tokens?);
    let cache_read = usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0).min(input);
    Some(Usage { input_fresh: input - cache_read, cache_read, output, ..Usage::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply() -> Reply {
        Reply { host: "api.test".to_owned(), bytes_left: 100, text: String::new(), calls: Vec::new(), finish: None, refused: false, usage: None }
    }

    fn take(reply: &mut Reply, chunk: Value) -> Vec<ModelEvent> {
        reply.take(chunk.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn calls_are_put_together_by_their_index() {
        let mut reply = reply();
        let delta = |calls: Value| json!({"choices": [{"delta": {"tool_calls": calls}}]});
        take(
            &mut reply,
            delta(
                json!([{"index": 0, "id": "a", "function": {"name": "one", "arguments": ""}}, {"index": 1, "id": "b", "function": {"name": "two"}}]),
            ),
        );
        assert_eq!(take(&mut reply, delta(json!([{"index": 1, "function": {"arguments": "{\"x\": "}}]))), [ModelEvent::Progress(6)]);
        take(&mut reply, delta(json!([{"index": 0, "function": {"arguments": "{\"y\": 2}"}}])));
        take(&mut reply, json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}));
        let whole = reply.finish(true).unwrap();
        assert_eq!((whole.stop, whole.calls.len(), whole.usage), (Stop::ToolUse, 2, None));
        assert_eq!(whole.calls[0].arguments, json!({"y": 2}));
        assert!(whole.calls[1].problem.is_some());
    }

    #[test]
    fn cached_tokens_are_counted_once() {
        let mut reply = reply();
        take(
            &mut reply,
            json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}}}),
        );
        let usage = reply.finish(true).unwrap().usage.unwrap();
        assert_eq!((usage.input_fresh, usage.cache_read, usage.output), (4, 6, 4));
    }

    #[test]
    fn how_it_stopped_is_told_apart() {
        let stopped = |reason: Value, is_done: bool| {
            let mut reply = reply();
            take(&mut reply, json!({"choices": [{"delta": {"content": "x"}, "finish_reason": reason}]}));
            reply.finish(is_done).map(|reply| reply.stop).map_err(|error| error.kind)
        };
        assert_eq!(stopped(json!("stop"), false), Ok(Stop::End));
        assert_eq!(stopped(json!("length"), true), Ok(Stop::OutputLimit));
        assert_eq!(stopped(json!("content_filter"), true), Ok(Stop::Filtered));
        assert_eq!(stopped(Value::Null, true), Ok(Stop::End));
        assert_eq!(stopped(Value::Null, false), Err(ModelErrorKind::Malformed));
        assert_eq!(stopped(json!("tired"), true), Err(ModelErrorKind::Malformed));
    }

    #[test]
    fn a_reply_beyond_its_limit_is_ended() {
        let mut reply = reply();
        let chunk = json!({"choices": [{"delta": {"content": "x".repeat(101)}}]}).to_string();
        assert_eq!(reply.take(chunk.as_bytes()).unwrap_err().kind, ModelErrorKind::Timeout);
    }

    #[test]
    fn an_error_within_the_stream_is_the_providers() {
        let error = reply().take(br#"{"error": {"message": "overloaded", "code": 529}}"#).unwrap_err();
        assert_eq!((error.kind, error.message.contains("overloaded")), (ModelErrorKind::Unavailable, true));
    }
}
