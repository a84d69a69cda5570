//! MON-04: a topic takes what alarms say to somebody who listens.

use super::prelude::*;
use crate::inventory::observe::{Alarm, Subscription, Topic};

pub(super) static RULE: Rule = Rule {
    id: "MON-04",
    title: "An SNS topic takes alarms to somebody",
    section: Section::Monitoring,
    area: Area::Monitoring,
    document_line: Some("Set up SNS notifications for critical alerts"),
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Subscribe somebody to the topic that the alarms tell",
        cloudformation: "AWS::SNS::Subscription with Protocol: email",
        terraform: "aws_sns_topic_subscription with protocol = \"email\"",
    },
    patch: None,
    judge,
};

const MISSING: Remedy = Remedy {
    what: "Declare a topic, subscribe somebody to it, and name it in the alarms",
    cloudformation: "AWS::SNS::Topic with Subscription: [{Protocol: email, Endpoint: …}]",
    terraform: "aws_sns_topic and aws_sns_topic_subscription with protocol = \"email\"",
};
const UNTOLD: Remedy = Remedy { what: "Name the topic in the alarms", cloudformation: "AlarmActions: [!Ref …]", terraform: "alarm_actions" };

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let told: Vec<&Value<Link>> = facts.all::<Alarm>().flat_map(|(_, alarm)| &alarm.actions).collect();
    for (resource, _) in facts.all::<Topic>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        let is_told = told.contains(&&this);
        let has_listener = facts.all::<Subscription>().any(|(_, subscription)| subscription.topic == this);
        if is_told && has_listener {
            tally.good(Seen::resource(resource, &[], "alarms tell it, and somebody listens"));
        } else if !has_listener && facts.all::<Subscription>().any(|(_, subscription)| subscription.topic.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "a subscription is declared for a topic that cannot be told"));
        } else if !is_told && told.iter().any(|action| action.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "an alarm tells a topic that cannot be told"));
        } else if is_told {
            tally.bad(Seen::resource(resource, &[], "alarms tell it, and nobody listens"));
        }
    }
    for (resource, alarm) in facts.all::<Alarm>() {
        if alarm.actions.iter().any(|action| matches!(action, Value::Known(Link::Outside(arn)) if arn.contains(":sns:"))) {
            tally.good(Seen::resource(resource, &["AlarmActions", "alarm_actions"], "it tells a topic that is declared elsewhere"));
        }
    }
    tally.close(|| {
        let missing = if facts.has::<Topic>() { &UNTOLD } else { &MISSING };
        if facts.has_service() || facts.is_part_hidden() {
            facts.advised(facts.none_of("an SNS topic that alarms tell"), missing)
        } else {
            facts.not_needed("nothing declared here serves anybody")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_needs_an_alarm_and_a_listener() {
        let alarm = |action| world().with("t", Topic::default()).with("a", Alarm { actions: vec![action], ..Alarm::default() });
        let subscription = |topic| Subscription { topic, ..Subscription::default() };
        passes(&RULE, alarm(to("t")).with("s", subscription(to("t"))));
        fails(&RULE, alarm(to("t")));
        let untold = world().with("t", Topic::default()).with("s", subscription(to("t")));
        fails(&RULE, untold.clone().with("vm", crate::inventory::compute::Instance::default()));
        does_not_apply(&RULE, untold);
        is_unknown(&RULE, alarm(to("t")).with("s", subscription(unclear())));
        is_unknown(&RULE, alarm(unclear()).with("s", subscription(to("t"))));
        passes(&RULE, world().with("a", Alarm { actions: vec![outside("arn:aws:sns:us-east-1:123456789012:ops")], ..Alarm::default() }));
        is_unknown(&RULE, world());
    }
}
