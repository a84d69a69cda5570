//! JSON with lines.

use super::{Content, DEPTH_MAX, Document, Entry, Error, Item, Weight, duplicates};

/// Reads JSON as RFC 8259 has it.
pub(super) fn read(text: &str) -> Result<Document, Error> {
    let mut reader = Reader { text, at: 0, line: 1, weight: Weight::default(), complaints: Vec::new() };
    let root = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("something follows the end of the JSON"));
    }
    Ok(Document { root, complaints: reader.complaints })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    weight: Weight,
    complaints: Vec<Error>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Item, Error> {
        if depth > DEPTH_MAX {
            return Err(self.error(&format!("more than {DEPTH_MAX} levels")));
        }
        self.skip_space();
        let line = self.line;
        self.weight.add(Weight(1), line)?;
        let content = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Content::Text(self.text()?),
            Some(b't') => self.word("true", Content::Bool(true))?,
            Some(b'f') => self.word("false", Content::Bool(false))?,
            Some(b'n') => self.word("null", Content::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return Err(self.error("a value is expected here")),
            None => return Err(self.error("the file ends where a value is expected")),
        };
        Ok(Item { line, content })
    }

    fn map(&mut self, depth: usize) -> Result<Content, Error> {
        self.at += 1;
        let mut entries = Vec::new();
        self.skip_space();
        while self.peek() != Some(b'}') {
            if self.peek() != Some(b'"') {
                return Err(self.error("a name in double quotes is expected here"));
            }
            let line = self.line;
            let key = self.text()?;
            self.skip_space();
            self.expect(b':', "a colon is expected after the name")?;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, line, value });
            self.separator(b'}', "a comma or the end of the map is expected here")?;
        }
        self.at += 1;
        self.complaints.extend(duplicates(&entries));
        Ok(Content::Map(entries))
    }

    fn list(&mut self, depth: usize) -> Result<Content, Error> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        while self.peek() != Some(b']') {
            items.push(self.value(depth + 1)?);
            self.separator(b']', "a comma or the end of the list is expected here")?;
        }
        self.at += 1;
        Ok(Content::List(items))
    }

    /// Goes past a comma, or stays before the end.
    fn separator(&mut self, end: u8, expected: &str) -> Result<(), Error> {
        self.skip_space();
        if self.peek() == Some(end) {
            return Ok(());
        }
        self.expect(b',', expected)?;
        self.skip_space();
        if self.peek() == Some(end) {
            return Err(self.error("nothing follows the comma"));
        }
        Ok(())
    }

    fn text(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(|c: char| c == '"' || c == '\\' || c < ' ') else {
                return Err(self.error("the text has no end"));
            };
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.error("a text cannot hold a line break or another control character")),
            }
        }
        self.at += 1;
        self.weight.add(Weight::of_text(&text), self.line)?;
        Ok(text)
    }

    fn escape(&mut self) -> Result<char, Error> {
        let escaped = self.text.as_bytes().get(self.at + 1).copied();
        self.at += 2;
        Ok(match escaped {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(plain @ (b'"' | b'\\' | b'/')) => plain as char,
            Some(b'u') => {
                let first = self.hex()?;
                let is_high_surrogate = (0xd800..0xdc00).contains(&first);
                if is_high_surrogate && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let second = self.hex()?;
                    let joined = 0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00) % 0x400;
                    return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.error("there is no such escape")),
        })
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let value = value.ok_or_else(|| self.error("four hexadecimal digits are expected after \\u"))?;
        self.at += 4;
        Ok(value)
    }

    fn number(&mut self) -> Result<Content, Error> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let written = &rest[..length];
        let number: f64 = written.parse().map_err(|_| self.error(&format!("{written:?} is not a number")))?;
        self.at += length;
        Ok(Content::Number(number))
    }

    fn word(&mut self, word: &str, content: Content) -> Result<Content, Error> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.error("a value is expected here"));
        }
        self.at += word.len();
        Ok(content)
    }

    fn expect(&mut self, byte: u8, message: &str) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(self.error(message));
        }
        self.at += 1;
        Ok(())
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, message: &str) -> Error {
        Error { line: self.line, message: message.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        let read = read(r#""a\n\u00e9\ud83d\ude00\/\"""#).unwrap();
        assert_eq!(read.root.text(), Some("a\né😀/\""));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["{,}", "[1,]", "{\"a\" 1}", "[1] 2", "\"a", "tru", "{a: 1}", "[1", "\"\\u12\"", "\"\\é\"", "-", ""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
