//! ALB-03: the balancer logs its requests.

use super::prelude::*;
use crate::inventory::balancing::LoadBalancer;

pub(super) static RULE: Rule = Rule {
    id: "ALB-03",
    title: "The load balancer logs its requests",
    section: Section::Common,
    area: Area::LoadBalancer,
    document_line: None,
    severity: Severity::Low,
    effort: Effort::Hours,
    refs: Refs { prowler: &["elbv2_logging_enabled"], checkov: &["CKV_AWS_91"], fsbp: &["ELB.5*"], cdk_nag: &["ELB2"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Log to a bucket that the balancer may write to", cloudformation: "LoadBalancerAttributes: [{Key: access_logs.s3.enabled, Value: 'true'}, {Key: access_logs.s3.bucket, Value: !Ref Logs}]", terraform: "access_logs { bucket = aws_s3_bucket.logs.id enabled = true }" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, balancer) in facts.all::<LoadBalancer>() {
        let holds = balancer.access_logs.holds(false, |on| *on);
        tally.holds(holds, resource, &["access_logs", "LoadBalancerAttributes"], notes("it logs its requests", "it logs no requests", untold("whether it logs requests", &balancer.access_logs)));
    }
    tally.close(|| facts.not_needed("no load balancer is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_must_be_on() {
        let balancer = |access_logs| world().with("lb", LoadBalancer { access_logs, ..LoadBalancer::default() });
        passes(&RULE, balancer(true.into()));
        fails(&RULE, balancer(Value::Absent));
        is_unknown(&RULE, balancer(unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
