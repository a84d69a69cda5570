//! A review as text, Markdown, JSON, SARIF and JUnit, and its patches as a diff.

mod diff;
mod document;
mod junit;
mod markdown;
mod sarif;
mod style;
mod text;

pub use diff::diff;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use style::Style;
pub use text::text;

use crate::review::Review;

/// A review as JSON, the shape that programs rely on.
pub fn json(review: &Review) -> serde_json::Value {
    // The review is made of our own types, which always have a JSON form.
    serde_json::to_value(review).unwrap_or_default()
}
