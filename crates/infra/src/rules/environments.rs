//! The environment of what runs: what a container, a function or Beanstalk's machines are told in plain settings.

use super::facts::Facts;
use crate::inventory::Resource;
use crate::inventory::compute::{BeanstalkEnvironment, Function, TaskDefinition};
use crate::value::Value;

/// Beanstalk's settings that become variables.
const OF_BEANSTALK: &str = "aws:elasticbeanstalk:application:environment/";

/// Every plain variable with the resource that sets it.
pub(crate) fn variables<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a Resource, &'a str, &'a Value<String>)> + use<'a> {
    let of_tasks = facts
        .all::<TaskDefinition>()
        .flat_map(|(resource, task)| task.containers.iter().flat_map(|container| &container.environment).map(move |variable| (resource, variable)));
    let of_functions = facts.all::<Function>().flat_map(|(resource, function)| function.environment.iter().map(move |variable| (resource, variable)));
    let of_beanstalk = facts.all::<BeanstalkEnvironment>().flat_map(|(resource, environment)| {
        environment.settings.iter().filter_map(move |(name, value)| Some((resource, name.strip_prefix(OF_BEANSTALK)?, value)))
    });
    of_tasks.chain(of_functions).map(|(resource, (name, value))| (resource, name.as_str(), value)).chain(of_beanstalk)
}
