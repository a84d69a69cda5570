//! Which of the founding document's architectures a project is.

use crate::inventory::api::Api;
use crate::inventory::balancing::{LoadBalancer, TargetGroup};
use crate::inventory::compute::*;
use crate::inventory::network::ElasticIp;
use crate::inventory::secrets::Rotation;
use crate::inventory::{Inventory, Link, Resource};
use crate::options::Deployment;
use crate::value::Value;
use serde::Serialize;

/// What was recognised, and from what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Architecture {
    /// The way of deployment; `None` when it is none of the four.
    pub recognised: Option<Deployment>,
    /// One sentence that names the resources it stands on.
    pub why: String,
    /// Other ways that parts of the project are deployed in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Deployment>,
}

impl Architecture {
    /// Recognises the architecture of what is declared.
    ///
    /// What serves requests decides. A machine that only stands beside a Fargate service, or a function that only rotates a secret, does not.
    pub fn recognise(inventory: &Inventory) -> Architecture {
        let found: Vec<(Deployment, String)> = [
            (Deployment::Fargate, fargate(inventory)),
            (Deployment::Beanstalk, beanstalk(inventory)),
            (Deployment::Ec2, ec2(inventory)),
            (Deployment::Lambda, lambda(inventory)),
        ]
        .into_iter()
        .filter_map(|(deployment, why)| Some((deployment, why?)))
        .collect();
        let Some((first, why)) = found.first() else {
            return Architecture { recognised: None, why: why_none(inventory), also: Vec::new() };
        };
        // Beside another way, an instance or a function counts only when requests reach it.
        let also = found[1..]
            .iter()
            .map(|(deployment, _)| *deployment)
            .filter(|deployment| match deployment {
                Deployment::Ec2 => is_ec2_serving(inventory),
                Deployment::Lambda => inventory.all::<Api>().next().is_some() || inventory.all::<FunctionUrl>().next().is_some(),
                Deployment::Fargate | Deployment::Beanstalk => true,
            })
            .collect();
        Architecture { recognised: Some(*first), why: why.clone(), also }
    }

    /// Whether the project, or a part of it, is deployed in this way.
    pub fn includes(&self, deployment: Deployment) -> bool {
        self.recognised == Some(deployment) || self.also.contains(&deployment)
    }
}

fn fargate(inventory: &Inventory) -> Option<String> {
    let is_fargate = |value: &Value<String>| value.known().is_some_and(|text| text.to_uppercase().starts_with("FARGATE"));
    for (resource, service) in inventory.all::<Service>() {
        let by_task =
            inventory.follow::<TaskDefinition>(&service.task_definition).is_some_and(|(_, task)| task.compatibilities.iter().any(is_fargate));
        if is_fargate(&service.launch_type) {
            return Some(format!("{} is an ECS service with launch type FARGATE", at(resource)));
        }
        if service.capacity_providers.iter().any(|provider| is_fargate(&provider.name)) {
            return Some(format!("{} is an ECS service on Fargate's capacity providers", at(resource)));
        }
        if by_task && !matches!(service.launch_type, Value::Known(_)) {
            return Some(format!("{} is an ECS service whose tasks are made for Fargate", at(resource)));
        }
    }
    let is_for_fargate = |task: &TaskDefinition| task.compatibilities.iter().any(is_fargate);
    if inventory.all::<Service>().next().is_some() {
        return None;
    }
    inventory
        .all::<TaskDefinition>()
        .find(|(_, task)| is_for_fargate(task))
        .map(|(resource, _)| format!("{} is a task definition made for Fargate", at(resource)))
}

fn beanstalk(inventory: &Inventory) -> Option<String> {
    let environment =
        inventory.all::<BeanstalkEnvironment>().next().map(|(resource, _)| format!("{} is an Elastic Beanstalk environment", at(resource)));
    environment.or_else(|| {
        inventory.all::<BeanstalkApplication>().next().map(|(resource, _)| format!("{} is an Elastic Beanstalk application", at(resource)))
    })
}

fn ec2(inventory: &Inventory) -> Option<String> {
    // Machines that ECS puts its tasks on are not the founding document's EC2.
    if inventory.all::<Service>().any(|(_, service)| service.launch_type == Value::Known("EC2".to_owned())) {
        return None;
    }
    let instance = inventory.all::<Instance>().next().map(|(resource, _)| format!("{} is an EC2 instance", at(resource)));
    let group = || inventory.all::<AutoScalingGroup>().next().map(|(resource, _)| format!("{} is a group of EC2 instances", at(resource)));
    let template = || inventory.all::<LaunchTemplate>().next().map(|(resource, _)| format!("{} says what EC2 instances are like", at(resource)));
    instance.or_else(group).or_else(template)
}

fn is_ec2_serving(inventory: &Inventory) -> bool {
    let has_public_address = inventory.all::<ElasticIp>().any(|(_, address)| inventory.follow::<Instance>(&address.instance).is_some());
    let is_balanced = inventory.all::<AutoScalingGroup>().any(|(_, group)| !group.target_groups.is_empty());
    let targets_instances = inventory.all::<TargetGroup>().any(|(_, group)| group.target_type.holds(true, |kind| kind == "instance") == Some(true));
    has_public_address || is_balanced || (targets_instances && inventory.all::<LoadBalancer>().next().is_some())
}

fn lambda(inventory: &Inventory) -> Option<String> {
    let rotates = |id: &str| inventory.all::<Rotation>().any(|(_, rotation)| rotation.function == Value::Known(Link::To(id.to_owned())));
    let Some((resource, _)) = inventory.all::<Function>().find(|(resource, _)| !rotates(&resource.id)) else {
        return inventory
            .all::<Api>()
            .next()
            .map(|(resource, _)| format!("{} is an API of API Gateway, and no function is declared behind it", at(resource)));
    };
    let front = if inventory.all::<Api>().next().is_some() {
        " behind API Gateway"
    } else if inventory.all::<FunctionUrl>().next().is_some() {
        " with a URL of its own"
    } else {
        ""
    };
    Some(format!("{} is a Lambda function{front}", at(resource)))
}

fn why_none(inventory: &Inventory) -> String {
    if let Some((resource, service)) = inventory.all::<Service>().next() {
        return match &service.launch_type {
            Value::Known(kind) => format!("{} is an ECS service with launch type {kind}, which is none of the four", at(resource)),
            Value::Unknown(why) => format!("{} is an ECS service whose launch type cannot be told: {why}", at(resource)),
            Value::Absent => format!("{} is an ECS service without a launch type, which means EC2 instances that ECS manages", at(resource)),
        };
    }
    if inventory.resources.is_empty() {
        return why_nothing(inventory);
    }
    "no declared resource runs code".to_owned()
}

/// Why there is nothing to recognise.
fn why_nothing(inventory: &Inventory) -> String {
    match (inventory.problems.first(), inventory.unrecognised.first()) {
        (Some(problem), _) => format!("{} could not be read", problem.file),
        (None, Some(first)) if inventory.languages.is_empty() => format!("nothing declared here is on AWS ({} and the like)", first.type_name),
        (None, Some(first)) => format!("no rule knows what is declared here ({})", first.id),
        (None, None) => "no template declares a resource".to_owned(),
    }
}

fn at(resource: &Resource) -> String {
    format!("{} ({}:{})", resource.id, resource.origin.file, resource.origin.line)
}
