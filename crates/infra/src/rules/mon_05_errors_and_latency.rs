//! MON-05: errors and answer times leave a trace.

use super::prelude::*;
use super::watched::{Watched, alarms_for, unclear_alarm};
use crate::inventory::api::Stage;
use crate::inventory::balancing::LoadBalancer;

pub(super) static RULE: Rule = Rule {
    id: "MON-05",
    title: "Errors and latency of the API are tracked",
    section: Section::Monitoring,
    area: Area::Monitoring,
    document_line: Some("Track API errors and latency"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs { prowler: &["elbv2_logging_enabled", "apigatewayv2_api_access_logging_enabled"], checkov: &["CKV_AWS_76", "CKV_AWS_91"], fsbp: &["ELB.5*", "APIGateway.1*"], cdk_nag: &["ELB2", "APIG1"] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Log requests at the stage, or set alarms on its 5xx count and its latency",
        cloudformation: "AccessLogSettings",
        terraform: "access_log_settings",
    },
    patch: None,
    judge,
};

const OF_BALANCER: Remedy = Remedy {
    what: "Log requests at the balancer, or set alarms on its 5xx count and its response time",
    cloudformation: "LoadBalancerAttributes: [{Key: access_logs.s3.enabled, Value: 'true'}, {Key: access_logs.s3.bucket, Value: !Ref Logs}]",
    terraform: "access_logs { bucket = aws_s3_bucket.logs.id enabled = true }",
};
const MISSING: Remedy = Remedy {
    what: "Set one alarm on errors and one on how long answers take, by the metrics of what serves or by filters on its log",
    cloudformation: "AWS::CloudWatch::Alarm, AWS::Logs::MetricFilter",
    terraform: "aws_cloudwatch_metric_alarm, aws_cloudwatch_log_metric_filter",
};

fn judge(facts: &Facts) -> Judgement {
    let [errors, latency] = [Watched::Errors, Watched::Latency].map(|watched| alarms_for(facts, watched).next());
    if let (Some((e, e_metric)), Some((l, l_metric))) = (errors, latency) {
        let evidence = vec![Seen::resource(e, &["MetricName", "metric_name"], format!("it watches {e_metric}")), Seen::resource(l, &["MetricName", "metric_name"], format!("it watches {l_metric}"))];
        return Judgement::pass(format!("alarms watch {e_metric} and {l_metric}"), evidence);
    }
    let mut tally = Tally::default();
    for (resource, balancer) in facts.all::<LoadBalancer>() {
        let logs = balancer.access_logs.holds(false, |on| *on);
        let notes = notes("it logs each request with its status and time", "it logs no requests", untold("whether it logs requests", &balancer.access_logs));
        tally.holds(logs, resource, &["access_logs", "LoadBalancerAttributes"], notes);
    }
    for (resource, stage) in facts.all::<Stage>() {
        match stage.access_logs {
            Value::Absent => tally.bad(Seen::resource(resource, &[], "it logs no requests")),
            _ => tally.good(Seen::resource(resource, &["AccessLogSetting", "access_log_settings"], "it logs each request with its status and time")),
        }
    }
    if let Some(alarm) = unclear_alarm(facts).filter(|_| !tally.has_good()) {
        return Judgement::unknown(format!("{}: which metric it watches cannot be told", alarm.id), vec![Seen::resource(alarm, &[], "which metric it watches cannot be told")]);
    }
    let judgement = tally.close(|| if facts.has_front() || facts.has_compute() { facts.none_of("an alarm or log of errors and latency") } else { facts.not_needed("nothing declared here answers requests") });
    let remedy = match facts.at_fault(&judgement).first().map(|resource| &resource.kind) {
        Some(Kind::LoadBalancer(_)) => &OF_BALANCER,
        Some(_) => &RULE.remedy,
        None => &MISSING,
    };
    facts.advised(judgement, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::observe::Alarm;

    fn alarm(metric: &str) -> Alarm {
        Alarm { metric: text(metric), ..Alarm::default() }
    }

    #[test]
    fn alarms_on_both_or_logs_of_requests_pass() {
        passes(&RULE, world().with("e", alarm("5XXError")).with("l", alarm("Latency")));
        passes(&RULE, world().with("lb", LoadBalancer { access_logs: true.into(), ..LoadBalancer::default() }));
        passes(&RULE, world().with("s", Stage { access_logs: to("logs"), ..Stage::default() }));
    }

    #[test]
    fn half_or_nothing_fails() {
        fails(&RULE, world().with("lb", LoadBalancer::default()).with("e", alarm("5XXError")));
        fails(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
        is_unknown(&RULE, world().with("lb", LoadBalancer { access_logs: unclear(), ..LoadBalancer::default() }));
        is_unknown(&RULE, world().with("e", Alarm::default()));
        does_not_apply(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
    }
}
