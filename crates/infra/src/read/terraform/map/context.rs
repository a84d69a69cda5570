//! All declared resources, and the ways in which one is meant by another: by reference, by name, by ARN, through a third.

use super::containers::{ScalingKey, scaled, scaling_key};
use super::reader::{Reader, explained};
use super::satellites;
use crate::attribute::{Attribute, Node};
use crate::inventory::Link;
use crate::read::terraform::declared::Declared;
use crate::read::terraform::names;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A reference leads to the next at most this often.
const HOPS_MAX: usize = 16;

/// Resources that stand for another: who refers to them means that one.
const STANDS_FOR: &[(&str, &str)] = &[
    ("aws_acm_certificate_validation", "certificate_arn"),
    ("aws_kms_alias", "target_key_id"),
    ("aws_lambda_alias", "function_name"),
    ("aws_s3_bucket_public_access_block", "bucket"),
    ("aws_s3_bucket_versioning", "bucket"),
    ("aws_secretsmanager_secret_rotation", "secret_id"),
    ("aws_secretsmanager_secret_version", "secret_id"),
];

/// All declared resources and the ways to find one.
pub(super) struct Context<'a> {
    pub(super) all: &'a [Declared],
    by_id: BTreeMap<&'a str, usize>,
    /// By root, type and one of its names, its id or its ARN.
    by_name: BTreeMap<(usize, &'a str, &'a str), Vec<usize>>,
    by_arn: BTreeMap<&'a str, usize>,
    /// By the id of what they add to.
    pub(super) satellites: BTreeMap<String, Vec<usize>>,
    /// Targets of Application Auto Scaling: by what they scale, as it is written and with its root, and by the id of an ECS service.
    pub(super) scaling: BTreeMap<ScalingKey, usize>,
    pub(super) scaled: BTreeMap<String, usize>,
    joined: BTreeSet<usize>,
}

impl<'a> Context<'a> {
    pub(super) fn of(all: &'a [Declared]) -> Context<'a> {
        let by_id = all.iter().enumerate().map(|(index, one)| (one.id.as_str(), index)).collect();
        let (mut by_name, mut by_arn): (BTreeMap<_, Vec<usize>>, _) = (BTreeMap::new(), BTreeMap::new());
        for (index, one) in all.iter().enumerate() {
            let name = names::named_by(&one.type_name);
            for attribute in ["id", "arn"].into_iter().chain(name) {
                let Some(Node { attribute: Attribute::Text(text), .. }) = one.body.get(attribute) else { continue };
                by_name.entry((one.root, one.type_name.as_str(), text.as_str())).or_default().push(index);
                if text.starts_with("arn:") {
                    by_arn.insert(text.as_str(), index);
                }
            }
        }
        let mut context = Context {
            all,
            by_id,
            by_name,
            by_arn,
            satellites: BTreeMap::new(),
            scaling: BTreeMap::new(),
            scaled: BTreeMap::new(),
            joined: BTreeSet::new(),
        };
        for (index, one) in all.iter().enumerate() {
            for target in satellites::targets(&Reader::of(&context, one)) {
                context.satellites.entry(target).or_default().push(index);
                context.joined.insert(index);
            }
        }
        for (index, one) in all.iter().enumerate().filter(|(_, one)| one.type_name == "aws_appautoscaling_target") {
            let target = Reader::of(&context, one);
            let (key, service) = (scaling_key(&target), scaled(&target));
            context.scaling.entry(key).or_insert(index);
            if let Value::Known(Link::To(service)) = service {
                context.scaled.entry(service).or_insert(index);
            }
        }
        context
    }

    /// Whether it is told as a part of another.
    pub(super) fn is_joined(&self, index: usize) -> bool {
        self.joined.contains(&index)
    }

    pub(super) fn get(&self, id: &str) -> Option<&'a Declared> {
        self.by_id.get(id).map(|index| &self.all[*index])
    }

    /// What a reference comes to where the files tell it.
    pub(super) fn resolved(&self, node: &Node) -> Node {
        let mut node = node.clone();
        for _ in 0..HOPS_MAX {
            let Attribute::Reference { resource, attribute: Some(name) } = &node.attribute else { break };
            let Some(next) = self.get(resource).and_then(|one| one.body.get(name)) else { break };
            node = Node::new(next.attribute.clone(), node.line);
        }
        node
    }

    fn named(&self, root: usize, types: &[&str], name: &str) -> Option<&'a Declared> {
        let found: Vec<&usize> = types.iter().filter_map(|type_name| self.by_name.get(&(root, *type_name, name))).flatten().collect();
        match found[..] {
            [index, ref rest @ ..] if rest.iter().all(|other| *other == index) => Some(&self.all[*index]),
            _ => None,
        }
    }

    /// The resource of one of these types that a value means; of any type when there is none.
    pub(super) fn link(&self, node: &Node, types: &[&str], root: usize) -> Value<Link> {
        let mut node = node.clone();
        for _ in 0..HOPS_MAX {
            let Attribute::Reference { resource, attribute } = &node.attribute else { break };
            let Some(one) = self.get(resource) else { return Value::Unknown(format!("it comes from {resource}")) };
            let (is_meant, takes_any) = (types.contains(&one.type_name.as_str()), types.is_empty());
            let repeated = attribute.as_ref().and_then(|name| one.body.get(name));
            let stands_for = STANDS_FOR.iter().find(|(type_name, _)| *type_name == one.type_name).and_then(|(_, name)| one.body.get(name));
            let next = match (repeated, stands_for) {
                // Another resource's argument leads on; its own name does not.
                (Some(next), _) if !is_meant && matches!(next.attribute, Attribute::Reference { .. }) => next,
                (Some(next), None) if !is_meant && !takes_any => next,
                (_, Some(next)) if !is_meant => next,
                _ => return Value::Known(Link::To(resource.clone())),
            };
            node = next.clone();
        }
        match &node.attribute {
            Attribute::Text(text) => {
                let found = if types.is_empty() { None } else { self.named(root, types, text) };
                let found = found.or_else(|| self.by_arn.get(text.as_str()).map(|index| &self.all[*index]));
                Value::Known(found.map_or_else(|| Link::Outside(text.clone()), |one| Link::To(one.id.clone())))
            }
            // Text around exactly one declared resource, such as a secret's ARN with the name of a field, means that resource.
            Attribute::Unknown(text) => {
                let within = self.holes(text).into_iter().filter(|one| types.is_empty() || types.contains(&one.type_name.as_str()));
                let ids: BTreeSet<&str> = within.map(|one| one.id.as_str()).collect();
                match ids.first() {
                    Some(id) if ids.len() == 1 => self.link(&reference(id), types, root),
                    _ => explained(node.link()),
                }
            }
            _ => explained(node.link()),
        }
    }

    /// The declared resources that the holes of a text name, in their order.
    pub(super) fn holes(&self, text: &str) -> Vec<&'a Declared> {
        let mut found = Vec::new();
        for part in text.split("${").skip(1) {
            // The id is the longest beginning that is declared: what follows it are attributes, or the rest of the text.
            let part = part.split('}').next().unwrap_or(part);
            let mut ends: Vec<usize> = part.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at).collect();
            ends.push(part.len());
            found.extend(ends.into_iter().rev().find_map(|end| self.get(&part[..end])));
        }
        found
    }
}

fn reference(id: &str) -> Node {
    Node::new(Attribute::Reference { resource: id.to_owned(), attribute: None }, 0)
}
