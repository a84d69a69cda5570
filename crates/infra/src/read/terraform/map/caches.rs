//! ElastiCache: clusters, and groups of them.

use super::reader::Reader;
use crate::inventory::data::Cache;
use crate::value::Value;

pub(super) const REPLICATION_GROUPS: &[&str] = &["aws_elasticache_replication_group"];

/// A cluster of its own; `None` for a member of a declared group, which is a node of that.
pub(super) fn cluster(reader: &Reader<'_>) -> Option<Cache> {
    let group = reader.link("replication_group_id", REPLICATION_GROUPS);
    if reader.follow(&group).is_some() {
        return None;
    }
    if !group.is_absent() {
        let elsewhere = || "its replication group decides, which is not declared here".to_owned();
        return Some(Cache {
            engine: Value::Unknown(elsewhere()),
            node_type: Value::Unknown(elsewhere()),
            nodes: Value::Known(1.0),
            encrypted_at_rest: Value::Unknown(elsewhere()),
            encrypted_in_transit: Value::Unknown(elsewhere()),
            authenticated: Value::Unknown(elsewhere()),
        });
    }
    Some(Cache {
        engine: reader.text("engine"),
        node_type: reader.text("node_type"),
        nodes: reader.number("num_cache_nodes"),
        encrypted_at_rest: Value::Absent,
        encrypted_in_transit: reader.flag("transit_encryption_enabled"),
        authenticated: Value::Absent,
    })
}

pub(super) fn replication_group(reader: &Reader<'_>) -> Cache {
    let nodes = ["num_cache_clusters", "number_cache_clusters"].iter().map(|name| reader.number(name)).find(|nodes| !nodes.is_absent());
    let nodes = nodes.unwrap_or_else(|| {
        // Before version 5 of the provider in a block.
        let mode = |name: &str| match reader.number(name) {
            Value::Absent => reader.number(&format!("cluster_mode.{name}")),
            told => told,
        };
        match (mode("num_node_groups"), mode("replicas_per_node_group")) {
            (Value::Absent, Value::Absent) => Value::Absent,
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Value::Unknown(why),
            (groups, replicas) => Value::Known(groups.known().unwrap_or(&1.0) * (1.0 + replicas.known().unwrap_or(&0.0))),
        }
    });
    let nodes = match reader.satellites(&["aws_elasticache_cluster"]).len() {
        0 => nodes,
        members => nodes.or_default_of(1.0).map(|nodes| nodes + members as f64),
    };
    let authenticated = match (reader.some_text("auth_token"), reader.has("user_group_ids")) {
        (_, true) | (Value::Known(_), _) => Value::Known(true),
        // A token that is set to something unknown is set all the same, unless it may be null.
        (Value::Unknown(why), _) => Value::Unknown(why),
        (Value::Absent, false) => Value::Absent,
    };
    // The provider's own default.
    let engine = reader.text("engine").or_default_of("redis".to_owned());
    let encrypted_at_rest = match (reader.flag("at_rest_encryption_enabled"), &engine) {
        (Value::Absent, Value::Known(engine)) if engine == "valkey" => Value::Known(true),
        (Value::Absent, Value::Unknown(why)) => Value::Unknown(why.clone()),
        (told, _) => told,
    };
    Cache {
        engine,
        node_type: reader.text("node_type"),
        nodes,
        encrypted_at_rest,
        encrypted_in_transit: reader.flag("transit_encryption_enabled"),
        authenticated,
    }
}
