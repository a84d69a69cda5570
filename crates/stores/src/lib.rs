//! Where journals are kept: in memory for tests and emergencies, in SQLite on one machine. One suite holds for all.

mod ledger;
mod memory;
pub mod sqlite;
pub mod conformance;

pub use memory::Memory;
pub use sqlite::Sqlite;
