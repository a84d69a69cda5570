//! Functions of lists, sets and maps.

use super::{Arguments, Made, Stop, TOO_MANY_NUMBERS, list_of, text, wrong};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::evaluate::{ByValue, extended, is_more, key_of, measure, node_of_key, reference_text, same, unknown_key};
use std::collections::{BTreeMap, BTreeSet};

/// Elements that a function may make; `range` and `setproduct` could make any number.
const ELEMENTS_MAX: usize = 10_000;

pub(super) fn call(arguments: &Arguments<'_>) -> Option<Made> {
    Some(match arguments.name {
        "length" => length(arguments),
        "element" => element(arguments),
        "index" => index(arguments),
        "contains" => contains(arguments),
        "keys" => arguments.map(0).map(|map| Attribute::List(map.keys().map(|key| node_of_key(key, arguments.line)).collect())),
        "values" => arguments.map(0).map(|map| Attribute::List(map.values().cloned().collect())),
        "lookup" => lookup(arguments),
        "merge" => merge(arguments),
        "concat" => concat(arguments),
        "flatten" => arguments.list(0).and_then(|items| flatten(items).map(Attribute::List)),
        "distinct" => arguments.list(0).map(|items| Attribute::List(distinct(items))),
        "compact" => arguments.list(0).map(compact),
        "coalesce" => coalesce(arguments),
        "coalescelist" => coalescelist(arguments),
        "reverse" => arguments.list(0).map(|items| Attribute::List(items.iter().rev().cloned().collect())),
        "sort" => sort(arguments),
        "slice" => slice(arguments),
        "range" => range(arguments),
        "zipmap" => zipmap(arguments),
        "toset" => arguments.list(0).map(|items| as_set(items.to_vec())),
        "tolist" => arguments.list(0).map(|items| Attribute::List(items.to_vec())),
        "tomap" => arguments.map(0).map(|map| Attribute::Map(map.clone())),
        "one" => one(arguments),
        "alltrue" | "anytrue" => all_or_any(arguments),
        "setunion" => set_union(arguments),
        "setintersection" => of_two_sets(arguments, true),
        "setsubtract" => of_two_sets(arguments, false),
        "setproduct" => set_product(arguments),
        "chunklist" => chunks(arguments),
        "sensitive" | "nonsensitive" => arguments.node(0).map(|node| node.attribute.clone()),
        _ => return None,
    })
}

fn length(arguments: &Arguments<'_>) -> Made {
    let node = arguments.node(0)?;
    let more = match &node.attribute {
        Attribute::List(items) => items.iter().find(|item| is_more(item)),
        Attribute::Map(entries) => entries.values().find(|item| is_more(item)),
        _ => None,
    };
    let count = match (&node.attribute, more) {
        (_, Some(more)) => return Ok(more.attribute.clone()),
        (Attribute::List(items), _) => items.len(),
        (Attribute::Map(entries), _) => entries.len(),
        (Attribute::Text(text), _) => text.chars().count(),
        _ => return Err(super::not_a(node, "a list, map or text")),
    };
    Ok(Attribute::Number(count as f64))
}

fn element(arguments: &Arguments<'_>) -> Made {
    let index = arguments.whole(1)?;
    let node = arguments.node(0)?;
    if let Attribute::Unknown(why) = &node.attribute {
        return Ok(Attribute::Unknown(extended(why, &format!("[{index}]"))));
    }
    let items = arguments.list(0)?;
    match items.iter().find(|item| is_more(item)) {
        Some(more) => Ok(items.get(index.unsigned_abs() as usize).unwrap_or(more).attribute.clone()),
        None if items.is_empty() => wrong("the list is empty"),
        None => Ok(items[index.rem_euclid(items.len() as i64) as usize].attribute.clone()),
    }
}

fn index(arguments: &Arguments<'_>) -> Made {
    let (items, sought) = (arguments.list(0)?, arguments.node(1)?);
    match items.iter().position(|item| same(item, sought)) {
        Some(at) => Ok(Attribute::Number(at as f64)),
        None => unknown_of(items).map_or_else(|| wrong("it is not in the list"), |why| Err(Stop::Unknown(why))),
    }
}

fn contains(arguments: &Arguments<'_>) -> Made {
    let (items, sought) = (arguments.list(0)?, arguments.node(1)?);
    let is_known = !matches!(sought.attribute, Attribute::Unknown(_));
    if is_known && items.iter().any(|item| same(item, sought)) {
        return Ok(Attribute::Bool(true));
    }
    unknown_of(std::slice::from_ref(sought)).or_else(|| unknown_of(items)).map_or(Ok(Attribute::Bool(false)), |why| Err(Stop::Unknown(why)))
}

fn unknown_of(items: &[Node]) -> Option<String> {
    items.iter().find_map(|item| match &item.attribute {
        Attribute::Unknown(why) => Some(why.clone()),
        Attribute::Reference { resource, attribute } => Some(reference_text(resource, attribute.as_deref())),
        _ => None,
    })
}

fn lookup(arguments: &Arguments<'_>) -> Made {
    let key = arguments.text(1)?;
    let map = arguments.map(0)?;
    match (map.get(&key), unknown_key(map), arguments.nodes.get(2)) {
        (None, Some(why), _) => Err(Stop::Unknown(why.to_owned())),
        (Some(node), ..) | (None, None, Some(node)) => Ok(node.attribute.clone()),
        (None, None, None) => wrong(format!("there is no {key:?} in it")),
    }
}

fn merge(arguments: &Arguments<'_>) -> Made {
    let mut merged = BTreeMap::new();
    for (index, node) in arguments.nodes.iter().enumerate() {
        if node.attribute != Attribute::Null {
            merged.extend(arguments.map(index)?.clone());
        }
    }
    Ok(Attribute::Map(merged))
}

fn concat(arguments: &Arguments<'_>) -> Made {
    let mut items = Vec::new();
    for node in arguments.nodes {
        match &node.attribute {
            // A list that is not known stands as one unknown element, so that the others are not lost.
            Attribute::Unknown(_) => items.push(node.clone()),
            _ => items.extend_from_slice(list_of(node)?),
        }
    }
    Ok(Attribute::List(items))
}

fn flatten(items: &[Node]) -> Result<Vec<Node>, Stop> {
    let mut flat = Vec::new();
    for item in items {
        match &item.attribute {
            Attribute::List(inner) => flat.extend(flatten(inner)?),
            _ => flat.push(item.clone()),
        }
    }
    Ok(flat)
}

fn distinct(items: &[Node]) -> Vec<Node> {
    let mut seen = BTreeSet::new();
    items.iter().filter(|item| seen.insert(ByValue(item))).cloned().collect()
}

fn compact(items: &[Node]) -> Attribute {
    let empty = |node: &Node| node.attribute == Attribute::Null || matches!(&node.attribute, Attribute::Text(text) if text.is_empty());
    Attribute::List(items.iter().filter(|item| !empty(item)).cloned().collect())
}

fn coalesce(arguments: &Arguments<'_>) -> Made {
    for node in arguments.nodes {
        match &node.attribute {
            Attribute::Null => {}
            Attribute::Text(text) if text.is_empty() => {}
            attribute => return Ok(attribute.clone()),
        }
    }
    wrong("every argument is null or empty")
}

fn coalescelist(arguments: &Arguments<'_>) -> Made {
    for index in 0..arguments.nodes.len() {
        let items = arguments.list(index)?;
        if !items.is_empty() {
            return Ok(Attribute::List(items.to_vec()));
        }
    }
    wrong("every list is empty")
}

fn sort(arguments: &Arguments<'_>) -> Made {
    let items = arguments.list(0)?;
    // Resources are all there, in whatever order their names will have.
    if items.iter().all(|item| matches!(item.attribute, Attribute::Reference { .. })) {
        return Ok(Attribute::List(items.to_vec()));
    }
    if let Some(why) = unknown_of(items) {
        return Err(Stop::Unknown(why));
    }
    let mut texts: Vec<String> = items.iter().filter_map(|item| item.text().known().cloned()).collect();
    texts.sort();
    Ok(Attribute::List(texts.into_iter().map(|item| Node::new(text(item), arguments.line)).collect()))
}

/// A part of a list; of an unknown one the elements are told by their places.
fn slice(arguments: &Arguments<'_>) -> Made {
    let (from, to) = (arguments.whole(1)?, arguments.whole(2)?);
    let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else { return wrong("a place before the first") };
    if from > to || to - from > ELEMENTS_MAX {
        return wrong("the places are in the wrong order or too far apart");
    }
    if let Attribute::Unknown(why) = &arguments.node(0)?.attribute {
        let items = (from..to).map(|at| Node::new(Attribute::Unknown(extended(why, &format!("[{at}]"))), arguments.line));
        return Ok(Attribute::List(items.collect()));
    }
    arguments.list(0)?.get(from..to).map_or_else(|| wrong("a place behind the last"), |items| Ok(Attribute::List(items.to_vec())))
}

fn range(arguments: &Arguments<'_>) -> Made {
    let (from, to) = if arguments.nodes.len() == 1 { (0.0, arguments.number(0)?) } else { (arguments.number(0)?, arguments.number(1)?) };
    let step = if arguments.nodes.len() > 2 {
        arguments.number(2)?
    } else if to < from {
        -1.0
    } else {
        1.0
    };
    if step == 0.0 {
        return wrong("a step of zero");
    }
    let count = ((to - from) / step).ceil().max(0.0);
    if count > ELEMENTS_MAX as f64 {
        return Err(Stop::Unknown(format!("{TOO_MANY_NUMBERS}{count} numbers")));
    }
    let numbers = (0..count as usize).map(|at| Node::new(Attribute::Number(from + step * at as f64), arguments.line));
    Ok(Attribute::List(numbers.collect()))
}

fn zipmap(arguments: &Arguments<'_>) -> Made {
    let (keys, values) = (arguments.list(0)?, arguments.list(1)?);
    if keys.len() != values.len() {
        return unknown_of(keys)
            .or_else(|| unknown_of(values))
            .map_or_else(|| wrong("the lists are of different lengths"), |why| Err(Stop::Unknown(why)));
    }
    let keys = keys.iter().map(|key| key_of(key).map_err(Stop::Wrong)).collect::<Result<Vec<_>, Stop>>()?;
    let map: BTreeMap<String, Node> = keys.into_iter().zip(values.iter().cloned()).collect();
    match unknown_key(&map) {
        // Two keys that are not known may look alike.
        Some(why) if map.len() < values.len() => Err(Stop::Unknown(why.to_owned())),
        _ => Ok(Attribute::Map(map)),
    }
}

fn one(arguments: &Arguments<'_>) -> Made {
    let items: Vec<&Node> = arguments.list(0)?.iter().filter(|item| !is_more(item)).collect();
    match items[..] {
        [] => Ok(Attribute::Null),
        [item] => Ok(item.attribute.clone()),
        _ => wrong("there is more than one"),
    }
}

fn all_or_any(arguments: &Arguments<'_>) -> Made {
    let deciding = arguments.name == "anytrue";
    let items = arguments.list(0)?;
    if items.iter().any(|item| item.flag() == crate::Value::Known(deciding)) {
        return Ok(Attribute::Bool(deciding));
    }
    unknown_of(items).map_or(Ok(Attribute::Bool(!deciding)), |why| Err(Stop::Unknown(why)))
}

fn set_union(arguments: &Arguments<'_>) -> Made {
    concat(arguments).map(|all| match all {
        Attribute::List(items) => as_set(items),
        other => other,
    })
}

/// What is in the first and also (or not) in the second.
fn of_two_sets(arguments: &Arguments<'_>, also: bool) -> Made {
    let (one, other) = (arguments.list(0)?, arguments.list(1)?);
    if let Some(why) = unknown_of(one).or_else(|| unknown_of(other)) {
        return Err(Stop::Unknown(why));
    }
    let other: BTreeSet<ByValue<'_>> = other.iter().map(ByValue).collect();
    Ok(as_set(one.iter().filter(|item| other.contains(&ByValue(item)) == also).cloned().collect()))
}

fn set_product(arguments: &Arguments<'_>) -> Made {
    let mut rows: Vec<Vec<Node>> = vec![Vec::new()];
    for index in 0..arguments.nodes.len() {
        let items = arguments.list(index)?;
        if rows.len() * items.len() > ELEMENTS_MAX {
            return Err(Stop::Unknown(format!("setproduct of more than {ELEMENTS_MAX} elements")));
        }
        // Every row with every item.
        let weight = |nodes: &mut dyn Iterator<Item = &Node>| nodes.map(|node| measure(node).0).sum::<u64>();
        let (of_rows, of_items) = (weight(&mut rows.iter().flatten()), weight(&mut items.iter()));
        arguments.spend(of_rows * items.len() as u64 + of_items * rows.len() as u64)?;
        rows = rows.iter().flat_map(|row| items.iter().map(|item| row.iter().chain([item]).cloned().collect())).collect();
    }
    Ok(Attribute::List(rows.into_iter().map(|row| Node::new(Attribute::List(row), arguments.line)).collect()))
}

fn chunks(arguments: &Arguments<'_>) -> Made {
    let size = usize::try_from(arguments.whole(1)?).ok().filter(|size| *size > 0);
    let Some(size) = size else { return wrong("chunks of no size") };
    let chunks = arguments.list(0)?.chunks(size).map(|chunk| Node::new(Attribute::List(chunk.to_vec()), arguments.line));
    Ok(Attribute::List(chunks.collect()))
}

/// A set: each element once, texts and numbers in order.
pub(crate) fn as_set(items: Vec<Node>) -> Attribute {
    let mut items = distinct(&items);
    items.sort_by(|one, other| match (&one.attribute, &other.attribute) {
        (Attribute::Number(one), Attribute::Number(other)) => one.total_cmp(other),
        (Attribute::Text(one), Attribute::Text(other)) => one.cmp(other),
        _ => std::cmp::Ordering::Equal,
    });
    Attribute::List(items)
}
