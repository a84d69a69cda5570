//! From HCL.

use super::{Block, Body, Expression, ExpressionKind, For, Operator, Piece, Step};
use crate::attribute::Attribute;
use hcl_edit::Span;
use hcl_edit::expr::{self, BinaryOperator, TraversalOperator, UnaryOperator};
use hcl_edit::parser::{self, Error};
use hcl_edit::template::{Directive, Element, Strip};
use std::borrow::Cow;

/// Reads a file.
pub(crate) fn body(text: &str) -> Result<Body, Error> {
    let lines = Lines::of(text, 1);
    parser::parse_body(text).map(|body| lines.body(&body))
}

/// Reads an expression that stands on this line, as JSON files hold them in strings.
pub(crate) fn expression(text: &str, line: u32) -> Result<Expression, Error> {
    let lines = Lines::of(text, line);
    parser::parse_expr(text).map(|expression| lines.expression(&expression))
}

/// Reads a template that begins on this line.
pub(crate) fn template(text: &str, line: u32) -> Result<Expression, Error> {
    let lines = Lines::of(text, line);
    let pieces = lines.pieces(parser::parse_template(text)?.iter(), 0, 0);
    Ok(Expression { kind: as_template(pieces), line })
}

/// Tells the line of a byte, and carries that knowledge through the tree.
struct Lines {
    /// Where each line begins.
    starts: Vec<usize>,
    first: u32,
}

impl Lines {
    fn of(text: &str, first: u32) -> Lines {
        let starts = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1)).collect();
        Lines { starts, first }
    }

    fn line(&self, item: &impl Span) -> u32 {
        let at = item.span().map_or(0, |span| span.start);
        let index = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        self.first + u32::try_from(index).unwrap_or(u32::MAX - self.first)
    }

    fn body(&self, body: &hcl_edit::structure::Body) -> Body {
        let attributes = body.attributes().map(|attribute| (attribute.key.to_string(), self.expression(&attribute.value))).collect();
        let blocks = body.blocks().map(|block| self.block(block)).collect();
        Body { attributes, blocks }
    }

    fn block(&self, block: &hcl_edit::structure::Block) -> Block {
        Block {
            kind: block.ident.to_string(),
            labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
            body: self.body(&block.body),
            line: self.line(&block.ident),
        }
    }

    fn expression(&self, expression: &expr::Expression) -> Expression {
        let kind = match expression {
            expr::Expression::Null(_) => ExpressionKind::Literal(Attribute::Null),
            expr::Expression::Bool(value) => ExpressionKind::Literal(Attribute::Bool(*value.value())),
            expr::Expression::Number(number) => ExpressionKind::Literal(Attribute::Number(number.value().as_f64().unwrap_or(f64::NAN))),
            expr::Expression::String(text) => ExpressionKind::Literal(Attribute::Text(text.value().clone())),
            expr::Expression::Array(array) => ExpressionKind::List(array.iter().map(|item| self.expression(item)).collect()),
            expr::Expression::Object(object) => {
                ExpressionKind::Object(object.iter().map(|(key, value)| (self.key(key), self.expression(value.expr()))).collect())
            }
            expr::Expression::StringTemplate(template) => as_template(self.pieces(template.iter(), 0, 0)),
            expr::Expression::HeredocTemplate(heredoc) => as_template(self.pieces(heredoc.template.iter(), 0, heredoc.indent().unwrap_or(0))),
            expr::Expression::Parenthesis(inner) => return self.expression(inner.inner()),
            expr::Expression::Variable(name) => ExpressionKind::Name(name.to_string()),
            expr::Expression::Conditional(condition) => {
                let [condition, then, otherwise] = [&condition.cond_expr, &condition.true_expr, &condition.false_expr];
                ExpressionKind::Condition(Box::new([self.expression(condition), self.expression(then), self.expression(otherwise)]))
            }
            expr::Expression::FuncCall(call) => ExpressionKind::Call {
                name: call.name.namespace.iter().map(|part| format!("{}::", part.value())).collect::<String>() + call.name.name.as_str(),
                arguments: call.args.iter().map(|argument| self.expression(argument)).collect(),
                spreads: call.args.expand_final(),
            },
            expr::Expression::Traversal(traversal) => self.traversal(traversal),
            expr::Expression::UnaryOp(unary) => {
                let inner = Box::new(self.expression(&unary.expr));
                match unary.operator.value() {
                    UnaryOperator::Neg => ExpressionKind::Negate(inner),
                    UnaryOperator::Not => ExpressionKind::Not(inner),
                }
            }
            expr::Expression::BinaryOp(binary) => ExpressionKind::Binary(Box::new((
                self.expression(&binary.lhs_expr),
                operator(*binary.operator.value()),
                self.expression(&binary.rhs_expr),
            ))),
            expr::Expression::ForExpr(each) => ExpressionKind::For(Box::new(For {
                key_name: each.intro.key_var.as_ref().map(|name| name.to_string()),
                value_name: each.intro.value_var.to_string(),
                collection: self.expression(&each.intro.collection_expr),
                key: each.key_expr.as_ref().map(|key| self.expression(key)),
                value: self.expression(&each.value_expr),
                condition: each.cond.as_ref().map(|condition| self.expression(&condition.expr)),
                groups: each.grouping,
            })),
        };
        Expression { kind, line: self.line(expression) }
    }

    /// A bare word is a name of its own, not a variable; in parentheses it is an expression.
    fn key(&self, key: &expr::ObjectKey) -> Expression {
        match key {
            expr::ObjectKey::Ident(name) => Expression { kind: ExpressionKind::Literal(Attribute::Text(name.to_string())), line: self.line(name) },
            expr::ObjectKey::Expression(expression) => self.expression(expression),
        }
    }

    fn traversal(&self, traversal: &expr::Traversal) -> ExpressionKind {
        let mut root = self.expression(&traversal.expr);
        let mut steps = Vec::new();
        let mut is_in_splat = false;
        for operator in &traversal.operators {
            let step = match operator.value() {
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => Step::Splat,
                TraversalOperator::GetAttr(name) => Step::Name(name.to_string()),
                TraversalOperator::Index(index) => Step::Index(self.expression(index)),
                #[expect(clippy::cast_precision_loss, reason = "nobody writes an index beyond 2^53")]
                TraversalOperator::LegacyIndex(index) => {
                    Step::Index(Expression { kind: ExpressionKind::Literal(Attribute::Number(*index.value() as f64)), line: self.line(index) })
                }
            };
            let belongs_to_splat = matches!(operator.value(), TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_));
            if is_in_splat && !belongs_to_splat {
                // `x.*.a[0]` is the first of all `a`, where `x[*].a[0]` is the first of each.
                let line = root.line;
                root = Expression { kind: ExpressionKind::Steps(Box::new(root), std::mem::take(&mut steps)), line };
            }
            is_in_splat = matches!(operator.value(), TraversalOperator::AttrSplat(_)) || (is_in_splat && belongs_to_splat);
            steps.push(step);
        }
        ExpressionKind::Steps(Box::new(root), steps)
    }

    /// `indent`: spaces to take from the lines of these elements; `within`: from the lines inside of directives, which the parser leaves.
    fn pieces<'e>(&self, elements: impl Iterator<Item = &'e Element>, indent: usize, within: usize) -> Vec<Piece> {
        let elements: Vec<&Element> = elements.collect();
        let mut pieces = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(text) => {
                    let before = index.checked_sub(1).is_some_and(|before| strips_after(elements[before]));
                    let after = elements.get(index + 1).is_some_and(|after| strips_before(after));
                    pieces.push(Piece::Text(stripped(&dedented(text.value(), indent), before, after).to_owned()));
                }
                Element::Interpolation(insert) => pieces.push(Piece::Insert(self.expression(&insert.expr))),
                Element::Directive(directive) => pieces.push(self.directive(directive, within)),
            }
        }
        pieces
    }

    fn directive(&self, directive: &Directive, indent: usize) -> Piece {
        match directive {
            Directive::If(directive) => {
                let end = directive.endif_expr.strip;
                let then_end = directive.else_expr.as_ref().map_or(end, |otherwise| otherwise.strip);
                Piece::If {
                    condition: self.expression(&directive.if_expr.cond_expr),
                    then: self.inner(&directive.if_expr.template, directive.if_expr.strip, then_end, indent),
                    otherwise: directive
                        .else_expr
                        .as_ref()
                        .map_or_else(Vec::new, |otherwise| self.inner(&otherwise.template, otherwise.strip, end, indent)),
                }
            }
            Directive::For(directive) => Piece::For {
                key_name: directive.for_expr.key_var.as_ref().map(|name| name.to_string()),
                value_name: directive.for_expr.value_var.to_string(),
                collection: self.expression(&directive.for_expr.collection_expr),
                body: self.inner(&directive.for_expr.template, directive.for_expr.strip, directive.endfor_expr.strip, indent),
            },
        }
    }

    /// A directive's inside, with the space stripped that its own marks ask for.
    fn inner(&self, template: &hcl_edit::template::Template, open: Strip, close: Strip, indent: usize) -> Vec<Piece> {
        let mut pieces = self.pieces(template.iter(), indent, indent);
        if let Some(Piece::Text(text)) = pieces.first_mut() {
            *text = stripped(text, matches!(open, Strip::End | Strip::Both), false).to_owned();
        }
        if let Some(Piece::Text(text)) = pieces.last_mut() {
            *text = stripped(text, false, matches!(close, Strip::Start | Strip::Both)).to_owned();
        }
        pieces
    }
}

fn as_template(mut pieces: Vec<Piece>) -> ExpressionKind {
    match pieces.len() {
        0 => ExpressionKind::Literal(Attribute::Text(String::new())),
        1 if matches!(pieces[0], Piece::Text(_)) => match pieces.swap_remove(0) {
            Piece::Text(text) => ExpressionKind::Literal(Attribute::Text(text)),
            other => ExpressionKind::Template(vec![other]),
        },
        _ => ExpressionKind::Template(pieces),
    }
}

/// Without so many spaces at the beginning of each line but the first, which goes on from what stands before.
fn dedented(text: &str, indent: usize) -> Cow<'_, str> {
    if indent == 0 || !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let lines = text.split('\n').enumerate().map(|(index, line)| {
        let spaces = line.len() - line.trim_start_matches([' ', '\t']).len();
        if index == 0 { line } else { &line[spaces.min(indent)..] }
    });
    Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
}

/// Without the space up to and with the nearest line break, on the sides where a `~` asks for it.
fn stripped(text: &str, at_start: bool, at_end: bool) -> &str {
    let mut text = text;
    if at_start {
        text = text.trim_start_matches([' ', '\t']);
        text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
    }
    if at_end {
        text = text.trim_end_matches([' ', '\t']);
        text = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    }
    text
}

fn strips_before(element: &Element) -> bool {
    let strip = match element {
        Element::Literal(_) => Strip::None,
        Element::Interpolation(insert) => insert.strip,
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(directive) => directive.if_expr.strip,
            Directive::For(directive) => directive.for_expr.strip,
        },
    };
    matches!(strip, Strip::Start | Strip::Both)
}

fn strips_after(element: &Element) -> bool {
    let strip = match element {
        Element::Literal(_) => Strip::None,
        Element::Interpolation(insert) => insert.strip,
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(directive) => directive.endif_expr.strip,
            Directive::For(directive) => directive.endfor_expr.strip,
        },
    };
    matches!(strip, Strip::End | Strip::Both)
}

fn operator(operator: BinaryOperator) -> Operator {
    match operator {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::LessEq => Operator::LessOrEqual,
        BinaryOperator::GreaterEq => Operator::GreaterOrEqual,
        BinaryOperator::Less => Operator::Less,
        BinaryOperator::Greater => Operator::Greater,
        BinaryOperator::Plus => Operator::Add,
        BinaryOperator::Minus => Operator::Subtract,
        BinaryOperator::Mul => Operator::Multiply,
        BinaryOperator::Div => Operator::Divide,
        BinaryOperator::Mod => Operator::Modulo,
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
    }
}
