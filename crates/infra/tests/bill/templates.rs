//! The same totals from templates, in CloudFormation and in Terraform: what is read is what is priced.

use super::*;
use infra::read::{Files, Options, read_files};
use std::path::PathBuf;

fn read(path: &str) -> Inventory {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/baselines").join(path);
    let inventory = read_files(&Files::of(&path), &Options::default());
    assert_eq!(inventory.problems, [], "{}", path.display());
    inventory
}

#[track_caller]
fn check(name: &str, load: &str, prices: &RegionalPrices, expected: &str) {
    for path in [format!("cloudformation/{name}.yaml"), format!("terraform/{name}")] {
        let bill = cost(&read(&path), &Load::parse(load).unwrap(), prices, &models());
        assert_eq!((total(&bill).as_str(), bill.unpriced.as_slice()), (expected, [].as_slice()), "{path}");
    }
}

#[test]
fn the_baselines_come_to_the_cent_in_both_languages() {
    let free = prices();
    check("ec2", IDLE, &free, "36.52");
    check("ec2_arm", IDLE, &free, "30.68");
    check("fargate", IDLE, &free, "68.55");
    check("fargate_private", IDLE, &free, "97.75");
    check("http", "tasks=1000000,seconds=2,steps=0,egress_gb=0,log_gb=0", &free, "9.90");
    check("rest", "tasks=1000000,seconds=10,steps=0,egress_gb=0,log_gb=0", &free.without_free_tier(), "87.93");
}
