//! A service on a port of its own, with a model that does what the task tells it.

use async_trait::async_trait;
use domain::agent::{Agent, Catalogue};
use domain::event::Limits;
use domain::model::{Content, ModelError, ModelRef, ModelReply, ModelRequest, RequestedCall, Stop};
use domain::money::Usage;
use domain::permit::{ByEffectClass, PermittedCall};
use domain::prices::Prices;
use domain::tool::{CheckKind, EffectClass, Reach, Replay, ToolError, ToolOutput, ToolSpec, Trust};
use domain::{Timestamp, UsdMicros};
use engine::Engine;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use ports::{Clock, Model, ModelEvent, Store, Tool};
use serde_json::{Value, json};
use server::{App, Bounds, Key, Options, Parts};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

pub(crate) const KEY: &str = "the key of these tests";

/// A running service.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    gate: watch::Sender<bool>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<bool>>,
}

/// What a test may want otherwise.
pub(crate) struct Wanted {
    pub(crate) bounds: Bounds,
    pub(crate) options: Options,
    pub(crate) runs_max: usize,
    pub(crate) store: Arc<dyn Store>,
}

impl Default for Wanted {
    fn default() -> Wanted {
        let options = Options { drain_delay: Duration::ZERO, ..Options::default() };
        Wanted { bounds: Bounds::default(), options, runs_max: 64, store: Arc::new(stores::Memory::new()) }
    }
}

pub(crate) async fn start() -> Service {
    start_with(Wanted::default()).await
}

pub(crate) async fn start_with(wanted: Wanted) -> Service {
    let (gate, opened) = watch::channel(false);
    let model: Arc<dyn Model> = Arc::new(Obedient { gate: opened });
    let tools: Vec<Arc<dyn Tool>> = vec![
        Arc::new(Ledger::new("look", EffectClass::Observe, vec![CheckKind::Machine, CheckKind::Endpoint])),
        Arc::new(Ledger::new("restart", EffectClass::Change, Vec::new())),
    ];
    let agent = Agent::parse(
        "---\nname: watcher\ndescription: Watches.\ncapabilities: [Looking around]\ntools: [look, restart]\nkeywords: {well: 5}\n---\nLook.\n",
    )
    .unwrap();
    let supervisor = Agent::parse("---\nname: supervisor\ndescription: Joins.\n---\nJoin.\n").unwrap();
    let catalogue = Catalogue::new([agent, supervisor], tools.iter().map(|t| t.spec().clone())).unwrap();
    let engine = Engine::new(engine::Parts {
        store: wanted.store,
        clock: Arc::new(TestClock { begun: Instant::now(), drawn: AtomicU64::new(1) }),
        models: BTreeMap::from([("test".to_owned(), model)]),
        tools,
        catalogue,
        policy: Arc::new(ByEffectClass),
        prices: Prices::default().with_free_provider("test"),
        options: engine::Options { runs_concurrent_max: wanted.runs_max, ..engine::Options::default() },
    });
    let app = App::new(Parts {
        engine,
        keys: vec![Key::of(KEY)],
        model: ModelRef::parse("test/obedient"),
        providers: vec!["test".to_owned()],
        limits: Limits::default(),
        bounds: wanted.bounds,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server::serve(listener, app, async { stopped.await.unwrap_or_default() }, wanted.options));
    Service { address, http: reqwest::Client::new(), gate, stop: Some(stop), served: Some(served) }
}

impl Service {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(self.url(path)).header("X-API-Key", KEY)
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(self.url(path)).header("X-API-Key", KEY)
    }

    /// Submits a task and gives the run's id.
    pub(crate) async fn submit(&self, task: &str) -> String {
        let (status, body) = json_of(self.post("/api/v1/runs").json(&json!({ "task": task }))).await;
        assert_eq!(status, 202, "{body}");
        body["run_id"].as_str().unwrap().to_owned()
    }

    /// The run once it stands where it should.
    pub(crate) async fn until(&self, run: &str, wanted: &str) -> Value {
        for _ in 0..500 {
            let (_, body) = json_of(self.get(&format!("/api/v1/runs/{run}"))).await;
            if body["status"] == wanted {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("run {run} is not {wanted}");
    }

    /// Lets the model go on where a task told it to wait.
    pub(crate) fn open_the_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Asks the service to end; it goes on answering until it has drained.
    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits for the end.
    pub(crate) async fn stopped(&mut self) -> bool {
        self.served.take().unwrap().await.unwrap()
    }

    /// Sends bytes as they are and gives everything that comes back until the connection closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        read_to_end(&mut stream).await
    }
}

pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("the connection closes").unwrap();
    String::from_utf8(answer).unwrap()
}

/// The status and the body as JSON.
pub(crate) async fn json_of(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} is no JSON: {text}")))
}

/// The body without what differs each time: ids, times, durations.
pub(crate) fn redacted(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "run_id" | "request_id" | "cursor" | "next" if value.is_string() => *value = "<id>".into(),
                        "timestamp" | "at" | "created_at" | "updated_at" | "completed_at" if value.is_string() => *value = "<time>".into(),
                        "duration_ms" | "latency_ms" | "uptime_seconds" => *value = "<duration>".into(),
                        "request_bytes" => *value = "<bytes>".into(),
                        "version" => *value = "<version>".into(),
                        _ => walk(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::String(text) if text.contains("/api/v1/runs/") => {
                let words: Vec<_> = text
                    .split(' ')
                    .map(|w| if w.len() >= 49 && w.starts_with("/api/v1/runs/") { format!("/api/v1/runs/<id>{}", &w[49..]) } else { w.to_owned() })
                    .collect();
                *text = words.join(" ");
            }
            _ => {}
        }
    }
    walk(&mut value);
    value
}

/// Asserts a problem: its status, its code, and words of its detail.
pub(crate) async fn refused(request: reqwest::RequestBuilder, status: u16, code: &str, said: &str) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let got = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!((got, body["code"].as_str().unwrap()), (status, code), "{body}");
    assert_eq!((body["status"].as_u64(), body["request_id"].as_str()), (Some(u64::from(status)), Some(id.as_str())), "{body}");
    assert!(body["detail"].as_str().unwrap().contains(said), "{said:?} is not in {body}");
    body
}

struct TestClock {
    begun: Instant,
    drawn: AtomicU64,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
    }

    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }

    fn random(&self) -> u64 {
        // Different each time is all that ids need here.
        self.drawn.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// Does what words of the task say: `wait`, `speak`, `restart`; else answers at once.
struct Obedient {
    gate: watch::Receiver<bool>,
}

impl Model for Obedient {
    fn destination(&self) -> String {
        "local".to_owned()
    }

    fn stream(&self, request: &ModelRequest, _: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let parts = || request.messages.iter().flat_map(|m| &m.content);
        let task: String = parts().filter_map(|c| if let Content::Text { text } = c { Some(text.as_str()) } else { None }).collect();
        let has_result = parts().any(|c| matches!(c, Content::ToolResult { .. }));
        let usage = Usage { input_fresh: 100, output: 10, ..Usage::default() };
        let mut reply = ModelReply { text: "All is well.".to_owned(), calls: Vec::new(), opaque: Vec::new(), stop: Stop::End, usage: Some(usage) };
        if task.contains("restart") && !has_result {
            reply.stop = Stop::ToolUse;
            reply.calls = vec![RequestedCall { tool: "restart".into(), arguments: json!({ "service": "web" }), problem: None }];
        }
        let mut events = Vec::new();
        if task.contains("speak") {
            events = vec![Ok(ModelEvent::Text("All ".to_owned())), Ok(ModelEvent::Text("is well.".to_owned()))];
        }
        events.push(Ok(ModelEvent::Finished(reply)));
        let mut gate = self.gate.clone();
        let must_wait = task.contains("wait");
        let open = async move {
            if must_wait {
                gate.wait_for(|open| *open).await.unwrap();
            }
            stream::iter(events)
        };
        stream::once(open).flatten().boxed()
    }
}

struct Ledger {
    spec: ToolSpec,
}

impl Ledger {
    fn new(name: &str, effect: EffectClass, checks: Vec<CheckKind>) -> Ledger {
        let spec = ToolSpec {
            name: name.into(),
            description: "For tests.".to_owned(),
            input_schema: json!({ "type": "object" }),
            replay: Replay::Once,
            effect,
            reach: Reach::Host,
            trust: Trust::Trusted,
            timeout_ms: 5_000,
            checks,
        };
        Ledger { spec }
    }
}

#[async_trait]
impl Tool for Ledger {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, _: &Value) -> Result<(), String> {
        Ok(())
    }

    async fn call(&self, _: PermittedCall) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput { text: "done".to_owned(), findings: Vec::new(), reachable: true })
    }
}

/// The default of a run's budget, for bodies that show it.
pub(crate) fn default_budget() -> UsdMicros {
    Limits::default().cost_usd_micros_max
}
