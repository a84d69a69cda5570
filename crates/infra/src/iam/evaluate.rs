//! What a policy says to a request: the last word of a deny, then an allow, else no.

use super::document::{Conditions, Effect, Policy, Statement};
use super::pattern::{matches, matches_arn};
use std::collections::BTreeMap;
use std::fmt;

/// What is known of a request beside its action and resource, by condition key. Keys are compared without regard to case. A key without
/// values is surely not in the request; of one that is not here at all nothing is known.
pub type Context = BTreeMap<String, Vec<String>>;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement gives it: its Sid, or its number from 1.
    Allowed(String),
    /// A statement takes it.
    Denied(String),
    /// No statement gives it.
    NotAllowed,
    /// It depends on a condition that cannot be told here. Holds which.
    Unsure(String),
}

impl Decision {
    /// Whether the request goes through. What cannot be told does not.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Decision::Allowed(_))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Decision::Allowed(by) => write!(f, "allowed by {by}"),
            Decision::Denied(by) => write!(f, "denied by {by}"),
            Decision::NotAllowed => f.write_str("no statement allows it"),
            Decision::Unsure(why) => write!(f, "cannot be told: {why}"),
        }
    }
}

/// What a policy says to this action on this resource.
pub fn evaluate(policy: &Policy, action: &str, resource: &str, context: &Context) -> Decision {
    let mut allowed = None;
    let (mut might_allow, mut might_deny) = (None, None);
    for (index, statement) in policy.statements.iter().enumerate() {
        if !speaks_of(statement, action, resource, context) {
            continue;
        }
        let name = if statement.sid.is_empty() { format!("statement {}", index + 1) } else { statement.sid.clone() };
        match (statement.effect, holds(&statement.conditions, context)) {
            (_, Ok(false)) => {}
            (Effect::Deny, Ok(true)) => return Decision::Denied(name),
            (Effect::Allow, Ok(true)) => allowed = allowed.or(Some(name)),
            (Effect::Deny, Err(why)) => might_deny = might_deny.or(Some(format!("{name} denies it or not, which depends on {why}"))),
            (Effect::Allow, Err(why)) => might_allow = might_allow.or(Some(format!("{name} allows it or not, which depends on {why}"))),
        }
    }
    match (allowed, might_allow, might_deny) {
        (None, None, _) => Decision::NotAllowed,
        // A deny that might hold outweighs an allow; an allow that might hold adds nothing to one that does.
        (_, _, Some(why)) | (None, Some(why), None) => Decision::Unsure(why),
        (Some(by), _, None) => Decision::Allowed(by),
    }
}

/// Whether the statement is about this action and resource, conditions aside.
fn speaks_of(statement: &Statement, action: &str, resource: &str, context: &Context) -> bool {
    let action = action.to_ascii_lowercase();
    let names = |patterns: &[String]| patterns.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action, &Context::new()));
    let covers = |patterns: &[String]| patterns.iter().any(|pattern| matches_arn(pattern, resource, context));
    let of_action = if statement.not_actions.is_empty() { names(&statement.actions) } else { !names(&statement.not_actions) };
    // A trust policy has no resource: it is about the role it belongs to.
    let of_resource = match (statement.resources.is_empty(), statement.not_resources.is_empty()) {
        (_, false) => !covers(&statement.not_resources),
        (true, true) => !statement.principals.is_empty(),
        (false, true) => covers(&statement.resources),
    };
    of_action && of_resource
}

/// Whether all conditions hold. An error: none fails, and one cannot be told; it says on what that depends.
fn holds(conditions: &Conditions, context: &Context) -> Result<bool, String> {
    let mut unclear = None;
    for (operator, keys) in conditions {
        for (key, wanted) in keys {
            match condition(operator, key, wanted, context) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(why) => unclear = unclear.or(Some(why)),
            }
        }
    }
    unclear.map_or(Ok(true), Err)
}

fn condition(operator: &str, key: &str, wanted: &[String], context: &Context) -> Result<bool, String> {
    let actual = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, values)| values.as_slice());
    let actual = actual.ok_or_else(|| key.to_owned())?;
    let unknown_operator = || format!("{key}, compared by {operator}, which is not known here");
    let (set, bare) = operator.split_once(':').unwrap_or(("", operator));
    let (bare, if_exists) = bare.strip_suffix("IfExists").map_or((bare, false), |bare| (bare, true));
    if bare == "Null" {
        let wants_absent = wanted.iter().any(|value| value.eq_ignore_ascii_case("true"));
        return Ok(wants_absent == actual.is_empty());
    }
    let is_negative = bare.contains("Not");
    let compare = comparison(&bare.replacen("Not", "", 1)).ok_or_else(unknown_operator)?;
    if actual.is_empty() {
        // What is not there is not equal to anything; for all of nothing everything holds.
        return Ok(if_exists || (is_negative && set != "ForAnyValue") || set == "ForAllValues");
    }
    let mut is_sure = true;
    let mut fits = |value: &String| {
        let answers: Vec<Option<bool>> = wanted.iter().map(|wanted| compare(wanted, value, context)).collect();
        let found = if answers.contains(&Some(true)) { Some(true) } else { answers.iter().all(Option::is_some).then_some(false) };
        is_sure &= found.is_some();
        found.unwrap_or(false) != is_negative
    };
    let result = match set {
        "ForAllValues" => actual.iter().all(&mut fits),
        "" | "ForAnyValue" => actual.iter().any(&mut fits),
        _ => return Err(unknown_operator()),
    };
    if is_sure { Ok(result) } else { Err(format!("{key}, which is not compared with a number")) }
}

type Comparison = fn(&str, &str, &Context) -> Option<bool>;

/// How a positive operator compares a wanted value with one of the request. `None`: the operator is not known here.
fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "StringEquals" => |wanted, actual, context| Some(matches(&wanted.replace('*', "${*}").replace('?', "${?}"), actual, context)),
        "StringEqualsIgnoreCase" | "Bool" => |wanted, actual, _| Some(wanted.eq_ignore_ascii_case(actual)),
        "StringLike" => |wanted, actual, context| Some(matches(wanted, actual, context)),
        "ArnEquals" | "ArnLike" => |wanted, actual, context| Some(matches_arn(wanted, actual, context)),
        "NumericEquals" => |wanted, actual, _| numbers(wanted, actual, |wanted, actual| actual == wanted),
        "NumericLessThan" => |wanted, actual, _| numbers(wanted, actual, |wanted, actual| actual < wanted),
        "NumericLessThanEquals" => |wanted, actual, _| numbers(wanted, actual, |wanted, actual| actual <= wanted),
        "NumericGreaterThan" => |wanted, actual, _| numbers(wanted, actual, |wanted, actual| actual > wanted),
        "NumericGreaterThanEquals" => |wanted, actual, _| numbers(wanted, actual, |wanted, actual| actual >= wanted),
        _ => return None,
    })
}

fn numbers(wanted: &str, actual: &str, holds: fn(f64, f64) -> bool) -> Option<bool> {
    Some(holds(wanted.parse().ok()?, actual.parse().ok()?))
}
