//! Runs in lists, and the short answers to requests that do something to one.

use crate::schema;
use domain::event::Status;
use domain::{RunId, UsdMicros};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of runs, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunList {
    /// The runs.
    pub runs: Vec<RunRowView>,
    /// The most that were asked for.
    pub limit: usize,
    /// How many were left out at the start.
    pub offset: usize,
    /// How many are on this page.
    pub count: usize,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A run as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunRowView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub run_id: RunId,
    /// Where it stands.
    #[schema(schema_with = schema::status)]
    pub status: Status,
    /// The task's beginning, at most 200 characters.
    pub task: String,
    /// The same, under the name that compatible clients use.
    pub goal: String,
    /// What it has cost, in millionths of a US dollar.
    #[schema(value_type = i64)]
    pub cost_usd_micros: UsdMicros,
    /// When it was submitted, RFC 3339.
    pub created_at: String,
    /// When its status last changed, RFC 3339.
    pub updated_at: String,
    /// When it ended, or null.
    pub completed_at: Option<String>,
}

/// The answer to a submission that is not waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunAccepted {
    /// The run.
    #[schema(value_type = String, format = "uuid")]
    pub run_id: RunId,
    /// Where it stands: `pending` for a new one.
    #[schema(schema_with = schema::status)]
    pub status: Status,
    /// What was asked.
    pub goal: String,
    /// When it was submitted, RFC 3339.
    pub created_at: String,
    /// For people.
    pub message: String,
}

/// The answer to a request that did something to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ControlView {
    /// The run.
    #[schema(value_type = String, format = "uuid")]
    pub run_id: RunId,
    /// Where it stands now.
    #[schema(schema_with = schema::status)]
    pub status: Status,
    /// For people.
    pub message: String,
}
