//! ECS services on Fargate. Tasks on EC2 cost nothing by themselves; their instances do.

use super::Quantity;
use super::meter::Meter;
use super::network::{self, PublicAddress};
use crate::inventory::compute::{CapacityProvider, Cluster, ScalingTarget, Service, TaskDefinition};
use crate::value::Value;

/// Where a service's tasks run.
enum Capacity {
    Fargate(Split),
    Instances,
    Unknown(String),
}

/// How tasks are shared between Fargate on demand and Fargate Spot: so many first, the others by weight.
#[derive(Clone, Copy, Default)]
struct Split {
    on_demand_base: Quantity,
    spot_base: Quantity,
    on_demand_weight: Quantity,
    spot_weight: Quantity,
}

impl Split {
    /// Of so many tasks, those on Spot.
    fn on_spot(&self, tasks: Quantity) -> Quantity {
        let on_demand_base = self.on_demand_base.min(tasks);
        let spot_base = self.spot_base.min(tasks.less(on_demand_base));
        let rest = tasks.less(on_demand_base).less(spot_base);
        let weights = self.on_demand_weight + self.spot_weight;
        spot_base + if weights == Quantity::ZERO { Quantity::ZERO } else { rest.times(self.spot_weight).ratio(weights) }
    }
}

pub(super) fn cluster(meter: &mut Meter<'_>, id: &str, cluster: &Cluster) {
    meter.charge(id, "ECS cluster", "ecs", Quantity::ONE, "the cluster itself".to_owned());
    match &cluster.container_insights {
        Value::Known(true) => meter.unpriced(id, "Container Insights charges for every metric it writes, and how many depends on tasks and time"),
        Value::Unknown(why) => meter.unpriced(id, format!("whether Container Insights is on is unknown: {why}")),
        Value::Known(false) | Value::Absent => {}
    }
}

pub(super) fn service(meter: &mut Meter<'_>, id: &str, service: &Service) {
    let definition = meter.follow::<TaskDefinition>(&service.task_definition).map(|(_, definition)| definition);
    let split = match capacity(service, definition) {
        Capacity::Fargate(split) => split,
        Capacity::Instances => {
            meter.without_charge(id);
            return;
        }
        Capacity::Unknown(why) => {
            meter.unpriced(id, format!("where its tasks run is unknown: {why}"));
            return;
        }
    };
    let Some(desired) = meter.number(id, "desired count", &service.desired_count, Some(1.0)) else { return };
    let Some(definition) = definition else {
        meter.unpriced(id, "its task definition is not declared here");
        return;
    };
    let (low, high) = scaled_between(meter, id, desired);
    let count = meter.pick(low, desired, high);
    let tasks = Tasks { id, count, desired, split };
    tasks.compute(meter, definition);
    let subnets: Vec<_> = service.subnets.iter().collect();
    // A task gets a public address only when the service says so.
    match network::public_address(meter, &service.public_ip.clone().or_default_of(false), &subnets) {
        PublicAddress::No => {}
        PublicAddress::Yes(_) => network::addresses(meter, id, count, format!("{desired} tasks, each with a public address")),
        PublicAddress::Unknown(why) => meter.unpriced(id, format!("whether its tasks have public addresses is unknown: {why}")),
    }
}

struct Tasks<'a> {
    id: &'a str,
    count: Quantity,
    desired: Quantity,
    split: Split,
}

impl Tasks<'_> {
    fn compute(&self, meter: &mut Meter<'_>, definition: &TaskDefinition) {
        let cpu = meter.number(self.id, "task's CPU", &definition.cpu, None);
        let memory = meter.number(self.id, "task's memory", &definition.memory_mb, None);
        let architecture = meter.text(self.id, "task's architecture", &definition.architecture, Some("X86_64"));
        let disk = meter.number(self.id, "task's ephemeral storage", &definition.ephemeral_gb, Some(0.0));
        if let Some(architecture) = architecture {
            let family = if architecture.eq_ignore_ascii_case("ARM64") { "arm" } else { "x86" };
            if let Some(cpu) = cpu {
                self.lines(meter, "vCPU", &format!("fargate.{family}.vcpu"), cpu.per(1_024), "vCPU");
            }
            if let Some(memory) = memory {
                self.lines(meter, "memory", &format!("fargate.{family}.gb"), memory.per(1_024), "GB");
            }
        }
        let Some(included) = meter.size(self.id, "fargate.ephemeral_included") else { return };
        if let Some(above) = disk.map(|disk| disk.less(included)).filter(|above| *above > Quantity::ZERO) {
            self.lines(meter, "ephemeral storage", "fargate.ephemeral", above, &format!("GB over {included}"));
        }
    }

    /// On demand and on Spot apart.
    fn lines(&self, meter: &mut Meter<'_>, what: &str, row: &str, each: Quantity, unit: &str) {
        let spot = self.split.on_spot(self.count);
        let on_demand = self.count.less(spot);
        let hours = |tasks: Quantity| Quantity::MONTH_HOURS.times(tasks).times(each);
        let assumption = format!("{} tasks × {each} {unit}, all 730 hours of the month", self.desired);
        if on_demand > Quantity::ZERO || spot == Quantity::ZERO {
            meter.charge(self.id, &format!("Fargate {what}"), row, hours(on_demand), assumption.clone());
        }
        if spot > Quantity::ZERO {
            let assumption = format!("{assumption}; {} of them on Spot, whose price varies", self.split.on_spot(self.desired));
            meter.charge_times(self.id, &format!("Fargate Spot {what}"), (row, Some("fargate.spot")), hours(spot), assumption);
        }
    }
}

fn capacity(service: &Service, definition: Option<&TaskDefinition>) -> Capacity {
    let on_demand = || Capacity::Fargate(Split { on_demand_weight: Quantity::ONE, ..Split::default() });
    if !service.capacity_providers.is_empty() {
        return shared(&service.capacity_providers);
    }
    match &service.launch_type {
        Value::Known(launch) if launch == "FARGATE" => on_demand(),
        Value::Known(_) => Capacity::Instances,
        Value::Unknown(why) => Capacity::Unknown(why.clone()),
        // The cluster's default decides then; a definition that is made for Fargate alone says enough.
        Value::Absent => match definition.map(|definition| definition.compatibilities.as_slice()) {
            Some([only]) if only.known().is_some_and(|c| c == "FARGATE") => on_demand(),
            Some([]) => Capacity::Instances,
            None => Capacity::Unknown("no launch type is set, and its task definition is not declared here".to_owned()),
            Some(_) => Capacity::Unknown("neither a launch type nor a capacity provider is set, and its definition suits several".to_owned()),
        },
    }
}

fn shared(providers: &[CapacityProvider]) -> Capacity {
    let mut split = Split::default();
    let (mut has_fargate, mut has_others) = (false, false);
    for provider in providers {
        let number = |value: &Value<f64>| value.clone().or_default_of(0.0).known().copied().and_then(Quantity::from_f64);
        let (Value::Known(name), Some(base), Some(weight)) = (&provider.name, number(&provider.base), number(&provider.weight)) else {
            return Capacity::Unknown("a capacity provider, its base or its weight is".to_owned());
        };
        match name.as_str() {
            "FARGATE" => (split.on_demand_base, split.on_demand_weight) = (split.on_demand_base + base, split.on_demand_weight + weight),
            "FARGATE_SPOT" => (split.spot_base, split.spot_weight) = (split.spot_base + base, split.spot_weight + weight),
            _ if base + weight == Quantity::ZERO => continue,
            _ => {
                has_others = true;
                continue;
            }
        }
        has_fargate = true;
    }
    // A strategy with a single provider may leave its weight out.
    if split.on_demand_weight + split.spot_weight == Quantity::ZERO && has_fargate {
        let is_spot = split.spot_base > split.on_demand_base || providers.iter().all(|p| p.name.known().is_some_and(|name| name == "FARGATE_SPOT"));
        let weight = if is_spot { &mut split.spot_weight } else { &mut split.on_demand_weight };
        *weight = Quantity::ONE;
    }
    match (has_fargate, has_others) {
        (true, true) => Capacity::Unknown("its capacity providers are Fargate and instances".to_owned()),
        (true, false) => Capacity::Fargate(split),
        (false, _) => Capacity::Instances,
    }
}

/// The fewest and most tasks when something scales the service.
fn scaled_between(meter: &Meter<'_>, id: &str, desired: Quantity) -> (Quantity, Quantity) {
    let target = meter.pointing_at::<ScalingTarget>(id).next();
    let end = |value: &Value<f64>| value.known().and_then(|number| Quantity::from_f64(*number)).unwrap_or(desired);
    target.map_or((desired, desired), |target| (end(&target.min), end(&target.max)))
}
