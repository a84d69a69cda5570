//! The text of the files that evidence points into: quotes, and where a resource's declaration ends.

use crate::rules::{Seen, is_pointer, is_secret_name};
use crate::usage::quote;
use domain::finding::Evidence;
use std::collections::BTreeMap;

/// Files by their path relative to what was read.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

/// A quote is a line to recognise, not a page to read.
const QUOTE_CHARS_MAX: usize = 160;

/// What Terraform declares apart from the policy or group that it is a part of.
const PARTS: &[&str] = &["statement", "resource \"aws_security_group_rule\"", "resource \"aws_vpc_security_group_ingress_rule\"", "ingress"];

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
            Seen::At { origin, resource, quote, part, settings, word, note } => {
                let (line, quoted) = match quote {
                    Some(quote) => (origin.line, Some(quote.clone())),
                    None => self.line(&origin.file, self.start(&origin.file, origin.line, *part), settings, word.as_deref()),
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

    /// Where to look from: the part's line, or the declaration's when the part is told by another file, whose name is not known.
    fn start(&self, file: &str, declared: u32, part: Option<u32>) -> u32 {
        let (Some(text), Some(part)) = (self.text(file), part) else { return part.unwrap_or(declared) };
        let lines: Vec<&str> = text.lines().collect();
        let begins_part = |line: &&str| PARTS.iter().any(|part| line.trim_start().starts_with(part));
        let is_here = !file.ends_with(".tf") || block(&lines, declared).contains(&part) || lines.get(part as usize - 1).is_some_and(begins_part);
        if is_here { part } else { declared }
    }

    /// The line of the first of these settings, or of the word, within what begins at a line; that line itself when none is there.
    fn line(&self, file: &str, line: u32, settings: &[&str], word: Option<&str>) -> (u32, Option<String>) {
        let Some(text) = self.text(file) else { return (line, None) };
        let lines: Vec<&str> = text.lines().collect();
        let find = |is_it: &dyn Fn(&str) -> bool| block(&lines, line).find(|at| lines.get(*at as usize - 1).is_some_and(|line| is_it(line)));
        let by_word = word.and_then(|word| find(&|line| has_word(line, word)));
        let found = by_word.or_else(|| settings.iter().find_map(|setting| find(&|line| sets(line, setting) && !names_type(line))));
        let at = found.unwrap_or(line);
        (at, lines.get(at as usize - 1).map(|line| shown(line)))
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

/// A line as a quote, without the value of a secret.
fn shown(line: &str) -> String {
    let holds_secret = line.match_indices(['=', ':']).any(|(at, _)| {
        let before = line[..at].trim_end_matches([' ', '"', '\'']);
        let name = before.rsplit([' ', '"', '\'', '{', ',']).next().unwrap_or_default();
        // `arn:aws:…:secret:…` is one word, and no setting.
        !name.contains(':') && is_secret_name(name) && !is_pointer(line[at + 1..].trim_start_matches([' ', '"', '\'']))
    });
    if holds_secret || line.contains("AKIA") {
        return quote(line);
    }
    let line = line.trim();
    match line.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Whether it says what kind of resource is declared, which is no setting called `Type`.
fn names_type(line: &str) -> bool {
    line.split_once(':')
        .is_some_and(|(_, value)| ["AWS::", "Custom::"].iter().any(|prefix| value.trim_start_matches([' ', '"', '\'']).starts_with(prefix)))
}

/// Whether the word stands in the line by itself rather than within a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
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
    fn a_quote_does_not_repeat_a_secret() {
        assert_eq!(shown("      MasterUserPassword: hunter2hunter2"), "MasterUserPassword: ***");
        assert_eq!(shown("  variables = { API_KEY = \"k-4711-0815\" }"), "variables = { API_KEY = \"***\" }");
        assert_eq!(shown("  API_KEY = \"arn:aws:secretsmanager:us-east-1:1:secret:k\""), "API_KEY = \"arn:aws:secretsmanager:us-east-1:1:secret:k\"");
        assert_eq!(shown("    http_tokens = \"optional\""), "http_tokens = \"optional\"");
    }

    #[test]
    fn a_part_that_another_file_declares_is_not_looked_for_in_this_one() {
        let text = "resource \"aws_security_group\" \"a\" {\n  ingress {\n  }\n}\n\nlocals {\n}\n";
        let sources = Sources::new([("main.tf".to_owned(), text.to_owned())]);
        assert_eq!([2, 6, 60].map(|part| sources.start("main.tf", 1, Some(part))), [2, 1, 1]);
    }

    #[test]
    fn a_setting_called_type_is_not_the_type_of_the_resource() {
        let text = "Resources:\n  Key:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n";
        let sources = Sources::new([("t.yaml".to_owned(), text.to_owned())]);
        assert_eq!(sources.line("t.yaml", 2, &["Type"], None).0, 5);
        assert_eq!(sources.line("t.yaml", 2, &[], Some("String")).0, 5);
    }

    #[test]
    fn a_setting_is_quoted_rather_than_the_declarations_first_line() {
        let sources = Sources::new([("main.tf".to_owned(), "resource \"a\" \"b\" {\n  count_of = 1\n  desired_count = 1\n}\n".to_owned())]);
        assert_eq!(sources.line("main.tf", 1, &["DesiredCount", "desired_count"], None), (3, Some("desired_count = 1".to_owned())));
        assert_eq!(sources.line("main.tf", 1, &["count"], None), (1, Some("resource \"a\" \"b\" {".to_owned())));
        assert_eq!(sources.line("other.tf", 1, &[], None), (1, None));
    }
}
