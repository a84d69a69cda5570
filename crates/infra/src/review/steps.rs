//! What to do next, the most risk taken away for the least effort first.

use super::Check;
use crate::rules::Effort;
use domain::finding::Severity;
use serde::Serialize;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NextStep {
    /// The rule that it settles.
    pub id: &'static str,
    /// What to do.
    pub what: String,
    /// Where the fault is, or what is missing.
    pub why: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it takes.
    pub effort: Effort,
}

/// The open failures as steps, ranked by risk ÷ effort; of equals the worse first.
pub fn next_steps(checks: &[Check]) -> Vec<NextStep> {
    let mut failures: Vec<&Check> = checks.iter().filter(|check| check.is_open_failure()).collect();
    failures.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(b.severity.cmp(&a.severity)));
    failures
        .into_iter()
        .map(|check| NextStep { id: check.id, what: check.remedy.clone(), why: check.reason.clone(), severity: check.severity, effort: check.effort })
        .collect()
}

/// Each step of severity counts three times the one below. An hour's work is worth it for what is one step worse, a day's for two.
fn worth(check: &Check) -> f64 {
    let risk = match check.severity {
        Severity::Critical => 81.0,
        Severity::High => 27.0,
        Severity::Medium => 9.0,
        Severity::Low => 3.0,
        Severity::Info => 1.0,
    };
    let effort = match check.effort {
        Effort::Minutes => 1.0,
        Effort::Hours => 3.0,
        Effort::Days => 9.0,
    };
    risk / effort
}
