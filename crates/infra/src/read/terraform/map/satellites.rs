//! Resources that only add to another: a rule to its group, a route to its table, a policy to its role.

use super::reader::Reader;
use crate::inventory::Link;
use crate::value::Value;

const BALANCER: &[&str] = &["aws_lb", "aws_alb"];
const BUCKET: &[&str] = &["aws_s3_bucket"];
const GROUP: &[&str] = &["aws_security_group", "aws_default_security_group"];
const GROUP_OF_TARGETS: &[&str] = &["aws_lb_target_group", "aws_alb_target_group"];
const LISTENER: &[&str] = &["aws_lb_listener", "aws_alb_listener"];
const ROLE: &[&str] = &["aws_iam_role"];
const SCALING_GROUP: &[&str] = &["aws_autoscaling_group"];
const SECRET: &[&str] = &["aws_secretsmanager_secret"];
const TABLE: &[&str] = &["aws_route_table", "aws_default_route_table"];
const USER: &[&str] = &["aws_iam_user"];

/// Its type, the argument that names what it adds to, and the types that may be.
const SATELLITES: &[(&str, &str, &[&str])] = &[
    ("aws_security_group_rule", "security_group_id", GROUP),
    ("aws_vpc_security_group_ingress_rule", "security_group_id", GROUP),
    ("aws_vpc_security_group_egress_rule", "security_group_id", GROUP),
    ("aws_route", "route_table_id", TABLE),
    ("aws_route_table_association", "route_table_id", TABLE),
    ("aws_main_route_table_association", "route_table_id", TABLE),
    ("aws_internet_gateway_attachment", "internet_gateway_id", &["aws_internet_gateway"]),
    ("aws_eip_association", "allocation_id", &["aws_eip"]),
    ("aws_vpc_endpoint_subnet_association", "vpc_endpoint_id", &["aws_vpc_endpoint"]),
    ("aws_vpc_endpoint_route_table_association", "vpc_endpoint_id", &["aws_vpc_endpoint"]),
    ("aws_volume_attachment", "volume_id", &["aws_ebs_volume"]),
    ("aws_autoscaling_attachment", "autoscaling_group_name", SCALING_GROUP),
    ("aws_autoscaling_traffic_source_attachment", "autoscaling_group_name", SCALING_GROUP),
    ("aws_ecs_cluster_capacity_providers", "cluster_name", &["aws_ecs_cluster"]),
    ("aws_lb_target_group_attachment", "target_group_arn", GROUP_OF_TARGETS),
    ("aws_alb_target_group_attachment", "target_group_arn", GROUP_OF_TARGETS),
    ("aws_lb_listener_certificate", "listener_arn", LISTENER),
    ("aws_lb_listener_rule", "listener_arn", LISTENER),
    ("aws_alb_listener_rule", "listener_arn", LISTENER),
    ("aws_wafv2_web_acl_association", "web_acl_arn", &["aws_wafv2_web_acl"]),
    ("aws_elasticache_cluster", "replication_group_id", super::caches::REPLICATION_GROUPS),
    ("aws_api_gateway_method_settings", "stage_name", &["aws_api_gateway_stage"]),
    ("aws_s3_bucket_public_access_block", "bucket", BUCKET),
    ("aws_s3_bucket_versioning", "bucket", BUCKET),
    ("aws_sqs_queue_redrive_policy", "queue_url", &["aws_sqs_queue"]),
    ("aws_secretsmanager_secret_version", "secret_id", SECRET),
    ("aws_iam_role_policy", "role", ROLE),
    ("aws_iam_role_policy_attachment", "role", ROLE),
    ("aws_iam_policy_attachment", "roles", ROLE),
    ("aws_iam_policy_attachment", "users", USER),
    ("aws_iam_user_policy", "user", USER),
    ("aws_iam_user_policy_attachment", "user", USER),
    ("aws_iam_user_login_profile", "user", USER),
    ("aws_route53_zone_association", "zone_id", &["aws_route53_zone"]),
];

/// Load balancers may also be named by what is joined to them.
pub(super) const BALANCERS: &[&str] = BALANCER;

/// The ids of the declared resources that this one adds to. None: it is no such resource, or adds to something outside.
pub(super) fn targets(reader: &Reader<'_>) -> Vec<String> {
    let rows = SATELLITES.iter().filter(|(type_name, _, _)| *type_name == reader.type_name());
    let links = rows.flat_map(|(_, argument, types)| reader.links(argument, types).into_iter().map(move |link| (link, *types)));
    let targets = links.filter_map(|(link, types)| match link {
        Value::Known(Link::To(id)) => {
            let is_meant = reader.follow(&Value::Known(Link::To(id.clone()))).is_some_and(|to| types.contains(&to.type_name()));
            is_meant.then_some(id)
        }
        _ => None,
    });
    targets.collect()
}
