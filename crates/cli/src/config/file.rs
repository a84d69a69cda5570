//! Reading the TOML file into flat keys, each with its line.

use crate::exit::Failure;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A value as it stands in a file.
pub(super) struct Line {
    pub(super) key: String,
    /// The value as text; `Err` when it is not a single value.
    pub(super) value: Result<String, ()>,
    pub(super) line: usize,
}

/// The file's lines, tables flattened: `[openai] base_url` is `openai.base_url`.
///
/// # Errors
/// The text is not TOML.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Line>, Failure> {
    let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(span.start));
        Failure::usage(format!("{}:{line}: {}", path.display(), error.message()))
    })?;
    let mut lines = Vec::new();
    let mut tables = vec![(String::new(), table.into_inner())];
    while let Some((prefix, table)) = tables.pop() {
        for (name, value) in table {
            let line = line_of(name.span().start);
            let key = format!("{prefix}{}", name.into_inner());
            let value = match value.into_inner() {
                DeValue::Table(inner) => {
                    tables.push((format!("{key}."), inner));
                    continue;
                }
                DeValue::String(text) => Ok(text.into_owned()),
                DeValue::Integer(number) => Ok(number.as_str().replace('_', "")),
                DeValue::Float(number) => Ok(number.as_str().replace('_', "")),
                DeValue::Boolean(truth) => Ok(truth.to_string()),
                DeValue::Datetime(time) => Ok(time.to_string()),
                DeValue::Array(_) => Err(()),
            };
            lines.push(Line { key, value, line });
        }
    }
    lines.sort_by_key(|line| line.line);
    Ok(lines)
}
