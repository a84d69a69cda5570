//! Test machinery: the simulated world.

pub mod sim;
