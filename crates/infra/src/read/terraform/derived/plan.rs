//! Plans and states as `terraform show -json` writes them.
//!
//! A plan holds every value that is known before it is applied. What is not, such as the ids of new resources, is looked up in the
//! configuration that comes with it: the references of the expression say which resources it comes from.

use super::{cleaned, hide_secrets, region_of, without_keys};
use crate::attribute::{Attribute, Node};
use crate::inventory::Origin;
use crate::read::terraform::declared::Declared;
use crate::read::terraform::evaluate::Budget;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Modules within each other, and steps of a reference through variables and outputs.
const DEPTH_MAX: u32 = 32;

/// What a reference costs, in values: the names in it are long, and a list of them stands in each instance.
const REFERENCE: u64 = 8;

const AFTER: &str = "it is known only after the plan is applied";

/// The managed resources of a plan's or a state's values.
pub(super) fn resources(file: &str, values: &Node, document: &Node) -> Vec<Declared> {
    let mut found = Vec::new();
    if let Some(root) = values.get("root_module") {
        gather(root, DEPTH_MAX, &mut found);
    }
    let changes = document.get("resource_changes").map(Node::items).unwrap_or_default();
    let unknown: BTreeMap<String, &Node> =
        changes.into_iter().filter_map(|change| Some((text(change, "address")?, change.at(&["change", "after_unknown"])?))).collect();
    let addresses: BTreeSet<String> = found.iter().filter_map(|resource| text(resource, "address")).collect();
    let configuration = document.at(&["configuration", "root_module"]);
    let mut configured = BTreeMap::new();
    if let Some(root) = configuration {
        index(root, "", DEPTH_MAX, &mut configured);
    }
    let plan = Plan { document, configuration, configured, addresses, budget: Budget::default() };
    found.into_iter().filter_map(|resource| plan.declared(file, resource, &unknown)).collect()
}

fn gather<'d>(module: &'d Node, depth: u32, found: &mut Vec<&'d Node>) {
    let managed = |resource: &&Node| text(resource, "mode").as_deref() == Some("managed");
    found.extend(module.get("resources").map(Node::items).unwrap_or_default().into_iter().filter(managed));
    if depth > 0 {
        module.get("child_modules").map(Node::items).unwrap_or_default().into_iter().for_each(|child| gather(child, depth - 1, found));
    }
}

/// The configured resources of a module and of those that it calls, each by its address without keys.
fn index<'d>(module: &'d Node, path: &str, depth: u32, configured: &mut BTreeMap<String, &'d Node>) {
    for resource in module.get("resources").map(Node::items).unwrap_or_default() {
        if text(resource, "mode").as_deref() != Some("data")
            && let (Some(type_name), Some(name)) = (text(resource, "type"), text(resource, "name"))
        {
            configured.insert(format!("{path}{type_name}.{name}"), resource);
        }
    }
    let Some(Node { attribute: Attribute::Map(calls), .. }) = module.get("module_calls") else { return };
    for (name, call) in calls {
        if let (Some(module), Some(depth)) = (call.get("module"), depth.checked_sub(1)) {
            index(module, &format!("{path}module.{name}."), depth, configured);
        }
    }
}

fn text(node: &Node, name: &str) -> Option<String> {
    node.get(name).and_then(|node| node.text().known().cloned())
}

struct Plan<'d> {
    document: &'d Node,
    configuration: Option<&'d Node>,
    /// By address without keys.
    configured: BTreeMap<String, &'d Node>,
    /// Of all planned resources.
    addresses: BTreeSet<String>,
    /// Expressions that refer to each other could be followed for ever, and each instance could refer to all of another's.
    budget: Budget,
}

/// A module as its resources' expressions see it.
#[derive(Clone, Copy)]
struct Within<'d, 'a> {
    configuration: &'d Node,
    /// `module.a[0].`; empty for the root.
    prefix: &'a str,
    /// The instance key of the resource whose expression it is.
    key: &'a str,
    /// What its instances are made for.
    each: Option<&'d Node>,
}

impl<'d> Plan<'d> {
    fn declared(&self, file: &str, resource: &Node, unknown: &BTreeMap<String, &Node>) -> Option<Declared> {
        let (address, type_name, name) = (text(resource, "address")?, text(resource, "type")?, text(resource, "name")?);
        let own = format!("{type_name}.{name}");
        // The module's path is what stands before the resource's own name; its key is what stands behind.
        let at = address.rfind(&own).unwrap_or(0);
        let (prefix, key) = (&address[..at], &address[(at + own.len()).min(address.len())..]);
        let empty = Node::new(Attribute::Map(BTreeMap::new()), resource.line);
        let mut body = cleaned(resource.get("values").unwrap_or(&empty));
        let module = self.configuration.and_then(|root| module_of(root, prefix));
        let configured = self.configured.get(&format!("{}{own}", without_keys(prefix))).copied();
        match configured {
            Some(configured) => given_elsewhere(&mut body, resource, configured),
            None => hide_secrets(&mut body, "Terraform keeps it, whoever gave it"),
        }
        if let Some(unknown) = unknown.get(&address) {
            let within =
                module.map(|configuration| Within { configuration, prefix, key, each: configured.and_then(|one| one.get("for_each_expression")) });
            self.fill(&mut body, unknown, configured.and_then(|one| one.get("expressions")), within);
        }
        let region = region_of(&body).map_or_else(|| self.provider_region(configured), Value::Known);
        let origin = Origin { file: file.to_owned(), line: resource.line, path: address.clone() };
        Some(Declared { id: address, type_name, origin, region, body: Rc::new(body), root: 0 })
    }

    /// The region of the provider that a resource is configured with.
    fn provider_region(&self, configured: Option<&Node>) -> Value<String> {
        let key = configured.and_then(|one| text(one, "provider_config_key")).unwrap_or_else(|| "aws".to_owned());
        // A key such as `module.a:aws` is the module's own; without one of that name the root's holds.
        let own = key.rsplit(':').next().unwrap_or(&key);
        let providers = self.document.at(&["configuration", "provider_config"]);
        let provider = providers.and_then(|all| all.get(&key).or_else(|| all.get(own)));
        let Some(region) = provider.and_then(|provider| provider.at(&["expressions", "region"])) else { return Value::Absent };
        if let Some(constant) = text(region, "constant_value") {
            return Value::Known(constant);
        }
        let names = region.get("references").map(Node::items).unwrap_or_default();
        let variable = names.iter().find_map(|name| name.text().known()?.strip_prefix("var.").map(str::to_owned));
        let value = variable.and_then(|name| self.document.at(&["variables", &name, "value"]));
        value.map_or_else(|| Value::Unknown("the provider's region is an expression".to_owned()), Node::text)
    }

    /// Puts what can be said of unknown values in their places.
    fn fill(&self, node: &mut Node, unknown: &Node, expression: Option<&'d Node>, within: Option<Within<'d, '_>>) {
        match &unknown.attribute {
            Attribute::Bool(true) => node.attribute = self.coming(expression, within),
            Attribute::Map(unknowns) => {
                if !matches!(node.attribute, Attribute::Map(_)) {
                    node.attribute = Attribute::Map(BTreeMap::new());
                }
                let Attribute::Map(entries) = &mut node.attribute else { return };
                for (name, unknown) in unknowns {
                    if !has_unknown(unknown) {
                        continue;
                    }
                    let entry = entries.entry(name.clone()).or_insert_with(|| Node::new(Attribute::Null, node.line));
                    self.fill(entry, unknown, expression.and_then(|expression| inside(expression, name)), within);
                }
            }
            Attribute::List(unknowns) if unknowns.iter().any(has_unknown) => {
                let is_expression =
                    expression.is_none_or(|expression| matches!(&expression.attribute, Attribute::Map(parts) if parts.contains_key("references")));
                if is_expression && unknowns.iter().all(|unknown| unknown.attribute == Attribute::Bool(true)) {
                    // A list of which no element is known: what its expression refers to, in whatever order.
                    node.attribute = self.coming(expression, within);
                    return;
                }
                if !matches!(node.attribute, Attribute::List(_)) {
                    node.attribute = Attribute::List(Vec::new());
                }
                let Attribute::List(items) = &mut node.attribute else { return };
                for (index, unknown) in unknowns.iter().enumerate() {
                    if items.len() <= index {
                        items.push(Node::new(Attribute::Null, node.line));
                    }
                    if has_unknown(unknown) {
                        let block = expression.and_then(|expression| match &expression.attribute {
                            Attribute::List(blocks) => blocks.get(index).or(blocks.last()),
                            _ => Some(expression),
                        });
                        self.fill(&mut items[index], unknown, block, within);
                    }
                }
            }
            _ => {}
        }
    }

    /// What is there after the plan is applied. What nobody configured is the provider's to choose, as if it were not set.
    fn coming(&self, expression: Option<&'d Node>, within: Option<Within<'d, '_>>) -> Attribute {
        let Some(within) = within else { return Attribute::Unknown(AFTER.to_owned()) };
        let Some(expression) = expression else { return Attribute::Null };
        let mut references = self.references(expression, within, DEPTH_MAX);
        // What was found before the budget was spent may be a part of it.
        if self.budget.spend(0).is_err() {
            return Attribute::Unknown(AFTER.to_owned());
        }
        match references.len() {
            0 => Attribute::Unknown(AFTER.to_owned()),
            1 => references.swap_remove(0),
            _ => Attribute::List(references.into_iter().map(|reference| Node::new(reference, expression.line)).collect()),
        }
    }

    /// The resources that an expression refers to, through variables and outputs.
    fn references(&self, expression: &'d Node, within: Within<'d, '_>, depth: u32) -> Vec<Attribute> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let names: BTreeSet<String> =
            expression.get("references").map(Node::items).unwrap_or_default().iter().filter_map(|name| name.text().known().cloned()).collect();
        if self.budget.spend(1 + names.len() as u64).is_err() {
            return Vec::new();
        }
        // Nested expressions of a block have their own.
        if names.is_empty()
            && let Attribute::Map(entries) = &expression.attribute
        {
            return entries.values().flat_map(|inner| self.references(inner, within, depth)).collect();
        }
        let shares_key = names.iter().any(|name| name.starts_with("count.") || name.starts_with("each."));
        // Each is listed with all its beginnings; the longest says it all.
        let goes_on = |name: &String| {
            [".", "["].iter().any(|next| {
                let longer = format!("{name}{next}");
                names.range(longer.clone()..).next().is_some_and(|other| other.starts_with(&longer))
            })
        };
        let mut found: Vec<Attribute> = Vec::new();
        let mut seen = BTreeSet::new();
        for name in names.iter().filter(|name| !goes_on(name)) {
            for reference in self.reference(name, within, shares_key, depth) {
                let Attribute::Reference { resource, attribute } = &reference else { continue };
                if self.budget.spend(REFERENCE).is_ok() && seen.insert((resource.clone(), attribute.clone())) {
                    found.push(reference);
                }
            }
        }
        found
    }

    fn reference(&self, name: &str, within: Within<'d, '_>, shares_key: bool, depth: u32) -> Vec<Attribute> {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        match first {
            "var" => self.of_variable(base(rest), within, depth),
            "module" => {
                let (call, output) = rest.split_once('.').unwrap_or((rest, ""));
                let child = within.configuration.at(&["module_calls", base(call), "module"]);
                let Some(child) = child else { return Vec::new() };
                let Some(output) = child.at(&["outputs", base(output), "expression"]) else { return Vec::new() };
                let prefix = format!("{}module.{call}.", within.prefix);
                self.references(output, Within { configuration: child, prefix: &prefix, key: "", each: None }, depth)
            }
            "each" if rest.starts_with("value") => {
                let Some(each) = within.each else { return Vec::new() };
                let made_for = self.references(each, Within { each: None, ..within }, depth);
                let attribute = rest.split_once('.').map(|(_, attribute)| attribute.to_owned());
                let of_this_key = made_for.into_iter().filter_map(|reference| match reference {
                    Attribute::Reference { resource, .. } if resource.ends_with(within.key) => {
                        Some(Attribute::Reference { resource, attribute: attribute.clone() })
                    }
                    _ => None,
                });
                of_this_key.collect()
            }
            "local" | "each" | "count" | "data" | "path" | "terraform" | "self" => Vec::new(),
            kind => {
                let (label, attribute) = rest.split_once('.').unwrap_or((rest, ""));
                let attribute = (!attribute.is_empty()).then(|| attribute.to_owned());
                let exact = format!("{}{kind}.{label}", within.prefix);
                let same_key = format!("{exact}{}", within.key);
                let refer = |resource: &String| Attribute::Reference { resource: resource.clone(), attribute: attribute.clone() };
                if let Some(one) = self.addresses.get(&exact).or_else(|| self.addresses.get(&same_key).filter(|_| shares_key)) {
                    return vec![refer(one)];
                }
                let instances = self.addresses.range(format!("{exact}[")..).take_while(|address| address.starts_with(&format!("{exact}[")));
                instances.map(refer).collect()
            }
        }
    }

    /// What the caller gave for a variable.
    fn of_variable(&self, name: &str, within: Within<'d, '_>, depth: u32) -> Vec<Attribute> {
        let Some(path) = within.prefix.strip_suffix('.') else { return Vec::new() };
        let Some(at) = path.rfind("module.") else { return Vec::new() };
        let (outer, call) = (&path[..at], base(&path[at + "module.".len()..]));
        let Some(configuration) = self.configuration.and_then(|root| module_of(root, outer)) else { return Vec::new() };
        let Some(argument) = configuration.at(&["module_calls", call, "expressions", name]) else { return Vec::new() };
        self.references(argument, Within { configuration, prefix: outer, key: "", each: None }, depth)
    }
}

/// What is marked as a secret and comes from somewhere else is known here, and not written in the code.
fn given_elsewhere(body: &mut Node, resource: &Node, configured: &Node) {
    let (Attribute::Map(entries), Some(sensitive)) = (&mut body.attribute, resource.get("sensitive_values")) else { return };
    for (name, node) in entries {
        let references = configured.at(&["expressions", name, "references"]).map(Node::items).unwrap_or_default();
        if let (Some(Attribute::Bool(true)), Some(from)) = (sensitive.get(name).map(|node| &node.attribute), references.first()) {
            node.attribute = Attribute::Unknown(format!("it is given by {}", from.text().known().map_or("something else", String::as_str)));
        }
    }
}

/// A name without an index.
fn base(name: &str) -> &str {
    name.split(['[', '.']).next().unwrap_or(name)
}

/// The configuration of the module with this path.
fn module_of<'d>(root: &'d Node, prefix: &str) -> Option<&'d Node> {
    let mut module = root;
    for call in without_keys(prefix).split("module.").skip(1) {
        module = module.at(&["module_calls", base(call), "module"])?;
    }
    Some(module)
}

/// The expression of an attribute, or of a block's attribute.
fn inside<'d>(expression: &'d Node, name: &str) -> Option<&'d Node> {
    match &expression.attribute {
        Attribute::Map(entries) => entries.get(name).or_else(|| entries.contains_key("references").then_some(expression)),
        Attribute::List(items) => items.first().and_then(|item| inside(item, name)),
        _ => None,
    }
}

fn has_unknown(node: &Node) -> bool {
    match &node.attribute {
        Attribute::Bool(value) => *value,
        Attribute::List(items) => items.iter().any(has_unknown),
        Attribute::Map(entries) => entries.values().any(has_unknown),
        _ => false,
    }
}
