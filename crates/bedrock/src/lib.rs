//! Models on Amazon Bedrock, through the Converse operations of the official SDK.
//!
//! One attempt a call: the SDK's own retries are off, because the engine retries. Nothing but the limit of the output is set, since
//! newer models refuse sampling parameters.

mod credentials;
mod document;
mod failure;
mod region;
mod reply;
mod request;

pub use credentials::credentials_present;
pub use region::default_model;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use domain::model::{ModelError, ModelErrorKind, ModelRequest};
use failure::Asked;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use ports::{Model, ModelEvent};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where and how to ask.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region. `None` takes the one of the environment or the profile.
    pub region: Option<String>,
    /// The profile of the AWS configuration files. `None` takes `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
    /// Another address than the region's own. `None` leaves `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and its kin their say.
    pub endpoint_url: Option<String>,
    /// Whether replies are streamed. A model that cannot stream is asked for whole replies anyway. True by default.
    pub stream: bool,
    /// The longest wait for a connection. Ten seconds by default.
    pub connect_timeout: Duration,
    /// The longest silence before a streamed reply and inside one. Sixty seconds by default.
    pub idle_timeout: Duration,
    /// The longest wait for a whole reply. Five minutes by default.
    pub whole_timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            region: None,
            profile: None,
            endpoint_url: None,
            stream: true,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            whole_timeout: Duration::from_secs(300),
        }
    }
}

/// Why Bedrock cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody says in which region.
    #[error("no AWS region is set: set AWS_REGION, or region in your AWS profile")]
    NoRegion,
}

/// Asks Bedrock in one region.
#[derive(Clone, Debug)]
pub struct Bedrock {
    service: Arc<Service>,
}

#[derive(Debug)]
struct Service {
    client: Client,
    region: String,
    host: String,
    options: Options,
    /// Models that turned out not to stream.
    whole_only: Mutex<BTreeSet<String>>,
}

impl Bedrock {
    /// Reads the AWS configuration: environment, profile files, and the instance's region when those name none.
    ///
    /// Credentials are not loaded before the first call, which fails with `Denied` when there are none.
    pub async fn new(options: Options) -> Result<Bedrock, Error> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        Bedrock::with_config(&loader.load().await, options)
    }

    /// Goes by an AWS configuration that is loaded already; the options' region and profile are not looked at.
    pub fn with_config(config: &SdkConfig, options: Options) -> Result<Bedrock, Error> {
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        let timeouts = TimeoutConfig::builder().connect_timeout(options.connect_timeout).build();
        let mut builder = aws_sdk_bedrockruntime::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            // A model that thinks sends nothing for a while; our own limit of silence is the one that counts.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let named_by_environment = || std::env::var("AWS_ENDPOINT_URL_BEDROCK_RUNTIME").ok().filter(|url| !url.is_empty());
        let endpoint = options.endpoint_url.clone().or_else(named_by_environment);
        if let Some(endpoint) = &endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        let host = match endpoint.as_deref().or(config.endpoint_url()) {
            Some(url) => host_of(url).to_owned(),
            None => format!("bedrock-runtime.{region}.amazonaws.com"),
        };
        let client = Client::from_conf(builder.build());
        Ok(Bedrock { service: Arc::new(Service { client, region, host, options, whole_only: Mutex::default() }) })
    }

    /// The region that is asked.
    pub fn region(&self) -> &str {
        &self.service.region
    }
}

impl Model for Bedrock {
    fn destination(&self) -> String {
        self.service.host.clone()
    }

    fn stream(&self, request: &ModelRequest, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let service = self.service.clone();
        let request = request.clone();
        stream::once(async move { service.ask(&request, output_tokens_max).await }).try_flatten().boxed()
    }
}

type Events = BoxStream<'static, Result<ModelEvent, ModelError>>;

impl Service {
    async fn ask(self: Arc<Self>, request: &ModelRequest, output_tokens_max: u32) -> Result<Events, ModelError> {
        let model = request.model.id();
        if !self.options.stream || self.whole_only.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).contains(model) {
            return self.ask_whole(request, output_tokens_max).await;
        }
        match self.clone().ask_streamed(request, output_tokens_max).await {
            // A request that was turned away for its form has cost nothing, so asking in the other form is not a retry.
            Err(error) if failure::is_about_streaming(&error) => {
                let events = self.ask_whole(request, output_tokens_max).await?;
                self.whole_only.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(model.to_owned());
                Ok(events)
            }
            other => other,
        }
    }

    async fn ask_streamed(self: Arc<Self>, request: &ModelRequest, output_tokens_max: u32) -> Result<Events, ModelError> {
        let idle = self.options.idle_timeout;
        let asked = self.asked(request, "bedrock:InvokeModelWithResponseStream");
        let wire = request::Wire::build(request, output_tokens_max)?;
        let call = self.client.converse_stream().model_id(request.model.id());
        let call = call.set_system(wire.system).set_messages(Some(wire.messages)).inference_config(wire.limit).set_tool_config(wire.tools);
        let output = match tokio::time::timeout(idle, call.send()).await {
            Err(_) => return Err(self.silent(idle)),
            Ok(Err(error)) => return Err(failure::of_call(&asked, &error)),
            Ok(Ok(output)) => output,
        };
        Ok(reply::read(output, asked, idle, output_tokens_max))
    }

    async fn ask_whole(&self, request: &ModelRequest, output_tokens_max: u32) -> Result<Events, ModelError> {
        let limit = self.options.whole_timeout;
        let asked = self.asked(request, "bedrock:InvokeModel");
        let wire = request::Wire::build(request, output_tokens_max)?;
        let call = self.client.converse().model_id(request.model.id());
        let call = call.set_system(wire.system).set_messages(Some(wire.messages)).inference_config(wire.limit).set_tool_config(wire.tools);
        match tokio::time::timeout(limit, call.send()).await {
            Err(_) => Err(self.silent(limit)),
            Ok(Err(error)) => Err(failure::of_call(&asked, &error)),
            Ok(Ok(output)) => reply::whole(output, &asked),
        }
    }

    fn asked(&self, request: &ModelRequest, action: &'static str) -> Asked {
        Asked { region: self.region.clone(), host: self.host.clone(), model: request.model.id().to_owned(), action }
    }

    fn silent(&self, limit: Duration) -> ModelError {
        ModelError::new(ModelErrorKind::Timeout, format!("{} did not begin to answer within {} s", self.host, limit.as_secs()))
    }
}

/// The host of an address, without scheme, port and path.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(six),
        None => authority.split(':').next().unwrap_or(authority),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_is_the_host_alone() {
        assert_eq!(host_of("http://127.0.0.1:4566/x"), "127.0.0.1");
        assert_eq!(host_of("https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com"), "vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com");
        assert_eq!(host_of("http://[::1]:80"), "::1");
    }

    #[test]
    fn a_missing_region_is_said_at_once() {
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let error = Bedrock::with_config(&config, Options::default()).unwrap_err();
        assert!(error.to_string().contains("AWS_REGION"));
    }
}
