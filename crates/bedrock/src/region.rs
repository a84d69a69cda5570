//! Which inference profile serves a region.

/// The current small Claude. Claude 4.5 and later are on demand through an inference profile only.
pub(crate) const DEFAULT_MODEL: &str = "anthropic.claude-haiku-5-5";

/// The default model as it is named in this region: the inference profile of the region's geography, else the global one.
pub fn default_model(region: &str) -> String {
    profile_of(DEFAULT_MODEL, region)
}

/// The inference profile of a model that keeps requests in the region's geography, where there surely is one.
pub(crate) fn profile_of(model: &str, region: &str) -> String {
    let geography = match region {
        r if r.starts_with("us-gov-") => "us-gov",
        r if r.starts_with("us-") => "us",
        r if r.starts_with("eu-") => "eu",
        "ap-northeast-1" | "ap-northeast-3" => "jp",
        _ => "global",
    };
    format!("{geography}.{model}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_stays_in_the_geography() {
        assert_eq!(default_model("us-east-1"), "us.anthropic.claude-haiku-5-5");
        assert_eq!(default_model("eu-central-1"), "eu.anthropic.claude-haiku-5-5");
        assert_eq!(default_model("ap-northeast-1"), "jp.anthropic.claude-haiku-5-5");
        assert_eq!(default_model("ap-southeast-2"), "global.anthropic.claude-haiku-5-5");
        assert_eq!(default_model("sa-east-1"), "global.anthropic.claude-haiku-5-5");
    }
}
