//! Every setting there is: its key, the variables that set it, what it is when nobody says.

/// One setting.
pub(crate) struct Setting {
    /// Its key in the file; a dot is a table.
    pub(crate) key: &'static str,
    /// Variables that set it beside `ORCHESTRATOR_<KEY>`; names that people have already.
    pub(crate) variables: &'static [&'static str],
    /// What it is when nobody says; empty is nothing.
    pub(crate) default: &'static str,
    /// Never shown.
    pub(crate) is_secret: bool,
    /// One line for `config show`.
    pub(crate) about: &'static str,
}

const fn setting(key: &'static str, variables: &'static [&'static str], default: &'static str, about: &'static str) -> Setting {
    Setting { key, variables, default, is_secret: false, about }
}

const fn secret(key: &'static str, variables: &'static [&'static str], about: &'static str) -> Setting {
    Setting { key, variables, default: "", is_secret: true, about }
}

/// Every setting, in the order in which `config show` prints them.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("model", &[], "auto", "provider/model-id; none is checks only; auto is whatever credentials are present"),
    setting("region", &["AWS_REGION", "AWS_DEFAULT_REGION"], "us-east-1", "the AWS region of Amazon Bedrock"),
    setting("data_dir", &[], "", "where runs are kept"),
    setting("agents_dir", &[], "", "Markdown files of agents that add to the built-in ones or replace them"),
    setting("host", &[], "127.0.0.1", "the address that up listens on"),
    setting("port", &["PORT"], "8000", "the port that up listens on; 0 is any that is free"),
    secret("api_key", &["API_KEY"], "the key that callers of up must show"),
    setting("runs_concurrent_max", &[], "256", "runs driven at once; more are told to come back"),
    setting("turns_max", &[], "12", "turns of one run"),
    setting("budget_usd_per_run", &[], "0.25", "what one run may cost"),
    setting("budget_usd_per_key_day", &[], "5", "what one key may spend in a UTC day"),
    setting("budget_usd_per_day", &[], "5", "what all keys together may spend in a UTC day"),
    setting("retention_days", &[], "30", "how long ended runs are kept"),
    setting("drain_delay_seconds", &[], "3", "how long up goes on accepting after SIGTERM, for balancers to notice"),
    setting("prices_file", &[], "", "TOML rows of model prices that add to the built-in ones or replace them"),
    setting("openai.base_url", &["OPENAI_BASE_URL"], "https://api.openai.com/v1", "any server that speaks the OpenAI chat completions API"),
    secret("openai.api_key", &["OPENAI_API_KEY"], "its key"),
    setting("bedrock.endpoint_url", &["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"], "", "another endpoint for Amazon Bedrock"),
    setting("log", &["RUST_LOG"], "warn", "what is logged: error, warn, info, debug or trace, by module if need be"),
];

/// `ORCHESTRATOR_` variables that are not settings.
pub(crate) const OTHER_VARIABLES: &[&str] = &["ORCHESTRATOR_CONFIG", "ORCHESTRATOR_SERVER"];

/// The setting's own variable.
pub(crate) fn variable(key: &str) -> String {
    format!("ORCHESTRATOR_{}", key.to_ascii_uppercase().replace('.', "_"))
}

/// The known word nearest to a mistyped one, when one is near enough to be meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, word) = known.into_iter().map(|word| (distance(typed, word), word)).min()?;
    (distance <= typed.len().max(3) / 3).then_some(word)
}

/// Letters to insert, delete, replace or swap with their neighbour to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_recognised_and_a_foreign_one_is_not() {
        assert_eq!(nearest("prot", ["port", "host"]), Some("port"));
        assert_eq!(nearest("retention_day", SETTINGS.iter().map(|setting| setting.key)), Some("retention_days"));
        assert_eq!(nearest("colour", ["port", "host"]), None);
        assert_eq!(nearest("network", ["network_diagnostics"]), None);
    }
}
