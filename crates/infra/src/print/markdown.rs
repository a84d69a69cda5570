//! A review as a Markdown document, complete and ready to commit.

use super::document::{adds, counts, distinct, dollars, infrastructure_as_code, mark, missing, of_section, own_price, part_mark, place};
use super::style::harmless;
use crate::review::{ALTERNATIVES, Check, Part, Review, Status, drawing};
use crate::rules::{Area, Section};
use domain::finding::Evidence;
use std::fmt::Write as _;

/// The review as Markdown.
pub fn markdown(review: &Review) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "# AWS Infrastructure Review\n\n{}: {}.", review.today, counts(review));
    usage(&mut page, review);
    areas(&mut page, review);
    architecture(&mut page, review);
    alternatives(&mut page, review);
    page.push_str("\n## Security Recommendations\n");
    sections(&mut page, review, Section::is_security);
    page.push_str("\n## Infrastructure Checklist\n");
    sections(&mut page, review, |section| !section.is_security());
    let _ = writeln!(page, "\n## Infrastructure as Code\n\n{}", infrastructure_as_code(review));
    unread(&mut page, review);
    questions(&mut page, review);
    steps(&mut page, review);
    page
}

/// Foreign text that cannot become markup: no line breaks, names as code, and what Markdown reads as a sign is escaped.
fn plain(text: &str) -> String {
    let is_name = |word: &str| word.contains('_') && !word.contains('`');
    // Where code begins and ends already, words are left alone.
    let text = harmless(text);
    let words = text.split(' ').map(|word| {
        let begin = word.len() - word.trim_start_matches(['(', '"']).len();
        let end = word.trim_end_matches([',', '.', ';', ':', ')', '"']).len().max(begin);
        let name = &word[begin..end];
        if is_name(name) { format!("{}`{name}`{}", escaped(&word[..begin]), escaped(&word[end..])) } else { escaped(word) }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '*' | '_' | '`' | '[' | ']' | '<' | '>' | '|' | '\\' | '#') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Foreign text as code.
fn code(text: &str) -> String {
    let text = harmless(text);
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn usage(page: &mut String, review: &Review) {
    page.push_str("\n## Current AWS Usage\n");
    if !review.usage.configured.is_empty() {
        page.push_str("\n### Configured\n\n");
    }
    for configured in &review.usage.configured {
        let places: Vec<String> = configured.evidence.iter().map(|evidence| code(&format!("{}:{}", evidence.file, evidence.line))).collect();
        let _ = writeln!(page, "- **{}**: {} ({})", plain(configured.what), plain(&configured.detail), places.join(", "));
        // Which role or key is meant stands in the line alone.
        if configured.what.ends_with("uthentication") {
            configured.evidence.iter().take(1).for_each(|evidence| _ = writeln!(page, "  - {}", code(&evidence.quote)));
        }
    }
    if !review.usage.not_found.is_empty() {
        page.push_str("\n### Not found\n\n");
    }
    for not_found in &review.usage.not_found {
        let _ = writeln!(page, "- {}", plain(&not_found.what));
    }
}

fn areas(page: &mut String, review: &Review) {
    page.push_str("\n## Required AWS Infrastructure\n");
    for area in Area::ALL {
        let there: Vec<_> = review.present.iter().filter(|present| present.area == *area).collect();
        let missing = missing(review, *area);
        if there.is_empty() && missing.is_empty() {
            continue;
        }
        let _ = writeln!(page, "\n### {}\n", area.title());
        for present in there {
            let _ = writeln!(page, "- {}: {}, {}", plain(&present.what), code(&present.id), code(&present.place));
        }
        for check in missing {
            let _ = writeln!(page, "- **{}** ({}): {}", if check.is_missing() { "Missing" } else { "At fault" }, check.id, plain(&check.reason));
        }
    }
}

fn architecture(page: &mut String, review: &Review) {
    page.push_str("\n## Architecture\n\n");
    let architecture = &review.architecture;
    match architecture.recognised {
        Some(deployment) => _ = writeln!(page, "**{}**: {}.", deployment.title(), plain(&architecture.why)),
        None => _ = writeln!(page, "None of the four: {}.", plain(&architecture.why)),
    }
    for also in &architecture.also {
        let _ = writeln!(page, "A part of it runs on {}.", also.title());
    }
    if let Some(price) = own_price(review) {
        let _ = writeln!(page, "\n{price}");
    }
    let parts = drawing(review);
    if !parts.is_empty() {
        page.push_str("\n```mermaid\nflowchart TD\n");
        mermaid(page, &parts);
        page.push_str("```\n\nA dashed red edge: missing or at fault; a dashed orange one: cannot be told.\n");
    }
}

/// Boxes from top to bottom; what is inside a part hangs beside it, and what is missing has a dashed red edge.
fn mermaid(page: &mut String, parts: &[Part]) {
    let mut faulty = Vec::new();
    let mut unclear = Vec::new();
    let mut note = |id: &str, status: Option<Status>| match status {
        Some(Status::Fail) => faulty.push(id.to_owned()),
        Some(Status::Unknown | Status::Manual) => unclear.push(id.to_owned()),
        _ => {}
    };
    for (i, part) in parts.iter().enumerate() {
        let id = format!("p{i}");
        let _ = writeln!(page, "    {id}[\"{}\"]", label(part));
        note(&id, part.status);
        if i > 0 {
            let _ = writeln!(page, "    p{} --> {id}", i - 1);
        }
        for (j, inside) in part.inside.iter().enumerate() {
            let inner = format!("p{i}_{j}");
            let _ = writeln!(page, "    {id} --- {inner}([\"{}\"])", label(inside));
            note(&inner, inside.status);
        }
    }
    for (class, style, ids) in [("fault", "stroke:#c00,stroke-dasharray:4", faulty), ("unclear", "stroke:#c80,stroke-dasharray:4", unclear)] {
        if !ids.is_empty() {
            let _ = writeln!(page, "    classDef {class} {style}\n    class {} {class}", ids.join(","));
        }
    }
}

fn label(part: &Part) -> String {
    match part_mark(part) {
        "" | "ok" => part.name.to_owned(),
        mark => format!("{} ({mark})", part.name),
    }
}

fn alternatives(page: &mut String, review: &Review) {
    page.push_str("\n## Alternatives\n");
    for alternative in ALTERNATIVES.iter().filter(|alternative| review.architecture.recognised != Some(alternative.deployment)) {
        let price = dollars(review, alternative.deployment).map_or(String::new(), |price| format!(", {price}"));
        let _ = writeln!(page, "\n### {}{price}\n", alternative.deployment.title());
        alternative.pros.iter().for_each(|pro| _ = writeln!(page, "- For: {pro}"));
        alternative.cons.iter().for_each(|con| _ = writeln!(page, "- Against: {con}"));
    }
}

fn sections(page: &mut String, review: &Review, wanted: impl Fn(Section) -> bool) {
    for section in Section::ALL.iter().filter(|section| wanted(**section)) {
        let checks = of_section(review, *section);
        if checks.is_empty() {
            continue;
        }
        let why = checks.first().map(|check| check.reason.clone()).unwrap_or_default();
        if checks.iter().all(|check| check.status == Status::NotApplicable && check.reason == why) {
            let _ = writeln!(page, "\n### {}\n\nDoes not apply: {}.", section.title(), plain(&why));
            continue;
        }
        let _ = writeln!(page, "\n### {}\n", section.title());
        let (unasked, asked): (Vec<&Check>, Vec<&Check>) = checks.into_iter().partition(|check| check.status == Status::NotApplicable);
        asked.into_iter().for_each(|check| one(page, check));
        let mut why: Vec<(&str, Vec<&str>)> = Vec::new();
        for check in unasked {
            match why.iter_mut().find(|(reason, _)| *reason == check.reason) {
                Some((_, ids)) => ids.push(check.id),
                None => why.push((&check.reason, vec![check.id])),
            }
        }
        let unasked: Vec<String> = why.into_iter().map(|(reason, ids)| format!("{} ({})", ids.join(", "), plain(reason))).collect();
        if !unasked.is_empty() {
            let _ = writeln!(page, "- Not applicable: {}", unasked.join("; "));
        }
    }
}

fn one(page: &mut String, check: &Check) {
    let ticked = if matches!(check.status, Status::Pass | Status::Attested) { 'x' } else { ' ' };
    let severity = if check.status == Status::Fail { format!(", {}", check.severity.as_str()) } else { String::new() };
    let _ = writeln!(page, "- [{ticked}] {} ({}) **{}**{severity}: {}", check.title, check.id, mark(check), plain(&check.reason));
    if let Some(suppressed) = &check.suppressed {
        let _ = writeln!(page, "  - Borne until {}: {}", suppressed.until, plain(&suppressed.reason));
    }
    for evidence in distinct(check) {
        let (searched, quote) = match evidence {
            Evidence::File { .. } => ("", format!(" {}", code(evidence.quote()))),
            _ => ("looked in ", String::new()),
        };
        let words = adds(check, evidence).map_or(String::new(), |words| format!(": {}", plain(&words)));
        let _ = writeln!(page, "  - {searched}{}{quote}{words}", code(place(evidence)));
    }
    if matches!(check.status, Status::Fail | Status::Unknown) && !check.remedy.is_empty() {
        let _ = writeln!(page, "  - {}", check.remedy);
    }
}

fn unread(page: &mut String, review: &Review) {
    if review.problems.is_empty() && review.unrecognised.is_empty() && review.notices.is_empty() {
        return;
    }
    page.push_str("\n## Not Looked At\n\n");
    for problem in &review.problems {
        let place = problem.line.map_or(problem.file.clone(), |line| format!("{}:{line}", problem.file));
        let _ = writeln!(page, "- {}: {}", code(&place), plain(&problem.message));
    }
    for one in &review.unrecognised {
        let _ = writeln!(page, "- {} ({}): no rule knows this type, or what it adds to is elsewhere", code(&one.name), one.count);
    }
    review.notices.iter().for_each(|notice| _ = writeln!(page, "- {}", plain(notice)));
}

fn questions(page: &mut String, review: &Review) {
    if review.questions.is_empty() {
        return;
    }
    page.push_str(
        "\n## Open Questions\n\nNo file answers these; answer them in `review.toml`: `[[answer]]`, `question = \"Q01\"`, `answer = \"…\"`.\n\n",
    );
    for question in &review.questions {
        let _ = writeln!(page, "- {} ({}): {}", question.id, question.group, question.question);
    }
}

fn steps(page: &mut String, review: &Review) {
    page.push_str("\n## Next Steps\n\n");
    if review.next_steps.is_empty() {
        page.push_str("No check fails.\n");
    }
    for (i, step) in review.next_steps.iter().enumerate() {
        let ids: Vec<&str> = std::iter::once(step.id).chain(step.also.iter().copied()).collect();
        let _ = writeln!(page, "{}. **{}** ({}): {} Now: {}.", i + 1, ids.join(", "), step.severity.as_str(), step.what, plain(&step.why));
    }
}
