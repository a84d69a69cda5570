//! The price list that comes with the product.

use domain::prices::Prices;
use std::sync::LazyLock;

/// The list as text, in the form of `domain::prices`: `prices/models.toml` of the repository.
pub const PRICE_LIST: &str = include_str!("../../../prices/models.toml");

/// The list that comes with the product.
///
/// # Panics
/// Never in a release: a test reads the list.
pub fn prices() -> Prices {
    static PRICES: LazyLock<Prices> = LazyLock::new(|| Prices::parse(PRICE_LIST).expect("a test reads the embedded list"));
    PRICES.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::ModelRef;
    use domain::money::{Usage, UsdMicros};

    fn cost(model: &str, usage: Usage) -> UsdMicros {
        prices().price(&ModelRef::parse(model).unwrap()).unwrap_or_else(|| panic!("{model} has no price")).cost(&usage)
    }

    #[test]
    fn the_default_model_costs_what_its_profile_costs() {
        let fresh = |input_fresh, output| Usage { input_fresh, output, ..Usage::default() };
        // Ten requests below the tier, so that a million tokens are at its rates.
        let ten = |model: &str, input: u64, output: u64| UsdMicros(10 * cost(model, fresh(input / 10, output / 10)).0);
        assert_eq!(ten("bedrock/us.anthropic.claude-haiku-5-5", 1_000_000, 0), UsdMicros(110_000));
        assert_eq!(ten("bedrock/us.anthropic.claude-haiku-5-5", 0, 1_000_000), UsdMicros(550_000));
        assert_eq!(ten("bedrock/global.anthropic.claude-haiku-5-5", 1_000_000, 1_000_000), UsdMicros(600_000));
        let large = cost("bedrock/us.anthropic.claude-haiku-5-5", fresh(1_000_000, 1_000_000));
        assert_eq!(large, UsdMicros(550_000 + 2_750_000));
        let cached = Usage { cache_read: 10_000, cache_write_5m: 10_000, cache_write_1h: 10_000, ..Usage::default() };
        assert_eq!(cost("bedrock/global.anthropic.claude-haiku-5-5", cached), UsdMicros(100 + 1_250 + 2_000));
    }

    #[test]
    fn a_model_at_its_end_names_its_successor() {
        let prices = prices();
        let haiku_3 = ModelRef::parse("bedrock/anthropic.claude-3-haiku-20240307-v1:0").unwrap();
        let row = prices.row(&haiku_3).unwrap();
        assert_eq!(row.end_of_life.as_deref(), Some("2026-09-10"));
        assert!(!row.verified);
        let successor = ModelRef::parse(&format!("bedrock/{}", row.successor.as_deref().unwrap())).unwrap();
        assert!(prices.row(&successor).is_some_and(|row| row.verified && row.end_of_life.is_none()));
    }

    #[test]
    fn cached_input_is_never_dearer_to_read_than_fresh() {
        let mut rows = 0;
        let mut provider = "";
        for line in PRICE_LIST.lines() {
            provider = line.strip_prefix("provider = ").unwrap_or(provider);
            let Some(id) = line.strip_prefix("id = ") else { continue };
            let price = prices().price(&ModelRef::parse(&format!("{provider}/{id}").replace('"', "")).unwrap()).unwrap();
            assert!(price.base.cache_read <= price.base.input && price.base.input > 0, "{id}");
            rows += 1;
        }
        assert!(rows >= 23, "{rows}");
    }
}
