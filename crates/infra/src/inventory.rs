//! The inventory: every resource that templates declare, in one set of types whatever language declared it.

pub mod api;
pub mod balancing;
pub mod compute;
pub mod data;
pub mod identity;
pub mod names;
pub mod network;
pub mod observe;
pub mod secrets;

use crate::value::Value;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// All that was read, and all that could not be.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inventory {
    /// Where each id stands among the resources.
    #[serde(skip)]
    pub index: Index,
    /// In the order in which they were read.
    pub resources: Vec<Resource>,
    /// Declared resources of types that have no place in `Kind`. Listed, never dropped.
    pub unrecognised: Vec<Unrecognised>,
    /// What could not be read, and where: what stands there may declare resources that nobody saw.
    pub problems: Vec<Problem>,
    /// What was read otherwise than its writer may expect. It hides values at most, and no resource.
    pub notices: Vec<Problem>,
    /// The languages that declared something.
    pub languages: Vec<Language>,
    /// Resources, by id, of which it cannot be told whether they are there at all, with why: a condition or count that a deployment decides.
    pub conditional: BTreeMap<String, String>,
    /// What resources have, by their id, that costs money and that no kind tells.
    pub extras: BTreeMap<String, Vec<Extra>>,
}

/// Something that costs money and has no place in a kind, in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// It comes on top of what the kind tells.
    Beside(String),
    /// It is what is charged, in place of what the kind tells.
    Instead(String),
}

/// A language of infrastructure as code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// CloudFormation and SAM templates.
    CloudFormation,
    /// Terraform modules, plans and state files.
    Terraform,
    /// CDK: its synthesised output, or an application that has none yet.
    Cdk,
}

/// One declared resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    /// Unique in the inventory: `stack/LogicalId`, `module.a.aws_x.y[0]`.
    pub id: String,
    /// Where it is declared.
    pub origin: Origin,
    /// Its region. Absent when nothing names one.
    pub region: Value<String>,
    /// What it is.
    pub kind: Kind,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// Relative to the folder that was read, with forward slashes.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// The path within the template, such as `Resources.Service` or `aws_ecs_service.api`.
    pub path: String,
}

/// Another resource, or something that the files only name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The resource with this id.
    To(String),
    /// A name, id or ARN of something that is not declared here.
    Outside(String),
}

/// A resource of a type that is not known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unrecognised {
    /// As `Resource::id`.
    pub id: String,
    /// Its type, as its language spells it.
    pub type_name: String,
    /// Where it is declared.
    pub origin: Origin,
}

/// Something that could not be read, or not as it was meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, relative.
    pub file: String,
    /// The line, from 1, when the reader knows it.
    pub line: Option<u32>,
    /// One sentence.
    pub message: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($type:ty),)*) => {
        /// What a resource is. Each variant holds exactly what review, price and diagrams look at.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $name(Box<$type>),)*
        }

        $(impl From<$type> for Kind {
            fn from(value: $type) -> Kind {
                Kind::$name(Box::new(value))
            }
        })*

        $(impl OfKind for $type {
            fn of(kind: &Kind) -> Option<&$type> {
                match kind {
                    Kind::$name(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

kinds! {
    /// An EC2 instance.
    Instance(compute::Instance),
    /// An EBS volume declared by itself.
    Volume(compute::Volume),
    /// A launch template or configuration.
    LaunchTemplate(compute::LaunchTemplate),
    /// An Auto Scaling group.
    AutoScalingGroup(compute::AutoScalingGroup),
    /// An ECS cluster.
    Cluster(compute::Cluster),
    /// An ECS task definition.
    TaskDefinition(compute::TaskDefinition),
    /// An ECS service.
    Service(compute::Service),
    /// An Application Auto Scaling target.
    ScalingTarget(compute::ScalingTarget),
    /// A policy by which a service or an Auto Scaling group scales.
    ScalingPolicy(compute::ScalingPolicy),
    /// A Lambda function.
    Function(compute::Function),
    /// A Lambda function's own URL.
    FunctionUrl(compute::FunctionUrl),
    /// An Elastic Beanstalk application.
    BeanstalkApplication(compute::BeanstalkApplication),
    /// An Elastic Beanstalk environment.
    BeanstalkEnvironment(compute::BeanstalkEnvironment),
    /// A VPC.
    Vpc(network::Vpc),
    /// A subnet.
    Subnet(network::Subnet),
    /// An internet gateway.
    InternetGateway(network::InternetGateway),
    /// A NAT gateway.
    NatGateway(network::NatGateway),
    /// An Elastic IP address.
    ElasticIp(network::ElasticIp),
    /// A route table with its routes and subnets.
    RouteTable(network::RouteTable),
    /// A security group with its rules.
    SecurityGroup(network::SecurityGroup),
    /// A flow log.
    FlowLog(network::FlowLog),
    /// A VPC endpoint.
    Endpoint(network::Endpoint),
    /// A load balancer.
    LoadBalancer(balancing::LoadBalancer),
    /// A listener.
    Listener(balancing::Listener),
    /// A target group.
    TargetGroup(balancing::TargetGroup),
    /// A web ACL.
    WebAcl(balancing::WebAcl),
    /// An API Gateway API, of any protocol.
    Api(api::Api),
    /// A stage of an API.
    Stage(api::Stage),
    /// A route or method of an API.
    Route(api::Route),
    /// An integration of an API.
    Integration(api::Integration),
    /// An API key of a REST API.
    ApiKey(api::ApiKey),
    /// A usage plan of a REST API.
    UsagePlan(api::UsagePlan),
    /// An authorizer.
    Authorizer(api::Authorizer),
    /// An RDS instance.
    Database(data::Database),
    /// A cluster of RDS instances.
    DatabaseCluster(data::DatabaseCluster),
    /// A DynamoDB table.
    Table(data::Table),
    /// An ElastiCache cluster or replication group.
    Cache(data::Cache),
    /// A serverless ElastiCache cache.
    ServerlessCache(data::ServerlessCache),
    /// An S3 bucket.
    Bucket(data::Bucket),
    /// An SQS queue.
    Queue(data::Queue),
    /// An ECR repository.
    ImageRepository(data::ImageRepository),
    /// A secret of Secrets Manager.
    Secret(secrets::Secret),
    /// A secret's rotation schedule.
    Rotation(secrets::Rotation),
    /// A parameter of Systems Manager.
    Parameter(secrets::Parameter),
    /// A KMS key.
    Key(secrets::Key),
    /// An IAM role.
    Role(identity::Role),
    /// An instance profile.
    InstanceProfile(identity::InstanceProfile),
    /// An IAM user.
    User(identity::User),
    /// An access key of an IAM user.
    AccessKey(identity::AccessKey),
    /// A policy with its own name, attached or not.
    Policy(identity::Policy),
    /// A CloudTrail trail.
    Trail(observe::Trail),
    /// A log group.
    LogGroup(observe::LogGroup),
    /// A metric filter of a log group.
    MetricFilter(observe::MetricFilter),
    /// A metric alarm.
    Alarm(observe::Alarm),
    /// A dashboard.
    Dashboard(observe::Dashboard),
    /// An SNS topic.
    Topic(observe::Topic),
    /// A subscription to a topic.
    Subscription(observe::Subscription),
    /// A budget.
    Budget(observe::Budget),
    /// A monitor or subscription for cost anomalies.
    CostAnomaly(observe::CostAnomaly),
    /// Bedrock's logging of model invocations.
    InvocationLogging(observe::InvocationLogging),
    /// A hosted zone.
    Zone(names::Zone),
    /// A record of a zone.
    Record(names::Record),
    /// An ACM certificate.
    Certificate(names::Certificate),
}

/// A type that one variant of `Kind` holds.
pub trait OfKind: Sized {
    /// The value, when the kind is this one.
    fn of(kind: &Kind) -> Option<&Self>;
}

/// Made when it is first asked for. It says nothing that the resources do not, so that all indexes are equal and a copy makes its own.
#[derive(Debug, Default)]
pub struct Index(OnceLock<HashMap<String, usize>>);

impl Clone for Index {
    fn clone(&self) -> Index {
        Index::default()
    }
}

impl PartialEq for Index {
    fn eq(&self, _: &Index) -> bool {
        true
    }
}

impl Inventory {
    /// The resources of one kind, each with where it stands.
    pub fn all<T: OfKind + 'static>(&self) -> impl Iterator<Item = (&Resource, &T)> {
        self.resources.iter().filter_map(|resource| Some((resource, T::of(&resource.kind)?)))
    }

    /// The resource with this id.
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        let index = self.index.0.get_or_init(|| {
            let places = self.resources.iter().enumerate().rev();
            places.map(|(place, resource)| (resource.id.clone(), place)).collect()
        });
        match index.get(id).map(|place| self.resources.get(*place)) {
            Some(Some(resource)) if resource.id == id => Some(resource),
            None if index.len() == self.resources.len() => None,
            // Resources were added or moved since the index was made.
            _ => self.resources.iter().find(|resource| resource.id == id),
        }
    }

    /// Forgets where ids stand, after resources were put in another order.
    pub(crate) fn forget_places(&mut self) {
        self.index = Index::default();
    }

    /// What a link points at, when it is a declared resource of this kind.
    pub fn follow<T: OfKind>(&self, link: &Value<Link>) -> Option<(&Resource, &T)> {
        let Value::Known(Link::To(id)) = link else { return None };
        let resource = self.resource(id)?;
        Some((resource, T::of(&resource.kind)?))
    }
}
