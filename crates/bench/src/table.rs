//! The figures as a Markdown table, good and bad.

use std::fmt::Write as _;

/// One figure.
pub(crate) struct Row {
    /// What is measured.
    pub(crate) what: String,
    /// The numbers it is made of.
    pub(crate) of: String,
    /// The figure.
    pub(crate) figure: String,
    /// What it should be; empty when it is only reported.
    pub(crate) limit: String,
    /// Whether it is.
    pub(crate) verdict: Verdict,
}

/// How a figure compares with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    Short,
    /// There is no limit.
    Reported,
}

impl Verdict {
    pub(crate) fn of(is_good: bool) -> Verdict {
        if is_good { Verdict::Ok } else { Verdict::Short }
    }

    fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Short => "short",
            Verdict::Reported => "",
        }
    }
}

/// The table, below what it was measured on.
pub(crate) fn print(head: &[(&str, String)], rows: &[Row]) -> String {
    let mut text = String::new();
    for (name, value) in head {
        let _ = writeln!(text, "- {name}: {value}");
    }
    text.push_str("\n| figure | measured | result | limit | |\n|---|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(text, "| {} | {} | {} | {} | {} |", row.what, row.of, row.figure, row.limit, row.verdict.word());
    }
    text
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0.4, 999.0, 1_000.0, 1_234_567.8].map(grouped), ["0", "999", "1,000", "1,234,568"]);
    }

    #[test]
    fn a_figure_without_a_limit_has_no_verdict() {
        let row = Row { what: "a".into(), of: "1 ÷ 2".into(), figure: "0.5".into(), limit: String::new(), verdict: Verdict::Reported };
        assert!(print(&[("machine", "m".into())], &[row]).ends_with("| a | 1 ÷ 2 | 0.5 |  |  |\n"));
    }
}
