//! The bill for people: text of at most 100 columns. For programs it is its own JSON.

use super::{Actual, Bill, DocumentTable, Line, Quantity, Usd};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns of a terminal that reports have to fit in.
pub(crate) const WIDTH: usize = 100;
/// Lines below this are shown together: they are true, and nobody reads them.
const CENTS_SHOWN: i128 = 1;

/// The bill as text.
pub fn text(bill: &Bill) -> String {
    let mut text = String::new();
    heading(&mut text, bill);
    lines(&mut text, bill);
    unpriced(&mut text, bill);
    totals(&mut text, bill);
    dominates(&mut text, bill);
    halving(&mut text, bill);
    models(&mut text, bill);
    if let Some(actual) = &bill.actual {
        actually(&mut text, actual);
    }
    text
}

fn heading(text: &mut String, bill: &Bill) {
    let priced_as = bill.priced_as.as_ref().map(|region| format!(", priced as {region}")).unwrap_or_default();
    let _ = writeln!(text, "Monthly cost in {}{priced_as}, USD, prices of {}, 730 hours\n", bill.region, bill.as_of);
    let load = &bill.load;
    let stated = |key: &str| if load.is_stated(key) { "" } else { "*" };
    let value = |key: &str, value: String| format!("{key}={value}{}", stated(key));
    let mut values = vec![
        value("tasks", load.tasks.to_string()),
        value("seconds", load.seconds.to_string()),
        value("steps", load.steps.to_string()),
        value("tokens_in", load.tokens_in.to_string()),
        value("tokens_out", load.tokens_out.to_string()),
        value("egress_gb", load.egress_gb.to_string()),
        value("log_gb", load.log_gb.to_string()),
        value("disk_gb", load.disk_gb.to_string()),
        value("hit_rate", load.hit_rate.to_string()),
    ];
    values.extend(load.memory_mb.map(|memory| value("memory_mb", memory.to_string())));
    values.extend(load.models.iter().map(|model| format!("model={model}")));
    wrapped(text, "Load  ", &values.join(" "));
    if values.iter().any(|value| value.ends_with('*')) {
        text.push_str("      * assumed: state it with --load\n");
    }
    text.push('\n');
}

/// Lines that say the same of several resources.
struct Group<'a> {
    first: &'a Line,
    count: usize,
    quantity: Quantity,
    monthly_usd: Usd,
    free_tier_usd: Usd,
}

fn grouped(lines: &[Line]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for line in lines {
        let at = *places.entry((&line.item, line.unit_price_usd, &line.assumption)).or_insert_with(|| {
            groups.push(Group { first: line, count: 0, quantity: Quantity::ZERO, monthly_usd: Usd::ZERO, free_tier_usd: Usd::ZERO });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.count += 1;
        group.quantity = group.quantity + line.quantity;
        group.monthly_usd = group.monthly_usd + line.monthly_usd;
        group.free_tier_usd = group.free_tier_usd + line.free_tier_usd;
    }
    groups
}

fn lines(text: &mut String, bill: &Bill) {
    let is_shown = |group: &Group<'_>| group.monthly_usd.cents() >= CENTS_SHOWN || group.free_tier_usd.cents() >= CENTS_SHOWN;
    let (shown, small): (Vec<_>, Vec<_>) = grouped(&bill.lines).into_iter().partition(is_shown);
    for group in &shown {
        let line = group.first;
        let free = if group.free_tier_usd.cents() > 0 { format!("  (free tier saves {})", group.free_tier_usd) } else { String::new() };
        let more = if group.count > 1 { format!(" and {} more", group.count - 1) } else { String::new() };
        let mark = if line.verified { "" } else { " ?" };
        let _ = writeln!(text, "{:>10}  {}", group.monthly_usd, fitted(&format!("{}  [{}{more}]{free}", line.item, line.resource), WIDTH - 12));
        let each = if group.count > 1 { "each " } else { "" };
        let price = format!("{} {} × {}{mark}", group.quantity, line.unit, line.unit_price_usd);
        wrapped(text, "            ", &format!("{price}: {each}{}", line.assumption));
    }
    if !small.is_empty() {
        let sum: Usd = small.iter().map(|group| group.monthly_usd).sum();
        let _ = writeln!(text, "{sum:>10}  less than a cent each, or free");
        let named = |group: &Group<'_>| if group.count > 1 { format!("{} × {}", group.count, group.first.item) } else { group.first.item.clone() };
        wrapped(text, "            ", &small.iter().map(named).collect::<Vec<_>>().join(", "));
    }
    if shown.iter().any(|group| !group.first.verified) {
        text.push_str("            ? no public page was read for this price: check it before you rely on it\n");
    }
    text.push('\n');
}

fn unpriced(text: &mut String, bill: &Bill) {
    if bill.unpriced.is_empty() {
        return;
    }
    text.push_str("Not priced, so the total is a lower bound\n");
    for entry in &bill.unpriced {
        let _ = writeln!(text, "            {}", fitted(&entry.resource, WIDTH - 12));
        wrapped(text, "              ", &entry.why);
    }
    text.push('\n');
}

fn totals(text: &mut String, bill: &Bill) {
    let range = bill.total_monthly_usd;
    let at_least = if bill.complete { "" } else { "at least " };
    let priced_as = bill.priced_as.as_ref().map(|region| format!(" (priced as {region})")).unwrap_or_default();
    let _ = writeln!(text, "Total       {at_least}${} a month{priced_as}, between ${} and ${}", range.expected, range.low, range.high);
    let _ = writeln!(text, "            ${} for each thousand tasks", bill.per_1000_tasks_usd);
    let free: Usd = bill.lines.iter().map(|line| line.free_tier_usd).sum();
    if free.cents() > 0 {
        let _ = writeln!(text, "            ${free} more where the free tier is used elsewhere");
    }
    text.push('\n');
}

fn dominates(text: &mut String, bill: &Bill) {
    if bill.dominates.is_empty() {
        return;
    }
    text.push_str("What dominates\n");
    for share in &bill.dominates {
        let _ = writeln!(text, "{:>9.0}%  {}", share.percent, fitted(&format!("{}  [{}]", share.item, share.resource), WIDTH - 12));
    }
    text.push('\n');
}

fn halving(text: &mut String, bill: &Bill) {
    let halving = &bill.halving;
    if halving.levers.is_empty() {
        return;
    }
    text.push_str("What would make it smaller, each by itself\n");
    for lever in &halving.levers {
        wrapped(text, &format!("{:>10}  ", format!("-{}", lever.saves_usd)), &format!("{} ({:.0} %)", lever.change, lever.percent));
    }
    let together = match (halving.reaches_half, halving.steps) {
        (true, 1) => "The first one halves it".to_owned(),
        (true, steps) => format!("The first {steps} together halve it"),
        (false, _) => "All of them together do not halve it".to_owned(),
    };
    let _ = writeln!(text, "            {together}: ${} a month, {:.0} % less\n", halving.total_usd, halving.percent);
}

/// The model that is used with its cheaper neighbours.
fn models(text: &mut String, bill: &Bill) {
    let Some(used) = bill.models.iter().rposition(|model| model.is_used) else { return };
    // Five that are cheaper, the nearest ones: the cheapest of all are small models for small work.
    let successors = bill.models.iter().take_while(|model| model.is_successor).count();
    let from = used.saturating_sub(5).max(successors);
    text.push_str("The same tokens with other models and profiles; whether they do the work is another question\n");
    for model in bill.models[..successors].iter().chain(&bill.models[from..=used]) {
        let mark = match (model.is_used, model.is_successor) {
            (true, _) => "  <- used",
            (_, true) => "  the named successor",
            _ => "",
        };
        let end = model.end_of_life.as_ref().map(|end| format!("  end of life {end}")).unwrap_or_default();
        let _ = writeln!(text, "{:>10}  {}", model.monthly_usd, fitted(&format!("{}{mark}{end}", model.model), WIDTH - 12));
    }
    text.push('\n');
}

fn actually(text: &mut String, actual: &Actual) {
    let months = match actual.months.as_slice() {
        [] => String::new(),
        [month] => format!(", {month}"),
        [first, .., last] => format!(", mean of {} months, {first} to {last}", actual.months.len()),
    };
    let _ = writeln!(text, "Estimate and what was paid{months}");
    let _ = writeln!(text, "  {:<48}{:>14}{:>14}{:>14}", "", "estimate", "paid", "difference");
    for row in &actual.rows {
        let _ = writeln!(text, "  {:<48}{:>14}{:>14}{:>14}", fitted(row.service, 46), row.estimate_usd, row.actual_usd, row.difference_usd);
    }
    let _ = writeln!(text, "  {:<48}{:>14}{:>14}", "all that was paid", "", actual.actual_usd);
    if !actual.unmatched.is_empty() {
        text.push_str("  Paid, with no place in the estimate\n");
        for row in &actual.unmatched {
            let _ = writeln!(text, "    {:<60}{:>14}", fitted(&row.name, 58), row.actual_usd);
        }
    }
    for note in &actual.notes {
        wrapped(text, "  Note: ", note);
    }
}

/// The founding document's tables beside ours.
pub fn document_text(tables: &[DocumentTable]) -> String {
    let mut text = String::new();
    wrapped(&mut text, "", &format!("The document's numbers and ours, USD a month, for the load {}", super::document::DOCUMENT_LOAD));
    for table in tables {
        let _ = writeln!(text, "\n{}\n  {:<34}{:>15}{:>12}", table.title, "", "document", "ours");
        for row in &table.rows {
            let _ = writeln!(text, "  {:<34}{:>15}{:>12}", row.item, row.document, row.ours_usd);
            wrapped(&mut text, "      ", &row.why);
        }
    }
    text
}

/// Words after an indent that the lines after the first have as blanks, broken so that they fit.
pub(crate) fn wrapped(text: &mut String, indent: &str, words: &str) {
    let blanks = " ".repeat(indent.chars().count());
    let mut line = indent.to_owned();
    let mut is_empty = true;
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line.clone_from(&blanks);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(&fitted(word, WIDTH - blanks.len()));
        is_empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// Text cut to a width, and rid of what could steer a terminal: names come from templates.
pub(crate) fn fitted(text: &str, width: usize) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if plain.chars().count() <= width {
        return plain;
    }
    plain.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
