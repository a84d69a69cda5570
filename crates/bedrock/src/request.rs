//! Our request in the words of Converse.

use crate::document;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, ReasoningContentBlock, ReasoningTextBlock, SystemContentBlock, Tool,
    ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::{Blob, base64};
use domain::model::{Content, ModelError, ModelErrorKind, ModelRequest, Speaker};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The parts of a Converse request.
pub(crate) struct Wire {
    pub(crate) system: Option<Vec<SystemContentBlock>>,
    pub(crate) messages: Vec<Message>,
    pub(crate) limit: InferenceConfiguration,
    pub(crate) tools: Option<ToolConfiguration>,
}

impl Wire {
    pub(crate) fn build(request: &ModelRequest, output_tokens_max: u32) -> Result<Wire, ModelError> {
        let incomplete = |error: BuildError| ModelError::new(ModelErrorKind::Invalid, format!("the request cannot be written: {error}"));
        let system = (!request.system.trim().is_empty()).then(|| vec![SystemContentBlock::Text(request.system.clone())]);
        let limit = InferenceConfiguration::builder().max_tokens(i32::try_from(output_tokens_max).unwrap_or(i32::MAX)).build();
        let messages = messages(request).map_err(incomplete)?;
        let tools = tools(request).map_err(incomplete)?;
        Ok(Wire { system, messages, limit, tools })
    }
}

/// Bedrock wants user and assistant in turn and no empty block, so neighbours of one role are joined and empty words are left out.
fn messages(request: &ModelRequest) -> Result<Vec<Message>, BuildError> {
    let mut joined: Vec<(ConversationRole, Vec<ContentBlock>)> = Vec::new();
    for message in &request.messages {
        let role = match message.speaker {
            Speaker::User => ConversationRole::User,
            Speaker::Assistant => ConversationRole::Assistant,
        };
        let mut blocks = Vec::new();
        for content in &message.content {
            blocks.extend(block(content)?);
        }
        // A message of results must begin with them.
        blocks.sort_by_key(|block| role == ConversationRole::User && !matches!(block, ContentBlock::ToolResult(_)));
        match joined.last_mut() {
            _ if blocks.is_empty() => {}
            Some((last, so_far)) if *last == role => so_far.extend(blocks),
            _ => joined.push((role, blocks)),
        }
    }
    joined.into_iter().map(|(role, blocks)| Message::builder().role(role).set_content(Some(blocks)).build()).collect()
}

fn block(content: &Content) -> Result<Option<ContentBlock>, BuildError> {
    Ok(match content {
        Content::Text { text } if text.trim().is_empty() => None,
        Content::Text { text } => Some(ContentBlock::Text(text.clone())),
        Content::ToolUse { call, tool, arguments } => {
            let block =
                ToolUseBlock::builder().tool_use_id(call.as_str()).name(sendable(tool.as_str())).input(document::from_json(arguments)).build()?;
            Some(ContentBlock::ToolUse(block))
        }
        Content::ToolResult { call, text, is_error } => {
            let status = if *is_error { ToolResultStatus::Error } else { ToolResultStatus::Success };
            let text = if text.trim().is_empty() { "(no output)" } else { text };
            let content = ToolResultContentBlock::Text(text.to_owned());
            Some(ContentBlock::ToolResult(ToolResultBlock::builder().tool_use_id(call.as_str()).status(status).content(content).build()?))
        }
        Content::Opaque { provider, data } if provider == "bedrock" => reasoning(data)?.map(ContentBlock::ReasoningContent),
        Content::Opaque { .. } => None,
    })
}

/// Reasoning as `reply.rs` kept it: the wire's own form.
fn reasoning(data: &Value) -> Result<Option<ReasoningContentBlock>, BuildError> {
    if let Some(text) = data["reasoningText"]["text"].as_str() {
        let signature = data["reasoningText"]["signature"].as_str().map(str::to_owned);
        return Ok(Some(ReasoningContentBlock::ReasoningText(ReasoningTextBlock::builder().text(text).set_signature(signature).build()?)));
    }
    let redacted = data["redactedContent"].as_str().and_then(|text| base64::decode(text).ok());
    Ok(redacted.map(|bytes| ReasoningContentBlock::RedactedContent(Blob::new(bytes))))
}

/// The tools on offer. When none are but the conversation holds calls, Bedrock still wants to be told of their tools.
fn tools(request: &ModelRequest) -> Result<Option<ToolConfiguration>, BuildError> {
    let mut tools = Vec::new();
    for tool in &request.tools {
        tools.push(spec(tool.name.as_str().to_owned(), &tool.description, &tool.input_schema)?);
    }
    if tools.is_empty() {
        for name in used_names(request) {
            tools.push(spec(name, "Not available any more.", &json!({"type": "object"}))?);
        }
    }
    if tools.is_empty() { Ok(None) } else { ToolConfiguration::builder().set_tools(Some(tools)).build().map(Some) }
}

fn used_names(request: &ModelRequest) -> BTreeSet<String> {
    let contents = request.messages.iter().flat_map(|message| &message.content);
    let name = |content: &Content| match content {
        Content::ToolUse { tool, .. } => Some(sendable(tool.as_str())),
        _ => None,
    };
    contents.filter_map(name).collect()
}

fn spec(name: String, description: &str, schema: &Value) -> Result<Tool, BuildError> {
    // An empty description is refused.
    let description = (!description.is_empty()).then(|| description.to_owned());
    let schema = ToolInputSchema::Json(document::from_json(schema));
    Ok(Tool::ToolSpec(ToolSpecification::builder().name(name).set_description(description).input_schema(schema).build()?))
}

/// A name that Bedrock takes back. A model may have called a tool by a name that no tool can have.
fn sendable(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).take(64).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}
