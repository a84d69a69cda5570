//! Terraform's language as the evaluator sees it, whether it was written in HCL or in JSON.

mod from_hcl;
mod from_json;

pub(super) use from_hcl::{body as body_from_hcl, expression as expression_from_hcl, template as template_from_hcl};
pub(super) use from_json::{body as body_from_json, value as expression_from_json};

use crate::attribute::Attribute;

/// What stands between braces: attributes and blocks, in their order.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub attributes: Vec<(String, Expression)>,
    pub blocks: Vec<Block>,
}

/// A block with its labels.
#[derive(Debug)]
pub(super) struct Block {
    pub kind: String,
    pub labels: Vec<String>,
    pub body: Body,
    pub line: u32,
}

/// An expression and the line on which it begins.
#[derive(Debug)]
pub(super) struct Expression {
    pub kind: ExpressionKind,
    pub line: u32,
}

#[derive(Debug)]
pub(super) enum ExpressionKind {
    /// Null, a boolean, a number or a text.
    Literal(Attribute),
    List(Vec<Expression>),
    Object(Vec<(Expression, Expression)>),
    Template(Vec<Piece>),
    /// A name and the steps from there: `var.a["b"][0].c`.
    Name(String),
    Steps(Box<Expression>, Vec<Step>),
    Condition(Box<[Expression; 3]>),
    /// A call; `spreads` when the last argument is followed by `...`.
    Call {
        name: String,
        arguments: Vec<Expression>,
        spreads: bool,
    },
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(Box<(Expression, Operator, Expression)>),
    For(Box<For>),
}

/// `[for k, v in c : x if y]` or `{for k, v in c : x => z... if y}`.
#[derive(Debug)]
pub(super) struct For {
    pub key_name: Option<String>,
    pub value_name: String,
    pub collection: Expression,
    /// Given when it makes an object.
    pub key: Option<Expression>,
    pub value: Expression,
    pub condition: Option<Expression>,
    pub groups: bool,
}

#[derive(Debug)]
pub(super) enum Step {
    Name(String),
    Index(Expression),
    Splat,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Insert(Expression),
    If { condition: Expression, then: Vec<Piece>, otherwise: Vec<Piece> },
    For { key_name: Option<String>, value_name: String, collection: Expression, body: Vec<Piece> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    And,
    Or,
}

impl Body {
    pub(super) fn attribute(&self, name: &str) -> Option<&Expression> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, expression)| expression)
    }

    pub(super) fn blocks(&self, kind: &str) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

impl Expression {
    /// A name and the names after it, when there is nothing else: `aws.east`, `each.value`.
    pub(super) fn as_path(&self) -> Option<String> {
        match &self.kind {
            ExpressionKind::Name(name) => Some(name.clone()),
            ExpressionKind::Literal(Attribute::Text(text)) => Some(text.clone()),
            ExpressionKind::Steps(root, steps) => steps.iter().try_fold(root.as_path()?, |path, step| match step {
                Step::Name(name) => Some(format!("{path}.{name}")),
                Step::Index(_) | Step::Splat => None,
            }),
            _ => None,
        }
    }

    /// The text, when it is written out.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Literal(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }
}
