//! What a terminal is given: colour where it is wanted, and never a control character that somebody else wrote.

use domain::finding::Severity;
use owo_colors::{OwoColorize, Style};
use std::io::{IsTerminal, Write};

/// How standard output and error may be written to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Results may be coloured.
    pub(crate) colour: bool,
    /// Progress may be redrawn.
    pub(crate) live: bool,
    /// A person reads the result as it comes.
    pub(crate) person_reads: bool,
}

impl Terminal {
    /// As the streams are, and as the person wants them.
    pub(crate) fn new(no_color: bool, quiet: bool) -> Terminal {
        let person_reads = std::io::stdout().is_terminal();
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let unwanted = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Terminal { colour: person_reads && !unwanted && !is_dumb, live: !quiet && !is_dumb && std::io::stderr().is_terminal(), person_reads }
    }

    /// Bold, where colour is wanted.
    pub(crate) fn bold(self, text: &str) -> String {
        if self.colour { text.bold().to_string() } else { text.to_owned() }
    }

    /// Faint, where colour is wanted.
    pub(crate) fn faint(self, text: &str) -> String {
        if self.colour { text.dimmed().to_string() } else { text.to_owned() }
    }

    /// A severity in its colour.
    pub(crate) fn severity(self, severity: Severity) -> String {
        let style = match severity {
            Severity::Critical => Style::new().white().on_red().bold(),
            Severity::High => Style::new().red().bold(),
            Severity::Medium => Style::new().yellow(),
            Severity::Low => Style::new().blue(),
            Severity::Info => Style::new().dimmed(),
        };
        let name = format!("{:<8}", severity.as_str());
        if self.colour { name.style(style).to_string() } else { name }
    }

    /// Markdown for a person: `**bold**` is bold where it can be, and the stars are gone where it cannot.
    pub(crate) fn markdown(self, text: &str) -> String {
        let mut shown = String::new();
        for line in harmless(text).lines() {
            let mut is_bold = false;
            for (i, part) in line.split("**").enumerate() {
                is_bold = if i == 0 { false } else { !is_bold };
                shown.push_str(&if is_bold { self.bold(part) } else { part.to_owned() });
            }
            shown.push('\n');
        }
        shown
    }
}

/// The text without control characters other than line ends and tabs.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Writes to standard output. A reader that has gone away, such as `head`, ends the process without a word.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Writes a line of progress to standard error. If nobody can read it, nothing is lost.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_cannot_drive_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc\td\r"), "a\u{fffd}[2Jb\nc\td\u{fffd}");
    }

    #[test]
    fn bold_is_bold_or_plain() {
        let plain = Terminal { colour: false, live: false, person_reads: false };
        assert_eq!(plain.markdown("- **high** x ** y"), "- high x  y\n");
        let colour = Terminal { colour: true, ..plain };
        assert!(colour.markdown("**high**").contains("\u{1b}[1mhigh"));
    }
}
