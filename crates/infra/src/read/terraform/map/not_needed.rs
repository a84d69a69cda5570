//! Types that neither review nor price look at: they are parts of others, names for others, or permissions between them, and cost nothing.

use super::reader::Reader;
use crate::read::terraform::declared::Declared;
use crate::value::Value;

/// A `*` at the end stands for any rest. Of AWS the same as the CloudFormation reader leaves out, and what is a property there.
const NOT_NEEDED: &[&str] = &[
    "aws_acm_certificate_validation",
    "aws_api_gateway_account",
    "aws_api_gateway_base_path_mapping",
    "aws_api_gateway_deployment",
    "aws_api_gateway_domain_name",
    "aws_api_gateway_gateway_response",
    "aws_api_gateway_integration_response",
    "aws_api_gateway_method_response",
    "aws_api_gateway_model",
    "aws_api_gateway_request_validator",
    "aws_api_gateway_resource",
    "aws_api_gateway_usage_plan_key",
    "aws_apigatewayv2_api_mapping",
    "aws_apigatewayv2_deployment",
    "aws_apigatewayv2_domain_name",
    "aws_apigatewayv2_integration_response",
    "aws_cloudwatch_log_resource_policy",
    "aws_db_parameter_group",
    "aws_db_subnet_group",
    "aws_ecs_capacity_provider",
    "aws_elastic_beanstalk_application_version",
    "aws_elasticache_parameter_group",
    "aws_elasticache_subnet_group",
    // Of a policy that is declared, to somebody who is not.
    "aws_iam_group_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachment",
    "aws_iam_user_policy_attachment",
    "aws_iam_service_linked_role",
    "aws_key_pair",
    "aws_kms_alias",
    "aws_lambda_alias",
    "aws_lambda_event_source_mapping",
    "aws_lambda_function_event_invoke_config",
    "aws_lambda_layer_version",
    "aws_lambda_permission",
    "aws_network_acl",
    "aws_network_acl_association",
    "aws_network_acl_rule",
    "aws_s3_bucket_cors_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_secretsmanager_secret_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
    "aws_vpc_dhcp_options",
    "aws_vpc_dhcp_options_association",
    "aws_wafv2_web_acl_logging_configuration",
    // Other providers' bookkeeping, which builds nothing.
    "archive_file",
    "local_file",
    "null_resource",
    "random_*",
    "terraform_data",
    "time_*",
];

/// Whether there is nothing to say of a resource that has no kind.
pub(super) fn is_not_needed(reader: &Reader<'_>) -> bool {
    let type_name = reader.type_name();
    let is_mock = type_name == "aws_api_gateway_integration" && reader.is("type", "MOCK") == Value::Known(true);
    is_mock || NOT_NEEDED.iter().any(|known| known.strip_suffix('*').map_or(*known == type_name, |start| type_name.starts_with(start)))
}

/// Whether a record is how a certificate is validated. CloudFormation makes it by itself, so that it is a part of the certificate.
pub(in crate::read::terraform) fn is_validation(declared: &Declared) -> bool {
    let of_certificate = |name: &str| match declared.body.get(name) {
        Some(node) => node.items().into_iter().any(|item| match item.text() {
            Value::Unknown(why) => why.contains(".domain_validation_options"),
            Value::Known(text) => text.trim_end_matches('.').ends_with(".acm-validations.aws"),
            Value::Absent => false,
        }),
        None => false,
    };
    declared.type_name == "aws_route53_record" && (of_certificate("name") || of_certificate("records"))
}
