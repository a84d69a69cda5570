//! A review as JUnit XML: a suite for each list, a test case for each rule.

use super::document::{of_section, place, shows};
use crate::review::{Check, Review, Status};
use crate::rules::Section;
use std::fmt::Write as _;

/// The review as JUnit XML. What cannot be told is an error; what a person must say, does not apply or is borne is skipped.
pub fn junit(review: &Review) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for section in Section::ALL {
        let checks = of_section(review, *section);
        if checks.is_empty() {
            continue;
        }
        let failed = checks.iter().filter(|check| check.is_open_failure()).count();
        let unknown = checks.iter().filter(|check| check.status == Status::Unknown).count();
        let passed = checks.iter().filter(|check| matches!(check.status, Status::Pass | Status::Attested)).count();
        let left = checks.len() - failed - unknown - passed;
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"{unknown}\" skipped=\"{left}\">",
            escaped(section.title()),
            checks.len()
        );
        checks.iter().for_each(|check| case(&mut suites, check));
        suites.push_str("  </testsuite>\n");
        tests += checks.len();
        failures += failed;
        errors += unknown;
        skipped += left;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"infra review\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n{suites}</testsuites>\n"
    )
}

fn case(suites: &mut String, check: &Check) {
    let _ = write!(suites, "    <testcase classname=\"{}\" name=\"{}\"", check.id, escaped(check.title));
    let reason = escaped(&check.reason);
    let body = match (check.status, &check.suppressed) {
        (Status::Pass | Status::Attested, _) => return suites.push_str("/>\n"),
        (_, Some(suppressed)) => format!("<skipped message=\"borne until {}: {}\"/>", suppressed.until, escaped(&suppressed.reason)),
        (Status::Fail, None) => {
            let places: Vec<String> = check.evidence.iter().map(|evidence| format!("{}: {}", place(evidence), shows(evidence))).collect();
            format!(
                "<failure type=\"{}\" message=\"{reason}\">{}</failure>",
                check.severity.as_str(),
                escaped(&format!("{}\n{}", places.join("\n"), check.remedy))
            )
        }
        (Status::Unknown, None) => format!("<error type=\"unknown\" message=\"{reason}\"/>"),
        (Status::Manual | Status::NotApplicable, None) => format!("<skipped message=\"{reason}\"/>"),
    };
    let _ = writeln!(suites, ">\n      {body}\n    </testcase>");
}

/// XML text, also for attributes. Characters that XML has no place for are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}
