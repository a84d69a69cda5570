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
    remedy: Remedy { what: "Lower the function's time-out below the API's, or queue what takes longer; else it works, and you pay, for an answer that nobody gets", cloudformation: "", terraform: "" },
    patch: Some(patch),
    judge,
};

/// A second less than the API waits, so that its answer still arrives.
fn patch(inventory: &Inventory, resource: &Resource) -> Vec<Change> {
    let limits = waits(inventory).filter(|(function, ..)| function.id == resource.id).filter_map(|(_, _, limit_s)| limit_s);
    let Some(limit_s) = limits.min_by(f64::total_cmp).filter(|limit_s| *limit_s >= 2.0) else { return Vec::new() };
    let seconds = (limit_s - 1.0).floor().to_string();
    set(("Timeout", &seconds), ("timeout", &seconds))
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, function, limit_s) in behind_apis(facts.inventory) {
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

/// Functions that an API waits for, with the seconds that it waits. One function behind many routes is one finding, and the shortest wait counts.
fn behind_apis(inventory: &Inventory) -> Vec<(&Resource, &Function, Option<f64>)> {
    let mut found: Vec<_> = waits(inventory).collect();
    found.sort_by(|a, b| a.0.id.cmp(&b.0.id).then(a.2.unwrap_or(f64::MAX).total_cmp(&b.2.unwrap_or(f64::MAX))));
    found.dedup_by(|later, earlier| later.0.id == earlier.0.id);
    found
}

fn waits(inventory: &Inventory) -> impl Iterator<Item = (&Resource, &Function, Option<f64>)> {
    let directly = inventory.all::<Api>().filter_map(|(_, api)| {
        let (resource, function) = inventory.follow::<Function>(&api.target)?;
        Some((resource, function, Some(limit(api.protocol))))
    });
    let integrated = inventory.all::<Integration>().filter_map(|(_, integration)| {
        let (resource, function) = inventory.follow::<Function>(&integration.target)?;
        let protocol = inventory.follow::<Api>(&integration.api).map(|(_, api)| api.protocol);
        let limit_s = match (&integration.timeout_ms, protocol) {
            (Value::Known(ms), _) => Some(ms / 1000.0),
            (Value::Absent, Some(protocol)) => Some(limit(protocol)),
            _ => None,
        };
        Some((resource, function, limit_s))
    });
    directly.chain(integrated)
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

    #[test]
    fn the_new_time_out_is_below_what_the_api_waits() {
        for (timeout_ms, seconds) in [(Value::Absent, "28"), (5000.0.into(), "4")] {
            let inventory = project(Protocol::Rest, 60.0.into(), timeout_ms).inventory;
            assert_eq!(patch(&inventory, &inventory.resources[0]), set(("Timeout", seconds), ("timeout", seconds)));
        }
    }
}
