//! MON-06: the three alarms of the founding document: errors, latency, service down.

use super::prelude::*;
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
    let judgement = facts.none_of(&format!("an alarm for {}", missing.join(" or ")));
    match found.iter().map(Seen::note).collect::<Vec<_>>().join(" and ") {
        covered if covered.is_empty() => judgement,
        covered => Judgement { reason: format!("{}; {covered}", judgement.reason), ..judgement },
    }
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
