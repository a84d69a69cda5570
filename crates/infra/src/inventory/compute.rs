//! Where code runs: EC2, ECS, Lambda, Elastic Beanstalk.

use super::Link;
use crate::value::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// An EC2 instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Instance {
    /// Such as `t3.medium`.
    pub instance_type: Value<String>,
    /// The subnet.
    pub subnet: Value<Link>,
    /// Its security groups.
    pub security_groups: Vec<Value<Link>>,
    /// Whether it gets a public address at launch. Absent: the subnet decides.
    pub public_ip: Value<bool>,
    /// The instance profile that gives it a role.
    pub instance_profile: Value<Link>,
    /// The key pair for SSH.
    pub key_name: Value<String>,
    /// Whether metadata needs a token (IMDSv2).
    pub metadata_token_required: Value<bool>,
    /// Hops that a metadata answer may take.
    pub metadata_hop_limit: Value<f64>,
    /// What runs at first boot, decoded when it was base 64.
    pub user_data: Value<String>,
    /// The launch template that the rest comes from.
    pub launch_template: Value<Link>,
    /// `unlimited` or `standard`, for burstable types.
    pub cpu_credits: Value<String>,
    /// The root volume and those declared inline.
    pub volumes: Vec<Volume>,
}

/// An EBS volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Volume {
    /// Gigabytes.
    pub size_gb: Value<f64>,
    /// `gp3`, `gp2`, `io2` …
    pub volume_type: Value<String>,
    /// Provisioned I/O operations a second.
    pub iops: Value<f64>,
    /// MB/s.
    pub throughput: Value<f64>,
    /// Whether it is encrypted.
    pub encrypted: Value<bool>,
    /// Whether an instance has it besides its root disk.
    pub is_data: bool,
}

impl Volume {
    /// Whether a device is not the one that images have their root disk on.
    pub(crate) fn is_data_device(device: &Value<String>) -> bool {
        device.known().is_some_and(|device| !["xvda", "sda1", "sda", "nvme0n1"].contains(&device.trim_start_matches("/dev/")))
    }
}

/// A launch template; its fields are an instance's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LaunchTemplate {
    /// What instances made from it are like.
    pub instance: Instance,
}

/// An Auto Scaling group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AutoScalingGroup {
    /// Fewest instances.
    pub min: Value<f64>,
    /// Most instances.
    pub max: Value<f64>,
    /// Wanted instances. Absent: the fewest.
    pub desired: Value<f64>,
    /// Where they run.
    pub subnets: Vec<Value<Link>>,
    /// What they are like.
    pub launch_template: Value<Link>,
    /// Target groups that they join.
    pub target_groups: Vec<Value<Link>>,
}

/// An ECS cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cluster {
    /// Whether Container Insights is on, enhanced or not.
    pub container_insights: Value<bool>,
}

/// An ECS task definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TaskDefinition {
    /// CPU units; 1,024 are one vCPU.
    pub cpu: Value<f64>,
    /// MiB.
    pub memory_mb: Value<f64>,
    /// `X86_64` or `ARM64`. Absent: `X86_64`.
    pub architecture: Value<String>,
    /// Gigabytes of ephemeral storage. Absent: 20.
    pub ephemeral_gb: Value<f64>,
    /// The launch types that it is made for, such as `FARGATE`.
    pub compatibilities: Vec<Value<String>>,
    /// The role that pulls images and writes logs.
    pub execution_role: Value<Link>,
    /// The role that the code has.
    pub task_role: Value<Link>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Container {
    /// Its name.
    pub name: Value<String>,
    /// The image.
    pub image: Value<String>,
    /// Ports it listens on.
    pub ports: Vec<Value<f64>>,
    /// Plain environment variables.
    pub environment: BTreeMap<String, Value<String>>,
    /// Variables that come from a secret store, with where from.
    pub secrets: BTreeMap<String, Value<Link>>,
    /// `awslogs` and others. Absent: its output goes nowhere.
    pub log_driver: Value<String>,
    /// The log group.
    pub log_group: Value<Link>,
    /// Whether its root file system is read-only.
    pub readonly_root: Value<bool>,
    /// Whether it has a health check of its own.
    pub has_health_check: bool,
}

/// An ECS service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Service {
    /// The cluster.
    pub cluster: Value<Link>,
    /// What it runs.
    pub task_definition: Value<Link>,
    /// Tasks wanted. Absent: 1.
    pub desired_count: Value<f64>,
    /// `FARGATE` or `EC2`. Absent when capacity providers decide.
    pub launch_type: Value<String>,
    /// Capacity providers, such as `FARGATE_SPOT`.
    pub capacity_providers: Vec<CapacityProvider>,
    /// Where tasks run.
    pub subnets: Vec<Value<Link>>,
    /// Their security groups.
    pub security_groups: Vec<Value<Link>>,
    /// Whether each task gets a public address. Absent: no.
    pub public_ip: Value<bool>,
    /// Target groups that tasks join.
    pub target_groups: Vec<Value<Link>>,
    /// Whether a failed deployment is rolled back.
    pub rolls_back: Value<bool>,
}

/// A capacity provider's part in where a service's tasks run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CapacityProvider {
    /// `FARGATE`, `FARGATE_SPOT`, or a group of instances.
    pub name: Value<String>,
    /// Tasks that it gets before any other. Absent: none.
    pub base: Value<f64>,
    /// Its share of the tasks beyond the base. Absent: none.
    pub weight: Value<f64>,
}

impl CapacityProvider {
    /// As a reader finds it: a base or weight of 0 is as good as none.
    pub(crate) fn read(name: Value<String>, base: Value<f64>, weight: Value<f64>) -> CapacityProvider {
        let some = |value: Value<f64>| if value == Value::Known(0.0) { Value::Absent } else { value };
        CapacityProvider { name, base: some(base), weight: some(weight) }
    }
}

/// What Application Auto Scaling scales.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScalingTarget {
    /// The service, table or function. Unknown when its name cannot be told apart.
    pub target: Value<Link>,
    /// Such as `ecs:service:DesiredCount`.
    pub dimension: Value<String>,
    /// Fewest.
    pub min: Value<f64>,
    /// Most.
    pub max: Value<f64>,
}

/// How a scaling target or an Auto Scaling group scales.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScalingPolicy {
    /// Its scaling target, or the group.
    pub scaling_target: Value<Link>,
    /// Such as `TargetTrackingScaling`.
    pub policy_type: Value<String>,
    /// The predefined metric that it follows.
    pub metric: Value<String>,
}

/// A Lambda function.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Function {
    /// Such as `python3.13`; absent for images.
    pub runtime: Value<String>,
    /// MB. Absent: 128.
    pub memory_mb: Value<f64>,
    /// Seconds. Absent: 3.
    pub timeout_s: Value<f64>,
    /// `x86_64` or `arm64`. Absent: `x86_64`.
    pub architecture: Value<String>,
    /// MB of ephemeral storage. Absent: 512.
    pub ephemeral_mb: Value<f64>,
    /// Its role.
    pub role: Value<Link>,
    /// Plain environment variables.
    pub environment: BTreeMap<String, Value<String>>,
    /// The key that encrypts them.
    pub environment_key: Value<Link>,
    /// Subnets, when it is in a VPC.
    pub subnets: Vec<Value<Link>>,
    /// Security groups, when it is in a VPC.
    pub security_groups: Vec<Value<Link>>,
    /// Executions at once, when limited.
    pub reserved_concurrency: Value<f64>,
    /// Whether it is traced.
    pub tracing: Value<bool>,
    /// Where events go that it could not take.
    pub dead_letters: Value<Link>,
}

/// A function's own URL.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FunctionUrl {
    /// The function.
    pub function: Value<Link>,
    /// `AWS_IAM` or `NONE`.
    pub auth_type: Value<String>,
}

/// An Elastic Beanstalk application.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BeanstalkApplication {
    /// Its name.
    pub name: Value<String>,
}

/// An Elastic Beanstalk environment, its settings by `namespace/name`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BeanstalkEnvironment {
    /// The application.
    pub application: Value<Link>,
    /// The platform.
    pub platform: Value<String>,
    /// Such as `aws:autoscaling:launchconfiguration/InstanceType`.
    pub settings: BTreeMap<String, Value<String>>,
}
