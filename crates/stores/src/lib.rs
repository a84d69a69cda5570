//! Where journals are kept: in memory for tests and emergencies, in SQLite on one machine. One suite holds for all.

pub mod conformance;
mod ledger;
mod memory;
pub mod sqlite;

pub use memory::Memory;
pub use sqlite::Sqlite;
