//! HTTP turned into engine calls and back. It holds no rules: what may happen is the engine's word, how it reads is `api`'s.

mod agents;
mod app;
mod body;
mod frame;
mod health;
mod idempotency;
mod infrastructure;
mod keys;
mod openapi;
mod orchestrate;
mod page;
mod patience;
mod problem;
mod router;
mod runs;
mod serve;
mod submit;

pub use app::{App, Bounds, Parts};
pub use keys::Key;
pub use openapi::document as openapi;
pub use serve::{Options, serve};
