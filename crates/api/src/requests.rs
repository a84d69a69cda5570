//! What callers send.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A task, in the shape of the compatible API.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrchestrateRequest {
    /// What is asked, in plain words; 1 to 10,000 characters.
    pub task: String,
    /// What the caller adds: an object of at most 50,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Value>,
    /// Only these agents, at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_ids: Option<Vec<String>>,
}

/// A task with all that can be said of its run.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// What is asked, in plain words; 1 to 10,000 characters.
    pub task: String,
    /// What the caller adds: an object of at most 50,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Value>,
    /// Only these agents, at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_ids: Option<Vec<String>>,
    /// `none` for checks only, or the server's own model; another is refused, because the server pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the run may cost, in millionths of a US dollar; at most the server's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd_micros: Option<i64>,
    /// Checks only, for this target: a host, `host:port` or web address, or `host` for the machine of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

/// A person's word on a call that waits for one.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// The call; may be left out when only one waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The hash that was shown; an answer to another call is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_hash: Option<String>,
    /// The word.
    pub decision: Saying,
    /// With `done`: what the call gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// With `deny`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a person can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Saying {
    /// Make the call.
    Approve,
    /// Do not make it.
    Deny,
    /// The call whose outcome is unknown did not happen: make it now.
    Retry,
    /// It happened, and gave `output`.
    Done,
    /// End the run.
    Abort,
}
