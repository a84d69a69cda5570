//! ECS-07: the loss of one task is not the loss of the service.

use super::prelude::*;
use crate::inventory::compute::{ScalingTarget, Service};

pub(super) static RULE: Rule = Rule {
    id: "ECS-07",
    title: "At least two tasks run",
    section: Section::Ecs,
    area: Area::Compute,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Run two tasks, in two zones", cloudformation: "DesiredCount: 2", terraform: "desired_count = 2" },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    match resource.kind {
        Kind::ScalingTarget(_) => set(("MinCapacity", "2"), ("min_capacity", "2")),
        _ => set(("DesiredCount", "2"), ("desired_count", "2")),
    }
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, service) in facts.all::<Service>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        // Auto scaling takes the count over, and its minimum then holds.
        let target = facts.all::<ScalingTarget>().find(|(_, target)| target.target == this);
        let (at, least) = target.map_or((resource, &service.desired_count), |(at, target)| (at, &target.min));
        let n = least.known().copied().unwrap_or(1.0);
        let bad = if n == 0.0 { "no task needs to run" } else { "one task runs, and without it the service is down" };
        let notes = notes(format!("at least {n} tasks run"), bad, untold("how many tasks run at least", least));
        tally.holds(least.holds(false, |n| *n >= 2.0), at, &["DesiredCount", "desired_count", "MinCapacity", "min_capacity"], notes);
    }
    tally.close(|| facts.not_needed("no ECS service is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_auto_scaling_is_what_is_changed() {
        let target = ScalingTarget { target: to("svc"), min: 1.0.into(), ..ScalingTarget::default() };
        let world = world().with("svc", Service { desired_count: 2.0.into(), ..Service::default() }).with("t", target);
        assert!(matches!(&world.judge(&RULE).evidence[0], Seen::At { resource: Some(id), .. } if id == "t"));
        assert_eq!(patch(&world.inventory, &world.inventory.resources[1]), set(("MinCapacity", "2"), ("min_capacity", "2")));
    }

    #[test]
    fn one_task_is_too_few_and_the_least_of_auto_scaling_counts() {
        let service = |desired_count| world().with("svc", Service { desired_count, ..Service::default() });
        passes(&RULE, service(2.0.into()));
        fails(&RULE, service(Value::Absent));
        fails(&RULE, service(2.0.into()).with("t", ScalingTarget { target: to("svc"), min: 1.0.into(), ..ScalingTarget::default() }));
        is_unknown(&RULE, service(unclear()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
