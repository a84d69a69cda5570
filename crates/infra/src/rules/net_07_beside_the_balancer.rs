//! NET-07: what stands behind the balancer is reached through it only.

use super::exposure::{groups_behind_balancers, is_from_everywhere, ports};
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

/// The balancer's own group in the place of everybody, where both are declared side by side.
fn patch(inventory: &Inventory, resource: &Resource) -> Vec<Change> {
    let Kind::SecurityGroup(group) = &resource.kind else { return Vec::new() };
    let mut groups = inventory.all::<LoadBalancer>().flat_map(|(_, balancer)| &balancer.security_groups);
    let declared = groups.find_map(|link| match link {
        Value::Known(Link::To(id)) => Some(id.as_str()),
        _ => None,
    });
    let Some(id) = declared else { return Vec::new() };
    let parent = |id: &str| id.rsplit_once(['/', '.']).map_or(String::new(), |(parent, _)| parent.to_owned());
    let is_terraform = resource.origin.file.ends_with(".tf");
    if parent(&resource.id) != parent(id) || id.contains('[') || (is_terraform && id.starts_with("module.")) {
        return Vec::new();
    }
    let to = if is_terraform { format!("security_groups = [{id}.id]") } else { format!("SourceSecurityGroupId: !Ref {}", id.rsplit('/').next().unwrap_or(id)) };
    let from = if is_terraform { vec!["cidr_blocks = [\"0.0.0.0/0\"]".to_owned(), "cidr_blocks     = [\"0.0.0.0/0\"]".to_owned()] } else { vec!["CidrIp: 0.0.0.0/0".to_owned(), "CidrIp: \"0.0.0.0/0\"".to_owned()] };
    let open = group.ingress.iter().filter(|permission| is_from_everywhere(permission) == Some(true));
    open.map(|permission| Change::Replace { line: permission.line, from: from.clone(), to: to.clone() }).collect()
}

fn judge(facts: &Facts) -> Judgement {
    let behind = groups_behind_balancers(facts.inventory);
    let mut tally = Tally::default();
    for (resource, group) in facts.all::<SecurityGroup>().filter(|(resource, _)| behind.contains(&resource.id)) {
        let mut is_fine = true;
        for permission in &group.ingress {
            let from = permission.cidr.known().map_or("everybody", String::as_str);
            match is_from_everywhere(permission) {
                Some(true) => tally.bad(Seen::line(resource, permission.line, format!("{} is open to {from}, past the balancer", ports(permission)))),
                None => tally.unclear(Seen::line(resource, permission.line, format!("who may reach {} cannot be told", ports(permission)))),
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
    use crate::inventory::compute::Service;
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
}
