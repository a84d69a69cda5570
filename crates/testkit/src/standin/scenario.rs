//! What each model of the stand-in does, apart from any wire.

use serde_json::{Map, Value, json};
use std::io;
use std::time::Duration;

/// What a request holds that a scenario goes by.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The first tool on offer with its schema.
    pub(super) tool: Option<(String, Value)>,
    /// The text of the newest tool result, when the conversation ends with one.
    pub(super) result: Option<String>,
    /// Which request of this scenario it is, the first being 1.
    pub(super) count: u32,
}

/// What is done.
#[derive(Debug)]
pub(super) enum Act {
    Reply(Reply),
    Refuse(Refusal),
    /// The connection breaks in the middle of the text.
    Cut,
    /// The stream ends in good order, but without saying why the model stopped.
    Unfinished,
    /// An exception of this name comes inside the stream.
    Exception(&'static str),
    /// A frame whose checksum is wrong, or an event that is no JSON.
    Garbled,
    Endless,
    Silent,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) parts: Vec<Part>,
    pub(super) stop: Stop,
    /// Before each piece.
    pub(super) pause: Duration,
}

#[derive(Debug)]
pub(super) enum Part {
    Thought {
        text: &'static str,
        signature: &'static str,
    },
    Text(String),
    /// A call with the text of its arguments, which may be half of one.
    Call {
        tool: String,
        arguments: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    End,
    ToolUse,
    Limit,
    Filtered,
    /// A reason that no client knows yet.
    Novel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Throttled,
    Denied,
    Expired,
    EndOfLife,
    NeedsProfile,
    Unwell,
    NotReady,
    NoStreaming,
    NoMaxCompletionTokens,
}

/// What every reply is billed.
pub(super) const INPUT_FRESH: u64 = 11;
/// See above.
pub(super) const CACHE_READ: u64 = 4;
/// See above; kept for an hour.
pub(super) const CACHE_WRITE: u64 = 2;
/// See above.
pub(super) const OUTPUT: u64 = 7;

/// The scenario's name in a model id: what follows `standin.`.
pub(super) fn name(model: &str) -> Option<&str> {
    model.split_once("standin.").map(|(_, name)| name)
}

/// What the scenario of this name does; `None` when there is no such scenario.
pub(super) fn act(name: &str, asked: &Asked) -> Option<Act> {
    let text = |text: &str| Part::Text(text.to_owned());
    let reply = |parts: Vec<Part>, stop: Stop| Act::Reply(Reply { parts, stop, pause: Duration::ZERO });
    let well = || reply(vec![text("All is well, says the stand-in.")], Stop::End);
    let answer = |result: &str| reply(vec![text(&format!("The tool said: {result}"))], Stop::End);
    Some(match (name, &asked.result, &asked.tool) {
        ("text", ..) => well(),
        ("tool" | "reasoning" | "halfjson", Some(result), _) => answer(result),
        ("tool", None, Some((tool, schema))) => {
            let call = Part::Call { tool: tool.clone(), arguments: example(schema).to_string() };
            reply(vec![text("Let me look."), call], Stop::ToolUse)
        }
        ("reasoning", None, Some((tool, schema))) => {
            let thought = Part::Thought { text: "I had better look.", signature: "c2lnbmVk" };
            reply(vec![thought, Part::Call { tool: tool.clone(), arguments: example(schema).to_string() }], Stop::ToolUse)
        }
        ("halfjson", None, Some((tool, _))) => {
            reply(vec![Part::Call { tool: tool.clone(), arguments: "{\"host\": \"local".to_owned() }], Stop::Limit)
        }
        ("tool" | "reasoning" | "halfjson", None, None) => well(),
        ("slow", ..) => Act::Reply(Reply { parts: vec![text("All is well, if slow.")], stop: Stop::End, pause: Duration::from_millis(100) }),
        ("empty", ..) => reply(Vec::new(), Stop::End),
        ("limit", ..) => reply(vec![text("All is w")], Stop::Limit),
        ("filtered", ..) => reply(vec![text("I may not say.")], Stop::Filtered),
        ("novel-stop", ..) => reply(vec![text("All is well.")], Stop::Novel),
        ("throttled", ..) => Act::Refuse(Refusal::Throttled),
        ("throttled-once", ..) if asked.count == 1 => Act::Refuse(Refusal::Throttled),
        ("throttled-once", ..) => well(),
        ("denied", ..) => Act::Refuse(Refusal::Denied),
        ("expired", ..) => Act::Refuse(Refusal::Expired),
        ("eol", ..) => Act::Refuse(Refusal::EndOfLife),
        ("profile", ..) => Act::Refuse(Refusal::NeedsProfile),
        ("unwell", ..) => Act::Refuse(Refusal::Unwell),
        ("not-ready", ..) => Act::Refuse(Refusal::NotReady),
        ("whole-only", ..) => Act::Refuse(Refusal::NoStreaming),
        ("older", ..) => Act::Refuse(Refusal::NoMaxCompletionTokens),
        ("cut", ..) => Act::Cut,
        ("unfinished", ..) => Act::Unfinished,
        ("instream-throttle", ..) => Act::Exception("throttlingException"),
        ("instream-throttle-capital", ..) => Act::Exception("ThrottlingException"),
        ("instream-unwell", ..) => Act::Exception("serviceUnavailableException"),
        ("instream-invalid", ..) => Act::Exception("validationException"),
        ("garbled", ..) => Act::Garbled,
        ("endless", ..) => Act::Endless,
        ("silent", ..) => Act::Silent,
        _ => return None,
    })
}

/// The reply of the scenarios that refuse one form of a request and answer the other.
pub(super) fn answer_after_all() -> Act {
    Act::Reply(Reply { parts: vec![Part::Text("All is well, says the stand-in.".to_owned())], stop: Stop::End, pause: Duration::ZERO })
}

/// The text in the pieces in which it is streamed.
pub(super) fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// Breaks the connection, a moment after what came before, so that it is sent rather than thrown away.
pub(super) async fn cut<T>() -> io::Result<T> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    Err(io::Error::other("cut by the scenario"))
}

/// Arguments cut in two, as vendors stream them.
pub(super) fn halves(text: &str) -> [&str; 2] {
    let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
    [first, second]
}

/// Arguments that fit a schema's required properties.
fn example(schema: &Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut arguments = Map::new();
    for name in required {
        let property = &schema["properties"][name];
        let value = match property["type"].as_str() {
            _ if property["enum"].is_array() => property["enum"][0].clone(),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ => json!("localhost"),
        };
        arguments.insert(name.to_owned(), value);
    }
    Value::Object(arguments)
}
