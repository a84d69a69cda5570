//! The text of the files that evidence points into: quotes, and where a resource's declaration ends.

use crate::rules::Seen;
use crate::sensitive::quote;
use domain::finding::Evidence;
use std::collections::BTreeMap;

/// Files by their path relative to what was read.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, File>);

/// What Terraform declares apart from the policy or group that it is a part of.
const PARTS: &[&str] = &["statement", "resource \"aws_security_group_rule\"", "resource \"aws_vpc_security_group_ingress_rule\"", "ingress"];

impl Sources {
    /// These files.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Sources {
        Sources(files.into_iter().map(|(path, text)| (path, File::new(text))).collect())
    }

    /// A file's text.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.file(file).map(File::text)
    }

    /// A file with its lines.
    pub(crate) fn file(&self, file: &str) -> Option<&File> {
        self.0.get(file)
    }

    /// Every file with its path, in order.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// What a rule saw, with the line it stands on. A file whose text is not here is quoted by what the rule says of it.
    pub(crate) fn evidence(&self, seen: &Seen) -> Evidence {
        match seen {
            Seen::Searched { place, note } => Evidence::Resource { place: place.clone(), quote: note.clone() },
            Seen::At { origin, resource, quote, part, settings, word, note } => {
                let (line, quoted) = match quote {
                    Some(quote) => (origin.line, Some(quote.clone())),
                    None => self.line(&origin.file, self.start(&origin.file, origin.line, *part, word.as_deref()), settings, word.as_deref()),
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

    /// Where to look from: the part's line, or the declaration's when the part is told by another file, whose name is not known. A part
    /// apart from the declaration is in this file when the word looked for stands in it.
    fn start(&self, file: &str, declared: u32, part: Option<u32>, word: Option<&str>) -> u32 {
        let (Some(text), Some(part)) = (self.file(file), part) else { return part.unwrap_or(declared) };
        let begins_part = PARTS.iter().any(|begin| text.line(part).trim_start().starts_with(begin));
        let has_it = || word.is_some_and(|word| text.block(part).take(LINES_SEARCHED_MAX).any(|at| has_word(text.line(at), word)));
        let is_here = !file.ends_with(".tf") || text.block(declared).contains(&part) || begins_part || has_it();
        if is_here { part } else { declared }
    }

    /// The line of the first of these settings, or of the word, within what begins at a line; that line itself when none is there.
    fn line(&self, file: &str, line: u32, settings: &[&str], word: Option<&str>) -> (u32, Option<String>) {
        let Some(text) = self.file(file) else { return (line, None) };
        let find = |is_it: &dyn Fn(&str) -> bool| text.block(line).take(LINES_SEARCHED_MAX).find(|at| is_it(text.line(*at)));
        let by_word = word.and_then(|word| find(&|line| has_word(line, word)));
        let found = by_word.or_else(|| settings.iter().find_map(|setting| find(&|line| sets(line, setting) && !names_type(line))));
        let at = found.unwrap_or(line);
        (at, text.has_line(at).then(|| quote(text.line(at))))
    }
}

/// A declaration that a person writes has some hundred lines. In a longer one what stands further down is quoted by its beginning, so
/// that quoting each of a great many settings of it takes no more than time in proportion.
const LINES_SEARCHED_MAX: usize = 2000;

/// A text cut into lines once, with the line on which what begins on each of them ends.
#[derive(Clone, Debug)]
pub(crate) struct File {
    text: String,
    /// Where each line begins, and where a line after the last would.
    starts: Vec<usize>,
    ends: Vec<u32>,
}

impl File {
    fn new(text: String) -> File {
        let mut starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            starts.push(text.len());
        }
        let mut file = File { text, starts, ends: Vec::new() };
        file.ends = file.ends();
        file
    }

    /// What its lines end with.
    pub(crate) fn line_end(&self) -> &'static str {
        if self.text.get(..self.starts.get(1).copied().unwrap_or_default()).is_some_and(|first| first.ends_with("\r\n")) { "\r\n" } else { "\n" }
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How many lines there are.
    pub(crate) fn lines(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(u32::MAX - 2)
    }

    /// The line of this number, from 1, without what ends it; empty when there is none.
    pub(crate) fn line(&self, number: u32) -> &str {
        let Some(line) = (number as usize).checked_sub(1).and_then(|at| self.text.get(*self.starts.get(at)?..*self.starts.get(at + 1)?)) else {
            return "";
        };
        line.trim_end_matches(['\n', '\r'])
    }

    fn has_line(&self, number: u32) -> bool {
        (1..=self.lines()).contains(&number)
    }

    /// The lines, counted from 1, of the declaration that begins at `first`: by braces where the language has them, else by indentation.
    pub(crate) fn block(&self, first: u32) -> std::ops::RangeInclusive<u32> {
        first..=(first as usize).checked_sub(1).and_then(|at| self.ends.get(at).copied()).unwrap_or(first)
    }

    /// For each line the last line of what begins on it, all in one walk from the end: of the lines below only those can end something
    /// that lie less deep than all between, and these wait on a stack.
    fn ends(&self) -> Vec<u32> {
        let lines: Vec<&str> = (1..=self.lines()).map(|number| self.line(number)).collect();
        let mut ends = vec![0; lines.len()];
        let depth = |line: &str| line.matches('{').count() as i64 - line.matches('}').count() as i64;
        // How many braces are open behind each line.
        let open: Vec<i64> = lines
            .iter()
            .scan(0, |open, line| {
                *open += depth(line);
                Some(*open)
            })
            .collect();
        let (mut by_braces, mut by_indent): (Vec<usize>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
        let mut last_filled = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            last_filled.push(if line.trim().is_empty() { last_filled.last().copied().unwrap_or(at) } else { at });
        }
        let end_of = |at: usize| u32::try_from(at).unwrap_or(u32::MAX - 1) + 1;
        for (at, line) in lines.iter().enumerate().rev() {
            while by_braces.last().is_some_and(|below| open[*below] >= open[at]) {
                by_braces.pop();
            }
            let indent = line.len() - line.trim_start().len();
            let is_note = line.trim().is_empty() || line.trim_start().starts_with('#');
            ends[at] = if line.trim_end().ends_with('{') {
                let before = open[at] - depth(line);
                let closes = |below: &&usize| open[**below] <= before;
                if open[at] <= before { end_of(at) } else { end_of(by_braces.iter().rev().find(closes).copied().unwrap_or(lines.len() - 1)) }
            } else {
                let next = by_indent.iter().rev().find(|(_, below)| *below <= indent).map_or(lines.len(), |(next, _)| *next);
                end_of(last_filled[next - 1].max(at))
            };
            by_braces.push(at);
            if !is_note {
                while by_indent.last().is_some_and(|(_, below)| *below >= indent) {
                    by_indent.pop();
                }
                by_indent.push((at, indent));
            }
        }
        ends
    }
}

/// Whether a line gives a setting its value: `Name: …`, `name = …`, `name {`, `"Name": …`.
pub(crate) fn sets(line: &str, setting: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim_start_matches('"');
    line.strip_prefix(setting).is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with([':', '=', '{']))
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
        let block = |text: &str, first| File::new(text.to_owned()).block(first);
        let tf = "resource \"a\" \"b\" {\n  x {\n    y = 1\n  }\n}\nresource \"c\" \"d\" {}\nz {\n  w {\n";
        assert_eq!([1, 2, 3, 6, 7, 8].map(|first| block(tf, first)), [1..=5, 2..=4, 3..=3, 6..=6, 7..=8, 8..=8]);
        let yaml = "Resources:\n  A:\n    Type: x\n    # note\n\n  B:\n    Type: y\n";
        assert_eq!([1, 2, 3, 6, 99].map(|first| block(yaml, first)), [1..=7, 2..=4, 3..=4, 6..=7, 99..=99]);
    }

    #[test]
    fn lines_are_those_that_the_text_has() {
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\r\nb", 2), ("a\n\n", 2)] {
            let file = File::new(text.to_owned());
            assert_eq!((file.lines(), file.line(1)), (lines, text.lines().next().unwrap_or_default()), "{text:?}");
        }
        assert_eq!(File::new("a".to_owned()).line(0), "");
    }

    #[test]
    fn a_part_that_another_file_declares_is_not_looked_for_in_this_one() {
        let text = "resource \"aws_security_group\" \"a\" {\n  ingress {\n  }\n}\n\nlocals {\n}\n";
        let sources = Sources::new([("main.tf".to_owned(), text.to_owned())]);
        assert_eq!([2, 6, 60].map(|part| sources.start("main.tf", 1, Some(part), None)), [2, 1, 1]);
        assert_eq!(sources.start("main.tf", 1, Some(6), Some("s3:GetObject")), 1);
        let apart = format!("{text}resource \"p\" \"p\" {{\n  Statement = [{{\n    Action = \"s3:GetObject\"\n  }}]\n}}\n");
        let sources = Sources::new([("main.tf".to_owned(), apart)]);
        assert_eq!(sources.start("main.tf", 1, Some(9), Some("s3:GetObject")), 9);
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
