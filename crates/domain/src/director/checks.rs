//! The checks director: a plan of deterministic calls, and an answer made of what they found.

use super::calls;
use crate::answer;
use crate::event::Outcome;
use crate::permit::Policy;
use crate::run::{CallState, Check, Checks, Next, Run, complete};

pub(crate) fn next(run: &Run, checks: &Checks, policy: &dyn Policy) -> Next {
    let ready = checks.checks.iter().filter(|c| is_ready(c, &checks.checks)).map(|c| &c.call);
    if let Some(next) = calls::advance(run, ready, policy) {
        return next;
    }
    let outcome = match &checks.instead_of_model {
        None => Outcome::Full,
        Some(reason) => Outcome::Partial { reason: reason.clone() },
    };
    let results = checks.checks.iter().map(|c| (&c.call, skipped_because(c, &checks.checks)));
    complete(answer::from_checks(run, results, checks.instead_of_model.as_deref()), outcome)
}

/// Whether a check has been begun, or could be: what it builds on has reached its target.
fn is_ready(check: &Check, all: &[Check]) -> bool {
    match check.after.and_then(|i| all.get(i)) {
        _ if check.call.state != CallState::Proposed => true,
        None => true,
        Some(before) => before.call.result().is_some_and(|r| r.reachable),
    }
}

/// The check that kept this one from being made.
fn skipped_because<'a>(check: &Check, all: &'a [Check]) -> Option<&'a Check> {
    if check.call.state != CallState::Proposed { None } else { check.after.and_then(|i| all.get(i)) }
}
