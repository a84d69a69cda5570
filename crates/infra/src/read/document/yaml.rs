//! YAML with lines: events of the parser folded into a tree, CloudFormation's short forms spelled out, aliases and merges replaced.

use super::{Content, DEPTH_MAX, Document, Entry, Error, Item, Weight, duplicates};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Reads the first document of a file.
pub(super) fn read(text: &str) -> Result<Document, Error> {
    let mut tree = Tree::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        let line = span.start.line() as u32;
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    tree.complaints.push(Error { line, message: "another document follows; only the first is read".to_owned() });
                    break;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let weight = Weight::of_text(&text);
                // A name is what is written: `No` and `1.10` are names too.
                let item = match tree.expects_name() {
                    true => Item { line, content: Content::Text(text.into_owned()) },
                    false => scalar(text, style, tag, line),
                };
                tree.value(item, weight, weight, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => tree.open(Open::list(anchor, tag, line))?,
            Event::MappingStart(anchor, tag) => tree.open(Open::map(anchor, tag, line))?,
            Event::SequenceEnd | Event::MappingEnd => tree.close()?,
            Event::Alias(anchor) => {
                let found = tree.anchors.get(&anchor).cloned();
                let (mut item, weight) = found.ok_or_else(|| Error { line, message: "the alias stands within what it names".to_owned() })?;
                item.line = line;
                tree.value(item, weight, weight, 0)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    let root = tree.root.unwrap_or(Item { line: 1, content: Content::Null });
    Ok(Document { root, complaints: tree.complaints })
}

/// The tree as far as it has been read.
#[derive(Default)]
struct Tree {
    /// The lists and maps that have begun and not ended.
    open: Vec<Open>,
    root: Option<Item>,
    anchors: HashMap<usize, (Item, Weight)>,
    weight: Weight,
    complaints: Vec<Error>,
}

/// A list or map that has begun.
struct Open {
    line: u32,
    anchor: usize,
    /// The function that its tag stands for.
    function: Option<String>,
    weight: Weight,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<Item>),
    /// The entries, and the name whose value is to come.
    Map(Vec<Entry>, Option<(String, u32)>),
}

impl Open {
    fn list(anchor: usize, tag: Option<Cow<'_, Tag>>, line: u32) -> Open {
        Open { line, anchor, function: function(tag), weight: Weight(1), content: OpenContent::List(Vec::new()) }
    }

    fn map(anchor: usize, tag: Option<Cow<'_, Tag>>, line: u32) -> Open {
        Open { line, anchor, function: function(tag), weight: Weight(1), content: OpenContent::Map(Vec::new(), None) }
    }
}

impl Tree {
    fn open(&mut self, open: Open) -> Result<(), Error> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Error { line: open.line, message: format!("more than {DEPTH_MAX} levels") });
        }
        self.open.push(open);
        Ok(())
    }

    fn expects_name(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.content, OpenContent::Map(_, None)))
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = match open.content {
            OpenContent::List(items) => Content::List(items),
            OpenContent::Map(entries, _) => {
                let entries = merged(entries);
                self.complaints.extend(duplicates(&entries));
                Content::Map(entries)
            }
        };
        let item = called(open.function, Item { line: open.line, content });
        self.value(item, open.weight, Weight(1), open.anchor)
    }

    /// Puts a complete value where it belongs: into the open list or map, or as the whole. Of its weight, `fresh` was not counted yet.
    fn value(&mut self, item: Item, weight: Weight, fresh: Weight, anchor: usize) -> Result<(), Error> {
        let line = item.line;
        self.weight.add(fresh, line)?;
        if anchor > 0 {
            // The copy that is kept costs what it weighs, so that anchors within anchors do not grow for nothing.
            self.weight.add(weight, line)?;
            self.anchors.insert(anchor, (item.clone(), weight));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(item);
            return Ok(());
        };
        open.weight.add(weight, line)?;
        match &mut open.content {
            OpenContent::List(items) => items.push(item),
            OpenContent::Map(entries, key) => match key.take() {
                Some((key, key_line)) => entries.push(Entry { key, line: key_line, value: item }),
                None => *key = Some((name(&item)?, line)),
            },
        }
        Ok(())
    }
}

/// The name that a key gives.
fn name(item: &Item) -> Result<String, Error> {
    let unnamed = || Error { line: item.line, message: "a name is expected here, not a list or a map".to_owned() };
    item.text().map(str::to_owned).ok_or_else(unnamed)
}

/// The entries with `<<` replaced by what it names: its own entries win, and the first of several merged maps wins over the next.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    if !entries.iter().any(|entry| entry.key == "<<") {
        return entries;
    }
    let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.key == "<<");
    let mut known: HashSet<String> = own.iter().map(|entry| entry.key.clone()).collect();
    for merge in merges {
        let maps = match &merge.value.content {
            Content::List(maps) => maps.iter().collect(),
            _ => vec![&merge.value],
        };
        for entry in maps.into_iter().flat_map(Item::entries) {
            if known.insert(entry.key.clone()) {
                own.push(entry.clone());
            }
        }
    }
    own
}

/// A scalar with the type that its text has when it is plain, as YAML 1.1 gives it, which CloudFormation follows.
fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<Cow<'_, Tag>>, line: u32) -> Item {
    let function = function(tag.clone());
    let is_text = style != ScalarStyle::Plain || tag.is_some();
    let content = match text.as_ref() {
        _ if is_text => Content::Text(text.into_owned()),
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Content::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Content::Bool(false),
        plain => super::number(plain).map_or_else(|| Content::Text(plain.to_owned()), Content::Number),
    };
    called(function, Item { line, content })
}

/// The function that a tag stands for: `!Sub` is `Fn::Sub`; `!Ref` and `!Condition` have no prefix. YAML's own tags are none.
fn function(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    let tag = tag?;
    if tag.handle != "!" || tag.suffix.is_empty() {
        return None;
    }
    Some(match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

fn called(function: Option<String>, argument: Item) -> Item {
    match function {
        None => argument,
        Some(key) => Item { line: argument.line, content: Content::Map(vec![Entry { key, line: argument.line, value: argument }]) },
    }
}

fn scan_error(error: &ScanError) -> Error {
    let message = match error.info() {
        "recursion limit exceeded" => format!("more than {DEPTH_MAX} levels"),
        info => info.to_owned(),
    };
    Error { line: error.marker().line() as u32, message }
}
