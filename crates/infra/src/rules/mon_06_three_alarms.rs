//! MON-06: the three alarms of the founding document: errors, latency, service down.

use super::prelude::*;
use crate::inventory::balancing::LoadBalancer;
use super::watched::{Watched, alarms_for, unclear_alarm};

pub(super) static RULE: Rule = Rule {
    id: "MON-06",
    title: "Alarms cover errors, latency and a service that is down",
    section: Section::Common,
    area: Area::Monitoring,
    document_line: Some("Alarms configured"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Add the missing alarms; ten standard ones are in the free tier", cloudformation: "AWS::CloudWatch::Alarm", terraform: "aws_cloudwatch_metric_alarm" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for watched in Watched::ALL {
        match alarms_for(facts, watched).next() {
            Some((resource, metric)) => found.push(Seen::resource(resource, &["MetricName", "metric_name"], format!("{metric} tells of {}", watched.title()))),
            None => missing.push(watched.title()),
        }
    }
    if missing.is_empty() {
        return Judgement::pass("alarms cover errors, latency and a service that is down", found);
    }
    if let Some(alarm) = unclear_alarm(facts) {
        let reason = format!("no alarm is plainly for {}, but which metric {} watches cannot be told", missing.join(" or "), alarm.id);
        return Judgement::unknown(reason, vec![Seen::resource(alarm, &[], "which metric it watches cannot be told")]);
    }
    if !facts.has_service() && !facts.is_part_hidden() {
        return facts.not_needed("nothing declared here serves anybody");
    }
    let judgement = facts.advised(facts.none_of(&format!("an alarm for {}", missing.join(" or "))), &RULE.remedy);
    let judgement = match &judgement.remedy {
        Some(remedy) => Judgement { remedy: Some(format!("{remedy} {}", examples(facts, &missing))), ..judgement },
        None => judgement,
    };
    match found.iter().map(Seen::note).collect::<Vec<_>>().join(" and ") {
        covered if covered.is_empty() => judgement,
        covered => Judgement { reason: format!("{}; {covered}", judgement.reason), ..judgement },
    }
}

/// A metric with a threshold for each thing that no alarm watches, of whatever serves here.
fn examples(facts: &Facts, missing: &[&str]) -> String {
    let [errors, latency, down] = if facts.has::<LoadBalancer>() {
        ["HTTPCode_Target_5XX_Count above 5 in 5 minutes", "TargetResponseTime above 5 seconds", "UnHealthyHostCount above 0"]
    } else {
        match facts.architecture.recognised {
            Some(Deployment::Lambda) => ["Errors above 0 in 5 minutes", "Duration near the function's time-out", "Throttles above 0"],
            Some(Deployment::Fargate) => ["a metric filter on errors in the log", "a metric filter on durations in the log", "RunningTaskCount below the desired count (Container Insights)"],
            Some(Deployment::Beanstalk) => ["ApplicationRequests5xx above 5 in 5 minutes", "ApplicationLatencyP90 above 5 seconds", "EnvironmentHealth above 15"],
            None => return "Which metrics tell of them depends on what serves.".to_owned(),
            Some(Deployment::Ec2) => ["a metric filter on errors in the log", "a metric filter on durations in the log", "StatusCheckFailed above 0"],
        }
    };
    let named = Watched::ALL.iter().zip([errors, latency, down]).filter(|(watched, _)| missing.contains(&watched.title()));
    format!("For {}.", named.map(|(watched, metric)| format!("{}: {metric}", watched.title())).collect::<Vec<_>>().join("; for "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::observe::Alarm;

    #[test]
    fn all_three_kinds_are_needed() {
        let alarm = |metric: &str| Alarm { metric: text(metric), ..Alarm::default() };
        let two = world().with("e", alarm("HTTPCode_Target_5XX_Count")).with("l", alarm("TargetResponseTime"));
        passes(&RULE, two.clone().with("d", alarm("UnHealthyHostCount")));
        fails(&RULE, two.clone());
        is_unknown(&RULE, two.clone().with("d", Alarm { metric: unclear(), ..Alarm::default() }));
        is_unknown(&RULE, two.with_hidden_module());
        is_unknown(&RULE, world());
    }
}
