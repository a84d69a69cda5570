//! EC2-04: a machine that DNS points at keeps its address.

use super::prelude::*;
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::compute::{AutoScalingGroup, Instance};
use crate::inventory::network::ElasticIp;

pub(super) static RULE: Rule = Rule {
    id: "EC2-04",
    title: "The instance has an Elastic IP",
    section: Section::Ec2,
    area: Area::Networking,
    document_line: Some("Elastic IP assigned (optional)"),
    severity: Severity::Low,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["ec2_elastic_ip_unassigned"], checkov: &["CKV2_AWS_19"], fsbp: &["EC2.12"], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Give the instance an Elastic IP, else a stop and start changes its address and DNS points nowhere",
        cloudformation: "AWS::EC2::EIP with InstanceId",
        terraform: "aws_eip with instance",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Ec2) {
        return judgement;
    }
    if facts.has::<LoadBalancer>() {
        return Judgement::not_applicable("DNS points at the load balancer, not at a machine");
    }
    if facts.has::<AutoScalingGroup>() && !facts.has::<Instance>() {
        return Judgement::not_applicable("the machines of an Auto Scaling group come and go, and none keeps an address");
    }
    let mut tally = Tally::default();
    for (resource, address) in facts.all::<ElasticIp>() {
        match &address.instance {
            Value::Known(_) => tally.good(Seen::resource(resource, &["InstanceId", "instance"], "it belongs to an instance")),
            Value::Unknown(why) => tally.unclear(Seen::resource(resource, &["InstanceId", "instance"], format!("whose it is cannot be told: {why}"))),
            Value::Absent => {}
        }
    }
    tally.close(|| facts.none_of("an Elastic IP of the instance"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_machine_keeps_its_address() {
        let vm = world().with("vm", Instance::default());
        passes(&RULE, vm.clone().with("ip", ElasticIp { instance: to("vm") }));
        fails(&RULE, vm.clone());
        is_unknown(&RULE, vm.clone().with("ip", ElasticIp { instance: unclear() }));
        does_not_apply(&RULE, vm.with("lb", LoadBalancer::default()));
        does_not_apply(&RULE, world().with("asg", AutoScalingGroup::default()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
