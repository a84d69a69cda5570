//! DB-01: no database has a public address.

use super::facts::is_terraform;
use super::prelude::*;
use crate::inventory::data::Database;

pub(super) static RULE: Rule = Rule {
    id: "DB-01",
    title: "No database has a public address",
    section: Section::Data,
    area: Area::Database,
    document_line: None,
    severity: Severity::Critical,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["rds_instance_no_public_access"], checkov: &["CKV_AWS_17"], fsbp: &["RDS.2*"], cdk_nag: &["RDS2"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Take the public address away", cloudformation: "PubliclyAccessible: false", terraform: "publicly_accessible = false" },
    patch: Some(|_, _| set(("PubliclyAccessible", "false"), ("publicly_accessible", "false"))),
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, database) in facts.all::<Database>() {
        // Terraform's default is no; CloudFormation's depends on the subnets.
        let is_private = match &database.public {
            Value::Absent if is_terraform(resource) => Some(true),
            Value::Absent => None,
            set => set.holds(true, |is_public| !is_public),
        };
        tally.holds(is_private, resource, &["PubliclyAccessible", "publicly_accessible"], notes("it has no public address", "it has a public address", untold("whether it has a public address", &database.public)));
    }
    tally.close(|| facts.not_needed("no RDS database is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_database_fails() {
        let in_file = |file: &str, public| world().with_in(file, "db", Database { public, ..Database::default() });
        passes(&RULE, in_file("main.tf", Value::Absent));
        passes(&RULE, in_file("t.yaml", false.into()));
        fails(&RULE, in_file("main.tf", true.into()));
        is_unknown(&RULE, in_file("t.yaml", Value::Absent));
        is_unknown(&RULE, in_file("main.tf", unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
