//! From Terraform's resources to the inventory's kinds, each joined with the resources that only add to it.

mod alone;
mod api;
mod balancing;
mod caches;
mod compute;
mod containers;
mod context;
mod data;
mod dns;
mod identity;
mod network;
mod not_needed;
mod observe;
mod reader;
mod satellites;
mod secrets;
mod written;

use super::declared::Declared;
use crate::inventory::{Inventory, Kind, Resource, Unrecognised};
use crate::read::extras;
use context::Context;
pub(super) use not_needed::is_validation;
use reader::Reader;

/// Turns declared resources into the inventory's.
pub(super) fn inventory(declared: &[Declared]) -> Inventory {
    let context = Context::of(declared);
    let mut inventory = Inventory::default();
    for (index, one) in declared.iter().enumerate() {
        extras::add(&mut inventory, &one.id, &one.type_name, &one.body);
        let reader = Reader::of(&context, one);
        // What adds to something that stands elsewhere is told by itself.
        let alone = || if context.is_joined(index) { None } else { alone::kind(&reader) };
        if let Some(kind) = kind(&reader).or_else(alone) {
            let region = reader::explained(one.region.clone());
            inventory.resources.push(Resource { id: one.id.clone(), origin: one.origin.clone(), region, kind });
        } else if !context.is_joined(index) && !not_needed::is_not_needed(&reader) {
            let unrecognised = Unrecognised { id: one.id.clone(), type_name: one.type_name.clone(), origin: one.origin.clone() };
            inventory.unrecognised.push(unrecognised);
        }
    }
    inventory
}

fn kind(reader: &Reader<'_>) -> Option<Kind> {
    network::kind(reader)
        .or_else(|| compute::kind(reader))
        .or_else(|| containers::kind(reader))
        .or_else(|| balancing::kind(reader))
        .or_else(|| api::kind(reader))
        .or_else(|| data::kind(reader))
        .or_else(|| secrets::kind(reader))
        .or_else(|| identity::kind(reader))
        .or_else(|| observe::kind(reader))
        .or_else(|| dns::kind(reader))
}
