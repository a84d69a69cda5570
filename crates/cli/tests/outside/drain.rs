//! SIGTERM under load, behind a load balancer: nobody who asked is left without an answer, and the process is gone in time.

use crate::server::{Home, KEY, PATIENCE, Server, answer};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const SCRIPT: &str = r#"
[[script]]
when = "slow"
[[script.turn]]
text = "At last."
delay_ms = 4000

[[script]]
when = "never"
[[script.turn]]
silent = true

[[script]]
[[script.turn]]
call = [{ tool = "put" }]
[[script.turn]]
text = "Done."

[[tool]]
name = "put"
effect = "observe"
replay = "keyed"
ledger = "put.jsonl"
"#;

/// The longest from SIGTERM to the end. Service managers kill what takes longer than this.
const END_MAX: Duration = Duration::from_secs(10);

/// Asks for the health each second, and sends nobody here after two failures.
struct Balancer {
    is_in: AtomicBool,
}

impl Balancer {
    async fn watch(self: Arc<Self>, health: String) {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(1)).pool_max_idle_per_host(0).build().unwrap();
        let mut failures = 0;
        while failures < 2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let is_healthy = http.get(&health).send().await.is_ok_and(|response| response.status() == 200);
            failures = if is_healthy { 0 } else { failures + 1 };
        }
        self.is_in.store(false, Ordering::SeqCst);
    }

    /// One client after the other, for as long as the balancer sends them here. Gives how many were answered.
    async fn send(self: Arc<Self>, server: Arc<Server>, n: usize) -> usize {
        // Half of them as balancers with a pool of connections do it, half with a connection for each request.
        let http = reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(if n.is_multiple_of(2) { 8 } else { 0 }).build().unwrap();
        let mut answered = 0;
        while self.is_in.load(Ordering::SeqCst) {
            let request = match (n + answered) % 4 {
                0 => http.get(server.url("/api/v1/runs?limit=5")),
                1 => http.post(server.url("/api/v1/runs")).json(&json!({ "task": "put it", "agent_ids": ["worker"] })),
                _ => http.post(server.url("/api/v1/orchestrate")).json(&json!({ "task": "put it", "agent_ids": ["worker"] })),
            };
            let response =
                request.header("X-API-Key", KEY).send().await.unwrap_or_else(|error| panic!("request {answered} of client {n}: {error:?}"));
            let status = response.status();
            let body = response.text().await.unwrap_or_else(|error| panic!("the answer to request {answered} of client {n}: {error:?}"));
            assert!(status.is_success(), "{status}: {body}");
            answered += 1;
        }
        answered
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_balancer_no_request_fails_while_the_process_ends_in_time() {
    let home = Home::new(SCRIPT);
    let server = Arc::new(home.start().await);
    let balancer = Arc::new(Balancer { is_in: AtomicBool::new(true) });
    let watching = tokio::spawn(balancer.clone().watch(server.url("/api/v1/health")));
    let mut clients = JoinSet::new();
    for n in 0..8 {
        clients.spawn(balancer.clone().send(server.clone(), n));
    }
    let task = |task: &str| json!({ "task": task, "agent_ids": ["worker"] });
    let (_, parked) = answer(server.post("/api/v1/runs").json(&task("never mind"))).await.unwrap();
    // A client that waits and one that watches when the end comes.
    let slow = tokio::spawn(answer(server.post("/api/v1/orchestrate").json(&task("a slow one"))));
    let waiting = tokio::spawn(answer(server.post("/api/v1/orchestrate").json(&task("never ending"))));
    let watched = server.get(&format!("/api/v1/runs/{}/events", parked["run_id"].as_str().unwrap())).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;

    let begun = Instant::now();
    server.terminate();
    let status = server.ended().await;
    let took = begun.elapsed();
    watching.await.unwrap();
    let answered: usize = clients.join_all().await.into_iter().sum();
    println!("{answered} requests answered, none failed; exit after {:.1} s", took.as_secs_f64());
    assert!(status.code() == Some(0) && took < END_MAX, "{status} after {took:?}: {}", home.log());
    assert!(answered > 50, "{answered}");
    assert_eq!(slow.await.unwrap().expect("an answer").1["status"], "completed");
    let (code, body) = waiting.await.unwrap().expect("an answer");
    assert!(code == 202 && body["success"] == false, "{code}: {body}");
    watched.text().await.expect("the stream ends as streams do");

    // What was parked goes on at the next start.
    home.set_script(&SCRIPT.replace("silent = true", "text = \"After all.\""));
    let server = home.start().await;
    for run in [&parked["run_id"], &body["run_id"]] {
        server.until(run.as_str().unwrap(), "completed").await;
    }
}
