//! How packets travel: VPCs, subnets, gateways, routes, security groups.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// A VPC.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Vpc {
    /// Its addresses.
    pub cidr: Value<String>,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Subnet {
    /// The VPC.
    pub vpc: Value<Link>,
    /// Its addresses.
    pub cidr: Value<String>,
    /// The availability zone: a name, or the text of the expression that picks one, so that two of them can be told apart.
    pub zone: Value<String>,
    /// Whether instances get public addresses. Absent: no.
    pub public_ip: Value<bool>,
}

/// An internet gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InternetGateway {
    /// The VPC that it is attached to.
    pub vpc: Value<Link>,
}

/// A NAT gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NatGateway {
    /// The public subnet that it stands in.
    pub subnet: Value<Link>,
    /// Its address.
    pub elastic_ip: Value<Link>,
    /// `public` or `private`, which has no address. Absent: `public`.
    pub connectivity: Value<String>,
}

/// An Elastic IP address.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ElasticIp {
    /// The instance that has it, if an instance has.
    pub instance: Value<Link>,
}

/// A route table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RouteTable {
    /// The VPC.
    pub vpc: Value<Link>,
    /// Its routes, whether declared inside or apart.
    pub routes: Vec<RouteEntry>,
    /// The subnets that use it.
    pub subnets: Vec<Value<Link>>,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RouteEntry {
    /// Where to.
    pub destination: Value<String>,
    /// The gateway that it goes through.
    pub gateway: Value<Link>,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SecurityGroup {
    /// The VPC.
    pub vpc: Value<Link>,
    /// What it is for.
    pub description: Value<String>,
    /// Who may come in, whether declared inside or apart.
    pub ingress: Vec<Permission>,
    /// Where traffic may go. Empty: nowhere.
    pub egress: Vec<Permission>,
}

/// A rule of a security group: one peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Permission {
    /// `tcp`, `udp`, `icmp`, or `-1` for all.
    pub protocol: Value<String>,
    /// First port. Absent for all protocols.
    pub from_port: Value<f64>,
    /// Last port.
    pub to_port: Value<f64>,
    /// Addresses, when the peer is a range (IPv4 or IPv6).
    pub cidr: Value<String>,
    /// The group, when the peer is one.
    pub group: Value<Link>,
    /// The line of its declaration.
    pub line: u32,
}

impl Permission {
    /// Everything, IPv4, whoever it is: what EC2 lets out of a group that says nothing.
    pub fn everything(line: u32) -> Permission {
        let (protocol, cidr) = (Value::Known("-1".to_owned()), Value::Known("0.0.0.0/0".to_owned()));
        Permission { protocol, cidr, line, ..Permission::default() }
    }

    /// Whether its peer is an address that nobody has: how templates say that nothing goes out, since a group without rules says the opposite.
    pub fn is_of_nobody(&self) -> bool {
        self.cidr.known().is_some_and(|cidr| cidr == "127.0.0.1/32" || cidr == "255.255.255.255/32")
    }
}

/// A flow log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FlowLog {
    /// The VPC, subnet or interface that it watches.
    pub watched: Value<Link>,
}

/// A VPC endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Endpoint {
    /// The VPC.
    pub vpc: Value<Link>,
    /// The last parts of the service's name, such as `bedrock-runtime` or `ecr.api`.
    pub service: Value<String>,
    /// `Interface` or `Gateway`. Absent: `Gateway`.
    pub endpoint_type: Value<String>,
    /// Subnets, for an interface endpoint.
    pub subnets: Vec<Value<Link>>,
}
