//! DB-05: data at rest is encrypted: databases, disks, caches, queues.

use super::machines::machines;
use super::prelude::*;
use crate::inventory::data::{Cache, DatabaseCluster, Queue};
use crate::inventory::compute::Volume;

pub(super) static RULE: Rule = Rule {
    id: "DB-05",
    title: "Data is encrypted at rest",
    section: Section::Data,
    area: Area::Database,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &["ec2_ebs_default_encryption", "rds_instance_storage_encrypted"],
        checkov: &["CKV_AWS_3", "CKV_AWS_16", "CKV_AWS_27", "CKV_AWS_29"],
        fsbp: &["EC2.7*", "RDS.3*", "SQS.1*"],
        cdk_nag: &["RDS2", "EC26", "SQS2"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Encrypt it; a database or disk that exists must be copied to become encrypted", cloudformation: "StorageEncrypted: true, Encrypted: true", terraform: "storage_encrypted = true, encrypted = true" },
    // In either language these settings replace the resource, and what it holds with it.
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let mut add = |encrypted: &Value<bool>, default: bool, resource, what: &str| {
        let holds = encrypted.holds(default, |on| *on);
        let settings = &["StorageEncrypted", "storage_encrypted", "Encrypted", "encrypted", "AtRestEncryptionEnabled", "at_rest_encryption_enabled"];
        tally.holds(holds, resource, settings, notes(format!("{what} is encrypted"), format!("{what} is not encrypted"), untold(&format!("whether {what} is encrypted"), encrypted)));
    };
    for (resource, database) in facts.lone_databases() {
        add(&database.encrypted, false, resource, "its storage");
    }
    for (resource, cluster) in facts.all::<DatabaseCluster>() {
        add(&cluster.encrypted, false, resource, "its storage");
    }
    for (resource, volume) in facts.all::<Volume>() {
        add(&volume.encrypted, false, resource, "the disk");
    }
    let root = Value::Unknown("nothing declares it, and the account may encrypt disks by itself".to_owned());
    for (resource, machine) in machines(facts.inventory) {
        if machine.volumes.is_empty() {
            add(&root, false, resource, "its root disk");
        }
        for volume in &machine.volumes {
            add(&volume.encrypted, false, resource, "one of its disks");
        }
    }
    for (resource, cache) in facts.all::<Cache>().filter(|(_, cache)| cache.engine != Value::Known("memcached".to_owned())) {
        add(&cache.encrypted_at_rest, false, resource, "what it keeps");
    }
    // SQS encrypts by itself unless it is told not to.
    for (resource, queue) in facts.all::<Queue>() {
        add(&queue.encrypted, true, resource, "what waits in it");
    }
    tally.close(|| facts.not_needed("nothing declared here keeps data on a disk of its own"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Instance;
    use crate::inventory::data::Database;

    #[test]
    fn databases_and_disks_are_not_encrypted_by_themselves() {
        let database = |encrypted| world().with("db", Database { encrypted, ..Database::default() });
        passes(&RULE, database(true.into()));
        fails(&RULE, database(Value::Absent));
        is_unknown(&RULE, database(unclear()));
        is_unknown(&RULE, world().with("vm", Instance::default()));
        let cluster = |encrypted| world().with("c", DatabaseCluster { encrypted, ..DatabaseCluster::default() });
        passes(&RULE, cluster(true.into()).with("db", Database { cluster: to("c"), ..Database::default() }));
        fails(&RULE, cluster(Value::Absent));
        fails(&RULE, world().with("vm", Instance { volumes: vec![Volume::default()], ..Instance::default() }));
        passes(&RULE, world().with("q", Queue::default()));
        does_not_apply(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
    }
}
