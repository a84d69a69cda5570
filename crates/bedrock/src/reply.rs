//! A reply of Converse, whole or streamed.

use crate::document;
use crate::failure::{self, Asked};
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput as Streaming;
use aws_sdk_bedrockruntime::types::{
    CacheTtl, ContentBlock, ContentBlockDelta, ContentBlockStart, ConverseStreamOutput, ReasoningContentBlock, ReasoningContentBlockDelta,
    StopReason, TokenUsage,
};
use aws_smithy_types::base64;
use domain::model::{ModelError, ModelErrorKind, ModelReply, RequestedCall, Stop};
use domain::money::Usage;
use futures_util::stream::{self, BoxStream, StreamExt};
use ports::ModelEvent;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// No token of any model is longer on average; a reply beyond this ignores its limit.
const BYTES_PER_TOKEN_MAX: usize = 64;
/// Room for a reply of few tokens.
const BYTES_SPARE: usize = 64 * 1024;
/// Blocks of one reply. Each needs a place, so a stream of empty ones must end too.
const BLOCKS_MAX: usize = 1_024;

/// Reads a streamed reply as it comes.
pub(crate) fn read(streaming: Streaming, asked: Asked, idle: Duration, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
    let bytes_left = BYTES_PER_TOKEN_MAX.saturating_mul(output_tokens_max as usize).saturating_add(BYTES_SPARE);
    let reply = Reply { asked, bytes_left, blocks: BTreeMap::new(), stop: None, usage: None };
    let reading = Reading { streaming, reply, ready: VecDeque::new(), ended: false, idle };
    stream::try_unfold(reading, Reading::next).boxed()
}

/// A whole reply as the same events.
pub(crate) fn whole(output: ConverseOutput, asked: &Asked) -> Result<BoxStream<'static, Result<ModelEvent, ModelError>>, ModelError> {
    let message = output.output.as_ref().and_then(|output| output.as_message().ok());
    let mut reply =
        ModelReply { text: String::new(), calls: Vec::new(), opaque: Vec::new(), stop: Stop::End, usage: output.usage.as_ref().map(usage) };
    for block in message.map(|message| message.content.as_slice()).unwrap_or_default() {
        match block {
            ContentBlock::Text(text) => reply.text.push_str(text),
            ContentBlock::ToolUse(call) => {
                let arguments = document::to_json(&call.input);
                reply.calls.push(if arguments.is_object() { readable(&call.name, arguments) } else { unreadable(&call.name, "they are no object") });
            }
            ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(thought)) => {
                reply.opaque.push(reasoning(&thought.text, thought.signature.as_deref()));
            }
            ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(bytes)) => {
                reply.opaque.push(json!({"redactedContent": base64::encode(bytes.as_ref())}));
            }
            // Other kinds are never asked for.
            _ => {}
        }
    }
    reply.stop = stop(&output.stop_reason, !reply.calls.is_empty(), asked)?;
    let text = (!reply.text.is_empty()).then(|| Ok(ModelEvent::Text(reply.text.clone())));
    Ok(stream::iter(text.into_iter().chain([Ok(ModelEvent::Finished(reply))])).boxed())
}

struct Reading {
    streaming: Streaming,
    reply: Reply,
    ready: VecDeque<ModelEvent>,
    ended: bool,
    idle: Duration,
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
            let host = &self.reply.asked.host;
            match tokio::time::timeout(self.idle, self.streaming.stream.recv()).await {
                Err(_) => {
                    return Err(ModelError::new(
                        ModelErrorKind::Timeout,
                        format!("{host} fell silent for {} s within its reply", self.idle.as_secs()),
                    ));
                }
                Ok(Err(error)) => return Err(failure::of_stream(&self.reply.asked, &error)),
                Ok(Ok(Some(event))) => self.ready.extend(self.reply.take(event)?),
                Ok(Ok(None)) => {
                    self.ready.push_back(ModelEvent::Finished(self.reply.finish()?));
                    self.ended = true;
                }
            }
        }
    }
}

struct Reply {
    asked: Asked,
    bytes_left: usize,
    /// By the wire's index, which is also the order of the reply.
    blocks: BTreeMap<i32, Block>,
    stop: Option<StopReason>,
    usage: Option<Usage>,
}

#[derive(Default)]
struct Block {
    text: String,
    tool: Option<String>,
    arguments: String,
    thought: Option<String>,
    signature: Option<String>,
    redacted: Vec<u8>,
}

impl Reply {
    fn take(&mut self, event: ConverseStreamOutput) -> Result<Option<ModelEvent>, ModelError> {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                let block = self.block(start.content_block_index)?;
                if let Some(ContentBlockStart::ToolUse(call)) = start.start {
                    block.tool = Some(call.name);
                }
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                if let Some(part) = delta.delta {
                    return self.part(delta.content_block_index, part);
                }
            }
            ConverseStreamOutput::MessageStop(end) => self.stop = Some(end.stop_reason),
            ConverseStreamOutput::Metadata(metadata) => self.usage = metadata.usage.as_ref().map(usage),
            // The beginning and the ends of blocks say nothing that the rest does not; unknown events are new to us and no part of a reply.
            _ => {}
        }
        Ok(None)
    }

    fn part(&mut self, index: i32, part: ContentBlockDelta) -> Result<Option<ModelEvent>, ModelError> {
        let block = self.block(index)?;
        let (bytes, event) = match part {
            ContentBlockDelta::Text(text) => {
                block.text.push_str(&text);
                (text.len(), ModelEvent::Text(text))
            }
            ContentBlockDelta::ToolUse(call) => {
                block.arguments.push_str(&call.input);
                (call.input.len(), ModelEvent::Progress(call.input.len()))
            }
            ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text(text)) => {
                block.thought.get_or_insert_default().push_str(&text);
                (text.len(), ModelEvent::Progress(text.len()))
            }
            ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Signature(text)) => {
                block.thought.get_or_insert_default();
                block.signature.get_or_insert_default().push_str(&text);
                (text.len(), ModelEvent::Progress(text.len()))
            }
            ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::RedactedContent(bytes)) => {
                block.redacted.extend_from_slice(bytes.as_ref());
                (bytes.as_ref().len(), ModelEvent::Progress(bytes.as_ref().len()))
            }
            _ => return Ok(None),
        };
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| self.endless())?;
        Ok((bytes > 0).then_some(event))
    }

    fn block(&mut self, index: i32) -> Result<&mut Block, ModelError> {
        if self.blocks.len() >= BLOCKS_MAX && !self.blocks.contains_key(&index) {
            return Err(self.endless());
        }
        Ok(self.blocks.entry(index).or_default())
    }

    fn endless(&self) -> ModelError {
        ModelError::new(ModelErrorKind::Timeout, format!("the reply of {} did not end within its limit of tokens", self.asked.model))
    }

    /// The whole reply. Without a reason to stop it was cut off.
    fn finish(&mut self) -> Result<ModelReply, ModelError> {
        let Some(reason) = self.stop.take() else {
            return Err(ModelError::new(ModelErrorKind::Malformed, format!("{} cut its reply off", self.asked.host)));
        };
        let mut reply = ModelReply { text: String::new(), calls: Vec::new(), opaque: Vec::new(), stop: Stop::End, usage: self.usage };
        for block in std::mem::take(&mut self.blocks).into_values() {
            reply.text.push_str(&block.text);
            if let Some(tool) = &block.tool {
                reply.calls.push(call(tool, &block.arguments));
            }
            if let Some(thought) = &block.thought {
                reply.opaque.push(reasoning(thought, block.signature.as_deref()));
            }
            if !block.redacted.is_empty() {
                reply.opaque.push(json!({"redactedContent": base64::encode(&block.redacted)}));
            }
        }
        reply.stop = stop(&reason, !reply.calls.is_empty(), &self.asked)?;
        Ok(reply)
    }
}

fn call(tool: &str, arguments: &str) -> RequestedCall {
    match serde_json::from_str(arguments) {
        _ if arguments.trim().is_empty() => readable(tool, json!({})),
        Ok(arguments @ Value::Object(_)) => readable(tool, arguments),
        Ok(_) => unreadable(tool, "they are JSON but not an object"),
        Err(error) => unreadable(tool, &format!("they are not JSON: {error}")),
    }
}

fn readable(tool: &str, arguments: Value) -> RequestedCall {
    RequestedCall { tool: tool.into(), arguments, problem: None }
}

fn unreadable(tool: &str, why: &str) -> RequestedCall {
    RequestedCall { tool: tool.into(), arguments: json!({}), problem: Some(format!("the arguments cannot be read: {why}")) }
}

/// Reasoning in the wire's own form, as `request.rs` sends it back.
fn reasoning(text: &str, signature: Option<&str>) -> Value {
    match signature {
        Some(signature) => json!({"reasoningText": {"text": text, "signature": signature}}),
        None => json!({"reasoningText": {"text": text}}),
    }
}

fn stop(reason: &StopReason, has_calls: bool, asked: &Asked) -> Result<Stop, ModelError> {
    Ok(match reason {
        StopReason::EndTurn | StopReason::StopSequence | StopReason::ToolUse => {
            if has_calls {
                Stop::ToolUse
            } else {
                Stop::End
            }
        }
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => Stop::OutputLimit,
        StopReason::GuardrailIntervened | StopReason::ContentFiltered => Stop::Filtered,
        other => {
            let message = format!("{} stopped for a reason that is not known: {}", asked.model, other.as_str());
            return Err(ModelError::new(ModelErrorKind::Malformed, message));
        }
    })
}

/// The counts are disjoint on this wire already. What was written to the cache is told by lifetime only in the details.
fn usage(wire: &TokenUsage) -> Usage {
    let count = |n: i32| u64::try_from(n).unwrap_or(0);
    let written = count(wire.cache_write_input_tokens.unwrap_or(0));
    let hour = wire.cache_details().iter().filter(|detail| detail.ttl == CacheTtl::OneHour).map(|detail| count(detail.input_tokens)).sum::<u64>();
    Usage {
        input_fresh: count(wire.input_tokens),
        cache_read: count(wire.cache_read_input_tokens.unwrap_or(0)),
        cache_write_5m: written.saturating_sub(hour),
        cache_write_1h: hour,
        output: count(wire.output_tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_bedrockruntime::types::CacheDetail;

    #[test]
    fn what_is_written_to_the_cache_is_told_by_its_lifetime() {
        let hour = CacheDetail::builder().ttl(CacheTtl::OneHour).input_tokens(30).build().unwrap();
        let wire = TokenUsage::builder().input_tokens(5).output_tokens(6).total_tokens(111).cache_read_input_tokens(20).cache_write_input_tokens(80);
        let counted = usage(&wire.cache_details(hour).build().unwrap());
        assert_eq!(counted, Usage { input_fresh: 5, cache_read: 20, cache_write_5m: 50, cache_write_1h: 30, output: 6 });
    }

    #[test]
    fn a_reason_to_stop_that_is_new_is_an_error_with_its_name() {
        let asked = Asked { region: "us-east-1".to_owned(), host: "h".to_owned(), model: "m".to_owned(), action: "a" };
        let error = stop(&StopReason::from("tired"), false, &asked).unwrap_err();
        assert_eq!((error.kind, error.message.contains("tired")), (ModelErrorKind::Malformed, true));
        assert_eq!(stop(&StopReason::from("model_context_window_exceeded"), false, &asked), Ok(Stop::OutputLimit));
        assert_eq!(stop(&StopReason::EndTurn, true, &asked), Ok(Stop::ToolUse));
    }
}
