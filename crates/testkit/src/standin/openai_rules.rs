//! What OpenAI refuses in a request for a chat completion.

use serde_json::Value;

type Checked = Result<(), String>;

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "stream_options",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "response_format",
    "stop",
    "user",
    "seed",
    "n",
    "metadata",
    "store",
    "reasoning_effort",
];

/// The first thing that is wrong.
pub(super) fn check(body: &Value) -> Checked {
    let fields = body.as_object().ok_or("We could not parse the JSON body of your request.")?;
    if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("Unrecognized request argument supplied: {name}"));
    }
    refuse_unless(body["model"].as_str().is_some_and(|model| !model.is_empty()), "you must provide a model parameter")?;
    let limits = [&body["max_completion_tokens"], &body["max_tokens"]];
    refuse_unless(limits.iter().any(|limit| limit.is_null()), "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")?;
    refuse_unless(limits.iter().all(|limit| limit.is_null() || limit.as_u64().is_some_and(|n| n >= 1)), "the limit of tokens must be at least 1")?;
    refuse_unless(
        body["stream_options"].is_null() || body["stream"] == true,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )?;
    let messages = body["messages"].as_array().filter(|m| !m.is_empty()).ok_or("[] is too short - 'messages'")?;
    check_messages(messages)?;
    let Some(tools) = body.get("tools") else { return Ok(()) };
    let tools = tools.as_array().filter(|tools| !tools.is_empty()).ok_or("[] is too short - 'tools'")?;
    for tool in tools {
        let function = &tool["function"];
        refuse_unless(tool["type"] == "function" && is_name(&function["name"]), "Invalid 'tools[0].function.name': string does not match pattern")?;
        refuse_unless(
            function["parameters"].is_null() || function["parameters"]["type"] == "object",
            "Invalid schema for function: type must be object",
        )?;
    }
    Ok(())
}

fn check_messages(messages: &[Value]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let place = open.iter().position(|call| *call == id);
            open.remove(place.ok_or("messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")?);
            refuse_unless(message["content"].is_string(), "a tool message needs content")?;
            continue;
        }
        refuse_unless(
            open.is_empty(),
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
        )?;
        match role {
            "system" | "developer" | "user" => {
                refuse_unless(message["content"].is_string() || message["content"].is_array(), "a message needs content")?
            }
            "assistant" => {
                let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
                refuse_unless(message["content"].is_string() || !calls.is_empty(), "an assistant message needs content or tool_calls")?;
                for call in calls {
                    let function = &call["function"];
                    refuse_unless(call["type"] == "function" && is_name(&function["name"]), "Invalid 'tool_calls[0].function.name'")?;
                    refuse_unless(function["arguments"].is_string(), "the arguments of a call are a string")?;
                    open.push(call["id"].as_str().ok_or("a call needs an id")?);
                }
            }
            other => return Err(format!("Invalid value: '{other}'. Supported values are: 'system', 'assistant', 'user', 'tool', and 'developer'.")),
        }
    }
    refuse_unless(open.is_empty(), "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.")
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
}

fn refuse_unless(holds: bool, problem: &str) -> Checked {
    if holds { Ok(()) } else { Err(problem.to_owned()) }
}
