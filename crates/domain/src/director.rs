//! The directors: pure functions from a run's state to what it asks for next.
//!
//! *supervisor* chooses agents, *agent* leads the conversation with a model, *checks* needs no model at all.

pub mod supervisor;
pub mod agent;
pub mod checks;
pub(crate) mod calls;
