//! EC2-06: every machine names its security groups.

use super::machines::machines;
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "EC2-06",
    title: "EC2 instances name their security groups",
    section: Section::Ec2,
    area: Area::Networking,
    document_line: Some("Security groups configured"),
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["ec2_securitygroup_default_restrict_traffic"], checkov: &["CKV2_AWS_5"], fsbp: &["EC2.2*"], cdk_nag: &["EC23"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Name a security group; without one the instance gets the VPC's default group", cloudformation: "SecurityGroupIds", terraform: "vpc_security_group_ids" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["SecurityGroupIds", "SecurityGroups", "vpc_security_group_ids", "security_groups", "LaunchTemplate", "launch_template"];
    for (resource, machine) in machines(facts.inventory) {
        let is_known = machine.security_groups.iter().any(|group| group.known().is_some());
        let names = if machine.security_groups.is_empty() { Some(false) } else { is_known.then_some(true) };
        let unclear = machine.security_groups.first().map_or(String::new(), |group| untold("which security groups it has", group));
        tally.holds(names, resource, settings, notes("it names its security groups", "it names none, so the VPC's default group holds", unclear));
    }
    tally.close(|| facts.none_of_deployment(Deployment::Ec2, "a machine with a security group"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Instance;

    #[test]
    fn a_machine_names_its_groups() {
        let vm = |security_groups| world().with("vm", Instance { security_groups, ..Instance::default() });
        passes(&RULE, vm(vec![to("sg")]));
        fails(&RULE, vm(Vec::new()));
        is_unknown(&RULE, vm(vec![unclear()]));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
