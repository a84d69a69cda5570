//! BR-02: one region is chosen, and the policy is for it.

use super::patterns::{FILLED_IN, filled_in};
use super::policies::{bedrock_statements, matches};
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
    let covered: Vec<bool> = chosen.iter().map(|region| named.is_empty() || named.iter().any(|pattern| matches(pattern, region))).collect();
    let regions = chosen.iter().copied().collect::<Vec<_>>().join(", ");
    let allowed = named.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if chosen.is_empty() {
        return Judgement::unknown("no region is named here, so it is whatever the environment says", Vec::new());
    }
    if covered.iter().all(|is_covered| *is_covered) {
        return Judgement::pass(format!("the region is {regions}"), evidence);
    }
    evidence.extend(places);
    if covered.contains(&true) {
        return Judgement::unknown(format!("the regions are {regions}, the policy allows Bedrock in {allowed} only, and which of them Bedrock is called in cannot be told"), evidence);
    }
    Judgement::fail(format!("the region is {regions}, and the policy allows Bedrock in {allowed} only"), evidence)
}

/// The regions in the ARNs of models that policies allow, as patterns.
fn regions_of_policies(facts: &Facts) -> (BTreeSet<String>, Vec<Seen>) {
    let mut regions = BTreeSet::new();
    let mut places = Vec::new();
    for (resource, statement) in bedrock_statements(facts.inventory) {
        for link in &statement.resources {
            let region = match link {
                Value::Known(Link::Outside(arn)) if arn.starts_with("arn:") => filled_in(arn).split(':').nth(3).unwrap_or("*").to_owned(),
                // A pattern or something that cannot be told may cover any region.
                _ => "*".to_owned(),
            };
            // What a deployment fills in is where it is deployed; no region at all is all of them.
            let region = if region.is_empty() || region.contains(FILLED_IN) { "*".to_owned() } else { region };
            if regions.insert(region.clone()) {
                places.push(Seen::part(resource, statement.line, &["Resource", "resources"], format!("allows Bedrock in {region}")));
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
        let allowed_in = |allowed: &str, region: &str| {
            let document = allow(&["bedrock:InvokeModel"], &[&format!("arn:aws:bedrock:{allowed}::foundation-model/anthropic.claude-haiku-5-5")]);
            world().with_mention(|r| &mut r.regions, region).with("p", Policy { document, ..Policy::default() })
        };
        passes(&RULE, allowed_in("us-east-1", "us-east-1"));
        passes(&RULE, allowed_in("us-*", "us-east-1"));
        passes(&RULE, allowed_in("${AWS::Region}", "us-east-1"));
        fails(&RULE, allowed_in("us-east-1", "eu-central-1"));
        // One of the two may be another service's.
        is_unknown(&RULE, allowed_in("us-east-1", "eu-central-1").with_mention(|r| &mut r.regions, "us-east-1"));
        passes(&RULE, world().with_mention(|r| &mut r.regions, "us-east-1"));
        is_unknown(&RULE, world());
    }
}
