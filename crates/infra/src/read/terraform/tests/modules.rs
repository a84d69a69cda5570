//! Modules, roots, providers and files that override.

use super::{clean, get, ids, known, of, to};
use crate::inventory::Language;
use crate::inventory::network::{NatGateway, Subnet};
use crate::inventory::observe::Topic;
use crate::value::Value;

#[test]
fn a_local_module_is_called_with_arguments_and_gives_back_outputs() {
    let inventory = of(&[
        (
            "main.tf",
            "module \"net\" {\n  source = \"./modules/net\"\n  count  = 2\n  cidr   = \"10.${count.index}.0.0/16\"\n}\nresource \"aws_nat_gateway\" \"it\" { subnet_id = module.net[1].subnet_ids[0] }\nresource \"aws_sns_topic\" \"it\" { name = join(\" \", module.net[*].cidr) }",
        ),
        (
            "modules/net/main.tf",
            "variable \"cidr\" {}\nresource \"aws_subnet\" \"it\" {\n  count = 2\n  cidr_block = cidrsubnet(var.cidr, 8, count.index)\n}",
        ),
        ("modules/net/outputs.tf", "output \"subnet_ids\" { value = aws_subnet.it[*].id }\noutput \"cidr\" { value = var.cidr }"),
    ]);
    assert_eq!(inventory.problems, []);
    assert_eq!(get::<Subnet>(&inventory, "module.net[1].aws_subnet.it[1]").cidr, known("10.1.1.0/24"));
    assert_eq!(get::<NatGateway>(&inventory, "aws_nat_gateway.it").subnet, to("module.net[1].aws_subnet.it[0]"));
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.it").name, known("10.0.0.0/16 10.1.0.0/16"));
    assert_eq!(inventory.resource("module.net[0].aws_subnet.it[0]").unwrap().origin.file, "modules/net/main.tf");
}

#[test]
fn a_module_from_elsewhere_is_listed_with_its_source() {
    let inventory = clean(
        "module \"vpc\" {
           source = \"terraform-aws-modules/vpc/aws\"
         }
         resource \"aws_nat_gateway\" \"it\" { subnet_id = module.vpc.public_subnets[0] }",
    );
    let module = &inventory.unrecognised[0];
    assert_eq!((module.id.as_str(), module.type_name.as_str(), module.origin.line), ("module.vpc", "module terraform-aws-modules/vpc/aws", 1));
    let subnet = &get::<NatGateway>(&inventory, "aws_nat_gateway.it").subnet;
    assert_eq!(*subnet, Value::Unknown("module.vpc.public_subnets[0] comes from a module that is not here".to_owned()));
}

#[test]
fn a_folder_that_is_called_is_no_root_and_two_roots_keep_apart() {
    let inventory = of(&[
        ("dev/main.tf", "module \"m\" { source = \"../shared\" }\nprovider \"aws\" { region = \"eu-west-1\" }"),
        ("prod/main.tf", "module \"m\" { source = \"../shared\" }\nprovider \"aws\" { region = \"us-east-1\" }"),
        ("shared/main.tf", "resource \"aws_vpc\" \"it\" {}"),
    ]);
    assert_eq!(ids(&inventory), ["dev/module.m.aws_vpc.it", "prod/module.m.aws_vpc.it"]);
    assert_eq!(inventory.resources[0].region, known("eu-west-1"));
    assert_eq!(inventory.resources[1].region, known("us-east-1"));
    assert_eq!(inventory.resources[1].origin.path, "module.m.aws_vpc.it");
}

#[test]
fn a_region_comes_from_the_provider_that_a_resource_names() {
    let files = [
        (
            "main.tf",
            "variable \"home\" { default = \"eu-central-1\" }
            provider \"aws\" { region = var.home }
            provider \"aws\" {
              alias  = \"virginia\"
              region = \"us-east-1\"
            }
            resource \"aws_acm_certificate\" \"it\" { provider = aws.virginia }
            resource \"aws_vpc\" \"it\" {}
            resource \"aws_vpc\" \"own\" { region = \"us-west-2\" }
            module \"m\" {
              source    = \"./m\"
              providers = { aws = aws.virginia }
            }
            module \"inherits\" { source = \"./m\" }
            data \"aws_region\" \"there\" { provider = aws.virginia }
            data \"aws_region\" \"named\" { name = \"ap-south-1\" }
            resource \"aws_sns_topic\" \"regions\" { name = \"${data.aws_region.there.name} ${data.aws_region.named.id}\" }",
        ),
        (
            "m/main.tf",
            "data \"aws_region\" \"now\" {}\nresource \"aws_vpc_endpoint\" \"it\" { service_name = \"com.amazonaws.${data.aws_region.now.name}.s3\" }",
        ),
    ];
    let inventory = of(&files);
    assert_eq!(inventory.problems, []);
    let region = |id: &str| inventory.resource(id).unwrap().region.clone();
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.regions").name, known("us-east-1 ap-south-1"));
    assert_eq!(region("aws_acm_certificate.it"), known("us-east-1"));
    assert_eq!(region("aws_vpc.it"), known("eu-central-1"));
    assert_eq!(region("aws_vpc.own"), known("us-west-2"));
    assert_eq!(region("module.m.aws_vpc_endpoint.it"), known("us-east-1"));
    assert_eq!(region("module.inherits.aws_vpc_endpoint.it"), known("eu-central-1"));
    assert_eq!(clean("resource \"aws_vpc\" \"it\" {}").resources[0].region, Value::Absent);
}

#[test]
fn what_another_cloud_declares_is_listed_and_is_no_aws() {
    let inventory =
        clean("provider \"google\" {}\nresource \"google_compute_instance\" \"it\" {}\nresource \"azurerm_linux_virtual_machine\" \"it\" {}");
    assert_eq!(inventory.resources, []);
    assert_eq!(inventory.unrecognised.len(), 2);
    assert_eq!(inventory.languages, []);
    assert_eq!(clean("provider \"aws\" {}").languages, [Language::Terraform]);
    assert_eq!(clean("resource \"aws_glue_job\" \"it\" {}").languages, [Language::Terraform]);
}

#[test]
fn a_file_that_overrides_replaces_piece_by_piece_and_a_second_declaration_is_a_problem() {
    let inventory = of(&[
        (
            "main.tf",
            "resource \"aws_vpc\" \"it\" {\n  cidr_block = \"10.0.0.0/16\"\n}\nresource \"aws_sns_topic\" \"t\" { name = var.name }\nvariable \"name\" { default = \"first\" }",
        ),
        ("override.tf", "resource \"aws_vpc\" \"it\" { cidr_block = \"10.9.0.0/16\" }\nvariable \"name\" { type = string }"),
        ("z.tf", "resource \"aws_sns_topic\" \"t\" { name = \"second\" }"),
    ]);
    assert_eq!(get::<crate::inventory::network::Vpc>(&inventory, "aws_vpc.it").cidr, known("10.9.0.0/16"));
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.t").name, known("first"));
    assert_eq!((inventory.problems.len(), inventory.notices.len()), (0, 1));
    assert_eq!(inventory.notices[0].message, "aws_sns_topic.t is declared twice, first in main.tf:4; the first is read");
}

#[test]
fn a_missing_local_module_is_a_problem_and_is_listed() {
    let inventory = of(&[("main.tf", "module \"m\" {\n  source = \"./nowhere\"\n}\nresource \"aws_vpc\" \"it\" { cidr_block = module.m.cidr }")]);
    assert_eq!(inventory.problems[0].message, "there are no Terraform files at ./nowhere, which module.m calls");
    let above = of(&[("main.tf", "module \"m\" {\n  source = \"../../modules/m\"\n}\n")]);
    assert_eq!(above.problems[0].message, "../../modules/m, which module.m calls, lies outside of what is read: give the folder above");
    assert_eq!(inventory.unrecognised[0].id, "module.m");
    assert!(get::<crate::inventory::network::Vpc>(&inventory, "aws_vpc.it").cidr.is_unknown());
}

#[test]
fn opentofus_files_are_code_and_take_the_place_of_terraforms() {
    let inventory = of(&[
        ("main.tf", "resource \"aws_vpc\" \"old\" {}"),
        ("main.tofu", "resource \"aws_vpc\" \"new\" {}"),
        ("more.tf", "resource \"aws_vpc\" \"more\" {}"),
    ]);
    assert_eq!(ids(&inventory), ["aws_vpc.new", "aws_vpc.more"]);
}

#[test]
fn code_that_terragrunt_takes_from_elsewhere_is_listed() {
    let call = |source: &str| format!("terraform {{\n  source = \"{source}\"\n}}");
    let (elsewhere, here) = (call("git::https://u:token@example.com/terraform-aws-vpc.git//vpc?ref=v1"), call("../modules//vpc"));
    let inventory =
        of(&[("live/a/terragrunt.hcl", &elsewhere), ("live/terragrunt.hcl", &here), ("modules/vpc/main.tf", "resource \"aws_vpc\" \"it\" {}")]);
    let listed: Vec<_> = inventory.unrecognised.iter().map(|one| (one.id.as_str(), one.type_name.as_str(), one.origin.line)).collect();
    assert_eq!(listed, [("live/a/terragrunt.hcl", "module git::https://example.com/terraform-aws-vpc.git//vpc?ref=v1", 1)]);
    assert_eq!((ids(&inventory), inventory.problems.len()), (vec!["aws_vpc.it"], 0));
}

#[test]
fn a_file_that_is_named_alone_is_read_with_the_code_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("main.tf", "resource \"aws_sns_topic\" \"it\" { name = var.name }");
    write("variables.tf", "variable \"name\" {}");
    write("terraform.tfvars", "name = \"given\"");
    write("terraform.tfstate", "{}");
    let inventory = crate::read::read(&folder.path().join("main.tf"));
    assert_eq!((inventory.problems.len(), inventory.notices.len()), (0, 0), "{:?}", inventory.problems);
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.it").name, known("given"));
}
