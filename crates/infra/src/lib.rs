//! Infrastructure as it is written down: read into one inventory, of which review, price and policy are functions.
//!
//! Only the readers touch files. Everything else is pure: the same inventory gives the same findings, bill and policy.

pub mod attribute;
pub mod cost;
pub mod iam;
pub mod inventory;
mod nearest;
pub mod options;
pub mod price;
pub mod print;
pub mod read;
pub mod recommend;
pub mod review;
pub mod rules;
mod sensitive;
pub mod usage;
pub mod value;

pub use attribute::{Attribute, Node};
pub use inventory::{Inventory, Kind, Link, Origin, Resource};
pub use value::Value;
