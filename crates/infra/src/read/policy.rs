//! Policy documents out of attributes, as any language of infrastructure writes them.

use crate::attribute::{Attribute, Node};
use crate::inventory::Link;
use crate::inventory::identity::{Condition, Document, Statement};
use crate::read::document;
use crate::value::Value;
use std::collections::BTreeMap;

/// How a reader takes text and links out of a node: each language has its own way to keep what is known of a text.
pub(crate) struct Reading<'a> {
    /// Text, in which a part that cannot be told may stand as `${…}`.
    pub(crate) text: &'a dyn Fn(&Node) -> Value<String>,
    /// A link to a declared resource, or an ARN or pattern.
    pub(crate) link: &'a dyn Fn(&Node) -> Value<Link>,
}

impl Reading<'_> {
    /// The document in a node: an object, or JSON in a text.
    pub(crate) fn document(&self, node: &Node) -> Value<Document> {
        match &node.attribute {
            Attribute::Null => Value::Absent,
            Attribute::Unknown(why) => Value::Unknown(why.clone()),
            Attribute::Reference { resource, .. } => Value::Unknown(format!("it comes from {resource}")),
            Attribute::Text(text) => match document::read_embedded(text, node.line) {
                Some(item) => self.document_of(&item.node()),
                None => Value::Unknown("the policy is not JSON".to_owned()),
            },
            _ => self.document_of(node),
        }
    }

    fn document_of(&self, node: &Node) -> Value<Document> {
        let Some(statements) = node.get("Statement") else {
            return Value::Unknown("the policy has no Statement".to_owned());
        };
        if let Attribute::Unknown(why) = &statements.attribute {
            return Value::Unknown(why.clone());
        }
        Value::Known(Document { statements: statements.items().into_iter().map(|statement| self.statement(statement)).collect() })
    }

    fn statement(&self, node: &Node) -> Statement {
        if let Attribute::Unknown(text) = &node.attribute {
            let why = &match (self.text)(node) {
                Value::Unknown(why) => why,
                _ => text.clone(),
            };
            // Something is allowed or denied here, and none of it can be told.
            let (effect, action, resource) = (Value::Unknown(why.clone()), Value::Unknown(why.clone()), Value::Unknown(why.clone()));
            return Statement { effect, actions: vec![action], resources: vec![resource], line: node.line, ..Statement::default() };
        }
        let texts = |name: &str| node.get(name).map_or_else(Vec::new, |node| node.items().into_iter().map(|item| (self.text)(item)).collect());
        let links = |name: &str| node.get(name).map_or_else(Vec::new, |node| node.items().into_iter().map(|item| (self.link)(item)).collect());
        Statement {
            sid: node.get("Sid").map_or(Value::Absent, |node| (self.text)(node)),
            effect: node.get("Effect").map_or(Value::Absent, |node| (self.text)(node)),
            actions: texts("Action"),
            not_actions: texts("NotAction"),
            resources: links("Resource"),
            not_resources: links("NotResource"),
            principals: self.principals(node),
            conditions: self.conditions(node),
            line: node.line,
        }
    }

    fn principals(&self, statement: &Node) -> BTreeMap<String, Vec<Value<String>>> {
        let Some(principal) = statement.get("Principal") else { return BTreeMap::new() };
        match &principal.attribute {
            Attribute::Map(kinds) => {
                let values = |kind: &str, node: &Node| node.items().into_iter().map(|item| self.principal(kind, item)).collect();
                kinds.iter().map(|(kind, node)| (kind.clone(), values(kind, node))).collect()
            }
            _ => BTreeMap::from([("*".to_owned(), vec![(self.text)(principal)])]),
        }
    }

    /// A principal. A service is called after its partition's suffix, and of one of which more is unknown it cannot be told which it is.
    fn principal(&self, kind: &str, node: &Node) -> Value<String> {
        let told = (self.text)(node);
        if kind != "Service" {
            return told;
        }
        told.and_then(|name| {
            let name = name.replace("${AWS::URLSuffix}", "amazonaws.com");
            if name.contains("${") { Value::Unknown(format!("{name} is known only at deployment")) } else { Value::Known(name) }
        })
    }

    fn conditions(&self, statement: &Node) -> Vec<Condition> {
        let Some(node) = statement.get("Condition") else { return Vec::new() };
        let Attribute::Map(operators) = &node.attribute else {
            let why = node.text().map(|_| String::new());
            return vec![Condition { operator: "…".to_owned(), key: "…".to_owned(), values: vec![why] }];
        };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Attribute::Map(keys) = &keys.attribute else {
                let untold = keys.text().map(|_| String::new());
                conditions.push(Condition { operator: operator.clone(), key: "…".to_owned(), values: vec![untold] });
                continue;
            };
            for (key, values) in keys {
                let values = values.items().into_iter().map(|item| (self.text)(item)).collect();
                conditions.push(Condition { operator: operator.clone(), key: key.clone(), values });
            }
        }
        conditions
    }
}
