//! The price list: dated rows of data, looked up by model.

use crate::model::ModelRef;
use crate::money::{Price, Rates, decimal};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Prices by provider and model id.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    rows: BTreeMap<(String, String), PriceRow>,
    free: Vec<String>,
}

/// A model's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// What it costs, without the surcharge of a regional profile.
    pub price: Price,
    /// The day the row was right.
    pub as_of: String,
    /// Who says so.
    pub source: String,
    /// Whether a public page states it; else it is general knowledge.
    pub verified: bool,
    /// The day from which the model does not answer.
    pub end_of_life: Option<String>,
    /// The day from which its maker says to use another, though it still answers.
    pub deprecated: Option<String>,
    /// What to use instead.
    pub successor: Option<String>,
}

/// A price file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPrices(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    model: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    provider: String,
    id: String,
    /// USD per million tokens, as decimal text so that nothing is lost on the way.
    input: String,
    output: String,
    cache_read: Option<String>,
    cache_write_5m: Option<String>,
    cache_write_1h: Option<String>,
    large: Option<Large>,
    #[serde(default)]
    regional_surcharge_percent: u64,
    as_of: String,
    source: String,
    verified: bool,
    end_of_life: Option<String>,
    deprecated: Option<String>,
    successor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Large {
    above_input_tokens: u64,
    input: String,
    output: String,
    cache_read: Option<String>,
    cache_write_5m: Option<String>,
    cache_write_1h: Option<String>,
}

impl Prices {
    /// Reads a price file (TOML, `[[model]]` rows). Later rows replace earlier ones of the same model.
    pub fn parse(text: &str) -> Result<Prices, InvalidPrices> {
        let file: File = toml::from_str(text).map_err(|e| InvalidPrices(e.to_string()))?;
        let mut prices = Prices::default();
        for row in file.model {
            let name = format!("{}/{}", row.provider, row.id);
            let base = rates(&name, &row.input, &row.output, [&row.cache_read, &row.cache_write_5m, &row.cache_write_1h])?;
            let large = match &row.large {
                None => None,
                Some(l) => Some((l.above_input_tokens, rates(&name, &l.input, &l.output, [&l.cache_read, &l.cache_write_5m, &l.cache_write_1h])?)),
            };
            let price = Price { base, large, surcharge_percent: row.regional_surcharge_percent };
            let kept = PriceRow {
                price,
                as_of: row.as_of,
                source: row.source,
                verified: row.verified,
                end_of_life: row.end_of_life,
                deprecated: row.deprecated,
                successor: row.successor,
            };
            prices.rows.insert((row.provider, row.id), kept);
        }
        Ok(prices)
    }

    /// These prices with `other`'s rows in place of their own.
    pub fn with(mut self, other: Prices) -> Prices {
        self.rows.extend(other.rows);
        self.free.extend(other.free);
        self
    }

    /// Everything of this provider costs nothing: it runs on this machine.
    pub fn with_free_provider(mut self, provider: &str) -> Prices {
        self.free.push(provider.to_owned());
        self
    }

    /// What the model costs, or `None` when nobody has said.
    ///
    /// A Bedrock id may be a model id, an inference profile (`us.`, `eu.`, `global.` … before the model id) or an ARN that ends in either.
    /// A `global.` profile has no regional surcharge.
    pub fn price(&self, model: &ModelRef) -> Option<Price> {
        if self.free.iter().any(|p| p == model.provider()) {
            return Some(Price::FREE);
        }
        let (row, profile) = self.find(model)?;
        let surcharge_percent = if profile == Some("global") { 0 } else { row.price.surcharge_percent };
        Some(Price { surcharge_percent, ..row.price })
    }

    /// The model's row, for its dates.
    pub fn row(&self, model: &ModelRef) -> Option<&PriceRow> {
        self.find(model).map(|(row, _)| row)
    }

    fn find<'a, 'm>(&'a self, model: &'m ModelRef) -> Option<(&'a PriceRow, Option<&'m str>)> {
        let get = |id: &str| self.rows.get(&(model.provider().to_owned(), id.to_owned()));
        let id = if model.id().starts_with("arn:") { model.id().rsplit('/').next()? } else { model.id() };
        if let Some(row) = get(id) {
            return Some((row, None));
        }
        let (profile, bare) = id.split_once('.')?;
        Some((get(bare)?, Some(profile)))
    }

    /// Every row, in the order of provider and id.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str, &PriceRow)> {
        self.rows.iter().map(|((provider, id), row)| (provider.as_str(), id.as_str(), row))
    }

    /// The lines that would give an unknown model a price.
    pub fn lines_to_add(model: &ModelRef) -> String {
        format!(
            "[[model]]\nprovider = {:?}\nid = {:?}\ninput = \"USD per million tokens\"\noutput = \"USD per million tokens\"\nas_of = \"YYYY-MM-DD\"\nsource = \"where you read it\"\nverified = true",
            model.provider(),
            model.id()
        )
    }
}

fn rates(name: &str, input: &str, output: &str, cache: [&Option<String>; 3]) -> Result<Rates, InvalidPrices> {
    let rate = |text: &str| {
        pico_per_token(text).ok_or_else(|| InvalidPrices(format!("{name}: {text:?} is not a price in USD per million tokens, such as \"0.10\"")))
    };
    // A cache that has no price of its own is charged as fresh input: never less than the truth for reads.
    let or_input = |text: &Option<String>| rate(text.as_deref().unwrap_or(input));
    Ok(Rates {
        input: rate(input)?,
        output: rate(output)?,
        cache_read: or_input(cache[0])?,
        cache_write_5m: or_input(cache[1])?,
        cache_write_1h: or_input(cache[2])?,
    })
}

/// `"0.10"` USD per million tokens is 100,000 × 10⁻¹² USD per token: the decimal point moves six places.
fn pico_per_token(text: &str) -> Option<u64> {
    u64::try_from(decimal(text, 6)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Usage, UsdMicros};

    const FILE: &str = r#"
        [[model]]
        provider = "bedrock"
        id = "anthropic.claude-haiku-5-5"
        input = "0.10"
        output = "0.50"
        regional_surcharge_percent = 10
        as_of = "2026-11-01"
        source = "test"
        verified = true
    "#;

    fn million_in(model: &str) -> Option<UsdMicros> {
        let usage = Usage { input_fresh: 1_000_000, ..Usage::default() };
        Prices::parse(FILE).unwrap().price(&ModelRef::parse(model).unwrap()).map(|p| p.cost(&usage))
    }

    #[test]
    fn profiles_and_arns_find_the_model() {
        assert_eq!(million_in("bedrock/us.anthropic.claude-haiku-5-5"), Some(UsdMicros(110_000)));
        assert_eq!(million_in("bedrock/global.anthropic.claude-haiku-5-5"), Some(UsdMicros(100_000)));
        assert_eq!(million_in("bedrock/anthropic.claude-haiku-5-5"), Some(UsdMicros(110_000)));
        let arn = "bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-5-5";
        assert_eq!(million_in(arn), Some(UsdMicros(110_000)));
    }

    #[test]
    fn an_unknown_model_has_no_price() {
        assert_eq!(million_in("bedrock/us.anthropic.claude-haiku-9"), None);
        assert_eq!(million_in("openai/anthropic.claude-haiku-5-5"), None);
    }

    #[test]
    fn a_wrong_price_is_refused_by_name() {
        for wrong in ["-1", "", "1e3", "0.1234567", "$1", "1."] {
            let error = Prices::parse(&FILE.replace("0.50", wrong)).unwrap_err().to_string();
            assert!(error.contains("claude-haiku-5-5"), "{wrong}: {error}");
        }
        assert!(Prices::parse("[[model]]\nidd = 1").is_err());
    }
}
