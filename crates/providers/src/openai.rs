//! Any server with OpenAI's chat completions: OpenAI itself, Ollama, vLLM, gateways, Bedrock's own compatible endpoint.
//!
//! One attempt a call, always streamed; a server that answers whole is understood as well. Redirects are not followed, because the
//! key would follow them.

mod failure;
mod reply;
mod request;
mod sse;

use crate::secret::Secret;
use domain::model::{ModelError, ModelErrorKind, ModelRequest};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use ports::{Model, ModelEvent};
use request::OutputLimit;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where and how to ask.
#[derive(Clone, Debug)]
pub struct Options {
    /// What comes before `/chat/completions`, such as `https://api.openai.com/v1` (the default).
    pub base_url: String,
    /// Sent as a bearer token. `None` sends none, as local servers want it.
    pub api_key: Option<Secret>,
    /// Where the key is set, for messages about it. `OPENAI_API_KEY` by default.
    pub api_key_name: String,
    /// The longest wait for a connection. Ten seconds by default.
    pub connect_timeout: Duration,
    /// The longest silence before a reply and inside one. Sixty seconds by default; local servers may load a model for longer.
    pub idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            base_url: "https://api.openai.com/v1".to_owned(),
            api_key: None,
            api_key_name: "OPENAI_API_KEY".to_owned(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
        }
    }
}

/// Why a server cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The base URL is none.
    #[error("the base URL {0:?} is not of the form https://host/v1")]
    BaseUrl(String),
    /// The key cannot be sent.
    #[error("the key in {0} holds characters that a header cannot carry")]
    Key(String),
    /// No HTTP client: the machine's certificates cannot be read.
    #[error("could not set up the HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Asks one server.
#[derive(Debug)]
pub struct OpenAi {
    server: Arc<Server>,
}

impl OpenAi {
    /// Checks the options. Nothing is sent yet.
    pub fn new(options: Options) -> Result<OpenAi, Error> {
        let base = options.base_url.trim_end_matches('/');
        let url = Url::parse(&format!("{base}/chat/completions")).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| Error::BaseUrl(options.base_url.clone()))?;
        let host = url.host_str().ok_or_else(|| Error::BaseUrl(options.base_url.clone()))?.to_owned();
        let authorization = match &options.api_key {
            None => None,
            Some(key) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal())).map_err(|_| Error::Key(options.api_key_name.clone()))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(options.connect_timeout)
            .user_agent(concat!("orchestrator/", env!("CARGO_PKG_VERSION")));
        // What is on this machine is not behind a proxy.
        let client = if is_loopback_host(&host) { client.no_proxy() } else { client };
        let client = client.build().map_err(Error::Client)?;
        Ok(OpenAi { server: Arc::new(Server { client, url, host, authorization, options, older: Mutex::default() }) })
    }

    /// Whether the server is on this machine, so that its answers cost nothing.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(&self.server.host)
    }
}

impl Model for OpenAi {
    fn destination(&self) -> String {
        self.server.host.clone()
    }

    fn stream(&self, request: &ModelRequest, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let server = self.server.clone();
        let request = request.clone();
        let events = async move {
            let response = server.open(&request, output_tokens_max).await?;
            Ok(reply::read(response, server.host.clone(), server.options.idle_timeout, output_tokens_max))
        };
        stream::once(events).try_flatten().boxed()
    }
}

#[derive(Debug)]
struct Server {
    client: Client,
    url: Url,
    host: String,
    authorization: Option<HeaderValue>,
    options: Options,
    /// Models that know the limit of the output by its older name only.
    older: Mutex<BTreeSet<String>>,
}

impl Server {
    /// Sends the request and waits for a reply to begin.
    async fn open(&self, request: &ModelRequest, output_tokens_max: u32) -> Result<Response, ModelError> {
        let model = request.model.id();
        let is_older = self.older.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).contains(model);
        let limit = if is_older { OutputLimit::MaxTokens } else { OutputLimit::MaxCompletionTokens };
        let (status, headers, body) = match self.send(request, limit, output_tokens_max).await? {
            Ok(response) => return Ok(response),
            Err(refusal) => refusal,
        };
        // A request that was turned away for its words has cost nothing, so saying it in the older words is not a retry.
        if status == StatusCode::BAD_REQUEST && limit == OutputLimit::MaxCompletionTokens && body.contains("max_completion_tokens") {
            return match self.send(request, OutputLimit::MaxTokens, output_tokens_max).await? {
                Ok(response) => {
                    self.older.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(model.to_owned());
                    Ok(response)
                }
                Err((status, headers, body)) => Err(self.refused(model, status, &headers, &body)),
            };
        }
        Err(self.refused(model, status, &headers, &body))
    }

    async fn send(
        &self,
        request: &ModelRequest,
        limit: OutputLimit,
        output_tokens_max: u32,
    ) -> Result<Result<Response, failure::Refusal>, ModelError> {
        let mut post = self.client.post(self.url.clone()).json(&request::body(request, limit, output_tokens_max));
        if let Some(authorization) = &self.authorization {
            post = post.header(AUTHORIZATION, authorization.clone());
        }
        let idle = self.options.idle_timeout;
        let silent = || ModelError::new(ModelErrorKind::Timeout, format!("{} did not begin to answer within {} s", self.host, idle.as_secs()));
        let response = match tokio::time::timeout(idle, post.send()).await {
            Err(_) => return Err(silent()),
            Ok(Err(error)) => return Err(failure::not_sent(&self.host, self.url.port_or_known_default(), error)),
            Ok(Ok(response)) => response,
        };
        if response.status().is_success() {
            return Ok(Ok(response));
        }
        match tokio::time::timeout(idle, failure::refusal(response)).await {
            Err(_) => Err(silent()),
            Ok(refusal) => Ok(Err(refusal)),
        }
    }

    fn refused(&self, model: &str, status: StatusCode, headers: &reqwest::header::HeaderMap, body: &str) -> ModelError {
        let body = self.options.api_key.as_ref().map_or_else(|| body.to_owned(), |key| key.blot(body));
        let place = failure::Place {
            host: &self.host,
            base_url: &self.options.base_url,
            model,
            api_key_name: &self.options.api_key_name,
            has_key: self.authorization.is_some(),
        };
        failure::refused(&place, status, headers, &body)
    }
}

fn is_loopback_host(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_sent() {
        let with =
            |base_url: &str, key: &str| OpenAi::new(Options { base_url: base_url.to_owned(), api_key: Some(Secret::new(key)), ..Options::default() });
        assert!(matches!(with("api.openai.com", "k"), Err(Error::BaseUrl(_))));
        assert!(matches!(with("ftp://api.openai.com", "k"), Err(Error::BaseUrl(_))));
        let error = with("https://api.openai.com/v1", "sk-1\n2").unwrap_err().to_string();
        assert!(error.contains("OPENAI_API_KEY") && !error.contains("sk-1"), "{error}");
    }

    #[test]
    fn a_server_on_this_machine_is_known_as_such() {
        let is_local = |base_url: &str| OpenAi::new(Options { base_url: base_url.to_owned(), ..Options::default() }).unwrap().is_loopback();
        assert!(is_local("http://127.0.0.1:11434/v1"));
        assert!(is_local("http://localhost:11434/v1/"));
        assert!(is_local("http://[::1]:8000/v1"));
        assert!(!is_local("https://api.openai.com/v1"));
        assert!(!is_local("http://10.0.0.1:8000/v1"));
    }

    #[test]
    fn the_key_is_not_in_what_is_printed() {
        let model = OpenAi::new(Options { api_key: Some(Secret::new("sk-secret")), ..Options::default() }).unwrap();
        assert!(!format!("{model:?}").contains("sk-secret"));
    }
}
