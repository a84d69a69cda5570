//! Least privilege: the policy that today's configuration needs, how another policy differs from it, and what a refusal means.
//!
//! Pure functions. A need names the configuration entry that has it, and every statement names its need.

mod check;
mod diff;
mod document;
mod evaluate;
mod generate;
mod need;
mod pattern;
mod print;
mod profiles;

pub use check::{Cause, Explanation, check};
pub use diff::{Diff, Excess, Missing, diff};
pub use document::{Conditions, Effect, InvalidPolicy, Policy, Statement};
pub use evaluate::{Context, Decision, evaluate};
pub use generate::{Generated, Principal, generate};
pub use need::{Account, Grant, Need, UnknownModel};
pub(crate) use pattern::matches_action;
pub use print::{cloudformation, note_of_json, terraform};
pub(crate) use profiles::{of_profile, of_region};

/// Whether a text has the form of a region's name: two or more parts of letters and a number, as in `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, names)) = parts.split_last() else { return false };
    let is_name = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    names.len() >= 2 && names[0].len() == 2 && names.iter().all(is_name) && number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit())
}
