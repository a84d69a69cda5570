//! A policy document with every value known: read from JSON, written as AWS takes it.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Larger texts are no policies: AWS takes some ten kilobytes at most.
const POLICY_BYTES_MAX: usize = 64 << 10;

/// Conditions: operator, key, values. All must hold; of a key's values one.
pub type Conditions = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// Whether a statement gives or takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Gives.
    #[default]
    Allow,
    /// Takes, whatever else gives.
    Deny,
}

/// A statement. Written with AWS's names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name; letters and digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sid: String,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Who, by kind; only in trust and resource policies.
    #[serde(rename = "Principal", skip_serializing_if = "BTreeMap::is_empty")]
    pub principals: BTreeMap<String, Vec<String>>,
    /// Actions.
    #[serde(rename = "Action", skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// All actions but these.
    #[serde(rename = "NotAction", skip_serializing_if = "Vec::is_empty")]
    pub not_actions: Vec<String>,
    /// Resources.
    #[serde(rename = "Resource", skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// All resources but these.
    #[serde(rename = "NotResource", skip_serializing_if = "Vec::is_empty")]
    pub not_resources: Vec<String>,
    /// When.
    #[serde(rename = "Condition", skip_serializing_if = "BTreeMap::is_empty", serialize_with = "write_conditions")]
    pub conditions: Conditions,
}

/// A single value stands by itself: a list of one is as good for AWS, but not for every tool that reads policies.
fn write_conditions<S: Serializer>(conditions: &Conditions, serializer: S) -> Result<S::Ok, S::Error> {
    let one_or_many = |values: &Vec<String>| if let [value] = values.as_slice() { Json::from(value.as_str()) } else { Json::from(values.as_slice()) };
    let keys = |keys: &BTreeMap<String, Vec<String>>| keys.iter().map(|(key, values)| (key.clone(), one_or_many(values))).collect();
    serializer.collect_map(conditions.iter().map(|(operator, of)| (operator, Json::Object(keys(of)))))
}

/// A text that is no policy document.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPolicy(String);

impl Policy {
    /// Reads a policy document in JSON.
    ///
    /// # Errors
    /// It is not JSON, has an element that no policy has, or lacks one that every statement needs.
    pub fn parse(text: &str) -> Result<Policy, InvalidPolicy> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(InvalidPolicy(format!("{} bytes are no policy; AWS takes 10,240 at most", text.len())));
        }
        let file: File = serde_json::from_str(text).map_err(|error| match serde_json::from_str(text) {
            Ok(Json::Object(_)) => InvalidPolicy(error.to_string()),
            Ok(_) => InvalidPolicy("this is not a policy document, which is a JSON object with a Statement".to_owned()),
            Err(error) => InvalidPolicy(format!("this is not a policy document, which is JSON with a Statement: {error}")),
        })?;
        let written = match file.statement {
            Json::Array(statements) => statements,
            single => vec![single],
        };
        let read = |(index, written): (usize, Json)| {
            let raw: RawStatement = serde_json::from_value(written).map_err(|error| InvalidPolicy(format!("statement {}: {error}", index + 1)))?;
            raw.statement(index + 1)
        };
        Ok(Policy { statements: written.into_iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }

    /// The document as AWS takes it.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Written<'a> {
            version: &'static str,
            statement: &'a [Statement],
        }
        let written = Written { version: "2012-10-17", statement: &self.statements };
        serde_json::to_string_pretty(&written).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "Version", default)]
    _version: Option<String>,
    #[serde(rename = "Id", default)]
    _id: Option<String>,
    #[serde(rename = "Statement")]
    /// One, or a list of them. Each is read by itself, so that an error names its number.
    statement: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawStatement {
    #[serde(default)]
    sid: String,
    effect: Effect,
    #[serde(default)]
    principal: Json,
    #[serde(default)]
    action: Json,
    #[serde(default)]
    not_action: Json,
    #[serde(default)]
    resource: Json,
    #[serde(default)]
    not_resource: Json,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Json>>,
}

impl RawStatement {
    fn statement(self, number: usize) -> Result<Statement, InvalidPolicy> {
        let wrong = |what: &str| InvalidPolicy(format!("statement {number}: {what}"));
        let texts = |json: &Json, what: &str| texts(json).ok_or_else(|| wrong(&format!("{what} must be a text or a list of texts")));
        let mut statement = Statement {
            sid: self.sid,
            effect: self.effect,
            actions: texts(&self.action, "Action")?,
            not_actions: texts(&self.not_action, "NotAction")?,
            resources: texts(&self.resource, "Resource")?,
            not_resources: texts(&self.not_resource, "NotResource")?,
            ..Statement::default()
        };
        if statement.actions.is_empty() == statement.not_actions.is_empty() {
            return Err(wrong("it needs either Action or NotAction"));
        }
        match self.principal {
            Json::Null => {}
            Json::Object(kinds) => {
                for (kind, names) in kinds {
                    statement.principals.insert(kind, texts(&names, "Principal")?);
                }
            }
            everyone => {
                statement.principals.insert("*".to_owned(), texts(&everyone, "Principal")?);
            }
        }
        if statement.principals.is_empty() && statement.resources.is_empty() == statement.not_resources.is_empty() {
            return Err(wrong("it needs either Resource or NotResource"));
        }
        for (operator, keys) in self.condition {
            for (key, values) in keys {
                let values = texts(&values, "a condition")?;
                statement.conditions.entry(operator.clone()).or_default().insert(key, values);
            }
        }
        Ok(statement)
    }
}

/// One text or several. Booleans and numbers read as their text, as conditions have them.
fn texts(json: &Json) -> Option<Vec<String>> {
    let one = |json: &Json| match json {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    match json {
        Json::Null => Some(Vec::new()),
        Json::Array(items) => items.iter().map(one).collect(),
        single => Some(vec![one(single)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_in_all_its_spellings_and_written_in_one() {
        let text =
            r#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": true}}}}"#;
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.statements[0].conditions["Bool"]["aws:SecureTransport"], ["true"]);
        assert_eq!(Policy::parse(&policy.to_json()).unwrap(), policy);
        assert!(policy.to_json().starts_with("{\n  \"Version\": \"2012-10-17\""));
    }

    #[test]
    fn what_is_no_policy_is_refused_with_the_reason() {
        for (text, said) in [
            ("{", "line 1"),
            (r#"{"Statement": [{"Effect": "Maybe", "Action": "a:b", "Resource": "*"}]}"#, "statement 1: unknown variant `Maybe`"),
            (
                r#"{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}, {"effect": "Allow", "Action": "a:b", "Resource": "*"}]}"#,
                "statement 2: unknown field `effect`",
            ),
            (r#"{"Statement": {"Effect": "Allow", "Resource": "*"}}"#, "statement 1: it needs either Action or NotAction"),
            (r#"{"Statement": [{"Effect": "Allow", "Action": [1, {}], "Resource": "*"}]}"#, "statement 1: Action must be"),
            (r#"{"Statement": [{"Effect": "Allow", "Action": "a:b"}]}"#, "either Resource or NotResource"),
        ] {
            let error = Policy::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
