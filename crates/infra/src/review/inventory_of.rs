//! What is there, by area of the required infrastructure.

use crate::inventory::{Inventory, Kind, Resource};
use crate::rules::Area;
use crate::value::Value;

/// A resource worth naming in an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// The area.
    pub area: Area,
    /// What it is, with the setting that matters most: `t3.medium instance`.
    pub what: String,
    /// The resource's id.
    pub id: String,
    /// `path:line`.
    pub place: String,
}

/// Every resource that belongs to an area, in the order of the inventory.
pub fn present(inventory: &Inventory) -> Vec<Present> {
    inventory.resources.iter().filter_map(one).collect()
}

fn one(resource: &Resource) -> Option<Present> {
    let (area, what) = describe(&resource.kind)?;
    Some(Present { area, what, id: resource.id.clone(), place: format!("{}:{}", resource.origin.file, resource.origin.line) })
}

/// Kinds that only join others (routes, attachments, rules) are not named by themselves.
fn describe(kind: &Kind) -> Option<(Area, String)> {
    let plain = |area, what: &str| Some((area, what.to_owned()));
    match kind {
        Kind::Instance(instance) => Some((Area::Compute, with(&instance.instance_type, "instance"))),
        Kind::LaunchTemplate(template) => Some((Area::Compute, with(&template.instance.instance_type, "launch template"))),
        Kind::AutoScalingGroup(_) => plain(Area::Compute, "Auto Scaling group"),
        Kind::Cluster(_) => plain(Area::Compute, "ECS cluster"),
        Kind::TaskDefinition(task) => match (task.cpu.known(), task.memory_mb.known()) {
            (Some(cpu), Some(memory)) => Some((Area::Compute, format!("task definition, {} vCPU and {memory} MB", cpu / 1024.0))),
            _ => plain(Area::Compute, "task definition"),
        },
        Kind::Service(service) => match &service.desired_count {
            Value::Known(n) => Some((Area::Compute, format!("ECS service, desired count {n}"))),
            _ => plain(Area::Compute, "ECS service"),
        },
        Kind::Function(function) => Some((Area::Compute, with(&function.runtime, "function"))),
        Kind::BeanstalkEnvironment(_) => plain(Area::Compute, "Elastic Beanstalk environment"),
        Kind::Vpc(vpc) => Some((Area::Networking, with(&vpc.cidr, "VPC"))),
        Kind::Subnet(subnet) => Some((Area::Networking, with(&subnet.cidr, "subnet"))),
        Kind::InternetGateway(_) => plain(Area::Networking, "internet gateway"),
        Kind::NatGateway(_) => plain(Area::Networking, "NAT gateway"),
        Kind::ElasticIp(_) => plain(Area::Networking, "Elastic IP"),
        Kind::SecurityGroup(_) => plain(Area::Networking, "security group"),
        Kind::FlowLog(_) => plain(Area::Networking, "flow log"),
        Kind::Endpoint(endpoint) => Some((Area::Networking, with(&endpoint.service, "VPC endpoint"))),
        Kind::LoadBalancer(_) => plain(Area::LoadBalancer, "load balancer"),
        Kind::Listener(listener) => Some((Area::LoadBalancer, with(&listener.protocol, "listener"))),
        Kind::TargetGroup(_) => plain(Area::LoadBalancer, "target group"),
        Kind::WebAcl(_) => plain(Area::LoadBalancer, "web ACL"),
        Kind::Api(_) => plain(Area::LoadBalancer, "API"),
        Kind::FunctionUrl(_) => plain(Area::LoadBalancer, "function URL"),
        Kind::Certificate(certificate) => Some((Area::Certificate, with(&certificate.domain, "certificate"))),
        Kind::Zone(zone) => Some((Area::Certificate, with(&zone.name, "hosted zone"))),
        Kind::Record(record) => Some((Area::Certificate, with(&record.name, "record"))),
        Kind::Secret(_) => plain(Area::Secrets, "secret"),
        Kind::Rotation(_) => plain(Area::Secrets, "rotation"),
        Kind::Parameter(parameter) => Some((Area::Secrets, with(&parameter.parameter_type, "parameter"))),
        Kind::Key(_) => plain(Area::Secrets, "KMS key"),
        Kind::Trail(_) => plain(Area::Monitoring, "trail"),
        Kind::LogGroup(_) => plain(Area::Monitoring, "log group"),
        Kind::Alarm(alarm) => Some((Area::Monitoring, with(&alarm.metric, "alarm"))),
        Kind::Dashboard(_) => plain(Area::Monitoring, "dashboard"),
        Kind::Topic(_) => plain(Area::Monitoring, "SNS topic"),
        Kind::InvocationLogging(_) => plain(Area::Bedrock, "log of model invocations"),
        Kind::Budget(_) => plain(Area::Account, "budget"),
        Kind::CostAnomaly(_) => plain(Area::Account, "watch on unusual costs"),
        Kind::Database(database) => Some((Area::Database, with(&database.class, "database"))),
        Kind::DatabaseCluster(cluster) => Some((Area::Database, with(&cluster.engine, "database cluster"))),
        Kind::Table(_) => plain(Area::Database, "DynamoDB table"),
        Kind::Cache(cache) => Some((Area::Caching, with(&cache.node_type, "cache"))),
        Kind::ServerlessCache(_) => plain(Area::Caching, "serverless cache"),
        Kind::Role(_) => plain(Area::Identity, "role"),
        Kind::User(_) => plain(Area::Identity, "user"),
        Kind::AccessKey(_) => plain(Area::Identity, "access key"),
        Kind::Policy(_) => plain(Area::Identity, "policy"),
        _ => None,
    }
}

fn with(value: &Value<String>, noun: &str) -> String {
    value.known().map_or(noun.to_owned(), |value| format!("{value} {noun}"))
}
