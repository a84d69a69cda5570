//! BR-02: one region is chosen, and the policy is for it.

use super::policies::bedrock_statements;
use super::prelude::*;
use std::collections::BTreeSet;

pub(super) static RULE: Rule = Rule {
    id: "BR-02",
    title: "A region is chosen, and the policy is for it",
    section: Section::Current,
    area: Area::Bedrock,
    document_line: Some("Region selected (us-east-1)"),
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy { what: "Call Bedrock in a region that the policy's ARNs name", cloudformation: "AWS_REGION in the environment", terraform: "provider \"aws\" { region = … }" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut evidence: Vec<Seen> = facts.repository.regions.iter().map(|mention| Seen::mention(mention, format!("the region is {}", mention.value))).collect();
    let mut chosen: BTreeSet<&str> = facts.repository.regions.iter().map(|mention| mention.value.as_str()).collect();
    for resource in &facts.inventory.resources {
        if let Some(region) = resource.region.known()
            && chosen.insert(region)
        {
            evidence.push(Seen::resource(resource, &[], format!("its region is {region}")));
        }
    }
    let (named, places) = regions_of_policies(facts);
    let is_covered = named.is_empty() || named.contains("*") || named.contains("") || chosen.iter().any(|region| named.contains(*region));
    let list = |regions: &BTreeSet<&str>| regions.iter().copied().collect::<Vec<_>>().join(", ");
    match (chosen.is_empty(), is_covered) {
        (true, _) => Judgement::unknown("no region is named here, so it is whatever the environment says", Vec::new()),
        (false, false) => {
            evidence.extend(places);
            Judgement::fail(format!("the region is {}, and the policy allows Bedrock in {} only", list(&chosen), list(&named)), evidence)
        }
        (false, true) => Judgement::pass(format!("the region is {}", list(&chosen)), evidence),
    }
}

/// The regions in the ARNs of models that policies allow.
fn regions_of_policies<'a>(facts: &Facts<'a>) -> (BTreeSet<&'a str>, Vec<Seen>) {
    let mut regions = BTreeSet::new();
    let mut places = Vec::new();
    for (resource, statement) in bedrock_statements(facts.inventory) {
        for link in &statement.resources {
            match link {
                Value::Known(Link::Outside(arn)) if arn.starts_with("arn:") => {
                    let region = arn.split(':').nth(3).unwrap_or_default();
                    if regions.insert(region) {
                        places.push(Seen::part(resource, statement.line, &["Resource", "resources"], format!("allows Bedrock in {region}")));
                    }
                }
                // A pattern or something that cannot be told may cover any region.
                _ => _ = regions.insert("*"),
            }
        }
    }
    (regions, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::identity::Policy;

    #[test]
    fn the_region_in_code_must_be_in_the_policy() {
        let project = |region: &str| {
            let document = allow(&["bedrock:InvokeModel"], &["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-5-5"]);
            world().with_mention(|r| &mut r.regions, region).with("p", Policy { document, ..Policy::default() })
        };
        passes(&RULE, project("us-east-1"));
        fails(&RULE, project("eu-central-1"));
        passes(&RULE, world().with_mention(|r| &mut r.regions, "us-east-1"));
        is_unknown(&RULE, world());
    }
}
