//! Settings that cost money and have no place in the inventory's kinds: a table of data, asked of every declared resource, so that a bill
//! can say what it leaves out. Whoever gives one of them a field takes its row away.

use crate::attribute::{Attribute, Node};
use crate::inventory::{Extra, Inventory};

/// When a setting costs something. Of several values at its path one is enough.
#[derive(Clone, Copy)]
enum When {
    /// It is set, and to more than nothing.
    Set,
    /// It is more than this.
    Above(f64),
    /// It is one of these.
    One(&'static [&'static str]),
    /// It is set, and to none of these.
    Other(&'static [&'static str]),
    /// It is there more than once.
    Several,
}

use When::{Above, One, Other, Set, Several};

/// Whether what the kind tells is still charged.
#[derive(Clone, Copy)]
enum Effect {
    /// It is, and this comes on top.
    Beside,
    /// It is not: the price of what the kind tells would be another thing's.
    Instead,
}

use Effect::{Beside, Instead};

/// Rule groups of AWS that have a price of their own.
const CHARGED_RULES: &[&str] =
    &["AWSManagedRulesACFPRuleSet", "AWSManagedRulesATPRuleSet", "AWSManagedRulesAntiDDoSRuleSet", "AWSManagedRulesBotControlRuleSet"];
/// Records of a trail beyond the calls that manage things.
const DATA: &[&str] = &["Data", "NetworkActivity"];

/// Types in both languages, the path of a setting, when it costs, and what that is. Lists on the way count by their elements.
const TABLE: &[(&str, &str, When, Effect, &str)] = &[
    ("AWS::EC2::Instance", "Tenancy", Other(&["default"]), Beside, "hardware of one's own"),
    ("aws_instance", "tenancy", Other(&["default"]), Beside, "hardware of one's own"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.Placement.Tenancy", Other(&["default"]), Beside, "hardware of one's own"),
    ("aws_launch_template", "placement.tenancy", Other(&["default"]), Beside, "hardware of one's own"),
    ("AWS::AutoScaling::LaunchConfiguration", "PlacementTenancy", Other(&["default"]), Beside, "hardware of one's own"),
    ("aws_launch_configuration", "placement_tenancy", Other(&["default"]), Beside, "hardware of one's own"),
    ("AWS::EC2::Instance", "Monitoring", Set, Beside, "detailed monitoring"),
    ("aws_instance", "monitoring", Set, Beside, "detailed monitoring"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.Monitoring.Enabled", Set, Beside, "detailed monitoring"),
    ("aws_launch_template", "monitoring.enabled", Set, Beside, "detailed monitoring"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.InstanceMarketOptions.MarketType", One(&["spot"]), Instead, "a Spot instance: its price varies"),
    ("aws_launch_template", "instance_market_options.market_type", One(&["spot"]), Instead, "a Spot instance: its price varies"),
    ("aws_instance", "instance_market_options.market_type", One(&["spot"]), Instead, "a Spot instance: its price varies"),
    ("AWS::AutoScaling::LaunchConfiguration", "SpotPrice", Set, Instead, "a Spot instance: its price varies"),
    ("aws_launch_configuration", "spot_price", Set, Instead, "a Spot instance: its price varies"),
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "MixedInstancesPolicy.LaunchTemplate.Overrides",
        Set,
        Instead,
        "instances of the types that its overrides name, in place of its template's",
    ),
    (
        "aws_autoscaling_group",
        "mixed_instances_policy.launch_template.override",
        Set,
        Instead,
        "instances of the types that its overrides name, in place of its template's",
    ),
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity",
        Other(&["100"]),
        Instead,
        "Spot instances: their price varies",
    ),
    (
        "aws_autoscaling_group",
        "mixed_instances_policy.instances_distribution.on_demand_percentage_above_base_capacity",
        Other(&["100"]),
        Instead,
        "Spot instances: their price varies",
    ),
    ("AWS::ECS::TaskDefinition", "RuntimePlatform.OperatingSystemFamily", Other(&["linux"]), Beside, "Windows, whose tasks cost more"),
    ("aws_ecs_task_definition", "runtime_platform.operating_system_family", Other(&["linux"]), Beside, "Windows, whose tasks cost more"),
    ("AWS::ECS::Service", "VolumeConfigurations", Set, Beside, "the disks that its tasks are given"),
    ("aws_ecs_service", "volume_configuration", Set, Beside, "the disks that its tasks are given"),
    ("AWS::ECS::CapacityProvider", "ManagedInstancesProvider", Set, Beside, "instances that ECS manages"),
    ("aws_ecs_capacity_provider", "managed_instances_provider", Set, Beside, "instances that ECS manages"),
    ("AWS::Lambda::Alias", "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions", Above(0.0), Beside, "provisioned concurrency"),
    ("AWS::Lambda::Version", "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions", Above(0.0), Beside, "provisioned concurrency"),
    ("AWS::Serverless::Function", "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions", Above(0.0), Beside, "provisioned concurrency"),
    ("AWS::Lambda::EventSourceMapping", "ProvisionedPollerConfig", Set, Beside, "provisioned pollers"),
    ("aws_lambda_event_source_mapping", "provisioned_poller_config", Set, Beside, "provisioned pollers"),
    ("AWS::ElasticBeanstalk::Environment", "Tier.Name", One(&["worker"]), Instead, "a worker with its queue, which has no load balancer"),
    ("aws_elastic_beanstalk_environment", "tier", One(&["worker"]), Instead, "a worker with its queue, which has no load balancer"),
    ("AWS::EC2::FlowLog", "LogDestinationType", Other(&["cloud-watch-logs"]), Instead, "a flow log that goes elsewhere than to CloudWatch"),
    ("aws_flow_log", "log_destination_type", Other(&["cloud-watch-logs"]), Instead, "a flow log that goes elsewhere than to CloudWatch"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "MinimumLoadBalancerCapacity.CapacityUnits",
        Above(0.0),
        Beside,
        "capacity units that are reserved",
    ),
    ("aws_lb", "minimum_load_balancer_capacity.capacity_units", Above(0.0), Beside, "capacity units that are reserved"),
    ("AWS::WAFv2::WebACL", "Rules.Statement.ManagedRuleGroupStatement.Name", One(CHARGED_RULES), Beside, "rule groups that are charged apart"),
    ("aws_wafv2_web_acl", "rule.statement.managed_rule_group_statement.name", One(CHARGED_RULES), Beside, "rule groups that are charged apart"),
    ("AWS::WAFv2::WebACL", "Rules.Statement.ManagedRuleGroupStatement.VendorName", Other(&["aws"]), Beside, "rule groups of the Marketplace"),
    ("aws_wafv2_web_acl", "rule.statement.managed_rule_group_statement.vendor_name", Other(&["aws"]), Beside, "rule groups of the Marketplace"),
    ("AWS::ApiGateway::Stage", "CacheClusterEnabled", Set, Beside, "the stage's cache"),
    ("aws_api_gateway_stage", "cache_cluster_enabled", Set, Beside, "the stage's cache"),
    ("AWS::ApiGateway::Deployment", "StageDescription.CacheClusterEnabled", Set, Beside, "the stage's cache"),
    ("AWS::Serverless::Api", "CacheClusterEnabled", Set, Beside, "the stage's cache"),
    ("AWS::RDS::DBInstance", "Iops", Above(0.0), Beside, "provisioned I/O beyond what the storage includes"),
    // A state and a plan tell what gp3 includes as well.
    ("aws_db_instance", "iops", Above(3_000.0), Beside, "provisioned I/O beyond what the storage includes"),
    ("AWS::RDS::DBInstance", "StorageThroughput", Above(125.0), Beside, "throughput beyond what the storage includes"),
    ("aws_db_instance", "storage_throughput", Above(125.0), Beside, "throughput beyond what the storage includes"),
    ("AWS::RDS::DBInstance", "DedicatedLogVolume", Set, Beside, "a disk of its own for the log"),
    ("aws_db_instance", "dedicated_log_volume", Set, Beside, "a disk of its own for the log"),
    ("AWS::RDS::DBInstance", "MonitoringInterval", Above(0.0), Beside, "enhanced monitoring"),
    ("aws_db_instance", "monitoring_interval", Above(0.0), Beside, "enhanced monitoring"),
    ("AWS::RDS::DBInstance", "PerformanceInsightsRetentionPeriod", Above(7.0), Beside, "Performance Insights beyond seven days"),
    ("aws_db_instance", "performance_insights_retention_period", Above(7.0), Beside, "Performance Insights beyond seven days"),
    ("aws_dynamodb_table", "replica", Set, Beside, "its replicas in other regions"),
    ("AWS::DynamoDB::GlobalTable", "Replicas.Region", Several, Beside, "its replicas in other regions"),
    ("AWS::DynamoDB::Table", "KinesisStreamSpecification", Set, Beside, "the stream of its changes"),
    ("AWS::DynamoDB::Table", "ContributorInsightsSpecification.Enabled", Set, Beside, "Contributor Insights"),
    ("AWS::ElastiCache::ServerlessCache", "CacheUsageLimits.DataStorage.Minimum", Above(0.0), Beside, "the least that its limits ask for"),
    ("AWS::ElastiCache::ServerlessCache", "CacheUsageLimits.ECPUPerSecond.Minimum", Above(0.0), Beside, "the least that its limits ask for"),
    ("aws_elasticache_serverless_cache", "cache_usage_limits.data_storage.minimum", Above(0.0), Beside, "the least that its limits ask for"),
    ("aws_elasticache_serverless_cache", "cache_usage_limits.ecpu_per_second.minimum", Above(0.0), Beside, "the least that its limits ask for"),
    ("AWS::S3::Bucket", "ReplicationConfiguration", Set, Beside, "replication"),
    ("AWS::S3::Bucket", "AccelerateConfiguration.AccelerationStatus", One(&["enabled"]), Beside, "accelerated transfer"),
    ("AWS::SecretsManager::Secret", "ReplicaRegions", Set, Beside, "its replicas in other regions"),
    ("aws_secretsmanager_secret", "replica", Set, Beside, "its replicas in other regions"),
    ("AWS::CloudTrail::Trail", "EventSelectors.DataResources", Set, Beside, "data events"),
    ("aws_cloudtrail", "event_selector.data_resource", Set, Beside, "data events"),
    ("AWS::CloudTrail::Trail", "AdvancedEventSelectors.FieldSelectors.Equals", One(DATA), Beside, "data events"),
    ("aws_cloudtrail", "advanced_event_selector.field_selector.equals", One(DATA), Beside, "data events"),
    ("AWS::CloudTrail::Trail", "InsightSelectors", Set, Beside, "insights"),
    ("aws_cloudtrail", "insight_selector", Set, Beside, "insights"),
    ("AWS::CloudWatch::Alarm", "Metrics.MetricStat", Several, Beside, "the further metrics of its expression"),
    ("aws_cloudwatch_metric_alarm", "metric_query.metric", Several, Beside, "the further metrics of its expression"),
    ("AWS::CertificateManager::Certificate", "CertificateAuthorityArn", Set, Beside, "a certificate of a private authority"),
    ("aws_acm_certificate", "certificate_authority_arn", Set, Beside, "a certificate of a private authority"),
    ("AWS::CertificateManager::Certificate", "CertificateExport", One(&["enabled"]), Beside, "a certificate that can be exported"),
    ("aws_acm_certificate", "options.export", One(&["enabled"]), Beside, "a certificate that can be exported"),
    ("AWS::Logs::LogGroup", "DataProtectionPolicy", Set, Beside, "looking for personal data in logs"),
    ("AWS::SNS::Subscription", "Protocol", One(&["sms"]), Beside, "text messages"),
    ("aws_sns_topic_subscription", "protocol", One(&["sms"]), Beside, "text messages"),
];

/// Writes down what a declared resource has that costs money and that its kind does not tell.
pub(super) fn add(inventory: &mut Inventory, id: &str, type_name: &str, body: &Node) {
    for (_, path, when, effect, what) in TABLE.iter().filter(|(of, ..)| *of == type_name) {
        let mut found = Vec::new();
        collect(body, &path.split('.').collect::<Vec<_>>(), &mut found);
        let is_there = match when {
            Several => (found.len() > 1).then_some(true),
            _ => found.iter().filter_map(|node| costs(*when, node)).max(),
        };
        let what = match is_there {
            None => continue,
            Some(true) => (*what).to_owned(),
            Some(false) => format!("{what}, if it has that, which cannot be told"),
        };
        let extra = match effect {
            Beside => Extra::Beside(what),
            Instead => Extra::Instead(what),
        };
        let extras = inventory.extras.entry(id.to_owned()).or_default();
        if !extras.contains(&extra) {
            extras.push(extra);
        }
    }
}

/// Everything at a path, through the elements of lists on the way and at its end.
fn collect<'a>(node: &'a Node, path: &[&str], found: &mut Vec<&'a Node>) {
    match (&node.attribute, path) {
        (Attribute::List(items), _) => items.iter().for_each(|item| collect(item, path, found)),
        (_, []) | (Attribute::Unknown(_), _) => found.push(node),
        (_, [name, rest @ ..]) => {
            if let Some(next) = node.get(name) {
                collect(next, rest, found);
            }
        }
    }
}

/// Whether a value costs something. `Some(false)`: it may, which cannot be told; `None`: it does not.
fn costs(when: When, node: &Node) -> Option<bool> {
    if matches!(node.attribute, Attribute::Unknown(_) | Attribute::Reference { .. }) {
        return Some(false);
    }
    let text = node.text().known().map(|text| text.to_ascii_lowercase()).unwrap_or_default();
    let is_one = |of: &[&str]| of.iter().any(|one| one.eq_ignore_ascii_case(&text));
    let does = match when {
        Set => match &node.attribute {
            Attribute::Null | Attribute::Unknown(_) => false,
            Attribute::Map(entries) => !entries.is_empty(),
            Attribute::List(_) | Attribute::Reference { .. } => true,
            Attribute::Bool(_) | Attribute::Number(_) | Attribute::Text(_) => !matches!(text.as_str(), "" | "0" | "false"),
        },
        Above(least) => node.number().known().is_some_and(|number| *number > least),
        One(of) => is_one(of),
        Other(than) => !text.is_empty() && !is_one(than),
        Several => false,
    };
    does.then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::document::read_embedded;

    fn extras(type_name: &str, body: &str) -> Vec<Extra> {
        let mut inventory = Inventory::default();
        add(&mut inventory, "it", type_name, &read_embedded(body, 1).unwrap().node());
        inventory.extras.remove("it").unwrap_or_default()
    }

    fn beside(what: &str) -> Vec<Extra> {
        vec![Extra::Beside(what.to_owned())]
    }

    #[test]
    fn what_costs_is_found_and_what_is_switched_off_is_not() {
        let stage = |value: &str| extras("AWS::ApiGateway::Stage", &format!(r#"{{"CacheClusterEnabled": {value}}}"#));
        assert_eq!(stage("true"), beside("the stage's cache"));
        assert_eq!(stage("\"true\""), beside("the stage's cache"));
        assert_eq!([stage("false"), stage("null"), stage("\"\"")], [vec![], vec![], vec![]]);
        assert_eq!(extras("aws_instance", r#"{"tenancy": "default", "monitoring": false}"#), []);
        assert_eq!(extras("aws_instance", r#"{"tenancy": "dedicated"}"#), beside("hardware of one's own"));
        assert_eq!(extras("aws_db_instance", r#"{"iops": 3000, "storage_throughput": 125, "monitoring_interval": 0}"#), []);
        assert_eq!(extras("aws_secretsmanager_secret", r#"{"replica": []}"#), []);
    }

    #[test]
    fn lists_on_the_way_count_by_their_elements() {
        let rule = |name: &str| format!(r#"{{"statement": [{{"managed_rule_group_statement": [{{"name": "{name}", "vendor_name": "AWS"}}]}}]}}"#);
        let acl = format!(r#"{{"rule": [{}, {}]}}"#, rule("AWSManagedRulesCommonRuleSet"), rule("AWSManagedRulesBotControlRuleSet"));
        assert_eq!(extras("aws_wafv2_web_acl", &acl), beside("rule groups that are charged apart"));
        let alarm = |queries: &str| extras("aws_cloudwatch_metric_alarm", &format!(r#"{{"metric_query": [{queries}]}}"#));
        assert_eq!(alarm(r#"{"id": "e"}, {"metric": [{"period": 60}]}"#), []);
        assert_eq!(alarm(r#"{"metric": [{"period": 60}]}, {"metric": [{"period": 10}]}"#), beside("the further metrics of its expression"));
    }

    #[test]
    fn what_cannot_be_told_is_said_to_be_so() {
        let node = |attribute| Node::new(attribute, 1);
        let unknown = node(Attribute::Unknown("var.cached has no value here".to_owned()));
        let mut inventory = Inventory::default();
        add(&mut inventory, "it", "aws_api_gateway_stage", &node(Attribute::Map([("cache_cluster_enabled".to_owned(), unknown)].into())));
        assert_eq!(inventory.extras["it"], beside("the stage's cache, if it has that, which cannot be told"));
    }
}
