//! What adds to a group, role or user that is not declared here: it opens a port or grants a right all the same.

use super::identity::{attached, document};
use super::network::{permission_of_rule, permissions};
use super::reader::Reader;
use crate::inventory::identity::{Policy, Role};
use crate::inventory::network::{Permission, SecurityGroup};
use crate::inventory::{Kind, Link};
use crate::value::Value;

/// The part that is here, as if it were the whole.
pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_security_group_rule" if reader.is("type", "egress") != Value::Known(true) => group(reader, permissions(reader)).into(),
        "aws_vpc_security_group_ingress_rule" => group(reader, vec![permission_of_rule(reader)]).into(),
        "aws_iam_role_policy" | "aws_iam_user_policy" | "aws_iam_group_policy" => {
            Policy { name: reader.text("name"), document: document(reader, "policy") }.into()
        }
        "aws_iam_role_policy_attachment" | "aws_iam_user_policy_attachment" | "aws_iam_group_policy_attachment" | "aws_iam_policy_attachment" => {
            // Of a policy that is declared here the declaration tells it all.
            let mut attached = attached(reader, "policy_arn");
            attached.retain(|policy| !matches!(policy, Value::Known(Link::To(_))));
            if attached.is_empty() {
                return None;
            }
            Role { attached, ..Role::default() }.into()
        }
        _ => return None,
    })
}

fn group(reader: &Reader<'_>, ingress: Vec<Permission>) -> SecurityGroup {
    let vpc = match reader.link("security_group_id", &[]) {
        Value::Known(Link::To(id) | Link::Outside(id)) => Value::Unknown(format!("it is that of {id}")),
        Value::Unknown(why) => Value::Unknown(why),
        Value::Absent => Value::Absent,
    };
    SecurityGroup { vpc, description: reader.text("description"), ingress, egress: Vec::new() }
}
