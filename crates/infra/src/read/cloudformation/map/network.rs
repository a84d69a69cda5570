//! VPCs, subnets, gateways, routes, security groups, endpoints.

use super::known::{DEFAULT_GROUP, default_group};
use super::properties::Properties;
use crate::attribute::{Attribute, Node};
use crate::inventory::network::{ElasticIp, Endpoint, FlowLog, NatGateway, Permission, RouteEntry, RouteTable, SecurityGroup, Subnet, Vpc};
use crate::inventory::{Inventory, Link};
use crate::read::cloudformation::Declared;
use crate::read::partial;
use crate::value::Value;
use std::collections::BTreeSet;

pub(super) fn vpc(p: Properties<'_>) -> Vpc {
    Vpc { cidr: p.text("CidrBlock") }
}

pub(super) fn subnet(p: Properties<'_>) -> Subnet {
    let zone = match p.text("AvailabilityZone") {
        // The expression tells zones apart as well as their names do, and so does the name of a parameter; another reason may stand for
        // many zones.
        Value::Unknown(why) => match partial::pattern(&why).or(partial::parameter(&why)) {
            Some(expression) => Value::Known(expression.to_owned()),
            None => Value::Unknown(why),
        },
        told => told,
    };
    Subnet { vpc: p.link("VpcId"), cidr: p.text("CidrBlock"), zone, public_ip: p.flag("MapPublicIpOnLaunch") }
}

pub(super) fn nat_gateway(p: Properties<'_>) -> NatGateway {
    NatGateway { subnet: p.link("SubnetId"), elastic_ip: p.link("AllocationId"), connectivity: p.text("ConnectivityType") }
}

pub(super) fn elastic_ip(p: Properties<'_>) -> ElasticIp {
    ElasticIp { instance: p.link("InstanceId") }
}

pub(super) fn route_table(p: Properties<'_>) -> RouteTable {
    RouteTable { vpc: p.link("VpcId"), ..RouteTable::default() }
}

/// A route, as `AWS::EC2::Route` declares it.
pub(super) fn route(p: Properties<'_>) -> RouteEntry {
    let destinations = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
    let gateways = [
        "GatewayId",
        "NatGatewayId",
        "EgressOnlyInternetGatewayId",
        "TransitGatewayId",
        "VpcPeeringConnectionId",
        "VpcEndpointId",
        "InstanceId",
        "NetworkInterfaceId",
        "CarrierGatewayId",
        "LocalGatewayId",
    ];
    let destination = destinations.iter().map(|name| p.text(name)).find(|value| !value.is_absent()).unwrap_or_default();
    let gateway = gateways.iter().map(|name| p.link(name)).find(|value| !value.is_absent()).unwrap_or_default();
    RouteEntry { destination, gateway }
}

pub(super) fn security_group(p: Properties<'_>) -> SecurityGroup {
    SecurityGroup {
        vpc: p.link("VpcId"),
        description: p.text("GroupDescription"),
        ingress: p.parts("SecurityGroupIngress").into_iter().map(ingress).collect(),
        egress: own_egress(p),
    }
}

/// The groups that come with VPCs, as far as something refers to them: whoever is in one reaches all others in it.
pub(super) fn add_default_groups(inventory: &mut Inventory, declared: &[Declared]) {
    let mut referred = BTreeSet::new();
    for one in declared {
        find_default_groups(&one.properties, &mut referred);
    }
    for vpc in declared.iter().filter(|one| one.type_name == "AWS::EC2::VPC" && referred.contains(one.id.as_str())) {
        let (this, line) = (|id: String| Value::Known(Link::To(id)), vpc.origin.line);
        let group = this(default_group(&vpc.id));
        let inside = Permission { protocol: Value::Known("-1".to_owned()), group, line, ..Permission::default() };
        let description = Value::Known("default VPC security group".to_owned());
        let group = SecurityGroup { vpc: this(vpc.id.clone()), description, ingress: vec![inside], egress: vec![Permission::everything(line)] };
        vpc.add_to(inventory, &default_group(""), group.into());
    }
}

fn find_default_groups<'d>(node: &'d Node, referred: &mut BTreeSet<&'d str>) {
    match &node.attribute {
        Attribute::Reference { resource, attribute: Some(attribute) } if attribute == DEFAULT_GROUP => drop(referred.insert(resource)),
        Attribute::List(items) => items.iter().for_each(|item| find_default_groups(item, referred)),
        Attribute::Map(entries) => entries.values().for_each(|entry| find_default_groups(entry, referred)),
        _ => {}
    }
}

/// EC2 lets everything out of a new group; CloudFormation takes that back only when the group has rules inside of it.
fn own_egress(p: Properties<'_>) -> Vec<Permission> {
    let inside = p.parts("SecurityGroupEgress");
    if inside.is_empty() {
        return vec![Permission::everything(p.node.line)];
    }
    inside.into_iter().map(egress).filter(|permission| !permission.is_of_nobody()).collect()
}

pub(super) fn ingress(p: Properties<'_>) -> Permission {
    permission(p, &["SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId"])
}

pub(super) fn egress(p: Properties<'_>) -> Permission {
    permission(p, &["DestinationSecurityGroupId", "DestinationPrefixListId"])
}

fn permission(p: Properties<'_>, peers: &[&str]) -> Permission {
    let protocol = p.text("IpProtocol").map(|protocol| match protocol.as_str() {
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        other => other.to_ascii_lowercase(),
    });
    let is_all = protocol.known().is_some_and(|protocol| protocol == "-1");
    let port = |name| if is_all { Value::Absent } else { p.number(name) };
    let cidr = p.text("CidrIp");
    let cidr = if cidr.is_absent() { p.text("CidrIpv6") } else { cidr };
    let group = peers.iter().map(|name| p.link(name)).find(|value| !value.is_absent()).unwrap_or_default();
    Permission { from_port: port("FromPort"), to_port: port("ToPort"), protocol, cidr, group, line: p.node.line }
}

pub(super) fn flow_log(p: Properties<'_>) -> FlowLog {
    FlowLog { watched: p.link("ResourceId") }
}

pub(super) fn endpoint(p: Properties<'_>) -> Endpoint {
    let vpc = p.link("VpcId");
    Endpoint {
        vpc,
        service: p.pattern("ServiceName").map(|name| service(&name)),
        endpoint_type: p.text("VpcEndpointType"),
        subnets: p.links("SubnetIds"),
    }
}

/// `bedrock-runtime` of `com.amazonaws.us-east-1.bedrock-runtime`, whatever stands for the region.
fn service(name: &str) -> String {
    let Some((_, rest)) = name.split_once("com.amazonaws.") else { return name.to_owned() };
    let end_of_region = match rest.strip_prefix("${") {
        Some(placeholder) => placeholder.find('}').map(|end| end + 3),
        None => rest.find('.'),
    };
    let service = end_of_region.and_then(|end| rest.get(end..)).map(|rest| rest.trim_start_matches('.'));
    service.filter(|service| !service.is_empty()).unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_without_its_region() {
        for name in [
            "com.amazonaws.us-east-1.ecr.api",
            "com.amazonaws.${AWS::Region}.ecr.api",
            "com.amazonaws.${a.B}.ecr.api",
            "cn.com.amazonaws.cn-north-1.ecr.api",
        ] {
            assert_eq!(service(name), "ecr.api");
        }
    }
}
