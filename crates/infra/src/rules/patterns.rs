//! Patterns of resources in policies: what they cover, in which region.

use super::policies::matches;

/// Stands for what a deployment fills in. It is in no name of a region, account or resource.
pub(crate) const FILLED_IN: &str = "§";

/// A pattern with one sign in the place of each `${…}`.
pub(crate) fn filled_in(pattern: &str) -> String {
    let mut parts = pattern.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + FILLED_IN + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// Whether a pattern covers a resource of a service in this region, in any when it is `None`; whose account it is does not matter.
pub(crate) fn covers(pattern: &str, service: &str, region: Option<&str>, resource: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    // Each place that is not asked about is filled with what the pattern has there.
    let place = |at: usize| parts.get(at).copied().filter(|_| parts.len() == 6).unwrap_or_default();
    let partition = if parts.len() == 6 { place(1) } else { "aws" };
    matches(pattern, &format!("arn:{partition}:{service}:{}:{}:{resource}", region.unwrap_or(place(3)), place(4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_by_region_and_by_name() {
        let model = "foundation-model/anthropic.claude-v1:0";
        for (pattern, in_us_east_1, in_any) in [
            ("*", true, true),
            ("arn:aws:bedrock:*::foundation-model/*", true, true),
            ("arn:aws:bedrock:us-*::foundation-model/anthropic.*", true, true),
            ("arn:aws:bedrock:*", true, true),
            ("arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/anthropic.claude-v1:0", false, true),
            ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-v1:0", false, true),
            ("arn:aws:s3:::bucket", false, false),
        ] {
            let pattern = filled_in(pattern);
            let found = (covers(&pattern, "bedrock", Some("us-east-1"), model), covers(&pattern, "bedrock", None, model));
            assert_eq!(found, (in_us_east_1, in_any), "{pattern}");
        }
    }
}
