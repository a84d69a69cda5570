//! Secrets, parameters and keys.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// A secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Secret {
    /// Its name.
    pub name: Value<String>,
    /// The key that encrypts it. Absent: the account's own key.
    pub key: Value<Link>,
    /// Its value, when it is written down: known means it stands in the template.
    pub written_value: Value<String>,
}

/// A rotation schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rotation {
    /// The secret.
    pub secret: Value<Link>,
    /// The function that rotates it, when one is named.
    pub function: Value<Link>,
    /// Whether AWS makes the function (hosted rotation).
    pub is_hosted: bool,
    /// Days between rotations.
    pub days: Value<f64>,
}

/// A parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: Value<String>,
    /// `String`, `StringList` or `SecureString`.
    pub parameter_type: Value<String>,
    /// `Standard` or `Advanced`. Absent: `Standard`.
    pub tier: Value<String>,
    /// Its value, when it is written down.
    pub written_value: Value<String>,
}

/// A KMS key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Key {
    /// Whether its material is renewed each year. Absent: no.
    pub rotates: Value<bool>,
}
