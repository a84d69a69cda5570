//! Monthly totals worked out by hand from public prices, to the cent.

use super::*;
use infra::inventory::api::{Api, Protocol};
use infra::inventory::compute::Function;
use infra::inventory::network::NatGateway;

fn ec2(instance_type: &str) -> Inventory {
    let mut resources = vec![("instance", instance(instance_type, 20.0))];
    resources.extend(zone_and_secret());
    inventory(resources)
}

fn serverless(protocol: Protocol, architecture: &str) -> Inventory {
    let function =
        Function { memory_mb: Value::Known(512.0), architecture: known(architecture), timeout_s: Value::Known(30.0), ..Function::default() };
    let mut resources = vec![("api", Api { protocol, ..Api::default() }.into()), ("function", function.into())];
    resources.extend(zone_and_secret());
    inventory(resources)
}

#[test]
fn an_instance_with_disk_address_zone_and_secret() {
    assert_eq!(total(&bill(&ec2("t3.medium"), IDLE)), "36.52");
    assert_eq!(total(&bill(&ec2("t4g.medium"), IDLE)), "30.68");
}

#[test]
fn two_public_tasks_behind_a_balancer() {
    let bill = bill(&inventory(fargate(true)), IDLE);
    assert_eq!(total(&bill), "68.55");
    assert!(bill.complete);
}

#[test]
fn the_same_tasks_in_private_subnets_behind_a_nat_gateway() {
    let mut resources = fargate(false);
    resources.push(("nat", NatGateway::default().into()));
    assert_eq!(total(&bill(&inventory(resources), IDLE)), "97.75");
}

#[test]
fn an_http_api_with_an_arm_function_within_the_free_tier() {
    let bill = bill(&serverless(Protocol::Http, "arm64"), "tasks=1000000,seconds=2,steps=0,egress_gb=0,log_gb=0");
    assert_eq!(total(&bill), "9.90");
    let free: Vec<String> = bill.lines.iter().filter(|line| line.resource == "function").map(|line| line.free_tier_usd.to_string()).collect();
    assert_eq!(free, ["0.20", "5.33"], "a million requests and 400,000 GB-seconds");
}

#[test]
fn a_rest_api_with_an_x86_function_where_the_free_tier_is_used_up() {
    let load = Load::parse("tasks=1000000,seconds=10,steps=0,egress_gb=0,log_gb=0").unwrap();
    let bill = cost(&serverless(Protocol::Rest, "x86_64"), &load, &prices().without_free_tier(), &models());
    assert_eq!(total(&bill), "87.93");
    assert_eq!(bill.per_1000_tasks_usd.to_string(), "0.09");
}
