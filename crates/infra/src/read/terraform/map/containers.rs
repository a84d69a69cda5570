//! ECS and Application Auto Scaling.

use super::compute::TARGET_GROUPS;
use super::network::{GROUPS, SUBNETS};
use super::reader::Reader;
use crate::attribute::{Attribute, Node};
use crate::inventory::compute::{CapacityProvider, Cluster, Container, ScalingPolicy, ScalingTarget, Service, TaskDefinition};
use crate::inventory::{Kind, Link};
use crate::value::Value;

const CLUSTERS: &[&str] = &["aws_ecs_cluster"];
const LOG_GROUPS: &[&str] = &["aws_cloudwatch_log_group"];
const ROLES: &[&str] = &["aws_iam_role"];
const SCALED: &[&str] = &["aws_ecs_service", "aws_dynamodb_table", "aws_lambda_function", "aws_lambda_alias"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_ecs_cluster" => cluster(reader).into(),
        "aws_ecs_task_definition" => task_definition(reader).into(),
        "aws_ecs_service" => service(reader).into(),
        "aws_appautoscaling_target" => ScalingTarget {
            target: scaled(reader),
            dimension: reader.text("scalable_dimension"),
            min: reader.number("min_capacity"),
            max: reader.number("max_capacity"),
        }
        .into(),
        "aws_appautoscaling_policy" => ScalingPolicy {
            scaling_target: scaling_target(reader),
            // The provider's own default.
            policy_type: reader.text("policy_type").or_default_of("StepScaling".to_owned()),
            metric: reader.text("target_tracking_scaling_policy_configuration.predefined_metric_specification.predefined_metric_type"),
        }
        .into(),
        _ => return None,
    })
}

fn cluster(reader: &Reader<'_>) -> Cluster {
    let insights = reader.blocks("setting").into_iter().find(|setting| setting.text("name") == Value::Known("containerInsights".to_owned()));
    Cluster { container_insights: insights.map_or(Value::Absent, |setting| setting.text("value").map(|value| value != "disabled")) }
}

fn task_definition(reader: &Reader<'_>) -> TaskDefinition {
    TaskDefinition {
        cpu: amount(reader.text("cpu"), "vcpu"),
        memory_mb: amount(reader.text("memory"), "gb"),
        architecture: reader.text("runtime_platform.cpu_architecture"),
        ephemeral_gb: reader.number("ephemeral_storage.size_in_gib"),
        compatibilities: reader.texts("requires_compatibilities"),
        execution_role: reader.link("execution_role_arn", ROLES),
        task_role: reader.link("task_role_arn", ROLES),
        containers: containers(reader),
    }
}

/// `512`, or with a unit of 1,024 of them: `0.5 vCPU`, `1 GB`.
fn amount(text: Value<String>, unit: &str) -> Value<f64> {
    let text = match text {
        Value::Known(text) => text,
        Value::Unknown(why) => return Value::Unknown(why),
        Value::Absent => return Value::Absent,
    };
    let lower = text.trim().to_lowercase();
    let (number, factor) = lower.strip_suffix(unit).map_or((lower.as_str(), 1.0), |number| (number, 1024.0));
    number.trim().parse::<f64>().map_or_else(|_| Value::Unknown(format!("{text:?} is not an amount")), |number| Value::Known(number * factor))
}

/// The definitions, whether they are a value, a JSON text, or a text of which parts are unknown.
fn containers(reader: &Reader<'_>) -> Vec<Container> {
    let Some(node) = reader.document("container_definitions") else { return Vec::new() };
    let are_definitions = matches!(node.attribute, Attribute::List(_) | Attribute::Map(_))
        && node.items().iter().all(|item| matches!(item.attribute, Attribute::Map(_) | Attribute::Unknown(_)));
    let node = if are_definitions {
        node
    } else {
        let why = match node.text() {
            Value::Unknown(why) => why,
            _ => match node.items().first().map(|item| item.text()) {
                // Of a plan: what its expression refers to.
                Some(Value::Unknown(why)) => why,
                _ => "the definitions are not JSON".to_owned(),
            },
        };
        Node::new(Attribute::Unknown(why), node.line)
    };
    node.items().into_iter().map(|item| container(&reader.on(item))).collect()
}

fn container(reader: &Reader<'_>) -> Container {
    let pairs = |path: &str| reader.blocks(path).into_iter().map(|pair| (pair.text("name").known().cloned().unwrap_or_else(|| "…".to_owned()), pair));
    let options = "logConfiguration.options";
    let log_group = match reader.find(options).map(|node| &node.attribute) {
        Some(Attribute::Map(_) | Attribute::Unknown(_)) => reader.link(&format!("{options}.awslogs-group"), LOG_GROUPS),
        _ => Value::Absent,
    };
    Container {
        name: reader.text("name"),
        image: reader.text("image"),
        ports: reader.blocks("portMappings").iter().map(|mapping| mapping.number("containerPort")).collect(),
        environment: pairs("environment").map(|(name, pair)| (name, pair.text("value"))).collect(),
        secrets: pairs("secrets").map(|(name, pair)| (name, pair.link("valueFrom", &[]))).collect(),
        log_driver: reader.text("logConfiguration.logDriver"),
        log_group,
        readonly_root: reader.flag("readonlyRootFilesystem"),
        has_health_check: reader.has("healthCheck") && !matches!(reader.this().attribute, Attribute::Unknown(_)),
    }
}

fn service(reader: &Reader<'_>) -> Service {
    let cluster = reader.link("cluster", CLUSTERS);
    let launch_type = reader.some_text("launch_type");
    let mut capacity_providers: Vec<_> = reader.blocks("capacity_provider_strategy").iter().map(strategy).collect();
    if capacity_providers.is_empty() && launch_type.is_absent() {
        // The cluster's own strategy holds where the service has none.
        let defaults = reader.follow(&cluster).map(|cluster| cluster.satellites(&["aws_ecs_cluster_capacity_providers"])).unwrap_or_default();
        capacity_providers = defaults.iter().flat_map(|one| one.blocks("default_capacity_provider_strategy")).map(|block| strategy(&block)).collect();
    }
    let balancers = reader.blocks("load_balancer");
    Service {
        cluster,
        task_definition: reader.link("task_definition", &["aws_ecs_task_definition"]),
        desired_count: desired_count(reader),
        launch_type,
        capacity_providers,
        subnets: reader.links("network_configuration.subnets", SUBNETS),
        security_groups: reader.links("network_configuration.security_groups", GROUPS),
        public_ip: reader.flag("network_configuration.assign_public_ip"),
        target_groups: balancers.iter().map(|one| one.link("target_group_arn", TARGET_GROUPS)).filter(|link| !link.is_absent()).collect(),
        rolls_back: reader.flag("deployment_circuit_breaker.rollback"),
    }
}

/// Tasks that are kept. Without a word none are in Terraform, until what scales the service lifts it to its least.
fn desired_count(reader: &Reader<'_>) -> Value<f64> {
    match (reader.number("desired_count"), reader.scaled_by()) {
        (Value::Absent, _) if reader.is("scheduling_strategy", "DAEMON") == Value::Known(true) => {
            Value::Unknown("it runs once on each instance of its cluster".to_owned())
        }
        (Value::Absent, Some(target)) => target.number("min_capacity").or_default_of(0.0),
        (told, _) => told.or_default_of(0.0),
    }
}

fn strategy(reader: &Reader<'_>) -> CapacityProvider {
    CapacityProvider::read(reader.text("capacity_provider"), reader.number("base"), reader.number("weight"))
}

/// What `service/cluster/name`, `table/name` or `function:name:alias` means.
pub(super) fn scaled(reader: &Reader<'_>) -> Value<Link> {
    let text = match reader.text_or_expression("resource_id") {
        Value::Known(text) => text,
        other => return other.map(Link::Outside),
    };
    // Of a text with holes the last one names it; what stands before is its cluster.
    if let Some(one) = reader.holes(&text).into_iter().rev().find(|one| SCALED.contains(&one.type_name.as_str())) {
        return Value::Known(Link::To(one.id.clone()));
    }
    let told = reader.text("resource_id");
    if text.contains("${") || told.is_unknown() {
        return told.map(Link::Outside);
    }
    let name = text.split(['/', ':']).filter(|part| !part.starts_with("arn")).collect::<Vec<_>>();
    let (types, name): (&[&str], &str) = match name[..] {
        ["service", _, name] => (&["aws_ecs_service"], name),
        ["table", name, ..] => (&["aws_dynamodb_table"], name),
        ["function", name, ..] => (&["aws_lambda_function"], name),
        _ => return Value::Known(Link::Outside(text)),
    };
    match reader.link_of(&Node::new(Attribute::Text(name.to_owned()), reader.line()), types) {
        Value::Known(Link::Outside(_)) => Value::Known(Link::Outside(text)),
        link => link,
    }
}

/// The target that a policy follows: the one it refers to, else the one of the same resource and dimension.
fn scaling_target(reader: &Reader<'_>) -> Value<Link> {
    let link = reader.link("resource_id", &["aws_appautoscaling_target"]);
    if let Value::Known(Link::To(_)) = link {
        return link;
    }
    reader.same_scaling().map_or(link, |target| Value::Known(Link::To(target.declared.id.clone())))
}

/// What a target or policy is about, as it is written: its root, the resource and the dimension.
pub(super) type ScalingKey = (usize, Option<String>, Option<String>);

pub(super) fn scaling_key(reader: &Reader<'_>) -> ScalingKey {
    let written = |name: &str| reader.text_or_expression(name).known().cloned();
    (reader.declared.root, written("resource_id"), written("scalable_dimension"))
}
