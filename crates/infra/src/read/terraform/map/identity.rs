//! Roles, users, policies and their documents.

use super::reader::{Reader, explained, pattern};
use crate::inventory::Kind;
use crate::inventory::identity::{AccessKey, Document, InstanceProfile, Policy, Role, User};
use crate::read::policy::Reading;
use crate::value::Value;

const POLICIES: &[&str] = &["aws_iam_policy"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_iam_role" => role(reader).into(),
        "aws_iam_instance_profile" => InstanceProfile { role: reader.link("role", &["aws_iam_role"]) }.into(),
        "aws_iam_user" => user(reader).into(),
        "aws_iam_access_key" => AccessKey { user: reader.link("user", &["aws_iam_user"]) }.into(),
        "aws_iam_policy" => Policy { name: reader.text("name"), document: document(reader, "policy") }.into(),
        _ => return None,
    })
}

fn role(reader: &Reader<'_>) -> Role {
    // A state tells policies that stand apart a second time inside the role.
    let apart = reader.satellites(&["aws_iam_role_policy"]);
    let inside = if apart.is_empty() { reader.blocks("inline_policy") } else { Vec::new() };
    let inline = inside.iter().chain(&apart).map(|policy| document(policy, "policy")).filter(|document| !document.is_absent()).collect();
    let mut attached = Vec::new();
    let attachments = reader.satellites(&["aws_iam_role_policy_attachment", "aws_iam_policy_attachment"]);
    let apart = attachments.iter().flat_map(|attachment| self::attached(attachment, "policy_arn"));
    for link in self::attached(reader, "managed_policy_arns").into_iter().chain(apart) {
        if !attached.contains(&link) {
            attached.push(link);
        }
    }
    Role { name: reader.text("name"), trust: document(reader, "assume_role_policy"), inline, attached }
}

fn user(reader: &Reader<'_>) -> User {
    let attachments = reader.satellites(&["aws_iam_user_policy_attachment", "aws_iam_policy_attachment"]);
    User {
        name: reader.text("name"),
        inline: reader.satellites(&["aws_iam_user_policy"]).iter().map(|policy| document(policy, "policy")).collect(),
        attached: attachments.iter().flat_map(|attachment| attached(attachment, "policy_arn")).collect(),
        has_console: !reader.satellites(&["aws_iam_user_login_profile"]).is_empty(),
    }
}

/// Declared policies, or the ARNs of others, of which a part may be unknown.
pub(super) fn attached(reader: &Reader<'_>, path: &str) -> Vec<Value<crate::Link>> {
    let patterns = reader.pattern_links(path);
    reader.links(path, POLICIES).into_iter().zip(patterns).map(|(link, pattern)| if link.is_unknown() { pattern } else { link }).collect()
}

/// A policy document, whether it is a value, a JSON text, or a text of which parts are unknown.
pub(super) fn document(reader: &Reader<'_>, path: &str) -> Value<Document> {
    let Some(node) = reader.document(path) else { return Value::Absent };
    let reading = Reading { text: &|node| pattern(&reader.resolved(node)), link: &|node| reader.pattern_link(node) };
    explained(reading.document(&node))
}
