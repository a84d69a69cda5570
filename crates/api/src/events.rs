//! An event of a run's journal as callers see it.

use domain::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One entry of a run's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Its sequence number within the run, from 0.
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// What happened: submitted, routed, tool_call_started, completed and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is known of it; its shape depends on `type`.
    pub data: Value,
}

impl EventView {
    /// The event at that place of its journal.
    pub fn of(seq: u64, event: &Event) -> EventView {
        // A fact is encoded as {name: data}, or as the name alone when there is nothing more to say.
        let (kind, data) = match serde_json::to_value(&event.fact) {
            Ok(Value::Object(fields)) => fields.into_iter().next().unwrap_or((event.fact.name().to_owned(), Value::Null)),
            _ => (event.fact.name().to_owned(), Value::Null),
        };
        EventView { seq, at: event.at.rfc3339(), kind, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Fact, Timestamp};
    use serde_json::json;

    #[test]
    fn an_event_is_flat_whether_it_has_data_or_not() {
        let view = |fact| EventView::of(3, &Event { at: Timestamp::from_micros(0), fact });
        let woken = serde_json::to_value(view(Fact::Woken)).unwrap();
        assert_eq!(woken, json!({"seq": 3, "at": "1970-01-01T00:00:00.000Z", "type": "woken", "data": null}));
        let paused = serde_json::to_value(view(Fact::Paused { by: "ann".into() })).unwrap();
        assert_eq!((&paused["type"], &paused["data"]), (&json!("paused"), &json!({"by": "ann"})));
    }
}
