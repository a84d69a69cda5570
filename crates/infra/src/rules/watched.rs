//! What alarms watch, sorted into the three things that the founding document asks for.

use super::facts::Facts;
use crate::inventory::Resource;
use crate::inventory::observe::Alarm;
use crate::value::Value;

/// What an alarm watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watched {
    /// Requests that go wrong.
    Errors,
    /// How long answers take.
    Latency,
    /// Whether it answers at all.
    Service,
}

impl Watched {
    /// All three, in the founding document's order.
    pub(crate) const ALL: [Watched; 3] = [Watched::Errors, Watched::Latency, Watched::Service];

    /// In a sentence: "no alarm for …".
    pub(crate) fn title(self) -> &'static str {
        match self {
            Watched::Errors => "a high error rate",
            Watched::Latency => "high latency",
            Watched::Service => "a service that is down",
        }
    }
}

/// The alarms that watch this.
pub(crate) fn alarms_for<'a>(facts: &Facts<'a>, watched: Watched) -> impl Iterator<Item = (&'a Resource, &'a str)> + use<'a> {
    facts.all::<Alarm>().filter_map(move |(resource, alarm)| {
        let metric = alarm.metric.known()?;
        (kind(metric) == Some(watched)).then_some((resource, metric.as_str()))
    })
}

/// An alarm whose metric cannot be told: an unknown name, or a formula over several.
pub(crate) fn unclear_alarm<'a>(facts: &Facts<'a>) -> Option<&'a Resource> {
    facts.all::<Alarm>().find(|(_, alarm)| !matches!(alarm.metric, Value::Known(_))).map(|(resource, _)| resource)
}

/// By the names that ALB, ECS, EC2, Lambda, API Gateway and Beanstalk give their metrics; a metric of one's own counts by its words.
fn kind(metric: &str) -> Option<Watched> {
    let name = metric.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["healthyhost", "statuscheck", "runningtask", "environmenthealth", "healthcheck", "availability", "uptime", "throttles", "deadletter"]) {
        Some(Watched::Service)
    } else if has(&["latency", "responsetime", "response_time", "duration"]) {
        Some(Watched::Latency)
    } else if has(&["5xx", "4xx", "error", "fault", "failed", "failure"]) {
        Some(Watched::Errors)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_sorted_by_what_they_say() {
        for (metric, expected) in [
            ("HTTPCode_Target_5XX_Count", Some(Watched::Errors)),
            ("TargetResponseTime", Some(Watched::Latency)),
            ("UnHealthyHostCount", Some(Watched::Service)),
            ("StatusCheckFailed", Some(Watched::Service)),
            ("Duration", Some(Watched::Latency)),
            ("CPUUtilization", None),
        ] {
            assert_eq!(kind(metric), expected, "{metric}");
        }
    }
}
