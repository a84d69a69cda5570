//! The OpenAPI schemas of domain types that go over the wire as they are. A test holds each against a real value.

use domain::event::Status;
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

fn schema(value: Value) -> RefOr<Schema> {
    RefOr::T(serde_json::from_value(value).expect("the schemas below are well formed"))
}

pub(crate) fn status() -> RefOr<Schema> {
    let names: Vec<_> = Status::ALL.iter().map(|s| s.as_str()).collect();
    schema(json!({ "type": "string", "enum": names, "description": "Where the run stands." }))
}

pub(crate) fn outcome() -> RefOr<Schema> {
    schema(
        json!({ "type": ["string", "null"], "enum": ["full", "partial", null], "description": "How complete the answer is, once the run has completed." }),
    )
}

pub(crate) fn usage() -> RefOr<Schema> {
    let count = |what: &str| json!({ "type": "integer", "format": "int64", "minimum": 0, "description": what });
    schema(json!({
        "type": "object",
        "description": "Tokens, in the provider's billed units. The counts are disjoint.",
        "required": ["input_fresh", "cache_read", "cache_write_5m", "cache_write_1h", "output"],
        "properties": {
            "input_fresh": count("Input that was neither read from nor written to the provider's cache."),
            "cache_read": count("Input read from the cache."),
            "cache_write_5m": count("Input written to the cache for five minutes."),
            "cache_write_1h": count("Input written to the cache for an hour."),
            "output": count("Output, including reasoning."),
        },
    }))
}

pub(crate) fn findings() -> RefOr<Schema> {
    let text = |what: &str| json!({ "type": "string", "description": what });
    let evidence = json!({
        "type": "object",
        "required": ["kind", "run_id", "event", "tool", "quote"],
        "properties": {
            "kind": { "type": "string", "enum": ["event"], "description": "An output recorded in a run's journal." },
            "run_id": { "type": "string", "format": "uuid", "description": "Whose journal." },
            "event": { "type": "integer", "format": "int64", "minimum": 0, "description": "The event's sequence number." },
            "tool": text("The tool that gave the output."),
            "where": text("Where in the world: host:port, a path, a process."),
            "quote": text("Words of the output."),
        },
    });
    let finding = json!({
        "type": "object",
        "required": ["id", "severity", "title", "evidence", "remedy", "source"],
        "properties": {
            "id": text("Unique within the run."),
            "severity": { "type": "string", "enum": ["critical", "high", "medium", "low", "info"], "description": "How bad it is." },
            "title": text("One sentence that names the thing."),
            "evidence": { "type": "array", "items": evidence, "description": "What it stands on." },
            "remedy": text("What to do."),
            "source": text("Who says so: the tool or the agent."),
        },
    });
    schema(json!({ "type": "array", "items": finding, "description": "What was found, in order." }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::finding::{Evidence, Finding, Severity};
    use domain::money::Usage;
    use domain::{RunId, ToolName};

    /// Every property the value has is described, and every required one is there.
    fn check(schema: &Value, value: &Value) {
        let described = schema["properties"].as_object().unwrap();
        for (name, value) in value.as_object().unwrap() {
            let property = described.get(name).unwrap_or_else(|| panic!("{name} is not described"));
            if let (Some(items), Some(values)) = (property.get("items"), value.as_array()) {
                values.iter().for_each(|v| check(items, v));
            }
        }
        for name in schema["required"].as_array().unwrap() {
            assert!(value.get(name.as_str().unwrap()).is_some(), "{name} is missing");
        }
    }

    #[test]
    fn the_schemas_describe_what_is_sent() {
        check(&serde_json::to_value(usage()).unwrap(), &serde_json::to_value(Usage::default()).unwrap());
        let evidence = Evidence::Event {
            run_id: RunId::from_bytes([7; 16]),
            event: 3,
            tool: ToolName::new("t"),
            place: Some("here".to_owned()),
            quote: "q".to_owned(),
        };
        let finding = Finding {
            id: "f3-0".to_owned(),
            severity: Severity::High,
            title: "t".to_owned(),
            evidence: vec![evidence],
            remedy: String::new(),
            source: "t".to_owned(),
        };
        check(&serde_json::to_value(findings()).unwrap()["items"], &serde_json::to_value(finding).unwrap());
    }
}
