//! Text of which a part cannot be told, kept as the reason why it is unknown, so that what is known of it is not lost.

/// The reason for text in which the parts that cannot be told stand as `${…}`.
pub(crate) fn why(pattern: &str, because: &[String]) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in because {
        if !reasons.contains(&reason.as_str()) {
            reasons.push(reason);
        }
    }
    format!("`{pattern}`{DEPENDS}{}", reasons.join("; "))
}

/// The text with its `${…}`, when the reason is of this kind.
pub(crate) fn pattern(why: &str) -> Option<&str> {
    let end = why.rfind(DEPENDS_AFTER_PATTERN)?;
    why.get(1..end).filter(|_| why.starts_with('`'))
}

/// Why the parts cannot be told; the whole reason when it is of another kind.
pub(crate) fn reasons(why: &str) -> &str {
    match pattern(why) {
        Some(pattern) => &why[pattern.len() + 2 + DEPENDS.len()..],
        None => why,
    }
}

/// What stands within the `${…}` of a pattern.
pub(crate) fn placeholders(pattern: &str) -> Vec<&str> {
    let parts = pattern.split("${").skip(1);
    parts.filter_map(|part| Some(&part[..part.find('}')?])).collect()
}

/// The reason for a parameter that nobody gives a value.
pub(crate) fn without_default(parameter: &str) -> String {
    format!("{PARAMETER}{parameter}{NO_DEFAULT}")
}

/// The parameter that nobody gives a value, when that is the reason.
pub(crate) fn parameter(why: &str) -> Option<&str> {
    why.strip_prefix(PARAMETER)?.strip_suffix(NO_DEFAULT)
}

/// The reason for what a condition may take away.
pub(crate) fn perhaps(why: &str) -> String {
    format!("{PERHAPS}{why}")
}

/// Whether the reason is that a condition may take it away, so that it cannot be told whether it is set at all.
pub(crate) fn may_be_absent(why: &str) -> bool {
    why.starts_with(PERHAPS)
}

/// Why text with a dynamic reference cannot be told. The reason names the store, so that a secret in it is known not to be written down.
pub(crate) fn dynamic(text: &str) -> Option<String> {
    let rest = &text[text.find("{{resolve:")? + "{{resolve:".len()..];
    let reference = &rest[..rest.find("}}")?];
    let (store, _) = reference.split_once(':')?;
    Some(format!("it is read from {store} at deployment: {{{{resolve:{reference}}}}}"))
}

/// Whether two names may be the same, where `${…}` stands for anything. Two patterns are when the rest of them is.
pub(crate) fn may_be_same(left: &str, right: &str) -> bool {
    match (left.contains("${"), right.contains("${")) {
        (false, false) => left == right,
        (true, false) => fits(left, right),
        (false, true) => fits(right, left),
        (true, true) => literals(left) == literals(right),
    }
}

fn literals(pattern: &str) -> Vec<&str> {
    let mut parts = pattern.split("${");
    let first = parts.next().unwrap_or_default();
    std::iter::once(first).chain(parts.map(|part| part.split_once('}').map_or(part, |(_, rest)| rest))).collect()
}

fn fits(pattern: &str, text: &str) -> bool {
    let literals = literals(pattern);
    let (first, last) = (literals[0], literals[literals.len() - 1]);
    // A pattern that says nothing fits everything, which is no reason to take it for the same.
    let says_something = literals.iter().any(|literal| !literal.is_empty());
    let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)).filter(|_| says_something) else { return false };
    literals[1..literals.len() - 1].iter().all(|literal| match rest.find(literal) {
        Some(at) => {
            rest = &rest[at + literal.len()..];
            true
        }
        None => false,
    })
}

const PARAMETER: &str = "parameter ";
const NO_DEFAULT: &str = " has no default";
const PERHAPS: &str = "it may not be set: ";
const DEPENDS: &str = " depends on what is known only at deployment: ";
const DEPENDS_AFTER_PATTERN: &str = "` depends on what is known only at deployment: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_part_comes_back() {
        let why = why("com.amazonaws.${AWS::Region}.s3", &["AWS::Region".to_owned(), "AWS::Region".to_owned()]);
        assert_eq!(why, "`com.amazonaws.${AWS::Region}.s3` depends on what is known only at deployment: AWS::Region");
        assert_eq!(pattern(&why), Some("com.amazonaws.${AWS::Region}.s3"));
        assert_eq!(reasons(&why), "AWS::Region");
        assert_eq!(placeholders(pattern(&why).unwrap()), ["AWS::Region"]);
        assert_eq!(pattern("parameter A has no default"), None);
    }

    #[test]
    fn names_with_an_unknown_part_may_be_the_same() {
        assert!(may_be_same("${AWS::StackName}-VpcId", "network-VpcId"));
        assert!(may_be_same("${AWS::StackName}-VpcId", "${NetworkStack}-VpcId"));
        assert!(!may_be_same("${AWS::StackName}-VpcId", "network-SubnetId"));
        assert!(!may_be_same("${Name}", "anything"));
        assert!(may_be_same("a-${X}-b-${Y}-c", "a-1-b-2-c") && !may_be_same("a-${X}-b-${Y}-c", "a-1-c"));
    }
}
