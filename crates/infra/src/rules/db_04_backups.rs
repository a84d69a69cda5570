//! DB-04: a database's backups are kept for a week.

use super::facts::is_terraform;
use super::prelude::*;
use crate::inventory::data::DatabaseCluster;

pub(super) static RULE: Rule = Rule {
    id: "DB-04",
    title: "Backups are kept for seven days or more",
    section: Section::Data,
    area: Area::Database,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["rds_instance_backup_enabled"], checkov: &["CKV_AWS_133"], fsbp: &["RDS.11*"], cdk_nag: &["RDS13"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Keep backups for a week", cloudformation: "BackupRetentionPeriod: 7", terraform: "backup_retention_period = 7" },
    patch: Some(|_, _| set(("BackupRetentionPeriod", "7"), ("backup_retention_period", "7"))),
    judge,
};

/// The founding document's figure.
const DAYS_MIN: f64 = 7.0;

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let lone = facts.lone_databases().map(|(resource, database)| (resource, &database.backup_days, if is_terraform(resource) { 0.0 } else { 1.0 }));
    // A cluster keeps a day whatever the language.
    let clusters = facts.all::<DatabaseCluster>().map(|(resource, cluster)| (resource, &cluster.backup_days, 1.0));
    for (resource, backup_days, default) in lone.chain(clusters) {
        let days = backup_days.known().copied();
        let kept = |days: f64| if days == 0.0 { "it has no backups".to_owned() } else { format!("its backups are kept for {}", count(days as usize, "day")) };
        let note = kept(days.unwrap_or(default));
        tally.holds(backup_days.holds(false, |days| *days >= DAYS_MIN), resource, &["BackupRetentionPeriod", "backup_retention_period"], notes(note.clone(), note, untold("how long its backups are kept", backup_days)));
    }
    tally.close(|| facts.not_needed("no RDS database is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::data::Database;

    #[test]
    fn a_week_is_the_least() {
        let database = |backup_days| world().with("db", Database { backup_days, ..Database::default() });
        passes(&RULE, database(7.0.into()));
        fails(&RULE, database(1.0.into()));
        fails(&RULE, database(Value::Absent));
        is_unknown(&RULE, database(unclear()));
        let cluster = |backup_days| world().with("c", DatabaseCluster { backup_days, ..DatabaseCluster::default() });
        let member = Database { cluster: to("c"), ..Database::default() };
        passes(&RULE, cluster(14.0.into()).with("db", member));
        fails(&RULE, cluster(Value::Absent));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
