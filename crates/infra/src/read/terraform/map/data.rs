//! Databases, tables, caches, buckets, queues and repositories of images.

use super::caches;
use super::network::GROUPS;
use super::reader::Reader;
use super::written::written;
use crate::attribute::Attribute;
use crate::inventory::data::{Bucket, Database, DatabaseCluster, ImageRepository, Queue, ServerlessCache, Table};
use crate::inventory::{Kind, Link};
use crate::value::Value;

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_db_instance" => database(reader).into(),
        "aws_rds_cluster_instance" => cluster_instance(reader).into(),
        "aws_rds_cluster" => database_cluster(reader).into(),
        "aws_dynamodb_table" => Table {
            billing_mode: reader.text("billing_mode"),
            read_units: units(reader, "read_capacity"),
            write_units: units(reader, "write_capacity"),
            point_in_time_recovery: reader.flag("point_in_time_recovery.enabled"),
            deletion_protection: reader.flag("deletion_protection_enabled"),
            key_encrypted: reader.flag("server_side_encryption.enabled"),
        }
        .into(),
        "aws_elasticache_cluster" => return caches::cluster(reader).map(Kind::from),
        "aws_elasticache_replication_group" => caches::replication_group(reader).into(),
        "aws_elasticache_serverless_cache" => ServerlessCache { engine: reader.text("engine") }.into(),
        "aws_s3_bucket" => bucket(reader).into(),
        "aws_sqs_queue" => queue(reader).into(),
        "aws_ecr_repository" => ImageRepository {
            name: reader.text("name"),
            scans: reader.flag("image_scanning_configuration.scan_on_push"),
            immutable_tags: reader.is("image_tag_mutability", "IMMUTABLE"),
        }
        .into(),
        _ => return None,
    })
}

/// What a table and its indexes have of something.
fn units(reader: &Reader<'_>, name: &str) -> Value<f64> {
    reader.blocks("global_secondary_index").iter().map(|index| index.number(name)).fold(reader.number(name), Value::plus)
}

fn database(reader: &Reader<'_>) -> Database {
    let origin = Origin::of(reader);
    // Whoever asks for operations a second without naming a type gets `io1`.
    let storage_type = match (reader.text("storage_type"), reader.number("iops")) {
        (Value::Absent, iops) => iops.map(|_| "io1".to_owned()),
        (told, _) => told,
    };
    Database {
        engine: origin.or(reader.text("engine"), |source| source.text("engine")),
        engine_version: origin.or(reader.text("engine_version"), |source| source.text("engine_version")),
        class: reader.text("instance_class"),
        storage_gb: origin.or(reader.number("allocated_storage"), |source| source.number("allocated_storage")),
        storage_type,
        multi_az: reader.flag("multi_az"),
        public: reader.flag("publicly_accessible"),
        encrypted: origin.or(reader.flag("storage_encrypted"), |source| source.flag("storage_encrypted")),
        backup_days: origin.or(reader.number("backup_retention_period"), |source| source.number("backup_retention_period")),
        deletion_protection: reader.flag("deletion_protection"),
        password: written(reader, "password"),
        managed_password: reader.flag("manage_master_user_password"),
        security_groups: reader.links("vpc_security_group_ids", GROUPS),
        cluster: Value::Absent,
    }
}

/// What a database is made of: what is not said of it is as it was there.
enum Origin<'a> {
    Nothing,
    /// It follows another, and is backed up with it.
    Source(Reader<'a>),
    Elsewhere(&'static str),
}

impl<'a> Origin<'a> {
    fn of(reader: &Reader<'a>) -> Origin<'a> {
        let source = reader.link("replicate_source_db", &["aws_db_instance"]);
        match reader.follow(&source) {
            Some(source) => Origin::Source(source),
            None if !source.is_absent() => Origin::Elsewhere("its source decides, which is not declared here"),
            None if reader.has("snapshot_identifier") || reader.has("restore_to_point_in_time") => {
                Origin::Elsewhere("what it is restored from decides")
            }
            None => Origin::Nothing,
        }
    }

    fn or<T>(&self, own: Value<T>, read: impl Fn(&Reader<'a>) -> Value<T>) -> Value<T> {
        match self {
            Origin::Source(source) if own.is_absent() => read(source),
            Origin::Elsewhere(why) if own.is_absent() => Value::Unknown((*why).to_owned()),
            _ => own,
        }
    }
}

/// An instance of an Aurora cluster. What the cluster decides stands with the cluster, and cannot be told when that is elsewhere.
fn cluster_instance(reader: &Reader<'_>) -> Database {
    let cluster = reader.link("cluster_identifier", &["aws_rds_cluster"]);
    let elsewhere = match reader.follow(&cluster) {
        Some(_) => None,
        None => Some("its cluster decides, which is not declared here".to_owned()),
    };
    Database {
        engine: reader.text("engine"),
        engine_version: reader.text("engine_version"),
        class: reader.text("instance_class"),
        public: reader.flag("publicly_accessible"),
        encrypted: elsewhere.clone().map_or(Value::Absent, Value::Unknown),
        backup_days: elsewhere.clone().map_or(Value::Absent, Value::Unknown),
        deletion_protection: elsewhere.clone().map_or(Value::Absent, Value::Unknown),
        password: elsewhere.map_or(Value::Absent, Value::Unknown),
        cluster,
        ..Database::default()
    }
}

fn database_cluster(reader: &Reader<'_>) -> DatabaseCluster {
    DatabaseCluster {
        engine: reader.text("engine"),
        engine_version: reader.text("engine_version"),
        class: reader.text("db_cluster_instance_class"),
        encrypted: reader.flag("storage_encrypted"),
        backup_days: reader.number("backup_retention_period"),
        deletion_protection: reader.flag("deletion_protection"),
        password: written(reader, "master_password"),
        managed_password: reader.flag("manage_master_user_password"),
        security_groups: reader.links("vpc_security_group_ids", GROUPS),
    }
}

fn bucket(reader: &Reader<'_>) -> Bucket {
    let blocks = reader.satellites(&["aws_s3_bucket_public_access_block"]);
    let blocked = blocks.first().map(|block| {
        let kinds = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
        // Each is off unless it is on.
        let flags = kinds.map(|kind| block.flag(kind).or_default_of(false));
        match flags.iter().find(|flag| **flag == Value::Known(false)) {
            Some(off) => off.clone(),
            None => flags.into_iter().find(Value::is_unknown).unwrap_or(Value::Known(true)),
        }
    });
    let versioning = reader.satellites(&["aws_s3_bucket_versioning"]);
    let versioned = match versioning.first() {
        Some(one) => one.is("versioning_configuration.status", "Enabled"),
        None => reader.flag("versioning.enabled"),
    };
    Bucket { name: reader.text("bucket"), public_access_blocked: blocked.unwrap_or_default(), versioned }
}

fn queue(reader: &Reader<'_>) -> Queue {
    let encrypted = match (reader.some_text("kms_master_key_id"), reader.has("kms_master_key_id")) {
        (Value::Known(_) | Value::Unknown(_), true) => Value::Known(true),
        _ => reader.flag("sqs_managed_sse_enabled"),
    };
    let apart = reader.satellites(&["aws_sqs_queue_redrive_policy"]);
    let dead_letters = apart.first().map_or_else(|| dead_letters(reader), dead_letters);
    Queue { fifo: reader.flag("fifo_queue"), encrypted, dead_letters }
}

/// The queue that a redrive policy names, whether it is a value or a JSON text.
fn dead_letters(reader: &Reader<'_>) -> Value<Link> {
    match reader.document("redrive_policy") {
        Some(policy) if matches!(policy.attribute, Attribute::Map(_)) => reader.on(&policy).link("deadLetterTargetArn", &["aws_sqs_queue"]),
        Some(other) => reader.link_of(&other, &[]),
        None => Value::Absent,
    }
}
