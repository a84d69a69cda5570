//! Where data is kept: databases, tables, caches, buckets, queues, images.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// An RDS instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Database {
    /// Such as `postgres`.
    pub engine: Value<String>,
    /// Such as `16.4`.
    pub engine_version: Value<String>,
    /// Such as `db.t4g.micro`.
    pub class: Value<String>,
    /// Gigabytes.
    pub storage_gb: Value<f64>,
    /// `gp3`, `gp2` …
    pub storage_type: Value<String>,
    /// Whether a standby is kept. Absent: no.
    pub multi_az: Value<bool>,
    /// Whether it has a public address.
    pub public: Value<bool>,
    /// Whether it is encrypted. Absent: no.
    pub encrypted: Value<bool>,
    /// Days that backups are kept. Absent: 1 in CloudFormation, 0 in Terraform.
    pub backup_days: Value<f64>,
    /// Whether it cannot be deleted by mistake. Absent: no.
    pub deletion_protection: Value<bool>,
    /// The password, when it is written down: known means it stands in the template.
    pub password: Value<String>,
    /// Whether Secrets Manager keeps the password.
    pub managed_password: Value<bool>,
    /// Its security groups.
    pub security_groups: Vec<Value<Link>>,
    /// The cluster that it belongs to. That decides its storage, encryption, backups and password, which stand with the cluster.
    pub cluster: Value<Link>,
}

/// A cluster of databases over one storage, as Aurora's are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DatabaseCluster {
    /// Such as `aurora-postgresql`.
    pub engine: Value<String>,
    /// Such as `16.4`.
    pub engine_version: Value<String>,
    /// What each of its instances is like, when they are not declared by themselves, as of a Multi-AZ cluster without Aurora.
    pub class: Value<String>,
    /// Whether it is encrypted. Absent: no.
    pub encrypted: Value<bool>,
    /// Days that backups are kept. Absent: 1.
    pub backup_days: Value<f64>,
    /// Whether it cannot be deleted by mistake. Absent: no.
    pub deletion_protection: Value<bool>,
    /// The password, when it is written down: known means it stands in the template.
    pub password: Value<String>,
    /// Whether Secrets Manager keeps the password.
    pub managed_password: Value<bool>,
    /// Its security groups.
    pub security_groups: Vec<Value<Link>>,
}

/// A DynamoDB table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// `PAY_PER_REQUEST` or `PROVISIONED`. Absent: `PROVISIONED`.
    pub billing_mode: Value<String>,
    /// Provisioned read units, those of its indexes among them: they cost the same.
    pub read_units: Value<f64>,
    /// Provisioned write units, those of its indexes among them.
    pub write_units: Value<f64>,
    /// Whether it can be restored to any second.
    pub point_in_time_recovery: Value<bool>,
    /// Whether it cannot be deleted by mistake.
    pub deletion_protection: Value<bool>,
    /// Whether a KMS key encrypts it, rather than one that AWS owns.
    pub key_encrypted: Value<bool>,
}

/// An ElastiCache cluster or replication group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cache {
    /// `redis`, `valkey` or `memcached`.
    pub engine: Value<String>,
    /// Such as `cache.t4g.micro`.
    pub node_type: Value<String>,
    /// Nodes in all: shards, each with its replicas.
    pub nodes: Value<f64>,
    /// Whether data at rest is encrypted. Absent: no.
    pub encrypted_at_rest: Value<bool>,
    /// Whether connections are encrypted. Absent: no.
    pub encrypted_in_transit: Value<bool>,
    /// Whether a password or user group is needed.
    pub authenticated: Value<bool>,
}

/// A serverless cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServerlessCache {
    /// `redis`, `valkey` or `memcached`.
    pub engine: Value<String>,
}

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bucket {
    /// Its name.
    pub name: Value<String>,
    /// Whether every kind of public access is blocked.
    pub public_access_blocked: Value<bool>,
    /// Whether versions are kept.
    pub versioned: Value<bool>,
}

/// A queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Queue {
    /// Whether it keeps the order. Absent: no.
    pub fifo: Value<bool>,
    /// Whether it is encrypted, by a KMS key or by SQS itself.
    pub encrypted: Value<bool>,
    /// Where messages go that nobody could take.
    pub dead_letters: Value<Link>,
}

/// A repository of images.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImageRepository {
    /// Its name.
    pub name: Value<String>,
    /// Whether images are scanned when pushed.
    pub scans: Value<bool>,
    /// Whether a tag cannot be moved.
    pub immutable_tags: Value<bool>,
}
