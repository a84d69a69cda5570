//! MON-03: what runs writes logs to a group that forgets after a while.

use super::prelude::*;
use crate::inventory::compute::TaskDefinition;
use crate::inventory::observe::LogGroup;

pub(super) static RULE: Rule = Rule {
    id: "MON-03",
    title: "Log groups exist, with a retention",
    section: Section::Common,
    area: Area::Monitoring,
    document_line: Some("CloudWatch log groups created"),
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs {
        prowler: &["cloudwatch_log_group_retention_policy_specific_days_enabled"],
        checkov: &["CKV_AWS_66", "CKV_AWS_338", "CKV_AWS_158"],
        fsbp: &["CloudWatch.16", "ECS.9*"],
        cdk_nag: &[],
    },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Give the log group a retention; without one its logs are kept, and paid for, for ever", cloudformation: "RetentionInDays: 30", terraform: "retention_in_days = 30" },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    match resource.kind {
        Kind::LogGroup(_) => set(("RetentionInDays", "30"), ("retention_in_days", "30")),
        _ => Vec::new(),
    }
}

const MISSING: Remedy = Remedy {
    what: "Declare a log group with a retention for what runs; one that AWS makes by itself keeps its logs, and costs, for ever",
    cloudformation: "AWS::Logs::LogGroup with RetentionInDays: 30",
    terraform: "aws_cloudwatch_log_group with retention_in_days = 30",
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["RetentionInDays", "retention_in_days"];
    for (resource, group) in facts.all::<LogGroup>() {
        let days = count(group.retention_days.known().copied().unwrap_or_default() as usize, "day");
        // Terraform writes 0 for ever.
        let holds = group.retention_days.holds(false, |days| *days > 0.0);
        tally.holds(holds, resource, settings, notes(format!("it keeps logs for {days}"), "it keeps logs for ever", untold("how long it keeps logs", &group.retention_days)));
    }
    for (resource, task) in facts.all::<TaskDefinition>() {
        for container in task.containers.iter().filter(|container| container.log_driver.is_absent()) {
            let name = container.name.known().map_or("a container", String::as_str);
            tally.bad(Seen::resource(resource, &["LogConfiguration", "logConfiguration"], format!("the output of {name} goes nowhere")));
        }
    }
    tally.close(|| {
        if facts.has_compute() {
            facts.advised(facts.none_of("a log group"), &MISSING)
        } else {
            facts.not_needed("nothing declared here runs code, so nothing writes logs")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::{Container, Function};

    #[test]
    fn a_log_group_must_forget() {
        let group = |retention_days| world().with("g", LogGroup { retention_days, ..LogGroup::default() });
        passes(&RULE, group(30.0.into()));
        fails(&RULE, group(Value::Absent));
        fails(&RULE, group(0.0.into()));
        is_unknown(&RULE, group(unclear()));
    }

    #[test]
    fn code_without_logs_fails() {
        fails(&RULE, world().with("fn", Function::default()));
        fails(&RULE, world().with("t", TaskDefinition { containers: vec![Container::default()], ..TaskDefinition::default() }));
        does_not_apply(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
    }
}
