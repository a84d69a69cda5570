//! Names and the certificates for them.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// A hosted zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Zone {
    /// Its name.
    pub name: Value<String>,
    /// Whether only VPCs see it.
    pub private: Value<bool>,
}

/// A record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Record {
    /// The zone.
    pub zone: Value<Link>,
    /// Its name.
    pub name: Value<String>,
    /// `A`, `AAAA`, `CNAME` …
    pub record_type: Value<String>,
    /// What it is an alias of.
    pub alias: Value<Link>,
}

/// A name without the dot that says that it is whole; with or without, Route 53 takes it for whole.
pub(crate) fn undotted(name: String) -> String {
    name.trim_end_matches('.').to_owned()
}

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Certificate {
    /// Its first name.
    pub domain: Value<String>,
    /// `DNS` or `EMAIL`. Absent: `EMAIL` in CloudFormation.
    pub validation: Value<String>,
}
