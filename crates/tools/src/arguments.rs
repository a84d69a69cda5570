//! The arguments of a tool: one Rust type gives the JSON Schema, the strict reading and the check of the values.

use domain::permit::PermittedCall;
use domain::target::Target;
use domain::tool::{EffectClass, Reach, Replay, ToolError, ToolErrorKind, ToolSpec, Trust};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, transform};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The arguments object of one tool.
pub(crate) trait Arguments: DeserializeOwned + JsonSchema {
    /// Whether the values make sense. The error is a sentence for the model.
    fn validate(&self) -> Result<(), String>;
}

/// Reads and validates. The error is a sentence for the model.
pub(crate) fn read<A: Arguments>(arguments: &Value) -> Result<A, String> {
    let read: A = serde_json::from_value(arguments.clone()).map_err(|e| format!("the arguments do not fit the schema: {e}"))?;
    read.validate()?;
    Ok(read)
}

/// The arguments of a call that is being made.
pub(crate) fn of_call<A: Arguments>(call: &PermittedCall) -> Result<A, ToolError> {
    read(call.arguments()).map_err(|message| ToolError::new(ToolErrorKind::InvalidArguments, message))
}

/// The description of a tool that only looks at this machine; the others change what differs.
pub(crate) fn looking_tool<A: Arguments>(name: &str, description: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: description.to_owned(),
        input_schema: schema::<A>(),
        replay: Replay::Safe,
        effect: EffectClass::Observe,
        reach: Reach::Host,
        trust: Trust::Trusted,
        timeout_ms: 5_000,
        checks: Vec::new(),
    }
}

/// The type's JSON Schema (2020-12), all in one place and without what only says where it came from.
fn schema<A: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    let settings = settings.with_transform(transform::RecursiveTransform(|schema: &mut schemars::Schema| {
        schema.remove("title");
        schema.remove("format");
        // What is optional may be left out, and that is simpler for a model than a second type.
        for key in ["type", "enum"] {
            if let Some(Value::Array(choices)) = schema.get_mut(key) {
                choices.retain(|choice| !choice.is_null() && choice != "null");
            }
        }
        if let Some(Value::Array(types)) = schema.get("type")
            && let [only] = &types[..]
        {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }));
    let mut schema = settings.into_generator().into_root_schema_for::<A>();
    schema.remove("description");
    // Some vendors refuse an object without properties.
    if schema.get("properties").is_none() {
        schema.insert("properties".to_owned(), serde_json::json!({}));
    }
    schema.to_value()
}

/// A host name or address on its own, in lower case.
pub(crate) fn host(text: &str) -> Result<String, String> {
    match Target::parse(text) {
        Ok(Target::Host { host, port: None }) => Ok(host),
        Ok(_) => Err(format!("host {text:?} must be a name or an address alone, without port or scheme")),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether it can be connected to.
pub(crate) fn port(port: u16) -> Result<(), String> {
    if port == 0 { Err("port must be a number from 1 to 65535".to_owned()) } else { Ok(()) }
}

/// The arguments of a tool that takes none.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl Arguments for Nothing {
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_host_is_read_strictly() {
        for right in ["localhost", "127.0.0.1", "::1", "A.example"] {
            assert_eq!(host(right), Ok(right.to_lowercase()));
        }
        for wrong in ["", "a:80", "http://a", "-c1;id", "0x7f.1", "2130706433", "a b", "[::1]:80"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Example {
        /// How many.
        #[schemars(range(min = 1, max = 9))]
        count: Option<u32>,
    }

    impl Arguments for Example {
        fn validate(&self) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn a_schema_is_plain_enough_for_every_vendor() {
        let count = json!({"type": "integer", "description": "How many.", "minimum": 1, "maximum": 9});
        assert_eq!(schema::<Example>(), json!({"type": "object", "properties": {"count": count}, "additionalProperties": false}));
        assert_eq!(schema::<Nothing>(), json!({"type": "object", "properties": {}, "additionalProperties": false}));
    }

    #[test]
    fn unknown_arguments_are_named() {
        assert!(read::<Nothing>(&json!({"x": 1})).is_err_and(|e| e.contains("`x`")));
        assert!(read::<Nothing>(&json!("x")).is_err());
    }
}
