//! One thing changed moves what it should and nothing else.

use super::*;
use infra::cost::{UnitPrice, Usd};
use infra::inventory::data::{Cache, Database, ServerlessCache, Table};
use infra::inventory::network::{Endpoint, NatGateway};
use infra::inventory::observe::{Alarm, Dashboard, Topic, Trail};
use infra::options::{Deployment, Variant};
use std::collections::{BTreeMap, BTreeSet};

/// Inventories that together use most of the price list.
fn inventories() -> Vec<Inventory> {
    let load = Load::default();
    let mut all: Vec<Inventory> =
        Deployment::ALL.iter().map(|option| option.inventory(&load, Variant { is_highly_available: true, is_private: true })).collect();
    let database = Database {
        engine: known("postgres"),
        class: known("db.t4g.small"),
        storage_gb: Value::Known(50.0),
        storage_type: known("gp3"),
        multi_az: Value::Known(true),
        public: Value::Known(true),
        ..Database::default()
    };
    let cache = Cache { engine: known("valkey"), node_type: known("cache.t4g.micro"), nodes: Value::Known(2.0), ..Cache::default() };
    let table = Table { billing_mode: known("PAY_PER_REQUEST"), point_in_time_recovery: Value::Known(true), ..Table::default() };
    let endpoint =
        Endpoint { service: known("bedrock-runtime"), endpoint_type: known("Interface"), subnets: vec![to("a"), to("b")], ..Endpoint::default() };
    let mut resources = fargate(true);
    if let Kind::Service(service) = &mut resources[1].1 {
        service.capacity_providers = vec![provider("FARGATE", 0.0, 1.0), provider("FARGATE_SPOT", 0.0, 3.0)];
    }
    let disk = Volume {
        size_gb: Value::Known(100.0),
        volume_type: known("gp3"),
        iops: Value::Known(4_000.0),
        throughput: Value::Known(250.0),
        ..Volume::default()
    };
    resources.extend([
        ("database", database.into()),
        ("cache", cache.into()),
        ("serverless", ServerlessCache { engine: known("valkey") }.into()),
        ("table", table.into()),
        ("endpoint", endpoint.into()),
        ("nat", NatGateway::default().into()),
        ("disk", disk.into()),
        ("alarm", Alarm { period_s: Value::Known(10.0), ..Alarm::default() }.into()),
        ("dashboard", Dashboard::default().into()),
        ("topic", Topic::default().into()),
        ("trail", Trail::default().into()),
    ]);
    all.push(inventory(resources));
    all
}

#[test]
fn a_price_that_changes_moves_the_total_by_quantity_times_difference() {
    // So much that every row is used beyond its free tier and none of the tiers above.
    let load = Load::parse("tasks=3000000,seconds=3,model=us.anthropic.claude-haiku-5-5,egress_gb=500,log_gb=50").unwrap();
    let difference = UnitPrice::parse("0.01").unwrap();
    let mut tested = BTreeSet::new();
    for inventory in inventories() {
        let before = cost(&inventory, &load, &prices(), &models());
        let used: BTreeSet<&String> = before.lines.iter().flat_map(|line| &line.prices).filter(|id| !id.starts_with("bedrock/")).collect();
        for id in used {
            let row = prices().row(id).unwrap().clone();
            let dearer = format!(
                "[[price]]\nid = {id:?}\nunit = {:?}\nusd = \"{}\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true",
                row.unit,
                UnitPrice(row.usd.0 + difference.0)
            );
            let changed = AwsPrices::built_in().with(AwsPrices::parse(&dearer).unwrap()).in_region("us-east-1", Elsewhere::Refuse).unwrap();
            let after = cost(&inventory, &load, &changed, &models());
            let mut expected = Usd::ZERO;
            for line in before.lines.iter().filter(|line| line.prices.contains(id)) {
                // A line's price is a price times a factor, or a price alone; one of the two has changed.
                let other = line.prices.iter().find(|other| *other != id).map(|other| prices().row(other).unwrap().usd);
                expected = expected + line.quantity.at(other.map_or(difference, |other| other.scaled(difference)));
            }
            assert_eq!(after.total_monthly_usd.expected - before.total_monthly_usd.expected, expected, "{id}");
            tested.insert(id.clone());
        }
    }
    assert!(tested.len() > 45, "{} rows: {tested:?}", tested.len());
}

#[test]
fn halving_an_instance_a_disk_or_a_count_moves_only_its_own_line() {
    let mut base = fargate(true);
    base.push(("small", instance("t3.medium", 20.0)));
    base.push(("large", instance("t3.large", 100.0)));
    let amounts = |resources: Vec<(&'static str, Kind)>| -> BTreeMap<(String, String), Usd> {
        bill(&inventory(resources), "")
            .lines
            .into_iter()
            .map(|line| ((line.resource, line.prices[0].split('.').next().unwrap().to_owned() + &line.item), line.monthly_usd))
            .collect()
    };
    let moved = |change: fn(&mut Kind), id: &str| {
        let mut changed = base.clone();
        changed.iter_mut().filter(|(name, _)| *name == id).for_each(|(_, kind)| change(kind));
        let (before, after) = (amounts(base.clone()), amounts(changed));
        let rest = |amounts: &BTreeMap<(String, String), Usd>| {
            amounts.iter().filter(|((resource, _), _)| resource != id).map(|(key, usd)| (key.clone(), *usd)).collect::<Vec<_>>()
        };
        assert_eq!(rest(&before), rest(&after), "{id}: a line of another resource moved");
        before.values().copied().sum::<Usd>() - after.values().copied().sum::<Usd>()
    };
    let hours = |usd: &str| Quantity::MONTH_HOURS.at(UnitPrice::parse(usd).unwrap());
    let smaller = moved(
        |kind| {
            if let Kind::Instance(i) = kind {
                i.instance_type = known("t3.medium")
            }
        },
        "large",
    );
    assert_eq!(smaller, hours("0.0416"));
    let disk = moved(
        |kind| {
            if let Kind::Instance(i) = kind {
                i.volumes[0].size_gb = Value::Known(50.0)
            }
        },
        "large",
    );
    assert_eq!(disk, Usd::parse("4").unwrap());
    let count = moved(
        |kind| {
            if let Kind::Service(s) = kind {
                s.desired_count = Value::Known(1.0)
            }
        },
        "service",
    );
    assert_eq!(count, hours("0.024685") + hours("0.005"), "a task with its address");
}
