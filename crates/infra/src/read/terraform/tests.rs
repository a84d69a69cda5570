//! The reader as a whole, from files to the inventory.

mod derived;
mod evaluation;
mod fixtures;
mod hostile;
mod keeping;
mod kinds;
mod modules;

use super::{Files, read};
use crate::inventory::{Inventory, Link, OfKind};
use crate::value::Value;
use std::borrow::Cow;

/// The inventory of these files.
fn of(files: &[(&str, &str)]) -> Inventory {
    let files: Files<'_> = files.iter().map(|(path, text)| ((*path).to_owned(), Cow::Borrowed(text.as_bytes()))).collect();
    read(&files)
}

/// The inventory of one file, about which there is nothing to complain.
fn clean(text: &str) -> Inventory {
    let inventory = of(&[("main.tf", text)]);
    assert_eq!((&inventory.problems, &inventory.notices), (&vec![], &vec![]));
    inventory
}

/// The resource with this id, which must be of this kind.
fn get<'i, T: OfKind>(inventory: &'i Inventory, id: &str) -> &'i T {
    let resource = inventory.resource(id).unwrap_or_else(|| panic!("there is no {id} among {:?}", ids(inventory)));
    T::of(&resource.kind).unwrap_or_else(|| panic!("{id} is {:?}", resource.kind))
}

fn ids(inventory: &Inventory) -> Vec<&str> {
    inventory.resources.iter().map(|resource| resource.id.as_str()).collect()
}

fn to(id: &str) -> Value<Link> {
    Value::Known(Link::To(id.to_owned()))
}

fn outside(text: &str) -> Value<Link> {
    Value::Known(Link::Outside(text.to_owned()))
}

fn known(text: &str) -> Value<String> {
    Value::Known(text.to_owned())
}

/// What an expression comes to, as the text of an attribute.
fn value(expression: &str) -> Value<String> {
    with("", expression)
}

/// The same with declarations before it.
fn with(declarations: &str, expression: &str) -> Value<String> {
    let inventory = of(&[("main.tf", &format!("{declarations}\nresource \"aws_sns_topic\" \"it\" {{\n  name = {expression}\n}}\n"))]);
    get::<crate::inventory::observe::Topic>(&inventory, "aws_sns_topic.it").name.clone()
}
