//! What a tool says of itself, what it is asked, and what it gives back.

use crate::finding::FindingDraft;
use crate::ids::{BlobHash, ToolName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool's description: what the model is offered and what the policy and the engine go by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: ToolName,
    /// What it does and when to use it, for the model.
    pub description: String,
    /// JSON Schema (2020-12) of the arguments object.
    pub input_schema: Value,
    /// What may happen when a call is repeated.
    pub replay: Replay,
    /// What a call does to the world.
    pub effect: EffectClass,
    /// How far a call reaches.
    pub reach: Reach,
    /// Whether an outsider can write what it returns.
    pub trust: Trust,
    /// The longest a call may take, in milliseconds.
    pub timeout_ms: u64,
    /// The deterministic checks it serves, by what they need from the task. Empty: only a model calls it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckKind>,
}

/// What may be done with a call that was started and has no recorded outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// Read only: repeat freely.
    Safe,
    /// Repeat with the same idempotency key.
    Keyed,
    /// Never repeat; a person decides.
    Once,
}

/// What a call does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Looks.
    Observe,
    /// Changes state.
    Change,
    /// Speaks to somebody outside.
    Speak,
}

/// How far a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// This machine.
    Host,
    /// The network.
    Network,
    /// The files of a workspace.
    Workspace,
    /// A cloud account.
    Cloud,
}

/// Whether what a tool returns can carry an outsider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Numbers and names measured by us.
    Trusted,
    /// Text that somebody else could have written. It taints the run.
    Untrusted,
}

/// The kind of target a deterministic check is run for; `checks.rs` fills in the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// This machine; arguments `{}`.
    Machine,
    /// A path on this machine; arguments `{path}`.
    Path,
    /// A host name; arguments `{host}`. Not run for addresses.
    Name,
    /// A host name or an address; arguments `{host}`.
    Host,
    /// A TCP endpoint; arguments `{host, port}`.
    Endpoint,
    /// An endpoint that should or may speak TLS; arguments `{host, port}`, and `{expect_tls: true}` where the task says https.
    Tls,
    /// A web address; arguments `{url}`.
    Url,
}

/// What a tool returns when it could do its work. A closed port is such a result: the work was to find out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolOutput {
    /// What it saw, as text for a model and a person.
    pub text: String,
    /// What is wrong, each with a quote from `text`.
    pub findings: Vec<FindingDraft>,
    /// Whether later checks of the same target make sense: false for a closed port or a name that does not resolve.
    pub reachable: bool,
}

/// Why a tool could not do its work. The message is for the model and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ToolError {
    /// What the caller can do about it.
    pub kind: ToolErrorKind,
    /// What went wrong, one sentence.
    pub message: String,
}

/// Classes of tool failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolErrorKind {
    /// The arguments do not fit the schema, or the tool does not exist.
    InvalidArguments,
    /// The policy or a person said no.
    Denied,
    /// The target may not be reached: a metadata address, say.
    Refused,
    /// It took longer than it may.
    Timeout,
    /// The machine lacks what the tool needs, such as a permission.
    Unavailable,
    /// The run was cancelled.
    Cancelled,
    /// Anything else.
    Failed,
}

impl ToolError {
    /// An error of this kind.
    pub fn new(kind: ToolErrorKind, message: impl Into<String>) -> ToolError {
        ToolError { kind, message: message.into() }
    }
}

/// A tool's output as the journal holds it: whole when small, else head and tail with the rest in a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOutput {
    /// What the context shows.
    pub text: String,
    /// Where the whole output is, when `text` is not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spilled: Option<Spilled>,
}

/// A handle to an output too large for the context. Only the run that made it can open it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spilled {
    /// Names the blob.
    pub blob: BlobHash,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Bytes of output that stay in the context. About two thousand tokens: a screenful of numbers fits, a log does not.
pub const OUTPUT_BYTES_MAX: usize = 8 * 1024;

/// The head and tail of `text` that stay in the context, or `None` when all of it does.
pub fn abridge(text: &str, blob: &BlobHash) -> Option<String> {
    if text.len() <= OUTPUT_BYTES_MAX {
        return None;
    }
    let head = &text[..text.floor_char_boundary(OUTPUT_BYTES_MAX * 3 / 4)];
    let tail = &text[text.ceil_char_boundary(text.len() - OUTPUT_BYTES_MAX / 4)..];
    let left_out = text.len() - head.len() - tail.len();
    Some(format!("{head}\n[{left_out} bytes left out; the whole output is kept as {blob}]\n{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_output_keeps_head_and_tail() {
        let text = format!("start{}end", "é".repeat(OUTPUT_BYTES_MAX));
        let kept = abridge(&text, &BlobHash::of(text.as_bytes())).unwrap();
        assert!(kept.starts_with("start") && kept.ends_with("end") && kept.contains("bytes left out"));
        assert!(kept.len() < OUTPUT_BYTES_MAX + 200);
        assert_eq!(abridge("small", &BlobHash::of(b"small")), None);
    }
}
