//! ECS: clusters, task definitions, services, and how services scale.

use crate::attribute::Node;
use crate::inventory::compute::{CapacityProvider, Cluster, Container, ScalingPolicy, ScalingTarget, Service, TaskDefinition};
use crate::inventory::{Inventory, Kind, Link};
use crate::read::cloudformation::Declared;
use crate::read::cloudformation::map::properties::{Names, Properties};
use crate::value::Value;
use std::collections::HashMap;

pub(in crate::read::cloudformation::map) fn cluster(p: Properties<'_>) -> Cluster {
    let settings = p.parts("ClusterSettings").into_iter();
    let mut insights = settings.filter(|setting| setting.text("Name").known().is_some_and(|name| name == "containerInsights"));
    let container_insights = insights.next().map_or(Value::Absent, |setting| setting.text("Value").map(|value| value != "disabled"));
    Cluster { container_insights }
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

/// What `service/${Cluster}/${Service.Name}` scales: of the resources within it, the one that can be scaled.
fn scaled(p: Properties<'_>) -> Value<Link> {
    let link = p.link("ResourceId");
    let Value::Unknown(why) = &link else { return link };
    let scalable =
        |type_name: &str| type_name == "AWS::ECS::Service" || type_name.starts_with("AWS::DynamoDB::") || type_name.ends_with("::Function");
    let found = p.names.within(why).into_iter().rfind(|(_, type_name)| scalable(type_name));
    found.map_or(link, |(id, _)| Value::Known(Link::To(id)))
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
