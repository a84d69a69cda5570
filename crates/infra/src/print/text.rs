//! A review for a terminal: 100 columns at most.

use super::document::{
    capital, counts, distinct, dollars, fault, infrastructure_as_code, mark, missing, of_section, own_price, part_mark, place, shows,
};
use super::style::{Style, harmless, wrapped};
use crate::review::{ALTERNATIVES, Check, Part, Review, Status, drawing};
use crate::rules::{Area, Section};
use domain::finding::Evidence;

/// What fits on every terminal and in a code review.
const WIDTH: usize = 100;
/// More places than these are counted rather than listed.
const EVIDENCE_MAX: usize = 4;

/// The review as text.
pub fn text(review: &Review, style: Style) -> String {
    let mut page = Page { text: String::new(), style };
    page.line(&style.bold("AWS infrastructure review"));
    page.words("", &format!("{}. {}.", review.today, capital(&counts(review))));
    usage(&mut page, review);
    areas(&mut page, review);
    architecture(&mut page, review);
    alternatives(&mut page, review);
    page.heading("Security recommendations");
    sections(&mut page, review, |section| section.is_security());
    page.heading("Checklist");
    sections(&mut page, review, |section| !section.is_security());
    page.heading("Infrastructure as code");
    page.words("  ", &infrastructure_as_code(review));
    unread(&mut page, review);
    questions(&mut page, review);
    steps(&mut page, review);
    page.text
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, title: &str) {
        let title = self.style.bold(title);
        self.line("");
        self.line(&title);
    }

    /// Words behind a lead that stands on their first line only.
    fn words(&mut self, lead: &str, words: &str) {
        let indent = lead.chars().count();
        self.led(lead.to_owned(), indent, words);
    }

    /// The same with a lead that may hold colours and so is wider than it looks.
    fn led(&mut self, lead: String, indent: usize, words: &str) {
        for (i, line) in wrapped(&harmless(words), WIDTH - indent).iter().enumerate() {
            let lead = if i == 0 { lead.clone() } else { " ".repeat(indent) };
            self.line(format!("{lead}{line}").trim_end());
        }
    }

    fn faint(&mut self, indent: usize, words: &str) {
        for line in wrapped(&harmless(words), WIDTH - indent) {
            let line = format!("{}{}", " ".repeat(indent), self.style.faint(&line));
            self.line(line.trim_end());
        }
    }
}

fn usage(page: &mut Page, review: &Review) {
    page.heading("Current AWS usage");
    if review.usage.configured.is_empty() {
        page.words("  ", "No code or configuration here uses AWS.");
    }
    for configured in &review.usage.configured {
        page.words("  ", &format!("{}: {}", configured.what, configured.detail));
        for evidence in configured.evidence.iter().take(EVIDENCE_MAX) {
            page.faint(6, &format!("{}:{}  {}", evidence.file, evidence.line, evidence.quote));
        }
        more(page, 6, configured.evidence.len());
    }
    if !review.usage.not_found.is_empty() {
        let not_found: Vec<&str> = review.usage.not_found.iter().map(|not_found| not_found.what.as_str()).collect();
        page.words("  Not found: ", &not_found.join(", "));
    }
}

fn areas(page: &mut Page, review: &Review) {
    page.heading("Required infrastructure");
    for area in Area::ALL {
        let there: Vec<_> = review.present.iter().filter(|present| present.area == *area).collect();
        let missing = missing(review, *area);
        if there.is_empty() && missing.is_empty() {
            continue;
        }
        page.line(&format!("  {}", page.style.bold(area.title())));
        for present in there.iter().take(8) {
            page.words("    there    ", &format!("{}, {} ({})", present.what, present.id, present.place));
        }
        if there.len() > 8 {
            page.words("             ", &format!("and {} more", there.len() - 8));
        }
        for check in missing {
            page.words(&format!("    {:<9}", fault(check)), &format!("{}: {}", check.id, check.reason));
        }
    }
}

fn architecture(page: &mut Page, review: &Review) {
    page.heading("Architecture");
    let architecture = &review.architecture;
    match architecture.recognised {
        Some(deployment) => page.words("  ", &format!("{}: {}.", deployment.title(), architecture.why)),
        None => page.words("  ", &format!("None of the four: {}.", architecture.why)),
    }
    for also in &architecture.also {
        page.words("  ", &format!("A part of it runs on {}.", also.title()));
    }
    if let Some(price) = own_price(review) {
        page.words("  ", &price);
    }
    let parts = drawing(review);
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            page.line("     ↓");
        }
        page.line(&format!("  {}", named(page.style, part)));
        for (j, inside) in part.inside.iter().enumerate() {
            let branch = if j + 1 == part.inside.len() { "└──" } else { "├──" };
            page.line(&format!("     {branch} {}", named(page.style, inside)));
        }
    }
}

fn named(style: Style, part: &Part) -> String {
    match part.status {
        None => part.name.to_owned(),
        Some(status) => format!("{} {}", part.name, style.status(status, &format!("[{}]", part_mark(part)))),
    }
}

fn alternatives(page: &mut Page, review: &Review) {
    page.heading("Alternatives");
    for alternative in ALTERNATIVES.iter().filter(|alternative| review.architecture.recognised != Some(alternative.deployment)) {
        let price = dollars(review, alternative.deployment).map_or(String::new(), |price| format!(" ({price})"));
        page.line(&format!("  {}{price}", page.style.bold(alternative.deployment.title())));
        alternative.pros.iter().for_each(|pro| page.words("    + ", pro));
        alternative.cons.iter().for_each(|con| page.words("    - ", con));
    }
}

fn sections(page: &mut Page, review: &Review, wanted: impl Fn(Section) -> bool) {
    for section in Section::ALL.iter().filter(|section| wanted(**section)) {
        let checks = of_section(review, *section);
        if checks.is_empty() {
            continue;
        }
        // A whole list that does not apply is one sentence.
        let why = checks.first().map(|check| check.reason.clone()).unwrap_or_default();
        if checks.iter().all(|check| check.status == Status::NotApplicable && check.reason == why) {
            page.words("  ", &format!("{}: does not apply, {why}.", section.title()));
            continue;
        }
        page.line(&format!("  {}", page.style.bold(section.title())));
        for (i, check) in checks.iter().enumerate() {
            // What holds for several in a row is said once, below the last of them.
            let is_said_below = checks.get(i + 1).is_some_and(|next| next.status == check.status && next.reason == check.reason);
            one(page, check, !is_said_below);
        }
    }
}

fn one(page: &mut Page, check: &Check, with_reason: bool) {
    let mark = mark(check);
    let severity = if check.status == Status::Fail { format!(" [{}]", check.severity.as_str()) } else { String::new() };
    let lead = format!("    {} {:<7} ", page.style.status(check.status, &format!("{mark:<10}")), check.id);
    page.led(lead, 23, &format!("{}{severity}", check.title));
    if let (Status::Pass, [evidence]) = (check.status, distinct(check).as_slice()) {
        return detail(page, evidence, true);
    }
    if with_reason && (check.evidence.is_empty() || check.status != Status::Fail) {
        page.words(&" ".repeat(23), &capital(&check.reason));
    }
    if let Some(suppressed) = &check.suppressed {
        page.words(&" ".repeat(23), &format!("Borne until {}: {}", suppressed.until, suppressed.reason));
    }
    if check.status == Status::Unknown && !check.remedy.is_empty() {
        page.words(&" ".repeat(23), &check.remedy);
    }
    if check.status == Status::Fail {
        let mut said = String::new();
        let evidence = distinct(check);
        for evidence in evidence.iter().take(EVIDENCE_MAX) {
            let shown = shows(evidence);
            detail(page, evidence, shown != said);
            said = shown;
        }
        more(page, 23, evidence.len());
    }
}

fn detail(page: &mut Page, evidence: &Evidence, with_words: bool) {
    match evidence {
        Evidence::Resource { .. } => page.words(&" ".repeat(23), &capital(&shows(evidence))),
        _ => {
            if with_words {
                page.words(&" ".repeat(23), &shows(evidence));
            }
            page.faint(25, &format!("{}  {}", place(evidence), evidence.quote()));
        }
    }
}

fn more(page: &mut Page, indent: usize, all: usize) {
    if all > EVIDENCE_MAX {
        page.faint(indent, &format!("and {} more", all - EVIDENCE_MAX));
    }
}

fn unread(page: &mut Page, review: &Review) {
    if review.problems.is_empty() && review.unrecognised.is_empty() && review.notices.is_empty() {
        return;
    }
    page.heading("Not looked at");
    for problem in &review.problems {
        let place = problem.line.map_or(problem.file.clone(), |line| format!("{}:{line}", problem.file));
        page.words("  ", &format!("{place}: {}", problem.message));
    }
    if !review.unrecognised.is_empty() {
        let types: Vec<String> =
            review.unrecognised.iter().map(|one| if one.count == 1 { one.name.clone() } else { format!("{} ({})", one.name, one.count) }).collect();
        page.words("  ", &format!("No rule knows these types, or what they add to is declared elsewhere: {}", types.join(", ")));
    }
    review.notices.iter().for_each(|notice| page.words("  ", &capital(notice)));
}

fn questions(page: &mut Page, review: &Review) {
    if review.questions.is_empty() {
        return;
    }
    page.heading("Open questions");
    page.words("  ", "No file answers these; answer them in review.toml ([[answer]] question = \"Q01\", answer = \"…\").");
    for question in &review.questions {
        page.words(&format!("  {}  ", question.id), &format!("{} ({})", question.question, question.group));
    }
}

fn steps(page: &mut Page, review: &Review) {
    page.heading("Next steps");
    if review.next_steps.is_empty() {
        page.words("  ", "No check fails.");
    }
    for (i, step) in review.next_steps.iter().enumerate() {
        let number = format!("{:>4}. ", i + 1);
        let lead = format!("{number}{} {:<7} ", page.style.severity(step.severity, &format!("{:<8}", step.severity.as_str())), step.id);
        let also = if step.also.is_empty() { String::new() } else { format!(" ({} too)", step.also.join(", ")) };
        page.led(lead, 23, &format!("{}{also}", step.what));
    }
    let patched: Vec<&str> = review.checks.iter().filter(|check| !check.patches.is_empty()).map(|check| check.id).collect();
    if !patched.is_empty() {
        page.words("  Patches are ready for: ", &patched.join(", "));
    }
}
