//! JSON in the SDK's form and in ours.

use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// Our JSON in the SDK's form.
pub(crate) fn from_json(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(b) => Document::Bool(*b),
        Value::Number(n) => Document::Number(match (n.as_u64(), n.as_i64()) {
            (Some(n), _) => Number::PosInt(n),
            (None, Some(n)) => Number::NegInt(n),
            (None, None) => Number::Float(n.as_f64().unwrap_or_default()),
        }),
        Value::String(s) => Document::String(s.clone()),
        Value::Array(items) => Document::Array(items.iter().map(from_json).collect()),
        Value::Object(map) => Document::Object(map.iter().map(|(key, value)| (key.clone(), from_json(value))).collect()),
    }
}

/// The SDK's JSON in ours. A number that JSON cannot write becomes null.
pub(crate) fn to_json(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(b) => Value::Bool(*b),
        Document::Number(Number::PosInt(n)) => Value::from(*n),
        Document::Number(Number::NegInt(n)) => Value::from(*n),
        Document::Number(Number::Float(n)) => Value::from(*n),
        Document::String(s) => Value::String(s.clone()),
        Document::Array(items) => Value::Array(items.iter().map(to_json).collect()),
        Document::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), to_json(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let value = json!({
            "null": null, "yes": true, "zero": 0, "large": u64::MAX, "small": i64::MIN, "half": 0.5, "text": "é\n\"",
            "list": [1, [], {}, "x"], "object": {"a": {"b": [null]}}
        });
        assert_eq!(to_json(&from_json(&value)), value);
    }

    #[test]
    fn a_number_that_is_none_becomes_null() {
        assert_eq!(to_json(&Document::Number(Number::Float(f64::NAN))), Value::Null);
    }
}
