//! Each route does its work, and its body is what clients were promised.

use crate::support::{Wanted, default_budget, json_of, redacted, start, start_with};
use serde_json::json;
use server::Bounds;
use std::time::Duration;

#[tokio::test]
async fn orchestrate_answers_in_the_compatible_shape() {
    let service = start().await;
    let response = service.post("/api/v1/orchestrate").json(&json!({ "task": "is all well?" })).send().await.unwrap();
    assert_eq!(response.status(), 200);
    for (name, value) in
        [("x-api-version", "1"), ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("content-type", "application/json")]
    {
        assert_eq!(response.headers()[name], value);
    }
    assert!(response.headers().contains_key("content-security-policy"));
    let body = response.json().await.unwrap();
    let usage = json!({ "input_fresh": 100, "cache_read": 0, "cache_write_5m": 0, "cache_write_1h": 0, "output": 10 });
    let expected = json!({
        "success": true,
        "results": [{
            "agent_id": "watcher",
            "agent_name": "Watcher",
            "success": true,
            "output": { "summary": "All is well.", "outcome": "full", "findings": [] },
            "metadata": { "agents": ["watcher"], "usage": usage, "cost_usd_micros": 0, "duration_ms": "<duration>" },
            "timestamp": "<time>",
        }],
        "message": "the task was completed",
        "run_id": "<id>",
        "status": "completed",
    });
    assert_eq!(redacted(body), expected);
}

#[tokio::test]
async fn orchestrate_answers_202_when_the_run_takes_longer_and_the_run_goes_on() {
    let bounds = Bounds { wait_max: Duration::from_millis(50), ..Bounds::default() };
    let service = start_with(Wanted { bounds, ..Wanted::default() }).await;
    let response = service.post("/api/v1/orchestrate").json(&json!({ "task": "wait, is all well?" })).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(location, format!("/api/v1/runs/{}", body["run_id"].as_str().unwrap()));
    let expected = json!({
        "success": false,
        "results": [],
        "message": "the run goes on: follow it at /api/v1/runs/<id>",
        "run_id": "<id>",
        "status": "running",
    });
    assert_eq!(redacted(body.clone()), expected);
    service.open_the_gate();
    service.until(body["run_id"].as_str().unwrap(), "completed").await;
}

#[tokio::test]
async fn a_preference_not_to_wait_is_followed() {
    let service = start().await;
    let request = service.post("/api/v1/orchestrate").header("Prefer", "respond-async").json(&json!({ "task": "wait, is all well?" }));
    assert_eq!(json_of(request).await.0, 202);
}

#[tokio::test]
async fn a_run_is_submitted_and_shown_whole() {
    let service = start().await;
    let response = service.post("/api/v1/runs").json(&json!({ "goal": " is all well? ", "context": { "a": 1 } })).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let accepted: serde_json::Value = response.json().await.unwrap();
    let expected = json!({
        "run_id": "<id>",
        "status": "pending",
        "goal": "is all well?",
        "created_at": "<time>",
        "message": "the run was accepted: follow it at /api/v1/runs/<id>",
    });
    assert_eq!(redacted(accepted.clone()), expected);
    let run = service.until(accepted["run_id"].as_str().unwrap(), "completed").await;
    let (status, body) = json_of(service.get(&location)).await;
    assert_eq!((status, &body), (200, &run));
    assert_eq!(body["created_at"], accepted["created_at"]);
    let usage = json!({ "input_fresh": 100, "cache_read": 0, "cache_write_5m": 0, "cache_write_1h": 0, "output": 10 });
    let expected = json!({
        "run_id": "<id>",
        "status": "completed",
        "outcome": "full",
        "answer": "All is well.",
        "findings": [],
        "agents": ["watcher"],
        "usage": usage,
        "cost_usd_micros": 0,
        "duration_ms": "<duration>",
        "task": "is all well?",
        "goal": "is all well?",
        "context": { "a": 1 },
        "model": "test/obedient",
        "cost_usd_micros_max": default_budget(),
        "request_bytes": "<bytes>",
        "created_at": "<time>",
        "updated_at": "<time>",
        "completed_at": "<time>",
        "error": null,
        "pending": [],
        "model_calls": [{
            "event": 2,
            "purpose": "turn",
            "model": "test/obedient",
            "destination": "local",
            "request_bytes": "<bytes>",
            "attempt": 1,
            "state": "finished",
            "cost_usd_micros": 0,
            "usage": usage,
            "latency_ms": "<duration>",
        }],
        "tool_calls": [],
        "events": 5,
    });
    assert_eq!(redacted(body), expected);
}

#[tokio::test]
async fn checks_run_without_a_model() {
    let service = start().await;
    let body = json!({ "task": "check", "mode": "checks", "agent_ids": ["watcher"], "targets": ["127.0.0.1:1"] });
    let (_, accepted) = json_of(service.post("/api/v1/runs").json(&body)).await;
    let run = service.until(accepted["run_id"].as_str().unwrap(), "completed").await;
    assert_eq!((&run["model"], &run["model_calls"]), (&json!(null), &json!([])));
    let calls: Vec<_> =
        run["tool_calls"].as_array().unwrap().iter().map(|c| (c["tool"].as_str().unwrap(), c["state"].as_str().unwrap(), &c["arguments"])).collect();
    assert_eq!(calls, [("look", "finished", &json!({})), ("look", "finished", &json!({ "host": "127.0.0.1", "port": 1 }))]);
}

#[tokio::test]
async fn runs_are_listed_newest_first_page_by_page() {
    let service = start().await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let run = service.submit("is all well?").await;
        service.until(&run, "completed").await;
        runs.insert(0, run);
        // Ids sort by the millisecond.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let ids =
        |body: &serde_json::Value| body["runs"].as_array().unwrap().iter().map(|r| r["run_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (_, all) = json_of(service.get("/api/v1/runs")).await;
    assert_eq!(ids(&all), runs);
    assert_eq!((&all["limit"], &all["offset"], &all["count"], &all["next"]), (&json!(20), &json!(0), &json!(3), &json!(null)));
    let row = json!({
        "run_id": "<id>",
        "status": "completed",
        "task": "is all well?",
        "goal": "is all well?",
        "cost_usd_micros": 0,
        "created_at": "<time>",
        "updated_at": "<time>",
        "completed_at": "<time>",
    });
    assert_eq!(redacted(all["runs"][0].clone()), row);
    let (_, first) = json_of(service.get("/api/v1/runs?limit=2")).await;
    assert_eq!(ids(&first), runs[..2]);
    let (_, second) = json_of(service.get(&format!("/api/v1/runs?limit=2&cursor={}", first["next"].as_str().unwrap()))).await;
    assert_eq!((ids(&second), &second["next"]), (runs[2..].to_vec(), &json!(null)));
    let (_, skipped) = json_of(service.get("/api/v1/runs?offset=1&status=completed,failed")).await;
    assert_eq!(ids(&skipped), runs[1..]);
    assert_eq!(json_of(service.get("/api/v1/runs?status=failed")).await.1["count"], 0);
}

#[tokio::test]
async fn agents_are_listed_and_shown() {
    let service = start().await;
    let watcher = json!({
        "agent_id": "watcher",
        "name": "Watcher",
        "description": "Watches.",
        "capabilities": [{ "name": "looking_around", "description": "Looking around" }],
        "tools": ["look", "restart"],
        "model": null,
    });
    let (status, list) = json_of(service.get("/api/v1/agents")).await;
    assert_eq!((status, &list["count"], &list["agents"][1]), (200, &json!(2), &watcher));
    assert_eq!(json_of(service.get("/api/v1/agents/watcher")).await, (200, json!({ "agent": watcher })));
}

#[tokio::test]
async fn the_service_tells_how_it_does() {
    let service = start().await;
    let (status, health) = json_of(service.http.get(service.url("/api/v1/health"))).await;
    assert_eq!(
        (status, redacted(health)),
        (200, json!({ "status": "healthy", "version": "<version>", "timestamp": "<time>", "mcp_connected": null }))
    );
    let run = service.submit("is all well?").await;
    service.until(&run, "completed").await;
    let (status, body) = json_of(service.get("/api/v1/status")).await;
    let expected = json!({
        "service": "AI Agent Orchestrator",
        "version": "<version>",
        "uptime_seconds": "<duration>",
        "timestamp": "<time>",
        "database": "ok",
        "llm_provider": "test",
        "llm_model": "obedient",
        "mcp_servers": [],
        "queue": { "enabled": false },
        "runs_last_24h": { "completed": 1 },
        "runs_active": 0,
        "runs_active_max": 64,
    });
    assert_eq!((status, redacted(body)), (200, expected));
}

#[tokio::test]
async fn the_front_page_has_a_ready_request_and_trusts_no_host_name() {
    let service = start().await;
    let page = service.http.get(service.url("/")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&format!("curl -s http://{}/api/v1/orchestrate", service.address)), "{page}");
    assert!(page.contains("<b>watcher</b>: Watches."), "{page}");
    let page = service.http.get(service.url("/")).header("Host", "x;$(id)").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("curl -s http://127.0.0.1:8000/") && !page.contains("$(id)"), "{page}");
}

#[tokio::test]
async fn head_is_answered_wherever_get_is() {
    let service = start().await;
    for path in ["/", "/api/v1/health", "/api/v1/status", "/api/v1/runs", "/api/v1/agents", "/openapi.json"] {
        let response = service.http.head(service.url(path)).header("X-API-Key", crate::support::KEY).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let service = start().await;
    let id = |given: &'static str| {
        let request = service.get("/api/v1/agents").header("X-Request-ID", given);
        async move { request.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned() }
    };
    assert_eq!(id("trace-7f.3:a_b").await, "trace-7f.3:a_b");
    for given in ["two words", "{}", ""] {
        let made = id(given).await;
        assert!(made.len() == 16 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{made}");
    }
}
