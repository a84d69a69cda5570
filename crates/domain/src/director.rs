//! The directors: pure functions from a run's state to what it asks for next.
//!
//! *supervisor* chooses agents, *agent* leads the conversation with a model, *checks* needs no model at all.

pub mod agent;
pub(crate) mod calls;
pub mod checks;
pub mod supervisor;
