//! Load balancers, their listeners and target groups, and web ACLs.

use super::compute::{FUNCTIONS, TARGET_GROUPS};
use super::network::{GROUPS, SUBNETS, VPCS};
use super::reader::Reader;
use super::satellites::BALANCERS;
use crate::inventory::Kind;
use crate::inventory::balancing::{Action, Listener, LoadBalancer, TargetGroup, WebAcl};
use crate::value::Value;

const CERTIFICATES: &[&str] = &["aws_acm_certificate"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_lb" | "aws_alb" => balancer(reader).into(),
        "aws_lb_listener" | "aws_alb_listener" => listener(reader).into(),
        "aws_lb_target_group" | "aws_alb_target_group" => target_group(reader).into(),
        "aws_wafv2_web_acl" => web_acl(reader).into(),
        _ => return None,
    })
}

fn balancer(reader: &Reader<'_>) -> LoadBalancer {
    let mut subnets = reader.links("subnets", SUBNETS);
    subnets.extend(reader.blocks("subnet_mapping").iter().map(|mapping| mapping.link("subnet_id", SUBNETS)));
    let access_logs = match reader.has("access_logs") {
        // The provider's own default of `enabled`.
        true => reader.flag("access_logs.enabled").or_default_of(false),
        false => Value::Absent,
    };
    LoadBalancer {
        balancer_type: reader.text("load_balancer_type"),
        internal: reader.flag("internal"),
        subnets,
        security_groups: reader.links("security_groups", GROUPS),
        access_logs,
        deletion_protection: reader.flag("enable_deletion_protection"),
        drops_invalid_headers: reader.flag("drop_invalid_header_fields"),
    }
}

fn listener(reader: &Reader<'_>) -> Listener {
    let mut certificates = reader.links("certificate_arn", CERTIFICATES);
    let further = reader.satellites(&["aws_lb_listener_certificate"]);
    certificates.extend(further.iter().map(|one| one.link("certificate_arn", CERTIFICATES)));
    let rules = reader.satellites(&["aws_lb_listener_rule", "aws_alb_listener_rule"]);
    Listener {
        balancer: reader.link("load_balancer_arn", BALANCERS),
        port: reader.number("port"),
        protocol: reader.text("protocol"),
        ssl_policy: reader.some_text("ssl_policy"),
        certificates,
        actions: reader.blocks("default_action").iter().map(action).chain(rules.iter().flat_map(actions_of_rule)).collect(),
    }
}

/// The actions of a rule, each with the paths that the rule is about.
fn actions_of_rule(rule: &Reader<'_>) -> Vec<Action> {
    let patterns = rule.blocks("condition").into_iter().flat_map(|condition| condition.blocks("path_pattern"));
    let paths: Vec<Value<String>> = patterns.flat_map(|pattern| pattern.texts("values")).collect();
    rule.blocks("action").iter().map(|block| Action { paths: paths.clone(), ..action(block) }).collect()
}

fn action(reader: &Reader<'_>) -> Action {
    let mut target_groups = reader.links("target_group_arn", TARGET_GROUPS);
    if target_groups.is_empty() {
        let forwards = reader.blocks("forward").into_iter().flat_map(|forward| forward.blocks("target_group"));
        target_groups.extend(forwards.map(|group| group.link("arn", TARGET_GROUPS)));
    }
    Action { action_type: reader.text("type"), redirect_protocol: reader.text("redirect.protocol"), target_groups, paths: Vec::new() }
}

fn target_group(reader: &Reader<'_>) -> TargetGroup {
    let attachments = reader.satellites(&["aws_lb_target_group_attachment", "aws_alb_target_group_attachment"]);
    let targets: Vec<&str> = super::network::INSTANCES.iter().chain(FUNCTIONS).copied().collect();
    TargetGroup {
        vpc: reader.link("vpc_id", VPCS),
        port: reader.number("port"),
        protocol: reader.text("protocol"),
        target_type: reader.text("target_type"),
        health_check_path: reader.some_text("health_check.path"),
        targets: attachments.iter().map(|one| one.link("target_id", &targets)).collect(),
    }
}

fn web_acl(reader: &Reader<'_>) -> WebAcl {
    let associations = reader.satellites(&["aws_wafv2_web_acl_association"]);
    WebAcl {
        rules: u32::try_from(reader.blocks("rule").len()).unwrap_or(u32::MAX),
        protects: associations.iter().map(|one| one.link("resource_arn", &[])).collect(),
    }
}
