//! Patterns: regular expressions as Go has them. They are paid for by what they search: the engine never runs away, but a large pattern
//! takes minutes over a long text.

use super::{Arguments, Stop};
use regex::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Bytes of a compiled pattern. The usual ones for addresses take 8 KB; repetitions take any number, and a search with one of this size may
/// take two microseconds for each byte.
const COMPILED_BYTES_MAX: usize = 16 << 10;

/// What it costs to compile a pattern, in values. Classes of Unicode take five milliseconds before they turn out to be too large.
const COMPILING: u64 = 5_000;

/// Patterns that were compiled, or could not be.
#[derive(Default)]
pub(super) struct Patterns(RefCell<BTreeMap<String, Option<Regex>>>);

impl Patterns {
    /// The compiled pattern. One that Go knows and this engine does not is unknown, not wrong.
    pub(super) fn get(&self, pattern: &str, arguments: &Arguments<'_>) -> Result<Regex, Stop> {
        if !self.0.borrow().contains_key(pattern) {
            arguments.spend(COMPILING)?;
            let compiled = RegexBuilder::new(&as_go_reads(pattern)).size_limit(COMPILED_BYTES_MAX).build().ok();
            self.0.borrow_mut().insert(pattern.to_owned(), compiled);
        }
        self.0.borrow().get(pattern).cloned().flatten().ok_or_else(|| Stop::Unknown(format!("the pattern {pattern:?}")))
    }
}

/// Where a pattern is found. Every search may read all that is left of the text, and to find many parts takes as many searches.
pub(super) fn found<'t>(
    arguments: &Arguments<'_>,
    pattern: &Regex,
    value: &'t str,
) -> Result<impl Iterator<Item = Result<Captures<'t>, Stop>>, Stop> {
    let search = |from: usize| arguments.spend((value.len() - from) as u64 + 1);
    search(0)?;
    Ok(pattern.captures_iter(value).map(move |captures| {
        let whole = captures.get_match();
        search(whole.start())?;
        // Groups within each other hold the same text as often.
        arguments.spend(captures.len() as u64 * (1 + whole.len() as u64 / 64))?;
        Ok(captures)
    }))
}

/// Go's classes of letters, digits and spaces are those of ASCII, where this engine's are those of Unicode.
fn as_go_reads(pattern: &str) -> String {
    let mut read = String::new();
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        let escaped = if character == '\\' { rest.next() } else { None };
        match escaped {
            Some('d') => read.push_str("[0-9]"),
            Some('D') => read.push_str("[^0-9]"),
            Some('s') => read.push_str("[\\t\\n\\f\\r ]"),
            Some('S') => read.push_str("[^\\t\\n\\f\\r ]"),
            Some('w') => read.push_str("[0-9A-Za-z_]"),
            Some('W') => read.push_str("[^0-9A-Za-z_]"),
            _ => read.extend([Some(character), escaped].into_iter().flatten()),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::as_go_reads;
    use regex::Regex;

    #[test]
    fn classes_are_those_of_ascii_within_brackets_and_without() {
        assert_eq!(as_go_reads(r"^\w\\d\.[\d-]$"), r"^[0-9A-Za-z_]\\d\.[[0-9]-]$");
        let host = Regex::new(&as_go_reads(r"^[\w.-]+\.[^\s\d]+$")).unwrap();
        assert!(host.is_match("a_b-c.example.org") && !host.is_match("é.example.org") && !host.is_match("example.o r"));
    }
}
