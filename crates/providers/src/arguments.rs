//! The arguments of a tool call, as a model wrote them.

use domain::model::RequestedCall;
use serde_json::{Value, json};

/// Reads the text of a call's arguments. No text is an empty object; what is not a JSON object becomes the call's problem.
pub(crate) fn read(tool: &str, text: &str) -> RequestedCall {
    let (arguments, problem) = match serde_json::from_str(text.trim()) {
        _ if text.trim().is_empty() => (json!({}), None),
        Ok(arguments @ Value::Object(_)) => (arguments, None),
        Ok(_) => (json!({}), Some("the arguments are JSON but not an object".to_owned())),
        Err(error) => (json!({}), Some(format!("the arguments are not JSON: {error}"))),
    };
    RequestedCall { tool: tool.into(), arguments, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_the_calls_problem() {
        let check = |text: &str, arguments: Value, problem: Option<&str>| {
            let call = read("t", text);
            assert_eq!(call.arguments, arguments, "{text}");
            assert_eq!(call.problem.is_some(), problem.is_some(), "{text}");
            assert!(call.problem.unwrap_or_default().contains(problem.unwrap_or_default()), "{text}");
        };
        check("{\"a\": 1}", json!({"a": 1}), None);
        check(" ", json!({}), None);
        check("[1]", json!({}), Some("not an object"));
        check("{\"a\": ", json!({}), Some("EOF"));
    }
}
