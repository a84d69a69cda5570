//! The bill against figures that are known, and against itself.

mod actual;
mod baselines;
mod charged;
mod faults;
mod models;
mod options;
mod scale;
mod sensitivity;
mod templates;
mod whole;

use domain::prices::Prices;
use infra::cost::{Bill, Load, Quantity, cost};
use infra::inventory::balancing::LoadBalancer;
use infra::inventory::compute::{CapacityProvider, Instance, Service, TaskDefinition, Volume};
use infra::inventory::names::Zone;
use infra::inventory::secrets::Secret;
use infra::price::{AwsPrices, Elsewhere, RegionalPrices};
use infra::{Inventory, Kind, Link, Origin, Resource, Value};

/// The model prices that ship with this release.
pub(crate) fn models() -> Prices {
    Prices::parse(include_str!("../../../../prices/models.toml")).unwrap()
}

/// The AWS prices that ship with this release.
pub(crate) fn prices() -> RegionalPrices {
    AwsPrices::built_in().in_region("us-east-1", Elsewhere::Refuse).unwrap()
}

/// The bill with the prices of this release.
pub(crate) fn bill(inventory: &Inventory, load: &str) -> Bill {
    cost(inventory, &Load::parse(load).unwrap(), &prices(), &models())
}

/// The expected total to the cent.
pub(crate) fn total(bill: &Bill) -> String {
    bill.total_monthly_usd.expected.to_string()
}

/// An inventory of these resources.
pub(crate) fn inventory(resources: Vec<(&str, Kind)>) -> Inventory {
    let resource = |(id, kind): (&str, Kind)| Resource {
        id: id.to_owned(),
        origin: Origin { file: "template.yaml".to_owned(), line: 1, path: id.to_owned() },
        region: Value::Absent,
        kind,
    };
    Inventory { resources: resources.into_iter().map(resource).collect(), ..Inventory::default() }
}

pub(crate) fn known(text: &str) -> Value<String> {
    Value::Known(text.to_owned())
}

pub(crate) fn provider(name: &str, base: f64, weight: f64) -> CapacityProvider {
    CapacityProvider { name: known(name), base: Value::Known(base), weight: Value::Known(weight) }
}

pub(crate) fn to(id: &str) -> Value<Link> {
    Value::Known(Link::To(id.to_owned()))
}

/// A month in which next to nothing happens.
pub(crate) const IDLE: &str = "tasks=1,seconds=1,steps=0,egress_gb=0,log_gb=0";

/// An instance in the default network, which gives it an address.
pub(crate) fn instance(instance_type: &str, gb: f64) -> Kind {
    let disk = Volume { size_gb: Value::Known(gb), volume_type: known("gp3"), ..Volume::default() };
    Instance { instance_type: known(instance_type), volumes: vec![disk], ..Instance::default() }.into()
}

pub(crate) fn zone_and_secret() -> Vec<(&'static str, Kind)> {
    vec![("zone", Zone { name: known("example.com"), private: Value::Absent }.into()), ("secret", Secret::default().into())]
}

/// Two tasks of half a vCPU and 1 GB behind a balancer in two zones.
pub(crate) fn fargate(public_tasks: bool) -> Vec<(&'static str, Kind)> {
    let definition = TaskDefinition { cpu: Value::Known(512.0), memory_mb: Value::Known(1_024.0), ..TaskDefinition::default() };
    let service = Service {
        task_definition: to("task"),
        desired_count: Value::Known(2.0),
        launch_type: known("FARGATE"),
        subnets: vec![to("a"), to("b")],
        public_ip: Value::Known(public_tasks),
        ..Service::default()
    };
    let balancer = LoadBalancer { subnets: vec![to("a"), to("b")], ..LoadBalancer::default() };
    let mut resources = vec![("task", definition.into()), ("service", service.into()), ("balancer", balancer.into())];
    resources.extend(zone_and_secret());
    resources
}
