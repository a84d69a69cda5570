//! From properties to the inventory's types: one function for each resource type, then what other resources add to them.

mod api;
mod balancing;
mod compute;
mod data;
mod identity;
mod join;
mod known;
mod names;
mod network;
mod observe;
mod properties;
pub(crate) mod sam;
mod secrets;

use super::Declared;
use crate::inventory::{Inventory, Kind, Resource, Unrecognised};
use crate::read::extras;
use crate::value::Value;
use known::Names;
use properties::Properties;

/// Types that neither review nor price look at: they are parts of others, names for others, or permissions between them.
const NOT_NEEDED: [&str; 47] = [
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::IntegrationResponse",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::KeyPair",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "AWS::EC2::VolumeAttachment",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticBeanstalk::ApplicationVersion",
    "AWS::ElasticBeanstalk::ConfigurationTemplate",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::KMS::Alias",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::ResourcePolicy",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::Serverless::LayerVersion",
    "AWS::WAFv2::LoggingConfiguration",
];

/// The inventory of what is declared: resources, and those of unknown types.
pub(super) fn map(declared: &[Declared]) -> Inventory {
    let names = Names::of(declared);
    let mut inventory = Inventory::default();
    let mut without_kind = Vec::new();
    for resource in declared {
        extras::add(&mut inventory, &resource.id, &resource.type_name, &resource.properties);
        let properties = Properties { node: &resource.properties, names: &names, id: &resource.id };
        let kinds = match kind(&resource.type_name, properties) {
            Some(kind) => vec![(String::new(), kind)],
            None => several(&resource.type_name, properties),
        };
        if kinds.is_empty() {
            without_kind.push(resource);
        }
        for (suffix, kind) in kinds {
            resource.add_to(&mut inventory, &suffix, kind);
        }
    }
    network::add_default_groups(&mut inventory, declared);
    let joined = join::join(&mut inventory, declared, &names);
    let is_listed = |one: &Declared| !joined.contains(one.id.as_str()) && !NOT_NEEDED.contains(&one.type_name.as_str());
    for one in without_kind.into_iter().filter(|one| is_listed(one)) {
        let (id, type_name) = (one.id.clone(), one.type_name.clone());
        inventory.unrecognised.push(Unrecognised { id, type_name, origin: one.origin.clone() });
    }
    compute::ecs::apply_default_strategies(&mut inventory, declared, &names);
    sam::apply_defaults(&mut inventory, declared, &names);
    inventory
}

impl Declared {
    /// Adds something that it is to the inventory, under its own id with a suffix. What may not be there is noted as such.
    fn add_to(&self, inventory: &mut Inventory, suffix: &str, kind: Kind) {
        let id = format!("{}{suffix}", self.id);
        if let Some(why) = &self.doubt {
            inventory.conditional.insert(id.clone(), why.clone());
        }
        let region = self.region.clone().map_or(Value::Absent, Value::Known);
        inventory.resources.push(Resource { id, origin: self.origin.clone(), region, kind });
    }
}

/// What one resource is, when it is exactly one thing.
fn kind(type_name: &str, p: Properties<'_>) -> Option<Kind> {
    Some(match type_name {
        "AWS::EC2::Instance" => compute::instance(p).into(),
        "AWS::EC2::Volume" => compute::volume(p).into(),
        "AWS::EC2::LaunchTemplate" => compute::launch_template(p).into(),
        "AWS::AutoScaling::LaunchConfiguration" => compute::launch_configuration(p).into(),
        "AWS::AutoScaling::AutoScalingGroup" => compute::auto_scaling_group(p).into(),
        "AWS::AutoScaling::ScalingPolicy" => compute::group_scaling_policy(p).into(),
        "AWS::ECS::Cluster" => compute::ecs::cluster(p).into(),
        "AWS::ECS::TaskDefinition" => compute::ecs::task_definition(p).into(),
        "AWS::ECS::Service" => compute::ecs::service(p).into(),
        "AWS::ApplicationAutoScaling::ScalableTarget" => compute::ecs::scaling_target(p).into(),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => compute::ecs::scaling_policy(p).into(),
        "AWS::Lambda::Function" => compute::function(p).into(),
        "AWS::Lambda::Url" => compute::function_url(p).into(),
        "AWS::ElasticBeanstalk::Application" => compute::beanstalk_application(p).into(),
        "AWS::ElasticBeanstalk::Environment" => compute::beanstalk_environment(p).into(),
        "AWS::EC2::VPC" => network::vpc(p).into(),
        "AWS::EC2::Subnet" => network::subnet(p).into(),
        "AWS::EC2::InternetGateway" => crate::inventory::network::InternetGateway::default().into(),
        "AWS::EC2::NatGateway" => network::nat_gateway(p).into(),
        "AWS::EC2::EIP" => network::elastic_ip(p).into(),
        "AWS::EC2::RouteTable" => network::route_table(p).into(),
        "AWS::EC2::SecurityGroup" => network::security_group(p).into(),
        "AWS::EC2::FlowLog" => network::flow_log(p).into(),
        "AWS::EC2::VPCEndpoint" => network::endpoint(p).into(),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => balancing::load_balancer(p).into(),
        "AWS::ElasticLoadBalancingV2::Listener" => balancing::listener(p).into(),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => balancing::target_group(p).into(),
        "AWS::WAFv2::WebACL" => balancing::web_acl(p).into(),
        "AWS::ApiGatewayV2::Api" => api::api(p).into(),
        "AWS::ApiGatewayV2::Stage" => api::stage(p).into(),
        "AWS::ApiGatewayV2::Route" => api::route(p).into(),
        "AWS::ApiGatewayV2::Integration" => api::integration(p).into(),
        "AWS::ApiGatewayV2::Authorizer" => api::authorizer(p, "ApiId", "AuthorizerType").into(),
        "AWS::ApiGateway::Stage" => api::rest_stage(p).into(),
        "AWS::ApiGateway::ApiKey" => api::api_key(p).into(),
        "AWS::ApiGateway::UsagePlan" => api::usage_plan(p).into(),
        "AWS::ApiGateway::Authorizer" => api::authorizer(p, "RestApiId", "Type").into(),
        "AWS::RDS::DBInstance" => data::database(p).into(),
        "AWS::RDS::DBCluster" => data::database_cluster(p).into(),
        "AWS::DynamoDB::Table" => data::table(p).into(),
        "AWS::DynamoDB::GlobalTable" => data::global_table(p).into(),
        "AWS::Serverless::SimpleTable" => sam::simple_table(p).into(),
        "AWS::ElastiCache::CacheCluster" => data::cache_cluster(p).into(),
        "AWS::ElastiCache::ReplicationGroup" => data::replication_group(p).into(),
        "AWS::ElastiCache::ServerlessCache" => data::serverless_cache(p).into(),
        "AWS::S3::Bucket" => data::bucket(p).into(),
        "AWS::SQS::Queue" => data::queue(p).into(),
        "AWS::ECR::Repository" => data::image_repository(p).into(),
        "AWS::SecretsManager::Secret" => secrets::secret(p).into(),
        "AWS::SecretsManager::RotationSchedule" => secrets::rotation(p).into(),
        "AWS::SSM::Parameter" => secrets::parameter(p).into(),
        "AWS::KMS::Key" => secrets::key(p).into(),
        "AWS::IAM::Role" => identity::role(p).into(),
        "AWS::IAM::InstanceProfile" => identity::instance_profile(p).into(),
        "AWS::IAM::User" => identity::user(p).into(),
        "AWS::IAM::AccessKey" => identity::access_key(p).into(),
        "AWS::IAM::ManagedPolicy" => identity::managed_policy(p).into(),
        "AWS::CloudTrail::Trail" => observe::trail(p).into(),
        "AWS::Logs::LogGroup" => observe::log_group(p).into(),
        "AWS::Logs::MetricFilter" => observe::metric_filter(p).into(),
        "AWS::CloudWatch::Alarm" => observe::alarm(p).into(),
        "AWS::CloudWatch::Dashboard" => observe::dashboard(p).into(),
        "AWS::SNS::Subscription" => observe::subscription(p).into(),
        "AWS::Budgets::Budget" => observe::budget(p).into(),
        "AWS::CE::AnomalyMonitor" => crate::inventory::observe::CostAnomaly { notifies: false }.into(),
        "AWS::CE::AnomalySubscription" => crate::inventory::observe::CostAnomaly { notifies: true }.into(),
        "AWS::Route53::HostedZone" => names::zone(p).into(),
        "AWS::Route53::RecordSet" => names::record(p, None).into(),
        "AWS::CertificateManager::Certificate" => names::certificate(p).into(),
        custom if is_custom(custom) => return observe::invocation_logging(p).map(Kind::from),
        _ => return None,
    })
}

/// What one resource is, when it stands for several things. Each has a suffix that keeps its id apart.
fn several(type_name: &str, p: Properties<'_>) -> Vec<(String, Kind)> {
    match type_name {
        "AWS::ApiGateway::Deployment" => api::stage_of_deployment(p),
        "AWS::ApiGateway::RestApi" => api::rest_api(p),
        "AWS::ApiGateway::Method" => api::method(p),
        "AWS::IAM::Group" => identity::group(p),
        "AWS::SNS::Topic" => observe::topic(p),
        "AWS::Route53::RecordSetGroup" => names::record_group(p),
        "AWS::Serverless::Function" => sam::function(p),
        "AWS::Serverless::Api" => sam::rest_api(p),
        "AWS::Serverless::HttpApi" => sam::http_api(p),
        _ => Vec::new(),
    }
}

fn is_custom(type_name: &str) -> bool {
    type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource"
}
