//! ECS-02: a task definition says what runs, at a size that Fargate has.

use super::prelude::*;
use crate::inventory::compute::TaskDefinition;

pub(super) static RULE: Rule = Rule {
    id: "ECS-02",
    title: "The task definition has a size that Fargate offers",
    section: Section::Ecs,
    area: Area::Compute,
    document_line: Some("Task definition created"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["ecs_task_definitions_containers_readonly_access"], checkov: &["CKV_AWS_249", "CKV_AWS_336"], fsbp: &["ECS.5*"], cdk_nag: &["ECS7"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Choose a pair that Fargate has, such as half a vCPU with 1 GB", cloudformation: "Cpu: '512', Memory: '1024'", terraform: "cpu = 512, memory = 1024" },
    patch: None,
    judge,
};

/// Fargate's sizes: CPU units, then the least and the most memory in MiB and the step between.
const SIZES: &[(f64, f64, f64, f64)] = &[
    (512.0, 1024.0, 4096.0, 1024.0),
    (1024.0, 2048.0, 8192.0, 1024.0),
    (2048.0, 4096.0, 16384.0, 1024.0),
    (4096.0, 8192.0, 30720.0, 1024.0),
    (8192.0, 16384.0, 61440.0, 4096.0),
    (16384.0, 32768.0, 122_880.0, 8192.0),
];

fn is_offered(cpu: f64, memory: f64) -> bool {
    // A quarter of a vCPU has half a gigabyte, one or two, and nothing between.
    (cpu == 256.0 && [512.0, 1024.0, 2048.0].contains(&memory))
        || SIZES.iter().any(|(size, least, most, step)| *size == cpu && memory >= *least && memory <= *most && (memory - least) % step == 0.0)
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Cpu", "cpu", "Memory", "memory"];
    for (resource, task) in facts.all::<TaskDefinition>() {
        match (&task.cpu, &task.memory_mb) {
            (Value::Known(cpu), Value::Known(memory)) if is_offered(*cpu, *memory) => tally.good(Seen::resource(resource, settings, format!("it has {} vCPU and {memory} MB", cpu / 1024.0))),
            (Value::Known(cpu), Value::Known(memory)) => tally.bad(Seen::resource(resource, settings, format!("Fargate has no task of {} vCPU with {memory} MB", cpu / 1024.0))),
            (Value::Unknown(why), _) => tally.unclear(Seen::resource(resource, settings, format!("its size cannot be told: {why}"))),
            (_, Value::Unknown(why)) => tally.unclear(Seen::resource(resource, &["Memory", "memory"], format!("its size cannot be told: {why}"))),
            _ => tally.bad(Seen::resource(resource, settings, "it states no size, and Fargate needs one")),
        }
    }
    if let Some(judgement) = facts.not_deployed_as(Deployment::Fargate) {
        return judgement;
    }
    tally.close(|| facts.none_of("an ECS task definition"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Service;

    #[test]
    fn only_sizes_that_fargate_has_pass() {
        let task = |cpu, memory_mb| world().with("t", TaskDefinition { cpu, memory_mb, compatibilities: vec![text("FARGATE")], ..TaskDefinition::default() });
        passes(&RULE, task(512.0.into(), 1024.0.into()));
        passes(&RULE, task(256.0.into(), 512.0.into()));
        fails(&RULE, task(256.0.into(), 4096.0.into()));
        fails(&RULE, task(512.0.into(), 1500.0.into()));
        is_unknown(&RULE, task(512.0.into(), unclear()));
        fails(&RULE, world().with("svc", Service { launch_type: text("FARGATE"), ..Service::default() }));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
