//! The promises of `orchestrator up`, proved from outside: the real binary is killed, asked to end, and starved of disk.

mod server;

mod disk;
mod drain;
mod kill;
mod model;
