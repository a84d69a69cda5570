//! The ranking for people: text of at most 100 columns. For programs it is its own JSON.

use super::{Need, Recommendation, plot};
use crate::cost::{Quantity, wrapped};
use std::fmt::Write as _;

/// The recommendation as text.
pub fn text(recommendation: &Recommendation) -> String {
    let mut text = String::new();
    let needs: Vec<&str> = recommendation.needs.iter().map(|need: &Need| need.as_str()).collect();
    let needs = if needs.is_empty() { "none stated".to_owned() } else { needs.join(", ") };
    let priced_as = recommendation.priced_as.as_ref().map(|region| format!(", priced as {region}")).unwrap_or_default();
    let load = &recommendation.load;
    let _ = writeln!(text, "{} tasks a month of {} s; needs: {needs}", Quantity::whole(load.tasks), load.seconds);
    let _ = writeln!(text, "Prices of {} in {}{priced_as}\n", recommendation.as_of, recommendation.region);
    if recommendation.ranked.is_empty() {
        text.push_str("No option fits: give up one of the needs.\n");
    }
    for (at, candidate) in recommendation.ranked.iter().enumerate() {
        let range = candidate.total_monthly_usd;
        let _ = writeln!(
            text,
            "{}. {:<22}{:>12} USD a month ({} to {}), {} for each thousand tasks",
            at + 1,
            candidate.option.parts(),
            if candidate.complete { range.expected.to_string() } else { format!(">= {}", range.expected) },
            range.low,
            range.high,
            candidate.per_1000_tasks_usd
        );
        candidate.reasons.iter().for_each(|reason| wrapped(&mut text, "   + ", reason));
        candidate.cautions.iter().for_each(|caution| wrapped(&mut text, "   - ", caution));
    }
    for exclusion in &recommendation.excluded {
        let _ = writeln!(text, "x  {}", exclusion.option.parts());
        exclusion.why.iter().for_each(|why| wrapped(&mut text, "   - ", why));
    }
    if !recommendation.break_even.is_empty() {
        text.push_str("\nBreak-even, with everything but tasks as above\n");
        for point in &recommendation.break_even {
            let words = format!(
                "from {} tasks on, {} is cheaper than {} (${} there)",
                Quantity::whole(point.tasks),
                point.above.parts(),
                point.below.parts(),
                point.monthly_usd
            );
            wrapped(&mut text, "   ", &words);
        }
    }
    text.push('\n');
    text.push_str(&plot(recommendation));
    wrapped(&mut text, "Taken for granted: ", &recommendation.capacity);
    text
}
