//! The words of the product and its rules: what a run is, what it may do next, what it may spend.
//!
//! Nothing here does I/O, reads a clock, draws a random number or awaits. The same events in give the same state out.

pub mod agent;
pub mod answer;
pub mod canonical;
pub mod checks;
pub mod director;
pub mod event;
pub mod finding;
pub mod hashed;
pub mod ids;
pub mod model;
pub mod money;
pub mod permit;
pub mod prices;
pub mod principal;
pub mod routing;
pub mod run;
pub mod target;
pub mod time;
pub mod tool;

pub use event::{Event, Fact};
pub use ids::{AgentId, BlobHash, CallId, RunId, TenantId, ToolName};
pub use money::UsdMicros;
pub use run::{Effect, Next, Run, Wait};
pub use time::Timestamp;
