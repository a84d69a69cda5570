//! Results on standard output: for people as text, for programs as JSON.

use crate::arguments::Format;
use crate::terminal::{Terminal, harmless, print};
use api::{PendingKind, RunView};
use domain::event::Status;
use domain::finding::{Evidence, Finding};
use domain::money::Usage;
use domain::{AgentId, RunId, UsdMicros};
use serde::Serialize;
use std::fmt::Write as _;

/// What `ask` and `run get` print of a run as JSON; a contract with scripts.
#[derive(Serialize)]
struct Result<'a> {
    run_id: &'a RunId,
    status: Status,
    outcome: Option<&'a str>,
    answer: Option<&'a str>,
    findings: &'a [Finding],
    agents: &'a [AgentId],
    usage: &'a Usage,
    cost_usd_micros: UsdMicros,
    duration_ms: u64,
}

/// Any value as one JSON document: over lines for `json`, on one line for `jsonl`.
pub(crate) fn json(format: Format, value: &impl Serialize) {
    let text = match format {
        Format::Jsonl => serde_json::to_string(value),
        _ => serde_json::to_string_pretty(value),
    };
    // What is printed are our own types, which always have a JSON form.
    print(&format!("{}\n", text.unwrap_or_default()));
}

/// A run's result. `is_answer_printed`: the person has read the answer word by word already.
pub(crate) fn run(format: Format, terminal: Terminal, view: &RunView, is_answer_printed: bool) {
    match format {
        Format::Text => print(&text(terminal, view, is_answer_printed)),
        Format::Json | Format::Jsonl => json(format, &result(view)),
    }
}

fn result(view: &RunView) -> Result<'_> {
    Result {
        run_id: &view.run_id,
        status: view.status,
        outcome: view.outcome.as_deref(),
        answer: view.answer.as_deref(),
        findings: &view.findings,
        agents: &view.agents,
        usage: &view.usage,
        cost_usd_micros: view.cost_usd_micros,
        duration_ms: view.duration_ms,
    }
}

fn text(terminal: Terminal, view: &RunView, is_answer_printed: bool) -> String {
    let mut text = String::new();
    match (&view.answer, &view.error) {
        (Some(_), _) if is_answer_printed => {}
        (Some(answer), _) => {
            text.push_str(&terminal.markdown(answer));
            text.push('\n');
        }
        (None, Some(error)) => {
            let _ = writeln!(text, "No answer: {}\n", harmless(error));
        }
        (None, None) => {
            let _ = writeln!(text, "The run is {}.\n", view.status.as_str());
        }
    }
    evidence(&mut text, terminal, view);
    for call in &view.pending {
        let words = match call.kind {
            PendingKind::Approval => "approve|deny",
            PendingKind::Decision => "retry|done|abort",
        };
        let _ = writeln!(text, "Waits for you: {} {}", call.tool, harmless(&call.arguments.to_string()));
        let _ = writeln!(text, "  {}\n  orchestrator run decide {} --call {} {words}\n", harmless(&call.reason), view.run_id, call.call);
    }
    let mut last = format!("run {}: {}", view.run_id, view.status.as_str());
    if let Some(outcome) = view.outcome.as_deref().filter(|outcome| *outcome != "full") {
        let _ = write!(last, " ({outcome})");
    }
    let _ = write!(last, ", {:.1} s, {}", view.duration_ms as f64 / 1e3, cost(view));
    text.push_str(&terminal.faint(&last));
    text.push('\n');
    text
}

/// What each finding stands on; its remedy too, unless the answer says it.
fn evidence(text: &mut String, terminal: Terminal, view: &RunView) {
    if view.findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", terminal.bold("Evidence"));
    let mut findings: Vec<_> = view.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let _ = writeln!(text, "  {} {} [{}]", terminal.severity(finding.severity), harmless(&finding.title), finding.id);
        for evidence in &finding.evidence {
            let from = match evidence {
                Evidence::Event { event, tool, .. } => format!("{tool}, event {event}"),
                Evidence::File { place, .. } | Evidence::Resource { place, .. } => harmless(place),
            };
            let _ = writeln!(text, "           {from}: {}", terminal.faint(&format!("\"{}\"", harmless(evidence.quote()))));
        }
        if !view.answer.as_deref().unwrap_or_default().contains(&finding.remedy) {
            let _ = writeln!(text, "           {}", harmless(&finding.remedy));
        }
    }
    text.push('\n');
}

fn cost(view: &RunView) -> String {
    if view.cost_usd_micros == UsdMicros::ZERO { "no cost".to_owned() } else { view.cost_usd_micros.to_string() }
}

/// Rows under headings, columns as wide as what is in them.
pub(crate) fn table(terminal: Terminal, headings: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", harmless(cell).replace('\n', " "))).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let mut text = terminal.bold(&line(&headings));
    text.push('\n');
    for row in rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    print(&text);
}
