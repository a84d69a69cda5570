//! Load balancers and what stands in front of them.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LoadBalancer {
    /// `application` or `network`. Absent: `application`.
    pub balancer_type: Value<String>,
    /// Whether it has no public address. Absent: it is internet-facing.
    pub internal: Value<bool>,
    /// Its subnets; an application load balancer needs two zones.
    pub subnets: Vec<Value<Link>>,
    /// Its security groups.
    pub security_groups: Vec<Value<Link>>,
    /// Whether requests are logged.
    pub access_logs: Value<bool>,
    /// Whether it cannot be deleted by mistake.
    pub deletion_protection: Value<bool>,
    /// Whether malformed headers are dropped.
    pub drops_invalid_headers: Value<bool>,
}

/// A listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Listener {
    /// The balancer.
    pub balancer: Value<Link>,
    /// The port.
    pub port: Value<f64>,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`.
    pub protocol: Value<String>,
    /// The TLS policy.
    pub ssl_policy: Value<String>,
    /// Certificates.
    pub certificates: Vec<Value<Link>>,
    /// What it does.
    pub actions: Vec<Action>,
}

/// What a listener does, by default or by one of its rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Action {
    /// `forward`, `redirect`, `fixed-response` …
    pub action_type: Value<String>,
    /// The protocol that a redirect leads to.
    pub redirect_protocol: Value<String>,
    /// Target groups of a forward.
    pub target_groups: Vec<Value<Link>>,
    /// The paths for which it does so, when a rule of the listener limits it to some.
    pub paths: Vec<Value<String>>,
}

/// A target group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TargetGroup {
    /// The VPC.
    pub vpc: Value<Link>,
    /// The port of its targets.
    pub port: Value<f64>,
    /// Their protocol.
    pub protocol: Value<String>,
    /// `instance`, `ip`, `lambda`. Absent: `instance`.
    pub target_type: Value<String>,
    /// The path that is asked whether they are well.
    pub health_check_path: Value<String>,
    /// Instances, functions and addresses that it names itself. Services and scaling groups join by their own declaration.
    pub targets: Vec<Value<Link>>,
}

/// A web ACL.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WebAcl {
    /// How many rules it has.
    pub rules: u32,
    /// What it protects.
    pub protects: Vec<Value<Link>>,
}
