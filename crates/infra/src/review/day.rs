//! A calendar day, as dates stand in price files, answers and suppressions.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A day, `2026-11-23`. Ordered as the calendar is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(String);

impl Day {
    /// Reads `YYYY-MM-DD`; `None` for anything else and for days that no calendar has.
    pub fn parse(text: &str) -> Option<Day> {
        let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
        let is_shaped = text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !is_shaped {
            return None;
        }
        let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
        let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(is_leap),
            1..=12 => 31,
            _ => return None,
        };
        (1..=last).contains(&day).then(|| Day(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Day, String> {
        Day::parse(&text).ok_or_else(|| format!("{text:?} is not a day such as \"2026-11-23\""))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_read() {
        for good in ["2026-11-23", "2024-02-29", "2000-02-29"] {
            assert!(Day::parse(good).is_some(), "{good}");
        }
        for wrong in ["2026-11-31", "2025-02-29", "1900-02-29", "2026-13-01", "2026-1-1", "26-11-2301", "2026-11-23 ", "+026-11-23", ""] {
            assert!(Day::parse(wrong).is_none(), "{wrong}");
        }
        assert!(Day::parse("2026-09-10") < Day::parse("2026-11-01"));
    }
}
