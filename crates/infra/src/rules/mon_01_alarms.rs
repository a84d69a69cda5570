//! MON-01: alarms exist, and each tells somebody.

use super::prelude::*;
use crate::inventory::observe::Alarm;

pub(super) static RULE: Rule = Rule {
    id: "MON-01",
    title: "CloudWatch alarms are on and tell somebody",
    section: Section::Monitoring,
    area: Area::Monitoring,
    document_line: Some("Enable CloudWatch alarms"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &["cloudwatch_alarm_actions_enabled", "cloudwatch_alarm_actions_alarm_state_configured"],
        checkov: &["CKV_AWS_319"],
        fsbp: &["CloudWatch.15", "CloudWatch.17"],
        cdk_nag: &[],
    },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Give every alarm an SNS topic to tell, and leave its actions on", cloudformation: "AlarmActions: [!Ref AlarmTopic]", terraform: "alarm_actions = [aws_sns_topic.alarms.arn]" },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    match &resource.kind {
        Kind::Alarm(alarm) if alarm.actions_enabled == Value::Known(false) => set(("ActionsEnabled", "true"), ("actions_enabled", "true")),
        _ => Vec::new(),
    }
}

const MISSING: Remedy = Remedy {
    what: "Declare an SNS topic with a subscription, and alarms that tell it, first of all for errors",
    cloudformation: "AWS::CloudWatch::Alarm with AlarmActions: [!Ref AlarmTopic]",
    terraform: "aws_cloudwatch_metric_alarm with alarm_actions = [aws_sns_topic.alarms.arn]",
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings: &[&str] = &["AlarmActions", "alarm_actions"];
    for (resource, alarm) in facts.all::<Alarm>() {
        if alarm.actions.is_empty() {
            tally.bad(Seen::resource(resource, settings, "it tells nobody when it goes off"));
        } else {
            let enabled = alarm.actions_enabled.holds(true, |on| *on);
            let settings = if enabled == Some(true) { settings } else { &["ActionsEnabled", "actions_enabled"] };
            let unclear = untold("whether its actions are on", &alarm.actions_enabled);
            tally.holds(enabled, resource, settings, notes("it tells somebody when it goes off", "its actions are switched off", unclear));
        }
    }
    tally.close(|| {
        if facts.has_service() || facts.is_part_hidden() {
            facts.advised(facts.none_of("a CloudWatch alarm"), &MISSING)
        } else {
            facts.not_needed("nothing declared here serves anybody")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_nobody_hears_is_none() {
        let alarm = |actions_enabled| Alarm { actions: vec![to("topic")], actions_enabled, ..Alarm::default() };
        passes(&RULE, world().with("a", alarm(Value::Absent)));
        fails(&RULE, world().with("a", alarm(false.into())));
        fails(&RULE, world().with("a", Alarm::default()));
        is_unknown(&RULE, world().with("a", alarm(unclear())));
        fails(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
        does_not_apply(&RULE, world().with("queue", crate::inventory::data::Queue::default()));
        is_unknown(&RULE, world());
    }
}
