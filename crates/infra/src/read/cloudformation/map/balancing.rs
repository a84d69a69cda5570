//! Load balancers, listeners, target groups, web ACLs.

use super::properties::Properties;
use crate::inventory::balancing::{Action, Listener, LoadBalancer, TargetGroup, WebAcl};
use crate::value::Value;

pub(super) fn load_balancer(p: Properties<'_>) -> LoadBalancer {
    let attribute =
        |key: &str| p.find("LoadBalancerAttributes", |entry| entry.text("Key").map(|name| name == key)).and_then(|entry| entry.flag("Value"));
    let mut subnets = p.links("Subnets");
    subnets.extend(p.parts("SubnetMappings").into_iter().map(|mapping| mapping.link("SubnetId")));
    LoadBalancer {
        balancer_type: p.text("Type"),
        internal: p.is("Scheme", "internal"),
        subnets,
        security_groups: p.links("SecurityGroups"),
        access_logs: attribute("access_logs.s3.enabled"),
        deletion_protection: attribute("deletion_protection.enabled"),
        drops_invalid_headers: attribute("routing.http.drop_invalid_header_fields.enabled"),
    }
}

pub(super) fn listener(p: Properties<'_>) -> Listener {
    Listener {
        balancer: p.link("LoadBalancerArn"),
        port: p.number("Port"),
        protocol: p.text("Protocol"),
        ssl_policy: p.text("SslPolicy"),
        certificates: certificates(p),
        actions: p.parts("DefaultActions").into_iter().map(action).collect(),
    }
}

pub(super) fn certificates(p: Properties<'_>) -> Vec<Value<crate::Link>> {
    p.parts("Certificates").into_iter().map(|certificate| certificate.link("CertificateArn")).collect()
}

pub(super) fn action(p: Properties<'_>) -> Action {
    let single = Some(p.link("TargetGroupArn")).filter(|link| !link.is_absent());
    let weighted = p.parts("ForwardConfig.TargetGroups").into_iter().map(|group| group.link("TargetGroupArn"));
    let mut target_groups: Vec<Value<crate::Link>> = Vec::new();
    // Templates name a single group in both places.
    for group in single.into_iter().chain(weighted) {
        if !target_groups.contains(&group) {
            target_groups.push(group);
        }
    }
    Action { action_type: p.text("Type"), redirect_protocol: p.text("RedirectConfig.Protocol"), target_groups, paths: Vec::new() }
}

/// The actions of a rule, each with the paths that the rule is about.
pub(super) fn actions_of_rule(p: Properties<'_>) -> Vec<Action> {
    let is_path = |condition: &Properties<'_>| condition.text("Field").holds(true, |field| field == "path-pattern") == Some(true);
    let conditions: Vec<Properties<'_>> = p.parts("Conditions").into_iter().filter(is_path).collect();
    let either = ["PathPatternConfig.Values", "Values"];
    let paths: Vec<Value<String>> = conditions.iter().flat_map(|condition| either.iter().flat_map(|path| condition.texts(path))).collect();
    p.parts("Actions").into_iter().map(|part| Action { paths: paths.clone(), ..action(part) }).collect()
}

pub(super) fn target_group(p: Properties<'_>) -> TargetGroup {
    TargetGroup {
        vpc: p.link("VpcId"),
        port: p.number("Port"),
        protocol: p.text("Protocol"),
        target_type: p.text("TargetType"),
        health_check_path: p.text("HealthCheckPath"),
        targets: p.parts("Targets").into_iter().map(|target| target.link("Id")).collect(),
    }
}

pub(super) fn web_acl(p: Properties<'_>) -> WebAcl {
    WebAcl { rules: p.nodes("Rules").len() as u32, protects: Vec::new() }
}
