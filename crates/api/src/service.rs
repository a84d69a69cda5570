//! The service itself as callers see it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Whether a load balancer should send traffic here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `healthy`, `degraded` (the store does not take writes) or `draining` (about to stop).
    pub status: String,
    /// The product's version.
    pub version: String,
    /// RFC 3339.
    pub timestamp: String,
    /// Always null: this release connects to no MCP servers.
    pub mcp_connected: Option<bool>,
}

/// What the service is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStatus {
    /// The product's name.
    pub service: String,
    /// Its version.
    pub version: String,
    /// Since the process started.
    pub uptime_seconds: u64,
    /// RFC 3339.
    pub timestamp: String,
    /// `ok`, or what is wrong with the store.
    pub database: String,
    /// The provider of the configured model; `none` for checks only.
    pub llm_provider: String,
    /// The configured model.
    pub llm_model: Option<String>,
    /// Runs being driven now.
    pub runs_active: usize,
    /// Runs that may be driven at once.
    pub runs_active_max: usize,
    /// Runs submitted in the last 24 hours, by where they stand.
    pub runs_last_24h: BTreeMap<String, u64>,
}
