//! Trails, logs, alarms, topics and budgets.

use super::reader::Reader;
use super::secrets::KEYS;
use crate::inventory::Kind;
use crate::inventory::observe::{Alarm, Budget, CostAnomaly, Dashboard, InvocationLogging, LogGroup, MetricFilter, Subscription, Topic, Trail};
use crate::value::Value;

const LOG_GROUPS: &[&str] = &["aws_cloudwatch_log_group"];
const TOPICS: &[&str] = &["aws_sns_topic"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_cloudtrail" => Trail {
            multi_region: reader.flag("is_multi_region_trail"),
            validates_files: reader.flag("enable_log_file_validation"),
            key: reader.link("kms_key_id", KEYS),
            is_logging: reader.flag("enable_logging"),
        }
        .into(),
        "aws_cloudwatch_log_group" => log_group(reader).into(),
        "aws_cloudwatch_log_metric_filter" => {
            MetricFilter { log_group: reader.link("log_group_name", LOG_GROUPS), metric: reader.text("metric_transformation.name") }.into()
        }
        "aws_cloudwatch_metric_alarm" => alarm(reader).into(),
        "aws_cloudwatch_dashboard" => Dashboard { name: reader.text("dashboard_name") }.into(),
        "aws_sns_topic" => Topic { name: reader.text("name"), key: reader.link("kms_master_key_id", KEYS) }.into(),
        "aws_sns_topic_subscription" => Subscription { topic: reader.link("topic_arn", TOPICS), protocol: reader.text("protocol") }.into(),
        "aws_budgets_budget" => budget(reader).into(),
        "aws_ce_anomaly_monitor" => CostAnomaly { notifies: false }.into(),
        "aws_ce_anomaly_subscription" => CostAnomaly { notifies: true }.into(),
        "aws_bedrock_model_invocation_logging_configuration" => {
            InvocationLogging { log_group: reader.link("logging_config.cloudwatch_config.log_group_name", LOG_GROUPS) }.into()
        }
        _ => return None,
    })
}

fn log_group(reader: &Reader<'_>) -> LogGroup {
    let retention_days = match reader.number("retention_in_days") {
        // 0 is Terraform's word for ever.
        Value::Known(0.0) => Value::Absent,
        days => days,
    };
    LogGroup { name: reader.text("name"), retention_days, key: reader.link("kms_key_id", KEYS) }
}

/// An alarm on a metric, or on an expression of several, of which the first tells what it watches.
fn alarm(reader: &Reader<'_>) -> Alarm {
    let queried = reader.blocks("metric_query").into_iter().flat_map(|query| query.blocks("metric")).next();
    let text = |name: &str| match (reader.text(name), &queried) {
        (Value::Absent, Some(metric)) => metric.text(name),
        (text, _) => text,
    };
    let period_s = match (reader.number("period"), &queried) {
        (Value::Absent, Some(metric)) => metric.number("period"),
        (period, _) => period,
    };
    Alarm {
        namespace: text("namespace"),
        metric: text("metric_name"),
        period_s,
        actions: reader.links("alarm_actions", &[]),
        actions_enabled: reader.flag("actions_enabled"),
    }
}

fn budget(reader: &Reader<'_>) -> Budget {
    let told = |notification: &&Reader<'_>| notification.has("subscriber_email_addresses") || notification.has("subscriber_sns_topic_arns");
    let filters = reader.blocks("cost_filter").into_iter().filter(|filter| filter.text("name") == Value::Known("Service".to_owned()));
    let mut services: Vec<Value<String>> = filters.flat_map(|filter| filter.texts("values")).collect();
    // The older spelling, a map.
    services.extend(reader.texts("cost_filters.Service"));
    Budget {
        limit: reader.number("limit_amount"),
        unit: reader.text("limit_unit"),
        budget_type: reader.text("budget_type"),
        notifications: Value::Known(reader.blocks("notification").iter().filter(told).count() as f64),
        services,
    }
}
