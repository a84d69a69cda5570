//! SLS-07: a function does not work on after its API has given up.

use super::prelude::*;
use crate::inventory::api::{Api, Integration, Protocol};
use crate::inventory::compute::Function;

pub(super) static RULE: Rule = Rule {
    id: "SLS-07",
    title: "The function's time-out is below its API's",
    section: Section::Serverless,
    area: Area::Compute,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Lower the function's time-out below the API's, or queue what takes longer; else it works, and you pay, for an answer that nobody gets", cloudformation: "Timeout: 28", terraform: "timeout = 28" },
    patch: Some(|_, _| set(("Timeout", "28"), ("timeout", "28"))),
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, function, limit_s) in behind_apis(facts) {
        let settings = &["Timeout", "timeout"];
        let seconds = function.timeout_s.known().copied().unwrap_or(3.0);
        match limit_s {
            Some(limit_s) => {
                let holds = function.timeout_s.holds(true, |seconds| *seconds <= limit_s);
                let notes = notes(format!("it may take {seconds} s, and its API waits {limit_s} s"), format!("it may take {seconds} s, and its API gives up after {limit_s} s"), untold("its time-out", &function.timeout_s));
                tally.holds(holds, resource, settings, notes);
            }
            None => tally.unclear(Seen::resource(resource, settings, "how long its API waits cannot be told")),
        }
    }
    tally.close(|| facts.not_needed("no function stands behind an API here"))
}

/// Functions that an API waits for, with the seconds that it waits.
fn behind_apis<'a>(facts: &Facts<'a>) -> Vec<(&'a Resource, &'a Function, Option<f64>)> {
    let mut found = Vec::new();
    for (_, api) in facts.all::<Api>() {
        if let Some((resource, function)) = facts.inventory.follow::<Function>(&api.target) {
            found.push((resource, function, Some(limit(api.protocol))));
        }
    }
    for (_, integration) in facts.all::<Integration>() {
        let Some((resource, function)) = facts.inventory.follow::<Function>(&integration.target) else { continue };
        let protocol = facts.inventory.follow::<Api>(&integration.api).map(|(_, api)| api.protocol);
        let limit_s = match (&integration.timeout_ms, protocol) {
            (Value::Known(ms), _) => Some(ms / 1000.0),
            (Value::Absent, Some(protocol)) => Some(limit(protocol)),
            _ => None,
        };
        found.push((resource, function, limit_s));
    }
    // One function behind many routes is one finding, and the shortest wait counts.
    found.sort_by(|a, b| a.0.id.cmp(&b.0.id).then(a.2.unwrap_or(f64::MAX).total_cmp(&b.2.unwrap_or(f64::MAX))));
    found.dedup_by(|later, earlier| later.0.id == earlier.0.id);
    found
}

fn limit(protocol: Protocol) -> f64 {
    match protocol {
        Protocol::Http => 30.0,
        Protocol::Rest | Protocol::WebSocket => 29.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(protocol: Protocol, timeout_s: Value<f64>, timeout_ms: Value<f64>) -> World {
        let integration = Integration { api: to("api"), target: to("fn"), timeout_ms };
        world().with("fn", Function { timeout_s, ..Function::default() }).with("api", Api { protocol, ..Api::default() }).with("i", integration)
    }

    #[test]
    fn thirty_seconds_are_too_many_for_a_rest_api() {
        fails(&RULE, project(Protocol::Rest, 30.0.into(), Value::Absent));
        passes(&RULE, project(Protocol::Http, 30.0.into(), Value::Absent));
        passes(&RULE, project(Protocol::Rest, Value::Absent, Value::Absent));
        fails(&RULE, project(Protocol::Http, 10.0.into(), 5000.0.into()));
        is_unknown(&RULE, project(Protocol::Rest, unclear(), Value::Absent));
        does_not_apply(&RULE, world().with("fn", Function::default()));
    }
}
