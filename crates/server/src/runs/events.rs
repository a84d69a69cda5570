//! A run's events as they come: server-sent events that can be resumed after any of them.
//!
//! Events come from the run's driver while there is one. Whoever joins late, falls behind, or watches a run at rest reads on from the
//! store, which is always right; the driver's word is only faster.

use super::NamedRun;
use crate::app::App;
use crate::keys::Caller;
use crate::problem::Failure;
use api::{Code, EventView};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::event::Status;
use domain::{Event, Fact, RunId, TenantId};
use engine::Notice;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

const LAST_EVENT_ID: &str = "last-event-id";

/// Events read from the store in one go. Fewer than elsewhere: many streams may be behind at once, each with a page in memory.
const PAGE: usize = 64;

/// Follows a run's events
///
/// A stream of server-sent events: `id` is the sequence number, `event` the type, `data` the event. What a model says comes first
/// as `event: token` without an id. After the last event of the run comes `event: end`. A client that reconnects with `Last-Event-ID`
/// goes on after that event; when that was the last one of an ended run, the answer is 204, which tells it to stop.
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run_id}/events",
    tag = "runs",
    operation_id = "watch_run",
    params(
        ("run_id" = String, Path, description = "The run."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last event that was received."),
        ("after" = Option<u64>, Query, description = "The same, for clients that cannot set the header."),
    ),
    responses(
        (status = 200, description = "The events.", body = EventView, content_type = "text/event-stream"),
        (status = 204, description = "The run has ended, and nothing follows that event."),
    )
)]
pub(crate) async fn events(
    State(app): State<App>,
    Caller(principal): Caller,
    NamedRun(run): NamedRun,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Failure> {
    let after = after(&headers, query)?;
    let tenant = principal.tenant;
    let store = app.engine().store();
    let row = store.row(&tenant, run).await?.ok_or_else(|| Failure::no_run(&run.to_string()))?;
    if let Some(after) = after {
        match store.events(&tenant, run, after, 2).await?.len() {
            0 => return Err(malformed(format!("the run has no event {after} yet"))),
            // Ended runs stay ended, so the row, read before, is right.
            1 if row.summary.status.is_ended() => return Ok(StatusCode::NO_CONTENT.into_response()),
            _ => {}
        }
    }
    let full =
        |_| Failure::busy(format!("{} event streams are open, which is all there is room for", app.bounds().streams_max), Duration::from_secs(5));
    let slot = app.streams().clone().try_acquire_owned().map_err(full)?;
    let follower = Follower {
        moved: app.moved().subscribe(),
        // Before the first read of the store, so that nothing falls between the two.
        notices: app.engine().watch(run),
        next_seq: after.map_or(0, |after| after + 1),
        frames: VecDeque::new(),
        is_behind: true,
        is_over: false,
        app,
        tenant,
        run,
        _slot: slot,
    };
    let body = Body::from_stream(futures_util::stream::unfold(follower, Follower::next));
    // The last one keeps nginx from collecting events before it passes them on.
    let headers = [(CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, body).into_response())
}

fn after(headers: &HeaderMap, query: Result<Query<Vec<(String, String)>>, QueryRejection>) -> Result<Option<u64>, Failure> {
    let Query(pairs) = query.map_err(|_| malformed("the query cannot be read".to_owned()))?;
    let from_header = match headers.get(LAST_EVENT_ID) {
        Some(value) => Some(value.to_str().map_err(|_| malformed("it holds characters that no id has".to_owned()))?),
        None => None,
    };
    let from_query = match pairs.as_slice() {
        [] => None,
        [(name, value)] if name == "after" => Some(value.as_str()),
        [(name, _), ..] => return Err(Failure::field(Code::UnknownField, name, "the only parameter is after, once")),
    };
    // A browser that reconnects sends the header and the address it began with; the header is the later word.
    match from_header.or(from_query).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) if text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 18 => Ok(text.parse().ok()),
        Some(_) => Err(malformed("it must be the id of an event: a number from 0".to_owned())),
    }
}

fn malformed(message: String) -> Failure {
    Failure::field(Code::InvalidRequest, "Last-Event-ID", message)
}

/// One client that follows one run.
struct Follower {
    app: App,
    tenant: TenantId,
    run: RunId,
    /// The driver's word; `None` while nobody drives the run.
    notices: Option<broadcast::Receiver<Notice>>,
    moved: watch::Receiver<()>,
    /// The first event that the client has not got.
    next_seq: u64,
    /// To be sent.
    frames: VecDeque<Bytes>,
    /// The store may hold more than was read.
    is_behind: bool,
    is_over: bool,
    _slot: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Follower)> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some((Ok(frame), self));
            }
            if self.is_over {
                return None;
            }
            if self.is_behind {
                self.read().await;
            } else {
                self.wait().await;
            }
        }
    }

    /// Takes the next events out of the store.
    async fn read(&mut self) {
        let page = match self.app.engine().store().events(&self.tenant, self.run, self.next_seq, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(run = %self.run, "an event stream ends because the store failed: {error}");
                return self.hang_up();
            }
        };
        self.is_behind = page.len() == PAGE;
        for stored in page {
            self.push(stored.seq, &stored.bytes);
        }
    }

    /// Waits for whatever comes first: an event, a person's doing, silence for too long, the end of the server.
    async fn wait(&mut self) {
        let silence = tokio::time::sleep(self.app.bounds().keep_alive);
        let closing = self.app.closing().clone();
        let driver = async {
            match &mut self.notices {
                Some(notices) => notices.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = closing.cancelled() => self.hang_up(),
            notice = driver => self.take(notice),
            // An error is the end of the server, which `closing` tells of.
            _ = self.moved.changed() => self.look_again(),
            () = silence => {
                self.frames.push_back(Bytes::from_static(b": still here\n\n"));
                self.look_again();
            }
        }
    }

    fn take(&mut self, notice: Result<Notice, RecvError>) {
        match notice {
            Ok(Notice::Event { seq, bytes }) if seq == self.next_seq => self.push(seq, &bytes),
            Ok(Notice::Event { seq, .. }) => self.is_behind |= seq > self.next_seq,
            Ok(Notice::Text(text)) => self.frames.push_back(frame(None, "token", &json!({ "text": text }).to_string())),
            Err(RecvError::Lagged(_)) => self.is_behind = true,
            // The driver has left: the run has ended, or rests until somebody moves it.
            Err(RecvError::Closed) => {
                self.notices = None;
                self.look_again();
            }
        }
    }

    fn look_again(&mut self) {
        if self.notices.is_none() {
            self.notices = self.app.engine().watch(self.run);
        }
        self.is_behind = true;
    }

    fn push(&mut self, seq: u64, bytes: &[u8]) {
        let event = match Event::decode(bytes) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(run = %self.run, seq, "an event stream ends because an event cannot be read: {error}");
                return self.hang_up();
            }
        };
        let view = EventView::of(seq, &event);
        let data = serde_json::to_string(&view).unwrap_or_default();
        self.frames.push_back(frame(Some(seq), &view.kind, &data));
        self.next_seq = seq + 1;
        let ended = match event.fact {
            Fact::Completed(_) => Status::Completed,
            Fact::Failed { .. } => Status::Failed,
            Fact::Cancelled { .. } => Status::Cancelled,
            _ => return,
        };
        self.frames.push_back(frame(None, "end", &json!({ "run_id": self.run, "status": ended }).to_string()));
        self.is_over = true;
    }

    /// Ends the stream so that the client comes back after a second and goes on where it was.
    fn hang_up(&mut self) {
        self.frames.push_back(Bytes::from_static(b"retry: 1000\n\n"));
        self.is_over = true;
    }
}

/// `data` is JSON on one line.
fn frame(id: Option<u64>, event: &str, data: &str) -> Bytes {
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    Bytes::from(format!("{id}event: {event}\ndata: {data}\n\n"))
}
