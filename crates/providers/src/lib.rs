//! The models that can be asked: any server with OpenAI's wire, and a script for tests and demos. The price list lives here too.

mod arguments;
pub mod openai;
mod prices;
pub mod scripted;
mod secret;

pub use prices::{PRICE_LIST, prices};
pub use secret::Secret;
