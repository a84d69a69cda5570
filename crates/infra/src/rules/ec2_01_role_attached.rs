//! EC2-01: every machine has an instance profile.

use super::machines::machines;
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "EC2-01",
    title: "EC2 instances have an IAM role",
    section: Section::Ec2,
    area: Area::Compute,
    document_line: Some("IAM role attached (if using roles)"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &["ec2_instance_profile_attached"], checkov: &["CKV2_AWS_41"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Attach an instance profile with the role that the code needs", cloudformation: "IamInstanceProfile: !Ref Profile", terraform: "iam_instance_profile = aws_iam_instance_profile.api.name" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["IamInstanceProfile", "iam_instance_profile", "LaunchTemplate", "launch_template"];
    for (resource, machine) in machines(facts.inventory) {
        let has_role = machine.instance_profile.holds(false, |_| true);
        // A profile whose name comes from a parameter is still a profile.
        let has_role = has_role.or_else(|| is_set_here(resource));
        tally.holds(has_role, resource, settings, notes("it has an instance profile", "it has no instance profile, so its code needs keys", untold("whether it has an instance profile", &machine.instance_profile)));
    }
    tally.close(|| facts.none_of_deployment(Deployment::Ec2, "a machine with an instance profile"))
}

/// Whether the resource itself sets a profile, whatever it comes to.
fn is_set_here(resource: &Resource) -> Option<bool> {
    match &resource.kind {
        Kind::Instance(instance) if instance.instance_profile.is_unknown() => Some(true),
        Kind::LaunchTemplate(template) if template.instance.instance_profile.is_unknown() => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::{Instance, LaunchTemplate};

    #[test]
    fn its_own_profile_or_its_templates_counts() {
        let vm = |instance_profile| Instance { instance_profile, ..Instance::default() };
        passes(&RULE, world().with("vm", vm(to("profile"))));
        passes(&RULE, world().with("vm", vm(unclear())));
        passes(&RULE, world().with("t", LaunchTemplate { instance: vm(to("profile")) }).with("vm", Instance { launch_template: to("t"), ..Instance::default() }));
        fails(&RULE, world().with("vm", Instance::default()));
        is_unknown(&RULE, world().with("vm", Instance { launch_template: outside("lt-1"), ..Instance::default() }));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
