//! `Fn::ForEach`: parts of a template that are written once and stand there for each item of a collection.
//!
//! A stack's loops are expanded from the outside in, a level at a time, since an inner one may run over what the outer one names. One over
//! a collection that cannot be told stays where it is, and whoever meets it says that it was not read.

use super::stack::Stacks;
use super::template::{Section, Template};
use crate::attribute::Attribute;
use crate::read::document::{Content, Entry, Item};
use crate::value::Value;
use std::cell::Cell;

/// Values that a template with loops may come to. One of 500 resources, the most that the service takes, has some 30,000.
const VALUES_MAX: usize = 200_000;

/// Whether an entry is a loop. What follows the name keeps several of them apart.
pub(super) fn is_loop(entry: &Entry) -> bool {
    entry.key.starts_with("Fn::ForEach::")
}

impl<'a> Stacks<'a> {
    /// The stacks with loops that can be expanded, each by its id with its template after one more level of them.
    pub(super) fn repeated(&self) -> Vec<(String, Template)> {
        let mut templates = Vec::new();
        for (number, stack) in self.iter() {
            if stack.parent.is_none() {
                self.refill();
            }
            if !stack.template.has_language_extensions() {
                continue;
            }
            let root = stack.template.root();
            let level = Level { stacks: self, stack: number, room: Cell::new(VALUES_MAX.saturating_sub(weight(root))), is_changed: Cell::new(false) };
            let root = level.sections(root);
            if level.is_changed.get() {
                templates.push((stack.id.clone(), stack.template.with_root(root)));
            }
        }
        templates
    }

    /// The items that a loop runs over; the error says why they cannot be told.
    fn items(&self, stack: usize, entry: &'a Entry) -> Result<(&'a str, Vec<String>, &'a [Entry]), String> {
        let [identifier, collection, fragment] = entry.value.elements() else {
            return Err("it takes a name, a collection and a fragment".to_owned());
        };
        let (Some(identifier), Content::Map(fragment)) = (identifier.text(), &fragment.content) else {
            return Err("it takes a name, a collection and a fragment".to_owned());
        };
        let items = match self.evaluate(stack, collection).attribute {
            Attribute::List(items) => items,
            Attribute::Unknown(why) => return Err(why),
            Attribute::Reference { resource, .. } => return Err(format!("it comes from {resource}")),
            _ => return Err("its collection is not a list".to_owned()),
        };
        let text = |item: &crate::Node| match item.text() {
            Value::Known(text) => Ok(text),
            Value::Unknown(why) => Err(why),
            Value::Absent => Err("an item of its collection is nothing".to_owned()),
        };
        Ok((identifier, items.iter().map(text).collect::<Result<_, _>>()?, fragment))
    }

    /// Why a loop stands where it does still: what it runs over cannot be told, or it comes to too much.
    pub(super) fn why_unread(&self, stack: usize, entry: &'a Entry) -> String {
        let why = match self.items(stack, entry) {
            _ if !self.stacks[stack].template.has_language_extensions() => "the template lacks the transform AWS::LanguageExtensions".to_owned(),
            Err(why) => why,
            Ok(_) => format!("the template comes to more than {VALUES_MAX} values with it"),
        };
        format!("{} is not read: {why}", entry.key)
    }
}

/// One level of a stack's loops.
struct Level<'s, 'a> {
    stacks: &'s Stacks<'a>,
    stack: usize,
    room: Cell<usize>,
    is_changed: Cell<bool>,
}

impl<'a> Level<'_, 'a> {
    /// The template with the loops of those sections expanded in which the service takes them.
    fn sections(&self, root: &'a Item) -> Item {
        let takes_loops = |name: &str| [Section::Conditions, Section::Resources, Section::Outputs].iter().any(|section| section.name() == name);
        let section = |entry: &'a Entry| Entry {
            value: if takes_loops(&entry.key) { self.expanded(&entry.value) } else { entry.value.clone() },
            key: entry.key.clone(),
            line: entry.line,
        };
        Item { content: Content::Map(root.entries().iter().map(section).collect()), line: root.line }
    }

    fn expanded(&self, item: &'a Item) -> Item {
        let content = match &item.content {
            Content::Map(entries) => {
                let mut expanded = Vec::with_capacity(entries.len());
                for entry in entries {
                    match is_loop(entry).then(|| self.rounds(entry)) {
                        Some(Some(rounds)) => expanded.extend(rounds),
                        Some(None) => expanded.push(entry.clone()),
                        None => expanded.push(Entry { key: entry.key.clone(), line: entry.line, value: self.expanded(&entry.value) }),
                    }
                }
                Content::Map(expanded)
            }
            Content::List(items) => Content::List(items.iter().map(|item| self.expanded(item)).collect()),
            scalar => scalar.clone(),
        };
        Item { content, line: item.line }
    }

    /// The fragment of a loop, once for each item of its collection. `None` when that cannot be told, or when it is too much.
    fn rounds(&self, entry: &'a Entry) -> Option<Vec<Entry>> {
        let (identifier, items, fragment) = self.stacks.items(self.stack, entry).ok()?;
        let values: usize = fragment.iter().map(|entry| weight(&entry.value)).sum();
        let room = self.room.get().checked_sub(values.checked_mul(items.len())?)?;
        self.room.set(room);
        self.is_changed.set(true);
        let round = |item: &String| {
            let filling = Filling { identifier, value: item };
            fragment.iter().map(|entry| filling.entry(entry)).collect::<Vec<_>>()
        };
        Some(items.iter().flat_map(round).collect())
    }
}

/// What a round puts in place of its identifier.
struct Filling<'f> {
    identifier: &'f str,
    value: &'f str,
}

impl Filling<'_> {
    fn entry(&self, entry: &Entry) -> Entry {
        Entry { key: self.text(&entry.key), line: entry.line, value: self.item(&entry.value) }
    }

    fn item(&self, item: &Item) -> Item {
        let content = match &item.content {
            Content::Map(entries) => match entries.as_slice() {
                [entry] if entry.key == "Ref" && entry.value.text() == Some(self.identifier) => Content::Text(self.value.to_owned()),
                _ => Content::Map(entries.iter().map(|entry| self.entry(entry)).collect()),
            },
            Content::List(items) => Content::List(items.iter().map(|item| self.item(item)).collect()),
            Content::Text(text) => Content::Text(self.text(text)),
            scalar => scalar.clone(),
        };
        Item { content, line: item.line }
    }

    /// `${Name}` is the value; `&{Name}` is its letters and digits, since a logical id may have no others.
    fn text(&self, text: &str) -> String {
        let letters = || self.value.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let plain = format!("${{{}}}", self.identifier);
        let stripped = format!("&{{{}}}", self.identifier);
        let text = text.replace(&plain, self.value);
        if text.contains(&stripped) { text.replace(&stripped, &letters()) } else { text }
    }
}

fn weight(item: &Item) -> usize {
    1 + match &item.content {
        Content::Map(entries) => entries.iter().map(|entry| weight(&entry.value)).sum(),
        Content::List(items) => items.iter().map(weight).sum(),
        Content::Text(text) => text.len() / 64,
        Content::Null | Content::Bool(_) | Content::Number(_) => 0,
    }
}
