//! NET-07: what stands behind the balancer is reached through it only.

use super::exposure::{PEERS, groups_behind_balancers, is_from_everywhere, ports};
use super::facts::is_terraform;
use super::prelude::*;
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::network::SecurityGroup;

pub(super) static RULE: Rule = Rule {
    id: "NET-07",
    title: "What stands behind the balancer is reached through it only",
    section: Section::Network,
    area: Area::Networking,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["ec2_securitygroup_allow_ingress_from_internet_to_any_port"], checkov: &["CKV_AWS_260"], fsbp: &["EC2.18", "EC2.19"], cdk_nag: &["EC23"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Let in the balancer's security group instead of everybody", cloudformation: "SourceSecurityGroupId: !Ref BalancerGroup", terraform: "security_groups = [aws_security_group.balancer.id]" },
    patch: Some(patch),
    judge,
};

/// The balancer's own group in the place of everybody, where both are declared in one template or folder.
fn patch(inventory: &Inventory, resource: &Resource) -> Vec<Change> {
    let Kind::SecurityGroup(group) = &resource.kind else { return Vec::new() };
    let mut groups = inventory.all::<LoadBalancer>().flat_map(|(_, balancer)| &balancer.security_groups).filter_map(|link| match link {
        Value::Known(Link::To(id)) => inventory.resource(id),
        _ => None,
    });
    let Some(of_balancer) = groups.find(|group| speaks_of(resource, group)) else { return Vec::new() };
    let name = of_balancer.origin.path.trim_start_matches("Resources.");
    let (to, from) = if is_terraform(resource) {
        (format!("security_groups = [{name}.id]"), ["cidr_blocks = [\"0.0.0.0/0\"]", "cidr_blocks     = [\"0.0.0.0/0\"]"])
    } else {
        (format!("SourceSecurityGroupId: !Ref {name}"), ["CidrIp: 0.0.0.0/0", "CidrIp: \"0.0.0.0/0\""])
    };
    let open = group.ingress.iter().filter(|permission| is_from_everywhere(permission) == Some(true));
    open.map(|permission| Change::Replace { line: permission.line, from: from.map(str::to_owned).to_vec(), to: to.clone() }).collect()
}

/// Whether one resource's file can name the other as it stands: the same template, or the same folder of Terraform outside of modules and counts.
fn speaks_of(one: &Resource, other: &Resource) -> bool {
    let folder = |resource: &Resource| resource.origin.file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let is_plain = !other.origin.path.contains('[') && !other.origin.path.starts_with("module.") && !one.origin.path.starts_with("module.");
    if is_terraform(one) { is_plain && folder(one) == folder(other) } else { one.origin.file == other.origin.file && other.origin.path.matches('.').count() == 1 }
}

fn judge(facts: &Facts) -> Judgement {
    let behind = groups_behind_balancers(facts.inventory);
    let mut tally = Tally::default();
    for (resource, group) in facts.all::<SecurityGroup>().filter(|(resource, _)| behind.contains(&resource.id)) {
        let mut is_fine = true;
        for permission in &group.ingress {
            let from = permission.cidr.known().map_or("everybody", String::as_str);
            match is_from_everywhere(permission) {
                Some(true) => tally.bad(Seen::part(resource, permission.line, PEERS, format!("{} is open to {from}, past the balancer", ports(permission)))),
                None => tally.unclear(Seen::part(resource, permission.line, PEERS, untold(&format!("who may reach {}", ports(permission)), &permission.cidr))),
                Some(false) => continue,
            }
            is_fine = false;
        }
        if is_fine {
            tally.good(Seen::resource(resource, &[], "it is not open to everybody"));
        }
    }
    tally.close(|| facts.not_needed("no security group stands behind a balancer here"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::balancing::TargetGroup;
    use crate::inventory::compute::{AutoScalingGroup, Instance, LaunchTemplate, Service};
    use crate::inventory::network::Permission;

    fn project(cidr: Value<String>, group: Value<Link>) -> World {
        let permission = Permission { protocol: text("tcp"), from_port: 8000.0.into(), to_port: 8000.0.into(), cidr, group, ..Permission::default() };
        let service = Service { security_groups: vec![to("sg")], target_groups: vec![to("tg")], ..Service::default() };
        world().with("lb", LoadBalancer { security_groups: vec![to("lbsg")], ..LoadBalancer::default() }).with("svc", service).with("sg", SecurityGroup { ingress: vec![permission], ..SecurityGroup::default() })
    }

    #[test]
    fn only_the_balancer_comes_in() {
        passes(&RULE, project(Value::Absent, to("lbsg")));
        fails(&RULE, project(text("0.0.0.0/0"), Value::Absent));
        is_unknown(&RULE, project(unclear(), Value::Absent));
        does_not_apply(&RULE, world().with("sg", SecurityGroup::default()));
    }

    #[test]
    fn machines_stand_behind_it_when_they_are_its_targets() {
        let open = Permission { protocol: text("tcp"), from_port: 443.0.into(), to_port: 443.0.into(), cidr: text("0.0.0.0/0"), ..Permission::default() };
        let group = SecurityGroup { ingress: vec![open], ..SecurityGroup::default() };
        let machine = || Instance { security_groups: vec![to("sg")], ..Instance::default() };
        let balanced = |balancer_type| world().with("lb", LoadBalancer { balancer_type, ..LoadBalancer::default() }).with("sg", group.clone());
        let vpn = balanced(Value::Absent).with("vpn", machine());
        does_not_apply(&RULE, vpn.clone());
        fails(&RULE, vpn.with("tg", TargetGroup { targets: vec![to("vpn")], ..TargetGroup::default() }));
        let fleet = AutoScalingGroup { target_groups: vec![to("tg")], launch_template: to("t"), ..AutoScalingGroup::default() };
        fails(&RULE, balanced(Value::Absent).with("t", LaunchTemplate { instance: machine() }).with("asg", fleet.clone()));
        does_not_apply(&RULE, balanced(text("network")).with("t", LaunchTemplate { instance: machine() }).with("asg", fleet));
    }
}
