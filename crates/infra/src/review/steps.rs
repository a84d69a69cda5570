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
    /// Other rules that the same work settles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<&'static str>,
    /// What to do.
    pub what: String,
    /// Where the fault is, or what is missing.
    pub why: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it takes.
    pub effort: Effort,
}

/// Work that settles several rules at once, when the first of them fails for want of it.
struct Job {
    what: &'static str,
    rules: &'static [&'static str],
    /// Whether what is there already and wrong is other work.
    is_of_missing: bool,
}

const JOBS: [Job; 2] = [
    Job {
        what: "Put a load balancer with a certificate and a name before the service, let in nobody but it, and take the public address away.",
        rules: &["ECS-04", "ECS-05", "DNS-02", "DNS-01", "NET-03", "NET-01"],
        is_of_missing: false,
    },
    Job {
        what: "Declare an SNS topic with a subscription, and alarms that tell it of errors, of latency and of a service that is down.",
        rules: &["MON-01", "MON-04", "MON-06", "MON-05", "MON-02"],
        is_of_missing: true,
    },
];

/// The open failures as steps, ranked by risk ÷ effort; of equals the worse first.
pub fn next_steps(checks: &[Check]) -> Vec<NextStep> {
    let mut failures: Vec<&Check> = checks.iter().filter(|check| check.is_open_failure()).collect();
    let mut steps: Vec<NextStep> = JOBS.iter().filter_map(|job| together(job, &mut failures)).collect();
    steps.extend(failures.into_iter().map(alone));
    // Of equals the one that comes first in the review.
    steps.sort_by_key(|step| checks.iter().position(|check| check.id == step.id));
    steps.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(b.severity.cmp(&a.severity)));
    steps
}

fn alone(check: &Check) -> NextStep {
    let (what, why) = (check.remedy.clone(), check.reason.clone());
    NextStep { id: check.id, also: Vec::new(), what, why, severity: check.severity, effort: check.effort }
}

/// One step for all failures of a job, which are taken out of the others. `None` when there are fewer than two, or its first is none.
fn together(job: &Job, failures: &mut Vec<&Check>) -> Option<NextStep> {
    let belongs = |check: &Check| check.is_missing() || !job.is_of_missing;
    let of_job: Vec<&Check> = job.rules.iter().filter_map(|id| failures.iter().copied().find(|check| check.id == *id && belongs(check))).collect();
    if of_job.len() < 2 || of_job[0].id != job.rules[0] {
        return None;
    }
    failures.retain(|check| !of_job.iter().any(|one| one.id == check.id));
    let reasons: Vec<&str> = of_job.iter().map(|check| check.reason.as_str()).collect();
    Some(NextStep {
        id: of_job[0].id,
        also: of_job[1..].iter().map(|check| check.id).collect(),
        what: job.what.to_owned(),
        why: reasons.join("; "),
        severity: of_job.iter().map(|check| check.severity).max()?,
        effort: of_job.iter().map(|check| check.effort).max()?,
    })
}

/// Each step of severity counts three times the one below. An hour's work is worth it for what is one step worse, a day's for two.
fn worth(step: &NextStep) -> f64 {
    let risk = match step.severity {
        Severity::Critical => 81.0,
        Severity::High => 27.0,
        Severity::Medium => 9.0,
        Severity::Low => 3.0,
        Severity::Info => 1.0,
    };
    let effort = match step.effort {
        Effort::Minutes => 1.0,
        Effort::Hours => 3.0,
        Effort::Days => 9.0,
    };
    risk / effort
}
