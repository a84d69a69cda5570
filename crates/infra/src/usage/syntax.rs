//! Words, strings and signs of a source text, without its comments: enough grammar to tell use from mention, in one lexer for all
//! languages, each a row of a table.

use super::entries::Language;
use std::collections::BTreeMap;

/// Rust's own limit.
const RAW_HASHES_MAX: usize = 255;

/// What the lexer must know of a language.
pub(super) struct Syntax {
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    /// Whether block comments may hold others.
    nests: bool,
    /// The longest opening first.
    quotes: &'static [Quote],
    /// Characters of words beside letters, digits and `_`.
    word_extra: &'static [u8],
    /// Letters that may stand before a string and belong to it.
    string_prefixes: &'static [u8],
    has_docstrings: bool,
    has_regex_literals: bool,
    /// Strings of the form `r#"…"#`.
    has_hashed_raw: bool,
}

struct Quote {
    open: &'static str,
    escapes: bool,
    /// Whether it may go over several lines.
    lines: bool,
    /// A character, not a text: at most a few bytes, else the quote is a sign (Rust's lifetimes).
    is_character: bool,
}

const fn text(open: &'static str) -> Quote {
    Quote { open, escapes: true, lines: false, is_character: false }
}

const fn lines(open: &'static str) -> Quote {
    Quote { open, escapes: true, lines: true, is_character: false }
}

const fn raw(open: &'static str) -> Quote {
    Quote { open, escapes: false, lines: true, is_character: false }
}

const fn character(open: &'static str) -> Quote {
    Quote { open, escapes: true, lines: false, is_character: true }
}

const NONE: Syntax = Syntax {
    line_comments: &[],
    block_comment: None,
    nests: false,
    quotes: &[],
    word_extra: &[],
    string_prefixes: &[],
    has_docstrings: false,
    has_regex_literals: false,
    has_hashed_raw: false,
};
const C_LIKE: Syntax = Syntax { line_comments: &["//"], block_comment: Some(("/*", "*/")), ..NONE };

static PYTHON: Syntax = Syntax {
    line_comments: &["#"],
    quotes: &[lines("\"\"\""), lines("'''"), text("\""), text("'")],
    string_prefixes: b"rRbBuUfFtT",
    has_docstrings: true,
    ..NONE
};
static JAVASCRIPT: Syntax = Syntax { quotes: &[text("\""), text("'"), lines("`")], word_extra: b"$", has_regex_literals: true, ..C_LIKE };
static GO: Syntax = Syntax { quotes: &[text("\""), raw("`"), character("'")], ..C_LIKE };
static JAVA: Syntax = Syntax { quotes: &[lines("\"\"\""), text("\""), character("'")], ..C_LIKE };
static RUST: Syntax = Syntax { quotes: &[lines("\""), character("'")], nests: true, string_prefixes: b"b", has_hashed_raw: true, ..C_LIKE };
static HCL: Syntax = Syntax { line_comments: &["#", "//"], quotes: &[text("\"")], word_extra: b"-", ..C_LIKE };
// JSON with comments is read as people write it; JSON itself has none.
static JSON: Syntax = Syntax { quotes: &[text("\"")], ..C_LIKE };

impl Syntax {
    /// The syntax of a language that is read by tokens.
    pub(super) fn of(language: Language) -> Option<&'static Syntax> {
        Some(match language {
            Language::Python => &PYTHON,
            Language::JavaScript => &JAVASCRIPT,
            Language::Go => &GO,
            Language::Java => &JAVA,
            Language::Rust => &RUST,
            Language::Hcl => &HCL,
            Language::Json => &JSON,
            Language::Yaml | Language::Toml | Language::Env | Language::Ini | Language::Shell | Language::Dockerfile => return None,
        })
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// A name, keyword or number.
    Word,
    /// A string's content, between its quotes, escapes as written.
    Text,
    /// A single sign.
    Sign,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) lexeme: Lexeme,
    pub(super) text: &'t str,
    /// The line it begins on, from 1.
    pub(super) line: u32,
    line_end: u32,
    /// Whether nothing but space stands before it on its line.
    pub(super) is_first: bool,
}

impl Token<'_> {
    /// Whether it is this word or sign; a string never is.
    pub(super) fn is(&self, text: &str) -> bool {
        self.lexeme != Lexeme::Text && self.text == text
    }
}

/// The tokens of a text, comments and docstrings left out. Broken text gives odd tokens, never an error.
pub(super) fn tokens<'t>(syntax: &Syntax, source: &'t str) -> Vec<Token<'t>> {
    let mut lexer = Lexer { syntax, source, at: 0, line: 1, is_first: true, tokens: Vec::new(), unclosed: BTreeMap::new() };
    lexer.run();
    let mut tokens = lexer.tokens;
    if syntax.has_docstrings {
        remove_docstrings(&mut tokens);
    }
    if syntax.has_hashed_raw {
        remove_rust_tests(&mut tokens);
    }
    tokens
}

struct Lexer<'s, 't> {
    syntax: &'s Syntax,
    source: &'t str,
    at: usize,
    line: u32,
    is_first: bool,
    tokens: Vec<Token<'t>>,
    /// Openings whose close was looked for in vain, with how far. Without it a text of nothing but openings takes its length squared.
    unclosed: BTreeMap<(&'static str, usize), usize>,
}

impl<'t> Lexer<'_, 't> {
    fn run(&mut self) {
        while let Some(&byte) = self.source.as_bytes().get(self.at) {
            let rest = &self.source.as_bytes()[self.at..];
            if byte == b'\n' {
                self.line += 1;
                self.at += 1;
                self.is_first = true;
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else if self.syntax.line_comments.iter().any(|open| rest.starts_with(open.as_bytes())) {
                self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            } else if let Some((open, close)) = self.syntax.block_comment.filter(|(open, _)| rest.starts_with(open.as_bytes())) {
                self.block_comment(open, close);
            } else if self.is_in_word(byte) {
                self.word(rest);
            } else if self.quoted(rest, 0) || self.regex_literal(rest) {
            } else {
                let length = self.source[self.at..].chars().next().map_or(1, char::len_utf8);
                self.push(Lexeme::Sign, self.at, self.at + length, self.line);
                self.at += length;
            }
        }
    }

    fn is_in_word(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'_' || self.syntax.word_extra.contains(&byte)
    }

    fn push(&mut self, lexeme: Lexeme, from: usize, to: usize, line: u32) {
        let token = Token { lexeme, text: &self.source[from..to], line, line_end: self.line, is_first: self.is_first };
        self.tokens.push(token);
        self.is_first = false;
    }

    fn block_comment(&mut self, open: &str, close: &str) {
        let bytes = self.source.as_bytes();
        let mut depth = 0;
        while self.at < bytes.len() {
            if bytes[self.at..].starts_with(close.as_bytes()) {
                self.at += close.len();
                depth -= 1;
                if depth == 0 {
                    return;
                }
            } else if bytes[self.at..].starts_with(open.as_bytes()) && (depth == 0 || self.syntax.nests) {
                self.at += open.len();
                depth += 1;
            } else {
                self.line += u32::from(bytes[self.at] == b'\n');
                self.at += 1;
            }
        }
    }

    fn word(&mut self, rest: &[u8]) {
        let length = rest.iter().position(|b| !self.is_in_word(*b)).unwrap_or(rest.len());
        if length <= 2 && rest[..length].iter().all(|b| self.syntax.string_prefixes.contains(b)) && self.quoted(rest, length) {
            return;
        }
        if self.syntax.has_hashed_raw && matches!(&rest[..length], b"r" | b"br" | b"cr") && self.hashed_raw(rest, length) {
            return;
        }
        self.push(Lexeme::Word, self.at, self.at + length, self.line);
        self.at += length;
    }

    /// Takes a string whose quote stands `before` bytes from here; false when there is none.
    fn quoted(&mut self, rest: &[u8], before: usize) -> bool {
        let Some(quote) = self.syntax.quotes.iter().find(|quote| rest[before..].starts_with(quote.open.as_bytes())) else { return false };
        let escapes = quote.escapes && !rest[..before].iter().any(|b| matches!(b, b'r' | b'R'));
        let close = quote.open.as_bytes();
        if self.is_unclosed(quote.open, 0) {
            return false;
        }
        let from = before + close.len();
        let mut at = from;
        let mut newlines = 0;
        loop {
            match rest.get(at) {
                None => return self.give_up(quote.open, 0, rest.len()),
                Some(b'\\') if escapes => {
                    newlines += u32::from(rest.get(at + 1) == Some(&b'\n'));
                    at += 2;
                }
                Some(_) if rest[at..].starts_with(close) => break,
                Some(b'\n') if !quote.lines => return self.give_up(quote.open, 0, at),
                Some(byte) => {
                    newlines += u32::from(*byte == b'\n');
                    at += 1;
                }
            }
            if quote.is_character && at - from > 10 {
                return false;
            }
        }
        // A lifetime followed by another, `<'a>(x: &'b`, looks like a character of several letters.
        if quote.is_character && rest[from] != b'\\' && std::str::from_utf8(&rest[from..at]).map_or(0, |text| text.chars().count()) != 1 {
            return false;
        }
        let begins = self.line;
        self.line += newlines;
        self.push(Lexeme::Text, self.at + from, self.at + at, begins);
        self.at += at + close.len();
        true
    }

    /// Takes a string such as `r#"…"#` whose prefix has this length.
    fn hashed_raw(&mut self, rest: &[u8], prefix: usize) -> bool {
        let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
        let from = prefix + hashes + 1;
        if rest.get(from - 1) != Some(&b'"') || hashes > RAW_HASHES_MAX || self.is_unclosed("r#", hashes) {
            return false;
        }
        let close = format!("\"{}", "#".repeat(hashes));
        let Some(length) = self.source[self.at + from..].find(&close) else { return self.give_up("r#", hashes, rest.len()) };
        let begins = self.line;
        self.line += rest[from..from + length].iter().filter(|b| **b == b'\n').count() as u32;
        self.push(Lexeme::Text, self.at + from, self.at + from + length, begins);
        self.at += from + length + close.len();
        true
    }

    /// Skips a regular expression, whose quotes would begin strings. A slash after a value divides.
    fn regex_literal(&mut self, rest: &[u8]) -> bool {
        if !self.syntax.has_regex_literals || rest[0] != b'/' {
            return false;
        }
        let divides = match self.tokens.last() {
            None => false,
            Some(last) => match last.lexeme {
                Lexeme::Text => true,
                Lexeme::Word => !matches!(last.text, "return" | "typeof" | "case" | "in" | "of"),
                Lexeme::Sign => matches!(last.text, ")" | "]" | "}"),
            },
        };
        if divides || self.is_unclosed("/", 0) {
            return false;
        }
        let mut is_in_class = false;
        let mut at = 1;
        while let Some(byte) = rest.get(at) {
            match byte {
                b'\n' => return self.give_up("/", 0, at),
                b'\\' => at += 1,
                b'[' => is_in_class = true,
                b']' => is_in_class = false,
                b'/' if !is_in_class => {
                    self.at += at + 1;
                    return true;
                }
                _ => {}
            }
            at += 1;
        }
        self.give_up("/", 0, rest.len())
    }

    fn is_unclosed(&self, open: &'static str, hashes: usize) -> bool {
        self.unclosed.get(&(open, hashes)).is_some_and(|until| self.at < *until)
    }

    /// Remembers that this opening has no close in the next bytes, and says so.
    fn give_up(&mut self, open: &'static str, hashes: usize, bytes: usize) -> bool {
        self.unclosed.insert((open, hashes), self.at + bytes);
        false
    }
}

/// Removes what Rust compiles for tests only: the item after `#[cfg(test)]`, up to the end of its block.
fn remove_rust_tests(tokens: &mut Vec<Token<'_>>) {
    const ATTRIBUTE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let begins = tokens[at].is("#") && ATTRIBUTE.iter().enumerate().all(|(index, sign)| tokens.get(at + index).is_some_and(|t| t.is(sign)));
        if !begins {
            kept.push(tokens[at]);
            at += 1;
            continue;
        }
        let mut depth = 0_i32;
        at += ATTRIBUTE.len();
        while let Some(token) = tokens.get(at) {
            at += 1;
            depth += i32::from(token.is("{")) - i32::from(token.is("}"));
            // `#[cfg(test)] mod tests;` has no block.
            if depth == 0 && (token.is("}") || token.is(";")) {
                break;
            }
        }
    }
    *tokens = kept;
}

/// Removes strings that are statements by themselves: Python's docstrings, and texts that only comment.
fn remove_docstrings(tokens: &mut Vec<Token<'_>>) {
    let mut depth = 0_i32;
    let mut is_prose = vec![false; tokens.len()];
    let mut heads_line = "";
    for (at, token) in tokens.iter().enumerate() {
        if token.is_first {
            heads_line = token.text;
        }
        match (token.lexeme, token.text) {
            (Lexeme::Sign, "(" | "[" | "{") => depth += 1,
            (Lexeme::Sign, ")" | "]" | "}") => depth = (depth - 1).max(0),
            (Lexeme::Text, _) if depth == 0 && token.is_first => {
                let continues = at > 0 && tokens[at - 1].is("\\");
                let stands_alone = tokens.get(at + 1).is_none_or(|next| next.line > token.line_end);
                is_prose[at] = !continues && stands_alone;
            }
            // A docstring on the line of its function: `def f(): "…"`.
            (Lexeme::Text, _) if depth == 0 && at > 0 && tokens[at - 1].is(":") => {
                is_prose[at] = matches!(heads_line, "def" | "class" | "async");
            }
            _ => {}
        }
    }
    let mut flags = is_prose.into_iter();
    tokens.retain(|_| !flags.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(language: Language, source: &str) -> Vec<(u32, String)> {
        let tokens = tokens(Syntax::of(language).unwrap(), source);
        tokens.iter().filter(|t| t.lexeme == Lexeme::Text).map(|t| (t.line, t.text.to_owned())).collect()
    }

    fn check(language: Language, source: &str, expected: &[(u32, &str)]) {
        let expected: Vec<(u32, String)> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
        assert_eq!(texts(language, source), expected, "{source}");
    }

    #[test]
    fn comments_and_docstrings_are_not_read() {
        check(Language::Python, "'''module\n\"a\"'''\ndef f():\n    \"\"\"doc 'b'\"\"\"\n    return g('c')  # 'd'\n", &[(5, "c")]);
        check(Language::Python, "x = (\n  'a'\n  'b'\n)\n'prose'\ndef f(): 'doc'\n", &[(2, "a"), (3, "b")]);
        check(Language::Python, "r'\\' + f\"{x}\" + 'it\\'s'", &[(1, "\\"), (1, "{x}"), (1, "it\\'s")]);
        check(Language::JavaScript, "a('x') // 'y'\n/* 'z'\n */ b(`l1\nl2`); c(\"w\")", &[(1, "x"), (3, "l1\nl2"), (4, "w")]);
        check(Language::JavaScript, "const r = /['\"]/g; f('x'); const q = a / b; g('y')", &[(1, "x"), (1, "y")]);
        check(Language::JavaScript, "<p>Don't</p>\nf('x')", &[(2, "x")]);
        check(Language::Go, "f(`raw \\`, \"a\\\"b\", 'c') // \"no\"", &[(1, "raw \\"), (1, "a\\\"b"), (1, "c")]);
        check(Language::Java, "/** \"doc\" */ f(\"\"\"\n text\n\"\"\"); g('x', \"y\")", &[(1, "\n text\n"), (3, "x"), (3, "y")]);
        check(
            Language::Rust,
            "/* a /* \"b\" */ \"c\" */ fn f<'a>(x: &'a str) { g(\"d\", 'e', r#\"f \"g\" \"#, b\"h\") }",
            &[(1, "d"), (1, "e"), (1, "f \"g\" "), (1, "h")],
        );
        check(Language::Rust, "f(\"a\"); #[cfg(test)] mod tests { fn g() { h(\"b\"); } } #[cfg(test)] mod more; i(\"c\")", &[(1, "a"), (1, "c")]);
        check(Language::Hcl, "a = \"x\" # \"y\"\n// \"z\"\nb = \"w\"", &[(1, "x"), (3, "w")]);
    }

    #[test]
    fn broken_text_ends() {
        for language in [Language::Python, Language::JavaScript, Language::Go, Language::Java, Language::Rust, Language::Hcl, Language::Json] {
            for source in ["\"", "'", "`x", "/* ", "r#\"", "\"\"\"a", "\"a\\", "/", "/[", "é'é", "b'", "\\"] {
                tokens(Syntax::of(language).unwrap(), source);
            }
        }
    }
}
