//! EC2-02: a machine's metadata, with the role's credentials in it, needs a token.

use super::machines::machines;
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: "EC2-02",
    title: "Instance metadata needs a token (IMDSv2)",
    section: Section::Ec2,
    area: Area::Compute,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["ec2_instance_imdsv2_enabled"], checkov: &["CKV_AWS_79"], fsbp: &["EC2.8*"], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Ask for a token, so that a request forged through the API cannot read the role's credentials",
        cloudformation: "MetadataOptions: {HttpTokens: required}",
        terraform: "metadata_options { http_tokens = \"required\" }",
    },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    let mut changes = set_inside(("MetadataOptions", "HttpTokens", "required"), ("metadata_options", "http_tokens", "\"required\""));
    if let (Kind::LaunchTemplate(_), Some(Change::Set { cloudformation: Some(setting), .. })) = (&resource.kind, changes.first_mut()) {
        setting.within = "LaunchTemplateData";
    }
    changes
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, machine) in machines(facts.inventory) {
        let holds = machine.metadata_token_required.holds(false, |is_required| *is_required);
        tally.holds(holds, resource, &["HttpTokens", "http_tokens"], notes("its metadata needs a token", "its metadata answers without a token", untold("whether its metadata needs a token", &machine.metadata_token_required)));
    }
    tally.close(|| facts.not_needed("no EC2 machine is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Instance;

    #[test]
    fn the_token_must_be_required() {
        let vm = |metadata_token_required| world().with("vm", Instance { metadata_token_required, ..Instance::default() });
        passes(&RULE, vm(true.into()));
        fails(&RULE, vm(Value::Absent));
        is_unknown(&RULE, vm(unclear()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
