//! An event of a run's journal as it is shown and streamed.

use domain::{Event, Fact};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One event: its place, its time, its name, and beside them whatever the fact holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Its sequence number, from 0.
    pub seq: u64,
    /// When it was recorded, RFC 3339.
    pub at: String,
    /// Its name, such as `tool_call_started`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The fact's own fields.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    pub fields: Map<String, Value>,
}

impl EventView {
    /// The event at this place of a journal.
    pub fn of(seq: u64, event: &Event) -> EventView {
        let kind = event.fact.name();
        let fields = match serde_json::to_value(&event.fact) {
            // A fact is written as `{"<name>": {…}}`, one without fields as its name alone.
            Ok(Value::Object(mut fact)) => match fact.remove(kind) {
                Some(Value::Object(fields)) => fields,
                _ => Map::new(),
            },
            _ => Map::new(),
        };
        EventView { seq, at: event.at.rfc3339(), kind: kind.to_owned(), fields }
    }

    /// The fact, for a client that shows events from elsewhere as it shows its own. An error means that a newer release sent it.
    pub fn fact(&self) -> Result<Fact, serde_json::Error> {
        let fields = Value::Object(self.fields.clone());
        serde_json::from_value(serde_json::json!({ &self.kind: fields })).or_else(|error| match self.fields.is_empty() {
            true => serde_json::from_value(Value::String(self.kind.clone())),
            false => Err(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::{Completed, Outcome};
    use domain::{CallId, Timestamp};

    #[test]
    fn an_event_shows_its_fact_beside_its_place_and_reads_back() {
        for fact in [
            Fact::Woken,
            Fact::ToolCallUnknown { call: CallId::at(3, 0) },
            Fact::Completed(Completed { answer: "All is well.".to_owned(), outcome: Outcome::Full }),
        ] {
            let event = Event { at: Timestamp::from_micros(1_795_000_000_123_456), fact };
            let text = serde_json::to_string(&EventView::of(7, &event)).unwrap();
            let view: EventView = serde_json::from_str(&text).unwrap();
            assert_eq!((view.seq, view.kind.as_str()), (7, event.fact.name()));
            assert_eq!(view.fact().unwrap(), event.fact, "{text}");
        }
        let event = Event { at: Timestamp::from_micros(0), fact: Fact::Paused { by: "kid_1".to_owned() } };
        let text = serde_json::to_string(&EventView::of(2, &event)).unwrap();
        assert_eq!(text, r#"{"seq":2,"at":"1970-01-01T00:00:00.000Z","type":"paused","by":"kid_1"}"#);
    }
}
