//! The contract is pinned: a change to it shows in the diff of `openapi.json`.

use crate::support::{json_of, start};
use serde_json::Value;
use std::collections::BTreeSet;

const REFRESH: &str = "to take over what has changed, run: UPDATE_GOLDEN=1 cargo test -p server --test http openapi";

#[tokio::test]
async fn the_document_is_the_one_in_the_repository() {
    let service = start().await;
    let (_, document) = json_of(service.http.get(service.url("/openapi.json"))).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
    }
    // As values: the order of keys is a matter of the build's features.
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(golden == document, "crates/server/openapi.json is not what the server serves; {REFRESH}");
}

#[tokio::test]
async fn the_document_names_every_error_and_nothing_that_is_missing() {
    let document = serde_json::to_value(server::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operations.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            for status in if operation.get("security").is_some() { &["401", "429", "500", "503"][..] } else { &[] } {
                assert!(responses.contains_key(*status), "{method} {path} has no {status}");
            }
        }
    }
    assert_eq!(operations.len(), 15, "{operations:?}");
    let mut referred = BTreeSet::new();
    references(&document, &mut referred);
    let known = document["components"]["schemas"].as_object().unwrap();
    assert!(referred.contains("#/components/schemas/Problem"));
    for reference in referred {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(known.contains_key(name), "{reference} leads nowhere");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.insert(reference.clone());
            }
            fields.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}
