//! What an AccessDenied message means, and the statement that would help.

use super::document::{Policy, Statement};
use super::evaluate::{Context, Decision, evaluate};
use super::need::Need;
use super::pattern::matches_arn;
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// An error message is a few lines; of a longer text the beginning is read.
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
    /// The trust policy of the role does not name the principal.
    NoTrustPolicy,
    /// A statement of some policy denies it.
    ExplicitDeny,
    /// The account has no access to the model; IAM is not the matter.
    ModelAccess,
    /// Nobody who may has subscribed the account to the model.
    NoSubscription,
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
    /// What to do with the statement, in words; empty without one.
    pub advice: String,
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
    ("no role trust policy", Cause::NoTrustPolicy),
];

/// Whose policies a deny may stand in, by AWS's words, and who can change them.
const DENIERS: &[(&str, &str)] = &[
    ("role trust policy", "the trust policy of the role"),
    ("service control policy", "a service control policy of the organisation, which only its management account can change"),
    ("resource control policy", "a resource control policy of the organisation, which only its management account can change"),
    ("permissions boundary", "the principal's permissions boundary"),
    ("session policy", "the policy that the session was made with"),
    ("vpc endpoint policy", "the policy of the VPC endpoint that the call goes through"),
    ("resource-based policy", "a policy of the resource"),
    ("identity-based policy", "a policy of the principal"),
];

/// What subscribing an account to a model takes. From the user guide of Bedrock, "Request access to models".
const SUBSCRIBE: [&str; 3] = ["aws-marketplace:Subscribe", "aws-marketplace:Unsubscribe", "aws-marketplace:ViewSubscriptions"];

/// Explains a message. `policy` is the one that the principal is believed to have. `None`: the text is no such message.
pub fn check(message: &str, policy: Option<&Policy>, needs: &[Need]) -> Option<Explanation> {
    let end = (0..=MESSAGE_BYTES_MAX.min(message.len())).rev().find(|at| message.is_char_boundary(*at)).unwrap_or_default();
    let message = &message[..end];
    let lower = message.to_ascii_lowercase();
    if lower.contains("aws-marketplace:") {
        return Some(no_subscription());
    }
    let Some(sentence) = SENTENCE.captures(message) else {
        return lower.contains("access to the model").then(model_access);
    };
    let part = |number: usize| sentence.get(number).map_or("", |found| found.as_str()).trim_end_matches(['.', ',']).to_owned();
    let (principal, action, resource, rest) = (part(1), part(2), part(3), part(4).to_ascii_lowercase());
    let cause = REASONS.iter().find(|(words, _)| rest.contains(words)).map_or(Cause::NotSaid, |(_, cause)| *cause);
    let need = needs.iter().find(|need| {
        need.grants().iter().any(|grant| grant.action.eq_ignore_ascii_case(&action) && matches_arn(&grant.resource, &resource, &Context::new()))
    });
    let mut said = vec![what_refused(cause, &rest, &action, &resource, &principal)];
    match need {
        Some(need) => said.push(format!("The configuration needs it: {}.", need.entry)),
        // Without a model nothing is known to be needed, which says nothing of this call.
        None if needs.is_empty() => {}
        None => {
            said.push("Nothing in the configuration needs it; the call comes from elsewhere, or the configuration that runs is another.".to_owned())
        }
    }
    if let Some(policy) = policy {
        said.push(what_policy_says(policy, need, &action, &resource));
    }
    if need.is_some() && resource.contains("foundation-model/") {
        said.push("A call through an inference profile needs the profile and the model in every region that it may be sent to.".to_owned());
    }
    let statement = statement(cause, need, &action, &resource, &principal);
    let advice = if statement.is_some() { advice(cause, need.is_some(), &name_of(&principal)) } else { String::new() };
    let entry = need.map(|need| need.entry.clone());
    Some(Explanation { cause, principal, action, resource, entry, explanation: said.join(" "), statement, advice })
}

/// The statement that helps. `None`: an allow does not, or the message does not say on what.
fn statement(cause: Cause, need: Option<&Need>, action: &str, resource: &str, principal: &str) -> Option<Statement> {
    let helps = !matches!(cause, Cause::ExplicitDeny | Cause::NoServiceControlPolicy | Cause::NoTrustPolicy);
    let mut statement = match need {
        _ if !helps => return None,
        Some(need) => in_account_of(principal, need.statement()),
        // A statement for everything would be more than was refused.
        None if resource.is_empty() => return None,
        None => Statement { actions: vec![action.to_owned()], resources: vec![resource.to_owned()], ..Statement::default() },
    };
    // The policies of things say to whom.
    if matches!(cause, Cause::NoResourcePolicy | Cause::NoEndpointPolicy) && principal.starts_with("arn:") {
        statement.principals.insert("AWS".to_owned(), vec![principal.to_owned()]);
    }
    Some(statement)
}

/// The statement with the principal's account where a need does not know its own.
fn in_account_of(principal: &str, mut statement: Statement) -> Statement {
    let account = principal.split(':').nth(4).filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(account) = account {
        statement.resources.iter_mut().for_each(|arn| *arn = arn.replacen(":*:", &format!(":{account}:"), 1));
    }
    statement
}

/// What policies are attached to, of a principal's ARN: a session has those of its role.
fn name_of(principal: &str) -> String {
    let mut parts = principal.splitn(6, ':').nth(5).unwrap_or_default().split('/');
    match (parts.next(), parts.next()) {
        (Some("assumed-role"), Some(role)) => format!("the role {role}"),
        (Some("user"), Some(_)) => format!("the user {}", principal.rsplit('/').next().unwrap_or_default()),
        _ => "the principal".to_owned(),
    }
}

fn advice(cause: Cause, is_needed: bool, principal: &str) -> String {
    let attached = format!("attach this policy to {principal}, or add its statement to one that is");
    let where_to = match cause {
        Cause::NoResourcePolicy => "add this statement to the resource's policy",
        Cause::NoEndpointPolicy => "add this statement to the endpoint's policy",
        Cause::NoBoundary => "add this statement to the permissions boundary",
        Cause::NoSessionPolicy => "add this statement to the policy that the session is made with",
        _ => attached.as_str(),
    };
    if is_needed { where_to[..1].to_ascii_uppercase() + &where_to[1..] } else { format!("If it is wanted, {where_to}") }
}

/// An explanation of what IAM's own sentence does not say.
fn of_access(cause: Cause, explanation: &str) -> Explanation {
    let nobody = String::new;
    Explanation {
        cause,
        principal: nobody(),
        action: nobody(),
        resource: nobody(),
        entry: None,
        explanation: explanation.to_owned(),
        statement: None,
        advice: nobody(),
    }
}

fn model_access() -> Explanation {
    of_access(
        Cause::ModelAccess,
        "The account has no access to this model in the region that was asked. Models need no request of their own any more: the first call \
         subscribes the account, when who makes it may use aws-marketplace:Subscribe. So look whether the model is offered in this region, whether \
         the account has sent Anthropic's form of first use (once, for its models), whether its payment method is valid, and whether the model has \
         come near its end of life, when unused ones are closed first.",
    )
}

fn no_subscription() -> Explanation {
    let explanation = of_access(
        Cause::NoSubscription,
        "The account is not subscribed to this model yet, and who called may not subscribe it. The first call of a model that is sold through AWS \
         Marketplace does so, once for the whole account, and takes the three actions below; later calls need none of them. Let an administrator \
         make that call, or allow them for as long as it takes; access may need some minutes after it.",
    );
    let statement = Statement {
        sid: "SubscribeToModels".to_owned(),
        actions: SUBSCRIBE.map(str::to_owned).to_vec(),
        resources: vec!["*".to_owned()],
        ..Statement::default()
    };
    Explanation { statement: Some(statement), advice: "Attach this policy for the first call".to_owned(), ..explanation }
}

fn what_refused(cause: Cause, rest: &str, action: &str, resource: &str, principal: &str) -> String {
    let on = if resource.is_empty() { String::new() } else { format!(" on {resource}") };
    match cause {
        Cause::ExplicitDeny => {
            let by = DENIERS.iter().find(|(words, _)| rest.contains(words)).map_or("a policy that the message does not name", |(_, by)| by);
            format!("{action}{on} is denied by a statement in {by}. No allow outweighs a deny: change or narrow that statement.")
        }
        Cause::NoIdentityPolicy => format!("No policy of {} allows {action}{on}.", name_of(principal)),
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
        Cause::NoTrustPolicy => {
            let role = if resource.is_empty() { "the role" } else { resource };
            format!("The trust policy of {role} does not let {principal} take it. Name the principal there; its own policies are not what refuses.")
        }
        Cause::ModelAccess | Cause::NoSubscription | Cause::NotSaid => {
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
