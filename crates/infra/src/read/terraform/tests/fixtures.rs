//! Whole configurations, as people write them.

use super::{Files, get, known, outside, read, to};
use crate::inventory::Inventory;
use crate::inventory::api::{Integration, Stage};
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::compute::{Function, Instance, ScalingTarget, Service, TaskDefinition};
use crate::inventory::data::{Bucket, Queue};
use crate::inventory::identity::{InstanceProfile, Role};
use crate::inventory::network::{ElasticIp, SecurityGroup, Subnet};
use crate::inventory::observe::{Alarm, Budget, LogGroup};
use crate::value::Value;
use std::borrow::Cow;
use std::path::Path;

/// Reads a fixture's folder.
fn fixture(name: &str) -> Inventory {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/terraform").join(name);
    let mut files = Files::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.insert(name, Cow::Owned(std::fs::read(&path).unwrap()));
            }
        }
    }
    read(&files)
}

#[test]
fn fargate_behind_a_balancer_is_read_whole() {
    let inventory = fixture("ecs");
    assert_eq!((inventory.problems.len(), inventory.unrecognised.len(), inventory.conditional.len()), (0, 0, 0), "{inventory:?}");
    assert_eq!(inventory.resources.len(), 41);
    assert!(inventory.resources.iter().all(|resource| resource.region == known("us-east-1")));
    let (_, service) = inventory.all::<Service>().next().unwrap();
    assert_eq!(service.desired_count, Value::Known(2.0));
    let (_, task) = inventory.follow::<TaskDefinition>(&service.task_definition).unwrap();
    assert_eq!((&task.cpu, &task.memory_mb, &task.architecture), (&Value::Known(512.0), &Value::Known(1024.0), &known("X86_64")));
    let container = &task.containers[0];
    assert_eq!(container.environment["PORT"], known("8000"));
    assert_eq!(container.secrets["API_KEY"], to("aws_secretsmanager_secret.api_key"));
    let (_, group) = inventory.follow::<LogGroup>(&container.log_group).unwrap();
    assert_eq!(group.name, known("/ecs/orchestrator-production"));
    let zones: Vec<_> = service.subnets.iter().map(|subnet| inventory.follow::<Subnet>(subnet).unwrap().1.zone.clone()).collect();
    assert_ne!(zones[0], zones[1]);
    let (_, role) = inventory.follow::<Role>(&task.task_role).unwrap();
    let statements = &role.inline[0].known().unwrap().statements;
    let profile = "arn:aws:bedrock:us-east-1:${data.aws_caller_identity.current.account_id}:inference-profile/us.anthropic.claude-haiku-5-5";
    assert_eq!(statements[0].resources[0], outside(profile));
    assert_eq!(statements[1].resources, [to("aws_secretsmanager_secret.api_key")]);
    let balancer: &LoadBalancer = get(&inventory, "aws_lb.api");
    assert_eq!((balancer.subnets.len(), &balancer.deletion_protection), (2, &Value::Known(true)));
    let (_, target) = inventory.all::<ScalingTarget>().next().unwrap();
    assert_eq!((&target.target, &target.max), (&to("module.service.aws_ecs_service.this"), &Value::Known(6.0)));
    assert_eq!(get::<Budget>(&inventory, "aws_budgets_budget.monthly").notifications, Value::Known(2.0));
}

#[test]
fn an_instance_with_an_address_is_read_whole() {
    let inventory = fixture("ec2");
    assert_eq!((inventory.problems.len(), inventory.unrecognised.len(), inventory.conditional.len()), (0, 0, 0), "{inventory:?}");
    let instance: &Instance = get(&inventory, "aws_instance.api");
    assert_eq!(instance.subnet, to("aws_subnet.public[0]"));
    let script = instance.user_data.known().unwrap();
    assert!(script.contains("\necho \"LOG_LEVEL=info\" >> /etc/orchestrator.env\necho \"MODE=live\""), "{script}");
    let (_, profile) = inventory.follow::<InstanceProfile>(&instance.instance_profile).unwrap();
    let (_, role) = inventory.follow::<Role>(&profile.role).unwrap();
    assert_eq!(role.attached.len(), 2);
    assert_eq!(role.inline[0].known().unwrap().statements[0].resources.len(), 3);
    let (_, address) = inventory.all::<ElasticIp>().next().unwrap();
    assert_eq!(address.instance, to("aws_instance.api"));
    let (_, group) = inventory.all::<SecurityGroup>().next().unwrap();
    let ports: Vec<_> = group.ingress.iter().map(|rule| rule.from_port.clone()).collect();
    assert_eq!(ports, [80.0, 443.0, 22.0].map(Value::Known));
    let alarm: &Alarm = get(&inventory, "module.alarm[\"status\"].aws_cloudwatch_metric_alarm.this");
    assert_eq!((&alarm.metric, &alarm.actions), (&known("StatusCheckFailed"), &vec![to("aws_sns_topic.alerts")]));
    assert_eq!(get::<Bucket>(&inventory, "aws_s3_bucket.trail").public_access_blocked, Value::Known(true));
    assert_eq!(inventory.resources.len(), 21);
}

#[test]
fn functions_behind_an_api_are_read_whole() {
    let inventory = fixture("lambda");
    assert_eq!((inventory.problems.len(), inventory.conditional.len()), (0, 0), "{inventory:?}");
    assert_eq!(inventory.unrecognised, [], "paths, deployments and keys of plans are parts of others");
    let worker: &Function = get(&inventory, "module.function[\"worker\"].aws_lambda_function.this");
    assert_eq!((&worker.memory_mb, &worker.timeout_s, &worker.architecture), (&Value::Known(1024.0), &Value::Known(900.0), &known("arm64")));
    assert_eq!(worker.environment["TABLE"], known("orchestrator-state"));
    assert!(worker.environment["QUEUE"].is_unknown());
    assert_eq!(worker.dead_letters, to("aws_sqs_queue.runs[\"dead\"]"));
    let api: &Function = get(&inventory, "module.function[\"api\"].aws_lambda_function.this");
    assert!(!api.environment.contains_key("QUEUE"));
    let integration: &Integration = get(&inventory, "aws_api_gateway_integration.tasks[\"POST\"]");
    assert_eq!(integration.target, to("module.function[\"api\"].aws_lambda_function.this"));
    assert_eq!(integration.api, to("aws_api_gateway_rest_api.api"));
    assert_eq!(get::<Queue>(&inventory, "aws_sqs_queue.runs[\"main\"]").dead_letters, to("aws_sqs_queue.runs[\"dead\"]"));
    assert_eq!(inventory.all::<Alarm>().count(), 4);
    let alarm: &Alarm = get(&inventory, "aws_cloudwatch_metric_alarm.function[3]");
    assert_eq!((&alarm.metric, &alarm.actions), (&known("Throttles"), &vec![to("aws_sns_topic.alerts")]));
    let stage: &Stage = get(&inventory, "aws_api_gateway_stage.live");
    assert_eq!((&stage.throttle_rate, &stage.access_logs), (&Value::Known(50.0), &to("aws_cloudwatch_log_group.access")));
    assert_eq!(inventory.resources.len(), 23);
}
