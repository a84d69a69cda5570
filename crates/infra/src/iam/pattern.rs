//! Patterns of policies: `*` for anything, `?` for one character, `${…}` for a value of the request.

use super::evaluate::Context;

/// A character of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Any,
    One,
    Exactly(char),
}

/// A pattern's parts with its variables replaced. `None`: a variable has no value, and the pattern matches nothing.
fn parts(pattern: &str, context: &Context) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
            match name {
                // The signs themselves.
                "*" | "?" | "$" => parts.extend(name.chars().map(Part::Exactly)),
                _ => {
                    let (key, default) = name.split_once(',').map_or((name, None), |(key, default)| (key, Some(default.trim().trim_matches('\''))));
                    let value = context.get(key.trim()).and_then(|values| values.first()).map(String::as_str).or(default)?;
                    parts.extend(value.chars().map(Part::Exactly));
                }
            }
            rest = after;
            continue;
        }
        parts.push(match first {
            '*' => Part::Any,
            '?' => Part::One,
            other => Part::Exactly(other),
        });
        rest = &rest[first.len_utf8()..];
    }
    Some(parts)
}

/// Whether a text matches a pattern. Takes time in proportion to the product of their lengths at worst.
pub(super) fn matches(pattern: &str, text: &str, context: &Context) -> bool {
    parts(pattern, context).is_some_and(|parts| fits(&parts, &text.chars().collect::<Vec<_>>()))
}

/// Whether a pattern for actions covers one. Their names know no case and no variables.
pub(crate) fn matches_action(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase(), &Context::new())
}

fn fits(pattern: &[Part], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Part::Any) => {
                star = Some((p, t));
                p += 1;
            }
            Some(Part::One) => (p, t) = (p + 1, t + 1),
            Some(Part::Exactly(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, reach)) = star else { return false };
                star = Some((at, reach + 1));
                (p, t) = (at + 1, reach + 1);
            }
        }
    }
    pattern[p..].iter().all(|part| *part == Part::Any)
}

/// Whether an ARN matches a pattern. Each of the six parts is compared by itself, so that a `*` for a region does not reach into the
/// account; a pattern of fewer parts is compared as a whole.
pub(super) fn matches_arn(pattern: &str, arn: &str, context: &Context) -> bool {
    let (of_pattern, of_arn): (Vec<&str>, Vec<&str>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    // A variable may hold a colon of its own (`${aws:username}`), always in the last part.
    if of_pattern.len() == 6 && of_arn.len() == 6 && !of_pattern[..5].iter().any(|part| part.contains("${")) {
        return of_pattern.iter().zip(&of_arn).all(|(pattern, part)| matches(pattern, part, context));
    }
    matches(pattern, arn, context)
}

/// Whether all that `narrow` matches is matched by `wide`. Sure when it says yes.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    // A `*` of the narrow one stands for itself: only a `*` of the wide one takes it.
    let literal = |part: &str| part.replace('?', "\u{1}");
    let wide_parts = wide.replace("${", "\u{2}{");
    matches_arn(&wide_parts, &literal(&narrow.replace("${", "\u{2}{")), &Context::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(pattern: &str, text: &str) -> bool {
        matches(pattern, text, &Context::from([("aws:username".to_owned(), vec!["ann".to_owned()])]))
    }

    #[test]
    fn wildcards_and_variables_match() {
        assert!(is("*", "") && is("a*c", "abbc") && is("a?c", "abc") && is("a*b*c", "a1b2b3c"));
        assert!(!is("a?c", "ac") && !is("a*c", "abd") && !is("", "a"));
        assert!(is("user/${aws:username}", "user/ann") && !is("user/${aws:username}", "user/bob") && !is("${aws:unknown}", "x"));
        assert!(is("a${*}", "a*") && !is("a${*}", "ab") && is("${aws:unknown, 'x'}", "x"));
        assert!(!is(&"a*".repeat(50), &"a".repeat(40).replace("aaaaaaaaaa", "ab")));
    }

    #[test]
    fn actions_match_whatever_their_case() {
        assert!(matches_action("bedrock:Inv*", "bedrock:InvokeModelWithResponseStream") && matches_action("*", "s3:GetObject"));
        assert!(matches_action("S3:get?bject", "s3:GetObject") && !matches_action("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"));
    }

    #[test]
    fn a_wildcard_stays_in_its_part_of_an_arn() {
        let none = Context::new();
        assert!(matches_arn("arn:aws:bedrock:*::foundation-model/a", "arn:aws:bedrock:us-east-1::foundation-model/a", &none));
        assert!(!matches_arn("arn:aws:bedrock:*::foundation-model/a", "arn:aws:bedrock:us-east-1:1:x::foundation-model/a", &none));
        assert!(matches_arn("arn:aws:sns:us-east-1:1:a*", "arn:aws:sns:us-east-1:1:a:b", &none));
        assert!(matches_arn("*", "arn:aws:sns:us-east-1:1:a:b", &none));
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        assert!(covers("arn:aws:s3:::*", "arn:aws:s3:::a*") && covers("a*", "a*") && covers("*", "a?"));
        assert!(!covers("arn:aws:s3:::a*", "arn:aws:s3:::*") && !covers("a", "a*") && !covers("ab", "a?"));
    }
}
