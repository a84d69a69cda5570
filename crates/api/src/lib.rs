//! The contract of the HTTP API: the shapes of its bodies and the codes of its errors. The command line prints the same shapes.
//!
//! Native bodies are supersets of those of the Python project of the same name, so that its clients can move without change.

pub mod agents;
pub mod compatible;
pub mod events;
pub mod problem;
pub mod requests;
pub mod runs;
pub mod service;

pub use agents::{AgentDetail, AgentList, AgentView, RouteView};
pub use compatible::{AgentResult, OrchestrateReply};
pub use events::EventView;
pub use problem::{Code, FieldError, Problem};
pub use requests::{DecisionRequest, OrchestrateRequest, RunRequest, Saying};
pub use runs::{EvidenceView, FindingView, RunDetail, RunList, RunRowView, RunView, UsageView, WaitingCall};
pub use service::{Health, ServiceStatus};
