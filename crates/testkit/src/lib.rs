//! Test machinery: the simulated world, and a stand-in for the models' vendors.

pub mod sim;
pub mod standin;
