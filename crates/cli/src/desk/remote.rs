//! Runs on a server, through its HTTP API.

mod sse;

use super::{Desk, See, Update};
use crate::exit::{Exit, Failure, chain};
use api::{Code, ControlView, DecisionBody, EventView, Problem, RunAccepted, RunList, RunView, SubmitRun};
use async_trait::async_trait;
use domain::RunId;
use domain::event::Status;
use futures_util::StreamExt;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sse::Frames;
use std::time::Duration;

/// A server that does not take a connection in that time is not there.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Longer than the server waits for anything it answers to us at once.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Times in a row that an event stream is taken up again without having told anything.
const RECONNECTS_MAX: u32 = 10;

/// A server and the key it knows us by.
pub(crate) struct Remote {
    client: Client,
    base: String,
    key: Option<String>,
}

impl Remote {
    pub(crate) fn new(url: &str, key: Option<String>) -> Result<Remote, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        let is_web = url::Url::parse(&base).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            return Err(Failure::usage(format!("the server {url:?} must be a URL that begins with http:// or https://")));
        }
        // No redirects: the key would follow them.
        let client = Client::builder().connect_timeout(CONNECT_MAX).redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|error| Failure::failed(format!("no HTTP client: {}", chain(&error))))?;
        Ok(Remote { client, base, key })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = response.bytes().await.unwrap_or_default();
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => refused(&problem),
            Err(_) => Failure::failed(format!("the server at {} answered {status}, which is not an answer of ours", self.base)),
        })
    }

    async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let response = self.send(self.request(Method::GET, path).timeout(ANSWER_MAX)).await?;
        response.json().await.map_err(|error| self.unreadable(&error))
    }

    async fn post_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let response = self.send(self.request(Method::POST, path).json(body).timeout(ANSWER_MAX)).await?;
        response.json().await.map_err(|error| self.unreadable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let failure = Failure::new(Exit::Unreachable, format!("the server at {} could not be reached: {}", self.base, chain(error)));
        failure.advise("is orchestrator up still running there?")
    }

    fn unreadable(&self, error: &reqwest::Error) -> Failure {
        Failure::failed(format!("the answer of the server at {} could not be read: {}", self.base, chain(error)))
    }
}

fn refused(problem: &Problem) -> Failure {
    let exit = match problem.code {
        Code::Unauthorized | Code::Forbidden => Exit::Auth,
        Code::InvalidField | Code::UnknownField | Code::InvalidRequest | Code::NotFound | Code::Conflict => Exit::Usage,
        Code::Busy | Code::Draining | Code::StorageUnavailable => Exit::Unreachable,
        _ => Exit::Failed,
    };
    Failure::new(exit, problem.detail.clone())
}

#[async_trait]
impl Desk for Remote {
    async fn submit(&self, task: &SubmitRun) -> Result<RunId, Failure> {
        let accepted: RunAccepted = self.post_json("/api/v1/runs", task).await?;
        Ok(accepted.run_id)
    }

    async fn follow(&self, run: RunId, see: See<'_>) -> Result<RunView, Failure> {
        let mut next = 0_u64;
        let mut silent = 0;
        loop {
            let mut request = self.request(Method::GET, &format!("/api/v1/runs/{run}/events"));
            if next > 0 {
                request = request.header("last-event-id", next - 1);
            }
            let before = next;
            if let Ok(response) = self.send(request).await {
                let mut chunks = response.bytes_stream();
                let mut frames = Frames::default();
                while let Some(Ok(chunk)) = chunks.next().await {
                    for frame in frames.feed(&chunk) {
                        match frame.event.as_str() {
                            "token" => {
                                let text = serde_json::from_str::<serde_json::Value>(&frame.data).unwrap_or_default();
                                see(Update::Words(text["text"].as_str().unwrap_or_default().to_owned()));
                            }
                            "end" => return self.get(run).await,
                            _ => {
                                let Ok(event) = serde_json::from_str::<EventView>(&frame.data) else { continue };
                                next = event.seq + 1;
                                let may_wait = ["approval_requested", "tool_call_unknown", "paused"].contains(&event.kind.as_str());
                                see(Update::Event(event));
                                if may_wait {
                                    let view = self.get(run).await?;
                                    if view.status.waits_for_person() {
                                        return Ok(view);
                                    }
                                }
                            }
                        }
                    }
                }
            }
            // The stream broke, or the run had ended before we asked.
            let view = self.get(run).await?;
            if view.status.is_ended() && next >= view.events || view.status.waits_for_person() {
                return Ok(view);
            }
            silent = if next > before { 0 } else { silent + 1 };
            if silent > RECONNECTS_MAX {
                return Err(Failure::new(Exit::Unreachable, format!("the events of run {run} stopped coming")));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn get(&self, run: RunId) -> Result<RunView, Failure> {
        self.get_json(&format!("/api/v1/runs/{run}")).await
    }

    async fn list(&self, statuses: &[Status], limit: usize) -> Result<RunList, Failure> {
        let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        let filter = if names.is_empty() { String::new() } else { format!("&status={}", names.join(",")) };
        self.get_json(&format!("/api/v1/runs?limit={limit}{filter}")).await
    }

    async fn cancel(&self, run: RunId) -> Result<ControlView, Failure> {
        self.post_json(&format!("/api/v1/runs/{run}/cancel"), &serde_json::json!({})).await
    }

    async fn resume(&self, run: RunId) -> Result<ControlView, Failure> {
        self.post_json(&format!("/api/v1/runs/{run}/resume"), &serde_json::json!({})).await
    }

    async fn decide(&self, run: RunId, word: &DecisionBody) -> Result<ControlView, Failure> {
        self.post_json(&format!("/api/v1/runs/{run}/decision"), word).await
    }

    async fn leave(&self, run: RunId) -> String {
        format!("the run goes on at the server; follow it with: orchestrator run watch {run}, end it with: orchestrator run cancel {run}")
    }

    async fn close(&self) {}
}
