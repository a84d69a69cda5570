//! Idempotency keys: the same request twice is one run.

use crate::support::{json_of, refused, start};
use serde_json::{Value, json};

#[tokio::test]
async fn a_repeated_submission_gets_the_first_run() {
    let service = start().await;
    let send = |body: &'static str| {
        json_of(service.post("/api/v1/runs").header("Idempotency-Key", "k1").header("Content-Type", "application/json").body(body))
    };
    let (_, first) = send(r#"{"task": "is all well?", "context": {"a": 1, "b": 2}}"#).await;
    service.until(first["run_id"].as_str().unwrap(), "completed").await;
    // The order of fields and the spaces between them make no other request.
    let (status, second) = send(r#"{"context":{"b":2,"a":1},"task":"is all well?"}"#).await;
    assert_eq!((status, &second["run_id"], &second["created_at"]), (202, &first["run_id"], &first["created_at"]));
    assert_eq!(second["status"], "completed");
    assert_eq!(json_of(service.get("/api/v1/runs")).await.1["count"], 1);
}

#[tokio::test]
async fn repeated_requests_at_once_wait_for_one_run_and_answer_the_same() {
    let service = start().await;
    let ask = || json_of(service.post("/api/v1/orchestrate").header("Idempotency-Key", "k2").json(&json!({ "task": "is all well?" })));
    let answers: Vec<(u16, Value)> = futures_util::future::join_all((0..8).map(|_| ask())).await;
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 200), "{answers:?}");
    assert_eq!(json_of(service.get("/api/v1/runs")).await.1["count"], 1);
}

#[tokio::test]
async fn a_key_does_not_serve_two_requests() {
    let service = start().await;
    let post = |path: &str, task: &str| service.post(path).header("Idempotency-Key", "k3").json(&json!({ "task": task }));
    assert_eq!(json_of(post("/api/v1/runs", "is all well?")).await.0, 202);
    refused(post("/api/v1/runs", "is all well now?"), 422, "idempotency_key_reused", "new key").await;
    refused(post("/api/v1/orchestrate", "is all well?"), 422, "idempotency_key_reused", "new key").await;
}

#[tokio::test]
async fn a_key_that_is_none_is_named() {
    let service = start().await;
    let long = "k".repeat(256);
    for key in ["", "two words", "caf\u{e9}", long.as_str()] {
        let value = reqwest::header::HeaderValue::from_bytes(key.as_bytes()).unwrap();
        let request = service.post("/api/v1/runs").header("Idempotency-Key", value).json(&json!({ "task": "is all well?" }));
        let problem = refused(request, 422, "invalid_field", "visible ASCII").await;
        assert_eq!(problem["errors"][0]["field"], "Idempotency-Key");
    }
    let twice = service.post("/api/v1/runs").header("Idempotency-Key", "a").header("Idempotency-Key", "a").json(&json!({ "task": "a" }));
    refused(twice, 422, "invalid_field", "once").await;
}
