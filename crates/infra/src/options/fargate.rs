//! Option 2: tasks on Fargate behind an application load balancer.

use super::common::{Builder, MODEL, known, to};
use super::{Deployment, TASKS_PER_VCPU, Variant};
use crate::cost::Load;
use crate::inventory::Inventory;
use crate::inventory::balancing::{Action, Listener, LoadBalancer, TargetGroup};
use crate::inventory::compute::{Cluster, Container, Service, TaskDefinition};
use crate::inventory::data::ImageRepository;
use crate::inventory::names::Certificate;
use crate::inventory::network::{ElasticIp, NatGateway, RouteEntry, RouteTable, Subnet};
use crate::value::Value;
use std::collections::BTreeMap;

/// The founding document's two tasks, "for high availability".
const TASKS_MIN: u64 = 2;
/// vCPUs with the most MB that Fargate pairs with them, and the steps that these come in.
const PAIRS: [(f64, f64, f64); 6] = [
    (0.5, 4_096.0, 1_024.0),
    (1.0, 8_192.0, 1_024.0),
    (2.0, 16_384.0, 1_024.0),
    (4.0, 30_720.0, 1_024.0),
    (8.0, 61_440.0, 4_096.0),
    (16.0, MEMORY_MB_MAX, 8_192.0),
];
/// The most that a task may have; whoever asks for more is told so.
pub(super) const MEMORY_MB_MAX: f64 = 122_880.0;

/// vCPUs and MB of a task: the smallest pair that has the memory asked for.
fn size(load: &Load) -> (f64, f64) {
    let wanted = load.memory_mb.unwrap_or(1_024.0).min(MEMORY_MB_MAX);
    let (vcpus, _, step) = PAIRS.into_iter().find(|(_, most, _)| wanted <= *most).unwrap_or(PAIRS[5]);
    (vcpus, (wanted / step).ceil() * step)
}

/// Tasks of the load that one task on Fargate carries at once.
pub(super) fn tasks_at_once(load: &Load) -> u64 {
    (TASKS_PER_VCPU as f64 * size(load).0) as u64
}

pub(super) fn inventory(load: &Load, variant: Variant) -> Inventory {
    let mut builder = Builder::new("fargate");
    builder.network(2);
    balancer(&mut builder);
    let subnets = if variant.is_private { private_subnets(&mut builder) } else { vec![to("public_subnet_1"), to("public_subnet_2")] };
    builder.add("cluster", Cluster { container_insights: Value::Known(false) });
    builder.add("images", ImageRepository { name: known("ai-agent-orchestrator"), scans: Value::Known(true), ..ImageRepository::default() });
    let container = Container {
        name: known("ai-agent-orchestrator"),
        ports: vec![Value::Known(8_000.0)],
        environment: BTreeMap::from([("ORCHESTRATOR_MODEL".to_owned(), Value::Known(format!("bedrock/{MODEL}")))]),
        log_driver: known("awslogs"),
        log_group: to("logs"),
        ..Container::default()
    };
    let (vcpus, memory_mb) = size(load);
    let definition = TaskDefinition {
        cpu: Value::Known(vcpus * 1_024.0),
        memory_mb: Value::Known(memory_mb),
        compatibilities: vec![known("FARGATE")],
        task_role: to("role"),
        containers: vec![container],
        ..TaskDefinition::default()
    };
    builder.add("task", definition);
    builder.security_group("tasks", "port 8000 from the load balancer alone");
    let service = Service {
        cluster: to("cluster"),
        task_definition: to("task"),
        desired_count: Value::Known(Deployment::Fargate.units_needed(load).max(TASKS_MIN) as f64),
        launch_type: known("FARGATE"),
        subnets,
        security_groups: vec![to("tasks")],
        public_ip: Value::Known(!variant.is_private),
        target_groups: vec![to("targets")],
        rolls_back: Value::Known(true),
        ..Service::default()
    };
    builder.add("service", service);
    builder.finish("/aws/ecs/orchestrator", Some("balancer"))
}

fn balancer(builder: &mut Builder) {
    builder.security_group("web", "HTTP and HTTPS from anywhere");
    builder.add("certificate", Certificate { domain: known("api.donsylvester.dev"), validation: known("DNS") });
    let balancer = LoadBalancer {
        balancer_type: known("application"),
        internal: Value::Known(false),
        subnets: vec![to("public_subnet_1"), to("public_subnet_2")],
        security_groups: vec![to("web")],
        ..LoadBalancer::default()
    };
    builder.add("balancer", balancer);
    let targets = TargetGroup {
        vpc: to("vpc"),
        port: Value::Known(8_000.0),
        protocol: known("HTTP"),
        target_type: known("ip"),
        health_check_path: known("/api/v1/health"),
        ..TargetGroup::default()
    };
    builder.add("targets", targets);
    let forward = Action { action_type: known("forward"), target_groups: vec![to("targets")], ..Action::default() };
    let https = Listener {
        balancer: to("balancer"),
        port: Value::Known(443.0),
        protocol: known("HTTPS"),
        certificates: vec![to("certificate")],
        actions: vec![forward],
        ..Listener::default()
    };
    builder.add("https", https);
    let redirect = Action { action_type: known("redirect"), redirect_protocol: known("HTTPS"), ..Action::default() };
    let http =
        Listener { balancer: to("balancer"), port: Value::Known(80.0), protocol: known("HTTP"), actions: vec![redirect], ..Listener::default() };
    builder.add("http", http);
}

/// Two private subnets that reach the models through one NAT gateway.
fn private_subnets(builder: &mut Builder) -> Vec<Value<crate::inventory::Link>> {
    builder.add("nat_address", ElasticIp { instance: Value::Absent });
    builder.add("nat", NatGateway { subnet: to("public_subnet_1"), elastic_ip: to("nat_address"), ..NatGateway::default() });
    for zone in 1..=2 {
        let cidr = Value::Known(format!("10.0.{}.0/24", 10 + zone));
        let subnet = Subnet { vpc: to("vpc"), cidr, zone: Value::Known(format!("zone {zone}")), public_ip: Value::Known(false) };
        builder.add(&format!("private_subnet_{zone}"), subnet);
    }
    let subnets = vec![to("private_subnet_1"), to("private_subnet_2")];
    let routes = vec![RouteEntry { destination: known("0.0.0.0/0"), gateway: to("nat") }];
    builder.add("private_routes", RouteTable { vpc: to("vpc"), routes, subnets: subnets.clone() });
    subnets
}
