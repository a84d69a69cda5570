//! A review as SARIF 2.1.0: failures and what cannot be told, at the lines that show them.

use crate::inventory::Problem;
use crate::review::{Check, Review, Status};
use crate::rules::{RULES, Rule};
use domain::finding::{Evidence, Severity};
use serde_json::{Value, json};

/// The review as a SARIF log.
///
/// Code scanning refuses a whole log in which one result has no file. A failure without a place, something that is nowhere declared, is
/// laid to the project's first file; what is no failure and has no place is a notification instead of a result.
pub fn sarif(review: &Review) -> Value {
    let open = review.checks.iter().filter(|check| matches!(check.status, Status::Fail | Status::Unknown | Status::Manual));
    let (shown, told): (Vec<&Check>, Vec<&Check>) = open.partition(|check| check.status == Status::Fail || check.evidence.iter().any(is_in_file));
    let first = first_file(review);
    let results: Vec<Value> = shown.into_iter().map(|check| result(check, first)).collect();
    let unread = review.problems.iter().map(unread);
    let notices = review.notices.iter().map(|notice| json!({ "level": "note", "message": { "text": format!("{notice}.") } }));
    let notifications: Vec<Value> = unread.chain(told.into_iter().map(notification)).chain(notices).collect();
    let rules: Vec<Value> = RULES.iter().map(|rule| descriptor(rule)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "orchestrator", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
    })
}

fn is_in_file(evidence: &Evidence) -> bool {
    matches!(evidence, Evidence::File { .. })
}

/// The first file that declares or uses something; the root when there is none.
fn first_file(review: &Review) -> &str {
    let declares = review.present.first().and_then(|present| present.place.rsplit_once(':')).map(|(file, _)| file);
    let uses = || review.usage.configured.iter().flat_map(|configured| &configured.evidence).map(|evidence| evidence.file.as_str()).next();
    declares.or_else(uses).unwrap_or(".")
}

fn unread(problem: &Problem) -> Value {
    let notification = |text: String| json!({ "level": "warning", "message": { "text": text } });
    if problem.file.is_empty() {
        return notification(format!("{}.", problem.message));
    }
    let mut place = json!({ "artifactLocation": { "uri": uri(&problem.file), "uriBaseId": "%SRCROOT%" } });
    if let Some(line) = problem.line {
        place["region"] = json!({ "startLine": line.max(1) });
    }
    let mut notification = notification(format!("{} could not be read: {}.", problem.file, problem.message));
    notification["locations"] = json!([{ "physicalLocation": place }]);
    notification
}

fn notification(check: &Check) -> Value {
    json!({ "level": "note", "message": { "text": message(check) }, "associatedRule": { "id": check.id, "index": index(check) } })
}

fn index(check: &Check) -> Option<usize> {
    RULES.iter().position(|rule| rule.id == check.id)
}

fn message(check: &Check) -> String {
    let remedy = if check.remedy.is_empty() { String::new() } else { format!(" {}", check.remedy) };
    format!("{}: {}.{remedy}", check.title, check.reason)
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": name(rule.title),
        "shortDescription": { "text": rule.title },
        "help": { "text": format!("{}.", rule.remedy.what) },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "security-severity": score(rule.severity), "tags": [rule.section.title()] },
    })
}

fn result(check: &Check, first: &str) -> Value {
    let (kind, level) = match check.status {
        Status::Fail => ("fail", level(check.severity)),
        // A kind other than `fail` goes with no level.
        Status::Manual => ("review", "none"),
        _ => ("open", "none"),
    };
    let mut locations: Vec<Value> = check.evidence.iter().filter_map(location).collect();
    if locations.is_empty() {
        locations.push(json!({
            "physicalLocation": { "artifactLocation": { "uri": uri(first), "uriBaseId": "%SRCROOT%" }, "region": { "startLine": 1 } },
        }));
    }
    let mut result = json!({
        "ruleId": check.id,
        "ruleIndex": index(check),
        "kind": kind,
        "level": level,
        "message": { "text": message(check) },
        "locations": locations,
        "partialFingerprints": { "orchestrator/v1": format!("{}:{}", check.id, check.evidence.iter().map(fingerprint).collect::<Vec<_>>().join(",")) },
    });
    if !check.patches.is_empty() {
        result["fixes"] = json!([fix(check)]);
    }
    if let Some(suppressed) = &check.suppressed {
        let kind = if suppressed.is_inline { "inSource" } else { "external" };
        result["suppressions"] =
            json!([{ "kind": kind, "status": "accepted", "justification": format!("{} (until {})", suppressed.reason, suppressed.until) }]);
    }
    result
}

/// The check's patches, together one fix.
fn fix(check: &Check) -> Value {
    let mut changes: Vec<(&str, Vec<Value>)> = Vec::new();
    for patch in &check.patches {
        let replacement = json!({
            "deletedRegion": { "startLine": patch.start_line, "startColumn": patch.start_column, "endLine": patch.end_line, "endColumn": patch.end_column },
            "insertedContent": { "text": patch.text },
        });
        match changes.iter_mut().find(|(file, _)| *file == patch.file) {
            Some((_, replacements)) => replacements.push(replacement),
            None => changes.push((&patch.file, vec![replacement])),
        }
    }
    let changes: Vec<Value> = changes
        .into_iter()
        .map(|(file, replacements)| json!({ "artifactLocation": { "uri": uri(file), "uriBaseId": "%SRCROOT%" }, "replacements": replacements }))
        .collect();
    json!({ "description": { "text": check.remedy }, "artifactChanges": changes })
}

fn location(evidence: &Evidence) -> Option<Value> {
    let Evidence::File { place, path, quote, note } = evidence else { return None };
    let (file, line) = place.rsplit_once(':')?;
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(file), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": line.parse::<u32>().ok()?.max(1), "snippet": { "text": quote } },
        },
    });
    if let Some(note) = note {
        location["message"] = json!({ "text": note });
    }
    if let Some(path) = path {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": path, "kind": "resource" }]);
    }
    Some(location)
}

/// What stays the same when lines move.
fn fingerprint(evidence: &Evidence) -> String {
    match evidence {
        Evidence::File { path: Some(path), .. } => path.clone(),
        Evidence::File { place, .. } => place.rsplit_once(':').map_or(place.clone(), |(file, _)| file.to_owned()),
        Evidence::Resource { .. } | Evidence::Event { .. } => String::new(),
    }
}

/// A relative path as a URI reference: what is not allowed in one is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b'+' | b'@' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// A title as a name in Pascal case, as SARIF wants it.
fn name(title: &str) -> String {
    title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The score by which code-scanning pages sort.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}
