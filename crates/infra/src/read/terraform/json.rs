//! JSON with the line of every value, and JSON with holes: what a template that is only partly known leaves of a document.

use crate::attribute::{Attribute, Node};
use std::collections::BTreeMap;

/// Lists and objects within each other. Deeper files are refused rather than overflow the stack.
const DEPTH_MAX: u32 = 128;

/// Why a text is not JSON.
#[derive(Debug, PartialEq)]
pub(super) struct Broken {
    /// Its line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub message: String,
}

/// Reads a JSON file.
pub(super) fn parse(text: &str) -> Result<Node, Broken> {
    Parser { text, at: 0, line: 1, depth: 0, takes_holes: false }.document()
}

/// Reads JSON in which `${…}` may stand for a value or a part of a string; such values are unknown, the rest is as it is written.
/// `line` is the text's first.
pub(super) fn parse_with_holes(text: &str, line: u32) -> Result<Node, Broken> {
    Parser { text, at: 0, line, depth: 0, takes_holes: true }.document()
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    depth: u32,
    takes_holes: bool,
}

impl Parser<'_> {
    fn document(mut self) -> Result<Node, Broken> {
        let node = self.value()?;
        self.space();
        if self.at < self.text.len() { self.fail("something follows the end of the document") } else { Ok(node) }
    }

    fn value(&mut self) -> Result<Node, Broken> {
        self.space();
        let line = self.line;
        let attribute = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => self.string()?,
            Some(b'$') if self.takes_holes => Attribute::Unknown(self.hole()?.to_owned()),
            Some(b't') => self.word("true", Attribute::Bool(true))?,
            Some(b'f') => self.word("false", Attribute::Bool(false))?,
            Some(b'n') => self.word("null", Attribute::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return self.fail("a value was expected"),
            None => return self.fail("the document ends too early"),
        };
        Ok(Node::new(attribute, line))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Attribute, Broken>) -> Result<Attribute, Broken> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fail(&format!("more than {DEPTH_MAX} lists and objects within each other"));
        }
        self.at += 1;
        let attribute = read(self)?;
        self.depth -= 1;
        Ok(attribute)
    }

    fn object(&mut self) -> Result<Attribute, Broken> {
        let mut entries = BTreeMap::new();
        self.space();
        if self.take(b'}') {
            return Ok(Attribute::Map(entries));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.fail("a name in quotes was expected");
            }
            let name = match self.string()? {
                Attribute::Text(name) | Attribute::Unknown(name) => name,
                _ => return self.fail("a name in quotes was expected"),
            };
            self.space();
            if !self.take(b':') {
                return self.fail("':' was expected");
            }
            let value = self.value()?;
            entries.insert(name, value);
            self.space();
            if self.take(b'}') {
                return Ok(Attribute::Map(entries));
            }
            if !self.take(b',') {
                return self.fail("',' or '}' was expected");
            }
        }
    }

    fn list(&mut self) -> Result<Attribute, Broken> {
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Attribute::List(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.take(b']') {
                return Ok(Attribute::List(items));
            }
            if !self.take(b',') {
                return self.fail("',' or ']' was expected");
            }
        }
    }

    fn string(&mut self) -> Result<Attribute, Broken> {
        let start = self.at;
        let mut has_escape = false;
        let mut has_hole = false;
        self.at += 1;
        loop {
            match self.peek() {
                None => return self.fail("a string has no end"),
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escape = true;
                    self.at += 2;
                }
                Some(b'$') if self.takes_holes && self.text[self.at..].starts_with("${") => {
                    has_hole = true;
                    self.hole()?;
                }
                Some(byte) => {
                    self.line += u32::from(byte == b'\n');
                    self.at += 1;
                }
            }
        }
        let inner = &self.text[start + 1..self.at];
        self.at += 1;
        if has_hole {
            return Ok(Attribute::Unknown(inner.to_owned()));
        }
        if !has_escape {
            return Ok(Attribute::Text(inner.to_owned()));
        }
        match serde_json::from_str::<String>(&self.text[start..self.at]) {
            Ok(text) => Ok(Attribute::Text(text)),
            Err(_) => self.fail("a string has an escape that JSON does not know"),
        }
    }

    /// `${…}` with whatever braces and quotes are inside.
    fn hole(&mut self) -> Result<&str, Broken> {
        let start = self.at;
        let mut open = 0_u32;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'{' => open += 1,
                b'}' if open <= 1 => return Ok(&self.text[start..self.at]),
                b'}' => open -= 1,
                b'\n' => self.line += 1,
                _ => {}
            }
        }
        self.fail("${ has no end")
    }

    fn number(&mut self) -> Result<Attribute, Broken> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        match self.text[start..self.at].parse() {
            Ok(number) => Ok(Attribute::Number(number)),
            Err(_) => self.fail("a number was expected"),
        }
    }

    fn word(&mut self, word: &str, attribute: Attribute) -> Result<Attribute, Broken> {
        if !self.text[self.at..].starts_with(word) {
            return self.fail("a value was expected");
        }
        self.at += word.len();
        Ok(attribute)
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fail<T>(&self, message: &str) -> Result<T, Broken> {
        Err(Broken { line: self.line, message: message.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_line() {
        let node = parse("{\n  \"a\": [1,\n true, null],\n \"b\": \"x\\n\\u00e9\"\n}").unwrap();
        let list = node.get("a").unwrap();
        assert_eq!((list.line, list.items()[1].line), (2, 3));
        assert_eq!(node.get("b").unwrap().attribute, Attribute::Text("x\né".to_owned()));
    }

    #[test]
    fn broken_documents_tell_their_line() {
        assert_eq!(parse("{\n\"a\": \n}").unwrap_err().line, 3);
        assert_eq!(parse("{\"a\": 1} x").unwrap_err().message, "something follows the end of the document");
        for text in ["", "{", "[1,", "\"a", "\"a\\", "tru", "-", "{\"a\"}", "[1 2]"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_documents_are_refused() {
        assert!(parse(&"[".repeat(100_000)).unwrap_err().message.contains("within each other"));
    }

    #[test]
    fn a_hole_leaves_the_rest_of_the_document_known() {
        let text = "{\"Action\": \"s3:GetObject\",\n\"Resource\": \"${aws_s3_bucket.b[\"x\"].arn}/*\", \"Port\": ${var.port}}";
        let node = parse_with_holes(text, 7).unwrap();
        assert_eq!(node.get("Action").unwrap().attribute, Attribute::Text("s3:GetObject".to_owned()));
        assert_eq!(node.get("Resource").unwrap().attribute, Attribute::Unknown("${aws_s3_bucket.b[\"x\"].arn}/*".to_owned()));
        assert_eq!(node.get("Port").unwrap(), &Node::new(Attribute::Unknown("${var.port}".to_owned()), 8));
        assert!(parse("{\"Port\": ${var.port}}").is_err());
    }
}
