//! Roles, users and policies.

use super::properties::{Properties, pattern};
use crate::attribute::Node;
use crate::inventory::identity::{AccessKey, Document, InstanceProfile, Policy, Role, User};
use crate::inventory::{Kind, Link};
use crate::read::policy::Reading;
use crate::value::Value;

pub(super) fn role(p: Properties<'_>) -> Role {
    Role { name: p.text("RoleName"), trust: document(p, "AssumeRolePolicyDocument"), inline: inline(p), attached: attached(p) }
}

pub(super) fn user(p: Properties<'_>) -> User {
    User { name: p.text("UserName"), inline: inline(p), attached: attached(p), has_console: p.at("LoginProfile").is_some() }
}

pub(super) fn instance_profile(p: Properties<'_>) -> InstanceProfile {
    InstanceProfile { role: p.links("Roles").into_iter().next().unwrap_or_default() }
}

pub(super) fn access_key(p: Properties<'_>) -> AccessKey {
    AccessKey { user: p.link("UserName") }
}

pub(super) fn managed_policy(p: Properties<'_>) -> Policy {
    Policy { name: p.text("ManagedPolicyName"), document: document(p, "PolicyDocument") }
}

/// The policy document at a path.
pub(super) fn document(p: Properties<'_>, path: &str) -> Value<Document> {
    p.at(path).map_or(Value::Absent, |node| of_node(p, node))
}

/// The policy document in a node.
pub(super) fn of_node(p: Properties<'_>, node: &Node) -> Value<Document> {
    Reading { text: &pattern, link: &|node| p.names.pattern_link(node) }.document(node)
}

/// The policies that are written into a group: what its members may do is looked at as much as what a user may.
pub(super) fn group(p: Properties<'_>) -> Vec<(String, Kind)> {
    let policies = p.parts("Policies").into_iter().enumerate().map(|(index, policy)| {
        let policy = Policy { name: policy.text("PolicyName"), document: document(policy, "PolicyDocument") };
        (format!("/Policies[{index}]"), policy.into())
    });
    policies.collect()
}

fn inline(p: Properties<'_>) -> Vec<Value<Document>> {
    p.parts("Policies").into_iter().map(|policy| document(policy, "PolicyDocument")).collect()
}

fn attached(p: Properties<'_>) -> Vec<Value<Link>> {
    p.nodes("ManagedPolicyArns").into_iter().map(|node| p.names.pattern_link(node)).collect()
}
