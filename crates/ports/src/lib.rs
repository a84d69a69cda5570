//! What the engine needs from outside: a store, a clock, models and tools. All are used as `dyn`.

pub mod clock;
pub mod model;
pub mod store;
pub mod tool;

pub use clock::Clock;
pub use model::{Model, ModelEvent};
pub use store::Store;
pub use tool::Tool;
