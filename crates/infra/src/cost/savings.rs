//! What would make the bill smaller: changes tried on the inventory or the load, and what the bill is then.

use super::{Load, Usd, expected_total};
use crate::inventory::api::{Api, Protocol, UsagePlan};
use crate::inventory::compute::{CapacityProvider, Function, Instance, Service, Volume};
use crate::inventory::data::{Cache, Database};
use crate::inventory::network::{ElasticIp, NatGateway};
use crate::inventory::{Inventory, Kind};
use crate::price::RegionalPrices;
use crate::usage::split;
use crate::value::Value;
use domain::prices::Prices;
use serde::Serialize;

/// One change and what it saves by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lever {
    /// What to do, with what it costs otherwise.
    pub change: String,
    /// USD a month, when only this is changed.
    pub saves_usd: Usd,
    /// Of the expected total.
    pub percent: f64,
}

/// The way to half the bill.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Halving {
    /// Every change that saves something, the largest saving first.
    pub levers: Vec<Lever>,
    /// How many of them, from the first, are needed to come to half; all of them when even that is not enough.
    pub steps: usize,
    /// What the bill is after those steps, all taken together.
    pub total_usd: Usd,
    /// What they save together, of the expected total.
    pub percent: f64,
    /// Whether that is half or less.
    pub reaches_half: bool,
}

type Change = fn(&mut Inventory, &mut Load) -> bool;

/// The changes, each with its price beyond money. A change answers whether there was anything to change.
const CHANGES: &[(&str, Change)] = &[
    ("take the model's global. profile: any region may answer", global_profile),
    ("send half the tokens: shorter instructions and outputs of tools", half_the_tokens),
    ("serve 70 % of the input from the prompt cache: keep the beginning of prompts the same", prompt_cache),
    ("run on ARM: images and packages must exist for it", on_arm),
    ("run one task for each service: no high availability", one_task),
    ("run Fargate tasks on Spot: they may be stopped with two minutes' notice", on_spot),
    ("give tasks public addresses in place of NAT gateways: security groups alone keep strangers out", without_nat),
    ("use gp3 disks in place of gp2", gp3_disks),
    ("use an HTTP API in place of a REST API: no API keys and usage plans", http_api),
    ("run databases without a standby: a failure of a zone is an outage", without_standby),
    ("use Valkey in place of Redis", valkey),
];

/// Tries every change by itself, then the best ones together until the bill is half.
pub(super) fn halving(inventory: &Inventory, load: &Load, prices: &RegionalPrices, models: &Prices, (total, unpriced): (Usd, usize)) -> Halving {
    let mut found: Vec<(Lever, Change)> = Vec::new();
    for (change, apply) in CHANGES {
        let (mut changed, mut changed_load) = (inventory.clone(), load.clone());
        if !apply(&mut changed, &mut changed_load) {
            continue;
        }
        let (changed_total, changed_unpriced) = expected_total(&changed, &changed_load, prices, models);
        let saves_usd = total - changed_total;
        // What lost its price by the change saves nothing that anybody knows of.
        if saves_usd.cents() > 0 && changed_unpriced <= unpriced {
            found.push((Lever { change: (*change).to_owned(), saves_usd, percent: saves_usd.percent_of(total) }, *apply));
        }
    }
    found.sort_by_key(|(lever, _)| std::cmp::Reverse(lever.saves_usd));
    let (mut together, mut together_load, mut now, mut steps) = (inventory.clone(), load.clone(), total, 0);
    for (_, apply) in &found {
        if now.times(2) <= total {
            break;
        }
        apply(&mut together, &mut together_load);
        (now, _) = expected_total(&together, &together_load, prices, models);
        steps += 1;
    }
    Halving {
        levers: found.into_iter().map(|(lever, _)| lever).collect(),
        steps,
        total_usd: now,
        percent: (total - now).percent_of(total),
        reaches_half: now.times(2) <= total,
    }
}

fn global_profile(inventory: &mut Inventory, load: &mut Load) -> bool {
    let super::bedrock::Used::Models(used) = super::bedrock::used(inventory, load) else { return false };
    // A model by itself is asked in its own region; the surcharge of that falls away too, where there is one.
    let globally = |id: &String| format!("global.{}", split(id).map_or(id.as_str(), |(_, model)| model));
    load.models = used.iter().map(globally).collect();
    used.iter().ne(&load.models)
}

fn half_the_tokens(_: &mut Inventory, load: &mut Load) -> bool {
    (load.tokens_in, load.tokens_out) = (load.tokens_in / 2, load.tokens_out / 2);
    true
}

fn prompt_cache(_: &mut Inventory, load: &mut Load) -> bool {
    let is_less = load.hit_rate < 0.7;
    load.hit_rate = 0.7;
    is_less
}

fn on_arm(inventory: &mut Inventory, _: &mut Load) -> bool {
    let mut found = false;
    let arm_type = |name: &mut Value<String>| match name {
        // Sizes of t3 and t4g are alike.
        Value::Known(known) if known.contains("t3.") => {
            *known = known.replacen("t3.", "t4g.", 1);
            true
        }
        _ => false,
    };
    for resource in &mut inventory.resources {
        found |= match &mut resource.kind {
            Kind::Instance(instance) => arm_type(&mut instance.instance_type),
            Kind::LaunchTemplate(template) => arm_type(&mut template.instance.instance_type),
            Kind::Database(database) => arm_type(&mut database.class),
            Kind::Cache(cache) => arm_type(&mut cache.node_type),
            Kind::BeanstalkEnvironment(environment) => environment
                .settings
                .iter_mut()
                .filter(|(name, _)| name.ends_with("/InstanceType") || name.ends_with("/InstanceTypes"))
                .any(|(_, value)| arm_type(value)),
            Kind::TaskDefinition(definition) => to(&mut definition.architecture, "ARM64"),
            Kind::Function(function) => to(&mut function.architecture, "arm64"),
            _ => false,
        };
    }
    found
}

/// Sets a text that is known or left to its default; an unknown one stays.
fn to(value: &mut Value<String>, text: &str) -> bool {
    let changes = !value.is_unknown() && value.known().is_none_or(|known| !known.eq_ignore_ascii_case(text));
    if changes {
        *value = Value::Known(text.to_owned());
    }
    changes
}

fn one_task(inventory: &mut Inventory, _: &mut Load) -> bool {
    each(inventory, |service: &mut Service| {
        let several = service.desired_count.known().is_some_and(|count| *count > 1.0);
        if several {
            service.desired_count = Value::Known(1.0);
        }
        several
    })
}

fn on_spot(inventory: &mut Inventory, _: &mut Load) -> bool {
    each(inventory, |service: &mut Service| {
        let on_demand = service.launch_type.known().is_some_and(|launch| launch == "FARGATE") && service.capacity_providers.is_empty();
        if on_demand {
            let spot = Value::Known("FARGATE_SPOT".to_owned());
            service.capacity_providers = vec![CapacityProvider { name: spot, weight: Value::Known(1.0), ..CapacityProvider::default() }];
        }
        on_demand
    })
}

fn without_nat(inventory: &mut Inventory, _: &mut Load) -> bool {
    let addresses: Vec<String> =
        inventory.all::<NatGateway>().filter_map(|(_, nat)| Some(inventory.follow::<ElasticIp>(&nat.elastic_ip)?.0.id.clone())).collect();
    let has_nat = inventory.all::<NatGateway>().next().is_some();
    // Only tasks on Fargate can be moved by a setting; functions, instances and tasks on them in private subnets need another network.
    let on_fargate = |service: &Service| match service.capacity_providers.as_slice() {
        [] => service.launch_type.known().is_some_and(|launch| launch == "FARGATE"),
        providers => providers.iter().all(|provider| provider.name.known().is_some_and(|name| name.starts_with("FARGATE"))),
    };
    let is_shared = inventory.all::<Function>().any(|(_, function)| !function.subnets.is_empty())
        || inventory.all::<Instance>().any(|(_, instance)| instance.public_ip.known() != Some(&true))
        || inventory.all::<Service>().any(|(_, service)| !on_fargate(service));
    if !has_nat || is_shared {
        return false;
    }
    inventory.resources.retain(|resource| !matches!(resource.kind, Kind::NatGateway(_)) && !addresses.contains(&resource.id));
    each(inventory, |service: &mut Service| {
        let is_private = service.public_ip.known() != Some(&true);
        service.public_ip = Value::Known(true);
        is_private
    })
}

fn gp3_disks(inventory: &mut Inventory, _: &mut Load) -> bool {
    let gp3 = |volume: &mut Volume| {
        let is_gp2 = volume.volume_type.holds(true, |kind| kind == "gp2") == Some(true);
        if is_gp2 {
            volume.volume_type = Value::Known("gp3".to_owned());
        }
        is_gp2
    };
    let mut found = false;
    for resource in &mut inventory.resources {
        let volumes: &mut [Volume] = match &mut resource.kind {
            Kind::Volume(volume) => std::slice::from_mut(volume),
            Kind::Instance(instance) => &mut instance.volumes,
            Kind::LaunchTemplate(template) => &mut template.instance.volumes,
            _ => continue,
        };
        for volume in volumes {
            found |= gp3(volume);
        }
    }
    found
}

fn http_api(inventory: &mut Inventory, _: &mut Load) -> bool {
    // Whoever has usage plans needs what only a REST API has.
    inventory.all::<UsagePlan>().next().is_none()
        && each(inventory, |api: &mut Api| {
            let is_rest = api.protocol == Protocol::Rest;
            if is_rest {
                api.protocol = Protocol::Http;
            }
            is_rest
        })
}

fn without_standby(inventory: &mut Inventory, _: &mut Load) -> bool {
    each(inventory, |database: &mut Database| {
        let has_standby = database.multi_az.known() == Some(&true);
        database.multi_az = Value::Known(false);
        has_standby
    })
}

fn valkey(inventory: &mut Inventory, _: &mut Load) -> bool {
    each(inventory, |cache: &mut Cache| cache.engine.holds(true, |engine| engine == "redis") == Some(true) && to(&mut cache.engine, "valkey"))
}

/// Changes every resource of a kind; whether any was.
fn each<T: ChangeableKind>(inventory: &mut Inventory, mut change: impl FnMut(&mut T) -> bool) -> bool {
    let mut found = false;
    for resource in &mut inventory.resources {
        if let Some(value) = T::of_mut(&mut resource.kind) {
            found |= change(value);
        }
    }
    found
}

trait ChangeableKind {
    fn of_mut(kind: &mut Kind) -> Option<&mut Self>;
}

macro_rules! changeable {
    ($($name:ident($type:ty)),*) => {
        $(impl ChangeableKind for $type {
            fn of_mut(kind: &mut Kind) -> Option<&mut $type> {
                match kind {
                    Kind::$name(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

changeable!(Service(Service), Api(Api), Database(Database), Cache(Cache));
