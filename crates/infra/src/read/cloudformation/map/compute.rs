//! EC2, Lambda, Elastic Beanstalk; ECS has its own file.

pub(super) mod ecs;

use super::properties::Properties;
use crate::inventory::compute::{
    AutoScalingGroup, BeanstalkApplication, BeanstalkEnvironment, Function, FunctionUrl, Instance, LaunchTemplate, ScalingPolicy, Volume,
};
use crate::read::base64;
use crate::value::Value;
use std::collections::BTreeMap;

pub(super) fn instance(p: Properties<'_>) -> Instance {
    Instance { instance_profile: p.link("IamInstanceProfile"), cpu_credits: p.text("CreditSpecification.CPUCredits"), ..common(p) }
}

/// What instances, launch templates and launch configurations spell alike.
fn common(p: Properties<'_>) -> Instance {
    // Settings of the network stand with the first interface when one is declared.
    let interfaces = p.parts("NetworkInterfaces");
    let interface = interfaces.first();
    let or_interface = |own: Value<crate::Link>, name: &str| match (own, interface) {
        (Value::Absent, Some(interface)) => interface.link(name),
        (own, _) => own,
    };
    let mut security_groups = p.links("SecurityGroupIds");
    security_groups.extend(p.links("SecurityGroups"));
    if let Some(interface) = interface {
        security_groups.extend(interface.links("GroupSet"));
        security_groups.extend(interface.links("Groups"));
    }
    let template = p.link("LaunchTemplate.LaunchTemplateId");
    Instance {
        instance_type: instance_type(p),
        subnet: or_interface(p.link("SubnetId"), "SubnetId"),
        security_groups,
        public_ip: interface.map_or(p.flag("AssociatePublicIpAddress"), |interface| interface.flag("AssociatePublicIpAddress")),
        instance_profile: Value::Absent,
        key_name: p.text("KeyName"),
        metadata_token_required: p.is("MetadataOptions.HttpTokens", "required"),
        metadata_hop_limit: p.number("MetadataOptions.HttpPutResponseHopLimit"),
        user_data: user_data(p),
        launch_template: if template.is_absent() { p.link("LaunchTemplate.LaunchTemplateName") } else { template },
        cpu_credits: Value::Absent,
        volumes: p.parts("BlockDeviceMappings").into_iter().filter_map(ebs).collect(),
    }
}

/// The type; where the template only says what it must be capable of, capacity and price decide.
fn instance_type(p: Properties<'_>) -> Value<String> {
    match p.text("InstanceType") {
        Value::Absent if p.at("InstanceRequirements").is_some() => Value::Unknown("it is any type that meets its InstanceRequirements".to_owned()),
        told => told,
    }
}

/// The script, with `${…}` for what a deployment fills in. Text that is base 64 by itself is decoded; `Fn::Base64` was never encoded.
fn user_data(p: Properties<'_>) -> Value<String> {
    p.pattern("UserData").map(|text| match base64::decode(&text).and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(decoded) if decoded.starts_with(['#', '<']) || decoded.contains('\n') => decoded,
        _ => text,
    })
}

fn ebs(mapping: Properties<'_>) -> Option<Volume> {
    let p = mapping.part("Ebs")?;
    let is_data = Volume::is_data_device(&mapping.text("DeviceName"));
    Some(Volume { size_gb: p.number("VolumeSize"), throughput: p.number("Throughput"), is_data, ..volume_settings(p) })
}

pub(super) fn volume(p: Properties<'_>) -> Volume {
    Volume { size_gb: p.number("Size"), throughput: p.number("Throughput"), ..volume_settings(p) }
}

fn volume_settings(p: Properties<'_>) -> Volume {
    Volume { volume_type: p.text("VolumeType"), iops: p.number("Iops"), encrypted: p.flag("Encrypted"), ..Volume::default() }
}

pub(super) fn launch_template(p: Properties<'_>) -> LaunchTemplate {
    let Some(p) = p.part("LaunchTemplateData") else { return LaunchTemplate::default() };
    let profile = p.link("IamInstanceProfile.Arn");
    let instance_profile = if profile.is_absent() { p.link("IamInstanceProfile.Name") } else { profile };
    LaunchTemplate { instance: Instance { instance_profile, cpu_credits: p.text("CreditSpecification.CpuCredits"), ..common(p) } }
}

pub(super) fn launch_configuration(p: Properties<'_>) -> LaunchTemplate {
    LaunchTemplate { instance: Instance { instance_profile: p.link("IamInstanceProfile"), ..common(p) } }
}

pub(super) fn auto_scaling_group(p: Properties<'_>) -> AutoScalingGroup {
    let templates = [
        "LaunchTemplate.LaunchTemplateId",
        "LaunchTemplate.LaunchTemplateName",
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName",
        "LaunchConfigurationName",
    ];
    AutoScalingGroup {
        min: p.number("MinSize"),
        max: p.number("MaxSize"),
        desired: p.number("DesiredCapacity"),
        subnets: p.links("VPCZoneIdentifier"),
        launch_template: templates.iter().map(|path| p.link(path)).find(|link| !link.is_absent()).unwrap_or_default(),
        target_groups: p.links("TargetGroupARNs"),
    }
}

pub(super) fn group_scaling_policy(p: Properties<'_>) -> ScalingPolicy {
    ScalingPolicy {
        scaling_target: p.link("AutoScalingGroupName"),
        policy_type: p.text("PolicyType").or_default_of("SimpleScaling".to_owned()),
        metric: p.text("TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType"),
    }
}

pub(super) fn function(p: Properties<'_>) -> Function {
    Function {
        runtime: p.text("Runtime"),
        memory_mb: p.number("MemorySize"),
        timeout_s: p.number("Timeout"),
        architecture: p.texts("Architectures").into_iter().next().unwrap_or_default(),
        ephemeral_mb: p.number("EphemeralStorage.Size"),
        role: p.link("Role"),
        environment: p.map("Environment.Variables"),
        environment_key: p.link("KmsKeyArn"),
        subnets: p.links("VpcConfig.SubnetIds"),
        security_groups: p.links("VpcConfig.SecurityGroupIds"),
        reserved_concurrency: p.number("ReservedConcurrentExecutions"),
        tracing: p.is("TracingConfig.Mode", "Active"),
        dead_letters: p.link("DeadLetterConfig.TargetArn"),
    }
}

pub(super) fn function_url(p: Properties<'_>) -> FunctionUrl {
    FunctionUrl { function: p.link("TargetFunctionArn"), auth_type: p.text("AuthType") }
}

pub(super) fn beanstalk_application(p: Properties<'_>) -> BeanstalkApplication {
    BeanstalkApplication { name: p.text("ApplicationName") }
}

pub(super) fn beanstalk_environment(p: Properties<'_>) -> BeanstalkEnvironment {
    BeanstalkEnvironment { application: p.link("ApplicationName"), platform: platform(p), settings: option_settings(p) }
}

/// The platform of an environment or of a configuration template.
pub(super) fn platform(p: Properties<'_>) -> Value<String> {
    let stack = p.text("SolutionStackName");
    if stack.is_absent() { p.text("PlatformArn") } else { stack }
}

/// The settings of an environment or of a configuration template, by `namespace/name`.
pub(super) fn option_settings(p: Properties<'_>) -> BTreeMap<String, Value<String>> {
    let settings = p.parts("OptionSettings").into_iter().map(|setting| {
        let part = |name: &str| setting.pattern(name).known().cloned().unwrap_or_else(|| "…".to_owned());
        // A setting that refers to a resource is read by what it refers to, such as the role's name.
        (format!("{}/{}", part("Namespace"), part("OptionName")), setting.text("Value"))
    });
    settings.collect()
}
