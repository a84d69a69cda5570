//! Each kind, with the resources that add to it.

use super::{clean, get, known, outside, to};
use crate::inventory::api::{Api, Integration, Protocol, Route, Stage, UsagePlan};
use crate::inventory::balancing::{Listener, LoadBalancer, TargetGroup, WebAcl};
use crate::inventory::compute::{
    AutoScalingGroup, BeanstalkEnvironment, CapacityProvider, Function, Instance, LaunchTemplate, ScalingPolicy, ScalingTarget, Service,
    TaskDefinition,
};
use crate::inventory::identity::{Policy, Role, User};
use crate::inventory::network::{ElasticIp, Endpoint, InternetGateway, RouteTable, SecurityGroup};
use crate::inventory::observe::{Alarm, Budget, LogGroup};
use crate::value::Value;

#[test]
fn a_security_group_has_its_rules_wherever_they_stand() {
    let inventory = clean(
        "resource \"aws_security_group\" \"it\" {
           ingress {
             protocol  = \"6\"
             from_port = 22
             to_port   = 22
             self      = true
           }
         }
         resource \"aws_security_group_rule\" \"a\" {
           security_group_id = aws_security_group.it.id
           type              = \"egress\"
           protocol          = \"all\"
           from_port         = 0
           to_port           = 0
           ipv6_cidr_blocks  = [\"::/0\"]
         }
         resource \"aws_vpc_security_group_ingress_rule\" \"b\" {
           security_group_id = aws_security_group.it.id
           cidr_ipv4         = \"10.0.0.0/8\"
           ip_protocol       = \"tcp\"
           from_port         = 80
           to_port           = 80
         }
         resource \"aws_vpc_security_group_egress_rule\" \"outside\" {
           security_group_id = \"sg-0123\"
           ip_protocol       = \"-1\"
         }",
    );
    let group: &SecurityGroup = get(&inventory, "aws_security_group.it");
    assert_eq!(group.ingress[0].protocol, known("tcp"));
    assert_eq!(group.ingress[0].group, to("aws_security_group.it"));
    assert_eq!((&group.ingress[1].cidr, &group.ingress[1].to_port), (&known("10.0.0.0/8"), &Value::Known(80.0)));
    let egress = &group.egress[0];
    assert_eq!((&egress.protocol, &egress.from_port, &egress.cidr), (&known("-1"), &Value::Absent, &known("::/0")));
    let listed: Vec<_> = inventory.unrecognised.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(listed, ["aws_vpc_security_group_egress_rule.outside"], "a rule of a group that is not here is listed, not dropped");
}

#[test]
fn a_route_table_has_routes_and_subnets_and_gateways_their_attachments() {
    let inventory = clean(
        "resource \"aws_internet_gateway\" \"it\" {}
         resource \"aws_internet_gateway_attachment\" \"it\" {
           internet_gateway_id = aws_internet_gateway.it.id
           vpc_id              = aws_vpc.it.id
         }
         resource \"aws_vpc\" \"it\" {}
         resource \"aws_subnet\" \"it\" {}
         resource \"aws_route_table\" \"it\" {}
         resource \"aws_route\" \"it\" {
           route_table_id         = aws_route_table.it.id
           destination_cidr_block = \"0.0.0.0/0\"
           gateway_id             = aws_internet_gateway.it.id
         }
         resource \"aws_route_table_association\" \"it\" {
           route_table_id = aws_route_table.it.id
           subnet_id      = aws_subnet.it.id
         }
         resource \"aws_instance\" \"it\" {}
         resource \"aws_eip\" \"it\" {}
         resource \"aws_eip_association\" \"it\" {
           allocation_id = aws_eip.it.allocation_id
           instance_id   = aws_instance.it.id
         }",
    );
    assert_eq!(inventory.unrecognised, []);
    assert_eq!(get::<InternetGateway>(&inventory, "aws_internet_gateway.it").vpc, to("aws_vpc.it"));
    let table: &RouteTable = get(&inventory, "aws_route_table.it");
    assert_eq!((&table.routes[0].destination, &table.routes[0].gateway), (&known("0.0.0.0/0"), &to("aws_internet_gateway.it")));
    assert_eq!(table.subnets, [to("aws_subnet.it")]);
    assert_eq!(get::<ElasticIp>(&inventory, "aws_eip.it").instance, to("aws_instance.it"));
}

#[test]
fn an_endpoint_is_told_by_its_service_with_or_without_a_region() {
    for name in
        ["\"com.amazonaws.us-east-1.ecr.api\"", "\"com.amazonaws.${var.region}.ecr.api\"", "\"com.amazonaws.${data.aws_region.now.name}.ecr.api\""]
    {
        let inventory = clean(&format!(
            "variable \"region\" {{}}\ndata \"aws_region\" \"now\" {{}}\nresource \"aws_vpc_endpoint\" \"it\" {{ service_name = {name} }}"
        ));
        assert_eq!(get::<Endpoint>(&inventory, "aws_vpc_endpoint.it").service, known("ecr.api"));
    }
}

#[test]
fn an_instance_has_its_disks_profile_and_metadata_options() {
    let inventory = clean(
        "resource \"aws_iam_instance_profile\" \"it\" { role = aws_iam_role.it.name }
         resource \"aws_iam_role\" \"it\" { name = \"it\" }
         resource \"aws_instance\" \"it\" {
           instance_type        = \"t3.medium\"
           iam_instance_profile = aws_iam_instance_profile.it.name
           user_data_base64     = base64encode(\"#!/bin/sh\")
           metadata_options { http_tokens = \"required\" }
           root_block_device {
             volume_size = 20
             volume_type = \"gp3\"
             encrypted   = \"true\"
           }
         }
         resource \"aws_launch_template\" \"it\" {
           instance_type = \"t4g.small\"
           user_data     = base64encode(\"hello ${aws_iam_role.it.arn}\")
           iam_instance_profile { arn = aws_iam_instance_profile.it.arn }
           block_device_mappings {
             ebs { volume_size = 30 }
           }
         }
         resource \"aws_autoscaling_group\" \"it\" {
           min_size = 1
           max_size = 3
           launch_template { id = aws_launch_template.it.id }
         }
         resource \"aws_autoscaling_attachment\" \"it\" {
           autoscaling_group_name = aws_autoscaling_group.it.name
           lb_target_group_arn    = aws_lb_target_group.it.arn
         }
         resource \"aws_lb_target_group\" \"it\" {}
         resource \"aws_lb_target_group_attachment\" \"it\" {
           target_group_arn = aws_lb_target_group.it.arn
           target_id        = aws_instance.it.id
         }",
    );
    let instance: &Instance = get(&inventory, "aws_instance.it");
    assert_eq!(instance.instance_profile, to("aws_iam_instance_profile.it"));
    assert_eq!(instance.metadata_token_required, Value::Known(true));
    assert_eq!(instance.user_data, known("#!/bin/sh"));
    assert_eq!((&instance.volumes[0].size_gb, &instance.volumes[0].encrypted), (&Value::Known(20.0), &Value::Known(true)));
    let template: &LaunchTemplate = get(&inventory, "aws_launch_template.it");
    assert_eq!(template.instance.volumes[0].size_gb, Value::Known(30.0));
    assert_eq!(template.instance.user_data, known("hello ${aws_iam_role.it.arn}"));
    let group: &AutoScalingGroup = get(&inventory, "aws_autoscaling_group.it");
    assert_eq!((&group.launch_template, &group.target_groups), (&to("aws_launch_template.it"), &vec![to("aws_lb_target_group.it")]));
    assert_eq!(get::<TargetGroup>(&inventory, "aws_lb_target_group.it").targets, [to("aws_instance.it")]);
}

#[test]
fn containers_are_read_from_a_document_of_which_parts_are_unknown() {
    let inventory = clean(
        "variable \"tag\" {}
         resource \"aws_cloudwatch_log_group\" \"it\" { name = \"/ecs/it\" }
         resource \"aws_secretsmanager_secret\" \"it\" {}
         resource \"aws_ecs_task_definition\" \"it\" {
           cpu                   = \".5 vCPU\"
           memory                = \"1 GB\"
           container_definitions = <<-JSON
             [{
               \"name\": \"api\",
               \"image\": \"example/api:${var.tag}\",
               \"portMappings\": [{\"containerPort\": 8000}],
               \"environment\": [{\"name\": \"MODE\", \"value\": \"live\"}],
               \"secrets\": [{\"name\": \"KEY\", \"valueFrom\": \"${aws_secretsmanager_secret.it.arn}:key::\"}],
               \"logConfiguration\": {\"logDriver\": \"awslogs\", \"options\": {\"awslogs-group\": \"/ecs/it\"}}
             }]
           JSON
         }",
    );
    let task: &TaskDefinition = get(&inventory, "aws_ecs_task_definition.it");
    assert_eq!((&task.cpu, &task.memory_mb), (&Value::Known(512.0), &Value::Known(1024.0)));
    let container = &task.containers[0];
    assert_eq!(container.image, Value::Unknown("it depends on what is known only at deployment: var.tag".to_owned()));
    assert_eq!(container.ports, [Value::Known(8000.0)]);
    assert_eq!(container.secrets["KEY"], to("aws_secretsmanager_secret.it"));
    assert_eq!(container.log_group, to("aws_cloudwatch_log_group.it"), "by its name");
}

#[test]
fn a_service_takes_its_clusters_strategy_and_is_what_a_target_scales() {
    let inventory = clean(
        "variable \"name\" {}
         resource \"aws_ecs_cluster\" \"it\" { name = var.name }
         resource \"aws_ecs_cluster_capacity_providers\" \"it\" {
           cluster_name = aws_ecs_cluster.it.name
           default_capacity_provider_strategy {
             capacity_provider = \"FARGATE_SPOT\"
             weight            = 2
           }
         }
         resource \"aws_ecs_service\" \"it\" {
           name    = var.name
           cluster = aws_ecs_cluster.it.arn
         }
         resource \"aws_appautoscaling_target\" \"it\" {
           resource_id        = \"service/${aws_ecs_cluster.it.name}/${aws_ecs_service.it.name}\"
           scalable_dimension = \"ecs:service:DesiredCount\"
           min_capacity       = 2
         }
         resource \"aws_appautoscaling_policy\" \"it\" {
           resource_id        = \"service/${aws_ecs_cluster.it.name}/${aws_ecs_service.it.name}\"
           scalable_dimension = \"ecs:service:DesiredCount\"
         }",
    );
    let spot = CapacityProvider { name: known("FARGATE_SPOT"), weight: Value::Known(2.0), ..CapacityProvider::default() };
    assert_eq!(get::<Service>(&inventory, "aws_ecs_service.it").capacity_providers, [spot]);
    assert_eq!(get::<ScalingTarget>(&inventory, "aws_appautoscaling_target.it").target, to("aws_ecs_service.it"));
    assert_eq!(get::<ScalingPolicy>(&inventory, "aws_appautoscaling_policy.it").scaling_target, to("aws_appautoscaling_target.it"));
}

#[test]
fn a_function_and_the_apis_in_front_of_it_are_joined() {
    let inventory = clean(
        "resource \"aws_lambda_function\" \"it\" {
           function_name                  = \"it\"
           architectures                  = [\"arm64\"]
           reserved_concurrent_executions = -1
           environment { variables = { MODE = \"live\" } }
           tracing_config { mode = \"Active\" }
         }
         resource \"aws_apigatewayv2_api\" \"it\" { protocol_type = \"HTTP\" }
         resource \"aws_apigatewayv2_integration\" \"it\" {
           api_id          = aws_apigatewayv2_api.it.id
           integration_uri = aws_lambda_function.it.invoke_arn
         }
         resource \"aws_apigatewayv2_route\" \"it\" {
           api_id    = aws_apigatewayv2_api.it.id
           route_key = \"ANY /{proxy+}\"
         }
         resource \"aws_api_gateway_rest_api\" \"it\" {}
         resource \"aws_api_gateway_stage\" \"it\" {
           rest_api_id = aws_api_gateway_rest_api.it.id
           stage_name  = \"live\"
         }
         resource \"aws_api_gateway_method_settings\" \"it\" {
           rest_api_id = aws_api_gateway_rest_api.it.id
           stage_name  = aws_api_gateway_stage.it.stage_name
           method_path = \"*/*\"
           settings { throttling_rate_limit = 50 }
         }
         resource \"aws_api_gateway_method\" \"it\" {
           rest_api_id      = aws_api_gateway_rest_api.it.id
           http_method      = \"POST\"
           authorization    = \"NONE\"
           api_key_required = true
         }
         resource \"aws_api_gateway_integration\" \"it\" {
           rest_api_id = aws_api_gateway_rest_api.it.id
           uri         = \"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${aws_lambda_function.it.arn}/invocations\"
         }
         resource \"aws_api_gateway_usage_plan\" \"it\" {
           api_stages { api_id = aws_api_gateway_rest_api.it.id }
           throttle_settings { rate_limit = 10 }
         }
         resource \"aws_wafv2_web_acl\" \"it\" {
           rule {}
         }
         resource \"aws_wafv2_web_acl_association\" \"it\" {
           web_acl_arn  = aws_wafv2_web_acl.it.arn
           resource_arn = aws_api_gateway_stage.it.arn
         }",
    );
    let function: &Function = get(&inventory, "aws_lambda_function.it");
    assert_eq!((&function.reserved_concurrency, &function.architecture, &function.tracing), (&Value::Absent, &known("arm64"), &Value::Known(true)));
    assert_eq!(function.environment["MODE"], known("live"));
    assert_eq!(get::<Api>(&inventory, "aws_apigatewayv2_api.it").protocol, Protocol::Http);
    assert_eq!(get::<Integration>(&inventory, "aws_apigatewayv2_integration.it").target, to("aws_lambda_function.it"));
    assert_eq!(get::<Integration>(&inventory, "aws_api_gateway_integration.it").target, to("aws_lambda_function.it"));
    assert_eq!(get::<Stage>(&inventory, "aws_api_gateway_stage.it").throttle_rate, Value::Known(50.0));
    assert_eq!(get::<Route>(&inventory, "aws_api_gateway_method.it").key_required, Value::Known(true));
    assert_eq!(get::<UsagePlan>(&inventory, "aws_api_gateway_usage_plan.it").apis, [to("aws_api_gateway_rest_api.it")]);
    let acl: &WebAcl = get(&inventory, "aws_wafv2_web_acl.it");
    assert_eq!((acl.rules, &acl.protects), (1, &vec![to("aws_api_gateway_stage.it")]));
}

#[test]
fn a_role_has_its_policies_wherever_they_stand() {
    let inventory = clean(
        "data \"aws_partition\" \"it\" {}
         data \"aws_iam_policy_document\" \"base\" {
           statement {
             sid       = \"A\"
             actions   = [\"s3:GetObject\"]
             resources = [\"${aws_s3_bucket.it.arn}/*\", aws_s3_bucket.it.arn]
           }
         }
         data \"aws_iam_policy_document\" \"it\" {
           source_policy_documents = [data.aws_iam_policy_document.base.json]
           statement {
             effect  = \"Deny\"
             actions = [\"*\"]
             not_resources = [\"*\"]
             principals {
               type        = \"*\"
               identifiers = [\"*\"]
             }
             condition {
               test     = \"Bool\"
               variable = \"aws:MultiFactorAuthPresent\"
               values   = [\"false\"]
             }
             condition {
               test     = \"Bool\"
               variable = \"aws:MultiFactorAuthPresent\"
               values   = [\"null\"]
             }
           }
         }
         resource \"aws_s3_bucket\" \"it\" {}
         resource \"aws_iam_role\" \"it\" {
           name               = \"it\"
           assume_role_policy = jsonencode({ Statement = [{ Effect = \"Allow\", Principal = { Service = \"ec2.amazonaws.com\" }, Action = \"sts:AssumeRole\" }] })
         }
         resource \"aws_iam_role_policy\" \"it\" {
           role   = aws_iam_role.it.id
           policy = data.aws_iam_policy_document.it.json
         }
         resource \"aws_iam_policy\" \"it\" { policy = data.aws_iam_policy_document.base.json }
         resource \"aws_iam_role_policy_attachment\" \"it\" {
           for_each = { own = aws_iam_policy.it.arn, aws = \"arn:${data.aws_partition.it.partition}:iam::aws:policy/ReadOnlyAccess\" }
           role       = \"it\"
           policy_arn = each.value
         }
         resource \"aws_iam_user\" \"it\" { name = \"person\" }
         resource \"aws_iam_user_login_profile\" \"it\" { user = aws_iam_user.it.name }",
    );
    assert_eq!(inventory.unrecognised, []);
    let role: &Role = get(&inventory, "aws_iam_role.it");
    assert_eq!(role.trust.known().unwrap().statements[0].principals["Service"], [known("ec2.amazonaws.com")]);
    let statements = &role.inline[0].known().unwrap().statements;
    assert_eq!((&statements[0].sid, statements[0].line), (&known("A"), 3));
    assert_eq!(statements[0].resources, [outside("${aws_s3_bucket.it.arn}/*"), to("aws_s3_bucket.it")]);
    assert_eq!((&statements[1].effect, &statements[1].not_resources), (&known("Deny"), &vec![outside("*")]));
    assert_eq!(statements[1].principals["*"], [known("*")]);
    let condition = &statements[1].conditions[0];
    assert_eq!(
        (condition.operator.as_str(), condition.key.as_str(), &condition.values),
        ("Bool", "aws:MultiFactorAuthPresent", &vec![known("false"), known("null")])
    );
    assert_eq!(role.attached, [outside("arn:${data.aws_partition.it.partition}:iam::aws:policy/ReadOnlyAccess"), to("aws_iam_policy.it")]);
    assert!(get::<User>(&inventory, "aws_iam_user.it").has_console);
}

#[test]
fn balancers_logs_alarms_and_budgets_are_read() {
    let inventory = clean(
        "resource \"aws_lb\" \"it\" {
           internal = false
           access_logs { bucket = \"b\" }
         }
         resource \"aws_lb_listener\" \"it\" {
           load_balancer_arn = aws_lb.it.arn
           default_action {
             type = \"forward\"
             forward {
               target_group { arn = aws_lb_target_group.it.arn }
             }
           }
         }
         resource \"aws_lb_target_group\" \"it\" {}
         resource \"aws_lb_listener_certificate\" \"it\" {
           listener_arn    = aws_lb_listener.it.arn
           certificate_arn = aws_acm_certificate_validation.it.certificate_arn
         }
         resource \"aws_acm_certificate\" \"it\" {}
         resource \"aws_acm_certificate_validation\" \"it\" { certificate_arn = aws_acm_certificate.it.arn }
         resource \"aws_cloudwatch_log_group\" \"it\" { retention_in_days = 0 }
         resource \"aws_cloudwatch_metric_alarm\" \"it\" {
           metric_query {
             id         = \"rate\"
             expression = \"errors / requests\"
           }
           metric_query {
             id = \"errors\"
             metric {
               namespace   = \"AWS/ApiGateway\"
               metric_name = \"5XXError\"
               period      = 60
             }
           }
           alarm_actions = [\"arn:aws:sns:us-east-1:123456789012:pager\"]
         }
         resource \"aws_budgets_budget\" \"it\" {
           limit_amount = \"150\"
           cost_filter {
             name   = \"Service\"
             values = [\"Amazon Bedrock\"]
           }
           notification { subscriber_email_addresses = [\"a@example.com\"] }
           notification { threshold = 50 }
         }",
    );
    assert_eq!(get::<LoadBalancer>(&inventory, "aws_lb.it").access_logs, Value::Known(false));
    let listener: &Listener = get(&inventory, "aws_lb_listener.it");
    assert_eq!(
        (&listener.certificates, &listener.actions[0].target_groups),
        (&vec![to("aws_acm_certificate.it")], &vec![to("aws_lb_target_group.it")])
    );
    assert_eq!(get::<LogGroup>(&inventory, "aws_cloudwatch_log_group.it").retention_days, Value::Absent);
    let alarm: &Alarm = get(&inventory, "aws_cloudwatch_metric_alarm.it");
    assert_eq!((&alarm.metric, &alarm.period_s), (&known("5XXError"), &Value::Known(60.0)));
    assert_eq!(alarm.actions, [outside("arn:aws:sns:us-east-1:123456789012:pager")]);
    let budget: &Budget = get(&inventory, "aws_budgets_budget.it");
    assert_eq!((&budget.limit, &budget.notifications, &budget.services), (&Value::Known(150.0), &Value::Known(1.0), &vec![known("Amazon Bedrock")]));
}

#[test]
fn beanstalk_settings_go_by_namespace_and_name() {
    let inventory = clean(
        "locals { settings = { \"aws:autoscaling:launchconfiguration\" = { InstanceType = \"t3.small\" } } }
         resource \"aws_elastic_beanstalk_application\" \"it\" { name = \"app\" }
         resource \"aws_elastic_beanstalk_environment\" \"it\" {
           application = \"app\"
           dynamic \"setting\" {
             for_each = merge([for space, pairs in local.settings : { for name, value in pairs : \"${space}/${name}\" => { space = space, name = name, value = value } }]...)
             content {
               namespace = setting.value.space
               name      = setting.value.name
               value     = setting.value.value
             }
           }
         }",
    );
    let environment: &BeanstalkEnvironment = get(&inventory, "aws_elastic_beanstalk_environment.it");
    assert_eq!(environment.application, to("aws_elastic_beanstalk_application.it"));
    assert_eq!(environment.settings["aws:autoscaling:launchconfiguration/InstanceType"], known("t3.small"));
}

#[test]
fn methods_have_paths_and_rules_of_listeners_theirs() {
    let inventory = clean(
        "variable \"parent\" {}
         resource \"aws_api_gateway_rest_api\" \"it\" {}
         resource \"aws_api_gateway_resource\" \"runs\" {
           parent_id = aws_api_gateway_rest_api.it.root_resource_id
           path_part = \"runs\"
         }
         resource \"aws_api_gateway_resource\" \"run\" {
           parent_id = aws_api_gateway_resource.runs.id
           path_part = \"{id}\"
         }
         resource \"aws_api_gateway_method\" \"run\" {
           resource_id = aws_api_gateway_resource.run.id
           http_method = \"get\"
         }
         resource \"aws_api_gateway_method\" \"root\" {
           resource_id = aws_api_gateway_rest_api.it.root_resource_id
           http_method = \"ANY\"
         }
         resource \"aws_api_gateway_method\" \"somewhere\" {
           resource_id = var.parent
           http_method = \"GET\"
         }
         resource \"aws_api_gateway_integration\" \"made_up\" { type = \"MOCK\" }
         resource \"aws_lb_listener\" \"it\" {
           default_action { type = \"forward\" }
         }
         resource \"aws_lb_listener_rule\" \"it\" {
           listener_arn = aws_lb_listener.it.arn
           action { type = \"fixed-response\" }
           condition {
             path_pattern { values = [\"/metrics\", \"/metrics/*\"] }
           }
         }",
    );
    let route = |name: &str| get::<Route>(&inventory, &format!("aws_api_gateway_method.{name}")).route.clone();
    assert_eq!((route("run"), route("root")), (known("GET /runs/{id}"), known("ANY /")));
    assert!(route("somewhere").is_unknown());
    let actions = &get::<Listener>(&inventory, "aws_lb_listener.it").actions;
    assert_eq!((actions.len(), &actions[0].paths, &actions[1].paths), (2, &vec![], &vec![known("/metrics"), known("/metrics/*")]));
    assert_eq!(inventory.unrecognised, []);
}

#[test]
fn a_group_without_egress_lets_nothing_out_and_a_validation_record_is_part_of_its_certificate() {
    let inventory = clean(
        "resource \"aws_security_group\" \"closed\" {}
         resource \"aws_security_group\" \"nobody\" {
           egress {
             protocol    = \"-1\"
             from_port   = 0
             to_port     = 0
             cidr_blocks = [\"127.0.0.1/32\"]
           }
         }
         resource \"aws_acm_certificate\" \"it\" { domain_name = \"example.com\" }
         resource \"aws_route53_record\" \"validation\" {
           for_each = { for one in aws_acm_certificate.it.domain_validation_options : one.domain_name => one }
           name     = each.value.resource_record_name
           type     = each.value.resource_record_type
           records  = [each.value.resource_record_value]
         }",
    );
    for name in ["closed", "nobody"] {
        assert_eq!(get::<SecurityGroup>(&inventory, &format!("aws_security_group.{name}")).egress, [], "{name}");
    }
    assert!(inventory.resource("aws_route53_record.validation[each.key]").is_none() && inventory.conditional.is_empty());
}

#[test]
fn what_adds_to_something_elsewhere_is_told_by_itself() {
    let inventory = clean(
        "variable \"group\" {}
         variable \"role\" {}
         resource \"aws_security_group_rule\" \"ssh\" {
           security_group_id = var.group
           type              = \"ingress\"
           protocol          = \"tcp\"
           from_port         = 22
           to_port           = 22
           cidr_blocks       = [\"0.0.0.0/0\"]
         }
         resource \"aws_vpc_security_group_ingress_rule\" \"rdp\" {
           security_group_id = data.aws_security_group.web.id
           cidr_ipv4         = \"0.0.0.0/0\"
           ip_protocol       = \"tcp\"
           from_port         = 3389
           to_port           = 3389
         }
         data \"aws_security_group\" \"web\" {}
         resource \"aws_iam_role_policy\" \"all\" {
           role   = \"deployer\"
           policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"*\", Resource = \"*\" }] })
         }
         resource \"aws_iam_group_policy\" \"all\" {
           group  = aws_iam_group.it.name
           policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"*\", Resource = \"*\" }] })
         }
         resource \"aws_iam_group\" \"it\" { name = \"it\" }
         resource \"aws_iam_role_policy_attachment\" \"admin\" {
           role       = var.role
           policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"
         }
         resource \"aws_iam_policy\" \"own\" { policy = jsonencode({ Statement = [] }) }
         resource \"aws_iam_role_policy_attachment\" \"own\" {
           role       = var.role
           policy_arn = aws_iam_policy.own.arn
         }",
    );
    let listed: Vec<_> = inventory.unrecognised.iter().map(|one| one.id.as_str()).collect();
    assert_eq!((listed, inventory.resource("aws_iam_role_policy_attachment.own")), (vec!["aws_iam_group.it"], None));
    for (id, port) in [("aws_security_group_rule.ssh", 22.0), ("aws_vpc_security_group_ingress_rule.rdp", 3389.0)] {
        let group: &SecurityGroup = get(&inventory, id);
        assert_eq!((&group.ingress[0].from_port, &group.ingress[0].cidr), (&Value::Known(port), &known("0.0.0.0/0")));
        assert!(group.vpc.is_unknown());
    }
    for id in ["aws_iam_role_policy.all", "aws_iam_group_policy.all"] {
        assert_eq!(get::<Policy>(&inventory, id).document.known().unwrap().statements[0].actions, [known("*")]);
    }
    let attached = &get::<Role>(&inventory, "aws_iam_role_policy_attachment.admin").attached;
    assert_eq!(*attached, [outside("arn:aws:iam::aws:policy/AdministratorAccess")]);
}

#[test]
fn a_condition_that_is_not_known_is_a_condition() {
    let inventory = clean(
        "variable \"condition\" {}
         resource \"aws_iam_policy\" \"it\" {
           policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"*\", Condition = var.condition }] })
         }
         resource \"aws_iam_policy\" \"untold\" { policy = var.condition }",
    );
    assert_eq!(get::<Policy>(&inventory, "aws_iam_policy.it").document.known().unwrap().statements[0].conditions.len(), 1);
    let untold = &get::<Policy>(&inventory, "aws_iam_policy.untold").document;
    assert_eq!(*untold, Value::Unknown("var.condition has no value here".to_owned()));
}

#[test]
fn a_service_that_says_nothing_keeps_no_task_or_the_least_that_it_is_scaled_to() {
    let inventory = clean(
        "resource \"aws_ecs_service\" \"none\" {}
         resource \"aws_ecs_service\" \"daemon\" { scheduling_strategy = \"DAEMON\" }
         resource \"aws_ecs_service\" \"scaled\" { name = \"scaled\" }
         resource \"aws_appautoscaling_target\" \"it\" {
           resource_id  = \"service/cluster/${aws_ecs_service.scaled.name}\"
           min_capacity = 4
         }",
    );
    let desired = |name: &str| get::<Service>(&inventory, &format!("aws_ecs_service.{name}")).desired_count.clone();
    assert_eq!((desired("none"), desired("scaled")), (Value::Known(0.0), Value::Known(4.0)));
    assert!(desired("daemon").is_unknown());
}
