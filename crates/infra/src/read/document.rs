//! Documents with positions: YAML and JSON read into one tree in which every value knows its line.
//!
//! A document is somebody else's text, so what it may cost is bounded: its size, its depth, and what its aliases grow to.

mod json;
mod yaml;

use crate::attribute::{Attribute, Node};
use crate::inventory::Problem;

/// CloudFormation takes templates of at most 1 MB; this leaves room for comments and for templates that are cut up later.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Templates nest some twenty levels. Reading, evaluating and dropping a tree recurse, and a thread's stack holds thousands.
const DEPTH_MAX: usize = 100;

/// What a document may come to once its aliases are replaced, counted as in `Weight`. The largest template that CloudFormation takes
/// is under a tenth of it.
const WEIGHT_MAX: usize = 2_000_000;

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// Its line, from 1.
    pub(crate) line: u32,
    /// The value.
    pub(crate) content: Content,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number that is written as it would be printed. Others, such as `1.10` and `012`, stay text, since their digits may matter.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Item>),
    /// A map in its own order.
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) key: String,
    /// The line of its name, from 1.
    pub(crate) line: u32,
    /// Its value.
    pub(crate) value: Item,
}

/// Why a document could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(crate) struct Error {
    /// From 1.
    pub(crate) line: u32,
    /// One sentence.
    pub(crate) message: String,
}

/// A document and what is wrong with it, though it could be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// Its value.
    pub(crate) root: Item,
    /// Names that a map gives twice, further documents in the same file.
    pub(crate) complaints: Vec<Error>,
}

/// Reads a document: JSON when it begins as only JSON does, with a brace and a quoted name, else YAML.
pub(crate) fn read(bytes: &[u8]) -> Result<Document, Error> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let message = format!("the file has {} bytes; templates over {DOCUMENT_BYTES_MAX} are not read", bytes.len());
        return Err(Error { line: 1, message });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u32;
        Error { line, message: "this is not UTF-8 text".to_owned() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // YAML would read most of broken JSON, and something else into it.
    let is_json = text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'));
    if is_json { json::read(text) } else { yaml::read(text) }
}

/// Reads JSON that stands as text within a document, such as a policy; every line in it is the line of the text.
pub(crate) fn read_embedded(text: &str, line: u32) -> Option<Item> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return None;
    }
    let mut root = json::read(text).ok()?.root;
    root.move_to(line);
    Some(root)
}

impl Error {
    /// The same as a problem of a file.
    pub(crate) fn in_file(&self, file: &str) -> Problem {
        Problem { file: file.to_owned(), line: Some(self.line), message: self.message.clone() }
    }
}

impl Item {
    /// The value of this name in a map.
    pub(crate) fn get(&self, name: &str) -> Option<&Item> {
        self.entries().iter().find(|entry| entry.key == name).map(|entry| &entry.value)
    }

    /// The value along a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Item> {
        path.iter().try_fold(self, |item, name| item.get(name))
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; none of anything else.
    pub(crate) fn elements(&self) -> &[Item] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The text, when it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar: numbers and booleans read as they would be printed.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) => Some(text.clone()),
            Content::Number(number) => Some(number.to_string()),
            Content::Bool(value) => Some(value.to_string()),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// The same as a tree of attributes, in which nothing is left to evaluate.
    pub(crate) fn node(&self) -> Node {
        let attribute = match &self.content {
            Content::Null => Attribute::Null,
            Content::Bool(value) => Attribute::Bool(*value),
            Content::Number(number) => Attribute::Number(*number),
            Content::Text(text) => Attribute::Text(text.clone()),
            Content::List(items) => Attribute::List(items.iter().map(Item::node).collect()),
            Content::Map(entries) => Attribute::Map(entries.iter().map(|entry| (entry.key.clone(), entry.value.node())).collect()),
        };
        Node::new(attribute, self.line)
    }

    fn move_to(&mut self, line: u32) {
        self.line = line;
        match &mut self.content {
            Content::List(items) => items.iter_mut().for_each(|item| item.move_to(line)),
            Content::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.line = line;
                entry.value.move_to(line);
            }),
            Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {}
        }
    }
}

/// What a tree costs to hold: its values, and its text by the 64 bytes.
#[derive(Clone, Copy, Default)]
struct Weight(usize);

impl Weight {
    fn of_text(text: &str) -> Weight {
        Weight(1 + text.len() / 64)
    }

    /// Adds, unless that is more than a document may come to.
    fn add(&mut self, other: Weight, line: u32) -> Result<(), Error> {
        self.0 = self.0.saturating_add(other.0);
        if self.0 > WEIGHT_MAX {
            return Err(Error { line, message: "the document grows too large, or its aliases make it so".to_owned() });
        }
        Ok(())
    }
}

/// A number, if printing it gives the same text.
fn number(text: &str) -> Option<f64> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.to_string() == text)
}

/// The names that a map gives more than once, at the line of the second.
fn duplicates(entries: &[Entry]) -> Vec<Error> {
    let mut names: Vec<(&str, u32)> = entries.iter().map(|entry| (entry.key.as_str(), entry.line)).collect();
    names.sort();
    let twice = names.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    twice
        .map(|pair| Error { line: pair[1].1, message: format!("{:?} is given twice; the first, on line {}, is read", pair[1].0, pair[0].1) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Item {
        read(text.as_bytes()).unwrap().root
    }

    fn error(text: &str) -> Error {
        read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn every_value_knows_its_line() {
        for text in ["a:\n  b:\n    - c\n", "{\"a\":\n  {\"b\":\n    [\"c\"]}}"] {
            let root = root(text);
            let list = root.at(&["a", "b"]).unwrap();
            assert_eq!((list.elements()[0].line, list.elements()[0].text()), (3, Some("c")), "{text}");
            assert_eq!(root.get("a").unwrap().entries()[0].line, 2, "{text}");
        }
    }

    #[test]
    fn short_forms_read_as_the_functions_that_they_stand_for() {
        let root = root("a: !Ref X\nb: !GetAtt Y.Arn\nc: !Condition Z\nd: !Join [',', [!Sub '${X}', 1]]\n");
        assert_eq!(root.at(&["a", "Ref"]).unwrap().text(), Some("X"));
        assert_eq!(root.at(&["b", "Fn::GetAtt"]).unwrap().text(), Some("Y.Arn"));
        assert_eq!(root.at(&["c", "Condition"]).unwrap().text(), Some("Z"));
        let parts = root.at(&["d", "Fn::Join"]).unwrap().elements()[1].elements();
        assert_eq!(parts[0].get("Fn::Sub").unwrap().text(), Some("${X}"));
        assert_eq!(parts[1].content, Content::Number(1.0));
    }

    #[test]
    fn digits_that_may_matter_stay_text() {
        let root = root("[012345678901, 16.10, 0x1F, 1e3, 8000, -1, 0.5, 2012-10-17]");
        let read: Vec<Option<&str>> = root.elements().iter().map(Item::text).collect();
        assert_eq!(read, [Some("012345678901"), Some("16.10"), Some("0x1F"), Some("1e3"), None, None, None, Some("2012-10-17")]);
    }

    #[test]
    fn anchors_and_merge_keys_are_replaced() {
        let root = root("base: &b {x: 1, y: 2}\nother: {<<: *b, y: 3}\nsame: *b\n");
        assert_eq!(root.at(&["other", "x"]).unwrap().content, Content::Number(1.0));
        assert_eq!(root.at(&["other", "y"]).unwrap().content, Content::Number(3.0));
        assert_eq!(root.at(&["same", "y"]).unwrap().content, Content::Number(2.0));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let before = format!("*a{}, ", level - 1).repeat(9);
            text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        assert_eq!(error(&text).message, "the document grows too large, or its aliases make it so");
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(1000));
        assert_eq!(error(&long).line, 2);
        let nested: String = (0..95).map(|level| format!("&a{level} [")).collect();
        let copies = format!("{nested}{}{}", "1,".repeat(50_000), "]".repeat(95));
        assert_eq!(error(&copies).message, "the document grows too large, or its aliases make it so");
    }

    #[test]
    fn an_anchor_within_itself_is_refused() {
        assert!(read(b"a: &a [*a]\n").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        for text in ["[".repeat(5000), "- ".repeat(5000), "{\"a\":".repeat(5000)] {
            assert!(error(&text).message.contains("100 levels"), "{:?}", error(&text));
        }
    }

    #[test]
    fn a_name_given_twice_is_a_complaint_and_the_first_is_read() {
        for text in ["a: 1\nb: 2\na: 3\n", "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"] {
            let document = read(text.as_bytes()).unwrap();
            assert_eq!(document.root.get("a").unwrap().content, Content::Number(1.0));
            assert_eq!(document.complaints[0].to_string(), "line 3: \"a\" is given twice; the first, on line 1, is read");
        }
    }

    #[test]
    fn broken_documents_name_the_line() {
        assert_eq!(error("a: 1\nb: [1, 2\nc: 3\n").line, 3);
        assert_eq!(error("{\"a\": 1,\n \"b\": }").line, 2);
        assert_eq!(error("{\"a\": 1").line, 1);
        assert_eq!(read(b"a: 1\nb: \xff\n").unwrap_err().line, 2);
    }
}
