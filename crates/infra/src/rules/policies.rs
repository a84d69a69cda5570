//! Reading policies: whose they are, what they allow, on what.

pub(crate) use crate::iam::matches_action as matches;
use crate::inventory::identity::{Document, Policy, Role, Statement, User};
use crate::inventory::{Inventory, Kind, Link, Resource};
use crate::value::Value;

/// The two actions that ask a model.
pub(crate) const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// Every policy document that gives somebody rights, with the resource that it stands in.
pub(crate) fn documents(inventory: &Inventory) -> impl Iterator<Item = (&Resource, &Value<Document>)> {
    inventory.resources.iter().flat_map(|resource| {
        let documents: Vec<&Value<Document>> = match &resource.kind {
            Kind::Role(role) => role.inline.iter().collect(),
            Kind::User(user) => user.inline.iter().collect(),
            Kind::Policy(policy) => vec![&policy.document],
            _ => Vec::new(),
        };
        documents.into_iter().map(move |document| (resource, document))
    })
}

/// Every statement that allows something.
pub(crate) fn allowing(inventory: &Inventory) -> impl Iterator<Item = (&Resource, &Statement)> {
    documents(inventory).filter_map(|(resource, document)| Some((resource, document.known()?))).flat_map(|(resource, document)| {
        document.statements.iter().filter(|statement| statement.effect != Value::Known("Deny".to_owned())).map(move |statement| (resource, statement))
    })
}

/// The statements that allow asking a model.
pub(crate) fn bedrock_statements(inventory: &Inventory) -> impl Iterator<Item = (&Resource, &Statement)> {
    allowing(inventory).filter(|(_, statement)| {
        statement
            .actions
            .iter()
            .filter_map(Value::known)
            .any(|action| action.to_lowercase().starts_with("bedrock:") && INVOKE.iter().any(|invoke| matches(action, invoke)))
    })
}

/// Whether the statement's actions cover this one. `None` when one of them cannot be told and no other does.
pub(crate) fn allows(statement: &Statement, action: &str) -> Option<bool> {
    let (patterns, is_meant) = if statement.not_actions.is_empty() { (&statement.actions, true) } else { (&statement.not_actions, false) };
    if patterns.iter().filter_map(Value::known).any(|pattern| matches(pattern, action)) {
        return Some(is_meant);
    }
    if patterns.iter().any(Value::is_unknown) { None } else { Some(!is_meant) }
}

/// Whether the statement is for every resource there is, or for all but a few.
pub(crate) fn is_for_everything(statement: &Statement) -> bool {
    !statement.not_resources.is_empty() || statement.resources.iter().any(|resource| *resource == Value::Known(Link::Outside("*".to_owned())))
}

/// Names and ARNs of AWS's own policies attached to roles and users.
pub(crate) fn attached(inventory: &Inventory) -> impl Iterator<Item = (&Resource, &str)> {
    inventory.resources.iter().flat_map(|resource| {
        let attached = match &resource.kind {
            Kind::Role(role) => role.attached.as_slice(),
            Kind::User(user) => user.attached.as_slice(),
            _ => &[],
        };
        attached.iter().filter_map(move |link| match link {
            Value::Known(Link::Outside(name)) => Some((resource, name.rsplit('/').next().unwrap_or(name))),
            _ => None,
        })
    })
}

/// The documents that hold for a role or user: those written into it and the declared policies attached to it.
pub(crate) fn documents_of<'a>(inventory: &'a Inventory, inline: &'a [Value<Document>], attached: &'a [Value<Link>]) -> Vec<&'a Value<Document>> {
    let declared = attached.iter().filter_map(|link| inventory.follow::<Policy>(link)).map(|(_, policy)| &policy.document);
    inline.iter().chain(declared).collect()
}

/// The same, of a user.
pub(crate) fn documents_of_user<'a>(inventory: &'a Inventory, user: &'a User) -> Vec<&'a Value<Document>> {
    documents_of(inventory, &user.inline, &user.attached)
}

/// Whether a service, such as `lambda.amazonaws.com`, may take the role. `None` when its trust cannot be told.
pub(crate) fn trusts(role: &Role, service: &str) -> Option<bool> {
    let document = role.trust.known()?;
    let mut is_unclear = false;
    for statement in document.statements.iter().filter(|statement| statement.effect != Value::Known("Deny".to_owned())) {
        for (kind, principal) in statement.principals.iter().flat_map(|(kind, principals)| principals.iter().map(move |one| (kind, one))) {
            match principal {
                Value::Known(name) if name == service => return Some(true),
                // Everybody is every account; whether services are meant is nowhere said.
                Value::Known(name) if name == "*" && kind == "*" => is_unclear = true,
                Value::Unknown(_) => is_unclear = true,
                _ => {}
            }
        }
    }
    if is_unclear { None } else { Some(false) }
}
