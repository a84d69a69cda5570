//! ECS: clusters, task definitions, services, and how services scale.

use crate::attribute::Node;
use crate::inventory::compute::{CapacityProvider, Cluster, Container, ScalingPolicy, ScalingTarget, Service, TaskDefinition};
use crate::inventory::{Inventory, Kind, Link};
use crate::read::cloudformation::Declared;
use crate::read::cloudformation::map::known::Names;
use crate::read::cloudformation::map::properties::Properties;
use crate::value::Value;
use std::collections::HashMap;

pub(in crate::read::cloudformation::map) fn cluster(p: Properties<'_>) -> Cluster {
    let insights = p.find("ClusterSettings", |setting| setting.text("Name").map(|name| name == "containerInsights"));
    Cluster { container_insights: insights.and_then(|setting| setting.text("Value")).map(|value| value != "disabled") }
}

pub(in crate::read::cloudformation::map) fn task_definition(p: Properties<'_>) -> TaskDefinition {
    TaskDefinition {
        cpu: units(p.at("Cpu"), &["vcpu"]),
        memory_mb: units(p.at("Memory"), &["gb", "gib"]),
        architecture: p.text("RuntimePlatform.CpuArchitecture"),
        ephemeral_gb: p.number("EphemeralStorage.SizeInGiB"),
        compatibilities: p.texts("RequiresCompatibilities"),
        execution_role: p.link("ExecutionRoleArn"),
        task_role: p.link("TaskRoleArn"),
        containers: p.parts("ContainerDefinitions").into_iter().map(container).collect(),
    }
}

/// CPU units and MiB are also written as `.5 vCPU` and `1 GB`, which are 1,024 of the others.
fn units(node: Option<&Node>, large: &[&str]) -> Value<f64> {
    let Some(node) = node else { return Value::Absent };
    if let Value::Known(text) = node.text() {
        let lower = text.to_ascii_lowercase();
        let count = large.iter().find_map(|unit| lower.strip_suffix(unit)?.trim().parse::<f64>().ok());
        if let Some(count) = count {
            return Value::Known(count * 1024.0);
        }
    }
    node.number()
}

fn container(p: Properties<'_>) -> Container {
    let named = |entry: &Properties<'_>| entry.pattern("Name").known().cloned().unwrap_or_else(|| "…".to_owned());
    Container {
        name: p.text("Name"),
        image: p.text("Image"),
        ports: p.parts("PortMappings").into_iter().map(|mapping| mapping.number("ContainerPort")).collect(),
        environment: p.parts("Environment").into_iter().map(|entry| (named(&entry), entry.text("Value"))).collect(),
        secrets: p.parts("Secrets").into_iter().map(|entry| (named(&entry), entry.link("ValueFrom"))).collect(),
        log_driver: p.text("LogConfiguration.LogDriver"),
        log_group: p.link("LogConfiguration.Options.awslogs-group"),
        readonly_root: p.flag("ReadonlyRootFilesystem"),
        has_health_check: p.at("HealthCheck").is_some(),
    }
}

pub(in crate::read::cloudformation::map) fn service(p: Properties<'_>) -> Service {
    let network = "NetworkConfiguration.AwsvpcConfiguration";
    Service {
        cluster: p.link("Cluster"),
        task_definition: p.link("TaskDefinition"),
        desired_count: p.number("DesiredCount"),
        launch_type: p.text("LaunchType"),
        capacity_providers: strategy(p, "CapacityProviderStrategy"),
        subnets: p.links(&format!("{network}.Subnets")),
        security_groups: p.links(&format!("{network}.SecurityGroups")),
        public_ip: p.is(&format!("{network}.AssignPublicIp"), "ENABLED"),
        target_groups: p.parts("LoadBalancers").into_iter().map(|balancer| balancer.link("TargetGroupArn")).collect(),
        rolls_back: p.flag("DeploymentConfiguration.DeploymentCircuitBreaker.Rollback"),
    }
}

fn strategy(p: Properties<'_>, path: &str) -> Vec<CapacityProvider> {
    let provider = |p: Properties<'_>| CapacityProvider::read(p.text("CapacityProvider"), p.number("Base"), p.number("Weight"));
    p.parts(path).into_iter().map(provider).collect()
}

/// A cluster's own strategy holds for the services that have none; it stands in the cluster or in its association.
pub(in crate::read::cloudformation::map) fn apply_default_strategies(inventory: &mut Inventory, declared: &[Declared], names: &Names) {
    let mut defaults = HashMap::new();
    for resource in declared {
        let p = Properties { node: &resource.properties, names, id: &resource.id };
        let cluster = match resource.type_name.as_str() {
            "AWS::ECS::Cluster" => Value::Known(Link::To(resource.id.clone())),
            "AWS::ECS::ClusterCapacityProviderAssociations" => p.link("Cluster"),
            _ => continue,
        };
        if let (Value::Known(Link::To(cluster)), strategy @ [_, ..]) = (cluster, strategy(p, "DefaultCapacityProviderStrategy").as_slice()) {
            defaults.insert(cluster, strategy.to_vec());
        }
    }
    for resource in &mut inventory.resources {
        let Kind::Service(service) = &mut resource.kind else { continue };
        if let Value::Known(Link::To(cluster)) = &service.cluster
            && let Some(strategy) = defaults.get(cluster)
            && service.launch_type.is_absent()
            && service.capacity_providers.is_empty()
        {
            service.capacity_providers = strategy.clone();
        }
    }
}

pub(in crate::read::cloudformation::map) fn scaling_target(p: Properties<'_>) -> ScalingTarget {
    ScalingTarget { target: scaled(p), dimension: p.text("ScalableDimension"), min: p.number("MinCapacity"), max: p.number("MaxCapacity") }
}

/// Types that can be scaled, with the beginning of what names them.
const SCALED: [(&str, &[&str]); 3] = [
    ("service/", &["AWS::ECS::Service"]),
    ("table/", &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"]),
    ("function:", &["AWS::Lambda::Function", "AWS::Serverless::Function"]),
];

/// What `service/${Cluster}/${Service.Name}` scales: of the resources within it, the one that can be scaled. Where the names are
/// written as text, `service/prod/api`, the one of that name.
fn scaled(p: Properties<'_>) -> Value<Link> {
    let link = p.link("ResourceId");
    if let Value::Unknown(why) = &link {
        let is_scaled = |type_name: &str| SCALED.iter().any(|(_, types)| types.contains(&type_name));
        if let Some((id, _)) = p.names.within(why).into_iter().rfind(|(_, type_name)| is_scaled(type_name)) {
            return Value::Known(Link::To(id));
        }
    }
    let Value::Known(text) = p.pattern("ResourceId") else { return link };
    let found = SCALED.iter().find_map(|(beginning, types)| {
        let rest = text.strip_prefix(beginning)?;
        // A function's alias follows its name, a cluster goes before a service's, an index after a table's.
        let name = match *beginning {
            "service/" => rest.rsplit('/').next()?,
            _ => rest.split([':', '/']).next()?,
        };
        p.names.by_name(types, name)
    });
    found.map_or(link, |id| Value::Known(Link::To(id)))
}

pub(in crate::read::cloudformation::map) fn scaling_policy(p: Properties<'_>) -> ScalingPolicy {
    let metric = p.text("TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType");
    let scaling_target = match p.link("ScalingTargetId") {
        // Without the target's id a policy names what is scaled; `join` finds the target that scales it.
        Value::Absent => scaled(p),
        told => told,
    };
    ScalingPolicy { scaling_target, policy_type: p.text("PolicyType"), metric }
}
