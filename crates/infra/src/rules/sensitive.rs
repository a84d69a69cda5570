//! Names of settings that hold secrets, and values that only point at one.

/// Words that make a name a secret's.
const WORDS: &[&str] = &["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIALS"];
/// Ends of names that say where a secret is, or how long it lives, rather than what it is.
const POINTERS: &[&str] = &[
    "_ARN",
    "_NAME",
    "_ID",
    "_PATH",
    "_FILE",
    "_URL",
    "_TTL",
    "_REGION",
    "_HEADER",
    "_EXPIRY",
    "_EXPIRATION",
    "_MAX",
    "_MIN",
    "_LIMIT",
    "_TOKENS",
    "_PREFIX",
];

/// Whether a setting of this name holds a secret: `API_KEY`, `dbPassword`, `/app/api-key`.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = normal(name);
    // `MAX_TOKENS` counts words of a model.
    let is_count = name.ends_with("TOKENS") || POINTERS.iter().any(|end| name.ends_with(end) && !name.ends_with("ACCESS_KEY_ID"));
    !is_count && WORDS.iter().any(|word| name.contains(word))
}

/// Whether the value only says where the secret is.
pub(crate) fn is_pointer(value: &str) -> bool {
    value.is_empty()
        || value.starts_with("{{resolve:")
        || value.starts_with("arn:")
        || value.starts_with("aws-sm://")
        || value.starts_with("aws-ssm://")
}

/// In capitals with `_` between words.
fn normal(name: &str) -> String {
    let mut text = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && was_lower {
            text.push('_');
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        text.push(if c.is_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for secret in ["API_KEY", "dbPassword", "/app/api-key", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "stripeApiKey"] {
            assert!(is_secret_name(secret), "{secret}");
        }
        for plain in ["API_KEY_SECRET_ARN", "MAX_TOKENS", "SECRET_NAME", "TOKEN_TTL", "LOG_LEVEL", "KEYSPACE"] {
            assert!(!is_secret_name(plain), "{plain}");
        }
    }
}
