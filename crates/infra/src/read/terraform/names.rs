//! What resources are called by others besides their references.

/// A type, the argument that names it, and whether its `id` is that name too.
const NAMES: &[(&str, &str, bool)] = &[
    ("aws_autoscaling_group", "name", true),
    ("aws_cloudwatch_log_group", "name", true),
    // Its id was its identifier before version 5 of the provider.
    ("aws_db_instance", "identifier", false),
    ("aws_dynamodb_table", "name", true),
    ("aws_ecr_repository", "name", true),
    ("aws_ecs_cluster", "name", false),
    ("aws_ecs_service", "name", false),
    ("aws_ecs_task_definition", "family", true),
    ("aws_elastic_beanstalk_application", "name", true),
    ("aws_iam_instance_profile", "name", true),
    ("aws_iam_policy", "name", false),
    ("aws_iam_role", "name", true),
    ("aws_iam_user", "name", true),
    ("aws_lambda_function", "function_name", true),
    ("aws_launch_configuration", "name", true),
    ("aws_launch_template", "name", false),
    ("aws_s3_bucket", "bucket", true),
    ("aws_secretsmanager_secret", "name", false),
    ("aws_sns_topic", "name", false),
    ("aws_sqs_queue", "name", false),
    ("aws_ssm_parameter", "name", true),
];

/// The argument by which others name a resource of this type.
pub(super) fn named_by(type_name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(named, _, _)| *named == type_name).map(|(_, argument, _)| *argument)
}

/// The argument that the id of a resource of this type repeats.
pub(super) fn id_of(type_name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(named, _, is_id)| *named == type_name && *is_id).map(|(_, argument, _)| *argument)
}
