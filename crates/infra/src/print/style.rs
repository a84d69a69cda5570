//! What the words of a review look like: plain, or in a terminal's colours. The caller decides.

use crate::review::Status;
use domain::finding::Severity;

/// How words are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Not at all.
    Plain,
    /// With a terminal's colours.
    Colour,
}

impl Style {
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn status(self, status: Status, text: &str) -> String {
        let code = match status {
            Status::Pass | Status::Attested => "32",
            Status::Fail => "31;1",
            Status::Unknown => "33",
            Status::Manual => "36",
            Status::NotApplicable => "2",
        };
        self.paint(code, text)
    }

    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "37;41;1",
            Severity::High => "31;1",
            Severity::Medium => "33",
            Severity::Low => "34",
            Severity::Info => "2",
        };
        self.paint(code, text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Style::Plain => text.to_owned(),
            Style::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// Text from files without what could drive a terminal or break a line.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Words over as many lines as they need, none wider than `width` characters; a word that is wider is cut.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let gap = usize::from(used > 0);
            if used + gap + rest.len() <= width {
                if gap == 1 {
                    lines.last_mut().expect("there is always a line").push(' ');
                }
                lines.last_mut().expect("there is always a line").extend(&rest);
                used += gap + rest.len();
                rest.clear();
            } else if used > 0 {
                lines.push(String::new());
                used = 0;
            } else {
                let tail = rest.split_off(width.min(rest.len()));
                lines.last_mut().expect("there is always a line").extend(&rest);
                used = rest.len();
                rest = tail;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_and_no_word_is_lost() {
        let lines = wrapped("one two aVeryLongWordIndeed three", 9);
        assert_eq!(lines, ["one two", "aVeryLong", "WordIndee", "d three"]);
        assert!(wrapped("", 9).len() == 1);
    }

    #[test]
    fn foreign_words_cannot_drive_a_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
