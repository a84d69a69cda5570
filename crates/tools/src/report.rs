//! What a tool says: lines of text, and findings that quote them.

use domain::finding::{FindingDraft, Severity};
use domain::tool::ToolOutput;
use std::time::Duration;

/// A line longer than this says nothing more at 3 am. It is in characters.
const LINE_CHARS_MAX: usize = 400;

/// An output in the making.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
    findings: Vec<FindingDraft>,
}

impl Report {
    /// Adds one line, cleaned, and gives it back as a quote for findings.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) -> String {
        let line = clean(line.as_ref().trim_end(), LINE_CHARS_MAX);
        self.text.push_str(&line);
        self.text.push('\n');
        line
    }

    /// Adds what is wrong. `quote` must have come from `line`.
    pub(crate) fn finding(&mut self, severity: Severity, title: impl AsRef<str>, quote: &str, place: Option<String>, remedy: impl Into<String>) {
        debug_assert!(!quote.is_empty() && self.text.contains(quote), "the quote {quote:?} is not in the text");
        self.findings.push(FindingDraft {
            severity,
            title: clean(title.as_ref(), LINE_CHARS_MAX),
            quote: quote.trim().to_owned(),
            place: place.map(|place| clean(&place, LINE_CHARS_MAX)),
            remedy: clean(&remedy.into(), LINE_CHARS_MAX),
        });
    }

    /// The output. `reachable`: whether later checks of the same target make sense.
    pub(crate) fn into_output(mut self, reachable: bool) -> ToolOutput {
        self.text.truncate(self.text.trim_end().len());
        ToolOutput { text: self.text, findings: self.findings, reachable }
    }
}

/// Foreign text made harmless to a terminal and honest to a reader: what does not print, reorders or hides becomes `�`, and
/// what is longer than `chars_max` is cut with an ellipsis.
pub(crate) fn clean(text: &str, chars_max: usize) -> String {
    let shown = |c: char| {
        let hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if c.is_control() || hidden { '\u{fffd}' } else { c }
    };
    let mut cleaned: String = text.chars().take(chars_max).map(shown).collect();
    if text.chars().nth(chars_max).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Bytes for people, in powers of 1024: `512 B`, `1.5 GiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A measured time for people: `0.42 ms`, `87 ms`, `3.2 s`.
pub(crate) fn took(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1_000.0;
    if ms < 10.0 {
        format!("{ms:.2} ms")
    } else if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1_000.0)
    }
}

/// How long something has been so: `3 d 4 h`, `12 min`.
pub(crate) fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_drive_a_terminal_or_hide() {
        assert_eq!(clean("a\u{1b}[31mred\r\nb\u{202e}c\u{e0041}", 100), "a�[31mred��b�c�");
        assert_eq!(clean("äöü", 2), "äö…");
        let mut report = Report::default();
        let quote = report.line("x\u{7}y\n");
        report.finding(Severity::Low, "t\u{7}", &quote, None, "r");
        let output = report.into_output(true);
        assert_eq!((output.text.as_str(), output.findings[0].title.as_str()), ("x�y", "t�"));
    }

    #[test]
    fn sizes_and_times_are_written_for_people() {
        assert_eq!([bytes(0), bytes(1023), bytes(1536), bytes(u64::MAX)], ["0 B", "1023 B", "1.5 KiB", "16384.0 PiB"]);
        assert_eq!(
            [took(Duration::from_micros(420)), took(Duration::from_millis(87)), took(Duration::from_millis(3_210))],
            ["0.42 ms", "87 ms", "3.2 s"]
        );
        assert_eq!([span(5), span(720), span(7_260), span(273_600)], ["5 s", "12 min", "2 h 1 min", "3 d 4 h"]);
    }
}
