//! What is charged and easily left out: settings without a price, several tasks on Spot, disks beside the image's, runs that are cut off.

use super::*;
use infra::inventory::compute::{AutoScalingGroup, BeanstalkEnvironment, Function, LaunchTemplate};
use infra::inventory::data::{Database, ServerlessCache};
use infra::inventory::network::NatGateway;
use infra::read::{Files, Options, read_files};
use std::path::PathBuf;

fn read(path: &str) -> Inventory {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/charged").join(path);
    read_files(&Files::of(&path), &Options::default())
}

/// What is unpriced, by the name of each resource in either language.
fn unpriced(inventory: &Inventory) -> Vec<String> {
    let bill = bill(inventory, IDLE);
    assert!(!bill.complete);
    bill.unpriced.iter().map(|entry| format!("{}: {}", entry.resource.rsplit(['/', '.']).next().unwrap(), entry.why)).collect()
}

#[test]
fn a_setting_that_costs_money_and_has_no_price_is_said_in_both_languages() {
    let both = [
        "Alarm: there is no price here for the further metrics of its expression",
        "Cache: there is no price here for the least that its limits ask for",
        "Database: there is no price here for provisioned I/O beyond what the storage includes",
        "Database: there is no price here for throughput beyond what the storage includes",
        "Firewall: there is no price here for rule groups that are charged apart",
        "FlowLog: it is not counted: a flow log that goes elsewhere than to CloudWatch",
        "Mixed: it is not counted: instances of the types that its overrides name, in place of its template's",
        "Second: a second copy of management events is charged by the event, which has no price here",
        "Secret: there is no price here for its replicas in other regions",
        "Spot: it is not counted: a Spot instance: its price varies",
        "Stage: there is no price here for the stage's cache",
        "Template: it is not counted: a Spot instance: its price varies",
        "Trail: there is no price here for data events",
    ];
    let alone = [
        "Alias: there is no price here for provisioned concurrency",
        "Net: what AWS::CloudFormation::Stack makes is not known: its template is not here",
    ];
    let mut terraform = unpriced(&read("terraform"));
    terraform.sort();
    assert_eq!(terraform, both);
    let mut expected: Vec<&str> = both.into_iter().chain(alone).collect();
    expected.sort_unstable();
    let mut cloudformation = unpriced(&read("cloudformation.yaml"));
    cloudformation.sort();
    assert_eq!(cloudformation, expected);
}

#[test]
fn the_base_of_a_strategy_comes_first_and_a_missing_weight_is_none() {
    let service = |desired: f64, providers: Vec<CapacityProvider>| {
        let definition = TaskDefinition { cpu: Value::Known(1_024.0), memory_mb: Value::Known(2_048.0), ..TaskDefinition::default() };
        let desired_count = Value::Known(desired);
        let service = Service { task_definition: to("task"), desired_count, capacity_providers: providers, ..Service::default() };
        total(&bill(&inventory(vec![("task", definition.into()), ("service", service.into())]), IDLE))
    };
    let without_weight = CapacityProvider { name: known("FARGATE"), base: Value::Known(1.0), weight: Value::Absent };
    assert_eq!(service(2.0, vec![provider("FARGATE", 2.0, 1.0), provider("FARGATE_SPOT", 0.0, 4.0)]), "72.08");
    // One on demand, nine on Spot at 0.3 of the price.
    assert_eq!(service(10.0, vec![without_weight.clone(), provider("FARGATE_SPOT", 0.0, 1.0)]), "133.35");
    assert_eq!(service(10.0, vec![provider("FARGATE", 1.0, 0.0), provider("FARGATE_SPOT", 0.0, 1.0)]), "133.35");
    assert_eq!(service(2.0, vec![without_weight]), "72.08");
    assert_eq!(service(2.0, vec![CapacityProvider { name: known("FARGATE_SPOT"), ..CapacityProvider::default() }]), "21.62");
}

#[test]
fn nothing_is_billed_beyond_a_functions_time_out() {
    let seconds = |timeout_s: Value<f64>| {
        let function = Function { memory_mb: Value::Known(1_024.0), timeout_s, ..Function::default() };
        let bill = bill(&inventory(vec![("function", function.into())]), "tasks=1000000,seconds=10,log_gb=0,egress_gb=0");
        let line = bill.lines.iter().find(|line| line.unit == "GB-second").unwrap();
        // What the free tier takes is not in the quantity.
        (line.quantity + Quantity::whole(400_000), line.assumption.clone())
    };
    assert_eq!(seconds(Value::Known(5.0)).0, Quantity::whole(5_000_000));
    assert_eq!(seconds(Value::Known(30.0)).0, Quantity::whole(10_000_000));
    let (quantity, assumption) = seconds(Value::Absent);
    assert_eq!(quantity, Quantity::whole(3_000_000));
    assert!(assumption.contains("cut off after 3 s by its time-out, which is the default"), "{assumption}");
}

#[test]
fn a_machine_has_the_disk_of_its_image_beside_its_data_disks() {
    let disk = |gb: f64, is_data: bool| Volume { size_gb: Value::Known(gb), volume_type: known("gp3"), is_data, ..Volume::default() };
    let disks = |own: Vec<Volume>, of_template: Vec<Volume>| {
        let private = Value::Known(false);
        let template = Instance { instance_type: known("t3.medium"), volumes: of_template, ..Instance::default() };
        let machine = Instance { volumes: own, launch_template: to("template"), public_ip: private, ..Instance::default() };
        let bill = bill(&inventory(vec![("template", LaunchTemplate { instance: template }.into()), ("machine", machine.into())]), IDLE);
        bill.lines.iter().filter(|line| line.unit == "GB-month").map(|line| line.quantity).fold(Quantity::ZERO, |sum, gb| sum + gb)
    };
    assert_eq!(disks(vec![], vec![]), Quantity::whole(20));
    assert_eq!(disks(vec![disk(100.0, true)], vec![]), Quantity::whole(120));
    assert_eq!(disks(vec![disk(8.0, false)], vec![disk(30.0, false), disk(100.0, true)]), Quantity::whole(108));
}

#[test]
fn extended_support_has_its_engines_and_its_third_year_and_an_unknown_version_is_said() {
    let surcharge = |engine: &str, version: Value<String>| {
        let (class, storage) = (known("db.t4g.medium"), Value::Known(20.0));
        let database = Database { engine: known(engine), engine_version: version, class, storage_gb: storage, ..Database::default() };
        let bill = bill(&inventory(vec![("database", database.into())]), IDLE);
        let line = bill.lines.iter().find(|line| line.item == "RDS extended support").map(|line| line.monthly_usd.to_string());
        (line, bill.unpriced.iter().any(|entry| entry.why.starts_with("its engine version is unknown")))
    };
    // 2 vCPUs × 730 h.
    assert_eq!(surcharge("postgres", known("11.22")).0.as_deref(), Some("292.00"));
    assert_eq!(surcharge("postgres", known("12.19")).0.as_deref(), Some("146.00"));
    assert_eq!(surcharge("mysql", known("5.7.44")).0.as_deref(), Some("292.00"));
    assert_eq!(surcharge("mysql", known("8.0.40")).0.as_deref(), Some("146.00"));
    for supported in [("postgres", known("16.4")), ("mysql", known("8.4.3")), ("postgres", Value::Absent), ("mariadb", known("5.7"))] {
        assert_eq!(surcharge(supported.0, supported.1), (None, false));
    }
    assert!(surcharge("postgres", Value::Unknown("parameter Version has no default".to_owned())).1);
}

#[test]
fn the_price_of_a_disk_is_not_that_of_the_io_it_is_provisioned_with() {
    let row = "[[price]]\nid = \"rds.io1\"\nunit = \"GB-month\"\nusd = \"0.125\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true\n";
    let own = AwsPrices::built_in().with(AwsPrices::parse(row).unwrap()).in_region("us-east-1", Elsewhere::Refuse).unwrap();
    let (class, storage_gb, storage_type) = (known("db.t4g.medium"), Value::Known(100.0), known("io1"));
    let database = Database { engine: known("postgres"), class, storage_gb, storage_type, ..Database::default() };
    let bill = cost(&inventory(vec![("database", database.into())]), &Load::parse(IDLE).unwrap(), &own, &models());
    assert_eq!(bill.unpriced[0].why, "there is no price here for the I/O that io1 is provisioned with");
}

#[test]
fn what_a_price_file_is_asked_for_it_may_give() {
    let row = |id: &str, unit: &str| {
        format!("[[price]]\nid = {id:?}\nunit = {unit:?}\nusd = \"0.1\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true\n")
    };
    // Each thing without a price names a row, and a file with that row is taken.
    let (class, storage_type) = (known("db.m7g.large"), known("standard"));
    let database = Database { engine: known("mariadb"), class, storage_gb: Value::Known(20.0), storage_type, ..Database::default() };
    let disk = Volume { size_gb: Value::Known(100.0), volume_type: known("io2"), iops: Value::Known(5_000.0), ..Volume::default() };
    let cache = ServerlessCache { engine: known("memcached") };
    let all =
        inventory(vec![("database", database.into()), ("disk", disk.into()), ("machine", instance("m7i.large", 20.0)), ("cache", cache.into())]);
    let mut file = String::new();
    for _ in 0..3 {
        let own = AwsPrices::built_in().with(AwsPrices::parse(&file).unwrap()).in_region("us-east-1", Elsewhere::Refuse).unwrap();
        let missing = cost(&all, &Load::parse(IDLE).unwrap(), &own, &models()).unpriced;
        for entry in missing {
            let id = entry.why.split_whitespace().find(|word| word.contains('.')).unwrap();
            file.push_str(&match id {
                "cache.serverless.memcached.floor" => {
                    format!("[[size]]\nid = {id:?}\nunit = \"GB\"\nquantity = \"1\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true\n")
                }
                _ if id.ends_with("_iops") => row(id, "IOPS-month"),
                _ if id.ends_with(".ecpu") => row(id, "million"),
                _ if id.ends_with(".gb") => row(id, "GB-hour"),
                _ if id.contains(".db.") || id.starts_with("ec2.") => row(id, "hour"),
                _ => row(id, "GB-month"),
            });
        }
    }
    let own = AwsPrices::built_in().with(AwsPrices::parse(&file).unwrap()).in_region("us-east-1", Elsewhere::Refuse).unwrap();
    let bill = cost(&all, &Load::parse(IDLE).unwrap(), &own, &models());
    assert!(bill.complete, "{:?}", bill.unpriced);
}

#[test]
fn a_region_that_nobody_named_is_not_taken_for_a_fact() {
    let mut all = inventory(vec![("web", instance("t3.medium", 20.0)), ("zone", Zone::default().into())]);
    all.resources[0].region = Value::Unknown("var.region has no value here".to_owned());
    let whys = |prices: &RegionalPrices| cost(&all, &Load::parse(IDLE).unwrap(), prices, &models()).unpriced;
    assert!(whys(&prices()).is_empty());
    let assumed = whys(&prices().assumed());
    let expected = "its region is unknown (var.region has no value here), and counted with the prices of us-east-1: say which with --region";
    assert_eq!((assumed.len(), assumed[0].why.as_str()), (1, expected));
}

#[test]
fn lines_that_would_be_another_things_are_not_written() {
    let private = NatGateway { connectivity: known("private"), ..NatGateway::default() };
    let gateway = LoadBalancer { balancer_type: known("gateway"), subnets: vec![to("a")], ..LoadBalancer::default() };
    let settings = [("aws:elasticbeanstalk:environment/EnvironmentType", "SingleInstance"), ("aws:ec2:instances/EnableSpot", "true")];
    let settings = settings.map(|(name, value)| (name.to_owned(), known(value))).into();
    let environment = BeanstalkEnvironment { settings, ..BeanstalkEnvironment::default() };
    let from_snapshot = Volume { volume_type: known("gp3"), ..Volume::default() };
    let all = inventory(vec![
        ("nat", private.into()),
        ("gateway", gateway.into()),
        ("environment", environment.into()),
        ("disk", from_snapshot.into()),
        ("group", AutoScalingGroup::default().into()),
    ]);
    let bill = bill(&all, IDLE);
    let has = |resource: &str, price: &str| bill.lines.iter().any(|line| line.resource == resource && line.prices[0].starts_with(price));
    assert!(has("nat", "nat.hour") && !has("nat", "ipv4"));
    assert!(!has("gateway", "ipv4") && !has("disk", "ebs") && !has("environment", "ec2"));
}

#[test]
fn twenty_thousand_gateways_are_counted_in_good_time() {
    let ids: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    let all = inventory(ids.iter().map(|id| (id.as_str(), NatGateway::default().into())).collect());
    let began = std::time::Instant::now();
    assert!(bill(&all, IDLE).complete);
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}
