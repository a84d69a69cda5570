//! Room and time: what is full says so, what is slow is let go.

use crate::support::{KEY, Wanted, json_of, read_to_end, refused, start_with};
use serde_json::json;
use server::{Bounds, Options};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_full_engine_says_when_to_ask_again() {
    let service = start_with(Wanted { runs_max: 1, ..Wanted::default() }).await;
    let run = service.submit("wait, is all well?").await;
    let submit = || service.post("/api/v1/runs").json(&json!({ "task": "is all well?" }));
    let response = submit().send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "2"));
    refused(submit(), 429, "busy", "1 runs are being driven").await;
    service.open_the_gate();
    service.until(&run, "completed").await;
    assert_eq!(json_of(submit()).await.0, 202);
}

#[tokio::test]
async fn requests_are_limited_and_the_health_is_not() {
    let bounds = Bounds { requests_max: 1, ..Bounds::default() };
    let service = start_with(Wanted { bounds, ..Wanted::default() }).await;
    let waiting = tokio::spawn(service.post("/api/v1/orchestrate").json(&json!({ "task": "wait, is all well?" })).send());
    let full = loop {
        let response = service.get("/api/v1/agents").send().await.unwrap();
        if response.status() == 429 {
            break response;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(full.headers()["retry-after"], "1");
    assert_eq!(full.headers()["x-content-type-options"], "nosniff");
    assert_eq!(json_of(service.http.get(service.url("/api/v1/health"))).await.0, 200);
    service.open_the_gate();
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert_eq!(json_of(service.get("/api/v1/agents")).await.0, 200);
}

#[tokio::test]
async fn a_head_that_takes_too_long_is_let_go_and_an_idle_connection_is_kept() {
    let options = Options { head_time_max: Duration::from_millis(200), drain_delay: Duration::ZERO, ..Options::default() };
    let service = start_with(Wanted { options, ..Wanted::default() }).await;
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    slow.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost:").await.unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(read_to_end(&mut slow).await, "");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let mut idle = TcpStream::connect(service.address).await.unwrap();
    idle.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    idle.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(read_to_end(&mut idle).await.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn a_connection_without_requests_is_closed_in_the_end() {
    let options = Options { idle_max: Duration::from_millis(200), drain_delay: Duration::ZERO, ..Options::default() };
    let service = start_with(Wanted { options, ..Wanted::default() }).await;
    let mut silent = TcpStream::connect(service.address).await.unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    let mut used = TcpStream::connect(service.address).await.unwrap();
    used.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(read_to_end(&mut used).await.matches("HTTP/1.1 200 OK").count(), 1);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let options = Options { connections_max: 1, drain_delay: Duration::ZERO, ..Options::default() };
    let service = start_with(Wanted { options, ..Wanted::default() }).await;
    let first = TcpStream::connect(service.address).await.unwrap();
    let mut second = TcpStream::connect(service.address).await.unwrap();
    second.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut byte = [0];
    assert!(tokio::time::timeout(Duration::from_millis(100), second.peek(&mut byte)).await.is_err());
    drop(first);
    assert!(read_to_end(&mut second).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_told_so() {
    let bounds = Bounds { body_time_max: Duration::from_millis(100), ..Bounds::default() };
    let service = start_with(Wanted { bounds, ..Wanted::default() }).await;
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    let head =
        format!("POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
}

#[tokio::test]
async fn a_client_that_asks_before_sending_too_much_is_told_before_it_sends() {
    let service = start_with(Wanted::default()).await;
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
}
