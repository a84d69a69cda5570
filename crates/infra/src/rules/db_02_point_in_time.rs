//! DB-02: a table can be restored to any second.

use super::prelude::*;
use crate::inventory::data::Table;

pub(super) static RULE: Rule = Rule {
    id: "DB-02",
    title: "Tables can be restored to any second",
    section: Section::Data,
    area: Area::Database,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["dynamodb_tables_pitr_enabled", "dynamodb_table_deletion_protection_enabled"], checkov: &["CKV_AWS_28"], fsbp: &["DynamoDB.2*"], cdk_nag: &["DDB3"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Switch point-in-time recovery on", cloudformation: "PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}", terraform: "point_in_time_recovery { enabled = true }" },
    patch: Some(|_, _| set_inside(("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled", "true"), ("point_in_time_recovery", "enabled", "true"))),
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, table) in facts.all::<Table>() {
        let holds = table.point_in_time_recovery.holds(false, |on| *on);
        tally.holds(holds, resource, &["PointInTimeRecoveryEnabled", "point_in_time_recovery"], notes("it can be restored to any second", "point-in-time recovery is off, so what is overwritten or deleted in it is gone", untold("whether it can be restored", &table.point_in_time_recovery)));
    }
    tally.close(|| facts.not_needed("no DynamoDB table is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_must_be_on() {
        let table = |point_in_time_recovery| world().with("t", Table { point_in_time_recovery, ..Table::default() });
        passes(&RULE, table(true.into()));
        fails(&RULE, table(Value::Absent));
        is_unknown(&RULE, table(unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
