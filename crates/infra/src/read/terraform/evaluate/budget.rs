//! What an evaluation may cost. Configurations come from strangers too, so that every value is paid for before it is made, whoever makes it:
//! an expression, a function, a template or a pattern. What a budget does not cover is unknown; nothing here looks at a clock, so that the
//! same files always come to the same.

use crate::attribute::{Attribute, Node};
use std::cell::Cell;

/// Work in all: values, and texts by the 64 bytes. A tree of 3,000 resources takes about 150,000; all of it takes a second or two and some
/// 150 MB.
const WORK_MAX: u64 = 2_000_000;

/// What is left of the work that may be done.
#[derive(Default)]
pub(crate) struct Budget {
    spent: Cell<u64>,
}

/// There is nothing left.
#[derive(Debug)]
pub(crate) struct Exhausted;

impl Budget {
    /// Pays. What is spent once stays spent: after the first refusal everything is refused.
    pub(crate) fn spend(&self, work: u64) -> Result<(), Exhausted> {
        self.spent.set(self.spent.get().saturating_add(work));
        if self.spent.get() > WORK_MAX { Err(Exhausted) } else { Ok(()) }
    }
}

impl Exhausted {
    /// Why a value is unknown.
    pub(crate) fn why(&self) -> String {
        format!("the configuration makes more than {WORK_MAX} values; what is left is unknown")
    }
}

/// What a text costs.
pub(crate) fn weight_of_text(text: &str) -> u64 {
    1 + text.len() as u64 / 64
}

/// What a value costs, and how many lists and maps are within each other.
pub(crate) fn measure(node: &Node) -> (u64, u32) {
    let sum = |(weight, depth): (u64, u32), item: &Node| {
        let (more, deep) = measure(item);
        (weight + more, depth.max(deep + 1))
    };
    match &node.attribute {
        Attribute::List(items) => items.iter().fold((1, 0), sum),
        Attribute::Map(entries) => entries.values().fold((1, 0), sum),
        Attribute::Text(text) | Attribute::Unknown(text) => (weight_of_text(text), 0),
        _ => (1, 0),
    }
}
