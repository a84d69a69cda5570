//! Databases, tables, caches, buckets, queues, repositories of images.

use super::properties::Properties;
use crate::attribute::Node;
use crate::inventory::Link;
use crate::inventory::data::{Bucket, Cache, Database, DatabaseCluster, ImageRepository, Queue, ServerlessCache, Table};
use crate::read::document;
use crate::value::Value;

pub(super) fn database(p: Properties<'_>) -> Database {
    let database = Database {
        engine: p.text("Engine"),
        engine_version: p.text("EngineVersion"),
        class: p.text("DBInstanceClass"),
        storage_gb: p.number("AllocatedStorage"),
        storage_type: storage_type(p),
        multi_az: p.flag("MultiAZ"),
        public: p.flag("PubliclyAccessible"),
        encrypted: p.flag("StorageEncrypted"),
        backup_days: p.number("BackupRetentionPeriod"),
        deletion_protection: p.flag("DeletionProtection"),
        password: p.text("MasterUserPassword"),
        managed_password: p.flag("ManageMasterUserPassword"),
        security_groups: p.links("VPCSecurityGroups"),
        cluster: p.link("DBClusterIdentifier"),
    };
    if p.at("DBSnapshotIdentifier").is_none() {
        return database;
    }
    let storage_gb = or_decided(database.storage_gb, "its snapshot decides");
    Database {
        engine: or_decided(database.engine, "its snapshot decides"),
        storage_gb,
        encrypted: or_decided(database.encrypted, "its snapshot decides"),
        ..database
    }
}

/// What is not set here and decided elsewhere.
fn or_decided<T>(own: Value<T>, why: &str) -> Value<T> {
    if own.is_absent() { Value::Unknown(why.to_owned()) } else { own }
}

/// What a replica does not say itself is as in its source, with which it is backed up.
pub(super) fn inherit(replica: &mut Database, source: Option<Database>) {
    fn take<T>(own: &mut Value<T>, original: Option<Value<T>>) {
        if own.is_absent() {
            *own = original.unwrap_or_else(|| Value::Unknown("it is a replica, and its source is not declared here".to_owned()));
        }
    }
    let source = source.as_ref();
    take(&mut replica.engine, source.map(|source| source.engine.clone()));
    take(&mut replica.engine_version, source.map(|source| source.engine_version.clone()));
    take(&mut replica.storage_gb, source.map(|source| source.storage_gb.clone()));
    take(&mut replica.storage_type, source.map(|source| source.storage_type.clone()));
    take(&mut replica.encrypted, source.map(|source| source.encrypted.clone()));
    take(&mut replica.backup_days, source.map(|source| source.backup_days.clone()));
}

/// Whoever asks for operations a second without naming a type gets `io1`.
fn storage_type(p: Properties<'_>) -> Value<String> {
    match p.text("StorageType") {
        Value::Absent => p.number("Iops").map(|_| "io1".to_owned()),
        told => told,
    }
}

pub(super) fn database_cluster(p: Properties<'_>) -> DatabaseCluster {
    DatabaseCluster {
        engine: p.text("Engine"),
        engine_version: p.text("EngineVersion"),
        class: p.text("DBClusterInstanceClass"),
        encrypted: p.flag("StorageEncrypted"),
        backup_days: p.number("BackupRetentionPeriod"),
        deletion_protection: p.flag("DeletionProtection"),
        password: p.text("MasterUserPassword"),
        managed_password: p.flag("ManageMasterUserPassword"),
        security_groups: p.links("VpcSecurityGroupIds"),
    }
}

pub(super) fn table(p: Properties<'_>) -> Table {
    Table {
        billing_mode: p.text("BillingMode"),
        read_units: units(p, "ProvisionedThroughput.ReadCapacityUnits"),
        write_units: units(p, "ProvisionedThroughput.WriteCapacityUnits"),
        point_in_time_recovery: p.flag("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"),
        deletion_protection: p.flag("DeletionProtectionEnabled"),
        key_encrypted: p.flag("SSESpecification.SSEEnabled"),
    }
}

/// What a table and its indexes have of something.
fn units(p: Properties<'_>, path: &str) -> Value<f64> {
    p.parts("GlobalSecondaryIndexes").into_iter().map(|index| index.number(path)).fold(p.number(path), Value::plus)
}

/// What CDK writes for every table: settings of a replica stand with the replica.
pub(super) fn global_table(p: Properties<'_>) -> Table {
    let replicas = p.parts("Replicas");
    let replica = |path: &str| replicas.first().map_or(Value::Absent, |replica| replica.flag(path));
    Table {
        billing_mode: p.text("BillingMode"),
        read_units: scaled(replicas.first().copied(), "ReadProvisionedThroughputSettings", "Read"),
        write_units: scaled(Some(p), "WriteProvisionedThroughputSettings", "Write"),
        point_in_time_recovery: replica("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"),
        deletion_protection: replica("DeletionProtectionEnabled"),
        key_encrypted: p.flag("SSESpecification.SSEEnabled"),
    }
}

/// The units of a global table, whose writes always scale and whose reads may.
fn scaled(p: Option<Properties<'_>>, settings: &str, what: &str) -> Value<f64> {
    let Some(p) = p else { return Value::Absent };
    let scaling = |name: &str| p.number(&format!("{settings}.{what}CapacityAutoScalingSettings.{name}"));
    match (p.number(&format!("{settings}.{what}CapacityUnits")), scaling("MinCapacity"), scaling("MaxCapacity")) {
        (Value::Absent, Value::Known(min), Value::Known(max)) if min == max => Value::Known(min),
        (Value::Absent, Value::Known(min), Value::Known(max)) => Value::Unknown(format!("they scale between {min} and {max}")),
        (Value::Absent, Value::Absent, Value::Absent) => Value::Absent,
        (Value::Absent, ..) => Value::Unknown("they scale".to_owned()),
        (told, ..) if p.at("GlobalSecondaryIndexes").is_none() => told,
        _ => Value::Unknown("its indexes have some of their own".to_owned()),
    }
}

pub(super) fn cache_cluster(p: Properties<'_>) -> Cache {
    Cache {
        engine: p.text("Engine"),
        node_type: p.text("CacheNodeType"),
        nodes: p.number("NumCacheNodes"),
        encrypted_in_transit: p.flag("TransitEncryptionEnabled"),
        ..Cache::default()
    }
}

pub(super) fn replication_group(p: Properties<'_>) -> Cache {
    let nodes = match p.number("NumCacheClusters") {
        Value::Absent => shards(p),
        told => told,
    };
    let engine = p.text("Engine").or_default_of("redis".to_owned());
    let encrypted_at_rest = match (p.flag("AtRestEncryptionEnabled"), &engine) {
        // Valkey is, unless it is told not to be.
        (Value::Absent, Value::Known(engine)) if engine == "valkey" => Value::Known(true),
        (told, _) => told,
    };
    let guards = [p.present("AuthToken"), p.present("UserGroupIds")];
    let authenticated = guards.iter().find(|guard| !guard.is_unknown() && !guard.is_absent()).or(guards.iter().find(|guard| guard.is_unknown()));
    Cache {
        engine,
        node_type: p.text("CacheNodeType"),
        nodes,
        encrypted_at_rest,
        encrypted_in_transit: p.flag("TransitEncryptionEnabled"),
        authenticated: authenticated.cloned().unwrap_or_default(),
    }
}

/// Nodes of a group that is given by shards and replicas.
fn shards(p: Properties<'_>) -> Value<f64> {
    let each = p.number("ReplicasPerNodeGroup").or_default_of(0.0);
    let configured = p.parts("NodeGroupConfiguration");
    if !configured.is_empty() {
        let replicas = |shard: &Properties<'_>| match shard.number("ReplicaCount") {
            Value::Absent => each.clone(),
            told => told,
        };
        let nodes = configured.iter().map(|shard| replicas(shard).map(|replicas| 1.0 + replicas));
        return nodes.fold(Value::Known(0.0), |sum, nodes| sum.and_then(|sum| nodes.map(|nodes| sum + nodes)));
    }
    match (p.number("NumNodeGroups"), each) {
        (Value::Known(shards), Value::Known(replicas)) => Value::Known(shards * (1.0 + replicas)),
        (Value::Absent, Value::Known(replicas)) => Value::Known(1.0 + replicas),
        (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Value::Unknown(why),
        (_, Value::Absent) => Value::Absent,
    }
}

pub(super) fn serverless_cache(p: Properties<'_>) -> ServerlessCache {
    ServerlessCache { engine: p.text("Engine") }
}

pub(super) fn bucket(p: Properties<'_>) -> Bucket {
    let blocks = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    let blocked = p.part("PublicAccessBlockConfiguration").map_or(Value::Absent, |block| {
        let parts: Vec<Value<bool>> = blocks.iter().map(|name| block.flag(name)).collect();
        match parts.iter().find(|part| part.is_unknown()) {
            _ if parts.iter().any(|part| part.holds(false, |blocked| *blocked) == Some(false)) => Value::Known(false),
            Some(unknown) => unknown.clone(),
            None => Value::Known(true),
        }
    });
    Bucket { name: p.text("BucketName"), public_access_blocked: blocked, versioned: p.is("VersioningConfiguration.Status", "Enabled") }
}

pub(super) fn queue(p: Properties<'_>) -> Queue {
    let encrypted = match (p.present("KmsMasterKeyId"), p.flag("SqsManagedSseEnabled")) {
        (key @ Value::Known(_), _) | (key @ Value::Unknown(_), Value::Known(false)) => key,
        (_, by_itself) => by_itself,
    };
    Queue { fifo: p.flag("FifoQueue"), encrypted, dead_letters: dead_letters(p) }
}

/// The redrive policy may be an object or JSON in a text.
fn dead_letters(p: Properties<'_>) -> Value<Link> {
    let Some(policy) = p.at("RedrivePolicy") else { return Value::Absent };
    let written = policy.text().known().and_then(|text| document::read_embedded(text, policy.line)).map(|item| item.node());
    let policy = written.as_ref().unwrap_or(policy);
    policy.get("deadLetterTargetArn").map_or(Value::Absent, |node: &Node| p.names.link(node))
}

pub(super) fn image_repository(p: Properties<'_>) -> ImageRepository {
    ImageRepository {
        name: p.text("RepositoryName"),
        scans: p.flag("ImageScanningConfiguration.ScanOnPush"),
        immutable_tags: p.is("ImageTagMutability", "IMMUTABLE"),
    }
}
