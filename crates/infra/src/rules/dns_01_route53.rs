//! DNS-01: a name leads to what answers.

use super::prelude::*;
use crate::inventory::names::{Record, Zone};

pub(super) static RULE: Rule = Rule {
    id: "DNS-01",
    title: "A Route 53 record leads to the service",
    section: Section::Common,
    area: Area::Certificate,
    document_line: Some("Route 53 DNS configured"),
    severity: Severity::Low,
    effort: Effort::Hours,
    refs: Refs { prowler: &[], checkov: &["CKV2_AWS_23"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare an alias record for the balancer, the API or the address", cloudformation: "AWS::Route53::RecordSet with AliasTarget", terraform: "aws_route53_record with alias" },
    patch: None,
    judge,
};

/// Records that prove something to somebody rather than lead anywhere.
const PROOFS: &[&str] = &["TXT", "CAA", "NS", "SOA", "MX", "DS"];

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, record) in facts.all::<Record>() {
        let name = record.name.known().map_or("a name", String::as_str);
        match &record.record_type {
            Value::Known(kind) if PROOFS.contains(&kind.as_str()) || name.starts_with('_') => {}
            Value::Unknown(why) if record.alias.is_absent() => tally.unclear(Seen::resource(resource, &["Type", "type"], format!("what kind of record it is cannot be told: {why}"))),
            _ => match &record.alias {
                Value::Known(Link::To(target)) => tally.good(Seen::resource(resource, &["AliasTarget", "alias"], format!("{name} leads to {target}"))),
                _ => tally.good(Seen::resource(resource, &["Name", "name"], format!("{name} is declared"))),
            },
        }
    }
    if tally.is_empty() && !facts.is_part_hidden() {
        facts.all::<Zone>().for_each(|(resource, _)| tally.bad(Seen::resource(resource, &[], "no record of it leads anywhere")));
    }
    tally.close(|| match facts.of_aws_domain() {
        Some(id) => Judgement::not_applicable(format!("{id} answers under a name of AWS's; a name of your own would need a record")),
        None if facts.has_compute() || facts.has_front() => facts.none_of("a Route 53 record"),
        None => facts.not_needed("nothing declared here answers requests"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_leads_to_the_service() {
        let record = |record_type| Record { record_type, name: text("api.example.com"), ..Record::default() };
        passes(&RULE, world().with("r", record(text("A"))));
        fails(&RULE, world().with("z", Zone::default()).with("r", record(text("TXT"))));
        fails(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
        is_unknown(&RULE, world().with("r", record(unclear())));
        does_not_apply(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
    }
}
