//! Entries of files that are read line by line: YAML, environment files, TOML, INI, shell scripts, Dockerfiles.

use super::entries::{Entry, Language};

/// The entries of a text, comments left out. A line without a name and a value is an entry without a name.
pub(super) fn entries(language: Language, text: &str) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    // The instruction of a Dockerfile whose line goes on.
    let mut instruction = None;
    for (number, line) in text.lines().enumerate() {
        let line = without_comment(language, line).trim();
        if line.is_empty() {
            continue;
        }
        let number = number as u32 + 1;
        match language {
            Language::Dockerfile => instruction = dockerfile(line, instruction, number, &mut entries),
            _ => entries.push(entry(language, line, number)),
        }
    }
    entries
}

/// The line up to its comment. In shell-like languages a `#` begins one only at the start or after a space, and not between quotes.
fn without_comment(language: Language, line: &str) -> &str {
    let signs: &[u8] = if language == Language::Ini { b"#;" } else { b"#" };
    if language == Language::Dockerfile {
        // A Dockerfile has comments of whole lines only.
        return if line.trim_start().starts_with('#') { "" } else { line };
    }
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in line.bytes().enumerate() {
        match (byte, quote) {
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            // An apostrophe inside a word opens nothing.
            (b'"' | b'\'', None) if !before.is_ascii_alphanumeric() => quote = Some(byte),
            (_, None) if signs.contains(&byte) && before.is_ascii_whitespace() => return &line[..at],
            _ => {}
        }
        before = byte;
    }
    line
}

fn entry(language: Language, line: &str, number: u32) -> Entry<'_> {
    let line = line.trim_start_matches("- ").trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let colon = if language == Language::Yaml { line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, ""))) } else { None };
    let pair = colon.or_else(|| line.split_once('='));
    match pair.map(|(name, value)| (unquoted(name), value)) {
        // A name has no spaces; else it is prose or a command.
        Some((name, value)) if !name.is_empty() && !name.contains(char::is_whitespace) => named(name, value, number, language == Language::Env),
        _ => named("", line, number, false),
    }
}

/// `${AWS_REGION:-us-east-1}` is a default for another name.
fn named<'t>(name: &'t str, value: &'t str, line: u32, is_default: bool) -> Entry<'t> {
    let value = unquoted(value);
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).and_then(|inner| inner.split_once('-'));
    match inner {
        Some((variable, fallback)) => Entry { name: variable.trim_end_matches(':'), value: unquoted(fallback), line, is_default: true },
        None => Entry { name, value, line, is_default },
    }
}

/// Adds what a line says. `before` is the instruction that the line before left open; what comes back is the one that this leaves open.
fn dockerfile<'t>(line: &'t str, before: Option<&'t str>, number: u32, entries: &mut Vec<Entry<'t>>) -> Option<&'t str> {
    let (line, goes_on) = line.strip_suffix('\\').map_or((line, false), |line| (line.trim_end(), true));
    let (instruction, rest) = match before {
        Some(instruction) => (instruction, line),
        None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
    };
    instruction_of(instruction, rest.trim(), number, entries);
    goes_on.then_some(instruction)
}

fn instruction_of<'t>(instruction: &'t str, rest: &'t str, number: u32, entries: &mut Vec<Entry<'t>>) {
    let is_argument = instruction.eq_ignore_ascii_case("ARG");
    if !is_argument && !instruction.eq_ignore_ascii_case("ENV") {
        entries.push(Entry { name: instruction, value: rest, line: number, is_default: false });
        return;
    }
    let first = rest.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        // The old form, one variable and the rest of the line.
        let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        entries.push(Entry { name, value: unquoted(value), line: number, is_default: true });
        return;
    }
    for (name, value) in rest.split_whitespace().filter_map(|pair| pair.split_once('=')) {
        entries.push(Entry { name, value: unquoted(value), line: number, is_default: true });
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim().trim_end_matches(',');
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str, expected: &[(&str, &str, bool)]) {
        let found: Vec<_> = entries(language, text).iter().map(|e| (e.name, e.value, e.is_default)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_and_values_are_found_and_comments_are_not() {
        check(
            Language::Env,
            "# AWS_REGION=x\nexport AWS_REGION=us-east-1 # here\nKEY='a # b'\n",
            &[("AWS_REGION", "us-east-1", true), ("KEY", "a # b", true)],
        );
        check(
            Language::Yaml,
            "env:\n  A: \"x\" # y\n  - B=z\n  - it's prose # no\n",
            &[("env", "", false), ("A", "x", false), ("B", "z", false), ("", "it's prose", false)],
        );
        check(Language::Yaml, "  - AWS_REGION=${AWS_REGION:-us-east-1}", &[("AWS_REGION", "us-east-1", true)]);
        check(Language::Toml, "model = \"m\" # n", &[("model", "m", false)]);
        check(Language::Ini, "; no\n# no\nregion=eu-west-1", &[("region", "eu-west-1", false)]);
        check(
            Language::Dockerfile,
            "# no\nFROM a AS b\nENV A=1 B=\"2\"\nENV C 3 4\nARG D=5",
            &[("FROM", "a AS b", false), ("A", "1", true), ("B", "2", true), ("C", "3 4", true), ("D", "5", true)],
        );
        check(
            Language::Dockerfile,
            "ENV A=1 \\\n    # no\n    B=2\nRUN x && \\\n    y",
            &[("A", "1", true), ("B", "2", true), ("RUN", "x &&", false), ("RUN", "y", false)],
        );
    }
}
