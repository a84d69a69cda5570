//! The words of the product and its rules: what a run is, what it may do next, what it may spend.
//!
//! Nothing here does I/O, reads a clock, draws a random number or awaits. The same events in give the same state out.

pub mod ids;
pub mod time;
pub mod principal;
pub mod money;
pub mod prices;
pub mod tool;
pub mod agent;
pub mod finding;
pub mod model;
pub mod canonical;
pub mod event;
pub mod permit;
pub mod target;
pub mod routing;
pub mod checks;
pub mod run;
pub mod director;
pub mod answer;

pub use event::{Event, Fact};
pub use ids::{AgentId, BlobHash, CallId, RunId, TenantId, ToolName};
pub use money::UsdMicros;
pub use run::{Effect, Next, Run, Wait};
pub use time::Timestamp;
