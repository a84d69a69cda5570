//! CloudWatch and SNS: logs, metrics, alarms, dashboards, notifications.

use super::Quantity;
use super::load::amount;
use super::meter::Meter;
use crate::inventory::compute::{Function, TaskDefinition};
use crate::inventory::observe::{Alarm, InvocationLogging, LogGroup, Subscription, Trail};
use crate::value::Value;

/// GB of flow logs a month: a small network at rest and a little traffic.
const FLOW_LOG_GB: u64 = 1;
/// Months of logs that a group without a retention has piled up by the time somebody looks.
const MONTHS_KEPT_FOR_EVER: u64 = 12;
/// Notifications a month of a topic that alarms write to.
const NOTIFICATIONS: u64 = 100;

/// What the whole system logs. Which group a line goes to makes no difference to the bill, so it is charged once.
pub(super) fn logs(meter: &mut Meter<'_>) {
    let groups: Vec<_> = meter.inventory.all::<LogGroup>().collect();
    let writes = meter.inventory.all::<Function>().next().is_some()
        || meter
            .inventory
            .all::<TaskDefinition>()
            .any(|(_, definition)| definition.containers.iter().any(|c| c.log_driver.known().is_some_and(|d| d == "awslogs")));
    if groups.is_empty() && !writes {
        return;
    }
    let gb = amount(meter.load.log_gb);
    meter.charge("load", "logs taken in", "cw.logs.ingest", gb, format!("{gb} GB a month{} in all log groups", meter.load.assumed("log_gb")));
    let mut days: f64 = 0.0;
    let mut for_ever = groups.is_empty();
    for (group, retention) in groups.iter().map(|(resource, group)| (&resource.id, &group.retention_days)) {
        match retention {
            Value::Known(known) => days = days.max(*known),
            Value::Absent => for_ever = true,
            Value::Unknown(why) => {
                meter.unpriced(group, format!("how long it keeps logs is unknown: {why}"));
            }
        }
    }
    let (kept, words) = if for_ever {
        (
            gb.times(Quantity::whole(MONTHS_KEPT_FOR_EVER)),
            format!("kept for ever: {MONTHS_KEPT_FOR_EVER} months of it after a year, and more each month"),
        )
    } else {
        (gb.times(amount(days)).per(30), format!("kept {days} days, not counting that they are compressed"))
    };
    meter.charge("load", "logs kept", "cw.logs.store", kept, words);
}

/// The first trail of a region writes management events for nothing; each further copy is charged by the event.
pub(super) fn trail(meter: &mut Meter<'_>, id: &str) {
    let region = meter.inventory.resource(id).map(|trail| &trail.region);
    let first = meter.inventory.all::<Trail>().find(|(resource, _)| Some(&resource.region) == region);
    if first.is_some_and(|(resource, _)| resource.id != id) {
        meter.unpriced(id, "a second copy of management events is charged by the event, which has no price here");
        return;
    }
    meter.charge(id, "CloudTrail", "cloudtrail.mgmt", Quantity::ONE, "the first copy of management events".to_owned());
}

pub(super) fn flow_log(meter: &mut Meter<'_>, id: &str) {
    let words = format!("{FLOW_LOG_GB} GB a month, into CloudWatch; a load does not say how many connections there are");
    meter.charge(id, "flow log", "cw.logs.ingest", Quantity::whole(FLOW_LOG_GB), words);
}

/// Requests and answers of models, as text.
pub(super) fn invocations(meter: &mut Meter<'_>, id: &str, logging: &InvocationLogging) {
    if logging.log_group.is_absent() {
        meter.without_charge(id);
        return;
    }
    let gb = meter.load.model_gb();
    meter.charge(id, "log of model calls", "cw.logs.ingest", gb, "the text of every call, four bytes a token".to_owned());
}

pub(super) fn metric(meter: &mut Meter<'_>, id: &str) {
    meter.charge(id, "metric of a filter", "cw.metric.custom", Quantity::ONE, "one series, without dimensions".to_owned());
}

pub(super) fn alarm(meter: &mut Meter<'_>, id: &str, alarm: &Alarm) {
    let Some(period) = meter.number(id, "period", &alarm.period_s, Some(60.0)) else { return };
    if period < Quantity::whole(60) {
        meter.charge(id, "alarm, high resolution", "cw.alarm.high_resolution", Quantity::ONE, format!("on one metric, each {period} s"));
    } else {
        meter.charge(id, "alarm", "cw.alarm.standard", Quantity::ONE, "on one metric".to_owned());
    }
}

pub(super) fn dashboard(meter: &mut Meter<'_>, id: &str) {
    meter.charge(id, "dashboard", "cw.dashboard", Quantity::ONE, "all month".to_owned());
}

pub(super) fn topic(meter: &mut Meter<'_>, id: &str) {
    let words = format!("{NOTIFICATIONS} notifications a month");
    meter.charge(id, "notifications", "sns.publish", Quantity::whole(NOTIFICATIONS).per(1_000_000), words.clone());
    let has_email = meter.pointing_at::<Subscription>(id).any(|s| s.protocol.known().is_some_and(|p| p.starts_with("email")));
    if has_email {
        meter.charge(id, "e-mails", "sns.email", Quantity::whole(NOTIFICATIONS).per(100_000), words);
    }
}
