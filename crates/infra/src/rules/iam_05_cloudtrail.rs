//! IAM-05: a trail records who did what, in every region.

use super::prelude::*;
use crate::inventory::observe::Trail;

pub(super) static RULE: Rule = Rule {
    id: "IAM-05",
    title: "CloudTrail records every region, with signed files",
    section: Section::Iam,
    area: Area::Monitoring,
    document_line: Some("Enable CloudTrail for audit logging"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &["cloudtrail_multi_region_enabled", "cloudtrail_log_file_validation_enabled", "cloudtrail_kms_encryption_enabled", "cloudtrail_bedrock_logging_enabled"],
        checkov: &["CKV_AWS_35", "CKV_AWS_36", "CKV_AWS_67", "CKV_AWS_251", "CKV2_AWS_10"],
        fsbp: &["CloudTrail.1*", "CloudTrail.2*", "CloudTrail.4*", "CloudTrail.5"],
        cdk_nag: &[],
    },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Let the trail record every region and sign its files",
        cloudformation: "IsMultiRegionTrail: true, EnableLogFileValidation: true, IsLogging: true",
        terraform: "is_multi_region_trail = true, enable_log_file_validation = true",
    },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    let Kind::Trail(trail) = &resource.kind else { return Vec::new() };
    let mut changes = Vec::new();
    if trail.multi_region != Value::Known(true) {
        changes.extend(set(("IsMultiRegionTrail", "true"), ("is_multi_region_trail", "true")));
    }
    if trail.validates_files != Value::Known(true) {
        changes.extend(set(("EnableLogFileValidation", "true"), ("enable_log_file_validation", "true")));
    }
    if trail.is_logging == Value::Known(false) {
        changes.extend(set(("IsLogging", "true"), ("enable_logging", "true")));
    }
    changes
}

const RECORDS: &[&str] = &["IsLogging", "enable_logging"];
const REGIONS: &[&str] = &["IsMultiRegionTrail", "is_multi_region_trail"];
const SIGNED: &[&str] = &["EnableLogFileValidation", "enable_log_file_validation"];

const MISSING: Remedy = Remedy {
    what: "Declare a trail for every region with file validation, once for the account; the first copy of management events is free",
    cloudformation: "AWS::CloudTrail::Trail with IsMultiRegionTrail: true, EnableLogFileValidation: true, IsLogging: true",
    terraform: "aws_cloudtrail with is_multi_region_trail = true, enable_log_file_validation = true",
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, trail) in facts.all::<Trail>() {
        let asked = [
            (&trail.is_logging, true, RECORDS, "it does not record", "whether it records"),
            (&trail.multi_region, false, REGIONS, "it sees one region only", "whether it sees every region"),
            (&trail.validates_files, false, SIGNED, "its files are not signed, so they can be changed unseen", "whether its files are signed"),
        ]
        .map(|(value, default, settings, bad, unclear)| (value, value.holds(default, |on| *on), settings, bad, unclear));
        if let Some((_, _, settings, bad, _)) = asked.iter().find(|(_, holds, ..)| *holds == Some(false)) {
            tally.bad(Seen::resource(resource, settings, *bad));
        } else if let Some((value, _, settings, _, unclear)) = asked.iter().find(|(_, holds, ..)| holds.is_none()) {
            tally.unclear(Seen::resource(resource, settings, untold(unclear, value)));
        } else {
            tally.good(Seen::resource(resource, REGIONS, "it records every region, and its files are signed"));
        }
    }
    tally.close(|| facts.advised(facts.none_of("a CloudTrail trail"), &MISSING))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(multi_region: Value<bool>) -> World {
        world().with("trail", Trail { multi_region, validates_files: true.into(), ..Trail::default() })
    }

    #[test]
    fn a_trail_must_see_every_region() {
        passes(&RULE, trail(true.into()));
        fails(&RULE, trail(Value::Absent));
        is_unknown(&RULE, trail(unclear()));
    }

    #[test]
    fn no_trail_fails_unless_it_may_be_elsewhere() {
        let other = world().with("topic", crate::inventory::observe::Topic::default());
        fails(&RULE, other.clone());
        is_unknown(&RULE, other.clone().with_hidden_module());
        is_unknown(&RULE, other.with_problem());
        is_unknown(&RULE, world());
    }
}
