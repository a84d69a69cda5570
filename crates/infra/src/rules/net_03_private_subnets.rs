//! NET-03: what runs code has no public address.

use super::exposure::is_public;
use super::machines::machines;
use super::prelude::*;
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::compute::{AutoScalingGroup, BeanstalkEnvironment, Instance, Service};
use crate::inventory::network::{ElasticIp, Subnet};

pub(super) static RULE: Rule = Rule {
    id: "NET-03",
    title: "Compute runs in private subnets",
    section: Section::Network,
    area: Area::Networking,
    document_line: Some("Use private subnets for compute (if using VPC)"),
    severity: Severity::Medium,
    effort: Effort::Days,
    refs: Refs {
        prowler: &["ec2_instance_public_ip", "ecs_service_no_assign_public_ip", "vpc_subnet_no_public_ip_by_default", "vpc_subnet_separate_private_public"],
        checkov: &["CKV_AWS_88", "CKV_AWS_130", "CKV_AWS_333"],
        fsbp: &["EC2.9*", "EC2.15*", "ECS.2*"],
        cdk_nag: &["VPC3"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Move compute to private subnets behind the balancer; they need a NAT gateway or VPC endpoints to reach AWS",
        cloudformation: "AssignPublicIp: DISABLED",
        terraform: "assign_public_ip = false",
    },
    patch: None,
    judge,
};

const ADDRESS: &str = "aws:ec2:vpc/AssociatePublicIpAddress";

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, service) in facts.all::<Service>() {
        let settings = &["AssignPublicIp", "assign_public_ip"];
        let holds = service.public_ip.holds(true, |is_public| !is_public);
        tally.holds(holds, resource, settings, notes("its tasks have no public address", "each of its tasks gets a public address", untold("whether its tasks get public addresses", &service.public_ip)));
    }
    let addressed: Vec<&Value<Link>> = facts.all::<ElasticIp>().map(|(_, address)| &address.instance).collect();
    for (resource, machine) in machines(facts.inventory).into_iter().filter(|(resource, _)| matches!(resource.kind, Kind::Instance(_))) {
        let has_elastic_ip = addressed.iter().any(|link| **link == Value::Known(Link::To(resource.id.clone())));
        let is_private = if has_elastic_ip { Some(false) } else { is_without_public_ip(facts, &machine) };
        let bad = if has_elastic_ip { "it has an Elastic IP" } else { "it gets a public address" };
        tally.holds(is_private, resource, &["AssociatePublicIpAddress", "associate_public_ip_address", "SubnetId", "subnet_id"], notes("it has no public address", bad, "whether it gets a public address cannot be told"));
    }
    for (resource, group) in facts.all::<AutoScalingGroup>() {
        let are_public: Vec<Option<bool>> = group.subnets.iter().map(|subnet| is_public(facts.inventory, subnet)).collect();
        let is_private = if are_public.contains(&Some(true)) { Some(false) } else if are_public.is_empty() || are_public.contains(&None) { None } else { Some(true) };
        tally.holds(is_private, resource, &["VPCZoneIdentifier", "vpc_zone_identifier"], notes("its subnets are private", "its subnets lead to the internet", "whether its subnets are private cannot be told"));
    }
    for (resource, environment) in facts.all::<BeanstalkEnvironment>() {
        // Within a VPC of its own an environment gives no public addresses unless told to. Without one, files beside the code may say more.
        let is_public = environment.settings.get(ADDRESS).unwrap_or(&Value::Absent);
        let has_vpc = environment.settings.contains_key("aws:ec2:vpc/VPCId");
        let holds = match is_public {
            Value::Absent => has_vpc.then_some(true),
            set => set.holds(true, |is_public| !is_public.eq_ignore_ascii_case("true")),
        };
        let unclear = untold("whether its machines get public addresses", is_public);
        tally.holds(holds, resource, &[], notes("its machines have no public address", "its machines get public addresses", unclear));
    }
    let judgement = tally.close(|| match facts.architecture.recognised {
        Some(Deployment::Lambda) => Judgement::not_applicable("a Lambda function has no public address"),
        _ => facts.not_needed("no machine or service is declared"),
    });
    let (cloudformation, terraform) = match facts.at_fault(&judgement).first().map(|resource| &resource.kind) {
        Some(Kind::Service(_)) | None => (RULE.remedy.cloudformation, RULE.remedy.terraform),
        Some(Kind::Instance(_)) => ("NetworkInterfaces: [{AssociatePublicIpAddress: false}]", "associate_public_ip_address = false"),
        Some(Kind::BeanstalkEnvironment(_)) => ("aws:ec2:vpc AssociatePublicIpAddress: false", "setting { namespace = \"aws:ec2:vpc\" name = \"AssociatePublicIpAddress\" value = \"false\" }"),
        Some(_) => ("VPCZoneIdentifier", "vpc_zone_identifier"),
    };
    let what = if facts.has::<LoadBalancer>() { RULE.remedy.what } else { WITHOUT_BALANCER };
    facts.advised(judgement, &Remedy { what, cloudformation, terraform })
}

const WITHOUT_BALANCER: &str = "Move compute to private subnets and put a load balancer before it, or whatever else takes requests; they need a NAT gateway or VPC endpoints to reach AWS";

/// The instance's own word, else its subnet's.
fn is_without_public_ip(facts: &Facts, machine: &Instance) -> Option<bool> {
    match &machine.public_ip {
        Value::Known(is_public) => Some(!is_public),
        Value::Unknown(_) => None,
        Value::Absent => facts.inventory.follow::<Subnet>(&machine.subnet)?.1.public_ip.holds(true, |is_public| !is_public),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_without_public_addresses_pass() {
        passes(&RULE, world().with("svc", Service::default()));
        fails(&RULE, world().with("svc", Service { public_ip: true.into(), ..Service::default() }));
        is_unknown(&RULE, world().with("svc", Service { public_ip: unclear(), ..Service::default() }));
    }

    #[test]
    fn an_instance_is_as_public_as_its_subnet_or_its_elastic_ip_makes_it() {
        let subnet = |public_ip| world().with("net", Subnet { public_ip, ..Subnet::default() });
        let vm = || Instance { subnet: to("net"), ..Instance::default() };
        passes(&RULE, subnet(Value::Absent).with("vm", vm()));
        fails(&RULE, subnet(true.into()).with("vm", vm()));
        fails(&RULE, subnet(Value::Absent).with("vm", vm()).with("ip", ElasticIp { instance: to("vm") }));
        is_unknown(&RULE, world().with("vm", Instance::default()));
    }

    #[test]
    fn beanstalk_gives_public_addresses_where_it_is_told_to() {
        let environment = |settings: &[(&str, &str)]| {
            let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
            world().with("env", BeanstalkEnvironment { settings, ..BeanstalkEnvironment::default() })
        };
        passes(&RULE, environment(&[("aws:ec2:vpc/VPCId", "vpc-1")]));
        passes(&RULE, environment(&[(ADDRESS, "false")]));
        fails(&RULE, environment(&[("aws:ec2:vpc/VPCId", "vpc-1"), (ADDRESS, "true")]));
        is_unknown(&RULE, environment(&[]));
    }

    #[test]
    fn a_function_has_no_address_of_its_own() {
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
