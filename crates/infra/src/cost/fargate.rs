//! ECS services on Fargate. Tasks on EC2 cost nothing by themselves; their instances do.

use super::Quantity;
use super::meter::Meter;
use super::network::{self, PublicAddress};
use crate::inventory::compute::{Cluster, ScalingTarget, Service, TaskDefinition};
use crate::value::Value;

/// Where a service's tasks run.
enum Capacity {
    Fargate { spot_share: Quantity },
    Instances,
    Unknown(String),
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
    let spot_share = match capacity(service, definition) {
        Capacity::Fargate { spot_share } => spot_share,
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
    let tasks = Tasks { id, count, desired, spot_share };
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
    spot_share: Quantity,
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
        let included = meter.prices.size("fargate.ephemeral_included");
        if let Some(above) = disk.map(|disk| disk.less(included)).filter(|above| *above > Quantity::ZERO) {
            self.lines(meter, "ephemeral storage", "fargate.ephemeral", above, &format!("GB over {included}"));
        }
    }

    /// On demand and on Spot apart.
    fn lines(&self, meter: &mut Meter<'_>, what: &str, row: &str, each: Quantity, unit: &str) {
        let hours = Quantity::MONTH_HOURS.times(self.count).times(each);
        let spot = hours.times(self.spot_share);
        let assumption = format!("{} tasks × {each} {unit}, all 730 hours of the month", self.desired);
        if self.spot_share < Quantity::ONE {
            meter.charge(self.id, &format!("Fargate {what}"), row, hours.less(spot), assumption.clone());
        }
        if self.spot_share > Quantity::ZERO {
            let assumption = format!("{assumption}; on Spot {} of it, whose price varies", self.spot_share);
            meter.charge_times(self.id, &format!("Fargate Spot {what}"), (row, Some("fargate.spot")), spot, assumption);
        }
    }
}

fn capacity(service: &Service, definition: Option<&TaskDefinition>) -> Capacity {
    const FARGATE: Capacity = Capacity::Fargate { spot_share: Quantity::ZERO };
    if !service.capacity_providers.is_empty() {
        return shared(&service.capacity_providers);
    }
    match &service.launch_type {
        Value::Known(launch) if launch == "FARGATE" => FARGATE,
        Value::Known(_) => Capacity::Instances,
        Value::Unknown(why) => Capacity::Unknown(why.clone()),
        // The cluster's default decides then; a definition that is made for Fargate alone says enough.
        Value::Absent => match definition.map(|definition| definition.compatibilities.as_slice()) {
            Some([only]) if only.known().is_some_and(|c| c == "FARGATE") => FARGATE,
            Some([]) => Capacity::Instances,
            None => Capacity::Unknown("no launch type is set, and its task definition is not declared here".to_owned()),
            Some(_) => Capacity::Unknown("neither a launch type nor a capacity provider is set, and its definition suits several".to_owned()),
        },
    }
}

fn shared(providers: &[(Value<String>, Value<f64>)]) -> Capacity {
    let (mut all, mut spot, mut on_fargate) = (Quantity::ZERO, Quantity::ZERO, Quantity::ZERO);
    for (name, weight) in providers {
        let (Value::Known(name), Some(weight)) = (name, weight.clone().or_default_of(1.0).known().copied().and_then(Quantity::from_f64)) else {
            return Capacity::Unknown("a capacity provider or its weight is".to_owned());
        };
        all = all + weight;
        match name.as_str() {
            "FARGATE" => on_fargate = on_fargate + weight,
            "FARGATE_SPOT" => (spot, on_fargate) = (spot + weight, on_fargate + weight),
            _ => {}
        }
    }
    match () {
        () if on_fargate == Quantity::ZERO => Capacity::Instances,
        () if on_fargate < all => Capacity::Unknown("its capacity providers are Fargate and instances".to_owned()),
        () => Capacity::Fargate { spot_share: spot.ratio(all) },
    }
}

/// The fewest and most tasks when something scales the service.
fn scaled_between(meter: &Meter<'_>, id: &str, desired: Quantity) -> (Quantity, Quantity) {
    let target = meter.pointing_at::<ScalingTarget>(id).next();
    let end = |value: &Value<f64>| value.known().and_then(|number| Quantity::from_f64(*number)).unwrap_or(desired);
    target.map_or((desired, desired), |target| (end(&target.min), end(&target.max)))
}
