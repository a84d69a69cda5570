//! EC2-03: the machine sends its memory, disk and logs to CloudWatch.

use super::machines::machines;
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "EC2-03",
    title: "The CloudWatch agent is installed",
    section: Section::Ec2,
    area: Area::Monitoring,
    document_line: Some("CloudWatch agent installed"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs { prowler: &["ec2_instance_managed_by_ssm"], checkov: &["CKV_AWS_126"], fsbp: &["SSM.1*"], cdk_nag: &["EC28"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Install amazon-cloudwatch-agent in the start-up script and give the role CloudWatchAgentServerPolicy", cloudformation: "UserData", terraform: "user_data" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["UserData", "user_data"];
    for (resource, machine) in machines(facts.inventory) {
        let holds = machine.user_data.holds(false, |script| script.lines().any(|line| !line.trim_start().starts_with('#') && line.contains("amazon-cloudwatch-agent")));
        tally.holds(holds, resource, settings, notes("its start-up script installs the agent", "its start-up script does not install the agent", untold("what its start-up script does", &machine.user_data)));
    }
    tally.close(|| facts.none_of_deployment(Deployment::Ec2, "a machine with the CloudWatch agent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Instance;

    #[test]
    fn the_start_up_script_says_so() {
        let vm = |user_data| world().with("vm", Instance { user_data, ..Instance::default() });
        passes(&RULE, vm(text("dpkg -i amazon-cloudwatch-agent.deb")));
        fails(&RULE, vm(text("apt-get install nginx")));
        fails(&RULE, vm(text("#!/bin/bash\n# TODO: install amazon-cloudwatch-agent")));
        fails(&RULE, vm(Value::Absent));
        is_unknown(&RULE, vm(unclear()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
