//! Trails, logs, alarms, topics, budgets.

use super::properties::Properties;
use crate::attribute::{Attribute, Node};
use crate::inventory::Kind;
use crate::inventory::observe::{Alarm, Budget, Dashboard, InvocationLogging, LogGroup, MetricFilter, Subscription, Topic, Trail};
use crate::value::Value;

pub(super) fn trail(p: Properties<'_>) -> Trail {
    Trail {
        multi_region: p.flag("IsMultiRegionTrail"),
        validates_files: p.flag("EnableLogFileValidation"),
        key: p.link("KMSKeyId"),
        is_logging: p.flag("IsLogging"),
    }
}

pub(super) fn log_group(p: Properties<'_>) -> LogGroup {
    LogGroup { name: p.text("LogGroupName"), retention_days: p.number("RetentionInDays"), key: p.link("KmsKeyId") }
}

pub(super) fn metric_filter(p: Properties<'_>) -> MetricFilter {
    let metric = p.parts("MetricTransformations").first().map_or(Value::Absent, |transformation| transformation.text("MetricName"));
    MetricFilter { log_group: p.link("LogGroupName"), metric }
}

pub(super) fn alarm(p: Properties<'_>) -> Alarm {
    let actions = p.links("AlarmActions");
    let actions_enabled = p.flag("ActionsEnabled");
    // An alarm on an expression names its metrics inside of it; the first that is one of a service says what it is about.
    let metric = p.parts("Metrics").into_iter().find(|query| query.at("MetricStat").is_some());
    let (about, period) = match metric {
        Some(query) if p.at("MetricName").is_none() => (query.part("MetricStat.Metric").unwrap_or(query), query.number("MetricStat.Period")),
        _ => (p, p.number("Period")),
    };
    Alarm { namespace: about.text("Namespace"), metric: about.text("MetricName"), period_s: period, actions, actions_enabled }
}

pub(super) fn dashboard(p: Properties<'_>) -> Dashboard {
    Dashboard { name: p.text("DashboardName") }
}

/// A topic, and the subscriptions that are declared inside of it.
pub(super) fn topic(p: Properties<'_>) -> Vec<(String, Kind)> {
    let topic = Topic { name: p.text("TopicName"), key: p.link("KmsMasterKeyId") };
    let mut kinds = vec![(String::new(), topic.into())];
    for (index, inside) in p.parts("Subscription").into_iter().enumerate() {
        let subscription = Subscription { topic: Value::Known(crate::Link::To(p.id.to_owned())), protocol: inside.text("Protocol") };
        kinds.push((format!("/Subscription[{index}]"), subscription.into()));
    }
    kinds
}

pub(super) fn subscription(p: Properties<'_>) -> Subscription {
    Subscription { topic: p.link("TopicArn"), protocol: p.text("Protocol") }
}

pub(super) fn budget(p: Properties<'_>) -> Budget {
    Budget {
        limit: p.number("Budget.BudgetLimit.Amount"),
        unit: p.text("Budget.BudgetLimit.Unit"),
        budget_type: p.text("Budget.BudgetType"),
        notifications: p.count("NotificationsWithSubscribers"),
        services: p.texts("Budget.CostFilters.Service"),
    }
}

/// CloudFormation has no type for Bedrock's invocation logging; a custom resource that calls the API for it is how templates turn it on.
pub(super) fn invocation_logging(p: Properties<'_>) -> Option<InvocationLogging> {
    says(p.node, "putmodelinvocationloggingconfiguration")
        .then(InvocationLogging::default)
        .map(|logging| InvocationLogging { log_group: find(p.node, "logGroupName").map_or(logging.log_group, |node| p.names.link(node)) })
}

fn says(node: &Node, word: &str) -> bool {
    match &node.attribute {
        Attribute::Text(text) | Attribute::Unknown(text) => text.to_ascii_lowercase().contains(word),
        Attribute::List(items) => items.iter().any(|item| says(item, word)),
        Attribute::Map(entries) => entries.values().any(|entry| says(entry, word)),
        Attribute::Null | Attribute::Bool(_) | Attribute::Number(_) | Attribute::Reference { .. } => false,
    }
}

fn find<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.attribute {
        Attribute::Map(entries) => entries.get(name).or_else(|| entries.values().find_map(|entry| find(entry, name))),
        Attribute::List(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
