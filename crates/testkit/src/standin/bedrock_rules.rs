//! What Bedrock refuses in a request of Converse.

use serde_json::Value;

type Checked = Result<(), String>;

const FIELDS: &[&str] = &[
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "guardrailConfig",
    "performanceConfig",
    "requestMetadata",
];

/// Whether the request is signed for the service, or carries a bearer key.
pub(super) fn is_signed(authorization: &str, has_date: bool) -> bool {
    let signed = authorization.starts_with("AWS4-HMAC-SHA256 ")
        && ["Credential=", "/bedrock/aws4_request", "SignedHeaders=", "Signature="].iter().all(|part| authorization.contains(part));
    (signed && has_date) || authorization.strip_prefix("Bearer ").is_some_and(|key| !key.is_empty())
}

/// The first thing that is wrong.
pub(super) fn check(body: &Value) -> Checked {
    let fields = body.as_object().ok_or("the body is not a JSON object")?;
    refuse_unless(fields.keys().all(|name| FIELDS.contains(&name.as_str())), "the body has a field that is not known")?;
    let limits = &body["inferenceConfig"];
    refuse_unless(
        limits.is_null() || limits.as_object().is_some_and(|l| l.keys().all(|k| ["maxTokens", "stopSequences"].contains(&k.as_str()))),
        "temperature and topP are not supported by this model",
    )?;
    refuse_unless(limits["maxTokens"].is_null() || limits["maxTokens"].as_u64().is_some_and(|n| n >= 1), "maxTokens must be at least 1")?;
    for block in body["system"].as_array().into_iter().flatten() {
        refuse_unless(block["text"].as_str().is_some_and(|text| !text.trim().is_empty()), "system text must not be empty")?;
    }
    let messages = body["messages"].as_array().filter(|m| !m.is_empty()).ok_or("messages must not be empty")?;
    let has_tool_blocks = check_messages(messages)?;
    let tools = &body["toolConfig"];
    refuse_unless(!has_tool_blocks || tools.is_object(), "The toolConfig field must be defined when using toolUse and toolResult content blocks.")?;
    if tools.is_null() { Ok(()) } else { check_tools(tools) }
}

fn check_messages(messages: &[Value]) -> Result<bool, String> {
    let mut expected_role = "user";
    let mut has_tool_blocks = false;
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        refuse_unless(message["role"] == expected_role, "roles must alternate between user and assistant, user first")?;
        let blocks = message["content"].as_array().filter(|c| !c.is_empty()).ok_or("a message's content must not be empty")?;
        for block in blocks {
            check_block(block, expected_role)?;
        }
        let ids = |kind: &str| -> Vec<&str> { blocks.iter().filter_map(|block| block[kind]["toolUseId"].as_str()).collect() };
        let (used, answered) = (ids("toolUse"), ids("toolResult"));
        has_tool_blocks |= !used.is_empty() || !answered.is_empty();
        if expected_role == "user" {
            refuse_unless(open.iter().all(|id| answered.contains(id)), "Expected toolResult blocks for every toolUse of the message before")?;
            refuse_unless(
                answered.iter().all(|id| open.contains(id)),
                "The number of toolResult blocks exceeds the number of toolUse blocks of previous turn.",
            )?;
            refuse_unless(
                blocks.iter().skip_while(|b| b.get("toolResult").is_some()).all(|b| b.get("toolResult").is_none()),
                "toolResult blocks come first",
            )?;
        }
        for (i, id) in used.iter().enumerate() {
            refuse_unless(!used[..i].contains(id), "a toolUseId is used twice")?;
        }
        open = used;
        expected_role = if expected_role == "user" { "assistant" } else { "user" };
    }
    refuse_unless(expected_role == "assistant", "the conversation must end with a user message: this model takes no prefill")?;
    Ok(has_tool_blocks)
}

fn check_block(block: &Value, role: &str) -> Checked {
    let fields = block.as_object().filter(|b| b.len() == 1).ok_or("a content block has exactly one member")?;
    let kind = fields.keys().next().map(String::as_str).unwrap_or_default();
    match (kind, role) {
        ("text", _) => {
            refuse_unless(block["text"].as_str().is_some_and(|text| !text.trim().is_empty()), "The text field in the ContentBlock object is blank.")
        }
        ("toolUse", "assistant") => {
            let call = &block["toolUse"];
            refuse_unless(is_name(&call["name"]) && is_id(&call["toolUseId"]), "a toolUse needs a name and an id of allowed characters")?;
            refuse_unless(call["input"].is_object(), "The format of the value at toolUse.input is invalid. Provide a json object")
        }
        ("toolResult", "user") => {
            let result = &block["toolResult"];
            refuse_unless(is_id(&result["toolUseId"]), "a toolResult needs the id of its toolUse")?;
            refuse_unless(result["content"].as_array().is_some_and(|c| !c.is_empty()), "a toolResult needs content")?;
            refuse_unless(result["status"].is_null() || result["status"] == "success" || result["status"] == "error", "status is success or error")
        }
        ("reasoningContent", "assistant") => {
            let thought = &block["reasoningContent"];
            refuse_unless(
                thought["reasoningText"]["signature"].is_string() || thought["redactedContent"].is_string(),
                "reasoning comes back with its signature",
            )
        }
        ("cachePoint", _) => Ok(()),
        _ => Err(format!("a {role} message cannot hold a block {kind}")),
    }
}

fn check_tools(config: &Value) -> Checked {
    let tools = config["tools"].as_array().filter(|tools| !tools.is_empty()).ok_or("toolConfig.tools must hold at least one tool")?;
    let mut names: Vec<&Value> = Vec::new();
    for tool in tools {
        let spec = &tool["toolSpec"];
        refuse_unless(is_name(&spec["name"]), "a tool's name must match [a-zA-Z0-9_-]{1,64}")?;
        refuse_unless(!names.contains(&&spec["name"]), "a tool is defined twice")?;
        refuse_unless(
            spec["description"].is_null() || spec["description"].as_str().is_some_and(|d| !d.is_empty()),
            "a tool's description must not be empty",
        )?;
        refuse_unless(
            spec["inputSchema"]["json"]["type"] == "object",
            "The value at toolConfig.tools.toolSpec.inputSchema.json.type must be object",
        )?;
        names.push(&spec["name"]);
    }
    Ok(())
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
}

fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b)))
}

fn refuse_unless(holds: bool, problem: &str) -> Checked {
    if holds { Ok(()) } else { Err(problem.to_owned()) }
}
