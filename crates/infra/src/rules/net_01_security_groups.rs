//! NET-01: security groups let in web traffic and nothing else from everywhere.

use super::exposure::{PEERS, RULES_APART, groups_behind_balancers, is_from_everywhere, ports};
use super::prelude::*;
use crate::inventory::network::{Permission, SecurityGroup};

pub(super) static RULE: Rule = Rule {
    id: "NET-01",
    title: "Security groups let in only web traffic from everywhere",
    section: Section::Network,
    area: Area::Networking,
    document_line: Some("Use security groups (firewall rules)"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs {
        prowler: &["ec2_securitygroup_default_restrict_traffic", "ec2_securitygroup_allow_ingress_from_internet_to_any_port"],
        checkov: &["CKV_AWS_23", "CKV_AWS_260", "CKV_AWS_277", "CKV_AWS_382", "CKV2_AWS_5", "CKV2_AWS_12"],
        fsbp: &["EC2.2*", "EC2.18", "EC2.19"],
        cdk_nag: &["EC23"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Open 80 and 443 to everywhere and other ports only to the groups or addresses that need them",
        cloudformation: "SourceSecurityGroupId",
        terraform: "security_groups in an ingress block, referenced_security_group_id in a rule of its own",
    },
    patch: None,
    judge,
};

const MISSING: Remedy = Remedy {
    what: "Declare a security group for what runs here, open to everybody on 443 at most; without one the VPC's default group holds",
    cloudformation: "AWS::EC2::SecurityGroup",
    terraform: "aws_security_group",
};

const PORTS: &[&str] = &["FromPort", "from_port", "ToPort", "to_port"];

/// Ports that have a rule of their own: SSH and remote desktop (NET-02).
const JUDGED_ELSEWHERE: [f64; 2] = [22.0, 3389.0];

fn judge(facts: &Facts) -> Judgement {
    let judged_elsewhere = groups_behind_balancers(facts.inventory);
    let mut tally = Tally::default();
    for (resource, group) in facts.all::<SecurityGroup>() {
        if judged_elsewhere.contains(&resource.id) {
            tally.good(Seen::resource(resource, &[], "it stands behind the balancer (NET-07)"));
            continue;
        }
        let mut is_fine = true;
        for permission in &group.ingress {
            if let Some(note) = fault(permission) {
                tally.bad(Seen::part(resource, permission.line, PEERS, note));
                is_fine = false;
            } else if is_from_everywhere(permission) == Some(true) && (permission.from_port.is_unknown() || permission.to_port.is_unknown()) {
                let value = if permission.from_port.is_unknown() { &permission.from_port } else { &permission.to_port };
                tally.unclear(Seen::part(resource, permission.line, PORTS, untold("which ports are open to everybody", value)));
                is_fine = false;
            } else if is_from_everywhere(permission).is_none() {
                tally.unclear(Seen::part(resource, permission.line, PEERS, untold(&format!("who may reach {}", ports(permission)), &permission.cidr)));
                is_fine = false;
            }
        }
        if is_fine {
            tally.good(Seen::resource(resource, &[], lets_in(group)));
        }
    }
    facts.apart(RULES_APART, "its group is declared elsewhere, so whom it lets in is not looked into").for_each(|rule| tally.unclear(rule));
    tally.close(|| match facts.architecture.recognised {
        Some(Deployment::Lambda) if facts.architecture.also.is_empty() => Judgement::not_applicable("Lambda functions outside a VPC have no security group"),
        _ if takes_group(facts) => facts.advised(facts.none_of("a security group"), &MISSING),
        _ => facts.not_needed("nothing declared here takes a security group"),
    })
}

/// Whether something is declared that stands behind a security group, be it the VPC's default one.
fn takes_group(facts: &Facts) -> bool {
    facts.has_compute() || facts.inventory.resources.iter().any(|resource| matches!(resource.kind, Kind::LoadBalancer(_) | Kind::Database(_) | Kind::DatabaseCluster(_) | Kind::Cache(_)))
}

/// What a group without fault lets everybody do.
fn lets_in(group: &SecurityGroup) -> String {
    let open: Vec<&Permission> = group.ingress.iter().filter(|permission| is_from_everywhere(permission) == Some(true) && !is_icmp(permission)).collect();
    let is_elsewhere = |permission: &&Permission| permission.from_port.known().is_some_and(|port| JUDGED_ELSEWHERE.contains(port));
    let (elsewhere, web): (Vec<&Permission>, Vec<&Permission>) = open.into_iter().partition(is_elsewhere);
    let mut ports: Vec<String> = web.into_iter().map(ports).collect();
    ports.sort();
    ports.dedup();
    match (ports.is_empty(), elsewhere.is_empty()) {
        _ if group.ingress.is_empty() => "it lets nobody in".to_owned(),
        (true, true) => "nothing is open to everybody".to_owned(),
        (false, true) => format!("only {} {} open to everybody", ports.join(" and "), if ports.len() == 1 { "is" } else { "are" }),
        (true, false) => "nothing is open to everybody but what NET-02 judges, SSH and remote desktop".to_owned(),
        (false, false) => format!("besides SSH and remote desktop, which NET-02 judges, only {} {} open to everybody", ports.join(" and "), if ports.len() == 1 { "is" } else { "are" }),
    }
}

/// Whether it lets in pings and the like, which reach no port.
fn is_icmp(permission: &Permission) -> bool {
    permission.protocol.known().is_some_and(|protocol| protocol.starts_with("icmp") || protocol == "1" || protocol == "58")
}

/// What is wrong with a rule that lets everybody in.
fn fault(permission: &Permission) -> Option<String> {
    if is_from_everywhere(permission) != Some(true) || is_icmp(permission) {
        return None;
    }
    let single = match (permission.from_port.known(), permission.to_port.known()) {
        (Some(from), Some(to)) if from == to => Some(*from),
        _ => None,
    };
    let is_web = single.is_some_and(|port| port == 80.0 || port == 443.0 || JUDGED_ELSEWHERE.contains(&port));
    if is_web || permission.from_port.is_unknown() || permission.to_port.is_unknown() {
        return None;
    }
    Some(format!("{} is open to {}", ports(permission), permission.cidr.known().map_or("everybody", String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(protocol: &str, port: f64, cidr: Value<String>) -> World {
        let permission = Permission { protocol: text(protocol), from_port: port.into(), to_port: port.into(), cidr, ..Permission::default() };
        world().with("sg", SecurityGroup { ingress: vec![permission], ..SecurityGroup::default() })
    }

    #[test]
    fn web_ports_may_be_open_and_others_not() {
        passes(&RULE, group("tcp", 443.0, text("0.0.0.0/0")));
        passes(&RULE, group("tcp", 8000.0, text("10.0.0.0/16")));
        fails(&RULE, group("tcp", 8000.0, text("::/0")));
        fails(&RULE, group("-1", 0.0, text("0.0.0.0/0")));
    }

    #[test]
    fn an_address_or_a_port_that_cannot_be_told_is_unknown() {
        is_unknown(&RULE, group("tcp", 8000.0, unclear()));
        let open = Permission { protocol: text("tcp"), from_port: unclear(), to_port: unclear(), cidr: text("0.0.0.0/0"), ..Permission::default() };
        is_unknown(&RULE, world().with("sg", SecurityGroup { ingress: vec![open], ..SecurityGroup::default() }));
    }

    #[test]
    fn functions_outside_a_vpc_need_none() {
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
        fails(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
        does_not_apply(&RULE, world().with("queue", crate::inventory::data::Queue::default()));
    }

    #[test]
    fn a_pass_says_what_is_open_and_who_judges_the_rest() {
        let reason = |port| group("tcp", port, text("0.0.0.0/0")).judge(&RULE).reason;
        assert_eq!(reason(443.0), "sg: only port 443 is open to everybody");
        assert_eq!(reason(22.0), "sg: nothing is open to everybody but what NET-02 judges, SSH and remote desktop");
    }
}
