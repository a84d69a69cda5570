//! One tool call's way from proposed to finished.

use crate::event::{ToolCallFinished, ToolCallStarted};
use crate::ids::{CallId, ToolName};
use crate::tool::{ToolError, ToolErrorKind};
use serde_json::Value;

/// A tool call that a model asked for or a plan holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Unique within the run.
    pub id: CallId,
    /// The tool asked for; it may not exist.
    pub tool: ToolName,
    /// The arguments.
    pub arguments: Value,
    /// Why it is not to be made: it is malformed, or a person said no.
    pub problem: Option<ToolError>,
    /// The hash of the call that a person approved.
    pub approved_hash: Option<String>,
    /// How far it is.
    pub state: CallState,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq)]
pub enum CallState {
    /// Nothing has been done.
    Proposed,
    /// A person is asked.
    Waiting {
        /// What they are shown; their answer is bound to it.
        call_hash: String,
        /// Why.
        reason: String,
    },
    /// The intent is recorded, the outcome is not.
    Started(ToolCallStarted),
    /// Whether it happened is not known; a person must say.
    Unknown,
    /// It has an outcome.
    Finished(CallResult),
}

/// A call's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallResult {
    /// The event that recorded it.
    pub seq: u64,
    /// What went wrong, if anything did.
    pub error: Option<ToolErrorKind>,
    /// What the context shows of the output.
    pub text: String,
    /// Whether checks that build on it make sense.
    pub reachable: bool,
}

impl Call {
    /// A call nothing has been done about.
    pub(crate) fn proposed(id: CallId, tool: ToolName, arguments: Value, problem: Option<ToolError>) -> Call {
        Call { id, tool, arguments, problem, approved_hash: None, state: CallState::Proposed }
    }

    /// The outcome, when there is one.
    pub fn result(&self) -> Option<&CallResult> {
        match &self.state {
            CallState::Finished(result) => Some(result),
            _ => None,
        }
    }
}

impl CallResult {
    pub(super) fn of(seq: u64, finished: ToolCallFinished) -> CallResult {
        CallResult { seq, error: finished.error, text: finished.output.text, reachable: finished.reachable }
    }
}
