//! EC2-05: there is a machine, and it is wanted.

use super::prelude::*;
use crate::inventory::compute::{AutoScalingGroup, Instance};

pub(super) static RULE: Rule = Rule {
    id: "EC2-05",
    title: "An EC2 instance is declared",
    section: Section::Ec2,
    area: Area::Compute,
    document_line: Some("EC2 instance created"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare an instance, or a group with at least one", cloudformation: "AWS::EC2::Instance", terraform: "aws_instance" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Ec2) {
        return judgement;
    }
    let mut tally = Tally::default();
    for (resource, instance) in facts.all::<Instance>() {
        let note = instance.instance_type.known().map_or("it is an instance".to_owned(), |kind| format!("it is a {kind}"));
        tally.good(Seen::resource(resource, &["InstanceType", "instance_type"], note));
    }
    for (resource, group) in facts.all::<AutoScalingGroup>() {
        let wanted = if group.desired.is_absent() { &group.min } else { &group.desired };
        let good = wanted.known().map_or(String::new(), |n| format!("it wants {}", count(*n as usize, "instance")));
        tally.holds(wanted.holds(false, |n| *n >= 1.0), resource, &["DesiredCapacity", "desired_capacity", "MinSize", "min_size"], notes(good, "it wants no instance", untold("how many instances it wants", wanted)));
    }
    tally.close(|| facts.none_of("an EC2 instance"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::LaunchTemplate;

    #[test]
    fn a_machine_or_a_group_that_wants_one_passes() {
        let group = |desired| world().with("g", AutoScalingGroup { desired, ..AutoScalingGroup::default() });
        passes(&RULE, world().with("vm", Instance::default()));
        passes(&RULE, group(2.0.into()));
        fails(&RULE, group(0.0.into()));
        fails(&RULE, world().with("t", LaunchTemplate::default()));
        is_unknown(&RULE, group(unclear()));
        is_unknown(&RULE, world());
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
