//! An inventory's shape: what is built and how it hangs together, whoever wrote it down and in which language.
//!
//! Two inventories of the same architecture have the same shape. Ids, places, regions, descriptions and the reasons why something is
//! unknown are dropped; what a service takes by default is the same as not being there; a link is what it points at.

use infra::Inventory;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Links lead from record to balancer to subnet to VPC, and some go in circles; what this many steps do not tell apart is the same.
const STEPS: usize = 8;

/// Fields that say who wrote it down, or where, rather than what is built.
const DROPPED: [&str; 3] = ["line", "description", "sid"];

/// What a service takes when nobody says anything. A flag that is false needs no line; it is what every other flag takes.
const DEFAULTS: [(&str, &str, &str); 14] = [
    ("load_balancer", "balancer_type", "\"application\""),
    ("target_group", "target_type", "\"instance\""),
    ("task_definition", "architecture", "\"X86_64\""),
    ("task_definition", "ephemeral_gb", "20.0"),
    ("service", "desired_count", "1.0"),
    ("function", "memory_mb", "128.0"),
    ("function", "timeout_s", "3.0"),
    ("function", "architecture", "\"x86_64\""),
    ("function", "ephemeral_mb", "512.0"),
    ("route", "authorization", "\"NONE\""),
    ("table", "billing_mode", "\"PROVISIONED\""),
    ("endpoint", "endpoint_type", "\"Gateway\""),
    ("parameter", "tier", "\"Standard\""),
    ("integration", "timeout_ms", "30000.0"),
];

/// Flags that are true when nobody says anything.
const ON_BY_DEFAULT: [(&str, &str); 3] = [("api_key", "enabled"), ("trail", "is_logging"), ("alarm", "actions_enabled")];

/// The canonical form of an inventory. Equal shapes are the same architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Each resource in which a link is the kind of what it points at; sorted.
    resources: Vec<String>,
    /// Each resource in which a link stands for all of what it points at; sorted.
    linked: Vec<u64>,
}

impl Shape {
    /// The shape of an inventory.
    pub(crate) fn of(inventory: &Inventory) -> Shape {
        let mut ids = HashMap::new();
        let mut resources = Vec::new();
        for resource in &inventory.resources {
            let Ok(Value::Object(mut kind)) = serde_json::to_value(&resource.kind) else { continue };
            let name = kind.remove("type").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
            ids.insert(resource.id.as_str(), resources.len());
            resources.push((canonical_kind(&name, kind), name));
        }
        let names: Vec<String> = resources.iter().map(|(_, name)| name.clone()).collect();
        let rendered = |labels: &[String]| -> Vec<String> {
            let label = |id: &str| ids.get(id).map_or("?", |index| &labels[*index]).to_owned();
            resources.iter().map(|(kind, name)| format!("{name} {}", render(kind, &label))).collect()
        };
        let mut plain = rendered(&names);
        let mut labels = names.clone();
        for _ in 0..STEPS {
            labels = rendered(&labels).iter().map(|text| hash(text).to_string()).collect();
        }
        let mut linked: Vec<u64> = rendered(&labels).iter().map(|text| hash(text)).collect();
        plain.sort();
        linked.sort_unstable();
        Shape { resources: plain, linked }
    }

    /// What the other does not have, each line with a minus, and what only the other has, with a plus. Empty when only links differ in
    /// what lies behind what they point at, or nothing does.
    pub(crate) fn difference(&self, other: &Shape) -> Vec<String> {
        let only = |these: &[String], those: &[String], sign: &str| -> Vec<String> {
            let mut left: HashMap<&str, usize> = HashMap::new();
            for that in those {
                *left.entry(that).or_default() += 1;
            }
            let mut only = Vec::new();
            for this in these {
                match left.get_mut(this.as_str()) {
                    Some(count) if *count > 0 => *count -= 1,
                    _ => only.push(format!("{sign} {this}")),
                }
            }
            only
        };
        let mut lines = only(&self.resources, &other.resources, "-");
        lines.extend(only(&other.resources, &self.resources, "+"));
        lines
    }
}

fn canonical_kind(kind: &str, fields: Map<String, Value>) -> Value {
    let mut canonical = Map::new();
    for (name, value) in fields {
        let value = match (kind, name.as_str()) {
            ("subnet", "zone") => zone(&value),
            ("record" | "zone", "name") => lower(canonical_value(value)),
            ("role" | "user", "inline") => statements(value),
            _ => canonical_value(value),
        };
        let written = value.to_string();
        let is_default = DEFAULTS.iter().any(|(of, field, default)| *of == kind && *field == name && written == *default);
        let is_on = ON_BY_DEFAULT.contains(&(kind, name.as_str()));
        if !is_default && value != Value::Bool(is_on) && !is_nothing(&value) && !DROPPED.contains(&name.as_str()) {
            canonical.insert(name, value);
        }
    }
    if kind == "auto_scaling_group" && canonical.get("desired") == canonical.get("min") {
        canonical.remove("desired");
    }
    Value::Object(canonical)
}

/// A value without what only says how it is known. A link stays `{"to": id}`.
fn canonical_value(value: Value) -> Value {
    match value {
        Value::String(text) if text == "absent" => Value::Null,
        Value::String(text) => text_of(text),
        Value::Array(items) => Value::Array(items.into_iter().map(canonical_value).filter(|item| !item.is_null()).collect()),
        Value::Object(mut fields) if fields.len() == 1 && fields.contains_key("known") => match fields.remove("known") {
            Some(Value::String(text)) => text_of(text),
            Some(known) => canonical_value(known),
            None => Value::Null,
        },
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("unknown") => Value::String("?".to_owned()),
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("to") => Value::Object(fields),
        Value::Object(mut fields) if fields.len() == 1 && fields.contains_key("outside") => {
            canonical_value(fields.remove("outside").unwrap_or_default())
        }
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| !DROPPED.contains(&name.as_str()));
            let canonical = kept.map(|(name, value)| (name, canonical_value(value)));
            Value::Object(canonical.filter(|(_, value)| !is_nothing(value) && *value != Value::Bool(false)).collect())
        }
        other => other,
    }
}

/// Text in which a deployment fills something in is as unknown as if nothing of it could be read, since languages differ in how much
/// they can. The partition is `aws` unless somebody says otherwise, and AWS's own policies go by their names. Where a script's last line
/// ends is up to how its language writes long texts.
fn text_of(text: String) -> Value {
    let text = text.replace("${AWS::Partition}", "aws");
    if text.contains("${") {
        return Value::String("?".to_owned());
    }
    let text = text.trim_end();
    let name = text.strip_prefix("arn:aws:iam::aws:policy/").map(|path| path.rsplit('/').next().unwrap_or(path));
    Value::String(name.unwrap_or(text).to_owned())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The number of a zone within its region: `us-east-1b` is 1, and so is the second of whatever list it is picked from.
fn zone(value: &Value) -> Value {
    let text = value.get("known").and_then(Value::as_str).unwrap_or_default();
    let index = text.rsplit_once('[').and_then(|(_, rest)| rest.split(']').next()?.trim().parse::<u8>().ok());
    let letter = text.trim_end_matches(['}', '"']).chars().last().filter(char::is_ascii_lowercase);
    match (index, letter) {
        (Some(index), _) => Value::from(index),
        (None, Some(letter)) => Value::from(letter as u8 - b'a'),
        (None, None) => Value::String("?".to_owned()),
    }
}

fn lower(name: Value) -> Value {
    match name {
        Value::String(name) => Value::String(name.to_ascii_lowercase()),
        other => other,
    }
}

/// The statements of several policies: how they are cut into documents is nobody's business.
fn statements(documents: Value) -> Value {
    let Value::Array(documents) = canonical_value(documents) else { return Value::Null };
    let statements = documents.into_iter().flat_map(|mut document| match document.get_mut("statements").map(Value::take) {
        Some(Value::Array(statements)) => statements,
        _ => vec![document],
    });
    Value::Array(statements.collect())
}

/// A value as text; lists are sorted, since their order means nothing to what is built.
fn render(value: &Value, label: &impl Fn(&str) -> String) -> String {
    match value {
        Value::Object(fields) => match fields.get("to").and_then(Value::as_str) {
            Some(id) if fields.len() == 1 => format!("→ {}", label(id)),
            _ => {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}", render(value, label))).collect();
                format!("{{{}}}", fields.join(", "))
            }
        },
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(|item| render(item, label)).collect();
            items.sort();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use infra::Value::{Absent, Known, Unknown};
    use infra::inventory::network::{Subnet, Vpc};
    use infra::{Kind, Link, Origin, Resource};

    fn inventory(resources: Vec<(&str, Kind)>) -> Inventory {
        let origin = |file: &str| Origin { file: file.to_owned(), line: 1, path: String::new() };
        let resource = |(id, kind): (&str, Kind)| Resource { id: id.to_owned(), origin: origin(id), region: Absent, kind };
        Inventory { resources: resources.into_iter().map(resource).collect(), ..Inventory::default() }
    }

    fn subnet(vpc: &str, zone: &str, public_ip: bool) -> Kind {
        let cidr = Unknown(format!("because of {vpc}"));
        Subnet { vpc: Known(Link::To(vpc.to_owned())), cidr, zone: Known(zone.to_owned()), public_ip: Known(public_ip) }.into()
    }

    fn vpc(cidr: &str) -> Kind {
        Vpc { cidr: Known(cidr.to_owned()) }.into()
    }

    #[test]
    fn names_order_and_reasons_do_not_matter() {
        let one = inventory(vec![("v", vpc("10.0.0.0/16")), ("a", subnet("v", "us-east-1b", false))]);
        let mut quiet = subnet("aws_vpc.main", "data.aws_availability_zones.all.names[1]", false);
        if let Kind::Subnet(subnet) = &mut quiet {
            subnet.public_ip = Absent;
        }
        let other = inventory(vec![("aws_subnet.a", quiet), ("aws_vpc.main", vpc("10.0.0.0/16"))]);
        assert_eq!(Shape::of(&one), Shape::of(&other));
    }

    #[test]
    fn what_a_link_points_at_matters() {
        let two = |of_second: &str| {
            let (first, second) = (vpc("10.0.0.0/16"), vpc("10.1.0.0/16"));
            inventory(vec![("v", first), ("w", second), ("a", subnet("v", "a", true)), ("b", subnet(of_second, "b", true))])
        };
        let (together, apart) = (Shape::of(&two("v")), Shape::of(&two("w")));
        assert_ne!(together, apart);
        assert!(together.difference(&apart).is_empty(), "both point at a VPC");
    }

    #[test]
    fn a_difference_names_both_sides() {
        let of = |cidr: &str| Shape::of(&inventory(vec![("v", vpc(cidr))]));
        let (one, other) = (of("10.0.0.0/16"), of("10.1.0.0/16"));
        assert_eq!(one.difference(&other), ["- vpc {cidr: \"10.0.0.0/16\"}", "+ vpc {cidr: \"10.1.0.0/16\"}"]);
    }
}
