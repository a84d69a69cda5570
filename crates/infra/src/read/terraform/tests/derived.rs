//! Plans and states.

use super::{get, ids, known, of, outside, to};
use crate::inventory::Language;
use crate::inventory::compute::{Function, Instance, Service};
use crate::inventory::data::{Bucket, Database};
use crate::inventory::identity::Role;
use crate::inventory::network::{NatGateway, SecurityGroup, Subnet};
use crate::value::Value;
use std::fmt::Write as _;

const STATE: &str = r#"{
  "version": 4,
  "terraform_version": "1.9.0",
  "serial": 3,
  "lineage": "x",
  "resources": [
    {"mode": "data", "type": "aws_region", "name": "now", "instances": [{"attributes": {"name": "eu-west-1"}}]},
    {
      "module": "module.net[0]", "mode": "managed", "type": "aws_subnet", "name": "it",
      "instances": [
        {"index_key": "a", "attributes": {"id": "subnet-1", "arn": "arn:aws:ec2:eu-west-1:1:subnet/subnet-1", "availability_zone": "eu-west-1a", "cidr_block": "10.0.0.0/24"}},
        {"index_key": "b", "attributes": {"id": "subnet-2", "availability_zone": "eu-west-1b"}}
      ]
    },
    {"mode": "managed", "type": "aws_nat_gateway", "name": "it", "instances": [{"attributes": {"id": "nat-1", "subnet_id": "subnet-1", "allocation_id": ""}}, {"deposed": "0a1b2c3d", "attributes": {"id": "nat-0"}}]},
    {"mode": "managed", "type": "aws_security_group", "name": "it", "instances": [{"attributes": {"id": "sg-1", "ingress": [
      {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"], "security_groups": [], "self": false}]}}]},
    {"mode": "managed", "type": "aws_security_group_rule", "name": "it", "instances": [{"attributes": {
      "security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]}}]},
    {"mode": "managed", "type": "aws_iam_role", "name": "it", "instances": [{"attributes": {
      "id": "it", "name": "it", "arn": "arn:aws:iam::1:role/it", "assume_role_policy": "{\"Statement\": []}", "inline_policy": [{"name": "p", "policy": "{\"Statement\": []}"}]}}]},
    {"mode": "managed", "type": "aws_iam_role_policy", "name": "it", "instances": [{"attributes": {"role": "it", "policy": "{\"Statement\": []}"}}]},
    {"mode": "managed", "type": "aws_lambda_function", "name": "it", "instances": [{"attributes": {"id": "it", "function_name": "it", "role": "arn:aws:iam::1:role/it", "environment": [{"variables": {"EMPTY": ""}}]}}]},
    {"mode": "managed", "type": "aws_s3_bucket", "name": "it", "instances": [{"attributes": {"id": "it", "bucket": "it", "region": "us-east-1"}}]},
    {"mode": "managed", "type": "aws_s3_bucket_versioning", "name": "it", "instances": [{"attributes": {"bucket": "it", "versioning_configuration": [{"status": "Enabled"}]}}]},
    {"mode": "managed", "type": "aws_glue_job", "name": "it", "instances": [{"attributes": {}}]}
  ]
}"#;

#[test]
fn a_state_links_its_resources_by_ids_and_arns() {
    let inventory = of(&[("terraform.tfstate", STATE)]);
    assert_eq!(inventory.problems, []);
    assert_eq!(inventory.languages, [Language::Terraform]);
    let subnet: &Subnet = get(&inventory, "module.net[0].aws_subnet.it[\"a\"]");
    assert_eq!(subnet.zone, known("eu-west-1a"));
    let resource = inventory.resource("module.net[0].aws_subnet.it[\"a\"]").unwrap();
    assert_eq!((&resource.region, resource.origin.line), (&known("eu-west-1"), 8));
    let gateway: &NatGateway = get(&inventory, "aws_nat_gateway.it");
    assert_eq!((&gateway.subnet, &gateway.elastic_ip), (&to("module.net[0].aws_subnet.it[\"a\"]"), &Value::Absent));
    assert_eq!(get::<SecurityGroup>(&inventory, "aws_security_group.it").ingress.len(), 1, "the rule is told once");
    assert_eq!(get::<Role>(&inventory, "aws_iam_role.it").inline.len(), 1);
    let function: &Function = get(&inventory, "aws_lambda_function.it");
    assert_eq!((&function.role, &function.environment["EMPTY"]), (&to("aws_iam_role.it"), &known("")));
    assert_eq!(get::<Bucket>(&inventory, "aws_s3_bucket.it").versioned, Value::Known(true), "by its name, which others have too");
    assert_eq!(inventory.unrecognised[0].type_name, "aws_glue_job");
}

#[test]
fn what_the_code_declares_is_told_once() {
    let inventory = of(&[("terraform.tfstate", STATE), ("main.tf", "resource \"aws_nat_gateway\" \"it\" {\n  subnet_id = \"subnet-9\"\n}")]);
    assert_eq!(get::<NatGateway>(&inventory, "aws_nat_gateway.it").subnet, outside("subnet-9"));
    assert_eq!(ids(&inventory).iter().filter(|id| id.contains("aws_nat_gateway.it")).count(), 1);
    assert!(ids(&inventory).contains(&"aws_security_group.it"), "what only the state knows is there as well");
}

#[test]
fn a_state_of_another_folder_is_told_whatever_its_addresses_and_a_plan_that_is_not_used_is_noticed() {
    let code = ("app/main.tf", "resource \"aws_nat_gateway\" \"it\" { subnet_id = \"subnet-9\" }");
    let inventory = of(&[code, ("legacy/terraform.tfstate", STATE)]);
    let both: Vec<_> = ids(&inventory).into_iter().filter(|id| id.ends_with("aws_nat_gateway.it")).collect();
    assert_eq!((both, &inventory.notices), (vec!["aws_nat_gateway.it", "legacy/terraform.tfstate/aws_nat_gateway.it"], &vec![]));
    for path in ["app/terraform.tfstate", "terraform.tfstate", "app/states/terraform.tfstate"] {
        let inventory = of(&[code, (path, STATE)]);
        assert_eq!(ids(&inventory).iter().filter(|id| id.ends_with("aws_nat_gateway.it")).count(), 1, "{path}");
        let message =
            "resources that app/main.tf declares are told from there (1 of 11); to have the values in terraform.tfstate, review it by itself";
        assert_eq!(inventory.notices[0].message, message);
    }
}

/// A plan of one instance.
fn plan_of(size: &str) -> String {
    format!(
        "{{\"terraform_version\": \"1.9.0\", \"planned_values\": {{\"root_module\": {{\"resources\": [
           {{\"address\": \"aws_instance.it\", \"mode\": \"managed\", \"type\": \"aws_instance\", \"name\": \"it\", \"values\": {{\"instance_type\": \"{size}\"}}}}]}}}}}}"
    )
}

#[test]
fn two_plans_are_two_whatever_their_names() {
    let (small, large) = (plan_of("t3.micro"), plan_of("m5.24xlarge"));
    let inventory = of(&[("development.json", &small), ("production.json", &large)]);
    assert_eq!(ids(&inventory), ["aws_instance.it", "production.json/aws_instance.it"]);
}

#[test]
fn a_plan_is_known_wherever_its_marks_stand_and_in_utf_16_it_is_refused() {
    let sorted = format!("{{\"configuration\": \"{}\", {}", " ".repeat(100_000), &plan_of("t3.micro")[1..]);
    assert_eq!(ids(&of(&[("plan.json", &sorted)])), ["aws_instance.it"]);
    assert_eq!(ids(&of(&[("plan.json", &format!("\u{feff}{sorted}"))])), ["aws_instance.it"]);
    let wide: Vec<u8> = [0xfeff].into_iter().chain(sorted.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut files = super::Files::new();
    files.insert("plan.json".to_owned(), std::borrow::Cow::Owned(wide));
    assert!(super::read(&files).problems[0].message.starts_with("the file is UTF-16"));
}

#[test]
fn what_terraform_stores_is_not_what_the_code_says() {
    let state = STATE.replace("\"mode\": \"managed\", \"type\": \"aws_glue_job\", \"name\": \"it\", \"instances\": [{\"attributes\": {}}]",
        "\"mode\": \"managed\", \"type\": \"aws_db_instance\", \"name\": \"it\", \"instances\": [{\"attributes\": {\"password\": \"hunter2\"}}]},
         {\"mode\": \"managed\", \"type\": \"aws_instance\", \"name\": \"it\", \"instances\": [{\"attributes\": {\"user_data\": \"da39a3ee5e6b4b0d3255bfef95601890afd80709\"}}]");
    let inventory = of(&[("terraform.tfstate", &state)]);
    assert!(get::<Database>(&inventory, "aws_db_instance.it").password.is_unknown());
    assert_eq!(get::<Instance>(&inventory, "aws_instance.it").user_data, Value::Unknown("only its hash is kept".to_owned()));
    let plan = |password: &str| {
        format!(
        "{{\"terraform_version\": \"1.9.0\", \"planned_values\": {{\"root_module\": {{\"resources\": [
           {{\"address\": \"aws_db_instance.it\", \"mode\": \"managed\", \"type\": \"aws_db_instance\", \"name\": \"it\", \"values\": {{\"password\": \"hunter2\"}},
             \"sensitive_values\": {{\"password\": true}}}}]}}}},
          \"configuration\": {{\"root_module\": {{\"resources\": [
           {{\"type\": \"aws_db_instance\", \"name\": \"it\", \"expressions\": {{\"password\": {password}}}}}]}}}}}}"
    )
    };
    let password = |plan: &str| get::<Database>(&of(&[("plan.json", plan)]), "aws_db_instance.it").password.clone();
    assert_eq!(password(&plan("{\"references\": [\"var.password\"]}")), Value::Unknown("it is given by var.password".to_owned()));
    assert_eq!(password(&plan("{\"constant_value\": \"hunter2\"}")), known("hunter2"));
}

#[test]
fn references_of_a_plan_that_double_at_every_step_end() {
    let plan = "{\"terraform_version\": \"1.9.0\", \"planned_values\": {\"root_module\": {\"resources\": [
          {\"address\": \"aws_vpc.it\", \"mode\": \"managed\", \"type\": \"aws_vpc\", \"name\": \"it\", \"values\": {}}]}},
        \"resource_changes\": [{\"address\": \"aws_vpc.it\", \"change\": {\"after_unknown\": {\"cidr_block\": true}}}],
        \"configuration\": {\"root_module\": {
          \"resources\": [{\"type\": \"aws_vpc\", \"name\": \"it\", \"expressions\": {\"cidr_block\": {\"references\": [\"module.a.x\", \"module.a.y\"]}}}],
          \"module_calls\": {\"a\": {\"expressions\": {\"z\": {\"references\": [\"module.a.x\", \"module.a.y\"]}}, \"module\": {\"outputs\": {
            \"x\": {\"expression\": {\"references\": [\"var.z\"]}}, \"y\": {\"expression\": {\"references\": [\"var.z\"]}}}}}}
        }}}";
    assert_eq!(ids(&of(&[("tfplan.json", plan)])), ["aws_vpc.it"]);
}

#[test]
fn two_states_keep_apart() {
    let inventory = of(&[("dev/terraform.tfstate", STATE), ("prod/terraform.tfstate", STATE)]);
    assert_eq!(
        get::<NatGateway>(&inventory, "prod/terraform.tfstate/aws_nat_gateway.it").subnet,
        to("prod/terraform.tfstate/module.net[0].aws_subnet.it[\"a\"]")
    );
}

#[test]
fn states_that_cannot_be_read_say_why() {
    let message = |path: &str, text: &str| of(&[(path, text)]).problems.into_iter().next().map(|problem| (problem.line, problem.message));
    assert_eq!(message("a.tfstate", "{\n\"version\": 4,\n"), Some((Some(3), "not JSON: a name in quotes was expected".to_owned())));
    let old = "a state of version 3 is not read, only of version 4; terraform 0.12 and later write it";
    assert_eq!(message("a.tfstate", "{\"version\": 3, \"terraform_version\": \"0.11\"}"), Some((None, old.to_owned())));
    assert_eq!(message("a.tfstate", "{}"), Some((None, "it is not a state: it has no version".to_owned())));
    assert_eq!(message("a.tfstate", ""), None);
    assert_eq!(message("floorplan.json", "{\"rooms\": 4}"), None);
}

#[test]
fn a_state_of_100_megabytes_is_refused_with_advice() {
    let mut large = String::from("{\"version\": 4, \"terraform_version\": \"1.9.0\", \"resources\": [");
    large.push_str(&" ".repeat(100 << 20));
    let problem = &of(&[("terraform.tfstate", &large)]).problems[0];
    let message = "a plan or state of more than 16 MB is not read; review the code instead, or the plan of a part of it (terraform plan -target)";
    assert_eq!(problem.message, message);
}

#[test]
fn a_plan_finds_what_is_unknown_in_its_configuration() {
    let plan = r#"{
      "format_version": "1.2",
      "terraform_version": "1.9.0",
      "variables": {"region": {"value": "eu-west-1"}},
      "planned_values": {"root_module": {
        "resources": [
          {"address": "aws_ecs_cluster.it", "mode": "managed", "type": "aws_ecs_cluster", "name": "it", "values": {"name": "it"}},
          {"address": "aws_nat_gateway.it[1]", "mode": "managed", "type": "aws_nat_gateway", "name": "it", "index": 1, "values": {}}
        ],
        "child_modules": [
          {"address": "module.net", "resources": [
            {"address": "module.net.aws_subnet.it[0]", "mode": "managed", "type": "aws_subnet", "name": "it", "index": 0, "values": {"cidr_block": "10.0.0.0/24"}},
            {"address": "module.net.aws_subnet.it[1]", "mode": "managed", "type": "aws_subnet", "name": "it", "index": 1, "values": {"cidr_block": "10.0.1.0/24"}}
          ]},
          {"address": "module.app", "resources": [
            {"address": "module.app.aws_ecs_service.it", "mode": "managed", "type": "aws_ecs_service", "name": "it",
             "values": {"desired_count": 2, "network_configuration": [{"assign_public_ip": false}]}}
          ]}
        ]
      }},
      "resource_changes": [
        {"address": "aws_nat_gateway.it[1]", "change": {"after_unknown": {"id": true, "subnet_id": true}}},
        {"address": "module.app.aws_ecs_service.it", "change": {"after_unknown": {"id": true, "cluster": true, "task_definition": true, "network_configuration": [{"subnets": true}]}}}
      ],
      "configuration": {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}},
        "root_module": {
          "resources": [
            {"address": "aws_nat_gateway.it", "mode": "managed", "type": "aws_nat_gateway", "name": "it", "provider_config_key": "aws",
             "expressions": {"subnet_id": {"references": ["module.net.subnets", "module.net", "count.index"]}}}
          ],
          "module_calls": {
            "net": {"module": {
              "outputs": {"subnets": {"expression": {"references": ["aws_subnet.it"]}}},
              "resources": [{"address": "aws_subnet.it", "mode": "managed", "type": "aws_subnet", "name": "it", "provider_config_key": "net:aws", "expressions": {}}]
            }},
            "app": {
              "expressions": {"cluster": {"references": ["aws_ecs_cluster.it.arn", "aws_ecs_cluster.it"]}, "subnets": {"references": ["module.net.subnets", "module.net"]}},
              "module": {"resources": [{"address": "aws_ecs_service.it", "mode": "managed", "type": "aws_ecs_service", "name": "it", "provider_config_key": "aws", "expressions": {
                "cluster": {"references": ["var.cluster"]},
                "task_definition": {"references": ["local.task"]},
                "network_configuration": [{"subnets": {"references": ["var.subnets"]}, "assign_public_ip": {"constant_value": false}}]
              }}]}
            }
          }
        }
      }
    }"#;
    let inventory = of(&[("plan.json", plan)]);
    assert_eq!(inventory.problems, []);
    assert_eq!(ids(&inventory).len(), 5);
    let service: &Service = get(&inventory, "module.app.aws_ecs_service.it");
    assert_eq!(service.cluster, to("aws_ecs_cluster.it"));
    assert_eq!(service.subnets, [to("module.net.aws_subnet.it[0]"), to("module.net.aws_subnet.it[1]")]);
    assert_eq!((&service.desired_count, &service.public_ip), (&Value::Known(2.0), &Value::Known(false)));
    assert_eq!(service.task_definition, Value::Unknown("it is known only after the plan is applied".to_owned()));
    assert!(inventory.resources.iter().all(|resource| resource.region == known("eu-west-1")), "{:?}", inventory.resources);
}

#[test]
fn a_plan_that_goes_in_circles_ends() {
    let mut modules = String::from("{\"resources\": []}");
    for _ in 0..30 {
        modules = format!("{{\"child_modules\": [{modules}]}}");
    }
    let plan = format!(
        "{{\"format_version\": \"1.2\", \"terraform_version\": \"1.9.0\", \"planned_values\": {{\"root_module\": {{\"child_modules\": [{modules}], \"resources\": [
            {{\"address\": \"aws_vpc.it\", \"mode\": \"managed\", \"type\": \"aws_vpc\", \"name\": \"it\", \"values\": {{}}}}]}}}},
          \"resource_changes\": [{{\"address\": \"aws_vpc.it\", \"change\": {{\"after_unknown\": {{\"cidr_block\": true}}}}}}],
          \"configuration\": {{\"root_module\": {{
            \"resources\": [{{\"type\": \"aws_vpc\", \"name\": \"it\", \"expressions\": {{\"cidr_block\": {{\"references\": [\"module.a.x\"]}}}}}}],
            \"module_calls\": {{\"a\": {{\"expressions\": {{\"x\": {{\"references\": [\"module.a.x\"]}}}}, \"module\": {{\"outputs\": {{\"x\": {{\"expression\": {{\"references\": [\"var.x\"]}}}}}}}}}}}}
          }}}}}}"
    );
    assert_eq!(ids(&of(&[("tfplan.json", &plan)])), ["aws_vpc.it"]);
}

#[test]
fn deep_plans_are_refused() {
    let mut deep = String::from("{\"terraform_version\": \"1.9.0\", \"planned_values\": ");
    let _ = write!(deep, "{}", "[".repeat(100_000));
    assert!(of(&[("plan.json", &deep)]).problems[0].message.contains("within each other"));
}
