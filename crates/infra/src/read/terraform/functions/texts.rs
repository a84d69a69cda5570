//! Functions of texts.

use super::patterns::found;
use super::{Arguments, Made, Stop, list_of, text, too_long, wrong};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::evaluate::{TEXT_BYTES_MAX, Text, measure};
use regex::Captures;

/// The width that a format may ask for.
const WIDTH_MAX: usize = 1_000;

pub(super) fn call(arguments: &Arguments<'_>) -> Option<Made> {
    let with = |change: fn(&str) -> String| arguments.text(0).map(|value| text(change(&value)));
    let with_two = |change: fn(&str, &str) -> Attribute| Ok(change(&arguments.text(0)?, &arguments.text(1)?));
    Some(match arguments.name {
        "lower" => with(str::to_lowercase),
        "upper" => with(str::to_uppercase),
        "title" => with(title),
        "trimspace" => with(|value| value.trim().to_owned()),
        "chomp" => with(|value| value.trim_end_matches(['\r', '\n']).to_owned()),
        "strrev" => with(|value| value.chars().rev().collect()),
        "basename" => with(|value| value.rsplit('/').next().unwrap_or(value).to_owned()),
        "dirname" => with(|value| value.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()),
        "startswith" => with_two(|value, part| Attribute::Bool(value.starts_with(part))),
        "endswith" => with_two(|value, part| Attribute::Bool(value.ends_with(part))),
        "strcontains" => with_two(|value, part| Attribute::Bool(value.contains(part))),
        "trimprefix" => with_two(|value, part| text(value.strip_prefix(part).unwrap_or(value))),
        "trimsuffix" => with_two(|value, part| text(value.strip_suffix(part).unwrap_or(value))),
        "trim" => with_two(|value, set| text(value.trim_matches(|character| set.contains(character)))),
        "tostring" => tostring(arguments),
        "tobool" => tobool(arguments),
        "join" => join(arguments),
        "split" => split(arguments),
        "replace" => replace(arguments),
        "substr" => substr(arguments),
        "indent" => indent(arguments),
        "format" => format(arguments),
        "formatlist" => formatlist(arguments),
        "regex" | "regexall" => regex(arguments),
        _ => return None,
    })
}

fn title(value: &str) -> String {
    let mut at_start = true;
    let mut titled = String::new();
    for character in value.chars() {
        if at_start {
            titled.extend(character.to_uppercase())
        } else {
            titled.push(character)
        }
        at_start = character.is_whitespace();
    }
    titled
}

fn tostring(arguments: &Arguments<'_>) -> Made {
    let node = arguments.node(0)?;
    if node.attribute == Attribute::Null { Ok(Attribute::Null) } else { arguments.text(0).map(text) }
}

fn tobool(arguments: &Arguments<'_>) -> Made {
    match arguments.text(0)?.as_str() {
        "true" => Ok(Attribute::Bool(true)),
        "false" => Ok(Attribute::Bool(false)),
        other => wrong(format!("{other:?} is neither true nor false")),
    }
}

fn join(arguments: &Arguments<'_>) -> Made {
    let separator = arguments.text(0)?;
    let mut joined = Text::default();
    let mut is_first = true;
    for node in &arguments.nodes[1..] {
        for item in list_of(node)? {
            if !is_first {
                joined.push_text(&separator);
            }
            joined.push(item).map_err(Stop::Wrong)?;
            is_first = false;
        }
    }
    Ok(joined.finish())
}

fn split(arguments: &Arguments<'_>) -> Made {
    let (separator, value) = (arguments.text(0)?, arguments.text(1)?);
    arguments.spend(value.matches(&separator).count() as u64)?;
    let parts: Vec<String> =
        if separator.is_empty() { value.chars().map(String::from).collect() } else { value.split(separator.as_str()).map(str::to_owned).collect() };
    Ok(Attribute::List(parts.into_iter().map(|part| Node::new(text(part), arguments.line)).collect()))
}

fn replace(arguments: &Arguments<'_>) -> Made {
    let (value, sought, by) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let mut replaced = Text::default();
    let Some(pattern) = sought.strip_prefix('/').and_then(|pattern| pattern.strip_suffix('/')) else {
        for (index, part) in value.split(&sought).enumerate() {
            replaced.push_text(if index > 0 { &by } else { "" });
            replaced.push_text(part);
        }
        return Ok(replaced.finish());
    };
    let pattern = arguments.shared.patterns.get(pattern, arguments)?;
    let mut end = 0;
    for found in found(arguments, &pattern, &value)? {
        let found = found?;
        let whole = found.get_match();
        replaced.push_text(&value[end..whole.start()]);
        // Each `$` may stand for all that was found.
        if by.matches('$').count().saturating_mul(whole.len()) > TEXT_BYTES_MAX {
            return Ok(too_long());
        }
        let mut expanded = String::new();
        found.expand(&by, &mut expanded);
        replaced.push_text(&expanded);
        end = whole.end();
    }
    replaced.push_text(&value[end..]);
    Ok(replaced.finish())
}

fn substr(arguments: &Arguments<'_>) -> Made {
    let value: Vec<char> = arguments.text(0)?.chars().collect();
    let (offset, length) = (arguments.whole(1)?, arguments.whole(2)?);
    let count = value.len() as i64;
    let from = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
    let to = if length < 0 { count } else { (from + length).min(count) };
    Ok(text(value[from as usize..to as usize].iter().collect::<String>()))
}

fn indent(arguments: &Arguments<'_>) -> Made {
    let spaces = usize::try_from(arguments.whole(0)?).ok().filter(|spaces| *spaces <= WIDTH_MAX);
    let Some(spaces) = spaces else { return wrong("an indent of no sensible width") };
    let mut indented = Text::default();
    for (index, line) in arguments.text(1)?.split('\n').enumerate() {
        if index > 0 {
            indented.push_text("\n");
            indented.push_text(&" ".repeat(spaces));
        }
        indented.push_text(line);
    }
    Ok(indented.finish())
}

fn regex(arguments: &Arguments<'_>) -> Made {
    let (pattern, value) = (arguments.shared.patterns.get(&arguments.text(0)?, arguments)?, arguments.text(1)?);
    let names: Vec<&str> = pattern.capture_names().flatten().collect();
    let parts = |captures: Captures<'_>| {
        let of = |part: Option<regex::Match<'_>>| Node::new(part.map_or(Attribute::Null, |part| text(part.as_str())), arguments.line);
        if !names.is_empty() {
            return Attribute::Map(names.iter().map(|name| ((*name).to_owned(), of(captures.name(name)))).collect());
        }
        if captures.len() == 1 {
            return of(captures.get(0)).attribute;
        }
        Attribute::List((1..captures.len()).map(|index| of(captures.get(index))).collect())
    };
    let mut found = found(arguments, &pattern, &value)?;
    if arguments.name == "regex" {
        return found.next().map_or_else(|| wrong("the pattern is not found"), |captures| Ok(parts(captures?)));
    }
    Ok(Attribute::List(found.map(|captures| Ok(Node::new(parts(captures?), arguments.line))).collect::<Result<_, Stop>>()?))
}

fn formatlist(arguments: &Arguments<'_>) -> Made {
    let lists = arguments.nodes.iter().filter_map(|node| list_of(node).ok());
    let Some(count) = lists.map(<[Node]>::len).max() else { return format(arguments) };
    let mut made = Vec::new();
    for at in 0..count {
        let row = arguments.nodes.iter().map(|node| match list_of(node) {
            Ok(items) => items.get(at).cloned().ok_or_else(|| Stop::Wrong("the lists are of different lengths".to_owned())),
            Err(_) => Ok(node.clone()),
        });
        let row = row.collect::<Result<Vec<_>, _>>()?;
        let line = Node::new(format(&arguments.with(&row))?, arguments.line);
        // The arguments that are no lists are copied into every element.
        arguments.spend(row.iter().chain([&line]).map(|node| measure(node).0).sum())?;
        made.push(line);
    }
    Ok(Attribute::List(made))
}

/// `%s %d %v %q %f %x %%` with width and precision; other verbs are unknown.
fn format(arguments: &Arguments<'_>) -> Made {
    let pattern = arguments.text(0)?;
    let mut made = Text::default();
    let mut next = 1;
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find('%') {
        made.push_text(&rest[..at]);
        rest = &rest[at + 1..];
        let flags = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ' ' | '#')).len();
        let (spec, verb) = (&rest[..flags], rest[flags..].chars().next());
        let Some(verb) = verb else { return wrong("the format ends in the middle") };
        rest = &rest[flags + verb.len_utf8()..];
        if verb == '%' {
            made.push_text("%");
            continue;
        }
        let node = arguments.node(next)?;
        next += 1;
        if matches!(node.attribute, Attribute::Unknown(_) | Attribute::Reference { .. } | Attribute::List(_) | Attribute::Map(_)) {
            made.push(node).map_err(Stop::Wrong)?;
            continue;
        }
        made.push_text(&formatted(node, spec, verb)?);
    }
    made.push_text(rest);
    Ok(made.finish())
}

fn formatted(node: &Node, spec: &str, verb: char) -> Result<String, Stop> {
    let (width, precision) = spec.split_once('.').unwrap_or((spec, ""));
    let precision: Option<usize> = precision.parse().ok().filter(|precision| *precision <= WIDTH_MAX);
    let (left, zeros) = (width.starts_with('-'), width.starts_with('0'));
    let width: usize = width.trim_start_matches(['-', '+', ' ', '#']).parse().unwrap_or(0);
    let written = super::known(node.text(), "a value")?;
    let number = || super::known(node.number(), "a number");
    let shown = match verb {
        's' | 'v' => written,
        'q' => format!("{written:?}"),
        'd' => format!("{}", number()?.trunc()),
        'f' => format!("{:.*}", precision.unwrap_or(6), number()?),
        'x' => format!("{:x}", number()?.trunc() as i64),
        _ => return Err(Stop::Unknown(format!("the format %{verb}"))),
    };
    if width > WIDTH_MAX {
        return wrong("a width beyond all use");
    }
    Ok(match (left, zeros, shown.strip_prefix('-')) {
        (true, _, _) => format!("{shown:<width$}"),
        // Zeros stand behind the sign.
        (_, true, Some(digits)) => format!("-{digits:0>0$}", width.saturating_sub(1)),
        (_, true, None) => format!("{shown:0>width$}"),
        _ => format!("{shown:>width$}"),
    })
}
