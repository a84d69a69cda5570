//! What an AccessDenied message means, and the statement that would help.

use super::document::{Policy, Statement};
use super::evaluate::{Context, Decision, evaluate};
use super::need::Need;
use super::pattern::matches_arn;
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// A longer text is no error message.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// AWS's own sentence; its end, which gives the reason, came later and is not always there.
static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r#"(?is)(?:user:?\s+)?(\S+)\s+is not authorized to perform:?\s+([A-Za-z0-9-]+:[A-Za-z0-9*]+)(?:\s+on resource:?\s+"?([^\s"]+)"?)?(.*)"#;
    Regex::new(pattern).expect("the pattern is constant")
});

/// What refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No policy of the principal allows it.
    NoIdentityPolicy,
    /// No policy of the resource allows it.
    NoResourcePolicy,
    /// The principal's permissions boundary does not allow it.
    NoBoundary,
    /// The policy of the session does not allow it.
    NoSessionPolicy,
    /// The organisation's service control policies do not allow it.
    NoServiceControlPolicy,
    /// The VPC endpoint's policy does not allow it.
    NoEndpointPolicy,
    /// A statement of some policy denies it.
    ExplicitDeny,
    /// The account has no access to the model; IAM is not the matter.
    ModelAccess,
    /// The message does not say.
    NotSaid,
}

/// An AccessDenied message explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What refused.
    pub cause: Cause,
    /// Who asked, as the message has it. Empty: it does not say.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The ARN.
    pub resource: String,
    /// The configuration entry that needs it. `None`: none does.
    pub entry: Option<String>,
    /// What is the matter and what to do, in sentences.
    pub explanation: String,
    /// The statement to add, where a statement helps.
    pub statement: Option<Statement>,
}

/// Reasons by the words that AWS uses for them, the telling ones first.
const REASONS: &[(&str, Cause)] = &[
    ("explicit deny", Cause::ExplicitDeny),
    ("no identity-based policy", Cause::NoIdentityPolicy),
    ("no resource-based policy", Cause::NoResourcePolicy),
    ("no permissions boundary", Cause::NoBoundary),
    ("no session policy", Cause::NoSessionPolicy),
    ("no service control policy", Cause::NoServiceControlPolicy),
    ("no vpc endpoint policy", Cause::NoEndpointPolicy),
];

/// Whose policies a deny may stand in, by AWS's words, and who can change them.
const DENIERS: &[(&str, &str)] = &[
    ("service control policy", "a service control policy of the organisation, which only its management account can change"),
    ("resource control policy", "a resource control policy of the organisation, which only its management account can change"),
    ("permissions boundary", "the principal's permissions boundary"),
    ("session policy", "the policy that the session was made with"),
    ("vpc endpoint policy", "the policy of the VPC endpoint that the call goes through"),
    ("resource-based policy", "a policy of the resource"),
    ("identity-based policy", "a policy of the principal"),
];

/// Explains a message. `policy` is the one that the principal is believed to have. `None`: the text is no such message.
pub fn check(message: &str, policy: Option<&Policy>, needs: &[Need]) -> Option<Explanation> {
    let message = message.get(..MESSAGE_BYTES_MAX).unwrap_or(message);
    if message.len() > MESSAGE_BYTES_MAX {
        return None;
    }
    let lower = message.to_ascii_lowercase();
    let Some(sentence) = SENTENCE.captures(message) else {
        return lower.contains("access to the model").then(model_access);
    };
    let part = |number: usize| sentence.get(number).map_or("", |found| found.as_str()).trim_end_matches(['.', ',']).to_owned();
    let (principal, action, resource, rest) = (part(1), part(2), part(3), part(4).to_ascii_lowercase());
    let cause = REASONS.iter().find(|(words, _)| rest.contains(words)).map_or(Cause::NotSaid, |(_, cause)| *cause);
    let need = needs.iter().find(|need| {
        need.grants().iter().any(|grant| grant.action.eq_ignore_ascii_case(&action) && matches_arn(&grant.resource, &resource, &Context::new()))
    });
    let mut said = vec![what_refused(cause, &rest, &action, &resource)];
    said.push(match need {
        Some(need) => format!("The configuration needs it: {}.", need.entry),
        None => "Nothing in the configuration needs it; the call comes from elsewhere, or the configuration that runs is another.".to_owned(),
    });
    if let Some(policy) = policy {
        said.push(what_policy_says(policy, need, &action, &resource));
    }
    if need.is_some() && resource.contains("foundation-model/") {
        said.push("A call through an inference profile needs the profile and the model in every region that it may be sent to.".to_owned());
    }
    let helps = !matches!(cause, Cause::ExplicitDeny | Cause::NoServiceControlPolicy);
    let statement = helps.then(|| need.map_or_else(|| for_this(&action, &resource), Need::statement));
    Some(Explanation { cause, principal, action, resource, entry: need.map(|need| need.entry.clone()), explanation: said.join(" "), statement })
}

fn model_access() -> Explanation {
    let explanation = "The account has no access to this model. No IAM statement helps: ask for access in the Bedrock console (Model access), in the \
         region that is configured. Accounts lose access to models near their end of life.";
    Explanation {
        cause: Cause::ModelAccess,
        principal: String::new(),
        action: String::new(),
        resource: String::new(),
        entry: None,
        explanation: explanation.to_owned(),
        statement: None,
    }
}

fn for_this(action: &str, resource: &str) -> Statement {
    let resource = if resource.is_empty() { "*" } else { resource };
    Statement { actions: vec![action.to_owned()], resources: vec![resource.to_owned()], ..Statement::default() }
}

fn what_refused(cause: Cause, rest: &str, action: &str, resource: &str) -> String {
    let on = if resource.is_empty() { String::new() } else { format!(" on {resource}") };
    match cause {
        Cause::ExplicitDeny => {
            let by = DENIERS.iter().find(|(words, _)| rest.contains(words)).map_or("a policy that the message does not name", |(_, by)| by);
            format!("{action}{on} is denied by a statement in {by}. No allow outweighs a deny: change or narrow that statement.")
        }
        Cause::NoIdentityPolicy => format!("No policy of the principal allows {action}{on}. Add the statement to one."),
        Cause::NoResourcePolicy => {
            format!("No policy of the resource allows {action}{on}. Add the statement, with the principal, to the resource's policy.")
        }
        Cause::NoBoundary => format!(
            "The principal's permissions boundary does not allow {action}{on}. Add the statement to the boundary; the policy alone does not do."
        ),
        Cause::NoSessionPolicy => format!("The policy of the session does not allow {action}{on}. Add the statement where the role is taken."),
        Cause::NoServiceControlPolicy => {
            format!(
                "The organisation's service control policies do not allow {action}{on}. Only its management account can change that; ask for this action and region."
            )
        }
        Cause::NoEndpointPolicy => {
            format!("The VPC endpoint's policy does not allow {action}{on}. Add the statement, with the principal, to the endpoint's policy.")
        }
        Cause::ModelAccess | Cause::NotSaid => {
            format!("{action}{on} is refused; the message does not say by what. First look whether a policy of the principal allows it.")
        }
    }
}

fn what_policy_says(policy: &Policy, need: Option<&Need>, action: &str, resource: &str) -> String {
    let of_need = need.and_then(|need| {
        need.grants().into_iter().find(|grant| grant.action.eq_ignore_ascii_case(action) && matches_arn(&grant.resource, resource, &Context::new()))
    });
    let context = of_need.map(|grant| grant.context).unwrap_or_default();
    match evaluate(policy, action, resource, &context) {
        Decision::Allowed(by) => format!("The policy given allows it ({by}): it is not attached to this principal, or something above it refuses."),
        decision => format!("The policy given does not let it through: {decision}."),
    }
}
