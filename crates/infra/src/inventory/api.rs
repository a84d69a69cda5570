//! API Gateway: HTTP, REST and WebSocket APIs.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// Which API Gateway it is; each has its own price and its own limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP API.
    #[default]
    Http,
    /// REST API.
    Rest,
    /// WebSocket API.
    WebSocket,
}

/// An API.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Api {
    /// Which kind.
    pub protocol: Protocol,
    /// Its name.
    pub name: Value<String>,
    /// For an HTTP API made by one resource: the function that answers everything.
    pub target: Value<Link>,
}

/// A stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stage {
    /// The API.
    pub api: Value<Link>,
    /// Requests a second before it says 429.
    pub throttle_rate: Value<f64>,
    /// Requests at once.
    pub throttle_burst: Value<f64>,
    /// Where requests are logged.
    pub access_logs: Value<Link>,
}

/// A route of an HTTP API or a method of a REST API.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Route {
    /// The API.
    pub api: Value<Link>,
    /// Such as `POST /orchestrate` or `ANY`.
    pub route: Value<String>,
    /// `NONE`, `AWS_IAM`, `JWT`, `CUSTOM`. Absent: `NONE`.
    pub authorization: Value<String>,
    /// Whether a REST API's key must be shown. Absent: no.
    pub key_required: Value<bool>,
}

/// An integration.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Integration {
    /// The API.
    pub api: Value<Link>,
    /// The function or address that answers.
    pub target: Value<Link>,
    /// Milliseconds before the gateway gives up. Absent: 30,000 for HTTP, 29,000 for REST.
    pub timeout_ms: Value<f64>,
}

/// An API key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ApiKey {
    /// Whether it works. Absent: yes.
    pub enabled: Value<bool>,
}

/// A usage plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UsagePlan {
    /// The APIs that it covers.
    pub apis: Vec<Value<Link>>,
    /// Requests a second for each key.
    pub throttle_rate: Value<f64>,
    /// Requests of a period for each key.
    pub quota: Value<f64>,
}

/// An authorizer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Authorizer {
    /// The API.
    pub api: Value<Link>,
    /// `JWT`, `REQUEST`, `TOKEN` …
    pub authorizer_type: Value<String>,
}
