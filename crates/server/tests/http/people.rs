//! What people do to runs.

use crate::support::{json_of, redacted, refused, start};
use serde_json::json;

#[tokio::test]
async fn a_run_that_waits_for_a_person_answers_202_and_goes_on_with_their_word() {
    let service = start().await;
    let (status, body) = json_of(service.post("/api/v1/orchestrate").json(&json!({ "task": "restart it: is all well?" }))).await;
    assert_eq!((status, body["success"].as_bool(), body["status"].as_str()), (202, Some(false), Some("awaiting_approval")));
    let path = format!("/api/v1/runs/{}", body["run_id"].as_str().unwrap());
    let (_, run) = json_of(service.get(&path)).await;
    let hash = run["pending"][0]["call_hash"].as_str().unwrap().to_owned();
    let pending = json!([{
        "call": "c3-0",
        "call_hash": hash,
        "tool": "restart",
        "arguments": { "service": "web" },
        "reason": "restart changes state",
        "kind": "approval",
    }]);
    assert_eq!(run["pending"], pending);
    let decide = |body| service.post(&format!("{path}/decision")).json(&body);
    refused(decide(json!({ "decision": "retry" })), 409, "conflict", "approve or deny").await;
    refused(decide(json!({ "decision": "approve", "call": "c9-9" })), 409, "conflict", "waiting: c3-0").await;
    refused(decide(json!({ "decision": "approve", "call_hash": "of another call" })), 409, "conflict", "look at it again").await;
    refused(decide(json!({ "decision": "yes" })), 422, "invalid_field", "approve, deny").await;
    let (status, answer) = json_of(decide(json!({ "decision": "approve", "call": "c3-0", "call_hash": hash }))).await;
    assert_eq!((status, answer["message"].as_str()), (200, Some("recorded")));
    let run = service.until(body["run_id"].as_str().unwrap(), "completed").await;
    assert_eq!(run["tool_calls"][0]["state"], "finished");
    refused(decide(json!({ "decision": "approve" })), 409, "conflict", "ended").await;
}

#[tokio::test]
async fn a_no_is_told_to_the_model() {
    let service = start().await;
    let run = service.submit("restart it: is all well?").await;
    service.until(&run, "awaiting_approval").await;
    let request = service.post(&format!("/api/v1/runs/{run}/decision")).json(&json!({ "decision": "deny", "reason": "not today" }));
    assert_eq!(json_of(request).await.0, 200);
    let run = service.until(&run, "completed").await;
    assert_eq!(run["tool_calls"][0]["state"], "failed");
    assert!(run["tool_calls"][0]["output"].as_str().unwrap().contains("said no: not today"), "{run}");
}

#[tokio::test]
async fn a_run_is_cancelled_once() {
    let service = start().await;
    let run = service.submit("wait, is all well?").await;
    let cancel = || json_of(service.post(&format!("/api/v1/runs/{run}/cancel")));
    let (status, body) = cancel().await;
    let expected = json!({ "run_id": "<id>", "status": "cancelled", "message": "the run was cancelled" });
    assert_eq!((status, redacted(body)), (200, expected));
    let (status, body) = cancel().await;
    assert_eq!(
        (status, body["status"].as_str(), body["message"].as_str()),
        (200, Some("cancelled"), Some("the run had ended before: it is cancelled"))
    );
    let (_, shown) = json_of(service.get(&format!("/api/v1/runs/{run}"))).await;
    assert!(shown["error"].as_str().unwrap().starts_with("cancelled by kid_"), "{shown}");
}

#[tokio::test]
async fn resuming_what_is_not_paused_says_how_the_run_stands() {
    let service = start().await;
    let run = service.submit("restart it: is all well?").await;
    service.until(&run, "awaiting_approval").await;
    let (status, body) = json_of(service.post(&format!("/api/v1/runs/{run}/resume"))).await;
    assert_eq!((status, body["status"].as_str()), (200, Some("awaiting_approval")));
    let ended = service.submit("is all well?").await;
    service.until(&ended, "completed").await;
    refused(service.post(&format!("/api/v1/runs/{ended}/resume")), 409, "conflict", "completed").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cancel_its_run() {
    let service = start().await;
    let request = service.post("/api/v1/orchestrate").timeout(std::time::Duration::from_millis(100)).json(&json!({ "task": "wait, is all well?" }));
    assert!(request.send().await.unwrap_err().is_timeout());
    let (_, list) = json_of(service.get("/api/v1/runs")).await;
    service.open_the_gate();
    service.until(list["runs"][0]["run_id"].as_str().unwrap(), "completed").await;
}
