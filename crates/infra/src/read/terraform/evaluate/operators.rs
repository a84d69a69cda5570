//! Operators.

use super::{Evaluated, Evaluator, Scope, reference_text, same, truth};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::syntax::{Expression, Operator};

impl Evaluator<'_> {
    pub(super) fn binary(&self, (left, operator, right): &(Expression, Operator, Expression), scope: Scope<'_>, line: u32) -> Evaluated {
        let left = self.resolved(self.evaluate(left, scope)?);
        if let Operator::And | Operator::Or = operator {
            // One side that decides is enough, whatever the other comes to.
            let deciding = *operator == Operator::Or;
            let left = truth(&left)?;
            if left == Ok(deciding) {
                return Ok(Node::new(Attribute::Bool(deciding), line));
            }
            let right = truth(&self.resolved(self.evaluate(right, scope)?))?;
            let attribute = match (left, right) {
                (_, Ok(value)) if value == deciding => Attribute::Bool(deciding),
                (Err(why), _) | (_, Err(why)) => Attribute::Unknown(why),
                _ => Attribute::Bool(!deciding),
            };
            return Ok(Node::new(attribute, line));
        }
        let right = self.resolved(self.evaluate(right, scope)?);
        let attribute = match operator {
            Operator::Equal => equal(&left, &right),
            Operator::NotEqual => match equal(&left, &right) {
                Attribute::Bool(value) => Attribute::Bool(!value),
                other => other,
            },
            _ => arithmetic(&left, *operator, &right)?,
        };
        Ok(Node::new(attribute, line))
    }
}

/// Whether they are equal. Something that exists is not null even when its value is unknown until it is made.
fn equal(left: &Node, right: &Node) -> Attribute {
    match (&left.attribute, &right.attribute) {
        (Attribute::Reference { .. }, Attribute::Null) | (Attribute::Null, Attribute::Reference { .. }) => Attribute::Bool(false),
        (one, other) if one == other && !has_unknown(left) => Attribute::Bool(true),
        _ => match unknown_in(left).or_else(|| unknown_in(right)) {
            Some(why) => Attribute::Unknown(why),
            None => Attribute::Bool(same(left, right)),
        },
    }
}

fn has_unknown(node: &Node) -> bool {
    unknown_in(node).is_some()
}

/// Why a value is not wholly known.
fn unknown_in(node: &Node) -> Option<String> {
    match &node.attribute {
        Attribute::Unknown(why) => Some(why.clone()),
        Attribute::Reference { resource, attribute } => Some(reference_text(resource, attribute.as_deref())),
        Attribute::List(items) => items.iter().find_map(unknown_in),
        Attribute::Map(entries) => entries.values().find_map(unknown_in),
        _ => None,
    }
}

fn arithmetic(left: &Node, operator: Operator, right: &Node) -> Result<Attribute, String> {
    let (left, right) = match (number(left)?, number(right)?) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(why), _) | (_, Err(why)) => return Ok(Attribute::Unknown(why)),
    };
    let result = match operator {
        Operator::Less => return Ok(Attribute::Bool(left < right)),
        Operator::LessOrEqual => return Ok(Attribute::Bool(left <= right)),
        Operator::Greater => return Ok(Attribute::Bool(left > right)),
        Operator::GreaterOrEqual => return Ok(Attribute::Bool(left >= right)),
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    };
    if result.is_finite() { Ok(Attribute::Number(result)) } else { Err("a division by zero or a number beyond all bounds".to_owned()) }
}

/// A number, or why it cannot be told; the outer error is that it is none.
fn number(node: &Node) -> Result<Result<f64, String>, String> {
    match &node.attribute {
        Attribute::Number(number) => Ok(Ok(*number)),
        Attribute::Text(text) => text.trim().parse().map(Ok).map_err(|_| format!("{text:?} is not a number")),
        Attribute::Unknown(why) => Ok(Err(why.clone())),
        Attribute::Reference { resource, attribute } => Ok(Err(reference_text(resource, attribute.as_deref()))),
        _ => Err("a number was expected".to_owned()),
    }
}

pub(super) fn not(node: &Node) -> Result<Attribute, String> {
    Ok(match truth(node)? {
        Ok(value) => Attribute::Bool(!value),
        Err(why) => Attribute::Unknown(why),
    })
}

pub(super) fn negate(node: &Node) -> Result<Attribute, String> {
    Ok(match number(node)? {
        Ok(number) => Attribute::Number(-number),
        Err(why) => Attribute::Unknown(why),
    })
}
