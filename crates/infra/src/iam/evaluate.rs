//! What a policy says to a request: the last word of a deny, then an allow, else no.

use super::document::{Conditions, Effect, Policy, Statement};
use super::pattern::{matches, matches_arn};
use std::collections::BTreeMap;
use std::fmt;

/// What is known of a request beside its action and resource, by condition key. Keys are compared without regard to case.
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
    let mut unsure = None;
    for (index, statement) in policy.statements.iter().enumerate() {
        if !speaks_of(statement, action, resource, context) {
            continue;
        }
        let name = if statement.sid.is_empty() { format!("statement {}", index + 1) } else { statement.sid.clone() };
        match (statement.effect, holds(&statement.conditions, context)) {
            (_, Some(false)) => {}
            (Effect::Deny, Some(true)) => return Decision::Denied(name),
            (Effect::Allow, Some(true)) => allowed = allowed.or(Some(name)),
            (effect, None) => unsure = unsure.or(Some((effect, format!("a condition of {name} uses an operator that is not known here")))),
        }
    }
    match (allowed, unsure) {
        // A deny that might hold outweighs an allow; an allow that might hold adds nothing to one that does.
        (_, Some((Effect::Deny, why))) | (None, Some((Effect::Allow, why))) => Decision::Unsure(why),
        (Some(by), _) => Decision::Allowed(by),
        (None, None) => Decision::NotAllowed,
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

/// Whether all conditions hold. `None`: one of them cannot be told, and none fails.
fn holds(conditions: &Conditions, context: &Context) -> Option<bool> {
    let mut is_sure = true;
    for (operator, keys) in conditions {
        for (key, wanted) in keys {
            match condition(operator, key, wanted, context) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => is_sure = false,
            }
        }
    }
    is_sure.then_some(true)
}

fn condition(operator: &str, key: &str, wanted: &[String], context: &Context) -> Option<bool> {
    let actual = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, values)| values.as_slice());
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (set, operator),
        None => ("", operator),
    };
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    if operator == "Null" {
        let wants_absent = wanted.iter().any(|value| value.eq_ignore_ascii_case("true"));
        return Some(wants_absent == actual.is_none_or(<[String]>::is_empty));
    }
    let is_negative = operator.contains("Not");
    let compare = comparison(&operator.replacen("Not", "", 1))?;
    let Some(actual) = actual.filter(|values| !values.is_empty()) else {
        // What is not there is not equal to anything; for all of nothing everything holds.
        return Some(if_exists || (is_negative && set != "ForAnyValue") || set == "ForAllValues");
    };
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
        _ => return None,
    };
    is_sure.then_some(result)
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
