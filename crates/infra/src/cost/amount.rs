//! Exact quantities and amounts: integers all the way, rounded to the cent only where a person reads them.

use domain::money::decimal;
use serde::{Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

/// Parts of one in a quantity and in a price. Prices have at most ten places and shares of 1,024 have ten.
const ONE: i128 = 1_000_000_000_000;

/// How much of a unit, in 10⁻¹² of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

/// What one unit costs, in 10⁻¹² USD, as in `domain::money`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitPrice(pub u64);

/// US dollars, in 10⁻²⁴ of one: a quantity times a price, with nothing lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(i128);

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);
    /// One unit.
    pub const ONE: Quantity = Quantity(ONE);
    /// Hours of a month.
    pub const MONTH_HOURS: Quantity = Quantity(730 * ONE);

    /// The most of anything that a template or a load may ask for: beyond it, sums would not fit.
    pub const MAX: f64 = 1e9;

    /// A whole number of units.
    pub const fn whole(units: u64) -> Quantity {
        Quantity((units as i128).saturating_mul(ONE))
    }

    /// Decimal text, such as `0.25`.
    pub fn parse(text: &str) -> Option<Quantity> {
        i128::try_from(decimal(text, 12)?).ok().map(Quantity)
    }

    /// A number of a template, exactly as it is written there. `None` when it is negative, not a number, or larger than `MAX`.
    pub fn from_f64(number: f64) -> Option<Quantity> {
        if !(0.0..=Quantity::MAX).contains(&number) {
            return None;
        }
        // The shortest text that reads back as this number: what was written.
        Quantity::parse(&format!("{number}")).or_else(|| Quantity::parse(&format!("{number:.12}")))
    }

    /// So many times this.
    #[must_use]
    pub fn times(self, factor: Quantity) -> Quantity {
        // In two halves, so that the product of two large quantities does not have to fit before it is brought back to scale.
        let (whole, rest) = (self.0 / ONE, self.0 % ONE);
        Quantity(whole.saturating_mul(factor.0).saturating_add(rest.saturating_mul(factor.0) / ONE))
    }

    /// The part of this that falls on one of `parts`. Nothing of nothing.
    #[must_use]
    pub fn per(self, parts: u64) -> Quantity {
        Quantity(self.0 / i128::from(parts.max(1)))
    }

    /// How many of `other` this is.
    #[must_use]
    pub fn ratio(self, other: Quantity) -> Quantity {
        if other.0 == 0 {
            return Quantity::ZERO;
        }
        let (whole, rest) = (self.0 / other.0, self.0 % other.0);
        Quantity(whole.saturating_mul(ONE).saturating_add(rest.saturating_mul(ONE) / other.0))
    }

    /// What is left after `other`, never below zero.
    #[must_use]
    pub fn less(self, other: Quantity) -> Quantity {
        Quantity((self.0 - other.0).max(0))
    }

    /// The next whole number of units.
    pub fn ceil(self) -> u64 {
        u64::try_from((self.0 + ONE - 1) / ONE).unwrap_or(0)
    }

    /// As a floating number, for curves and shares, never for money.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    /// What this costs at a price.
    pub fn at(self, price: UnitPrice) -> Usd {
        Usd(self.0.saturating_mul(i128::from(price.0)))
    }
}

impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Quantity {
    /// Up to four places, or eight of a small number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = if self.0 < ONE / 100 { 100_000_000 } else { 10_000 };
        let parts = ONE / scale;
        let rounded = (self.0 + parts / 2) / parts;
        let text = format!("{}.{:0width$}", thousands(rounded / scale), rounded % scale, width = scale.ilog10() as usize);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl UnitPrice {
    /// Decimal text in USD, at most twelve places.
    pub fn parse(text: &str) -> Option<UnitPrice> {
        u64::try_from(decimal(text, 12)?).ok().map(UnitPrice)
    }

    /// This price times a factor that a price file gives, such as Spot's.
    #[must_use]
    pub fn scaled(self, factor: UnitPrice) -> UnitPrice {
        let product = u128::from(self.0) * u128::from(factor.0) / ONE as u128;
        UnitPrice(u64::try_from(product).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = ONE as u64;
        let text = format!("{}.{:012}", self.0 / one, self.0 % one);
        let kept = text.trim_end_matches('0').len().max(text.len() - 10);
        f.write_str(&text[..kept])
    }
}

impl Usd {
    /// Nothing.
    pub const ZERO: Usd = Usd(0);

    /// Decimal text; a minus in front is a credit. At most 24 places.
    pub fn parse(text: &str) -> Option<Usd> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        Some(Usd(sign * i128::try_from(decimal(digits, 24)?).ok()?))
    }

    /// The part of this that falls on one of `parts`.
    #[must_use]
    pub fn per(self, parts: u64) -> Usd {
        Usd(self.0 / i128::from(parts.max(1)))
    }

    /// So many times this.
    #[must_use]
    pub fn times(self, factor: u64) -> Usd {
        Usd(self.0.saturating_mul(i128::from(factor)))
    }

    /// As a floating number: for JSON, curves and shares.
    pub fn to_f64(self) -> f64 {
        // The nearest number to the exact decimal, which prints as that decimal again.
        self.decimal().parse().unwrap_or(0.0)
    }

    /// This share of `whole`, in percent.
    pub fn percent_of(self, whole: Usd) -> f64 {
        if whole.0 == 0 { 0.0 } else { self.0 as f64 * 100.0 / whole.0 as f64 }
    }

    /// Rounded to the cent, half away from zero.
    pub fn cents(self) -> i128 {
        let cent = ONE * ONE / 100;
        (self.0.abs() + cent / 2) / cent * self.0.signum()
    }

    fn decimal(self) -> String {
        let one = (ONE as u128) * (ONE as u128);
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:024}", self.0.unsigned_abs() / one, self.0.unsigned_abs() % one)
    }
}

impl Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Usd;
    fn sub(self, other: Usd) -> Usd {
        Usd(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        amounts.fold(Usd::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    /// To the cent, with a comma for the thousands and no currency sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        let sign = if cents < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", thousands(cents.abs() / 100), cents.abs() % 100))
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}

impl Serialize for UnitPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(Quantity::ONE.at(*self).to_f64())
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.at(UnitPrice(ONE as u64)).to_f64())
    }
}

fn thousands(number: i128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_times_a_price_is_exact_and_rounds_to_the_cent_in_print() {
        let hours = Quantity::MONTH_HOURS.times(Quantity::whole(2)).times(Quantity::from_f64(512.0).unwrap().per(1_024));
        let usd = hours.at(UnitPrice::parse("0.04048").unwrap());
        assert_eq!(serde_json::to_string(&usd).unwrap(), "29.5504");
        assert_eq!(usd.to_string(), "29.55");
    }

    #[test]
    fn numbers_of_a_template_are_taken_as_written_or_refused() {
        assert_eq!(Quantity::from_f64(0.1), Quantity::parse("0.1"));
        for refused in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Quantity::from_f64(refused), None);
        }
    }

    #[test]
    fn amounts_and_prices_print_as_people_write_them() {
        assert_eq!(Usd::parse("-1234.565").unwrap().to_string(), "-1,234.57");
        assert_eq!(UnitPrice::parse("0.0000166667").unwrap().to_string(), "0.0000166667");
        assert_eq!(UnitPrice::parse("3").unwrap().to_string(), "3.00");
        assert_eq!(Quantity::whole(1_000_000).to_string(), "1,000,000");
        assert_eq!(Quantity::parse("0.00005").unwrap().to_string(), "0.00005");
    }

    #[test]
    fn the_largest_quantities_neither_wrap_nor_panic() {
        let most = Quantity::from_f64(Quantity::MAX).unwrap();
        assert!(most.times(most).at(UnitPrice(u64::MAX)) > Usd::ZERO);
        assert_eq!(most.ratio(Quantity::ZERO), Quantity::ZERO);
    }
}
