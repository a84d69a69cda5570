//! The service about itself.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Whether requests should be sent here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `healthy`, or `draining` with 503: the process is about to end.
    pub status: String,
    /// The release.
    pub version: String,
    /// Now, RFC 3339.
    pub timestamp: String,
    /// Whether MCP servers are connected; null: there are none.
    pub mcp_connected: Option<bool>,
}

/// How the service does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The name of the product.
    pub service: String,
    /// The release.
    pub version: String,
    /// Since the process began to listen.
    pub uptime_seconds: u64,
    /// Now, RFC 3339.
    pub timestamp: String,
    /// `ok`, or why the store cannot be written to.
    pub database: String,
    /// The provider of the configured model; `none` is deterministic checks alone.
    pub llm_provider: String,
    /// The configured model at that provider, or null.
    pub llm_model: Option<String>,
    /// MCP servers; empty: there are none.
    pub mcp_servers: Vec<McpServer>,
    /// The queue of work.
    pub queue: Queue,
    /// How many runs of the last 24 hours stand where.
    pub runs_last_24h: BTreeMap<String, u64>,
    /// Runs being driven now.
    pub runs_active: usize,
    /// The most that are driven at once.
    pub runs_active_max: usize,
}

/// An MCP server and whether it is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct McpServer {
    /// Its id.
    pub server_id: String,
    /// Whether it is connected.
    pub connected: bool,
}

/// The queue of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// Whether work goes through a queue outside of the process.
    pub enabled: bool,
}
