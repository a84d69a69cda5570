//! What a model is asked and what it answers, in our words. Providers translate to and from their vendors' wires.

use crate::canonical;
use crate::hashed::Hashed;
use crate::ids::{CallId, ToolName};
use crate::money::Usage;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Names a model as `provider/model-id`. The model id is the provider's own and may hold slashes and colons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelRef(String);

impl ModelRef {
    /// Reads `provider/model-id`; both parts must be there.
    pub fn parse(text: &str) -> Option<ModelRef> {
        let (provider, id) = text.split_once('/')?;
        (!provider.is_empty() && !id.is_empty()).then(|| ModelRef(text.to_owned()))
    }

    /// The part before the first slash.
    pub fn provider(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(provider, _)| provider)
    }

    /// The part after the first slash.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }

    /// The whole.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything a model is sent. Built from the journal alone, so the same journal gives the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelRequest {
    /// Which model.
    pub model: ModelRef,
    /// The instruction.
    pub system: String,
    /// The conversation, user and assistant in turn, user first.
    pub messages: Vec<Hashed<Message>>,
    /// The tools on offer.
    pub tools: Vec<Hashed<OfferedTool>>,
    /// The longest answer wanted, in tokens. The engine may grant less when money is short.
    pub output_tokens_max: u32,
}

impl ModelRequest {
    /// The canonical bytes: two requests are the same when these are.
    pub fn canonical(&self) -> Vec<u8> {
        canonical::bytes(self)
    }

    /// What names the request in the journal, without writing all of it.
    ///
    /// The hash is the SHA-256 of the canonical request in which each message and each tool is replaced by the SHA-256 of its own canonical bytes,
    /// in hexadecimal.
    pub fn seal(&self) -> Seal {
        #[derive(Serialize)]
        struct Parts<'a> {
            model: &'a ModelRef,
            system: &'a str,
            messages: Vec<String>,
            tools: Vec<String>,
            output_tokens_max: u32,
        }
        let parts = Parts {
            model: &self.model,
            system: &self.system,
            messages: self.messages.iter().map(Hashed::sha256_hex).collect(),
            tools: self.tools.iter().map(Hashed::sha256_hex).collect(),
            output_tokens_max: self.output_tokens_max,
        };
        let bytes = canonical::bytes(&parts);
        let lengths = self.messages.iter().map(Hashed::canonical_len).chain(self.tools.iter().map(Hashed::canonical_len));
        // A hash stands as 64 digits between quotes.
        let stand_ins = 66 * (self.messages.len() + self.tools.len()) as u64;
        Seal { sha256_hex: canonical::sha256_hex(&bytes), canonical_len: bytes.len() as u64 - stand_ins + lengths.sum::<u64>() }
    }
}

/// A request's hash and length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Names the request; see [`ModelRequest::seal`].
    pub sha256_hex: String,
    /// The length of the canonical bytes: about what leaves the machine, and the bound of the input's tokens.
    pub canonical_len: u64,
}

/// A tool as a model sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferedTool {
    /// Its name.
    pub name: ToolName,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments object.
    pub input_schema: Value,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said, in order.
    pub content: Vec<Content>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The task and the tool results.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// The model asks for a tool.
    ToolUse {
        /// Our id of the call.
        call: CallId,
        /// The tool.
        tool: ToolName,
        /// The arguments, an object.
        arguments: Value,
    },
    /// What the tool gave.
    ToolResult {
        /// Our id of the call.
        call: CallId,
        /// The output or the error.
        text: String,
        /// Whether it is an error.
        is_error: bool,
    },
    /// A block only its vendor understands, such as signed reasoning. It is sent back as it came, to that provider alone.
    Opaque {
        /// The provider that made it.
        provider: String,
        /// The vendor's own shape.
        data: Value,
    },
}

impl Content {
    /// Words.
    pub fn text(text: impl Into<String>) -> Content {
        Content::Text { text: text.into() }
    }
}

/// A model's whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReply {
    /// What it said; may be empty beside calls.
    pub text: String,
    /// The tools it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<RequestedCall>,
    /// Blocks to send back as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opaque: Vec<Value>,
    /// Why it stopped.
    pub stop: Stop,
    /// What was billed; `None` when the provider did not say.
    pub usage: Option<Usage>,
}

/// A tool call as the model wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestedCall {
    /// The tool's name, which may be of no tool.
    pub tool: ToolName,
    /// The arguments; an empty object when they could not be read.
    pub arguments: Value,
    /// Why the call cannot be made: half a JSON text, arguments against the schema. The model is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It had said what it had to say.
    End,
    /// It waits for tools.
    ToolUse,
    /// It ran out of the tokens it was granted.
    OutputLimit,
    /// The provider's filter or a guardrail stepped in.
    Filtered,
}

/// What a model call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To choose agents for the task.
    Route,
    /// A turn of the agent.
    Turn,
}

/// Why a model call gave no reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What can be done about it.
    pub kind: ModelErrorKind,
    /// What happened and what to do, one or two sentences.
    pub message: String,
    /// How long the provider asks us to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Classes of model failure. Adapters classify, the engine decides whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelErrorKind {
    /// The provider asks us to slow down.
    RateLimited,
    /// The provider is unwell: 5xx, overloaded, not ready, an exception inside the stream.
    Unavailable,
    /// No connection.
    Connect,
    /// No answer in time, or none that ended.
    Timeout,
    /// The reply was cut off or could not be read.
    Malformed,
    /// The credentials are missing, wrong or not enough.
    Denied,
    /// There is no such model here, or no longer.
    NotFound,
    /// The provider refuses the request as it is.
    Invalid,
    /// The price is unknown, so the call was not made.
    Unpriced,
    /// A budget is gone, so the call was not made.
    OverBudget,
    /// Our process ended during the call.
    Interrupted,
    /// The run was cancelled during the call.
    Cancelled,
}

impl ModelErrorKind {
    /// Whether the same call may go through later.
    pub fn is_transient(self) -> bool {
        use ModelErrorKind::*;
        matches!(self, RateLimited | Unavailable | Connect | Timeout | Malformed | Interrupted)
    }

    /// Whether nothing can have been billed: the call was never made or was turned away at the door.
    pub fn is_free(self) -> bool {
        use ModelErrorKind::*;
        matches!(self, RateLimited | Connect | Denied | NotFound | Invalid | Unpriced | OverBudget)
    }
}

impl ModelError {
    /// An error of this kind.
    pub fn new(kind: ModelErrorKind, message: impl Into<String>) -> ModelError {
        ModelError { kind, message: message.into(), retry_after_ms: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_seal_knows_the_length_of_the_whole_and_changes_with_every_part() {
        let said = |speaker, text: &str| Message { speaker, content: vec![Content::text(text)] }.into();
        let tool = |name: &str| OfferedTool { name: name.into(), description: "Looks.".to_owned(), input_schema: json!({"z": 1, "a": "é"}) }.into();
        let request = ModelRequest {
            model: ModelRef::parse("a/b").unwrap(),
            system: "Look.".to_owned(),
            messages: vec![said(Speaker::User, "Is it up?"), said(Speaker::Assistant, "Yes.")],
            tools: vec![tool("dns"), tool("tcp")],
            output_tokens_max: 9,
        };
        let seal = request.seal();
        assert_eq!(seal.canonical_len, request.canonical().len() as u64);
        let mut others = vec![request.clone(); 4];
        others[0].messages.swap(0, 1);
        others[1].messages[1] = said(Speaker::Assistant, "No.");
        others[2].tools.truncate(1);
        others[3].output_tokens_max = 10;
        for other in others {
            assert_ne!(other.seal().sha256_hex, seal.sha256_hex);
            assert_eq!(other.seal().canonical_len, other.canonical().len() as u64);
        }
        assert_eq!(request.clone().seal(), seal);
    }
}
