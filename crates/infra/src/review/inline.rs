//! Suppressions written beside the resource that they are for: `# orchestrator:skip=NET-03 until=2027-01-31 reached over VPN only`.

use super::Day;
use super::decisions::Suppression;
use super::source::{Sources, block};
use crate::inventory::Inventory;
use crate::rules;

/// What begins such a comment's text.
const MARK: &str = "orchestrator:skip=";

/// A suppression in a file, or what is wrong with one.
pub(crate) type Inline = Result<Suppression, String>;

/// Every suppression that stands in or right above a resource's declaration.
pub(crate) fn suppressions(inventory: &Inventory, sources: &Sources) -> Vec<Inline> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        let origin = &resource.origin;
        let Some(text) = sources.text(&origin.file).filter(|text| text.contains(MARK)) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let block = block(&lines, origin.line);
        for number in origin.line.saturating_sub(1).max(1)..=*block.end() {
            let Some(line) = lines.get(number as usize - 1) else { continue };
            let is_comment = line.trim_start().starts_with('#') || line.trim_start().starts_with("//");
            // The line above belongs to this resource only when it is a comment of its own.
            if (number < origin.line && !is_comment) || !(is_comment || line.contains(" #") || line.contains(" //")) {
                continue;
            }
            if let Some((_, rest)) = line.split_once(MARK) {
                found.push(read(rest, &resource.id).map_err(|why| format!("{}:{number}: {why}", origin.file)));
            }
        }
    }
    found
}

fn read(rest: &str, resource: &str) -> Inline {
    let mut words = rest.split_whitespace();
    let id = words.next().unwrap_or_default();
    let rule = rules::rule(id).ok_or_else(|| format!("no rule is called {id:?}"))?;
    let until = words.next().and_then(|word| word.strip_prefix("until=")).and_then(Day::parse);
    let until = until.ok_or_else(|| format!("a suppression of {id} needs an expiry: until=YYYY-MM-DD after the rule"))?;
    let reason = words.collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(format!("a suppression of {id} needs a reason after its expiry"));
    }
    Ok(Suppression { rule: rule.id.to_owned(), resource: Some(resource.to_owned()), reason, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::network::Vpc;
    use crate::rules::testing::world;

    fn of(text: &str) -> Vec<Inline> {
        suppressions(&world().with("vpc", Vpc::default()).inventory, &Sources::new([("main.tf".to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_comment_in_the_declaration_suppresses_its_rule_there() {
        let found = of(
            "resource \"aws_vpc\" \"vpc\" {\n  # orchestrator:skip=NET-04 until=2027-01-31 a lab without traffic\n}\n# orchestrator:skip=NET-03 until=2027-01-31 too late\n",
        );
        assert_eq!(found.len(), 1);
        let suppression = found[0].clone().unwrap();
        assert_eq!(
            (suppression.rule.as_str(), suppression.resource.as_deref(), suppression.reason.as_str()),
            ("NET-04", Some("vpc"), "a lab without traffic")
        );
    }

    #[test]
    fn one_without_expiry_or_reason_is_named() {
        for (text, says) in
            [("skip=NET-04 a lab", "expiry"), ("skip=NET-04 until=2027-01-31", "reason"), ("skip=NET-99 until=2027-01-31 x", "NET-99")]
        {
            let found = of(&format!("resource \"aws_vpc\" \"vpc\" {{ # orchestrator:{text}\n}}\n"));
            let why = found[0].clone().unwrap_err();
            assert!(why.starts_with("main.tf:1: ") && why.contains(says), "{why}");
        }
    }
}
