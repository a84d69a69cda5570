//! Elastic Beanstalk: free itself, made of instances, disks and a load balancer that its settings decide.

use super::Quantity;
use super::balancing;
use super::ec2::{self, Count};
use super::meter::Meter;
use super::network;
use crate::inventory::compute::{BeanstalkEnvironment, Volume};
use crate::value::Value;

pub(super) fn environment(meter: &mut Meter<'_>, id: &str, environment: &BeanstalkEnvironment) {
    meter.charge(id, "Elastic Beanstalk", "beanstalk", Quantity::ONE, "the service itself".to_owned());
    let setting = |name: &str| environment.settings.get(name).cloned().unwrap_or_default();
    let Some(kind) = meter.text(id, "environment type", &setting("aws:elasticbeanstalk:environment/EnvironmentType"), Some("LoadBalanced")) else {
        return;
    };
    let is_single = kind == "SingleInstance";
    if let Some(count) = count(meter, id, environment, is_single) {
        machines(meter, id, environment, &count);
        let gives_public = setting("aws:ec2:vpc/AssociatePublicIpAddress");
        let in_vpc = !setting("aws:ec2:vpc/VPCId").is_absent();
        match &gives_public {
            // A single instance always has an Elastic IP address: it is the way in.
            _ if is_single => network::addresses(meter, id, count.number, "the address of the single instance".to_owned()),
            Value::Known(text) if text.eq_ignore_ascii_case("true") => {
                network::addresses(meter, id, count.number, format!("{}, each with a public address", count.words))
            }
            Value::Unknown(why) => meter.unpriced(id, format!("whether its instances have public addresses is unknown: {why}")),
            Value::Absent if !in_vpc => {
                network::addresses(meter, id, count.number, format!("{}, in the default network, which gives public addresses", count.words))
            }
            Value::Known(_) | Value::Absent => {}
        }
    }
    if !is_single {
        balancer(meter, id, environment);
    }
}

fn count(meter: &mut Meter<'_>, id: &str, environment: &BeanstalkEnvironment, is_single: bool) -> Option<Count> {
    if is_single {
        return Some(Count::one());
    }
    let setting = |name: &str| number(environment, name);
    let fewest = meter.number(id, "fewest instances", &setting("aws:autoscaling:asg/MinSize"), Some(1.0))?;
    let most = meter.number(id, "most instances", &setting("aws:autoscaling:asg/MaxSize"), Some(4.0))?;
    Some(Count { number: meter.pick(fewest, fewest, most), words: format!("{fewest} at least") })
}

fn machines(meter: &mut Meter<'_>, id: &str, environment: &BeanstalkEnvironment, count: &Count) {
    let setting = |name: &str| environment.settings.get(name).cloned().unwrap_or_default();
    // The newer name takes a list in order of preference; the first one is what runs.
    let types = setting("aws:ec2:instances/InstanceTypes").map(|types| types.split(',').next().unwrap_or_default().trim().to_owned());
    let instance_type = if types.is_absent() { setting("aws:autoscaling:launchconfiguration/InstanceType") } else { types };
    let on_spot = setting("aws:ec2:instances/EnableSpot");
    if on_spot.holds(false, |on| on.eq_ignore_ascii_case("true")) != Some(false) {
        meter.unpriced(id, "its instances are, or may be, Spot instances: their price varies");
    } else if let Some(instance_type) = meter.text(id, "instance type", &instance_type, None) {
        ec2::instance_hours(meter, id, &instance_type, &Value::Absent, count);
    }
    let root = |name: &str| format!("aws:autoscaling:launchconfiguration/{name}");
    let disk = Volume {
        size_gb: number(environment, &root("RootVolumeSize")),
        volume_type: setting(&root("RootVolumeType")),
        iops: number(environment, &root("RootVolumeIOPS")),
        throughput: number(environment, &root("RootVolumeThroughput")),
        ..Volume::default()
    };
    ec2::volume_lines(meter, id, &disk, ("gp3", "as platforms have"), count);
}

fn balancer(meter: &mut Meter<'_>, id: &str, environment: &BeanstalkEnvironment) {
    let setting = |name: &str| environment.settings.get(name).cloned().unwrap_or_default();
    let Some(kind) = meter.text(id, "load balancer type", &setting("aws:elasticbeanstalk:environment/LoadBalancerType"), Some("classic")) else {
        return;
    };
    if kind != "application" {
        meter.unpriced(id, format!("its load balancer is of the type {kind}, which has no price here"));
        return;
    }
    meter.charge(id, "application load balancer", "alb.hour", Quantity::MONTH_HOURS, "all 730 hours of the month".to_owned());
    balancing::capacity(meter, id);
    match (setting("aws:ec2:vpc/ELBScheme"), setting("aws:ec2:vpc/ELBSubnets")) {
        (Value::Known(scheme), _) if scheme == "internal" => {}
        (Value::Unknown(why), _) | (_, Value::Unknown(why)) => {
            meter.unpriced(id, format!("how many public addresses its balancer has is unknown: {why}"))
        }
        (_, Value::Known(subnets)) => {
            let zones = subnets.split(',').filter(|subnet| !subnet.trim().is_empty()).count() as u64;
            network::addresses(meter, id, Quantity::whole(zones), format!("internet-facing: one in each of its {zones} zones"));
        }
        (_, Value::Absent) => meter.unpriced(id, "its balancer's subnets, and so its public addresses, are not set"),
    }
}

fn number(environment: &BeanstalkEnvironment, name: &str) -> Value<f64> {
    match environment.settings.get(name) {
        None | Some(Value::Absent) => Value::Absent,
        Some(Value::Unknown(why)) => Value::Unknown(why.clone()),
        Some(Value::Known(text)) => text.trim().parse().map_or_else(|_| Value::Unknown(format!("{text:?} is not a number")), Value::Known),
    }
}
