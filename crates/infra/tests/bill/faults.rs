//! What cannot be priced is said, and never counted as nothing.

use super::*;
use infra::cost::region_of;
use infra::inventory::{Problem, Unrecognised};

fn whys(bill: &Bill) -> Vec<String> {
    bill.unpriced.iter().map(|entry| format!("{}: {}", entry.resource, entry.why)).collect()
}

#[test]
fn an_unknown_value_leaves_its_resource_unpriced_by_name() {
    let unknown = Instance { instance_type: Value::Unknown("parameter InstanceType has no default".to_owned()), ..Instance::default() };
    let bill = bill(&inventory(vec![("web", unknown.into())]), IDLE);
    assert!(!bill.complete);
    assert_eq!(whys(&bill), ["web: its instance type is unknown: parameter InstanceType has no default"]);
    assert!(infra::cost::text(&bill).contains("at least $"));
}

#[test]
fn a_type_without_a_price_names_the_row_that_would_give_it_one() {
    let bill = bill(&inventory(vec![("web", instance("m7i.large", 8.0))]), IDLE);
    assert_eq!(whys(&bill), ["web: there is no price for ec2.m7i.large in us-east-1: a row with that id in a price file gives it one"]);
}

#[test]
fn a_resource_that_is_not_recognised_is_listed_unless_its_type_costs_nothing() {
    let origin = Origin { file: "t.yaml".to_owned(), line: 1, path: "x".to_owned() };
    let unrecognised = |type_name: &str| Unrecognised { id: type_name.to_owned(), type_name: type_name.to_owned(), origin: origin.clone() };
    let all = Inventory {
        unrecognised: vec![unrecognised("AWS::CloudFront::Distribution"), unrecognised("AWS::Lambda::Permission")],
        ..Inventory::default()
    };
    let bill = bill(&all, IDLE);
    assert_eq!(whys(&bill), ["AWS::CloudFront::Distribution: AWS::CloudFront::Distribution has no price here"]);
    assert_eq!(bill.without_charge, ["AWS::Lambda::Permission"]);
}

#[test]
fn a_file_that_could_not_be_read_makes_the_total_a_lower_bound() {
    let problem = Problem { file: "broken.tf".to_owned(), line: Some(3), message: "expected a brace".to_owned() };
    let bill = bill(&Inventory { problems: vec![problem], ..Inventory::default() }, IDLE);
    assert_eq!(whys(&bill), ["broken.tf:3: could not be read: expected a brace"]);
}

#[test]
fn a_resource_of_another_region_has_no_price_here_unless_all_are_priced_as_one() {
    let mut abroad = inventory(vec![("web", instance("t3.medium", 8.0))]);
    abroad.resources[0].region = known("eu-central-1");
    assert_eq!(region_of(&abroad).as_deref(), Some("eu-central-1"));
    let way_out = "say --region eu-central-1, and --as-us-east-1 or a price file with rows for it";
    assert_eq!(whys(&bill(&abroad, IDLE)), [format!("web: it is in eu-central-1, and these are the prices of us-east-1: {way_out}")]);
    let prices = AwsPrices::built_in().in_region("eu-central-1", Elsewhere::AsUsEast1).unwrap();
    let bill = cost(&abroad, &Load::parse(IDLE).unwrap(), &prices, &models());
    assert!(bill.complete);
    assert!(infra::cost::text(&bill).contains("a month (priced as us-east-1)"));
}

#[test]
fn counts_that_are_no_counts_are_said_and_not_multiplied() {
    for (count, expected) in [(-1.0, "-1"), (f64::NAN, "NaN"), (1e300, "1000000")] {
        let mut resources = fargate(true);
        if let Kind::Service(service) = &mut resources[1].1 {
            service.desired_count = Value::Known(count);
        }
        let bill = bill(&inventory(resources), IDLE);
        let why = &whys(&bill)[0];
        assert!(why.starts_with(&format!("service: its desired count is {expected}")), "{why}");
    }
}

#[test]
fn an_empty_inventory_costs_nothing_and_says_so() {
    let bill = bill(&Inventory::default(), "");
    assert_eq!((total(&bill).as_str(), bill.complete, bill.lines.len()), ("0.00", true, 0));
}

#[test]
fn names_from_templates_cannot_steer_a_terminal_or_widen_it() {
    let id = format!("\u{1b}[2J{}", "x".repeat(300));
    let printed = infra::cost::text(&bill(&inventory(vec![(&id, instance("m7i.large", 20.0))]), IDLE));
    assert!(!printed.contains('\u{1b}'));
    assert!(printed.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn a_change_that_loses_a_price_is_not_a_saving() {
    // There is a price for t3.xlarge in this file and none for t4g.xlarge anywhere.
    let row = "[[price]]\nid = \"ec2.t3.xlarge\"\nunit = \"hour\"\nusd = \"0.1664\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true";
    let prices = AwsPrices::built_in().with(AwsPrices::parse(row).unwrap()).in_region("us-east-1", Elsewhere::Refuse).unwrap();
    let bill = cost(&inventory(vec![("web", instance("t3.xlarge", 20.0))]), &Load::parse(IDLE).unwrap(), &prices, &models());
    assert!(bill.complete);
    assert!(bill.halving.levers.is_empty(), "{:?}", bill.halving.levers);
}

#[test]
fn a_database_past_its_standard_support_pays_for_each_vcpu() {
    let database = infra::inventory::data::Database {
        engine: known("postgres"),
        engine_version: known("12.19"),
        class: known("db.t3.micro"),
        storage_gb: Value::Known(20.0),
        ..Default::default()
    };
    // 13.14 for the instance, 2.30 for the disk, and 2 vCPUs × 730 h × 0.10.
    assert_eq!(total(&bill(&inventory(vec![("db", database.clone().into())]), IDLE)), "161.44");
    let newer = infra::inventory::data::Database { engine_version: known("16.4"), ..database };
    assert_eq!(total(&bill(&inventory(vec![("db", newer.into())]), IDLE)), "15.44");
}

#[test]
fn a_resource_that_a_deployment_may_leave_out_counts_in_the_upper_bound_alone() {
    let mut all = inventory(vec![("web", instance("t3.medium", 20.0))]);
    all.conditional.insert("web".to_owned(), "condition IsProduction".to_owned());
    let bill = bill(&all, IDLE);
    assert_eq!(whys(&bill), ["web: whether it is there at all is unknown: condition IsProduction"]);
    assert_eq!((total(&bill).as_str(), bill.total_monthly_usd.high.to_string().as_str()), ("0.00", "35.62"));
}
