//! Load balancers and web ACLs.

use super::Quantity;
use super::load::amount;
use super::meter::{Meter, Scenario};
use super::network;
use crate::inventory::balancing::{LoadBalancer, WebAcl};
use crate::value::Value;

/// LCUs that a public balancer uses at least: health checks, kept connections, and the scanners that find every address.
const LCU_FLOOR: &str = "0.1";

pub(super) fn balancer(meter: &mut Meter<'_>, id: &str, balancer: &LoadBalancer) {
    let Some(kind) = meter.text(id, "type", &balancer.balancer_type, Some("application")) else { return };
    match kind.as_str() {
        "application" => {
            meter.charge(id, "application load balancer", "alb.hour", Quantity::MONTH_HOURS, "all 730 hours of the month".to_owned());
            capacity(meter, id);
        }
        "network" => {
            meter.charge(id, "network load balancer", "nlb.hour", Quantity::MONTH_HOURS, "all 730 hours of the month".to_owned());
            meter.unpriced(id, "capacity units of a network load balancer have no price here");
        }
        other => {
            // A gateway balancer has no public address; of what else there may be nothing is known.
            meter.unpriced(id, format!("a balancer of the type {other} has no price here"));
            return;
        }
    }
    match &balancer.internal {
        Value::Known(true) => {}
        Value::Unknown(why) => meter.unpriced(id, format!("whether it has public addresses is unknown: {why}")),
        Value::Known(false) | Value::Absent => public_addresses(meter, id, &balancer.subnets),
    }
}

fn public_addresses(meter: &mut Meter<'_>, id: &str, subnets: &[Value<crate::inventory::Link>]) {
    if let Some(Value::Unknown(why)) = subnets.iter().find(|subnet| subnet.is_unknown()) {
        meter.unpriced(id, format!("how many zones, and so public addresses, it has is unknown: {why}"));
    } else if subnets.is_empty() {
        meter.unpriced(id, "its subnets, and so its public addresses, are not set");
    } else {
        let zones = subnets.len() as u64;
        network::addresses(meter, id, Quantity::whole(zones), format!("internet-facing: one in each of its {zones} zones"));
    }
}

/// The hours of an application load balancer's capacity units.
pub(super) fn capacity(meter: &mut Meter<'_>, id: &str) {
    let hours = Quantity::MONTH_HOURS;
    let tasks = Quantity::whole(meter.load.tasks);
    let sizes = ["alb.lcu.new_connections", "alb.lcu.active_connections", "alb.lcu.bytes"].map(|size| meter.size(id, size));
    let [Some(of_new), Some(of_active), Some(of_bytes)] = sizes else { return };
    // The largest dimension is billed. Each task is one new connection that stays open while it runs.
    let new = tasks.ratio(hours.times(Quantity::whole(3_600))).ratio(of_new);
    let active = meter.load.task_seconds().ratio(hours.times(Quantity::whole(60)).times(Quantity::whole(60))).ratio(of_active);
    let bytes = amount(meter.load.egress_gb).ratio(hours).ratio(of_bytes);
    let from_load = new.max(active).max(bytes);
    let floor = if meter.scenario == Scenario::Low { Quantity::ZERO } else { Quantity::parse(LCU_FLOOR).unwrap_or_default() };
    let units = from_load.max(floor);
    let why = if units > from_load {
        format!("at least {LCU_FLOOR} for health checks and strangers")
    } else {
        format!("from {}", meter.load.tasks_words())
    };
    meter.charge(id, "load balancer capacity", "alb.lcu", hours.times(units), format!("{units} LCU on average: {why}"));
}

pub(super) fn web_acl(meter: &mut Meter<'_>, id: &str, acl: &WebAcl) {
    meter.charge(id, "web ACL", "waf.acl", Quantity::ONE, "all month".to_owned());
    meter.charge(id, "web ACL rules", "waf.rule", Quantity::whole(acl.rules.into()), format!("{} rules, none from the Marketplace", acl.rules));
    let requests = Quantity::whole(meter.load.tasks).per(1_000_000);
    meter.charge(id, "web ACL requests", "waf.requests", requests, format!("one request for each of {}", meter.load.tasks_words()));
}
