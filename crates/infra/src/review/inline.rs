//! Suppressions written beside the resource that they are for: `# orchestrator:skip=NET-03 until=2027-01-31 reached over VPN only`.

use super::Day;
use super::decisions::Suppression;
use super::source::Sources;
use crate::inventory::Inventory;
use crate::rules;
use std::collections::BTreeMap;

/// What begins such a comment's text.
const MARK: &str = "orchestrator:skip=";

/// A suppression in a file, or what is wrong with one.
pub(crate) type Inline = Result<Suppression, String>;

/// Every suppression that stands in or right above a resource's declaration, and a word on each that belongs to none.
pub(crate) fn suppressions(inventory: &Inventory, sources: &Sources) -> Vec<Inline> {
    let mut marks: BTreeMap<(&str, u32), Mark> = BTreeMap::new();
    for (file, text) in sources.files().filter(|(_, text)| text.text().contains(MARK)) {
        marks.extend((1..=text.lines()).filter_map(|number| Some(((file, number), Mark::of(text.line(number))?))));
    }
    let mut found = Vec::new();
    for resource in &inventory.resources {
        let origin = &resource.origin;
        let Some(text) = sources.file(&origin.file) else { continue };
        let lines = (origin.file.as_str(), origin.line.saturating_sub(1))..=(origin.file.as_str(), *text.block(origin.line).end());
        for ((file, number), mark) in marks.range_mut(lines) {
            // The line above belongs to this resource only when it is a comment of its own.
            if *number >= origin.line || mark.is_alone {
                mark.is_taken = true;
                found.push(read(mark.says, &resource.id).map_err(|why| format!("{file}:{number}: {why}")));
            }
        }
    }
    let lost = marks.iter().filter(|(_, mark)| !mark.is_taken);
    found.extend(lost.map(|((file, number), _)| {
        Err(format!("{file}:{number}: this suppression does nothing: no resource that is known here is declared around or right below it"))
    }));
    found
}

/// A comment that asks for a suppression.
struct Mark<'a> {
    says: &'a str,
    /// Whether nothing but the comment stands on its line.
    is_alone: bool,
    is_taken: bool,
}

impl Mark<'_> {
    fn of(line: &str) -> Option<Mark<'_>> {
        let (before, says) = line.split_once(MARK)?;
        let is_alone = before.trim_start().starts_with('#') || before.trim_start().starts_with("//");
        (is_alone || before.contains(" #") || before.contains(" //")).then_some(Mark { says, is_alone, is_taken: false })
    }
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
    Ok(Suppression { rule: rule.id.to_owned(), resource: Some(resource.to_owned()), reason, until, is_inline: true })
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
        assert!(found.len() == 2 && found[1].clone().unwrap_err().starts_with("main.tf:4: "), "{found:?}");
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
