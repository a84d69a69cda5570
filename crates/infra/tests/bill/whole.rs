//! Every kind of resource ends up somewhere on the bill.

use super::*;
use infra::inventory::{api, balancing, compute, data, identity, names, network, observe, secrets};
use infra::options::{Deployment, Variant};
use std::collections::BTreeSet;

/// One of each kind, with nothing set.
fn one_of_each() -> Vec<Kind> {
    vec![
        compute::Instance::default().into(),
        compute::Volume::default().into(),
        compute::LaunchTemplate::default().into(),
        compute::AutoScalingGroup::default().into(),
        compute::Cluster::default().into(),
        compute::TaskDefinition::default().into(),
        compute::Service::default().into(),
        compute::ScalingTarget::default().into(),
        compute::ScalingPolicy::default().into(),
        compute::Function::default().into(),
        compute::FunctionUrl::default().into(),
        compute::BeanstalkApplication::default().into(),
        compute::BeanstalkEnvironment::default().into(),
        network::Vpc::default().into(),
        network::Subnet::default().into(),
        network::InternetGateway::default().into(),
        network::NatGateway::default().into(),
        network::ElasticIp::default().into(),
        network::RouteTable::default().into(),
        network::SecurityGroup::default().into(),
        network::FlowLog::default().into(),
        network::Endpoint::default().into(),
        balancing::LoadBalancer::default().into(),
        balancing::Listener::default().into(),
        balancing::TargetGroup::default().into(),
        balancing::WebAcl::default().into(),
        api::Api::default().into(),
        api::Stage::default().into(),
        api::Route::default().into(),
        api::Integration::default().into(),
        api::ApiKey::default().into(),
        api::UsagePlan::default().into(),
        api::Authorizer::default().into(),
        data::Database::default().into(),
        data::Table::default().into(),
        data::Cache::default().into(),
        data::ServerlessCache::default().into(),
        data::Bucket::default().into(),
        data::Queue::default().into(),
        data::ImageRepository::default().into(),
        secrets::Secret::default().into(),
        secrets::Rotation::default().into(),
        secrets::Parameter::default().into(),
        secrets::Key::default().into(),
        identity::Role::default().into(),
        identity::InstanceProfile::default().into(),
        identity::User::default().into(),
        identity::AccessKey::default().into(),
        identity::Policy::default().into(),
        observe::Trail::default().into(),
        observe::LogGroup::default().into(),
        observe::MetricFilter::default().into(),
        observe::Alarm::default().into(),
        observe::Dashboard::default().into(),
        observe::Topic::default().into(),
        observe::Subscription::default().into(),
        observe::Budget::default().into(),
        observe::CostAnomaly::default().into(),
        observe::InvocationLogging::default().into(),
        names::Zone::default().into(),
        names::Record::default().into(),
        names::Certificate::default().into(),
    ]
}

fn assert_nothing_is_dropped(inventory: &Inventory, bill: &Bill) {
    let lines = bill.lines.iter().map(|line| &line.resource);
    let named: BTreeSet<&String> = lines.chain(bill.unpriced.iter().map(|entry| &entry.resource)).chain(&bill.without_charge).collect();
    for resource in &inventory.resources {
        assert!(named.contains(&resource.id), "{}: {:?}", resource.id, resource.kind);
    }
}

#[test]
fn a_resource_of_any_kind_is_charged_or_unpriced_or_said_to_be_without_charge() {
    let ids: Vec<String> = (0..one_of_each().len()).map(|n| n.to_string()).collect();
    let all = inventory(ids.iter().map(String::as_str).zip(one_of_each()).collect());
    assert_nothing_is_dropped(&all, &bill(&all, ""));
}

#[test]
fn so_is_every_resource_of_the_options() {
    for option in Deployment::ALL {
        let load = Load::default();
        let all = option.inventory(&load, Variant { is_highly_available: true, is_private: true });
        assert_nothing_is_dropped(&all, &bill(&all, ""));
    }
}
