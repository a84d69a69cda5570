//! EC2: instances, their disks, Auto Scaling groups.

use super::Quantity;
use super::load::amount;
use super::meter::Meter;
use super::network::{self, PublicAddress};
use crate::inventory::Link;
use crate::inventory::compute::{AutoScalingGroup, Instance, LaunchTemplate, Volume};
use crate::inventory::network::ElasticIp;
use crate::value::Value;

/// The type of the disks that images come with today.
const GP3: &str = "gp3";

/// How many instances there are, and the words for it.
pub(super) struct Count {
    pub(super) number: Quantity,
    pub(super) words: String,
}

impl Count {
    pub(super) fn one() -> Count {
        Count { number: Quantity::ONE, words: "one".to_owned() }
    }
}

pub(super) fn instance(meter: &mut Meter<'_>, id: &str, instance: &Instance) {
    let Some(template) = template(meter, id, &instance.launch_template) else { return };
    let machine = Machine::of(instance, template);
    machine_lines(meter, id, &machine, &Count::one());
    // An Elastic IP takes the place of the address that came with the launch, and has a line of its own.
    let has_elastic_ip = meter.pointing_at::<ElasticIp>(id).next().is_some();
    if !has_elastic_ip {
        let subnets = [&machine.instance.subnet];
        let public_ip = machine.public_ip.clone();
        addresses(meter, id, &public_ip, &subnets, &Count::one());
    }
}

/// A group's instances, as many as it wants all month.
pub(super) fn group(meter: &mut Meter<'_>, id: &str, group: &AutoScalingGroup) {
    meter.charge(id, "Auto Scaling group", "asg", Quantity::ONE, "the group itself".to_owned());
    let desired = if group.desired.is_absent() { &group.min } else { &group.desired };
    let Some(expected) = meter.number(id, "number of instances", desired, Some(1.0)) else { return };
    let end = |value: &Value<f64>| value.known().and_then(|number| Quantity::from_f64(*number)).unwrap_or(expected);
    let number = meter.pick(end(&group.min), expected, end(&group.max));
    let count = Count { number, words: format!("{expected} wanted") };
    let template = match template(meter, id, &group.launch_template) {
        Some(Some(template)) => template,
        Some(None) => {
            meter.unpriced(id, "what its instances are like is not declared here");
            return;
        }
        None => return,
    };
    let machine = Machine::of(template, None);
    machine_lines(meter, id, &machine, &count);
    let subnets: Vec<_> = group.subnets.iter().collect();
    let public_ip = machine.public_ip.clone();
    addresses(meter, id, &public_ip, &subnets, &count);
}

/// A disk declared by itself.
pub(super) fn lone_volume(meter: &mut Meter<'_>, id: &str, volume: &Volume) {
    if volume.size_gb.is_absent() {
        meter.unpriced(id, "its size is not set: it is that of its snapshot");
        return;
    }
    volume_lines(meter, id, volume, ("gp2", "the default"), &Count::one());
}

/// An instance with its launch template's word on what it leaves open.
struct Machine<'a> {
    instance: &'a Instance,
    instance_type: &'a Value<String>,
    cpu_credits: &'a Value<String>,
    public_ip: &'a Value<bool>,
    volumes: Vec<&'a Volume>,
}

impl<'a> Machine<'a> {
    fn of(instance: &'a Instance, template: Option<&'a Instance>) -> Machine<'a> {
        fn first<'a, T>(own: &'a Value<T>, other: Option<&'a Value<T>>) -> &'a Value<T> {
            match other {
                Some(other) if own.is_absent() => other,
                _ => own,
            }
        }
        // A template's disks come with the instance's own; the root disk there is once.
        let has_root = instance.volumes.iter().any(|volume| !volume.is_data);
        let of_template = template.iter().flat_map(|template| &template.volumes).filter(|volume| volume.is_data || !has_root);
        let volumes = instance.volumes.iter().chain(of_template).collect();
        Machine {
            instance,
            instance_type: first(&instance.instance_type, template.map(|t| &t.instance_type)),
            cpu_credits: first(&instance.cpu_credits, template.map(|t| &t.cpu_credits)),
            public_ip: first(&instance.public_ip, template.map(|t| &t.public_ip)),
            volumes,
        }
    }
}

/// The launch template of a resource, when one is declared. `None`: what it makes is not charged as an instance of its type.
fn template<'a>(meter: &mut Meter<'a>, id: &str, link: &Value<Link>) -> Option<Option<&'a Instance>> {
    let Some((of, template)) = meter.follow::<LaunchTemplate>(link) else { return Some(None) };
    if let Some(what) = meter.instead(of) {
        meter.unpriced(id, format!("it is not counted: {what}"));
        return None;
    }
    Some(Some(&template.instance))
}

fn machine_lines(meter: &mut Meter<'_>, id: &str, machine: &Machine<'_>, count: &Count) {
    if let Some(instance_type) = meter.text(id, "instance type", machine.instance_type, None) {
        instance_hours(meter, id, &instance_type, machine.cpu_credits, count);
    }
    // Every machine starts from the disk of its image, whether it is declared or not.
    if machine.volumes.iter().all(|volume| volume.is_data) {
        image_disk(meter, id, GP3, count);
    }
    for volume in &machine.volumes {
        // The image decides of its own disk, EC2 of any other.
        let default = if volume.is_data { ("gp2", "the default") } else { (GP3, "as images have") };
        volume_lines(meter, id, volume, default, count);
    }
}

/// The hours of instances of a type.
pub(super) fn instance_hours(meter: &mut Meter<'_>, id: &str, instance_type: &str, cpu_credits: &Value<String>, count: &Count) {
    let is_burstable = ["t2.", "t3.", "t3a.", "t4g."].iter().any(|family| instance_type.starts_with(family));
    let credits = match cpu_credits.known().map(String::as_str) {
        _ if !is_burstable => "",
        Some("standard") => ", slowed down when its CPU credits are spent",
        _ => ", within its CPU credits (beyond them each vCPU-hour is charged)",
    };
    let assumption = format!("{}, on demand, all 730 hours of the month{credits}", count.words);
    let hours = Quantity::MONTH_HOURS.times(count.number);
    meter.charge(id, &format!("EC2 {instance_type}"), &format!("ec2.{instance_type}"), hours, assumption);
}

/// The disk that comes with an image, whose size no template says.
pub(super) fn image_disk(meter: &mut Meter<'_>, id: &str, volume_type: &str, count: &Count) {
    let gb = amount(meter.load.disk_gb);
    let assumption = format!("no size is declared, the image decides: {gb} GB{} of {volume_type} each", meter.load.assumed("disk_gb"));
    meter.charge(id, &format!("EBS {volume_type}"), &format!("ebs.{volume_type}"), gb.times(count.number), assumption);
}

/// A disk with what it costs beyond its size. `default`: its type when none is declared, and why that.
pub(super) fn volume_lines(meter: &mut Meter<'_>, id: &str, volume: &Volume, default: (&str, &str), count: &Count) {
    let Some(volume_type) = meter.text(id, "disk's type", &volume.volume_type, Some(default.0)) else { return };
    if volume.size_gb.is_absent() {
        image_disk(meter, id, &volume_type, count);
    } else if let Some(gb) = meter.number(id, "disk's size", &volume.size_gb, None) {
        let undeclared = || format!("no type is declared: {}, {}", default.0, default.1);
        let how = if volume.volume_type.is_absent() { undeclared() } else { "provisioned all month".to_owned() };
        let assumption = format!("{gb} GB {how}, {}", count.words);
        meter.charge(id, &format!("EBS {volume_type}"), &format!("ebs.{volume_type}"), gb.times(count.number), assumption);
    }
    extra(meter, id, &volume_type, ("IOPS", "iops", &volume.iops), count);
    extra(meter, id, &volume_type, ("throughput", "throughput", &volume.throughput), count);
}

/// What is provisioned beyond what the disk's type includes.
fn extra(meter: &mut Meter<'_>, id: &str, volume_type: &str, (what, row, value): (&str, &str, &Value<f64>), count: &Count) {
    // gp2 takes its IOPS from its size; a number beside it changes nothing.
    if value.is_absent() || volume_type == "gp2" {
        return;
    }
    let Some(provisioned) = meter.number(id, &format!("disk's {what}"), value, None) else { return };
    // Of a type that includes nothing all of it is charged.
    let included = meter.prices.size(&format!("ebs.{volume_type}.{row}_included")).unwrap_or_default();
    let above = provisioned.less(included);
    if above > Quantity::ZERO {
        let assumption = format!("{provisioned} provisioned, {included} included, {}", count.words);
        meter.charge(id, &format!("EBS {volume_type} {what}"), &format!("ebs.{volume_type}_{row}"), above.times(count.number), assumption);
    }
}

fn addresses(meter: &mut Meter<'_>, id: &str, public_ip: &Value<bool>, subnets: &[&Value<Link>], count: &Count) {
    match network::public_address(meter, public_ip, subnets) {
        PublicAddress::No => {}
        PublicAddress::Yes(why) => network::addresses(meter, id, count.number, format!("{}: {why}", count.words)),
        PublicAddress::Unknown(why) => meter.unpriced(id, format!("whether it has a public address is unknown: {why}")),
    }
}
