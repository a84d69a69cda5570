//! The bill of an inventory for a stated load: line by line, exact, with the assumption beside each line.
//!
//! A resource without a price is in `unpriced` with the reason, and the total then reads "at least". Nothing is dropped.

mod actual;
mod amount;
mod balancing;
mod beanstalk;
mod bedrock;
mod data;
mod document;
mod ec2;
mod fargate;
mod free;
mod lambda;
mod load;
mod meter;
mod names;
mod network;
mod observe;
mod print;
mod savings;
mod service;

pub use actual::{Actual, ActualRow, InvalidExport, compare_actual};
pub use amount::{Quantity, UnitPrice, Usd};
pub use bedrock::ModelCost;
pub(crate) use bedrock::used_models;
pub use document::{DOCUMENT_LOAD, DocumentRow, DocumentTable, as_document};
pub use load::{InvalidLoad, KEYS as LOAD_KEYS, Load};
pub(crate) use print::wrapped;
pub use print::{document_text, text};
pub use savings::{Halving, Lever};
pub use service::Service;

use crate::inventory::{Extra, Inventory, Kind};
use crate::price::RegionalPrices;
use crate::value::Value;
use domain::prices::Prices;
use meter::{Meter, Scenario};
use serde::Serialize;
use std::collections::BTreeSet;

/// A month's bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// When the price list was put together.
    pub as_of: String,
    /// The region that was asked for.
    pub region: String,
    /// The region whose prices stand in, when it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priced_as: Option<String>,
    /// What it has to carry.
    pub load: Load,
    /// Whether everything has a price; else the total is a lower bound.
    pub complete: bool,
    /// What has none.
    pub unpriced: Vec<Unpriced>,
    /// What all lines come to. The free tier is taken off already.
    pub total_monthly_usd: Range,
    /// The expected total for each thousand tasks.
    pub per_1000_tasks_usd: Usd,
    /// In the order of the inventory, what the whole system shares last.
    pub lines: Vec<Line>,
    /// The lines that make up most of the total, the largest first.
    pub dominates: Vec<Share>,
    /// What would halve it, and by how much.
    pub halving: Halving,
    /// What the same tokens would cost with other models and profiles, the cheapest first.
    pub models: Vec<ModelCost>,
    /// Declared resources that are charged through another one, or not at all.
    pub without_charge: Vec<String>,
    /// What was paid, when an export was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Actual>,
}

/// A lower bound, what is expected, an upper bound.
///
/// `low` takes assumed volumes at half, scaling at its fewest; `high` takes them twice, scaling at its most, and a free tier that is used elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Range {
    /// USD.
    pub low: Usd,
    /// USD.
    pub expected: Usd,
    /// USD.
    pub high: Usd,
}

/// One thing that is charged. `quantity` × `unit_price_usd` is `monthly_usd`, and the total is the sum of these.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The id of the resource, or `load` for what the whole system shares.
    pub resource: String,
    /// What is charged, in words.
    pub item: String,
    /// What is billed, after the free tier.
    pub quantity: Quantity,
    /// Of what.
    pub unit: String,
    /// For one unit.
    pub unit_price_usd: UnitPrice,
    /// What it comes to.
    pub monthly_usd: Usd,
    /// What the free tier saves; not part of `monthly_usd`.
    pub free_tier_usd: Usd,
    /// What this takes for granted. Never empty.
    pub assumption: String,
    /// Whether a public page states the price.
    pub verified: bool,
    /// The rows of the price list: the price, and the factor on it when there is one.
    pub prices: Vec<String>,
    /// The service whose bill it is on.
    pub service: Service,
}

/// A resource without a price.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unpriced {
    /// Its id, or the file that could not be read.
    pub resource: String,
    /// Why.
    pub why: String,
}

/// A line's share of the total.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The resource.
    pub resource: String,
    /// What is charged.
    pub item: String,
    /// A month.
    pub monthly_usd: Usd,
    /// Of the expected total.
    pub percent: f64,
}

/// The bill of an inventory. Pure: the same input gives the same bill.
pub fn cost(inventory: &Inventory, load: &Load, prices: &RegionalPrices, models: &Prices) -> Bill {
    let expected = metered(inventory, load, prices, models, Scenario::Expected);
    let total = expected.total();
    let range = Range {
        low: metered(inventory, &load.halved(), prices, models, Scenario::Low).total(),
        expected: total,
        high: metered(inventory, &load.doubled(), &prices.clone().without_free_tier(), models, Scenario::High).total(),
    };
    Bill {
        as_of: prices.as_of().to_owned(),
        region: prices.region().to_owned(),
        priced_as: prices.priced_as().map(str::to_owned),
        load: load.clone(),
        complete: expected.unpriced.is_empty(),
        total_monthly_usd: range,
        per_1000_tasks_usd: total.times(1_000).per(load.tasks),
        dominates: dominating(&expected.lines, total),
        halving: savings::halving(inventory, load, prices, models, (total, expected.unpriced.len())),
        models: bedrock::beside(inventory, load, models, prices.region()),
        lines: expected.lines,
        unpriced: expected.unpriced.into_iter().collect(),
        without_charge: expected.without_charge,
        actual: None,
    }
}

/// The expected total alone, for who asks often, and how many things have no price in it.
pub(crate) fn expected_total(inventory: &Inventory, load: &Load, prices: &RegionalPrices, models: &Prices) -> (Usd, usize) {
    let meter = metered(inventory, load, prices, models, Scenario::Expected);
    (meter.total(), meter.unpriced.len())
}

/// The region that every resource names that names one; `None` when there is none or they differ.
pub fn region_of(inventory: &Inventory) -> Option<String> {
    let regions: BTreeSet<&String> = inventory.resources.iter().filter_map(|resource| resource.region.known()).collect();
    if regions.len() == 1 { regions.into_iter().next().cloned() } else { None }
}

fn metered<'a>(inventory: &'a Inventory, load: &'a Load, prices: &'a RegionalPrices, models: &'a Prices, scenario: Scenario) -> Meter<'a> {
    let mut meter = Meter::new(inventory, load, prices, scenario);
    for resource in &inventory.resources {
        if let Some(why) = inventory.conditional.get(&resource.id) {
            meter.unpriced(&resource.id, format!("whether it is there at all is unknown: {why}"));
            // The upper bound is that it is.
            if scenario != Scenario::High {
                continue;
            }
        }
        match resource.region.known() {
            Some(region) if region != prices.region() && prices.priced_as().is_none() => {
                let others = format!("say --region {region}, and --as-us-east-1 or a price file with rows for it");
                meter.unpriced(&resource.id, format!("it is in {region}, and these are the prices of {}: {others}", prices.region()));
            }
            // What is charged in its place is said below.
            _ if meter.instead(&resource.id).is_some() => {}
            _ => resource_lines(&mut meter, &resource.id, &resource.kind),
        }
    }
    for (id, extra) in inventory.extras.iter().flat_map(|(id, extras)| extras.iter().map(move |extra| (id, extra))) {
        match extra {
            Extra::Beside(what) => meter.unpriced(id, format!("there is no price here for {what}")),
            Extra::Instead(what) => meter.unpriced(id, format!("it is not counted: {what}")),
        }
    }
    for unrecognised in &inventory.unrecognised {
        if free::is_free_type(&unrecognised.type_name) {
            meter.without_charge(&unrecognised.id);
        } else if free::elsewhere(&unrecognised.type_name) {
            meter.unpriced(&unrecognised.id, format!("what {} makes is not known: its template is not here", unrecognised.type_name));
        } else {
            meter.unpriced(&unrecognised.id, format!("{} has no price here", unrecognised.type_name));
        }
    }
    if let Some((resource, why)) = inventory.resources.iter().find_map(|r| if let Value::Unknown(why) = &r.region { Some((r, why)) } else { None })
        && prices.is_assumed()
    {
        let more = inventory.resources.iter().filter(|other| other.region.is_unknown()).count() - 1;
        let of = if more > 0 { format!("its region and that of {more} more is unknown") } else { "its region is unknown".to_owned() };
        meter.unpriced(&resource.id, format!("{of} ({why}), and counted with the prices of {}: say which with --region", prices.region()));
    }
    for problem in &inventory.problems {
        let place = problem.line.map_or_else(|| problem.file.clone(), |line| format!("{}:{line}", problem.file));
        meter.unpriced(&place, format!("could not be read: {}", problem.message));
    }
    network::egress(&mut meter);
    observe::logs(&mut meter);
    bedrock::tokens(&mut meter, models);
    meter
}

/// Every kind has its arm: a new one does not compile until somebody decides what it costs.
fn resource_lines(meter: &mut Meter<'_>, id: &str, kind: &Kind) {
    match kind {
        Kind::Instance(instance) => ec2::instance(meter, id, instance),
        Kind::Volume(volume) => ec2::lone_volume(meter, id, volume),
        Kind::AutoScalingGroup(group) => ec2::group(meter, id, group),
        Kind::Service(service) => fargate::service(meter, id, service),
        Kind::Cluster(cluster) => fargate::cluster(meter, id, cluster),
        Kind::Function(function) => lambda::function(meter, id, function),
        Kind::BeanstalkEnvironment(environment) => beanstalk::environment(meter, id, environment),
        Kind::NatGateway(nat) => network::nat(meter, id, nat),
        Kind::ElasticIp(_) => network::address(meter, id, "public IPv4 address", "held all month; used or idle costs the same"),
        Kind::Endpoint(endpoint) => network::endpoint(meter, id, endpoint),
        Kind::FlowLog(_) => observe::flow_log(meter, id),
        Kind::LoadBalancer(balancer) => balancing::balancer(meter, id, balancer),
        Kind::WebAcl(acl) => balancing::web_acl(meter, id, acl),
        Kind::Api(api) => lambda::api(meter, id, api),
        Kind::Database(database) => data::database(meter, id, database),
        Kind::DatabaseCluster(_) => meter.unpriced(id, "the storage and I/O of a database cluster have no price here"),
        Kind::Table(table) => data::table(meter, id, table),
        Kind::Cache(cache) => data::cache(meter, id, cache),
        Kind::ServerlessCache(cache) => data::serverless_cache(meter, id, cache),
        Kind::Bucket(_) => data::bucket(meter, id),
        Kind::Queue(queue) => data::queue(meter, id, queue),
        Kind::ImageRepository(_) => data::images(meter, id),
        Kind::Secret(_) => names::secret(meter, id),
        Kind::Parameter(parameter) => names::parameter(meter, id, parameter),
        Kind::Key(_) => names::key(meter, id),
        Kind::Zone(zone) => names::zone(meter, id, zone),
        Kind::Trail(_) => observe::trail(meter, id),
        Kind::MetricFilter(_) => observe::metric(meter, id),
        Kind::Alarm(alarm) => observe::alarm(meter, id, alarm),
        Kind::Dashboard(_) => observe::dashboard(meter, id),
        Kind::Topic(_) => observe::topic(meter, id),
        Kind::Budget(_) => meter.charge(id, "budget", "budgets", Quantity::ONE, "without budget actions".to_owned()),
        Kind::InvocationLogging(logging) => observe::invocations(meter, id, logging),
        Kind::Vpc(_) => meter.charge(id, "VPC", "vpc", Quantity::ONE, "the network itself".to_owned()),
        Kind::SecurityGroup(_) => meter.charge(id, "security group", "sg", Quantity::ONE, "the rules themselves".to_owned()),
        Kind::Role(_) => meter.charge(id, "IAM role", "iam", Quantity::ONE, "the role itself".to_owned()),
        Kind::Certificate(_) => meter.charge(id, "certificate", "acm.public", Quantity::ONE, "a public certificate, not exported".to_owned()),
        // Charged through what uses them, or not at all.
        Kind::LaunchTemplate(_)
        | Kind::TaskDefinition(_)
        | Kind::ScalingTarget(_)
        | Kind::ScalingPolicy(_)
        | Kind::FunctionUrl(_)
        | Kind::BeanstalkApplication(_)
        | Kind::Subnet(_)
        | Kind::InternetGateway(_)
        | Kind::RouteTable(_)
        | Kind::Listener(_)
        | Kind::TargetGroup(_)
        | Kind::Stage(_)
        | Kind::Route(_)
        | Kind::Integration(_)
        | Kind::ApiKey(_)
        | Kind::UsagePlan(_)
        | Kind::Authorizer(_)
        | Kind::Rotation(_)
        | Kind::InstanceProfile(_)
        | Kind::User(_)
        | Kind::AccessKey(_)
        | Kind::Policy(_)
        | Kind::LogGroup(_)
        | Kind::Subscription(_)
        | Kind::CostAnomaly(_)
        | Kind::Record(_) => meter.without_charge(id),
    }
}

/// The largest lines until four fifths of the total are explained, at most five.
fn dominating(lines: &[Line], total: Usd) -> Vec<Share> {
    let mut sorted: Vec<&Line> = lines.iter().filter(|line| line.monthly_usd > Usd::ZERO).collect();
    sorted.sort_by_key(|line| std::cmp::Reverse(line.monthly_usd));
    let mut shares = Vec::new();
    let mut explained = 0.0;
    for line in sorted.into_iter().take(5) {
        let percent = line.monthly_usd.percent_of(total);
        shares.push(Share { resource: line.resource.clone(), item: line.item.clone(), monthly_usd: line.monthly_usd, percent });
        explained += percent;
        if explained >= 80.0 {
            break;
        }
    }
    shares
}
