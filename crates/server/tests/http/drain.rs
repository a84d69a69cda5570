//! The end: balancers are told first, nobody who asked is left without an answer, runs are parked.

use crate::support::{Wanted, json_of, start_with};
use serde_json::json;
use server::Options;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test]
async fn while_draining_the_health_says_so_and_everything_works() {
    let options = Options { drain_delay: Duration::from_millis(1_500), ..Options::default() };
    let mut service = start_with(Wanted { options, ..Wanted::default() }).await;
    service.stop();
    let health = || service.http.get(service.url("/api/v1/health")).send();
    let response = loop {
        let response = health().await.unwrap();
        if response.status() == 503 {
            break response;
        }
    };
    assert_eq!(response.headers()["connection"], "close");
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["status"], "draining");
    let (status, body) = json_of(service.post("/api/v1/orchestrate").json(&json!({ "task": "is all well?" }))).await;
    assert_eq!((status, body["success"].as_bool()), (200, Some(true)));
    assert!(service.stopped().await);
    assert!(service.http.get(service.url("/api/v1/health")).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn who_waits_for_a_run_is_told_where_to_find_it_and_who_watches_comes_back() {
    let store = Arc::new(stores::Memory::new());
    let options = Options { drain_delay: Duration::ZERO, drain_limit: Duration::from_millis(1_500), ..Options::default() };
    let mut service = start_with(Wanted { options, store: store.clone(), ..Wanted::default() }).await;
    let waiting = tokio::spawn(service.post("/api/v1/orchestrate").json(&json!({ "task": "wait, is all well?" })).send());
    let run = loop {
        let (_, list) = json_of(service.get("/api/v1/runs")).await;
        if let Some(run) = list["runs"][0]["run_id"].as_str() {
            break run.to_owned();
        }
    };
    let watching = service.get(&format!("/api/v1/runs/{run}/events")).send().await.unwrap();
    let begun = Instant::now();
    service.stop();
    let response = waiting.await.unwrap().unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["location"].to_str().unwrap()), (202, format!("/api/v1/runs/{run}").as_str()));
    assert!(watching.text().await.unwrap().ends_with("retry: 1000\n\n"));
    // The model does not answer, so the run does not land by itself.
    assert!(!service.stopped().await);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn behind_a_balancer_no_request_fails_while_the_process_ends() {
    let options = Options { drain_delay: Duration::from_millis(900), ..Options::default() };
    let mut service = start_with(Wanted { options, ..Wanted::default() }).await;
    // A balancer that polls the health and gives up after two failures, and clients that it sends here until then.
    let (up, is_up) = tokio::sync::watch::channel(true);
    let (http, url) = (service.http.clone(), service.url("/api/v1/health"));
    let balancer = tokio::spawn(async move {
        let mut failures = 0;
        while failures < 2 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let is_healthy = http.get(&url).send().await.is_ok_and(|r| r.status() == 200);
            failures = if is_healthy { 0 } else { failures + 1 };
        }
        up.send_replace(false);
    });
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (request, is_up) = (service.post("/api/v1/orchestrate").json(&json!({ "task": "is all well?" })), is_up.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                while *is_up.borrow() {
                    let response = request.try_clone().unwrap().send().await.expect("every request is answered");
                    assert_eq!(response.status(), 200);
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    service.stop();
    assert!(service.stopped().await);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    balancer.await.unwrap();
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    assert!(answered > 50, "{answered}");
}
