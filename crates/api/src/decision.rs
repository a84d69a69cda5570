//! A person's word on a call that waits for one.

use crate::read::{Fields, Refusal};
use domain::CallId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

const FIELDS: &[&str] = &["call", "call_hash", "decision", "output", "reason"];

/// A person's word on a call that waits for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionBody {
    /// Which call; may be left out when only one waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub call: Option<CallId>,
    /// The hash that was shown with it. When given, an answer to another call is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_hash: Option<String>,
    /// The word.
    pub decision: Saying,
    /// With `done`: what the call gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// With `deny`: why, for the model and the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What can be said: `approve` or `deny` to a call that asks, `retry`, `done` or `abort` to one whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Saying {
    /// Make the call.
    Approve,
    /// Do not.
    Deny,
    /// It did not happen: make it now.
    Retry,
    /// It happened, and gave `output`.
    Done,
    /// End the run.
    Abort,
}

impl Saying {
    /// Reads the wire name.
    pub fn parse(text: &str) -> Option<Saying> {
        match text {
            "approve" => Some(Saying::Approve),
            "deny" => Some(Saying::Deny),
            "retry" => Some(Saying::Retry),
            "done" => Some(Saying::Done),
            "abort" => Some(Saying::Abort),
            _ => None,
        }
    }
}

impl DecisionBody {
    /// Reads the fields of a body. A refusal names every field that is wrong.
    pub fn read(body: Map<String, Value>) -> Result<DecisionBody, Refusal> {
        let mut fields = Fields::new(body, FIELDS);
        let call = fields.text("call").map(CallId::new);
        let call_hash = fields.text("call_hash");
        let output = fields.text("output");
        let reason = fields.text("reason");
        let decision = fields.text("decision").as_deref().and_then(Saying::parse);
        if decision.is_none() {
            fields.wrong("decision", "it must be approve, deny, retry, done or abort");
        }
        if decision == Some(Saying::Done) && output.is_none() {
            fields.wrong("output", "with done, say what the call gave; an empty text is a valid answer");
        }
        if decision != Some(Saying::Done) && output.is_some() {
            fields.wrong("output", "it goes with done");
        }
        if decision != Some(Saying::Deny) && reason.is_some() {
            fields.wrong("reason", "it goes with deny");
        }
        fields.finish()?;
        // Checked above: without a decision `finish` has refused.
        let decision = decision.unwrap_or(Saying::Deny);
        Ok(DecisionBody { call, call_hash, decision, output, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<DecisionBody, Refusal> {
        DecisionBody::read(body.as_object().unwrap().clone())
    }

    #[test]
    fn what_a_client_sends_is_understood() {
        let sent = DecisionBody { call: Some("c3-0".into()), call_hash: None, decision: Saying::Done, output: Some(String::new()), reason: None };
        assert_eq!(read(serde_json::to_value(&sent).unwrap()).unwrap(), sent);
    }

    #[test]
    fn a_wrong_word_is_named() {
        for (body, field) in [
            (json!({}), "decision"),
            (json!({ "decision": "yes" }), "decision"),
            (json!({ "decision": "done" }), "output"),
            (json!({ "decision": "retry", "output": "x" }), "output"),
            (json!({ "decision": "approve", "reason": "x" }), "reason"),
        ] {
            assert_eq!(read(body).unwrap_err().errors[0].field, field);
        }
    }
}
