//! The ranking for people: text of at most 100 columns. For programs it is its own JSON.

use super::{Need, Recommendation, exclusions, plot};
use crate::cost::{Quantity, wrapped};
use crate::options::Deployment;
use std::fmt::Write as _;

/// The recommendation as text.
pub fn text(recommendation: &Recommendation) -> String {
    let mut text = String::new();
    let needs: Vec<&str> = recommendation.needs.iter().map(|need: &Need| need.as_str()).collect();
    let needs = if needs.is_empty() { "none stated".to_owned() } else { needs.join(", ") };
    let priced_as = recommendation.priced_as.as_ref().map(|region| format!(", priced as {region}")).unwrap_or_default();
    let load = &recommendation.load;
    let _ = writeln!(text, "{} tasks a month of {} s; needs: {needs}", Quantity::whole(load.tasks), load.seconds);
    let _ = writeln!(text, "Prices of {} in {}{priced_as}", recommendation.as_of, recommendation.region);
    if !recommendation.models.is_empty() {
        wrapped(&mut text, "", &format!("With the tokens of {}", recommendation.models.iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    text.push('\n');
    if recommendation.ranked.is_empty() {
        text.push_str("No option fits.\n");
        without_one_need(&mut text, recommendation);
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

/// Which options would fit if one of the needs were given up.
fn without_one_need(text: &mut String, recommendation: &Recommendation) {
    for given_up in &recommendation.needs {
        let needs = recommendation.needs.iter().copied().filter(|need| need != given_up).collect();
        let fits = |option: &Deployment| exclusions(*option, &recommendation.load, &needs).is_empty();
        let fitting: Vec<&str> = Deployment::ALL.into_iter().filter(fits).map(Deployment::parts).collect();
        if !fitting.is_empty() {
            wrapped(text, "   ", &format!("without {}: {}", given_up.as_str(), fitting.join(", ")));
        }
    }
}
