//! Variables and locals.

use super::{Evaluated, Evaluator, Module, Scope, Slot};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::functions::as_set;
use crate::read::terraform::syntax::{Expression, ExpressionKind, Step};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Locals that are others, one after the other.
const HOPS_MAX: u32 = 16;

impl<'t> Evaluator<'t> {
    /// The value of a name of a module, made at first use. Who needs it while it is made goes in a circle.
    pub(super) fn once(&self, module: &Rc<Module<'t>>, name: String, make: impl FnOnce() -> Evaluated) -> Rc<Evaluated> {
        match module.values.borrow().get(&name) {
            Some(Slot::Open) => return Rc::new(Err(format!("{name} depends on itself"))),
            Some(Slot::Made(made)) => return made.clone(),
            None => {}
        }
        module.values.borrow_mut().insert(name.clone(), Slot::Open);
        let made = Rc::new(make());
        module.values.borrow_mut().insert(name, Slot::Made(made.clone()));
        made
    }

    pub(super) fn local(&self, module: usize, name: &str, line: u32) -> Rc<Evaluated> {
        let this = self.module(module);
        let Some((file, expression)) = this.source.locals.get(name) else { return Rc::new(self.undeclared(line, format!("local.{name}"))) };
        let before = matches!(this.values.borrow().get(&format!("local.{name}")), Some(Slot::Open));
        if before {
            self.notice(line, format!("local.{name} depends on itself"));
        }
        self.once(&this, format!("local.{name}"), || self.in_file(file, || self.evaluate(expression, Scope { module, names: None })))
    }

    pub(super) fn variable(&self, module: usize, name: &str, line: u32) -> Rc<Evaluated> {
        let this = self.module(module);
        let Some(declared) = this.source.variables.get(name) else { return Rc::new(self.undeclared(line, format!("var.{name}"))) };
        let body = &declared.block.body;
        self.once(&this, format!("var.{name}"), || {
            let scope = Scope { module, names: None };
            let given = if self.is_root(module) {
                this.source.given.get(name).map(|(file, value)| self.in_file(file, || self.evaluate(value, scope)))
            } else {
                self.argument_of_call(module, name)
            };
            let default = || body.attribute("default").map(|default| self.in_file(&declared.file, || self.evaluate(default, scope)));
            let takes_null = body.attribute("nullable").is_none_or(|nullable| !is_false(nullable));
            let given = given.filter(|given| takes_null || !matches!(given, Ok(Node { attribute: Attribute::Null, .. })));
            let node = match given.or_else(default) {
                Some(value) => value?,
                None => return Ok(Node::new(Attribute::Unknown(format!("var.{name}")), declared.block.line)),
            };
            match body.attribute("type") {
                Some(type_of) => self.typed(node, type_of, scope),
                None => Ok(node),
            }
        })
    }

    /// Whether an expression makes a set. Values do not tell sets from lists, and only what is made for each of them asks.
    pub(super) fn is_set(&self, expression: &Expression, scope: Scope<'_>) -> bool {
        let mut expression = expression;
        let this = self.module(scope.module);
        for _ in 0..HOPS_MAX {
            match &expression.kind {
                ExpressionKind::Call { name, .. } => return matches!(name.as_str(), "toset" | "setunion" | "setintersection" | "setsubtract"),
                ExpressionKind::Condition(parts) => expression = &parts[1],
                ExpressionKind::Steps(root, steps) => match (root.as_path().as_deref(), steps.as_slice()) {
                    (Some("local"), [Step::Name(name)]) => match this.source.locals.get(name) {
                        Some((_, local)) => expression = local,
                        None => return false,
                    },
                    (Some("var"), [Step::Name(name)]) => {
                        let type_of = this.source.variables.get(name).and_then(|declared| declared.block.body.attribute("type"));
                        return type_of.is_some_and(|type_of| matches!(&type_of.kind, ExpressionKind::Call { name, .. } if name == "set"));
                    }
                    _ => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// A value as a variable of this type takes it: numbers and texts turn into each other, sets are in order, optional parts get their defaults.
    fn typed(&self, node: Node, type_of: &Expression, scope: Scope<'_>) -> Evaluated {
        let line = node.line;
        let attribute = match (&type_of.kind, node.attribute) {
            (_, attribute @ (Attribute::Null | Attribute::Unknown(_) | Attribute::Reference { .. })) => attribute,
            (ExpressionKind::Name(name), attribute) => scalar(name, attribute, line),
            (ExpressionKind::Literal(Attribute::Text(name)), attribute) => scalar(name, attribute, line),
            (ExpressionKind::Call { name, arguments, .. }, Attribute::List(items)) if matches!(name.as_str(), "list" | "set") => {
                let Some(inner) = arguments.first() else { return Err("a list's type needs its elements' type".to_owned()) };
                let items = items.into_iter().map(|item| self.typed(item, inner, scope)).collect::<Result<_, _>>()?;
                if name == "set" { as_set(items) } else { Attribute::List(items) }
            }
            (ExpressionKind::Call { name, arguments, .. }, Attribute::Map(entries)) => match (name.as_str(), arguments.first()) {
                ("map", Some(inner)) => {
                    let entries = entries.into_iter().map(|(key, item)| Ok((key, self.typed(item, inner, scope)?)));
                    Attribute::Map(entries.collect::<Result<_, String>>()?)
                }
                ("object", Some(Expression { kind: ExpressionKind::Object(fields), .. })) => self.object_of(entries, fields, scope, line)?,
                ("optional", Some(inner)) => return self.typed(Node::new(Attribute::Map(entries), line), inner, scope),
                _ => Attribute::Map(entries),
            },
            (ExpressionKind::Call { name, arguments, .. }, attribute) if name == "optional" => match arguments.first() {
                Some(inner) => return self.typed(Node::new(attribute, line), inner, scope),
                None => attribute,
            },
            (_, attribute) => attribute,
        };
        Ok(Node::new(attribute, line))
    }

    fn object_of(
        &self,
        mut entries: BTreeMap<String, Node>,
        fields: &[(Expression, Expression)],
        scope: Scope<'_>,
        line: u32,
    ) -> Result<Attribute, String> {
        for (name, type_of) in fields {
            let Some(name) = name.as_text() else { continue };
            let given = entries.remove(name).filter(|node| node.attribute != Attribute::Null);
            let node = match (given, &type_of.kind) {
                (Some(node), _) => self.typed(node, type_of, scope)?,
                (None, ExpressionKind::Call { name, arguments, .. }) if name == "optional" => match arguments.as_slice() {
                    [inner, default] => self.typed(self.evaluate(default, scope)?, inner, scope)?,
                    _ => Node::new(Attribute::Null, line),
                },
                (None, _) => Node::new(Attribute::Null, line),
            };
            entries.insert(name.to_owned(), node);
        }
        Ok(Attribute::Map(entries))
    }
}

fn scalar(type_name: &str, attribute: Attribute, line: u32) -> Attribute {
    let node = Node::new(attribute, line);
    let converted = match (type_name, &node.attribute) {
        ("string", Attribute::Number(_) | Attribute::Bool(_)) => node.text().known().cloned().map(Attribute::Text),
        ("number", Attribute::Text(_)) => node.number().known().copied().map(Attribute::Number),
        ("bool", Attribute::Text(_)) => node.flag().known().copied().map(Attribute::Bool),
        _ => None,
    };
    converted.unwrap_or(node.attribute)
}

fn is_false(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Literal(Attribute::Bool(false)))
}
