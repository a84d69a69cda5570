//! Our request in OpenAI's words.

use domain::hashed::Hashed;
use domain::model::{Content, Message, ModelRequest, OfferedTool, Speaker};
use serde_json::{Value, json};

/// How a server calls the limit of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputLimit {
    /// Today's name; it includes reasoning.
    MaxCompletionTokens,
    /// The older name, which many compatible servers know alone.
    MaxTokens,
}

/// The body of `POST /chat/completions`.
pub(super) fn body(request: &ModelRequest, limit: OutputLimit, output_tokens_max: u32) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    for message in &request.messages {
        match message.speaker {
            Speaker::User => push_user(&mut messages, message),
            Speaker::Assistant => messages.push(assistant(message)),
        }
    }
    let limit_name = match limit {
        OutputLimit::MaxCompletionTokens => "max_completion_tokens",
        OutputLimit::MaxTokens => "max_tokens",
    };
    let mut body = json!({
        "model": request.model.id(),
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
        limit_name: output_tokens_max,
    });
    if !request.tools.is_empty() {
        let tool = |tool: &Hashed<OfferedTool>| json!({"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}});
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    body
}

/// Tool results are messages of their own and come right after the calls; what else the user says follows.
fn push_user(messages: &mut Vec<Value>, message: &Message) {
    let mut texts = Vec::new();
    for content in &message.content {
        match content {
            Content::ToolResult { call, text, is_error } => {
                let text = if *is_error { format!("error: {text}") } else { text.clone() };
                messages.push(json!({"role": "tool", "tool_call_id": call, "content": text}));
            }
            Content::Text { text } => texts.push(text.as_str()),
            Content::ToolUse { .. } | Content::Opaque { .. } => {}
        }
    }
    if !texts.is_empty() {
        messages.push(json!({"role": "user", "content": texts.join("\n")}));
    }
}

fn assistant(message: &Message) -> Value {
    let mut texts = Vec::new();
    let mut calls = Vec::new();
    for content in &message.content {
        match content {
            Content::Text { text } => texts.push(text.as_str()),
            Content::ToolUse { call, tool, arguments } => {
                let arguments = arguments.to_string();
                calls.push(json!({"id": call, "type": "function", "function": {"name": sendable(tool.as_str()), "arguments": arguments}}));
            }
            Content::ToolResult { .. } | Content::Opaque { .. } => {}
        }
    }
    if calls.is_empty() {
        return json!({"role": "assistant", "content": texts.join("\n")});
    }
    let content = if texts.is_empty() { Value::Null } else { json!(texts.join("\n")) };
    json!({"role": "assistant", "content": content, "tool_calls": calls})
}

/// A name the server takes back. A model may have called a tool by a name that no tool can have.
fn sendable(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).take(64).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::ModelRef;
    use domain::{CallId, ToolName};

    #[test]
    fn a_conversation_with_tools_is_written_as_the_vendor_reads_it() {
        let use_tool =
            |index, tool: &str| Content::ToolUse { call: CallId::at(3, index), tool: ToolName::from(tool), arguments: json!({"b": 1, "a": "x"}) };
        let result = |index, is_error| Content::ToolResult { call: CallId::at(3, index), text: "closed".to_owned(), is_error };
        let foreign = Content::Opaque { provider: "bedrock".to_owned(), data: json!({"signature": "s"}) };
        let request = ModelRequest {
            model: ModelRef::parse("openai/org/model:1").unwrap(),
            system: "You look.".to_owned(),
            messages: vec![
                Message { speaker: Speaker::User, content: vec![Content::text("Is it up?")] }.into(),
                Message { speaker: Speaker::Assistant, content: vec![foreign, use_tool(0, "tcp_connect"), use_tool(1, "no such tool!")] }.into(),
                Message { speaker: Speaker::User, content: vec![result(0, false), Content::text("Last turn."), result(1, true)] }.into(),
                Message { speaker: Speaker::Assistant, content: vec![Content::text("No.")] }.into(),
            ],
            tools: vec![
                OfferedTool { name: "tcp_connect".into(), description: "Connects.".to_owned(), input_schema: json!({"type": "object"}) }.into(),
            ],
            output_tokens_max: 4_000,
        };
        let call = |index: usize, name: &str| json!({"id": format!("c3-{index}"), "type": "function", "function": {"name": name, "arguments": "{\"a\":\"x\",\"b\":1}"}});
        let wanted = json!({
            "model": "org/model:1",
            "messages": [
                {"role": "system", "content": "You look."},
                {"role": "user", "content": "Is it up?"},
                {"role": "assistant", "content": null, "tool_calls": [call(0, "tcp_connect"), call(1, "no_such_tool_")]},
                {"role": "tool", "tool_call_id": "c3-0", "content": "closed"},
                {"role": "tool", "tool_call_id": "c3-1", "content": "error: closed"},
                {"role": "user", "content": "Last turn."},
                {"role": "assistant", "content": "No."},
            ],
            "tools": [{"type": "function", "function": {"name": "tcp_connect", "description": "Connects.", "parameters": {"type": "object"}}}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_completion_tokens": 300,
        });
        assert_eq!(body(&request, OutputLimit::MaxCompletionTokens, 300), wanted);
        let older = body(&ModelRequest { tools: Vec::new(), ..request }, OutputLimit::MaxTokens, 300);
        assert_eq!((older.get("tools"), older.get("max_completion_tokens"), older["max_tokens"].as_u64()), (None, None, Some(300)));
    }
}
