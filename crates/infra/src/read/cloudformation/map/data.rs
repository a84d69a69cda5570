//! Databases, tables, caches, buckets, queues, repositories of images.

use super::properties::Properties;
use crate::attribute::Node;
use crate::inventory::Link;
use crate::inventory::data::{Bucket, Cache, Database, ImageRepository, Queue, ServerlessCache, Table};
use crate::read::document;
use crate::value::Value;

pub(super) fn database(p: Properties<'_>) -> Database {
    Database {
        engine: p.text("Engine"),
        engine_version: p.text("EngineVersion"),
        class: p.text("DBInstanceClass"),
        storage_gb: p.number("AllocatedStorage"),
        storage_type: p.text("StorageType"),
        multi_az: p.flag("MultiAZ"),
        public: p.flag("PubliclyAccessible"),
        encrypted: p.flag("StorageEncrypted"),
        backup_days: p.number("BackupRetentionPeriod"),
        deletion_protection: p.flag("DeletionProtection"),
        password: p.text("MasterUserPassword"),
        managed_password: p.flag("ManageMasterUserPassword"),
        security_groups: p.links("VPCSecurityGroups"),
        cluster: p.link("DBClusterIdentifier"),
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
        point_in_time_recovery: replica("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"),
        deletion_protection: replica("DeletionProtectionEnabled"),
        key_encrypted: p.flag("SSESpecification.SSEEnabled"),
        ..Table::default()
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
    let has_password = p.at("AuthToken").is_some() || !p.nodes("UserGroupIds").is_empty();
    Cache {
        engine: p.text("Engine").or_default_of("redis".to_owned()),
        node_type: p.text("CacheNodeType"),
        nodes,
        encrypted_at_rest: p.flag("AtRestEncryptionEnabled"),
        encrypted_in_transit: p.flag("TransitEncryptionEnabled"),
        authenticated: if has_password { Value::Known(true) } else { Value::Absent },
    }
}

/// Nodes of a group that is given by shards and replicas.
fn shards(p: Properties<'_>) -> Value<f64> {
    match (p.number("NumNodeGroups"), p.number("ReplicasPerNodeGroup").or_default_of(0.0)) {
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
    let encrypted = if p.at("KmsMasterKeyId").is_some() { Value::Known(true) } else { p.flag("SqsManagedSseEnabled") };
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
