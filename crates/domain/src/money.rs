//! Money: what a call may cost at most, what it did cost, and whose ledgers carry it.
//!
//! Prices are integers of 10⁻¹² USD for one token, amounts are integer micro-dollars. Each call is rounded once, up.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// An amount in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UsdMicros(pub i64);

impl UsdMicros {
    /// Nothing.
    pub const ZERO: UsdMicros = UsdMicros(0);

    /// This less `other`, never below zero.
    pub fn saturating_sub(self, other: UsdMicros) -> UsdMicros {
        UsdMicros(self.0.saturating_sub(other.0).max(0))
    }
}

impl Add for UsdMicros {
    type Output = UsdMicros;
    fn add(self, other: UsdMicros) -> UsdMicros {
        UsdMicros(self.0.saturating_add(other.0))
    }
}

impl Sub for UsdMicros {
    type Output = UsdMicros;
    fn sub(self, other: UsdMicros) -> UsdMicros {
        UsdMicros(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for UsdMicros {
    fn add_assign(&mut self, other: UsdMicros) {
        *self = *self + other;
    }
}

impl Sum for UsdMicros {
    fn sum<I: Iterator<Item = UsdMicros>>(amounts: I) -> UsdMicros {
        amounts.fold(UsdMicros::ZERO, Add::add)
    }
}

impl fmt::Display for UsdMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        // Cents always show; what is below them only when it is there.
        let kept = text.trim_end_matches('0').len().max(text.len() - 4);
        write!(f, "{sign}${}", &text[..kept])
    }
}

/// Reads decimal text, such as a price's `"0.10"`, as a whole number of its last place: `places` is how many places the point moves right.
///
/// `None` for anything but plain digits with at most one point, for more places than that, and for what does not fit.
pub fn decimal(text: &str, places: u32) -> Option<u128> {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if digits(fraction) => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let missing = places.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    if !digits(whole) {
        return None;
    }
    let fraction = format!("0{fraction}").parse::<u128>().ok()?.checked_mul(10_u128.checked_pow(missing)?)?;
    whole.parse::<u128>().ok()?.checked_mul(10_u128.checked_pow(places)?)?.checked_add(fraction)
}

/// Tokens a provider counted for one call, in its billed units. The five counts are disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input that was neither read from nor written to the provider's cache.
    pub input_fresh: u64,
    /// Input read from the provider's cache.
    pub cache_read: u64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: u64,
    /// Output, including what the model spent on reasoning.
    pub output: u64,
}

impl Usage {
    /// All input, cached or not.
    pub fn input(&self) -> u64 {
        self.input_fresh + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        self.input_fresh += other.input_fresh;
        self.cache_read += other.cache_read;
        self.cache_write_5m += other.cache_write_5m;
        self.cache_write_1h += other.cache_write_1h;
        self.output += other.output;
    }
}

/// What one token costs, in 10⁻¹² USD (so 100,000 is $0.10 a million tokens).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Fresh input.
    pub input: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the five-minute cache.
    pub cache_write_5m: u64,
    /// Input written to the one-hour cache.
    pub cache_write_1h: u64,
    /// Output.
    pub output: u64,
}

/// A model's price. Some models charge another rate for the whole request once its input is large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The usual rates.
    pub base: Rates,
    /// The rates of requests with more input tokens than the first number.
    pub large: Option<(u64, Rates)>,
    /// Added to every rate, in percent: regional profiles of newer Bedrock models cost 10 more.
    pub surcharge_percent: u64,
}

impl Price {
    /// Costs nothing: a model on this machine.
    pub const FREE: Price =
        Price { base: Rates { input: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0 }, large: None, surcharge_percent: 0 };

    /// What `usage` costs.
    pub fn cost(&self, usage: &Usage) -> UsdMicros {
        let rates = match self.large {
            Some((above, rates)) if usage.input() > above => rates,
            _ => self.base,
        };
        let pico = u128::from(usage.input_fresh) * u128::from(rates.input)
            + u128::from(usage.cache_read) * u128::from(rates.cache_read)
            + u128::from(usage.cache_write_5m) * u128::from(rates.cache_write_5m)
            + u128::from(usage.cache_write_1h) * u128::from(rates.cache_write_1h)
            + u128::from(usage.output) * u128::from(rates.output);
        self.round(pico)
    }

    /// The most that a call can cost: every input token at the dearest input rate, all output used.
    ///
    /// `input_tokens_max` is a bound, such as the request's length in bytes.
    pub fn worst_case(&self, input_tokens_max: u64, output_tokens_max: u64) -> UsdMicros {
        self.round(self.worst_input_pico(input_tokens_max) + u128::from(output_tokens_max) * u128::from(self.worst_output_rate(input_tokens_max)))
    }

    /// How many output tokens `left` pays for once the worst case of the input is set aside; `None` when not even that.
    pub fn output_affordable(&self, input_tokens_max: u64, left: UsdMicros) -> Option<u64> {
        // In the scale of `round`: a micro-dollar is 10⁶ pico-dollars, times the hundred of the percentage.
        let left = u128::try_from(left.0).ok()? * 1_000_000 * 100 / u128::from(100 + self.surcharge_percent);
        let rest = left.checked_sub(self.worst_input_pico(input_tokens_max))?;
        match u128::from(self.worst_output_rate(input_tokens_max)) {
            0 => Some(u64::MAX),
            rate => Some(u64::try_from(rest / rate).unwrap_or(u64::MAX)),
        }
    }

    fn worst_input_pico(&self, input_tokens_max: u64) -> u128 {
        let dearest = |rates: &Rates| rates.input.max(rates.cache_write_5m).max(rates.cache_write_1h).max(rates.cache_read);
        let rate = self.reachable(input_tokens_max).map(dearest).max().unwrap_or(0);
        u128::from(input_tokens_max) * u128::from(rate)
    }

    fn worst_output_rate(&self, input_tokens_max: u64) -> u64 {
        self.reachable(input_tokens_max).map(|rates| rates.output).max().unwrap_or(0)
    }

    /// The rates that a request of at most this much input can fall under.
    fn reachable(&self, input_tokens_max: u64) -> impl Iterator<Item = &Rates> {
        let large = self.large.as_ref().filter(move |(above, _)| input_tokens_max > *above).map(|(_, rates)| rates);
        std::iter::once(&self.base).chain(large)
    }

    fn round(&self, pico: u128) -> UsdMicros {
        let micros = (pico * u128::from(100 + self.surcharge_percent)).div_ceil(100 * 1_000_000);
        UsdMicros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// One ledger that a reservation is held in, with its limit at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `run:<id>`, `key:<id>:<day>` or `global:<day>`.
    pub name: String,
    /// What held and spent may reach together.
    pub limit: UsdMicros,
}

impl Account {
    /// The ledger's kind, the word before the first colon.
    pub fn kind(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }
}

/// Money set aside for one model call, in every ledger that must be able to carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The worst case of the call.
    pub amount: UsdMicros,
    /// The ledgers that hold it.
    pub accounts: Vec<Account>,
}

/// A change to the ledgers that a store makes in the same commit as the events that cause it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerChange {
    /// Hold this much in each account, or refuse the whole append.
    Reserve(Reservation),
    /// Let go of the reservation and book what was spent. The spent amount may exceed what was held: the money is gone.
    Settle {
        /// What was held.
        reservation: Reservation,
        /// What it came to.
        spent: UsdMicros,
    },
}

/// Where a ledger stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Booked.
    pub spent: UsdMicros,
    /// Set aside for calls under way.
    pub held: UsdMicros,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn haiku() -> Price {
        let base = Rates { input: 100_000, cache_read: 10_000, cache_write_5m: 125_000, cache_write_1h: 200_000, output: 500_000 };
        let large = Rates { input: 500_000, cache_read: 50_000, cache_write_5m: 625_000, cache_write_1h: 1_000_000, output: 2_500_000 };
        Price { base, large: Some((100_000, large)), surcharge_percent: 10 }
    }

    #[test]
    fn a_call_is_rounded_once_and_up() {
        let usage = Usage { input_fresh: 1_000, output: 1, ..Usage::default() };
        // 1,000 × 0.11 µ$ + 1 × 0.55 µ$ = 110.55 µ$.
        assert_eq!(haiku().cost(&usage), UsdMicros(111));
    }

    #[test]
    fn a_large_request_is_charged_at_its_tier() {
        let usage = Usage { input_fresh: 100_001, output: 0, ..Usage::default() };
        assert_eq!(haiku().cost(&usage), UsdMicros(55_001));
    }

    #[test]
    fn cached_input_costs_its_own_rate() {
        let usage = Usage { cache_read: 1_000_000, ..Usage::default() };
        assert_eq!(Price { large: None, ..haiku() }.cost(&usage), UsdMicros(11_000));
    }

    #[test]
    fn no_usage_costs_more_than_the_worst_case() {
        for input in [0, 1, 99_999, 100_000, 100_001, 400_000] {
            for output in [0, 1, 4_096] {
                let worst = haiku().worst_case(input, output);
                for usage in [
                    Usage { input_fresh: input, output, ..Usage::default() },
                    Usage { cache_write_1h: input, output, ..Usage::default() },
                    Usage { cache_read: input / 2, cache_write_5m: input - input / 2, output, ..Usage::default() },
                ] {
                    assert!(haiku().cost(&usage) <= worst, "{usage:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_affordable_fits_in_what_is_left() {
        for left in [0, 1, 500, 9_999, 250_000] {
            if let Some(output) = haiku().output_affordable(2_000, UsdMicros(left)) {
                assert!(haiku().worst_case(2_000, output) <= UsdMicros(left), "{left}");
            }
        }
        assert_eq!(haiku().output_affordable(1_000_000, UsdMicros(10)), None);
    }

    #[test]
    fn decimal_text_is_read_exactly_or_not_at_all() {
        assert_eq!(decimal("0.0000166667", 12), Some(16_666_700));
        assert_eq!(decimal("15000000000", 12), Some(15_000_000_000_000_000_000_000));
        assert_eq!(decimal("7", 0), Some(7));
        for wrong in ["", "-1", "1e3", "1.", ".5", "0.1234567", "1.2.3", " 1", "99999999999999999999999999999999999999"] {
            assert_eq!(decimal(wrong, 6), None, "{wrong}");
        }
    }

    #[test]
    fn amounts_print_as_dollars() {
        assert_eq!(UsdMicros(250_000).to_string(), "$0.25");
        assert_eq!(UsdMicros(0).to_string(), "$0.00");
        assert_eq!(UsdMicros(1_000_123).to_string(), "$1.000123");
    }
}
