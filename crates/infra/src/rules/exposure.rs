//! Who can reach what: open ports, public subnets, and the groups that stand behind a balancer.

use super::machines::machines;
use crate::inventory::balancing::{LoadBalancer, TargetGroup};
use crate::inventory::compute::{AutoScalingGroup, Service};
use crate::inventory::network::{InternetGateway, NatGateway, Permission, RouteTable, Subnet};
use crate::inventory::{Inventory, Link};
use crate::value::Value;
use std::collections::BTreeSet;

/// Whether the peer is everybody. `None` when it cannot be told.
pub(crate) fn is_from_everywhere(permission: &Permission) -> Option<bool> {
    permission.cidr.holds(false, |cidr| cidr == "0.0.0.0/0" || cidr == "::/0")
}

/// The settings that say who is let in.
pub(crate) const PEERS: &[&str] = &["CidrIp", "CidrIpv6", "cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"];

/// Rules that are declared apart from their group. One that adds to a group declared elsewhere opens it all the same.
pub(crate) const RULES_APART: &[&str] = &["aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "AWS::EC2::SecurityGroupIngress"];

/// Whether the rule lets TCP traffic to this port. `None` when its ports cannot be told.
pub(crate) fn covers(permission: &Permission, port: f64) -> Option<bool> {
    match permission.protocol.known().map(String::as_str) {
        Some("-1" | "all") => return Some(true),
        Some("tcp" | "6") => {}
        Some(_) => return Some(false),
        None => return None,
    }
    match (&permission.from_port, &permission.to_port) {
        (Value::Known(from), Value::Known(to)) => Some((*from..=*to).contains(&port)),
        (Value::Known(from), Value::Absent) => Some(*from == port),
        (Value::Absent, _) => Some(true),
        _ => None,
    }
}

/// The ports of a rule in words.
pub(crate) fn ports(permission: &Permission) -> String {
    let is_all = permission.protocol.known().is_some_and(|protocol| protocol == "-1" || protocol == "all");
    match (&permission.from_port, &permission.to_port) {
        _ if is_all => "every port".to_owned(),
        (Value::Known(from), Value::Known(to)) if from == to => format!("port {from}"),
        (Value::Known(from), Value::Known(to)) if *from <= 0.0 && *to >= 65535.0 => "every port".to_owned(),
        (Value::Known(from), Value::Known(to)) => format!("ports {from} to {to}"),
        (Value::Known(from), _) => format!("port {from}"),
        _ => "every port".to_owned(),
    }
}

/// Whether a subnet's default route leads to an internet gateway. `None` when its route table is not declared or cannot be told.
pub(crate) fn is_public(inventory: &Inventory, subnet: &Value<Link>) -> Option<bool> {
    inventory.follow::<Subnet>(subnet)?;
    let mut tables = inventory.all::<RouteTable>().filter(|(_, table)| table.subnets.contains(subnet));
    let (_, table) = tables.next()?;
    let mut is_unclear = false;
    for route in &table.routes {
        match (&route.destination, &route.gateway) {
            (Value::Known(to), gateway) if to == "0.0.0.0/0" || to == "::/0" => match gateway {
                Value::Known(Link::Outside(id)) if id.starts_with("igw-") => return Some(true),
                gateway if inventory.follow::<InternetGateway>(gateway).is_some() => return Some(true),
                gateway if inventory.follow::<NatGateway>(gateway).is_some() => return Some(false),
                _ => is_unclear = true,
            },
            (Value::Unknown(_), _) => is_unclear = true,
            _ => {}
        }
    }
    if is_unclear { None } else { Some(false) }
}

/// The ids of security groups whose members answer only what a balancer forwards.
pub(crate) fn groups_behind_balancers(inventory: &Inventory) -> BTreeSet<String> {
    let id = |link: &Value<Link>| match link {
        Value::Known(Link::To(id)) => Some(id.clone()),
        _ => None,
    };
    // A network balancer without groups hands clients' addresses on, so that what stands behind it must be open to them.
    let has_groups = |balancer: &LoadBalancer| {
        balancer.balancer_type.holds(true, |kind| kind == "application") != Some(false) || !balancer.security_groups.is_empty()
    };
    if !inventory.all::<LoadBalancer>().any(|(_, balancer)| has_groups(balancer)) {
        return BTreeSet::new();
    }
    let of_balancers: BTreeSet<String> =
        inventory.all::<LoadBalancer>().flat_map(|(_, balancer)| balancer.security_groups.iter().filter_map(id)).collect();
    let of_services = inventory
        .all::<Service>()
        .filter(|(_, service)| !service.target_groups.is_empty())
        .flat_map(|(_, service)| service.security_groups.iter().filter_map(id));
    let targets: BTreeSet<String> = inventory.all::<TargetGroup>().flat_map(|(_, group)| group.targets.iter().filter_map(id)).collect();
    let balanced = inventory.all::<AutoScalingGroup>().filter(|(_, group)| !group.target_groups.is_empty());
    let templates: BTreeSet<String> = balanced.filter_map(|(_, group)| id(&group.launch_template)).collect();
    let of_machines = machines(inventory)
        .into_iter()
        .filter(|(resource, _)| targets.contains(&resource.id) || templates.contains(&resource.id))
        .flat_map(|(_, machine)| machine.security_groups.into_iter().filter_map(|group| id(&group)));
    of_services.chain(of_machines).filter(|group| !of_balancers.contains(group)).collect()
}
