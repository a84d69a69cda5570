//! Answers without a model: what was found, worst first, then what was looked at.

use crate::finding::Finding;
use crate::run::{Call, Run};
use serde_json::Value;

/// The answer of a run that only made checks.
pub(crate) fn from_checks<'a, C>(run: &Run, checks: impl Iterator<Item = (&'a Call, Option<C>)>, instead_of_model: Option<&str>) -> String {
    let mut answer = String::new();
    if let Some(reason) = instead_of_model {
        // The event has the whole; its first line says what went wrong.
        let reason = reason.lines().next().unwrap_or_default().trim_end_matches(['.', ':']);
        answer.push_str(&format!("The model gave no answer ({reason}). This is what deterministic checks found.\n\n"));
    }
    answer.push_str(&findings(run.findings()));
    let (mut made, mut failed, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for (call, skipped_because) in checks {
        let name = describe(call);
        match call.result() {
            None if skipped_because.is_some() => skipped.push(name),
            None => {}
            Some(result) if result.error.is_some() => failed.push(format!("{name} ({})", result.text)),
            Some(result) => made.push(format!("- {name}: {}\n", headline(call, &result.text))),
        }
    }
    if !made.is_empty() {
        answer.push_str(&format!("\nChecked:\n\n{}", made.concat()));
    }
    let mut list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            answer.push_str(&format!("\n{title}: {}.\n", items.join(", ")));
        }
    };
    list("Could not be checked", &failed);
    list("Not checked, because what it needs was not reached", &skipped);
    answer
}

/// The answer of a run that ended before its model answered.
pub(crate) fn from_findings(run: &Run, reason: &str) -> String {
    let mut answer = format!("No full answer: {reason}.\n\n{}", findings(run.findings()));
    let last_words = run.turns().iter().rev().map(|t| t.reply.text.trim()).find(|t| !t.is_empty());
    if let Some(words) = last_words {
        answer.push_str(&format!("\nThe model's last words were: {words}\n"));
    }
    answer
}

fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "Nothing wrong was found.\n".to_owned();
    }
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let count = if sorted.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", sorted.len()) };
    let mut text = format!("{count}, worst first:\n\n");
    for finding in sorted {
        text.push_str(&format!("- **{}** {}. {} [{}]\n", finding.severity.as_str(), finding.title.trim_end_matches('.'), finding.remedy, finding.id));
    }
    text
}

/// A tool's first line says most: it stands for the output, with its columns closed up.
fn headline(call: &Call, output: &str) -> String {
    /// A line of a terminal.
    const CHARS_MAX: usize = 120;
    let first = output.lines().next().unwrap_or_default();
    // Some lines begin with what they are about, which the call has said.
    let first = first.strip_prefix(&format!("{} ", call.tool)).unwrap_or(first);
    let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= CHARS_MAX { line } else { line.chars().take(CHARS_MAX - 1).chain(['…']).collect() }
}

/// A call as people read it: `tcp_connect 127.0.0.1:1`.
fn describe(call: &Call) -> String {
    let text = |key: &str| call.arguments.get(key).and_then(Value::as_str);
    let target = match (text("url").or(text("path")), text("host"), call.arguments.get("port").and_then(Value::as_u64)) {
        (Some(whole), ..) => format!(" {whole}"),
        (None, Some(host), Some(port)) => format!(" {}", crate::target::endpoint(host, u16::try_from(port).unwrap_or_default())),
        (None, Some(host), None) => format!(" {host}"),
        (None, None, _) => String::new(),
    };
    format!("{}{target}", call.tool)
}
