//! What of a secret's value is written down, also where a part of it is not known.

use super::reader::Reader;
use crate::attribute::{Attribute, Node};
use crate::read::partial::placeholders;
use crate::read::terraform::declared::Declared;
use crate::read::terraform::json;
use crate::sensitive::{is_pointer, is_secret_name};
use crate::value::Value;

/// The value of an argument that holds a secret: known when it, or the secret part of it, stands in the template.
pub(super) fn written(reader: &Reader<'_>, path: &str) -> Value<String> {
    let Some(node) = reader.value(path) else { return Value::Absent };
    literal(&node).map_or_else(|| reader.some_text(path), Value::Known)
}

/// The secret in a document or in a text with holes.
fn literal(node: &Node) -> Option<String> {
    match &node.attribute {
        Attribute::List(items) => items.iter().find_map(literal),
        Attribute::Map(fields) => fields.iter().find_map(|(name, field)| match &field.attribute {
            Attribute::Text(text) if is_secret_name(name) && !is_pointer(text) => Some(text.clone()),
            Attribute::Text(text) => password_in_url(text),
            _ => literal(field),
        }),
        Attribute::Unknown(text) if text.contains("${") => match json::parse_with_holes(text, node.line) {
            Ok(document) if matches!(document.attribute, Attribute::Map(_) | Attribute::List(_)) => literal(&document),
            _ => beside_holes(text),
        },
        _ => None,
    }
}

/// The letters beside the holes, unless a hole is the secret itself, or the text is an address without a password.
fn beside_holes(text: &str) -> Option<String> {
    if text.contains("://") {
        return password_in_url(text);
    }
    if placeholders(text).into_iter().any(is_secret_name) {
        return None;
    }
    let parts = text.split("${").enumerate().map(|(index, part)| if index == 0 { part } else { part.split_once('}').map_or("", |(_, rest)| rest) });
    let beside: String = parts.collect();
    beside.contains(char::is_alphanumeric).then_some(beside)
}

/// The password of `scheme://user:password@host`, when it is written out.
fn password_in_url(text: &str) -> Option<String> {
    let (credentials, _) = text.split_once("://")?.1.split_once('@')?;
    let (_, password) = credentials.split_once(':')?;
    (!password.is_empty() && !password.contains("${") && !password.contains('/')).then(|| password.to_owned())
}

/// Whether the value is made up when it is deployed, as `GenerateSecretString` does in CloudFormation.
pub(super) fn is_generated(reader: &Reader<'_>, path: &str) -> bool {
    let makes = |declared: &Declared| declared.type_name == "random_password" || declared.type_name == "random_string";
    match reader.find(path).map(|node| &node.attribute) {
        Some(Attribute::Reference { .. }) => reader.follow(&reader.link(path, &[])).is_some_and(|one| makes(one.declared)),
        Some(Attribute::Unknown(text)) => {
            let holes = reader.holes(text);
            !holes.is_empty() && holes.len() == text.matches("${").count() && holes.into_iter().all(makes)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let node = Node::new(Attribute::Unknown(text.to_owned()), 1);
        assert_eq!(literal(&node).as_deref(), expected, "{text}");
    }

    #[test]
    fn what_stands_beside_a_hole_is_written_unless_the_hole_is_the_secret() {
        check("hunter2-${aws_db_instance.d.port}", Some("hunter2-"));
        check("${var.user}:${random_password.it.result}", None);
        check("token-${random_password.it.result}", None);
        check("${aws_db_instance.d.port}:${aws_db_instance.d.name}", None);
        check("postgres://admin:hunter2@${aws_db_instance.d.address}/app", Some("hunter2"));
        check("postgres://admin:${var.password}@${aws_db_instance.d.address}/app", None);
        check("https://${aws_lb.it.dns_name}/hook", None);
    }

    #[test]
    fn of_a_document_the_fields_decide() {
        check("{\"username\": \"admin\", \"password\": \"hunter2\", \"host\": \"${aws_db_instance.d.address}\"}", Some("hunter2"));
        check("{\"username\": \"admin\", \"password\": \"${random_password.it.result}\"}", None);
        check("{\"url\": \"postgres://admin:hunter2@db/app\", \"port\": ${var.port}}", Some("hunter2"));
    }
}
