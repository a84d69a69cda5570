//! Where data is kept: databases, tables, caches, buckets, queues, images.

use super::Quantity;
use super::meter::Meter;
use crate::inventory::data::{Cache, Database, DatabaseCluster, Queue, ServerlessCache, Table};

/// Small things that a load does not state, each printed beside its line.
///
/// A task is written to a table when it comes, before and after each model call, and when it ends; and read as often.
const TABLE_UNITS_A_STEP: u64 = 4;
/// Bytes that a task leaves behind.
const TASK_BYTES: u64 = 10_000;
/// GB of an image repository: a few versions of a small image.
const IMAGES_GB: u64 = 1;
/// GB of a bucket.
const BUCKET_GB: u64 = 1;
/// Requests to a queue for one message: sent, received, deleted.
const REQUESTS_A_MESSAGE: u64 = 3;
/// Requests of a poller that waits 20 s each time, all month.
const POLLS: u64 = 730 * 3_600 / 20;

/// Months in which the standard support of major versions ends on RDS; from then on each vCPU-hour costs extra. General knowledge.
const SUPPORT_ENDS: &[(&str, &str, &str)] = &[
    ("postgres", "11", "2024-02"),
    ("postgres", "12", "2025-02"),
    ("postgres", "13", "2026-02"),
    ("postgres", "14", "2027-02"),
    ("postgres", "15", "2028-02"),
    ("mysql", "5.7", "2024-02"),
    ("mysql", "8.0", "2026-07"),
];
/// Years of extended support before it costs more.
const EXTENDED_YEARS: u16 = 2;

pub(super) fn database(meter: &mut Meter<'_>, id: &str, database: &Database) {
    let Some(engine) = meter.text(id, "engine", &database.engine, None) else { return };
    let family = if engine == "postgres" { "pg" } else { engine.as_str() };
    let Some(is_doubled) = meter.flag(id, "standby", &database.multi_az, false) else { return };
    let factor = is_doubled.then_some("rds.multi_az");
    let standby = if is_doubled { "with a standby" } else { "without a standby" };
    if let Some(class) = meter.text(id, "instance class", &database.class, None) {
        let assumption = format!("{standby}, on demand, all 730 hours of the month");
        meter.charge_times(id, &format!("RDS {class}"), (&format!("rds.{family}.{class}"), factor), Quantity::MONTH_HOURS, assumption);
    }
    if meter.follow::<DatabaseCluster>(&database.cluster).is_some() {
        // The storage is the cluster's, which says so itself.
    } else if engine.starts_with("aurora") {
        meter.unpriced(id, "Aurora's storage and I/O have no price here");
    } else if let (Some(gb), Some(kind)) =
        (meter.number(id, "storage", &database.storage_gb, None), meter.text(id, "storage type", &database.storage_type, Some("gp2")))
    {
        if kind.starts_with("io") {
            meter.unpriced(id, format!("there is no price here for the I/O that {kind} is provisioned with"));
        }
        let assumption = format!("{gb} GB {standby}; backups stay below the size of the database, which is free");
        meter.charge_times(id, &format!("RDS storage, {kind}"), (&format!("rds.{kind}"), factor), gb, assumption);
    }
    if meter.flag(id, "public address", &database.public, false) == Some(true) {
        super::network::address(meter, id, "public IPv4 address", "publicly accessible");
    }
    extended_support(meter, id, &engine, database);
}

/// The surcharge of an old major version, as of the day of the price list.
fn extended_support(meter: &mut Meter<'_>, id: &str, engine: &str, database: &Database) {
    if !SUPPORT_ENDS.iter().any(|(of, ..)| *of == engine) {
        return;
    }
    // A version that nobody sets is one that is supported.
    let Some(version) = meter.text(id, "engine version", &database.engine_version, Some("")) else { return };
    let is_of = |major: &str| version == major || version.strip_prefix(major).is_some_and(|rest| rest.starts_with('.'));
    let Some((_, major, end)) = SUPPORT_ENDS.iter().find(|(of, major, _)| *of == engine && is_of(major)) else { return };
    let today = meter.prices.as_of();
    if *end >= today {
        return;
    }
    let dearer_from = end.split_once('-').and_then(|(year, month)| Some(format!("{}-{month}", year.parse::<u16>().ok()? + EXTENDED_YEARS)));
    let is_dearer = dearer_from.is_some_and(|from| from.as_str() < today);
    let (row, year) = if is_dearer { ("rds.extended_support_third_year", ", in its third year or later") } else { ("rds.extended_support", "") };
    let name = if engine == "postgres" { "PostgreSQL" } else { "MySQL" };
    let left = format!("{name} {major} left standard support in {end}{year}");
    // The burstable classes have two vCPUs up to large; the others grow with their size.
    let class = database.class.known().map_or("", String::as_str);
    let has_two = ["db.t3.", "db.t4g."].iter().any(|family| class.starts_with(family)) && !class.ends_with("xlarge");
    if !has_two {
        meter.unpriced(id, format!("{left}, and how many vCPUs pay for that is not known of {class:?}"));
        return;
    }
    let standby = if database.multi_az.known() == Some(&true) { 4 } else { 2 };
    let hours = Quantity::MONTH_HOURS.times(Quantity::whole(standby));
    meter.charge(id, "RDS extended support", row, hours, format!("{left}; {standby} vCPUs all month"));
}

pub(super) fn table(meter: &mut Meter<'_>, id: &str, table: &Table) {
    let Some(mode) = meter.text(id, "billing mode", &table.billing_mode, Some("PROVISIONED")) else { return };
    if mode == "PAY_PER_REQUEST" {
        let units = (Quantity::whole(meter.load.tasks) + meter.load.calls()).times(Quantity::whole(TABLE_UNITS_A_STEP)).per(1_000_000);
        let words = format!("{TABLE_UNITS_A_STEP} units for each task and each model call of {}", meter.load.tasks_words());
        meter.charge(id, "DynamoDB writes", "ddb.od.write", units, words.clone());
        meter.charge(id, "DynamoDB reads", "ddb.od.read", units, words);
    } else {
        for (item, row, value) in [("writes", "ddb.provisioned.write", &table.write_units), ("reads", "ddb.provisioned.read", &table.read_units)] {
            if let Some(units) = meter.number(id, &format!("provisioned {item}"), value, None) {
                meter.charge(
                    id,
                    &format!("DynamoDB provisioned {item}"),
                    row,
                    Quantity::MONTH_HOURS.times(units),
                    format!("{units} units all month"),
                );
            }
        }
    }
    let gb = Quantity::whole(meter.load.tasks).times(Quantity::whole(TASK_BYTES)).per(1_000_000_000);
    let words = format!("{TASK_BYTES} bytes for each of {}, kept for a month", meter.load.tasks_words());
    meter.charge(id, "DynamoDB storage", "ddb.storage", gb, words.clone());
    if meter.flag(id, "point-in-time recovery", &table.point_in_time_recovery, false) == Some(true) {
        meter.charge(id, "DynamoDB point-in-time recovery", "ddb.pitr", gb, words);
    }
}

pub(super) fn cache(meter: &mut Meter<'_>, id: &str, cache: &Cache) {
    let node = meter.text(id, "node type", &cache.node_type, None);
    let nodes = meter.number(id, "number of nodes", &cache.nodes, Some(1.0));
    let engine = meter.text(id, "engine", &cache.engine, Some("redis"));
    if let (Some(node), Some(nodes), Some(engine)) = (node, nodes, engine) {
        let hours = Quantity::MONTH_HOURS.times(nodes);
        meter.charge(
            id,
            &format!("ElastiCache {node}, {engine}"),
            &format!("{node}.{engine}"),
            hours,
            format!("{nodes} nodes, all 730 hours of the month"),
        );
    }
}

pub(super) fn serverless_cache(meter: &mut Meter<'_>, id: &str, cache: &ServerlessCache) {
    let Some(engine) = meter.text(id, "engine", &cache.engine, None) else { return };
    let Some(floor) = meter.size(id, &format!("cache.serverless.{engine}.floor")) else { return };
    let assumption = format!("the least that is billed, {floor} GB, all 730 hours of the month");
    meter.charge(
        id,
        &format!("ElastiCache Serverless, {engine}"),
        &format!("cache.serverless.{engine}.gb"),
        Quantity::MONTH_HOURS.times(floor),
        assumption,
    );
    let units = (Quantity::whole(meter.load.tasks) + meter.load.calls()).times(Quantity::whole(TABLE_UNITS_A_STEP)).per(1_000_000);
    let words = format!("{TABLE_UNITS_A_STEP} commands of 1 KB for each task and each model call of {}", meter.load.tasks_words());
    meter.charge(id, "ElastiCache Serverless commands", &format!("cache.serverless.{engine}.ecpu"), units, words);
}

pub(super) fn bucket(meter: &mut Meter<'_>, id: &str) {
    meter.charge(id, "S3 storage", "s3.standard", Quantity::whole(BUCKET_GB), format!("{BUCKET_GB} GB; a load does not say how much is kept"));
    let thousands = Quantity::whole(meter.load.tasks).per(1_000);
    meter.charge(id, "S3 writes", "s3.put", thousands, format!("one object for each of {}", meter.load.tasks_words()));
}

pub(super) fn queue(meter: &mut Meter<'_>, id: &str, queue: &Queue) {
    let Some(is_fifo) = meter.flag(id, "order", &queue.fifo, false) else { return };
    let row = if is_fifo { "sqs.fifo" } else { "sqs.standard" };
    let requests = (Quantity::whole(meter.load.tasks).times(Quantity::whole(REQUESTS_A_MESSAGE)) + Quantity::whole(POLLS)).per(1_000_000);
    let words = format!("{REQUESTS_A_MESSAGE} requests for each of {} and a poller that waits 20 s each time", meter.load.tasks_words());
    meter.charge(id, "SQS requests", row, requests, words);
}

pub(super) fn images(meter: &mut Meter<'_>, id: &str) {
    let words = format!("{IMAGES_GB} GB: a few versions of a small image; pulled within the region, which is free");
    meter.charge(id, "ECR storage", "ecr.storage", Quantity::whole(IMAGES_GB), words);
}
