//! Databases, tables, caches, buckets, queues and repositories of images.

use super::network::GROUPS;
use super::reader::Reader;
use super::written::written;
use crate::attribute::Attribute;
use crate::inventory::data::{Bucket, Cache, Database, ImageRepository, Queue, ServerlessCache, Table};
use crate::inventory::{Kind, Link};
use crate::value::Value;

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_db_instance" => database(reader).into(),
        "aws_rds_cluster_instance" => cluster_instance(reader).into(),
        "aws_dynamodb_table" => Table {
            billing_mode: reader.text("billing_mode"),
            read_units: reader.number("read_capacity"),
            write_units: reader.number("write_capacity"),
            point_in_time_recovery: reader.flag("point_in_time_recovery.enabled"),
            deletion_protection: reader.flag("deletion_protection_enabled"),
            key_encrypted: reader.flag("server_side_encryption.enabled"),
        }
        .into(),
        "aws_elasticache_cluster" => Cache {
            engine: reader.text("engine"),
            node_type: reader.text("node_type"),
            nodes: reader.number("num_cache_nodes"),
            encrypted_at_rest: Value::Absent,
            encrypted_in_transit: reader.flag("transit_encryption_enabled"),
            authenticated: Value::Absent,
        }
        .into(),
        "aws_elasticache_replication_group" => replication_group(reader).into(),
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

fn database(reader: &Reader<'_>) -> Database {
    Database {
        engine: reader.text("engine"),
        engine_version: reader.text("engine_version"),
        class: reader.text("instance_class"),
        storage_gb: reader.number("allocated_storage"),
        storage_type: reader.text("storage_type"),
        multi_az: reader.flag("multi_az"),
        public: reader.flag("publicly_accessible"),
        encrypted: reader.flag("storage_encrypted"),
        backup_days: reader.number("backup_retention_period"),
        deletion_protection: reader.flag("deletion_protection"),
        password: written(reader, "password"),
        managed_password: reader.flag("manage_master_user_password"),
        security_groups: reader.links("vpc_security_group_ids", GROUPS),
    }
}

/// An instance of an Aurora cluster; what the cluster decides is read from it.
fn cluster_instance(reader: &Reader<'_>) -> Database {
    let cluster = reader.follow(&reader.link("cluster_identifier", &["aws_rds_cluster"]));
    let of_cluster = |path: &str| cluster.map_or(Value::Absent, |cluster| cluster.flag(path));
    Database {
        engine: reader.text("engine"),
        engine_version: reader.text("engine_version"),
        class: reader.text("instance_class"),
        public: reader.flag("publicly_accessible"),
        encrypted: of_cluster("storage_encrypted"),
        backup_days: cluster.map_or(Value::Absent, |cluster| cluster.number("backup_retention_period")),
        deletion_protection: of_cluster("deletion_protection"),
        managed_password: of_cluster("manage_master_user_password"),
        password: cluster.map_or(Value::Absent, |cluster| written(&cluster, "master_password")),
        security_groups: cluster.map_or_else(Vec::new, |cluster| cluster.links("vpc_security_group_ids", GROUPS)),
        ..Database::default()
    }
}

fn replication_group(reader: &Reader<'_>) -> Cache {
    let nodes = ["num_cache_clusters", "number_cache_clusters"].iter().map(|name| reader.number(name)).find(|nodes| !nodes.is_absent());
    let nodes = nodes.unwrap_or_else(|| {
        if !reader.has("num_node_groups") && !reader.has("replicas_per_node_group") {
            return Value::Absent;
        }
        match (reader.number("num_node_groups").or_default_of(1.0), reader.number("replicas_per_node_group").or_default_of(0.0)) {
            (Value::Known(groups), Value::Known(replicas)) => Value::Known(groups * (1.0 + replicas)),
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Value::Unknown(why),
            _ => Value::Absent,
        }
    });
    let authenticated = match (reader.some_text("auth_token"), reader.has("user_group_ids")) {
        (_, true) | (Value::Known(_), _) => Value::Known(true),
        // A token that is set to something unknown is set all the same, unless it may be null.
        (Value::Unknown(why), _) => Value::Unknown(why),
        (Value::Absent, false) => Value::Absent,
    };
    Cache {
        // The provider's own default.
        engine: reader.text("engine").or_default_of("redis".to_owned()),
        node_type: reader.text("node_type"),
        nodes,
        encrypted_at_rest: reader.flag("at_rest_encryption_enabled"),
        encrypted_in_transit: reader.flag("transit_encryption_enabled"),
        authenticated,
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
