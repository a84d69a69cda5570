//! The contract: what goes over the wire, and the codes that errors carry. Types and pure conversions, nothing else.
//!
//! Bodies are supersets of those of compatible services, so their clients work unchanged.

pub mod agents;
pub mod decision;
pub mod event;
pub mod orchestrate;
pub mod problem;
pub mod read;
pub mod run;
mod schema;
pub mod service;
pub mod submit;

pub use agents::{AgentBody, AgentList, AgentView, Capability};
pub use decision::{DecisionBody, Saying};
pub use event::EventView;
pub use orchestrate::{AgentResult, OrchestrateView};
pub use problem::{Code, FieldError, Problem};
pub use read::Refusal;
pub use run::{ControlView, ModelCallView, Pending, PendingKind, RunAccepted, RunList, RunRowView, RunView, ToolCallView, WorkState};
pub use service::{Health, Queue, StatusView};
pub use submit::{BUDGET_USD_MAX, ModelChoice, SubmitRun, Task, TaskMode};

/// The version of the HTTP interface, sent with every answer as `X-API-Version`. It changes when a client must.
pub const API_VERSION: &str = "1";
