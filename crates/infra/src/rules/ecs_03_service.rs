//! ECS-03: a service keeps the tasks running.

use super::prelude::*;
use crate::inventory::compute::Service;

pub(super) static RULE: Rule = Rule {
    id: "ECS-03",
    title: "An ECS service keeps the tasks running",
    section: Section::Ecs,
    area: Area::Compute,
    document_line: Some("Service created"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &[], checkov: &["CKV_AWS_332"], fsbp: &["ECS.10"], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare a service that runs the task definition, with one task or more", cloudformation: "AWS::ECS::Service with DesiredCount: 2", terraform: "aws_ecs_service with desired_count = 2" },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    match &resource.kind {
        Kind::Service(service) if service.desired_count == Value::Known(0.0) => set(("DesiredCount", "2"), ("desired_count", "2")),
        _ => Vec::new(),
    }
}

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Fargate) {
        return judgement;
    }
    let mut tally = Tally::default();
    let settings = &["DesiredCount", "desired_count", "TaskDefinition", "task_definition"];
    for (resource, service) in facts.all::<Service>() {
        let wanted = service.desired_count.holds(true, |n| *n >= 1.0);
        match (&service.task_definition, wanted) {
            (Value::Absent, _) => tally.bad(Seen::resource(resource, settings, "it names no task definition")),
            (_, Some(false)) => tally.bad(Seen::resource(resource, settings, "it wants no task")),
            (_, None) => tally.unclear(Seen::resource(resource, settings, untold("how many tasks it wants", &service.desired_count))),
            (Value::Unknown(why), _) => tally.unclear(Seen::resource(resource, settings, format!("what it runs cannot be told: {why}"))),
            (Value::Known(_), Some(true)) => tally.good(Seen::resource(resource, settings, "it keeps its tasks running")),
        }
    }
    tally.close(|| facts.none_of("an ECS service"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::TaskDefinition;

    #[test]
    fn a_service_runs_something() {
        let service = |task_definition, desired_count| world().with("svc", Service { task_definition, desired_count, launch_type: text("FARGATE"), ..Service::default() });
        passes(&RULE, service(to("t"), 2.0.into()));
        fails(&RULE, service(to("t"), 0.0.into()));
        fails(&RULE, service(Value::Absent, 2.0.into()));
        is_unknown(&RULE, service(to("t"), unclear()));
        fails(&RULE, world().with("t", TaskDefinition { compatibilities: vec![text("FARGATE")], ..TaskDefinition::default() }));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
