//! From the bytes of a request body to its fields, with an error that names the field and says what would be right.

use crate::problem::{Code, FieldError};
use serde_json::{Map, Value};

/// How deep a body may be nested. Ours need three levels, and a caller's context a few more.
pub const DEPTH_MAX: usize = 32;

/// Why a body was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its class.
    pub code: Code,
    /// What is wrong and what to do, one or two sentences.
    pub detail: String,
    /// The same, field by field, where fields could be read.
    pub errors: Vec<FieldError>,
}

impl Refusal {
    fn whole(code: Code, detail: impl Into<String>) -> Refusal {
        Refusal { code, detail: detail.into(), errors: Vec::new() }
    }

    /// A refusal for these fields; there must be at least one.
    pub fn fields(code: Code, errors: Vec<FieldError>) -> Refusal {
        let detail = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; ");
        Refusal { code, detail, errors }
    }
}

/// Reads a body as a JSON object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let invalid = |detail: String| Refusal::whole(Code::InvalidRequest, detail);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(invalid("the body is empty; send a JSON object".to_owned()));
    }
    let text = std::str::from_utf8(body).map_err(|e| invalid(format!("the body is not UTF-8: byte {} is wrong", e.valid_up_to())))?;
    // Before the parser sees it: nesting costs the parser stack, and this scan costs none.
    if is_deeper_than(body, DEPTH_MAX) {
        return Err(Refusal::whole(Code::JsonTooDeep, format!("the JSON is nested more than {DEPTH_MAX} levels deep")));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(invalid(format!("the body must be a JSON object, not {}", kind(&other)))),
        Err(error) => Err(invalid(format!("the body is not JSON: {error}"))),
    }
}

/// The fields of a body, taken out one by one. Whatever is wrong is collected, so that a caller learns all of it at once.
pub struct Fields {
    fields: Map<String, Value>,
    errors: Vec<FieldError>,
    unknown: bool,
}

impl Fields {
    /// Refuses every field whose name is not in `known`, saying what may have been meant.
    pub fn new(mut fields: Map<String, Value>, known: &[&str]) -> Fields {
        let mut errors = Vec::new();
        fields.retain(|name, _| {
            let is_known = known.contains(&name.as_str());
            if !is_known {
                let shown: String = name.chars().take(100).collect();
                let message = match nearest(name, known) {
                    Some(near) => format!("there is no such field; did you mean {near}?"),
                    None => format!("there is no such field; there are: {}", known.join(", ")),
                };
                errors.push(FieldError::new(shown, message));
            }
            is_known
        });
        Fields { unknown: !errors.is_empty(), fields, errors }
    }

    /// Records that a field is wrong.
    pub fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// Whether something is wrong with this field already.
    pub fn names(&self, field: &str) -> bool {
        self.errors.iter().any(|e| e.field == field)
    }

    /// Takes a text. Absent and null are `None`.
    pub fn text(&mut self, field: &str) -> Option<String> {
        match self.any(field)? {
            Value::String(text) => Some(text),
            other => self.mismatch(field, "a text", &other),
        }
    }

    /// Takes a number.
    pub fn number(&mut self, field: &str) -> Option<f64> {
        match self.any(field)? {
            Value::Number(number) => number.as_f64(),
            other => self.mismatch(field, "a number", &other),
        }
    }

    /// Takes an object.
    pub fn object(&mut self, field: &str) -> Option<Value> {
        match self.any(field)? {
            object @ Value::Object(_) => Some(object),
            other => self.mismatch(field, "an object", &other),
        }
    }

    /// Takes a list of texts.
    pub fn texts(&mut self, field: &str) -> Option<Vec<String>> {
        let items = match self.any(field)? {
            Value::Array(items) => items,
            other => return self.mismatch(field, "a list of texts", &other),
        };
        let mut texts = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                other => return self.mismatch(&format!("{field}[{i}]"), "a text", &other),
            }
        }
        Some(texts)
    }

    /// What was wrong, if anything was.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(Refusal::fields(if self.unknown { Code::UnknownField } else { Code::InvalidField }, self.errors)),
        }
    }

    fn any(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    fn mismatch<T>(&mut self, field: &str, wanted: &str, found: &Value) -> Option<T> {
        self.wrong(field, format!("it must be {wanted}, not {}", kind(found)));
        None
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether brackets outside of texts are open more than `max` deep anywhere.
fn is_deeper_than(json: &[u8], max: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The known name closest to what was typed, if one is close enough to have been meant.
pub fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    // Names are short; whatever is longer is no slip of the finger.
    if typed.len() > 40 {
        return None;
    }
    let closest = known.iter().map(|name| (distance(typed, name), *name)).min_by_key(|(distance, _)| *distance)?;
    let (distance, name) = closest;
    (distance <= 1 + name.len() / 4).then_some(name)
}

/// Insertions, deletions and replacements that turn one name into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_levels_are_refused_before_parsing() {
        let body = "[".repeat(100_000);
        assert_eq!(object(body.as_bytes()).unwrap_err().code, Code::JsonTooDeep);
        let body = format!("{{\"task\":{}{}}}", "{\"a\":".repeat(100_000), "1");
        assert_eq!(object(body.as_bytes()).unwrap_err().code, Code::JsonTooDeep);
    }

    #[test]
    fn brackets_inside_a_text_do_not_count() {
        let body = format!("{{\"task\":\"\\\"{}\"}}", "[".repeat(1_000));
        assert!(object(body.as_bytes()).is_ok());
        let deepest = format!("{}{}", "{\"a\":".repeat(DEPTH_MAX - 1), "{}") + &"}".repeat(DEPTH_MAX - 1);
        assert!(object(deepest.as_bytes()).is_ok());
    }

    #[test]
    fn a_body_that_is_no_object_says_what_it_is() {
        for (body, said) in
            [(&b""[..], "empty"), (b" \n", "empty"), (b"[1]", "not a list"), (b"{\"task\":", "EOF"), (b"{\"a\":\"\xff\"}", "not UTF-8")]
        {
            let refusal = object(body).unwrap_err();
            assert_eq!(refusal.code, Code::InvalidRequest);
            assert!(refusal.detail.contains(said), "{}", refusal.detail);
        }
    }

    #[test]
    fn an_unknown_field_is_told_what_may_have_been_meant() {
        let known = ["task", "context", "agent_ids"];
        for (typed, meant) in [("taks", Some("task")), ("agents_id", Some("agent_ids")), ("agent_id", Some("agent_ids")), ("colour", None)] {
            assert_eq!(nearest(typed, &known), meant, "{typed}");
        }
    }
}
