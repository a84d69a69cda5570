//! VPCs and what is in them.

use super::reader::Reader;
use crate::attribute::Attribute;
use crate::inventory::network::{
    ElasticIp, Endpoint, FlowLog, InternetGateway, NatGateway, Permission, RouteEntry, RouteTable, SecurityGroup, Subnet, Vpc,
};
use crate::inventory::{Kind, Link};
use crate::value::Value;

pub(super) const GROUPS: &[&str] = &["aws_security_group", "aws_default_security_group"];
pub(super) const SUBNETS: &[&str] = &["aws_subnet", "aws_default_subnet"];
pub(super) const VPCS: &[&str] = &["aws_vpc", "aws_default_vpc"];
pub(super) const INSTANCES: &[&str] = &["aws_instance", "aws_spot_instance_request"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_vpc" => Vpc { cidr: reader.text("cidr_block") }.into(),
        "aws_subnet" => subnet(reader).into(),
        "aws_internet_gateway" => internet_gateway(reader).into(),
        "aws_nat_gateway" => NatGateway {
            subnet: reader.link("subnet_id", SUBNETS),
            elastic_ip: reader.link("allocation_id", &["aws_eip"]),
            connectivity: reader.text("connectivity_type"),
        }
        .into(),
        "aws_eip" => elastic_ip(reader).into(),
        "aws_route_table" | "aws_default_route_table" => route_table(reader).into(),
        "aws_security_group" | "aws_default_security_group" => security_group(reader).into(),
        "aws_flow_log" => flow_log(reader).into(),
        "aws_vpc_endpoint" => endpoint(reader).into(),
        _ => return None,
    })
}

fn subnet(reader: &Reader<'_>) -> Subnet {
    let zone = if reader.has("availability_zone") { "availability_zone" } else { "availability_zone_id" };
    Subnet {
        vpc: reader.link("vpc_id", VPCS),
        cidr: reader.text("cidr_block"),
        zone: reader.text_or_expression(zone),
        public_ip: reader.flag("map_public_ip_on_launch"),
    }
}

fn internet_gateway(reader: &Reader<'_>) -> InternetGateway {
    let attached = reader.satellites(&["aws_internet_gateway_attachment"]).first().map(|attachment| attachment.link("vpc_id", VPCS));
    InternetGateway { vpc: attached.unwrap_or_else(|| reader.link("vpc_id", VPCS)) }
}

fn elastic_ip(reader: &Reader<'_>) -> ElasticIp {
    let associated = reader.satellites(&["aws_eip_association"]).first().map(|association| association.link("instance_id", INSTANCES));
    ElasticIp { instance: associated.unwrap_or_else(|| reader.link("instance", INSTANCES)) }
}

fn route_table(reader: &Reader<'_>) -> RouteTable {
    let apart = reader.satellites(&["aws_route"]);
    let associations = reader.satellites(&["aws_route_table_association"]);
    let mut routes: Vec<RouteEntry> = Vec::new();
    for route in reader.blocks("route").iter().chain(&apart).map(route) {
        // A state tells a route that stands apart a second time inside the table.
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    RouteTable {
        vpc: reader.link("vpc_id", VPCS),
        routes,
        subnets: associations.iter().filter(|association| association.has("subnet_id")).map(|one| one.link("subnet_id", SUBNETS)).collect(),
    }
}

/// A route, inside a table or apart; the two spell the destination differently.
fn route(reader: &Reader<'_>) -> RouteEntry {
    let first = |names: &[&str]| names.iter().map(|name| reader.some_text(name)).find(|value| !value.is_absent()).unwrap_or_default();
    let gateways = [
        "gateway_id",
        "nat_gateway_id",
        "egress_only_gateway_id",
        "transit_gateway_id",
        "vpc_endpoint_id",
        "vpc_peering_connection_id",
        "network_interface_id",
        "carrier_gateway_id",
        "local_gateway_id",
        "core_network_arn",
        "instance_id",
    ];
    RouteEntry {
        destination: first(&["cidr_block", "destination_cidr_block", "ipv6_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"]),
        gateway: gateways.iter().map(|name| reader.link(name, &[])).find(|link| !link.is_absent()).unwrap_or_default(),
    }
}

fn security_group(reader: &Reader<'_>) -> SecurityGroup {
    let mut ingress: Vec<Permission> = reader.blocks("ingress").iter().flat_map(permissions).collect();
    let mut egress: Vec<Permission> = reader.blocks("egress").iter().flat_map(permissions).collect();
    for rule in reader.satellites(&["aws_security_group_rule"]) {
        let direction = if rule.text("type") == Value::Known("egress".to_owned()) { &mut egress } else { &mut ingress };
        permissions(&rule).into_iter().for_each(|permission| add(direction, permission));
    }
    reader.satellites(&["aws_vpc_security_group_ingress_rule"]).iter().for_each(|rule| add(&mut ingress, permission_of_rule(rule)));
    reader.satellites(&["aws_vpc_security_group_egress_rule"]).iter().for_each(|rule| add(&mut egress, permission_of_rule(rule)));
    egress.retain(|permission| !permission.is_of_nobody());
    SecurityGroup { vpc: reader.link("vpc_id", VPCS), description: reader.text("description"), ingress, egress }
}

/// Adds a rule that stands apart. A state tells it a second time inside the group.
fn add(permissions: &mut Vec<Permission>, permission: Permission) {
    if !permissions.iter().any(|other| Permission { line: permission.line, ..other.clone() } == permission) {
        permissions.push(permission);
    }
}

/// A rule with any number of peers, as one permission each.
pub(super) fn permissions(reader: &Reader<'_>) -> Vec<Permission> {
    if let Attribute::Unknown(_) = reader.this().attribute {
        // A block over something unknown: whom it lets in, and where, cannot be told.
        return vec![permission_of_rule(reader)];
    }
    let protocol = protocol(reader.text("protocol"));
    let base = Permission {
        from_port: port(reader, "from_port", &protocol),
        to_port: port(reader, "to_port", &protocol),
        protocol,
        line: reader.line(),
        ..Permission::default()
    };
    let ranges = reader.texts("cidr_blocks").into_iter().chain(reader.texts("ipv6_cidr_blocks"));
    let mut permissions: Vec<Permission> = ranges.map(|cidr| Permission { cidr, ..base.clone() }).collect();
    let mut groups = reader.links("security_groups", GROUPS);
    groups.extend(reader.links("source_security_group_id", GROUPS));
    groups.extend(reader.links("prefix_list_ids", &[]));
    if reader.flag("self") == Value::Known(true) {
        // Inside the group it is this one; apart it is the one that the rule adds to.
        let own =
            if reader.has("security_group_id") { reader.link("security_group_id", GROUPS) } else { Link::To(reader.declared.id.clone()).into() };
        groups.push(own);
    }
    permissions.extend(groups.into_iter().map(|group| Permission { group, ..base.clone() }));
    permissions
}

/// A rule with one peer.
pub(super) fn permission_of_rule(reader: &Reader<'_>) -> Permission {
    let protocol = protocol(reader.text("ip_protocol"));
    let cidr = if reader.has("cidr_ipv4") { reader.text("cidr_ipv4") } else { reader.text("cidr_ipv6") };
    let group = if reader.has("referenced_security_group_id") {
        reader.link("referenced_security_group_id", GROUPS)
    } else {
        reader.link("prefix_list_id", &[])
    };
    Permission {
        from_port: port(reader, "from_port", &protocol),
        to_port: port(reader, "to_port", &protocol),
        protocol,
        cidr,
        group,
        line: reader.line(),
    }
}

/// Numbers have names, and "all" is -1.
fn protocol(protocol: Value<String>) -> Value<String> {
    protocol.map(|protocol| match protocol.to_lowercase().as_str() {
        "-1" | "all" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    })
}

fn port(reader: &Reader<'_>, name: &str, protocol: &Value<String>) -> Value<f64> {
    if protocol.known().is_some_and(|protocol| protocol == "-1") { Value::Absent } else { reader.number(name) }
}

fn flow_log(reader: &Reader<'_>) -> FlowLog {
    let watched = [("vpc_id", VPCS), ("subnet_id", SUBNETS), ("eni_id", &[] as &[&str]), ("transit_gateway_id", &[])];
    let watched = watched.iter().map(|(name, types)| reader.link(name, types)).find(|link| !link.is_absent());
    FlowLog { watched: watched.unwrap_or_default() }
}

fn endpoint(reader: &Reader<'_>) -> Endpoint {
    let apart = reader.satellites(&["aws_vpc_endpoint_subnet_association"]);
    let mut subnets = reader.links("subnet_ids", SUBNETS);
    subnets.extend(reader.blocks("subnet_configuration").iter().map(|one| one.link("subnet_id", SUBNETS)));
    subnets.extend(apart.iter().map(|one| one.link("subnet_id", SUBNETS)));
    Endpoint { vpc: reader.link("vpc_id", VPCS), service: service(reader), endpoint_type: reader.text("vpc_endpoint_type"), subnets }
}

/// The last parts of `com.amazonaws.REGION.ecr.api`, whether the region is known or not.
fn service(reader: &Reader<'_>) -> Value<String> {
    let name = match reader.text_or_expression("service_name") {
        Value::Known(name) => name,
        other => return other,
    };
    let Some(rest) = name.strip_prefix("com.amazonaws.") else { return reader.text("service_name") };
    let service = match rest.strip_prefix("${").and_then(|hole| hole.split_once('}')) {
        Some((_, after)) => after.strip_prefix('.'),
        None => rest.split_once('.').map(|(_, service)| service),
    };
    match service {
        Some(service) if !service.contains("${") => Value::Known(service.to_owned()),
        _ => reader.text("service_name"),
    }
}
