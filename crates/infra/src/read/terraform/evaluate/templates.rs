//! Templates and the files they may come from.

use super::budget::weight_of_text;
use super::{ALL_NAMES, Binding, Evaluated, Evaluator, Scope, entries, reference_text, truth};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::syntax::{self, Piece};
use crate::read::terraform::tree::joined;

/// A text that grows beyond this is left unknown. AWS takes 16 KB of user data and 64 KB of most documents.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;

/// How much more it costs to parse a text than to copy it. A template is parsed whenever it is used.
const PARSING: u64 = 16;

/// A text in the making. Parts that are not known become holes, `${why}`; beyond the limit it is unknown and does not grow.
#[derive(Default)]
pub(crate) struct Text {
    text: String,
    has_hole: bool,
    is_too_long: bool,
}

impl Text {
    pub(crate) fn push_text(&mut self, text: &str) {
        self.is_too_long |= self.text.len() + text.len() > TEXT_BYTES_MAX;
        if !self.is_too_long {
            self.text.push_str(text);
        }
    }

    /// Adds a value as Terraform writes it into a text.
    pub(crate) fn push(&mut self, node: &Node) -> Result<(), String> {
        match &node.attribute {
            Attribute::Text(text) => self.push_text(text),
            Attribute::Unknown(why) => self.push_hole(why),
            Attribute::Reference { resource, attribute } => self.push_hole(&reference_text(resource, attribute.as_deref())),
            Attribute::Null => return Err("null has no text".to_owned()),
            // The JSON of a value is the value itself until a text is made of it.
            _ => self.push_json(node),
        }
        Ok(())
    }

    /// A reason that is a text with holes is that text; any other is a hole.
    fn push_hole(&mut self, why: &str) {
        self.has_hole = true;
        if why.contains("${") {
            self.push_text(why);
        } else {
            self.push_text(&format!("${{{why}}}"));
        }
    }

    /// Adds a value as JSON, unknown parts as holes.
    fn push_json(&mut self, node: &Node) {
        match &node.attribute {
            Attribute::Null => self.push_text("null"),
            Attribute::Bool(_) | Attribute::Number(_) => self.push_text(node.text().known().map_or("", String::as_str)),
            Attribute::Text(value) => self.push_quoted(value),
            Attribute::Unknown(why) => self.push_quoted_hole(why),
            Attribute::Reference { resource, attribute } => self.push_quoted_hole(&reference_text(resource, attribute.as_deref())),
            Attribute::List(items) => {
                self.push_text("[");
                for (index, item) in items.iter().enumerate() {
                    self.push_text(if index > 0 { "," } else { "" });
                    self.push_json(item);
                }
                self.push_text("]");
            }
            Attribute::Map(entries) => {
                self.push_text("{");
                for (index, (name, item)) in entries.iter().enumerate() {
                    self.push_text(if index > 0 { "," } else { "" });
                    self.push_quoted(name);
                    self.push_text(":");
                    self.push_json(item);
                }
                self.push_text("}");
            }
        }
    }

    fn push_quoted(&mut self, text: &str) {
        self.push_text(&serde_json::Value::from(text).to_string());
    }

    fn push_quoted_hole(&mut self, why: &str) {
        self.push_text("\"");
        self.push_hole(why);
        self.push_text("\"");
    }

    pub(crate) fn finish(self) -> Attribute {
        match (self.is_too_long, self.has_hole) {
            (true, _) => too_long(),
            (_, true) => Attribute::Unknown(self.text),
            _ => Attribute::Text(self.text),
        }
    }
}

/// In the place of a text that is too long.
pub(crate) fn too_long() -> Attribute {
    Attribute::Unknown(format!("a text of more than {TEXT_BYTES_MAX} bytes"))
}

/// A value as JSON; unknown parts are holes in it.
pub(crate) fn json_text(node: &Node) -> Attribute {
    let mut text = Text::default();
    text.push_json(node);
    text.finish()
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
        self.spend(weight_of_text(&text.text))?;
        Ok(Node::new(text.finish(), line))
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
                        let outer = Binding { name: key_name.as_deref().unwrap_or(""), node: &key, outer: scope.names };
                        let binding = Binding { name: value_name, node: &value, outer: Some(&outer) };
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
        self.spend(weight_of_text(text))?;
        match name {
            "fileexists" => Ok(Node::new(Attribute::Bool(true), line)),
            "file" => Ok(Node::new(Attribute::Text(text.to_owned()), line)),
            "templatefile" => {
                self.spend(weight_of_text(text) * PARSING)?;
                let Ok(template) = syntax::template_from_hcl(text, 1) else { return unknown(format!("{name}({path:?})")) };
                let values = arguments.get(1).ok_or_else(|| format!("{name} needs values"))?;
                if !matches!(values.attribute, Attribute::Map(_)) {
                    return unknown(format!("{name}({path:?})"));
                }
                // A template sees the values that it is given and nothing else.
                let binding = Binding { name: ALL_NAMES, node: values, outer: None };
                let made = self.evaluate(&template, Scope { module: scope.module, names: Some(&binding) });
                made.map(|node| Node::new(node.attribute, line))
            }
            _ => unknown(format!("{name}({path:?})")),
        }
    }
}
