//! What AWS charges: dated rows of data, each with its source, looked up by id and region.

mod units;

use crate::cost::{Quantity, UnitPrice};
use domain::prices::Prices;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The rows that ship with this release: `prices/aws.toml` of the repository.
pub const AWS_PRICE_LIST: &str = include_str!("../../../prices/aws.toml");

/// The region of rows that name none.
const REGION: &str = "us-east-1";

/// Prices by region and id.
#[derive(Clone, Debug, Default)]
pub struct AwsPrices {
    as_of: String,
    rows: BTreeMap<(String, String), PriceRow>,
    free: BTreeMap<(String, String), FreeRow>,
    sizes: BTreeMap<String, Quantity>,
}

/// One price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Such as `ec2.t3.medium`.
    pub id: String,
    /// What the price is for, such as `hour`.
    pub unit: &'static str,
    /// USD for one unit, up to the first tier.
    pub usd: UnitPrice,
    /// Prices above a quantity of a month, in rising order.
    pub tiers: Vec<Tier>,
    /// When the row was right: a year, month or day.
    pub as_of: String,
    /// Who says so.
    pub source: String,
    /// Whether a public page states it; else it is general knowledge or derived.
    pub verified: bool,
}

/// The price above a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// From here on.
    pub above: Quantity,
    /// USD for one unit.
    pub usd: UnitPrice,
    /// Whether a public page states it.
    pub verified: bool,
}

/// What every account gets each month for nothing, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeRow {
    /// Such as `lambda.gbs`.
    pub id: String,
    /// The ids of the prices that share it.
    pub covers: Vec<String>,
    /// How much, in the unit of those prices.
    pub quantity: Quantity,
}

/// A price file that cannot be used, with the line that says why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPrices(String);

/// There are no prices for a region.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there are no prices for {region}, only for {known}: add rows with region = {region:?} in a price file, or have it priced as {REGION}, which the total will say"
)]
pub struct NoPrices {
    region: String,
    known: String,
}

/// What to do about a region without prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Refuse.
    Refuse,
    /// Take the prices of us-east-1, and say so.
    AsUsEast1,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    region: Option<String>,
    as_of: Option<Spanned<String>>,
    #[serde(default)]
    price: Vec<Spanned<PriceEntry>>,
    #[serde(default)]
    free: Vec<Spanned<FreeEntry>>,
    #[serde(default)]
    size: Vec<Spanned<SizeEntry>>,
    /// Rows of `domain::prices`, for a file that changes both.
    model: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    id: Spanned<String>,
    unit: Spanned<String>,
    /// Decimal text, so that nothing is lost on the way.
    usd: Spanned<String>,
    #[serde(default)]
    tiers: Vec<Spanned<TierEntry>>,
    region: Option<String>,
    as_of: String,
    source: String,
    verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierEntry {
    above: String,
    usd: String,
    verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FreeEntry {
    id: String,
    covers: Vec<Spanned<String>>,
    unit: Spanned<String>,
    quantity: Spanned<String>,
    region: Option<String>,
    #[expect(dead_code, reason = "every row must say when it was right, whether or not anybody asks")]
    as_of: String,
    #[expect(dead_code, reason = "every row must say who says so")]
    source: String,
    #[expect(dead_code, reason = "every row must say whether that was checked")]
    verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SizeEntry {
    id: Spanned<String>,
    unit: Spanned<String>,
    quantity: Spanned<String>,
    #[expect(dead_code, reason = "every row must say when it was right, whether or not anybody asks")]
    as_of: String,
    #[expect(dead_code, reason = "every row must say who says so")]
    source: String,
    #[expect(dead_code, reason = "every row must say whether that was checked")]
    verified: bool,
}

/// Reads a user's price file, whose rows take the place of the built-in ones: `[[price]]`, `[[free]]`, `[[size]]` and, in the form of
/// `domain::prices`, `[[model]]`.
///
/// # Errors
/// As `AwsPrices::parse` and `domain::prices::Prices::parse`.
pub fn parse_file(text: &str) -> Result<(AwsPrices, Prices), InvalidPrices> {
    let (prices, models) = AwsPrices::parse_file(text)?;
    let Some(models) = models else { return Ok((prices, Prices::default())) };
    let rows = toml::to_string(&toml::Table::from_iter([("model".to_owned(), models)])).map_err(|e| InvalidPrices(e.to_string()))?;
    Ok((prices, Prices::parse(&rows).map_err(|e| InvalidPrices(e.to_string()))?))
}

impl AwsPrices {
    /// The rows that ship with this release.
    ///
    /// # Panics
    /// Never: a test reads the list.
    pub fn built_in() -> AwsPrices {
        AwsPrices::parse(AWS_PRICE_LIST).expect("the price list of this release is valid")
    }

    /// Reads a price file (TOML, `[[price]]`, `[[free]]` and `[[size]]` rows).
    ///
    /// # Errors
    /// The line of the first row with an unknown key or id, another unit than its id is priced by, or a number that is none.
    pub fn parse(text: &str) -> Result<AwsPrices, InvalidPrices> {
        match AwsPrices::parse_file(text)? {
            (prices, None) => Ok(prices),
            (_, Some(_)) => Err(InvalidPrices("[[model]] rows have no place in a list of AWS prices".to_owned())),
        }
    }

    fn parse_file(text: &str) -> Result<(AwsPrices, Option<toml::Value>), InvalidPrices> {
        let file: File = toml::from_str(text).map_err(|error| {
            let is_unquoted = error.message().starts_with("invalid type: ") && error.message().ends_with("expected a string");
            let hint = if is_unquoted { "; write it in quotes" } else { "" };
            InvalidPrices(format!("{}{hint}", error.to_string().trim_end()))
        })?;
        let at = |offset: usize, message: String| {
            let line = 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
            InvalidPrices(format!("line {line}: {message}"))
        };
        let home = file.region.unwrap_or_else(|| REGION.to_owned());
        if let Some(as_of) = file.as_of.as_ref().filter(|as_of| !is_day(as_of.get_ref())) {
            return Err(at(as_of.span().start, format!("{:?} is no day, month or year, such as \"2026-11\"", as_of.get_ref())));
        }
        let mut prices = AwsPrices { as_of: file.as_of.map(Spanned::into_inner).unwrap_or_default(), ..AwsPrices::default() };
        let twice = |id: &str| format!("there is a row for {id} already");
        for entry in file.price {
            let offset = entry.span().start;
            let entry = entry.into_inner();
            let id = entry.id.get_ref();
            let unit = checked_unit(&entry.id, &entry.unit, units::of_price(id)).map_err(|(offset, why)| at(offset, why))?;
            let money = |text: &str, offset| {
                UnitPrice::parse(text).ok_or_else(|| at(offset, format!("{id}: {text:?} is not a price in USD for one {unit}, such as \"0.0416\"")))
            };
            let mut tiers: Vec<Tier> = Vec::new();
            for tier in &entry.tiers {
                let offset = tier.span().start;
                let tier = tier.get_ref();
                let above = Quantity::parse(&tier.above)
                    .filter(|above| *above > tiers.last().map_or(Quantity::ZERO, |last| last.above))
                    .ok_or_else(|| at(offset, format!("{id}: {:?} is not a quantity above the tier before it", tier.above)))?;
                tiers.push(Tier { above, usd: money(&tier.usd, offset)?, verified: tier.verified });
            }
            let usd = money(entry.usd.get_ref(), entry.usd.span().start)?;
            let row = PriceRow { id: id.clone(), unit, usd, tiers, as_of: entry.as_of, source: entry.source, verified: entry.verified };
            let key = (entry.region.unwrap_or_else(|| home.clone()), row.id.clone());
            if prices.rows.contains_key(&key) {
                return Err(at(offset, twice(&key.1)));
            }
            prices.rows.insert(key, row);
        }
        for entry in file.free {
            let offset = entry.span().start;
            let entry = entry.into_inner();
            for covered in &entry.covers {
                // Storage is billed by the month, so one of them counts as one of what is ingested.
                let unit =
                    units::of_price(covered.get_ref()).map(|unit| if unit == "GB-month" && entry.unit.get_ref() == "GB" { "GB" } else { unit });
                checked_unit(covered, &entry.unit, unit).map_err(|(offset, why)| at(offset, why))?;
            }
            let quantity = quantity_of(&entry.id, &entry.quantity).map_err(|(offset, why)| at(offset, why))?;
            let covers = entry.covers.into_iter().map(Spanned::into_inner).collect();
            let row = FreeRow { id: entry.id.clone(), covers, quantity };
            let key = (entry.region.unwrap_or_else(|| home.clone()), entry.id);
            if prices.free.contains_key(&key) {
                return Err(at(offset, twice(&key.1)));
            }
            prices.free.insert(key, row);
        }
        for entry in file.size {
            let start = entry.span().start;
            let entry = entry.into_inner();
            checked_unit(&entry.id, &entry.unit, units::of_size(entry.id.get_ref())).map_err(|(offset, why)| at(offset, why))?;
            let quantity = quantity_of(entry.id.get_ref(), &entry.quantity).map_err(|(offset, why)| at(offset, why))?;
            if quantity == Quantity::ZERO {
                return Err(at(entry.quantity.span().start, format!("{}: one unit that holds nothing cannot be counted", entry.id.get_ref())));
            }
            let id = entry.id.into_inner();
            if prices.sizes.contains_key(&id) {
                return Err(at(start, twice(&id)));
            }
            prices.sizes.insert(id, quantity);
        }
        Ok((prices, file.model))
    }

    /// These prices with `other`'s rows in place of their own. The date is the later one.
    #[must_use]
    pub fn with(mut self, other: AwsPrices) -> AwsPrices {
        self.rows.extend(other.rows);
        self.free.extend(other.free);
        self.sizes.extend(other.sizes);
        self.as_of = self.as_of.max(other.as_of);
        self
    }

    /// The prices of one region.
    ///
    /// # Errors
    /// No row is of that region, and it is not to be priced as another.
    pub fn in_region(&self, region: &str, elsewhere: Elsewhere) -> Result<RegionalPrices, NoPrices> {
        let regions: std::collections::BTreeSet<&str> = self.rows.keys().map(|(region, _)| region.as_str()).collect();
        let priced_as = match elsewhere {
            Elsewhere::AsUsEast1 => REGION,
            Elsewhere::Refuse if regions.contains(region) => region,
            Elsewhere::Refuse => {
                return Err(NoPrices { region: region.to_owned(), known: regions.into_iter().collect::<Vec<_>>().join(", ") });
            }
        };
        // What the region itself has comes before what stands in for the rest.
        let mut rows = BTreeMap::new();
        let mut free = BTreeMap::new();
        for from in [priced_as, region] {
            rows.extend(self.rows.iter().filter(|((of, _), _)| of == from).map(|((_, id), row)| (id.clone(), row.clone())));
            free.extend(self.free.iter().filter(|((of, _), _)| of == from).map(|((_, id), row)| (id.clone(), row.clone())));
        }
        Ok(RegionalPrices {
            as_of: self.as_of.clone(),
            region: region.to_owned(),
            priced_as: priced_as.to_owned(),
            is_assumed: false,
            rows,
            free: free.into_values().collect(),
            sizes: self.sizes.clone(),
        })
    }
}

/// The prices of one region, so that none of another can slip in.
#[derive(Clone, Debug)]
pub struct RegionalPrices {
    as_of: String,
    region: String,
    priced_as: String,
    is_assumed: bool,
    rows: BTreeMap<String, PriceRow>,
    free: Vec<FreeRow>,
    sizes: BTreeMap<String, Quantity>,
}

impl RegionalPrices {
    /// When the list was put together.
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// The region that was asked for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The region that the prices are of, when it is another.
    pub fn priced_as(&self) -> Option<&str> {
        (self.priced_as != self.region).then_some(self.priced_as.as_str())
    }

    /// The same prices, of a region that nobody named: it is only the one that is likeliest.
    #[must_use]
    pub fn assumed(self) -> RegionalPrices {
        RegionalPrices { is_assumed: true, ..self }
    }

    /// Whether nobody named the region.
    pub fn is_assumed(&self) -> bool {
        self.is_assumed
    }

    /// The row of an id.
    pub fn row(&self, id: &str) -> Option<&PriceRow> {
        self.rows.get(id)
    }

    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = &PriceRow> {
        self.rows.values()
    }

    /// What is free each month.
    pub fn free(&self) -> &[FreeRow] {
        &self.free
    }

    /// How much one unit holds. `None`: no row says.
    pub fn size(&self, id: &str) -> Option<Quantity> {
        self.sizes.get(id).copied()
    }

    /// The same prices without anything free: for an account whose free tier is used elsewhere.
    #[must_use]
    pub fn without_free_tier(mut self) -> RegionalPrices {
        self.free.clear();
        self
    }
}

/// Whether a text is a year, a month or a day, so that it can be compared with others.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-').zip([4, 2, 2]);
    text.split('-').count() <= 3 && parts.all(|(part, digits)| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn checked_unit(id: &Spanned<String>, unit: &Spanned<String>, expected: Option<&'static str>) -> Result<&'static str, (usize, String)> {
    let Some(expected) = expected else {
        let hint = units::nearest(id.get_ref()).map(|known| format!("; did you mean {known:?}?")).unwrap_or_default();
        return Err((id.span().start, format!("{:?} is not an id that prices are looked up by{hint}", id.get_ref())));
    };
    if unit.get_ref() != expected {
        return Err((unit.span().start, format!("{} is priced by the {expected}, not by the {}", id.get_ref(), unit.get_ref())));
    }
    Ok(expected)
}

fn quantity_of(id: &str, text: &Spanned<String>) -> Result<Quantity, (usize, String)> {
    Quantity::parse(text.get_ref()).ok_or_else(|| (text.span().start, format!("{id}: {:?} is not a quantity, such as \"100\"", text.get_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "\n[[price]]\nid = \"ec2.t3.medium\"\nunit = \"hour\"\nusd = \"0.05\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true\n";

    #[test]
    fn the_list_of_this_release_is_valid_and_has_every_size() {
        let prices = AwsPrices::built_in().in_region("us-east-1", Elsewhere::Refuse).unwrap();
        assert_eq!(prices.row("ec2.t3.medium").unwrap().usd, UnitPrice::parse("0.0416").unwrap());
        for (id, size) in [
            ("alb.lcu.new_connections", "25"),
            ("alb.lcu.active_connections", "3000"),
            ("alb.lcu.bytes", "1"),
            ("ebs.gp3.iops_included", "3000"),
            ("ebs.gp3.throughput_included", "125"),
            ("fargate.ephemeral_included", "20"),
            ("lambda.ephemeral_included", "512"),
            ("cache.serverless.redis.floor", "1"),
            ("cache.serverless.valkey.floor", "0.1"),
        ] {
            assert_eq!(prices.size(id), Quantity::parse(size), "{id}");
        }
        assert!(prices.rows().count() > 80, "{}", prices.rows().count());
        assert!(prices.rows().all(|row| !row.source.is_empty() && !row.as_of.is_empty()));
    }

    #[test]
    fn a_row_of_ones_own_takes_the_place_of_the_built_in_one() {
        let prices = AwsPrices::built_in().with(AwsPrices::parse(ROW).unwrap()).in_region("us-east-1", Elsewhere::Refuse).unwrap();
        assert_eq!(prices.row("ec2.t3.medium").unwrap().usd.to_string(), "0.05");
        assert_eq!(prices.as_of(), "2026-11");
    }

    #[test]
    fn a_wrong_row_is_refused_with_its_line() {
        for (from, to, expected) in [
            ("\"hour\"", "\"month\"", "line 4: ec2.t3.medium is priced by the hour, not by the month"),
            ("\"0.05\"", "\"-0.05\"", "line 5: ec2.t3.medium: \"-0.05\" is not a price in USD"),
            ("ec2.t3.medium", "ecs2", "line 3: \"ecs2\" is not an id that prices are looked up by; did you mean \"ecs\"?"),
            ("usd", "eur", "line 5"),
            ("source = \"test\"\n", "", "missing field `source`"),
            ("verified = true", "verified = true\ntiers = [{ above = \"0\", usd = \"1\", verified = true }]", "line 9: ec2.t3.medium: \"0\" is not"),
        ] {
            let error = AwsPrices::parse(&ROW.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn a_date_that_is_none_a_row_twice_and_a_size_of_nothing_are_refused_with_the_line() {
        let size = "[[size]]\nid = \"alb.lcu.bytes\"\nunit = \"GB/h\"\nquantity = \"0\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true\n";
        for (text, expected) in [
            (format!("as_of = \"November 2026\"\n{ROW}"), "line 1: \"November 2026\" is no day, month or year"),
            (format!("as_of = \"undated\"\n{ROW}"), "line 1"),
            (format!("{ROW}{ROW}"), "line 10: there is a row for ec2.t3.medium already"),
            (size.to_owned(), "line 4: alb.lcu.bytes: one unit that holds nothing"),
            (size.replace("\"0\"", "\"1\"").repeat(2), "line 8: there is a row for alb.lcu.bytes already"),
        ] {
            let error = AwsPrices::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        for day in ["2026", "2026-11", "2026-11-28"] {
            assert!(AwsPrices::parse(&format!("as_of = \"{day}\"\n{ROW}")).is_ok(), "{day}");
        }
    }

    #[test]
    fn a_file_of_ones_own_may_change_models_too() {
        let model =
            "[[model]]\nprovider = \"bedrock\"\nid = \"x.y\"\ninput = \"1\"\noutput = \"2\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true\n";
        let (prices, models) = parse_file(&format!("{ROW}{model}")).unwrap();
        assert_eq!((prices.rows.len(), models.rows().count()), (1, 1));
        assert!(parse_file(&model.replace("\"2\"", "\"-2\"")).unwrap_err().to_string().contains("bedrock/x.y"));
        assert!(AwsPrices::parse(model).is_err());
    }

    #[test]
    fn a_region_without_prices_is_refused_or_says_what_it_is_priced_as() {
        let error = AwsPrices::built_in().in_region("eu-central-1", Elsewhere::Refuse).unwrap_err().to_string();
        assert!(error.contains("eu-central-1") && error.contains("us-east-1"), "{error}");
        let prices = AwsPrices::built_in().in_region("eu-central-1", Elsewhere::AsUsEast1).unwrap();
        assert_eq!((prices.region(), prices.priced_as()), ("eu-central-1", Some("us-east-1")));
    }

    #[test]
    fn a_file_may_hold_prices_of_another_region() {
        let prices = AwsPrices::built_in().with(AwsPrices::parse(&format!("region = \"eu-central-1\"\n{ROW}")).unwrap());
        let prices = prices.in_region("eu-central-1", Elsewhere::Refuse).unwrap();
        assert_eq!(prices.priced_as(), None);
        assert!(prices.row("nat.hour").is_none(), "a price of us-east-1 does not stand in unasked");
        let own = ROW.replace("0.05", "0.06");
        let prices = AwsPrices::built_in().with(AwsPrices::parse(&format!("region = \"eu-central-1\"\n{own}")).unwrap());
        let prices = prices.in_region("eu-central-1", Elsewhere::AsUsEast1).unwrap();
        assert_eq!(prices.priced_as(), Some("us-east-1"), "asked for, it does");
        assert_eq!((prices.row("ec2.t3.medium").unwrap().usd.to_string().as_str(), prices.row("nat.hour").is_some()), ("0.06", true));
    }
}
