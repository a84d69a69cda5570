//! What every rule's file begins with.

pub(super) use super::facts::{Facts, count};
pub(super) use super::judgement::{Judgement, Seen, Tally, notes, untold};
pub(super) use super::patch::{Change, set, set_inside};
pub(super) use super::rule::{ACCOUNT_ONLY, Area, Effort, Refs, Remedy, Rule, Section, TEMPLATES, TEMPLATES_AND_REPOSITORY};
#[cfg(test)]
pub(super) use super::testing::*;
pub(super) use crate::inventory::{Inventory, Kind, Link, Resource};
pub(super) use crate::options::Deployment;
pub(super) use crate::value::Value;
pub(super) use domain::finding::Severity;
