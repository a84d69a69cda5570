//! Templates and the files they may come from.

use super::{ALL_NAMES, Binding, Evaluated, Evaluator, Scope, entries, reference_text, truth};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::syntax::{self, Piece};
use crate::read::terraform::tree::joined;
use std::fmt::Write as _;

/// A text that grows beyond this is left unknown. AWS takes 16 KB of user data and 64 KB of most documents.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;

/// A text in the making. Parts that are not known become holes, `${why}`.
#[derive(Default)]
pub(crate) struct Text {
    text: String,
    has_hole: bool,
}

impl Text {
    pub(crate) fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a value as Terraform writes it into a text.
    pub(crate) fn push(&mut self, node: &Node) -> Result<(), String> {
        match &node.attribute {
            Attribute::Text(text) => self.text.push_str(text),
            Attribute::Number(_) | Attribute::Bool(_) => self.text.push_str(node.text().known().map_or("", String::as_str)),
            Attribute::Unknown(why) => self.push_hole(why),
            Attribute::Reference { resource, attribute } => self.push_hole(&reference_text(resource, attribute.as_deref())),
            // The JSON of a value is the value itself until a text is made of it.
            Attribute::List(_) | Attribute::Map(_) => self.has_hole |= json_text(&mut self.text, node),
            Attribute::Null => return Err("null has no text".to_owned()),
        }
        if self.text.len() > TEXT_BYTES_MAX { Err(format!("a text is longer than {TEXT_BYTES_MAX} bytes")) } else { Ok(()) }
    }

    fn push_hole(&mut self, why: &str) {
        self.has_hole = true;
        push_hole(&mut self.text, why);
    }

    pub(crate) fn finish(self, line: u32) -> Node {
        Node::new(if self.has_hole { Attribute::Unknown(self.text) } else { Attribute::Text(self.text) }, line)
    }
}

/// A reason that is a text with holes is that text; any other is a hole.
fn push_hole(text: &mut String, why: &str) {
    if why.contains("${") {
        text.push_str(why);
    } else {
        let _ = write!(text, "${{{why}}}");
    }
}

/// Writes a value as JSON, unknown parts as holes. Says whether there was one.
pub(crate) fn json_text(text: &mut String, node: &Node) -> bool {
    match &node.attribute {
        Attribute::Null => text.push_str("null"),
        Attribute::Bool(_) | Attribute::Number(_) => text.push_str(node.text().known().map_or("", String::as_str)),
        Attribute::Text(value) => text.push_str(&serde_json::Value::from(value.as_str()).to_string()),
        Attribute::Unknown(why) => {
            text.push('"');
            push_hole(text, why);
            text.push('"');
            return true;
        }
        Attribute::Reference { resource, attribute } => {
            let _ = write!(text, "\"${{{}}}\"", reference_text(resource, attribute.as_deref()));
            return true;
        }
        Attribute::List(items) => {
            let mut has_hole = false;
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                has_hole |= json_text(text, item);
            }
            text.push(']');
            return has_hole;
        }
        Attribute::Map(entries) => {
            let mut has_hole = false;
            text.push('{');
            for (index, (name, item)) in entries.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                let _ = write!(text, "{}:", serde_json::Value::from(name.as_str()));
                has_hole |= json_text(text, item);
            }
            text.push('}');
            return has_hole;
        }
    }
    false
}

impl Evaluator<'_> {
    pub(super) fn template(&self, pieces: &[Piece], scope: Scope<'_>, line: u32) -> Evaluated {
        // "${x}" is x itself, of whatever type.
        if let [Piece::Insert(expression)] = pieces {
            return self.evaluate(expression, scope);
        }
        let mut text = Text::default();
        if let Some(why) = self.pieces(&mut text, pieces, scope)? {
            return Ok(Node::new(Attribute::Unknown(why), line));
        }
        self.spend(text.text.len() as u64 / 64)?;
        Ok(text.finish(line))
    }

    /// Adds pieces; an unknown condition or collection makes the whole text unknown, and is returned.
    fn pieces(&self, text: &mut Text, pieces: &[Piece], scope: Scope<'_>) -> Result<Option<String>, String> {
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_text(part),
                Piece::Insert(expression) => text.push(&self.resolved(self.evaluate(expression, scope)?))?,
                Piece::If { condition, then, otherwise } => {
                    let holds = match truth(&self.resolved(self.evaluate(condition, scope)?))? {
                        Ok(holds) => holds,
                        Err(why) => return Ok(Some(why)),
                    };
                    if let Some(why) = self.pieces(text, if holds { then } else { otherwise }, scope)? {
                        return Ok(Some(why));
                    }
                }
                Piece::For { key_name, value_name, collection, body } => {
                    let entries = match entries(self.resolved(self.evaluate(collection, scope)?))? {
                        Ok(entries) => entries,
                        Err(why) => return Ok(Some(why)),
                    };
                    for (key, value) in entries {
                        let outer = Binding { name: key_name.as_deref().unwrap_or(""), node: key, outer: scope.names };
                        let binding = Binding { name: value_name, node: value, outer: Some(&outer) };
                        self.spend(1)?;
                        if let Some(why) = self.pieces(text, body, Scope { module: scope.module, names: Some(&binding) })? {
                            return Ok(Some(why));
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// The functions that read files: of the files that were given, else unknown.
    pub(super) fn of_file(&self, name: &str, arguments: &[Node], scope: Scope<'_>, line: u32) -> Evaluated {
        let unknown = |why: String| Ok(Node::new(Attribute::Unknown(why), line));
        let path = match arguments.first().map(|path| self.resolved(path.clone()).attribute) {
            Some(Attribute::Text(path)) => path,
            Some(Attribute::Unknown(why)) => return unknown(why),
            _ => return Err(format!("{name} needs a path")),
        };
        let root = self.root_folder(scope.module);
        let bytes = joined(&root, &path).and_then(|path| self.files.get(&path));
        let Some(text) = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).filter(|text| text.len() <= TEXT_BYTES_MAX) else {
            return unknown(format!("{name}({path:?})"));
        };
        match name {
            "fileexists" => Ok(Node::new(Attribute::Bool(true), line)),
            "file" => Ok(Node::new(Attribute::Text(text.to_owned()), line)),
            "templatefile" => {
                let Ok(template) = syntax::template_from_hcl(text, 1) else { return unknown(format!("{name}({path:?})")) };
                let values = arguments.get(1).ok_or_else(|| format!("{name} needs values"))?;
                if !matches!(values.attribute, Attribute::Map(_)) {
                    return unknown(format!("{name}({path:?})"));
                }
                // A template sees the values that it is given and nothing else.
                let binding = Binding { name: ALL_NAMES, node: values.clone(), outer: None };
                let made = self.evaluate(&template, Scope { module: scope.module, names: Some(&binding) });
                made.map(|node| Node::new(node.attribute, line))
            }
            _ => unknown(format!("{name}({path:?})")),
        }
    }
}
