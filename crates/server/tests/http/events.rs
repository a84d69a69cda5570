//! Event streams: whole, resumed, ended, at rest.

use crate::support::{Service, Wanted, json_of, refused, start, start_with};
use futures_util::StreamExt;
use serde_json::{Value, json};
use server::Bounds;
use std::time::Duration;

/// One event of a stream.
#[derive(Debug, PartialEq)]
struct Received {
    id: Option<u64>,
    event: String,
    data: Value,
}

/// Reads a stream event by event; comments are passed over.
struct Reader {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Reader {
    async fn open(request: reqwest::RequestBuilder) -> Reader {
        let response = request.send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "text/event-stream"));
        assert_eq!(response.headers()["cache-control"], "no-store");
        Reader { body: response.bytes_stream().boxed(), text: String::new() }
    }

    /// The next block; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.body.next()).await.expect("the stream goes on")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    async fn next(&mut self) -> Option<Received> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
            if let Some(event) = field("event") {
                return Some(Received {
                    id: field("id").map(|id| id.parse().unwrap()),
                    event,
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                });
            }
        }
    }

    async fn rest(mut self) -> Vec<Received> {
        let mut all = Vec::new();
        while let Some(received) = self.next().await {
            all.push(received);
        }
        all
    }
}

fn names(all: &[Received]) -> Vec<(Option<u64>, &str)> {
    all.iter().map(|r| (r.id, r.event.as_str())).collect()
}

async fn ended(service: &Service) -> String {
    let run = service.submit("is all well?").await;
    service.until(&run, "completed").await;
    run
}

const WHOLE: [(Option<u64>, &str); 6] =
    [(Some(0), "submitted"), (Some(1), "routed"), (Some(2), "model_call_started"), (Some(3), "model_replied"), (Some(4), "completed"), (None, "end")];

#[tokio::test]
async fn an_ended_run_is_told_from_the_first_event_to_the_end() {
    let service = start().await;
    let run = ended(&service).await;
    let all = Reader::open(service.get(&format!("/api/v1/runs/{run}/events"))).await.rest().await;
    assert_eq!(names(&all), WHOLE);
    assert_eq!((&all[0].data["seq"], &all[0].data["type"], &all[0].data["task"]), (&json!(0), &json!("submitted"), &json!("is all well?")));
    assert_eq!(all[4].data["answer"], "All is well.");
    assert_eq!(all[5].data, json!({ "run_id": run, "status": "completed" }));
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_that_was_received() {
    let service = start().await;
    let run = ended(&service).await;
    let path = format!("/api/v1/runs/{run}/events");
    let by_header = Reader::open(service.get(&path).header("Last-Event-ID", "2")).await.rest().await;
    assert_eq!(names(&by_header), WHOLE[3..]);
    let by_query = Reader::open(service.get(&format!("{path}?after=3"))).await.rest().await;
    assert_eq!(names(&by_query), WHOLE[4..]);
    let both = Reader::open(service.get(&format!("{path}?after=0")).header("Last-Event-ID", "3")).await.rest().await;
    assert_eq!(names(&both), WHOLE[4..]);
    let response = service.get(&path).header("Last-Event-ID", "4").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (204, ""));
}

#[tokio::test]
async fn a_last_event_id_that_is_none_is_refused() {
    let service = start().await;
    let run = ended(&service).await;
    let path = format!("/api/v1/runs/{run}/events");
    for id in ["x", "-1", "1.5", "99999999999999999999", "0x1", "1 2"] {
        let problem = refused(service.get(&path).header("Last-Event-ID", id), 400, "invalid_request", "a number from 0").await;
        assert_eq!(problem["errors"][0]["field"], "Last-Event-ID");
    }
    refused(service.get(&path).header("Last-Event-ID", "5"), 400, "invalid_request", "no event 5").await;
    refused(service.get(&format!("{path}?after=x")), 400, "invalid_request", "a number from 0").await;
    refused(service.get(&format!("{path}?afer=1")), 422, "unknown_field", "after").await;
}

#[tokio::test]
async fn a_run_under_way_is_followed_as_it_goes() {
    let service = start().await;
    let run = service.submit("wait, is all well?").await;
    let mut reader = Reader::open(service.get(&format!("/api/v1/runs/{run}/events"))).await;
    for expected in &WHOLE[..3] {
        let received = reader.next().await.unwrap();
        assert_eq!((received.id, received.event.as_str()), *expected);
    }
    service.open_the_gate();
    assert_eq!(names(&reader.rest().await), WHOLE[3..]);
}

#[tokio::test]
async fn what_the_model_says_comes_before_its_reply_and_without_an_id() {
    let service = start().await;
    let run = service.submit("wait, then speak: is all well?").await;
    let mut reader = Reader::open(service.get(&format!("/api/v1/runs/{run}/events"))).await;
    for _ in &WHOLE[..3] {
        reader.next().await.unwrap();
    }
    service.open_the_gate();
    let rest = reader.rest().await;
    assert_eq!(names(&rest), [&[(None, "token"), (None, "token")], &WHOLE[3..]].concat());
    assert_eq!((&rest[0].data, &rest[1].data), (&json!({ "text": "All " }), &json!({ "text": "is well." })));
}

#[tokio::test]
async fn a_run_at_rest_is_followed_on_when_a_person_has_moved_it() {
    let service = start().await;
    let run = service.submit("restart it: is all well?").await;
    let path = format!("/api/v1/runs/{run}");
    service.until(&run, "awaiting_approval").await;
    let mut reader = Reader::open(service.get(&format!("{path}/events"))).await;
    while reader.next().await.unwrap().event != "approval_requested" {}
    assert_eq!(json_of(service.post(&format!("{path}/decision")).json(&json!({ "decision": "approve" }))).await.0, 200);
    let rest = reader.rest().await;
    let events: Vec<_> = rest.iter().map(|r| r.event.as_str()).collect();
    assert_eq!(events, ["approval_decided", "tool_call_started", "tool_call_finished", "model_call_started", "model_replied", "completed", "end"]);
    let ids: Vec<_> = rest.iter().filter_map(|r| r.id).collect();
    assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ids:?}");
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_tell_says_so() {
    let bounds = Bounds { keep_alive: Duration::from_millis(20), ..Bounds::default() };
    let service = start_with(Wanted { bounds, ..Wanted::default() }).await;
    let run = service.submit("wait, is all well?").await;
    let mut reader = Reader::open(service.get(&format!("/api/v1/runs/{run}/events"))).await;
    let mut comments = 0;
    while comments < 3 {
        comments += usize::from(reader.block().await.unwrap().starts_with(':'));
    }
}

#[tokio::test]
async fn streams_are_limited_by_themselves() {
    let bounds = Bounds { streams_max: 1, ..Bounds::default() };
    let service = start_with(Wanted { bounds, ..Wanted::default() }).await;
    let run = service.submit("wait, is all well?").await;
    let path = format!("/api/v1/runs/{run}/events");
    let first = Reader::open(service.get(&path)).await;
    let problem = refused(service.get(&path), 429, "busy", "1 event streams").await;
    assert_eq!(problem["title"], "No room now");
    service.open_the_gate();
    assert_eq!(first.rest().await.last().unwrap().event, "end");
    assert_eq!(Reader::open(service.get(&path)).await.rest().await.len(), 6);
}
