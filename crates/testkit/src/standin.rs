//! A stand-in for the vendors: a server on this machine that speaks the true wires of Bedrock Runtime and of OpenAI.
//!
//! What it does is told by the model's name: `standin.text` answers, `standin.throttled` refuses, and so on (see `scenario.rs` for
//! all of them); an inference profile's prefix or an ARN may stand before it. Requests are checked as strictly as the vendors check
//! theirs, and kept for tests to look at. With an account (`account.rs`) signatures are verified and a policy is obeyed, too.

mod account;
mod bedrock;
mod bedrock_rules;
mod frames;
mod openai;
mod openai_rules;
mod scenario;
mod signature;

pub use account::{Account, InvalidAccount};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The path, decoded.
    pub path: String,
    /// The `Authorization` header, empty when there was none.
    pub authorization: String,
    /// The body; null when it was no JSON.
    pub body: Value,
}

/// A running stand-in. It ends with this value.
#[derive(Debug)]
pub struct Standin {
    url: String,
    world: Arc<World>,
    server: JoinHandle<()>,
}

/// What the stand-in remembers.
#[derive(Debug, Default)]
pub(crate) struct World {
    recorded: Mutex<Vec<Recorded>>,
    /// Requests seen per scenario, for those that get better.
    seen: Mutex<BTreeMap<String, u32>>,
    /// Whose policy is obeyed. `None`: any signature will do, for anything.
    account: Option<Account>,
}

impl World {
    fn record(&self, recorded: Recorded) {
        lock(&self.recorded).push(recorded);
    }

    /// Counts a request of this scenario, the first being 1.
    fn count(&self, scenario: &str) -> u32 {
        let mut seen = lock(&self.seen);
        let count = seen.entry(scenario.to_owned()).or_default();
        *count += 1;
        *count
    }
}

impl Standin {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The machine has no port to give.
    pub async fn start() -> io::Result<Standin> {
        Standin::serve(World::default()).await
    }

    /// The same, where calls to Bedrock must be signed by the user of this account and allowed by its policy.
    ///
    /// # Errors
    /// As [`Standin::start`].
    pub async fn start_in(account: Account) -> io::Result<Standin> {
        Standin::serve(World { account: Some(account), ..World::default() }).await
    }

    async fn serve(world: World) -> io::Result<Standin> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let world = Arc::new(world);
        let router = Router::new()
            .route("/model/{model}/converse", post(bedrock::converse))
            .route("/model/{model}/converse-stream", post(bedrock::converse_stream))
            .route("/v1/chat/completions", post(openai::chat_completions))
            .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(world.clone());
        let server = tokio::spawn(async move {
            // It serves until it is aborted; an error of accepting ends the test's requests, which say so.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Standin { url, world, server })
    }

    /// Where Bedrock is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where OpenAI is: `http://127.0.0.1:PORT/v1`.
    pub fn openai_url(&self) -> String {
        format!("{}/v1", self.url)
    }

    /// All requests so far, oldest first.
    pub fn recorded(&self) -> Vec<Recorded> {
        lock(&self.world.recorded).clone()
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
