//! Access keys that stand in a file.

use super::Fact;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// An access key's id: long-lived (`AKIA`) or of a session (`ASIA`), then sixteen of the base 32 alphabet.
static KEY_ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b").expect("the pattern is constant"));

/// A name that says secret, a sign of assignment, and a secret's forty characters.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r#"(?i)(aws_?secret_?access_?key|secret_?access_?key|secretkey)["']?\s*(?::=|[:=]|,)\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#;
    Regex::new(pattern).expect("the pattern is constant")
});

/// Keys in any part of a text: a key in a comment is as lost as one in code. AWS's documented example keys are no keys.
pub(super) fn hard_coded(text: &str) -> Vec<(u32, Fact)> {
    let ids = KEY_ID.find_iter(text).filter(|found| !found.as_str().contains("EXAMPLE"));
    let secrets = SECRET.captures_iter(text).filter_map(|captures| captures.get(2));
    let secrets = secrets.filter(|found| !found.as_str().contains("EXAMPLE") && is_random(found.as_str()));
    let mut keys: Vec<(usize, String)> = ids.chain(secrets).map(|found| (found.start(), masked(found.as_str()))).collect();
    keys.sort();
    let (mut line, mut counted) = (1, 0);
    let mut facts = Vec::with_capacity(keys.len());
    for (at, masked) in keys {
        line += text.as_bytes()[counted..at].iter().filter(|byte| **byte == b'\n').count() as u32;
        counted = at;
        facts.push((line, Fact::HardCodedKey(masked)));
    }
    facts
}

/// Whether it could have been drawn at random: `xxxx…` and `your/secret/key…` are place-holders.
fn is_random(secret: &str) -> bool {
    let has = |is: fn(&char) -> bool| secret.chars().any(|c| is(&c));
    has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit)
}

/// Enough to find it by, too little to use it.
fn masked(key: &str) -> String {
    let shown = if key.len() == 20 { 4 } else { 2 };
    format!("{}…{}", &key[..shown], &key[key.len() - shown..])
}

/// The line with access keys cut short, AWS's documented examples aside.
pub(crate) fn without_access_keys(line: &str) -> Cow<'_, str> {
    KEY_ID.replace_all(line, |found: &Captures<'_>| if found[0].contains("EXAMPLE") { found[0].to_owned() } else { masked(&found[0]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Put together here so that no scanner takes this file for the leak that it tests.
    fn key() -> String {
        format!("AKIA{}", "Q3ZJKLMNOPQRSTU2")
    }

    #[test]
    fn keys_are_found_anywhere_and_example_keys_are_not() {
        let secret = "abcdEFGH1234".repeat(4);
        let text = format!(
            "a\n# {}\nAKIAIOSFODNN7EXAMPLE\naws_secret_access_key = \"{}\"\nSECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            key(),
            &secret[..40]
        );
        let found = hard_coded(&text);
        assert_eq!(found, [(2, Fact::HardCodedKey("AKIA…STU2".to_owned())), (4, Fact::HardCodedKey("ab…cd".to_owned()))]);
        assert_eq!(hard_coded("AWS_SECRET_ACCESS_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), []);
    }

    #[test]
    fn an_access_key_is_cut_short() {
        assert_eq!(without_access_keys(&format!("id = '{}'", key())), "id = 'AKIA…STU2'");
    }
}
