//! Who may do what: roles, users and policy documents.

use super::Link;
use crate::value::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Role {
    /// Its name.
    pub name: Value<String>,
    /// Who may take it.
    pub trust: Value<Document>,
    /// Policies written into it, whether declared inside or apart.
    pub inline: Vec<Value<Document>>,
    /// Policies attached to it: names or ARNs of AWS's own, or declared ones.
    pub attached: Vec<Value<Link>>,
}

/// An instance profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InstanceProfile {
    /// Its role.
    pub role: Value<Link>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct User {
    /// Its name.
    pub name: Value<String>,
    /// Policies written into it.
    pub inline: Vec<Value<Document>>,
    /// Policies attached to it.
    pub attached: Vec<Value<Link>>,
    /// Whether it can use the console.
    pub has_console: bool,
}

/// An access key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AccessKey {
    /// Whose.
    pub user: Value<Link>,
}

/// A policy with its own name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Policy {
    /// Its name.
    pub name: Value<String>,
    /// What it says.
    pub document: Value<Document>,
}

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Document {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement. Patterns are as written; a part that cannot be told is unknown by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statement {
    /// Its name.
    pub sid: Value<String>,
    /// `Allow` or `Deny`.
    pub effect: Value<String>,
    /// Actions.
    pub actions: Vec<Value<String>>,
    /// All actions but these.
    pub not_actions: Vec<Value<String>>,
    /// Resources: ARNs and patterns, or declared resources.
    pub resources: Vec<Value<Link>>,
    /// All resources but these.
    pub not_resources: Vec<Value<Link>>,
    /// Principals by kind (`AWS`, `Service`, `Federated`, `*`).
    pub principals: BTreeMap<String, Vec<Value<String>>>,
    /// Conditions: operator, key, values.
    pub conditions: Vec<Condition>,
    /// The line of its declaration.
    pub line: u32,
}

/// A condition of a statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Condition {
    /// Such as `Bool` or `StringEquals`.
    pub operator: String,
    /// Such as `aws:MultiFactorAuthPresent`.
    pub key: String,
    /// The values.
    pub values: Vec<Value<String>>,
}
