//! The text of the files that evidence points into: quotes, and where a resource's declaration ends.

use crate::rules::Seen;
use domain::finding::Evidence;
use std::collections::BTreeMap;

/// Files by their path relative to what was read.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

/// A quote is a line to recognise, not a page to read.
const QUOTE_CHARS_MAX: usize = 160;

impl Sources {
    /// These files.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Sources {
        Sources(files.into_iter().collect())
    }

    /// A file's text.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(String::as_str)
    }

    /// What a rule saw, with the line it stands on. A file whose text is not here is quoted by what the rule says of it.
    pub(crate) fn evidence(&self, seen: &Seen) -> Evidence {
        match seen {
            Seen::Searched { place, note } => Evidence::Resource { place: place.clone(), quote: note.clone() },
            Seen::At { origin, resource, quote, settings, note } => {
                let (line, quoted) = match quote {
                    Some(quote) => (origin.line, Some(quote.clone())),
                    None => self.line(&origin.file, origin.line, settings),
                };
                Evidence::File {
                    place: format!("{}:{line}", origin.file),
                    path: resource.clone().filter(|path| !path.is_empty()),
                    quote: quoted.unwrap_or_else(|| note.clone()),
                    note: Some(note.clone()),
                }
            }
        }
    }

    /// The line of the first of these settings within the declaration that begins at a line; the declaration's own line when none is there.
    fn line(&self, file: &str, line: u32, settings: &[&str]) -> (u32, Option<String>) {
        let Some(text) = self.text(file) else { return (line, None) };
        let lines: Vec<&str> = text.lines().collect();
        let block = block(&lines, line);
        let found = settings.iter().find_map(|setting| block.clone().find(|at| lines.get(*at as usize - 1).is_some_and(|line| sets(line, setting))));
        let at = found.unwrap_or(line);
        (at, lines.get(at as usize - 1).map(|line| shortened(line)))
    }
}

/// The lines, counted from 1, of the declaration that begins at `first`: by braces where the language has them, else by indentation.
pub(crate) fn block(lines: &[&str], first: u32) -> std::ops::RangeInclusive<u32> {
    let start = (first as usize).saturating_sub(1);
    let Some(head) = lines.get(start) else { return first..=first };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_braced = head.trim_end().ends_with('{');
    let mut depth = 0i64;
    let mut last = start;
    for (at, line) in lines.iter().enumerate().skip(start) {
        if is_braced {
            depth += line.matches('{').count() as i64 - line.matches('}').count() as i64;
            last = at;
            if depth <= 0 {
                break;
            }
        } else {
            let is_after = at > start && !line.trim().is_empty() && indent(line) <= indent(head) && !line.trim_start().starts_with('#');
            if is_after {
                break;
            }
            if !line.trim().is_empty() {
                last = at;
            }
        }
    }
    first..=u32::try_from(last).unwrap_or(u32::MAX - 1) + 1
}

/// Whether a line gives a setting its value: `Name: …`, `name = …`, `name {`, `"Name": …`.
pub(crate) fn sets(line: &str, setting: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim_start_matches('"');
    line.strip_prefix(setting).is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with([':', '=', '{']))
}

fn shortened(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_ends_with_its_braces_or_its_indentation() {
        let tf: Vec<&str> = "resource \"a\" \"b\" {\n  x {\n    y = 1\n  }\n}\nresource \"c\" \"d\" {}\n".lines().collect();
        assert_eq!(block(&tf, 1), 1..=5);
        assert_eq!(block(&tf, 6), 6..=6);
        let yaml: Vec<&str> = "Resources:\n  A:\n    Type: x\n    # note\n\n  B:\n    Type: y\n".lines().collect();
        assert_eq!(block(&yaml, 2), 2..=4);
        assert_eq!(block(&yaml, 99), 99..=99);
    }

    #[test]
    fn a_setting_is_quoted_rather_than_the_declarations_first_line() {
        let sources = Sources::new([("main.tf".to_owned(), "resource \"a\" \"b\" {\n  count_of = 1\n  desired_count = 1\n}\n".to_owned())]);
        assert_eq!(sources.line("main.tf", 1, &["DesiredCount", "desired_count"]), (3, Some("desired_count = 1".to_owned())));
        assert_eq!(sources.line("main.tf", 1, &["count"]), (1, Some("resource \"a\" \"b\" {".to_owned())));
        assert_eq!(sources.line("other.tf", 1, &[]), (1, None));
    }
}
