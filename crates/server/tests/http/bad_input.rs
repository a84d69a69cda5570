//! What a caller can get wrong: each gets a clear error, and none is ours.

use crate::support::{KEY, refused, start};
use serde_json::json;

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[tokio::test]
async fn a_blank_task_is_named() {
    let service = start().await;
    for path in ["/api/v1/orchestrate", "/api/v1/runs"] {
        for body in [json!({}), json!({ "task": "" }), json!({ "task": " \n\t" }), json!({ "task": null })] {
            let problem = refused(service.post(path).json(&body), 422, "invalid_field", "plain words").await;
            assert_eq!(problem["errors"][0]["field"], "task");
            assert_eq!((problem["type"].as_str(), problem["instance"].as_str()), (Some("about:blank"), Some(path)));
        }
    }
}

#[tokio::test]
async fn a_task_of_a_megabyte_is_too_long_and_a_body_of_more_too_large() {
    let service = start().await;
    let task = "a".repeat(1_000_000);
    refused(service.post("/api/v1/runs").json(&json!({ "task": task })), 422, "invalid_field", "10000 is the most").await;
    let task = "a".repeat(3_000_000);
    refused(service.post("/api/v1/runs").json(&json!({ "task": task })), 413, "body_too_large", "1048576 bytes").await;
    // Without a length that is announced, the limit holds all the same.
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> = (0..40).map(|_| Ok(vec![b' '; 65_536])).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    refused(service.post("/api/v1/runs").header(JSON.0, JSON.1).body(body), 413, "body_too_large", "1048576 bytes").await;
}

#[tokio::test]
async fn a_body_that_is_no_json_object_says_why() {
    let service = start().await;
    let deep = "[".repeat(100_000);
    let deep_in_context = format!("{{\"task\":\"a\",\"context\":{}{}}}", "{\"a\":".repeat(100_000), "1");
    for (body, code, said) in [
        (&b""[..], "invalid_request", "empty"),
        (b"{\"task\":", "invalid_request", "not JSON"),
        (b"[]", "invalid_request", "not a list"),
        (b"{\"task\":\"\xff\xfe\"}", "invalid_request", "not UTF-8"),
        (deep.as_bytes(), "json_too_deep", "32 levels"),
        (deep_in_context.as_bytes(), "json_too_deep", "32 levels"),
    ] {
        refused(service.post("/api/v1/orchestrate").header(JSON.0, JSON.1).body(body.to_vec()), 400, code, said).await;
    }
}

#[tokio::test]
async fn an_unknown_field_is_told_what_was_meant() {
    let service = start().await;
    let problem =
        refused(service.post("/api/v1/runs").json(&json!({ "task": "a", "agent_id": [] })), 422, "unknown_field", "did you mean agent_ids?").await;
    assert_eq!(problem["errors"][0]["field"], "agent_id");
    refused(service.get("/api/v1/runs?limt=3"), 422, "unknown_field", "did you mean limit?").await;
}

#[tokio::test]
async fn values_that_make_no_sense_are_named() {
    let service = start().await;
    for (body, field, said) in [
        (json!({ "task": "a", "agent_ids": ["nobody"] }), "agent_ids", "there are: supervisor, watcher"),
        (json!({ "task": "a", "agent_ids": "watcher" }), "agent_ids", "a list of texts, not a text"),
        (json!({ "task": "a", "model": "gpt" }), "model", "provider/model-id"),
        (json!({ "task": "a", "model": "openai/gpt" }), "model", "there are: test. Leave model out"),
        (json!({ "task": "a", "context": 1 }), "context", "an object, not a number"),
        (json!({ "task": "a", "budget_usd": 0 }), "budget_usd", "above 0"),
        (json!({ "task": "a", "mode": "checks" }), "agent_ids", "name the agents"),
        (json!({ "task": "a", "mode": "checks", "agent_ids": ["watcher"], "targets": ["-c1;id"] }), "targets[0]", "-c1;id"),
    ] {
        let problem = refused(service.post("/api/v1/runs").json(&body), 422, "invalid_field", said).await;
        assert_eq!(problem["errors"][0]["field"], field);
    }
    for query in ["limit=0", "limit=101", "limit=x", "offset=-1", "status=done", "cursor=7"] {
        refused(service.get(&format!("/api/v1/runs?{query}")), 422, "invalid_field", "it must be").await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let service = start().await;
    for declared in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/json; charset=latin1")] {
        let request = service.post("/api/v1/runs").body("{\"task\":\"a\"}");
        let request = declared.map_or_else(|| request.try_clone().unwrap(), |d| request.try_clone().unwrap().header("Content-Type", d));
        refused(request, 415, "unsupported_media_type", "application/json").await;
    }
    let request = service.post("/api/v1/runs").header("Content-Type", "Application/JSON; charset=UTF-8").body("{\"task\":\"a\"}");
    assert_eq!(request.send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn a_body_that_is_cut_half_way_is_refused() {
    let service = start().await;
    let head = format!("POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n");
    let cut = service.raw(format!("{head}Content-Length: 100\r\n\r\n{{\"task\":").as_bytes()).await;
    // A client that has closed its side may not read, but one that has only stopped sending does.
    assert!(cut.is_empty() || cut.starts_with("HTTP/1.1 400") && cut.contains("body_incomplete"), "{cut}");
    let wrong = service.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n").as_bytes()).await;
    assert!(wrong.starts_with("HTTP/1.1 400"), "{wrong}");
    assert_eq!(crate::support::json_of(service.get("/api/v1/runs")).await.1["count"], 0);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let service = start().await;
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"] {
        let answer = service.raw(bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "a".repeat(200_000));
    let answer = service.raw(long.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let service = start().await;
    refused(service.get("/api/v1/nothing"), 404, "not_found", "/openapi.json").await;
    refused(service.get("/api/v1/agents/nobody"), 404, "not_found", "there are: supervisor, watcher").await;
    for run in ["01890000-0000-7000-8000-000000000000", "7", "..%2f..%2fetc", "%ff"] {
        refused(service.get(&format!("/api/v1/runs/{run}")), 404, "not_found", "").await;
        refused(service.get(&format!("/api/v1/runs/{run}/events")), 404, "not_found", "").await;
        refused(service.post(&format!("/api/v1/runs/{run}/cancel")), 404, "not_found", "").await;
        refused(service.post(&format!("/api/v1/runs/{run}/resume")), 404, "not_found", "").await;
        refused(service.post(&format!("/api/v1/runs/{run}/decision")).json(&json!({ "decision": "approve" })), 404, "not_found", "").await;
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_named() {
    let service = start().await;
    let response = service.http.delete(service.url("/api/v1/runs")).send().await.unwrap();
    assert_eq!(response.status(), 405);
    let mut allowed: Vec<_> = response.headers()["allow"].to_str().unwrap().split(',').map(str::to_owned).collect();
    allowed.sort();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    refused(service.http.put(service.url("/api/v1/orchestrate")), 405, "method_not_allowed", "Allow").await;
}
