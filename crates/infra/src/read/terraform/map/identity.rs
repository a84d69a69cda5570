//! Roles, users, policies and their documents.

use super::containers::first_line;
use super::reader::{Reader, pattern};
use crate::attribute::{Attribute, Node};
use crate::inventory::Kind;
use crate::inventory::identity::{AccessKey, Condition, Document, InstanceProfile, Policy, Role, Statement, User};
use crate::read::terraform::json;
use crate::value::Value;
use std::collections::BTreeMap;

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
fn attached(reader: &Reader<'_>, path: &str) -> Vec<Value<crate::Link>> {
    let patterns = reader.pattern_links(path);
    reader.links(path, POLICIES).into_iter().zip(patterns).map(|(link, pattern)| if link.is_unknown() { pattern } else { link }).collect()
}

/// A policy document, whether it is a value, a JSON text, or a text of which parts are unknown.
fn document(reader: &Reader<'_>, path: &str) -> Value<Document> {
    let Some(node) = reader.value(path) else { return Value::Absent };
    let parsed = match &node.attribute {
        Attribute::Map(_) => Some(node.clone()),
        Attribute::Text(text) => json::parse_with_holes(text, first_line(text, node.line)).ok(),
        Attribute::Unknown(text) if text.contains('{') => json::parse_with_holes(text, first_line(text, node.line)).ok(),
        _ => None,
    };
    match parsed {
        Some(parsed) if matches!(parsed.attribute, Attribute::Map(_)) => {
            let document = reader.on(&parsed);
            Value::Known(Document { statements: document.blocks("Statement").iter().map(statement).collect() })
        }
        _ => match super::reader::explained(node.text()) {
            Value::Unknown(why) => Value::Unknown(why),
            _ => Value::Unknown("it is not a policy document".to_owned()),
        },
    }
}

fn statement(reader: &Reader<'_>) -> Statement {
    Statement {
        sid: reader.some_text("Sid"),
        effect: reader.text("Effect"),
        actions: reader.patterns("Action"),
        not_actions: if is_unknown(reader) { Vec::new() } else { reader.patterns("NotAction") },
        resources: reader.pattern_links("Resource"),
        not_resources: if is_unknown(reader) { Vec::new() } else { reader.pattern_links("NotResource") },
        principals: if is_unknown(reader) { BTreeMap::new() } else { principals(reader) },
        conditions: if is_unknown(reader) { Vec::new() } else { conditions(reader) },
        line: reader.line(),
    }
}

/// A statement of a document that is not known. That it allows something, and on something, is all that can be said.
fn is_unknown(reader: &Reader<'_>) -> bool {
    matches!(reader.this().attribute, Attribute::Unknown(_))
}

fn principals(reader: &Reader<'_>) -> BTreeMap<String, Vec<Value<String>>> {
    let Some(node) = reader.value("Principal") else { return BTreeMap::new() };
    match &node.attribute {
        Attribute::Map(kinds) => kinds.iter().map(|(kind, node)| (kind.clone(), node.items().into_iter().map(pattern).collect())).collect(),
        _ => BTreeMap::from([("*".to_owned(), vec![pattern(&node)])]),
    }
}

fn conditions(reader: &Reader<'_>) -> Vec<Condition> {
    let Some(Node { attribute: Attribute::Map(operators), .. }) = reader.value("Condition") else { return Vec::new() };
    let mut conditions = Vec::new();
    for (operator, node) in &operators {
        let Attribute::Map(keys) = &node.attribute else { continue };
        for (key, values) in keys {
            let values = values.items().into_iter().map(pattern).collect();
            conditions.push(Condition { operator: operator.clone(), key: key.clone(), values });
        }
    }
    conditions
}
