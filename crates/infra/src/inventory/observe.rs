//! Who notices what happens: trails, logs, alarms, topics, budgets.

use super::Link;
use crate::value::Value;
use serde::Serialize;

/// A CloudTrail trail.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trail {
    /// Whether it sees every region. Absent: no.
    pub multi_region: Value<bool>,
    /// Whether its files are signed. Absent: no.
    pub validates_files: Value<bool>,
    /// The key that encrypts it.
    pub key: Value<Link>,
    /// Whether it records. Absent: yes.
    pub is_logging: Value<bool>,
}

/// A log group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LogGroup {
    /// Its name.
    pub name: Value<String>,
    /// Days. Absent: for ever.
    pub retention_days: Value<f64>,
    /// The key that encrypts it.
    pub key: Value<Link>,
}

/// A metric filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MetricFilter {
    /// The log group.
    pub log_group: Value<Link>,
    /// The metric that it makes.
    pub metric: Value<String>,
}

/// An alarm.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Alarm {
    /// Such as `AWS/ApplicationELB`.
    pub namespace: Value<String>,
    /// Such as `HTTPCode_Target_5XX_Count`.
    pub metric: Value<String>,
    /// Seconds.
    pub period_s: Value<f64>,
    /// What happens when it goes off.
    pub actions: Vec<Value<Link>>,
    /// Whether actions are taken. Absent: yes.
    pub actions_enabled: Value<bool>,
}

/// A dashboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Dashboard {
    /// Its name.
    pub name: Value<String>,
}

/// A topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Topic {
    /// Its name.
    pub name: Value<String>,
    /// The key that encrypts it.
    pub key: Value<Link>,
}

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Subscription {
    /// The topic.
    pub topic: Value<Link>,
    /// `email`, `https`, `lambda`, `sqs` …
    pub protocol: Value<String>,
}

/// A budget.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Budget {
    /// The limit.
    pub limit: Value<f64>,
    /// Such as `USD`.
    pub unit: Value<String>,
    /// Such as `COST`.
    pub budget_type: Value<String>,
    /// Thresholds that somebody hears of. Absent: none.
    pub notifications: Value<f64>,
    /// The services that it is limited to; empty is all.
    pub services: Vec<Value<String>>,
}

/// A monitor or subscription for cost anomalies.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CostAnomaly {
    /// Whether it is the part that tells somebody.
    pub notifies: bool,
}

/// Bedrock's logging of model invocations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InvocationLogging {
    /// The log group, when it goes to one.
    pub log_group: Value<Link>,
}
