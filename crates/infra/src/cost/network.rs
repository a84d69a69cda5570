//! Packets: public addresses, NAT gateways, endpoints, and what leaves for the internet.

use super::load::amount;
use super::meter::Meter;
use super::{Load, Quantity};
use crate::inventory::network::{ElasticIp, Endpoint, NatGateway, Subnet};
use crate::inventory::{Inventory, Kind, Link};
use crate::value::Value;

/// Whether something gets a public address at launch.
pub(super) enum PublicAddress {
    Yes(String),
    No,
    Unknown(String),
}

/// The resource itself decides; else its subnets do; else the default network does, which gives one.
pub(super) fn public_address(meter: &Meter<'_>, own: &Value<bool>, subnets: &[&Value<Link>]) -> PublicAddress {
    match own {
        Value::Known(true) => return PublicAddress::Yes("asks for a public address".to_owned()),
        Value::Known(false) => return PublicAddress::No,
        Value::Unknown(why) => return PublicAddress::Unknown(why.clone()),
        Value::Absent => {}
    }
    if subnets.iter().all(|subnet| subnet.is_absent()) {
        return PublicAddress::Yes("in the default network, which gives a public address".to_owned());
    }
    let mut answer = PublicAddress::No;
    for link in subnets {
        match (meter.follow::<Subnet>(link), link) {
            (Some((_, subnet)), _) => match &subnet.public_ip {
                Value::Known(true) => return PublicAddress::Yes("its subnet gives a public address".to_owned()),
                Value::Unknown(why) => answer = PublicAddress::Unknown(why.clone()),
                Value::Known(false) | Value::Absent => {}
            },
            (None, Value::Unknown(why)) => answer = PublicAddress::Unknown(format!("its subnet is unknown: {why}")),
            (None, _) => answer = PublicAddress::Unknown("its subnet is not declared here".to_owned()),
        }
    }
    answer
}

/// One address.
pub(super) fn address(meter: &mut Meter<'_>, id: &str, item: &str, assumption: &str) {
    meter.charge(id, item, "ipv4.public", Quantity::MONTH_HOURS, assumption.to_owned());
}

/// Several.
pub(super) fn addresses(meter: &mut Meter<'_>, id: &str, count: Quantity, assumption: String) {
    let item = if count == Quantity::ONE { "public IPv4 address" } else { "public IPv4 addresses" };
    meter.charge(id, item, "ipv4.public", Quantity::MONTH_HOURS.times(count), assumption);
}

/// A NAT gateway's hours and its part of what passes.
pub(super) fn nat(meter: &mut Meter<'_>, id: &str, nat: &NatGateway) {
    meter.charge(id, "NAT gateway", "nat.hour", Quantity::MONTH_HOURS, "all 730 hours of the month".to_owned());
    let Nat { gateways, passes } = meter.nat;
    let share = if gateways > 1 { format!(", shared by {gateways} gateways") } else { String::new() };
    let assumption = format!("{passes} GB to models and logs that no endpoint takes{share}; images and updates not counted");
    meter.charge(id, "NAT gateway data", "nat.gb", passes.per(gateways), assumption);
    // An address that is declared has its own line, and a private gateway has none.
    let is_private = nat.connectivity.known().is_some_and(|kind| kind.eq_ignore_ascii_case("private"));
    if let Value::Unknown(why) = &nat.connectivity {
        meter.unpriced(id, format!("whether it has a public address is unknown: {why}"));
    } else if !is_private && meter.follow::<ElasticIp>(&nat.elastic_ip).is_none() {
        address(meter, id, "public IPv4 address", "a public NAT gateway has one; it is not declared by itself");
    }
}

/// How many NAT gateways there are, and the GB that all of them pass on.
#[derive(Clone, Copy)]
pub(crate) struct Nat {
    gateways: u64,
    passes: Quantity,
}

impl Nat {
    /// Compute without a public address sends calls to models and logs through them, unless an endpoint takes those.
    pub(super) fn of(inventory: &Inventory, load: &Load) -> Nat {
        let endpoint =
            |service: &str| inventory.all::<Endpoint>().any(|(_, endpoint)| endpoint.service.known().is_some_and(|s| s.ends_with(service)));
        let models = if endpoint("bedrock-runtime") { Quantity::ZERO } else { load.model_gb() };
        let logs = if endpoint("logs") { Quantity::ZERO } else { amount(load.log_gb) };
        Nat { gateways: inventory.all::<NatGateway>().count() as u64, passes: models + logs }
    }
}

/// An endpoint: a gateway is free, an interface is charged in each zone.
pub(super) fn endpoint(meter: &mut Meter<'_>, id: &str, endpoint: &Endpoint) {
    let Some(kind) = meter.text(id, "type", &endpoint.endpoint_type, Some("Gateway")) else { return };
    if kind == "Gateway" {
        meter.charge(id, "gateway endpoint", "vpce.gateway", Quantity::ONE, "S3 and DynamoDB through a gateway".to_owned());
        return;
    }
    if kind != "Interface" {
        meter.unpriced(id, format!("an endpoint of the type {kind} has no price here"));
        return;
    }
    let zones = match endpoint.subnets.as_slice() {
        [] => {
            meter.unpriced(id, "its subnets are not set, and it is charged in each of them");
            return;
        }
        subnets => subnets,
    };
    if let Some(Value::Unknown(why)) = zones.iter().find(|subnet| subnet.is_unknown()) {
        meter.unpriced(id, format!("how many subnets it has is unknown: {why}"));
        return;
    }
    let count = zones.len() as u64;
    let hours = Quantity::MONTH_HOURS.times(Quantity::whole(count));
    meter.charge(id, "interface endpoint", "vpce.interface.hour", hours, format!("{count} zones, all 730 hours of the month"));
    let service = endpoint.service.known().map_or("", String::as_str);
    let (passes, words) = match service {
        s if s.ends_with("bedrock-runtime") => (meter.load.model_gb(), "the text of model calls, four bytes a token"),
        s if s.ends_with("logs") => (amount(meter.load.log_gb), "the month's logs"),
        _ => (Quantity::ZERO, "next to nothing passes"),
    };
    meter.charge(id, "interface endpoint data", "vpce.interface.gb", passes, words.to_owned());
}

/// What the whole system sends to the internet. Charged once, wherever it leaves.
pub(super) fn egress(meter: &mut Meter<'_>) {
    let sends = |kind: &Kind| {
        matches!(
            kind,
            Kind::Instance(_)
                | Kind::AutoScalingGroup(_)
                | Kind::Service(_)
                | Kind::Function(_)
                | Kind::BeanstalkEnvironment(_)
                | Kind::LoadBalancer(_)
                | Kind::Api(_)
        )
    };
    if !meter.inventory.resources.iter().any(|resource| sends(&resource.kind)) {
        return;
    }
    let gb = amount(meter.load.egress_gb);
    let assumption = format!("{gb} GB a month{} to the internet", meter.load.assumed("egress_gb"));
    meter.charge("load", "data transfer out", "dto.internet", gb, assumption);
}
