//! EC2 machines, whether declared one by one or by a launch template.

use crate::inventory::compute::{Instance, LaunchTemplate};
use crate::inventory::{Inventory, Resource};
use crate::value::Value;

/// Every machine with what its launch template adds, and every launch template that makes machines for others.
pub(crate) fn machines(inventory: &Inventory) -> Vec<(&Resource, Instance)> {
    let mut found = Vec::new();
    for (resource, instance) in inventory.all::<Instance>() {
        found.push((resource, with_template(inventory, instance)));
    }
    for (resource, template) in inventory.all::<LaunchTemplate>() {
        found.push((resource, template.instance.clone()));
    }
    found
}

/// An instance's own settings win; its template fills what it leaves open. A template that is not declared here leaves it unknown.
fn with_template(inventory: &Inventory, instance: &Instance) -> Instance {
    let mut merged = instance.clone();
    if instance.launch_template.is_absent() {
        return merged;
    }
    let Some((_, template)) = inventory.follow::<LaunchTemplate>(&instance.launch_template) else {
        let why = "its launch template is not declared here";
        unknown(&mut merged.instance_profile, why);
        unknown(&mut merged.metadata_token_required, why);
        unknown(&mut merged.user_data, why);
        unknown(&mut merged.public_ip, why);
        if merged.security_groups.is_empty() {
            merged.security_groups.push(Value::Unknown(why.to_owned()));
        }
        return merged;
    };
    let template = &template.instance;
    fill(&mut merged.instance_profile, &template.instance_profile);
    fill(&mut merged.metadata_token_required, &template.metadata_token_required);
    fill(&mut merged.user_data, &template.user_data);
    fill(&mut merged.public_ip, &template.public_ip);
    if merged.security_groups.is_empty() {
        merged.security_groups = template.security_groups.clone();
    }
    if merged.volumes.is_empty() {
        merged.volumes = template.volumes.clone();
    }
    merged
}

fn fill<T: Clone>(value: &mut Value<T>, from: &Value<T>) {
    if value.is_absent() {
        *value = from.clone();
    }
}

fn unknown<T>(value: &mut Value<T>, why: &str) {
    if value.is_absent() {
        *value = Value::Unknown(why.to_owned());
    }
}
