//! EC2, Lambda and Elastic Beanstalk.

use super::network::{GROUPS, SUBNETS};
use super::reader::Reader;
use crate::attribute::Attribute;
use crate::inventory::Kind;
use crate::inventory::compute::{
    AutoScalingGroup, BeanstalkApplication, BeanstalkEnvironment, Function, FunctionUrl, Instance, LaunchTemplate, ScalingPolicy, Volume,
};
use crate::read::base64;
use crate::value::Value;
use std::collections::BTreeMap;

const PROFILES: &[&str] = &["aws_iam_instance_profile"];
const ROLES: &[&str] = &["aws_iam_role"];
const TEMPLATES: &[&str] = &["aws_launch_template", "aws_launch_configuration"];
pub(super) const FUNCTIONS: &[&str] = &["aws_lambda_function"];
pub(super) const TARGET_GROUPS: &[&str] = &["aws_lb_target_group", "aws_alb_target_group"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_instance" => instance(reader).into(),
        "aws_ebs_volume" => volume(reader, "size", "type").into(),
        "aws_launch_template" => LaunchTemplate { instance: instance_of_template(reader) }.into(),
        "aws_launch_configuration" => LaunchTemplate { instance: instance(reader) }.into(),
        "aws_autoscaling_group" => scaling_group(reader).into(),
        "aws_autoscaling_policy" => ScalingPolicy {
            scaling_target: reader.link("autoscaling_group_name", &["aws_autoscaling_group"]),
            policy_type: reader.text("policy_type").or_default_of("SimpleScaling".to_owned()),
            metric: reader.text("target_tracking_configuration.predefined_metric_specification.predefined_metric_type"),
        }
        .into(),
        "aws_lambda_function" => function(reader).into(),
        "aws_lambda_function_url" => {
            FunctionUrl { function: reader.link("function_name", FUNCTIONS), auth_type: reader.text("authorization_type") }.into()
        }
        "aws_elastic_beanstalk_application" => BeanstalkApplication { name: reader.text("name") }.into(),
        "aws_elastic_beanstalk_environment" => beanstalk(reader).into(),
        _ => return None,
    })
}

/// An instance, or a launch configuration, which spells the same.
fn instance(reader: &Reader<'_>) -> Instance {
    let mut security_groups = reader.links("vpc_security_group_ids", GROUPS);
    security_groups.extend(reader.links("security_groups", GROUPS));
    let root = reader.blocks("root_block_device").into_iter().map(|block| volume(&block, "volume_size", "volume_type"));
    let further = reader.blocks("ebs_block_device").into_iter().map(|block| attached(&block, &block));
    Instance {
        instance_type: reader.text("instance_type"),
        subnet: reader.link("subnet_id", SUBNETS),
        security_groups,
        public_ip: reader.flag("associate_public_ip_address"),
        instance_profile: reader.link("iam_instance_profile", PROFILES),
        key_name: reader.some_text("key_name"),
        metadata_token_required: reader.is("metadata_options.http_tokens", "required"),
        metadata_hop_limit: reader.number("metadata_options.http_put_response_hop_limit"),
        user_data: user_data(reader),
        launch_template: template_of(reader),
        cpu_credits: reader.text("credit_specification.cpu_credits"),
        volumes: root.chain(further).collect(),
    }
}

fn instance_of_template(reader: &Reader<'_>) -> Instance {
    let mut security_groups = reader.links("vpc_security_group_ids", GROUPS);
    security_groups.extend(reader.links("network_interfaces.security_groups", GROUPS));
    let profile = if reader.has("iam_instance_profile.name") { "iam_instance_profile.name" } else { "iam_instance_profile.arn" };
    let mappings = reader.blocks("block_device_mappings").into_iter();
    let volumes = mappings.flat_map(|mapping| mapping.blocks("ebs").into_iter().map(move |ebs| attached(&mapping, &ebs)));
    Instance {
        instance_type: reader.text("instance_type"),
        subnet: reader.link("network_interfaces.subnet_id", SUBNETS),
        security_groups,
        public_ip: reader.flag("network_interfaces.associate_public_ip_address"),
        instance_profile: reader.link(profile, PROFILES),
        key_name: reader.some_text("key_name"),
        metadata_token_required: reader.is("metadata_options.http_tokens", "required"),
        metadata_hop_limit: reader.number("metadata_options.http_put_response_hop_limit"),
        user_data: decoded(pattern_of(reader, "user_data")),
        launch_template: Value::Absent,
        cpu_credits: reader.text("credit_specification.cpu_credits"),
        volumes: volumes.collect(),
    }
}

/// A disk on a device that a mapping names.
fn attached(mapping: &Reader<'_>, ebs: &Reader<'_>) -> Volume {
    Volume { is_data: Volume::is_data_device(&mapping.text("device_name")), ..volume(ebs, "volume_size", "volume_type") }
}

fn volume(reader: &Reader<'_>, size: &str, volume_type: &str) -> Volume {
    Volume {
        size_gb: reader.number(size),
        volume_type: reader.text(volume_type),
        iops: reader.number("iops"),
        throughput: reader.number("throughput"),
        encrypted: reader.flag("encrypted"),
        is_data: false,
    }
}

fn user_data(reader: &Reader<'_>) -> Value<String> {
    if reader.has("user_data_base64") { decoded(reader.pattern("user_data_base64")) } else { pattern_of(reader, "user_data") }
}

fn pattern_of(reader: &Reader<'_>, path: &str) -> Value<String> {
    match reader.pattern(path) {
        Value::Known(text) if text.is_empty() => Value::Absent,
        other => other,
    }
}

/// The text behind base 64; what is no base 64 is the text itself.
fn decoded(encoded: Value<String>) -> Value<String> {
    encoded.map(|encoded| base64::decode(&encoded).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(encoded))
}

/// The launch template, by id or by name.
fn template_of(reader: &Reader<'_>) -> Value<crate::Link> {
    let names = [
        "launch_template.id",
        "launch_template.name",
        "mixed_instances_policy.launch_template.launch_template_specification.launch_template_id",
        "mixed_instances_policy.launch_template.launch_template_specification.launch_template_name",
        "launch_configuration",
    ];
    names.iter().map(|name| reader.link(name, TEMPLATES)).find(|link| !link.is_absent()).unwrap_or_default()
}

fn scaling_group(reader: &Reader<'_>) -> AutoScalingGroup {
    let mut target_groups = reader.links("target_group_arns", TARGET_GROUPS);
    target_groups.extend(reader.blocks("traffic_source").iter().map(|source| source.link("identifier", TARGET_GROUPS)));
    let attachments = reader.satellites(&["aws_autoscaling_attachment"]);
    target_groups.extend(attachments.iter().filter(|one| one.has("lb_target_group_arn")).map(|one| one.link("lb_target_group_arn", TARGET_GROUPS)));
    let sources = reader.satellites(&["aws_autoscaling_traffic_source_attachment"]);
    target_groups.extend(sources.iter().map(|source| source.link("traffic_source.identifier", TARGET_GROUPS)));
    AutoScalingGroup {
        min: reader.number("min_size"),
        max: reader.number("max_size"),
        desired: reader.number("desired_capacity"),
        subnets: reader.links("vpc_zone_identifier", SUBNETS),
        launch_template: template_of(reader),
        target_groups,
    }
}

fn function(reader: &Reader<'_>) -> Function {
    let reserved = match reader.number("reserved_concurrent_executions") {
        // -1 is Terraform's word for no limit.
        Value::Known(limit) if limit < 0.0 => Value::Absent,
        limit => limit,
    };
    Function {
        runtime: reader.some_text("runtime"),
        memory_mb: reader.number("memory_size"),
        timeout_s: reader.number("timeout"),
        architecture: reader.texts("architectures").into_iter().next().unwrap_or_default(),
        ephemeral_mb: reader.number("ephemeral_storage.size"),
        role: reader.link("role", ROLES),
        environment: variables(reader, "environment.variables"),
        environment_key: reader.link("kms_key_arn", &["aws_kms_key"]),
        subnets: reader.links("vpc_config.subnet_ids", SUBNETS),
        security_groups: reader.links("vpc_config.security_group_ids", GROUPS),
        reserved_concurrency: reserved,
        tracing: reader.is("tracing_config.mode", "Active"),
        dead_letters: reader.link("dead_letter_config.target_arn", &["aws_sqs_queue", "aws_sns_topic"]),
    }
}

/// Variables by name. Variables that are not known at all are one of that name.
fn variables(reader: &Reader<'_>, path: &str) -> BTreeMap<String, Value<String>> {
    let Some(node) = reader.value(path) else { return BTreeMap::new() };
    match &node.attribute {
        Attribute::Map(entries) => {
            entries.keys().map(|name| (name.clone(), reader.on(&node).text(name))).filter(|(_, value)| !value.is_absent()).collect()
        }
        _ => BTreeMap::from([("…".to_owned(), reader.text(path))]),
    }
}

fn beanstalk(reader: &Reader<'_>) -> BeanstalkEnvironment {
    let platform = ["solution_stack_name", "platform_arn"].iter().map(|name| reader.text(name)).find(|text| !text.is_absent());
    let settings = reader.blocks("setting").into_iter().map(|setting| {
        let part = |name: &str| setting.text(name).known().cloned().unwrap_or_else(|| "…".to_owned());
        (format!("{}/{}", part("namespace"), part("name")), setting.text("value"))
    });
    BeanstalkEnvironment {
        application: reader.link("application", &["aws_elastic_beanstalk_application"]),
        platform: platform.unwrap_or_default(),
        settings: settings.collect(),
    }
}
