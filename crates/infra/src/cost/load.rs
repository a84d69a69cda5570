//! What the infrastructure has to carry in a month: stated by the user, or assumed and then said so.

use super::Quantity;
use crate::nearest::nearest;
use serde::Serialize;
use std::collections::BTreeSet;

/// A month's load. What nobody states is assumed, and the bill's range shows what the assumption is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Load {
    /// Tasks in a month.
    pub tasks: u64,
    /// Seconds that one task runs.
    pub seconds: f64,
    /// Model calls of one task; 0 when it calls none.
    pub steps: f64,
    /// Input tokens of one model call.
    pub tokens_in: u64,
    /// Output tokens of one model call.
    pub tokens_out: u64,
    /// GB sent to the internet in a month.
    pub egress_gb: f64,
    /// GB of logs in a month.
    pub log_gb: f64,
    /// MB of memory for a function or a task of a named option; `None` is the option's own.
    pub memory_mb: Option<f64>,
    /// GB of a disk whose size nothing declares.
    pub disk_gb: f64,
    /// Share of the input that the provider's prompt cache serves, from 0 to 1. The rest is then written to that cache.
    pub hit_rate: f64,
    /// The models that are called, as Bedrock knows them. Empty: what the inventory names.
    pub models: Vec<String>,
    /// The keys that were stated rather than assumed.
    pub stated: BTreeSet<String>,
}

/// A load that makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLoad(String);

/// Each key with what it means, as the help prints it.
pub const KEYS: &[(&str, &str)] = &[
    ("tasks", "tasks in a month"),
    ("seconds", "seconds that one task runs"),
    ("steps", "model calls of one task"),
    ("tokens_in", "input tokens of one model call"),
    ("tokens_out", "output tokens of one model call"),
    ("egress_gb", "GB sent to the internet in a month"),
    ("log_gb", "GB of logs in a month"),
    ("memory_mb", "MB of a function or a task of a named option"),
    ("disk_gb", "GB of a disk whose size nothing declares"),
    ("hit_rate", "share of the input that the prompt cache serves, 0 to 1"),
    ("model", "model id or inference profile"),
];

impl Default for Load {
    /// A small product: 10,000 tasks of three model calls are about a thousand calls a day, each of 1,500 tokens in and 400 out.
    /// The disk is the founding document's.
    fn default() -> Load {
        Load {
            tasks: 10_000,
            seconds: 10.0,
            steps: 3.0,
            tokens_in: 1_500,
            tokens_out: 400,
            egress_gb: 10.0,
            log_gb: 1.0,
            memory_mb: None,
            disk_gb: 20.0,
            hit_rate: 0.0,
            models: Vec::new(),
            stated: BTreeSet::new(),
        }
    }
}

impl Load {
    /// Reads `tasks=50000,seconds=4`. Keys that are missing keep their assumed values.
    ///
    /// # Errors
    /// The first key that is unknown or twice there, or the first value that is no number or makes no sense.
    pub fn parse(text: &str) -> Result<Load, InvalidLoad> {
        let mut load = Load::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                let is_number = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let hint = if is_number { "; commas part the keys, so write numbers without them" } else { "" };
                InvalidLoad(format!("{part:?} is not key=value, such as tasks=50000{hint}"))
            })?;
            load.set(key.trim(), value.trim())?;
        }
        load.check()?;
        Ok(load)
    }

    /// States one value.
    ///
    /// # Errors
    /// As `parse`.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), InvalidLoad> {
        if !KEYS.iter().any(|(known, _)| *known == key) {
            let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
            let hint = nearest(key, known.iter().copied()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(InvalidLoad(format!("a load has no {key:?}{hint} (its keys: {})", known.join(", "))));
        }
        if key != "model" && !self.stated.insert(key.to_owned()) {
            return Err(InvalidLoad(format!("{key} is stated twice")));
        }
        match key {
            "tasks" => self.tasks = whole(key, value, 1, 10_000_000_000)?,
            "seconds" => self.seconds = above_zero(key, value, 1e6)?,
            "steps" => self.steps = number(key, value, 1e4)?,
            "tokens_in" => self.tokens_in = whole(key, value, 0, 100_000_000)?,
            "tokens_out" => self.tokens_out = whole(key, value, 0, 100_000_000)?,
            "egress_gb" => self.egress_gb = number(key, value, Quantity::MAX)?,
            "log_gb" => self.log_gb = number(key, value, Quantity::MAX)?,
            "memory_mb" => self.memory_mb = Some(above_zero(key, value, 1e7)?),
            "disk_gb" => self.disk_gb = above_zero(key, value, 1e6)?,
            "hit_rate" => self.hit_rate = number(key, value, 1.0)?,
            _ if value.is_empty() => return Err(InvalidLoad("model is empty: give a model id or an inference profile".to_owned())),
            _ => {
                self.stated.insert(key.to_owned());
                self.models.push(value.strip_prefix("bedrock/").unwrap_or(value).to_owned());
            }
        }
        Ok(())
    }

    /// Whether the key was stated.
    pub fn is_stated(&self, key: &str) -> bool {
        self.stated.contains(key)
    }

    /// Model calls of a month.
    pub fn calls(&self) -> Quantity {
        Quantity::whole(self.tasks).times(amount(self.steps))
    }

    /// Seconds that tasks run in a month.
    pub fn task_seconds(&self) -> Quantity {
        Quantity::whole(self.tasks).times(amount(self.seconds))
    }

    /// GB that pass between the tasks and their models. A token is about four bytes of text.
    pub fn model_gb(&self) -> Quantity {
        self.calls().times(Quantity::whole((self.tokens_in + self.tokens_out) * 4)).per(1_000_000_000)
    }

    /// In words, for the assumption of a line: `10,000 tasks (assumed)`.
    pub(crate) fn tasks_words(&self) -> String {
        format!("{} tasks{}", Quantity::whole(self.tasks), self.assumed("tasks"))
    }

    /// ` (assumed)` after a value that nobody stated.
    pub(crate) fn assumed(&self, key: &str) -> &'static str {
        if self.is_stated(key) { "" } else { " (assumed)" }
    }

    /// The same load with what is assumed of volume at half or twice: what the range of a bill stands for.
    #[must_use]
    pub(crate) fn halved(&self) -> Load {
        let half = |key: &str, value: f64| if self.is_stated(key) { value } else { value / 2.0 };
        let half_tokens = |key: &str, value: u64| if self.is_stated(key) { value } else { value / 2 };
        Load {
            tasks: if self.is_stated("tasks") { self.tasks } else { self.tasks.div_ceil(2) },
            tokens_in: half_tokens("tokens_in", self.tokens_in),
            tokens_out: half_tokens("tokens_out", self.tokens_out),
            egress_gb: half("egress_gb", self.egress_gb),
            log_gb: half("log_gb", self.log_gb),
            ..self.clone()
        }
    }

    /// As `halved`, the other way.
    #[must_use]
    pub(crate) fn doubled(&self) -> Load {
        let twice = |key: &str| if self.is_stated(key) { 1 } else { 2 };
        Load {
            tasks: self.tasks * twice("tasks"),
            tokens_in: self.tokens_in * twice("tokens_in"),
            tokens_out: self.tokens_out * twice("tokens_out"),
            egress_gb: self.egress_gb * twice("egress_gb") as f64,
            log_gb: self.log_gb * twice("log_gb") as f64,
            ..self.clone()
        }
    }

    fn check(&self) -> Result<(), InvalidLoad> {
        // 10¹⁸ tokens a month are a million times what the largest product spends; beyond that sums would not fit.
        let tokens = self.tasks as f64 * self.steps * (self.tokens_in + self.tokens_out) as f64;
        if tokens > 1e18 {
            return Err(InvalidLoad(format!("{tokens:.0} tokens a month are more than can be priced: lower tasks, steps or tokens")));
        }
        Ok(())
    }
}

/// A load's number as a quantity; `parse` has checked that it is one.
pub(crate) fn amount(number: f64) -> Quantity {
    Quantity::from_f64(number).unwrap_or_default()
}

fn number(key: &str, value: &str, most: f64) -> Result<f64, InvalidLoad> {
    between(key, value, 0.0, most)
}

fn between(key: &str, value: &str, least: f64, most: f64) -> Result<f64, InvalidLoad> {
    let number: f64 = value.parse().map_err(|_| {
        let hint = match value {
            _ if value.contains('=') => "; part the keys by commas",
            _ if value.starts_with(|first: char| first.is_ascii_digit()) => "; write it out, such as 50000",
            _ => "",
        };
        InvalidLoad(format!("{key}: {value:?} is not a number{hint}"))
    })?;
    if !(least..=most).contains(&number) {
        return Err(InvalidLoad(format!("{key} is {value}, and must lie between {least} and {most}")));
    }
    Ok(number)
}

fn above_zero(key: &str, value: &str, most: f64) -> Result<f64, InvalidLoad> {
    match number(key, value, most)? {
        0.0 => Err(InvalidLoad(format!("{key} is 0, and must be more"))),
        number => Ok(number),
    }
}

fn whole(key: &str, value: &str, least: u64, most: u64) -> Result<u64, InvalidLoad> {
    match between(key, value, least as f64, most as f64)? {
        number if number.fract() != 0.0 => Err(InvalidLoad(format!("{key} is {value}, and must be a whole number"))),
        number => Ok(number as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_values_are_told_from_assumed_ones() {
        let load = Load::parse("tasks=50000, seconds=2.5").unwrap();
        assert_eq!((load.tasks, load.seconds, load.steps), (50_000, 2.5, 3.0));
        assert!(load.is_stated("tasks") && !load.is_stated("steps"));
        assert_eq!((load.halved().tasks, load.halved().tokens_in, load.doubled().egress_gb), (50_000, 750, 20.0));
    }

    #[test]
    fn senseless_loads_are_refused_in_words() {
        for (text, expected) in [
            ("tasks=0", "tasks is 0, and must lie between 1 and"),
            ("tasks=-5", "tasks is -5, and must lie between 1 and"),
            ("tasks=1,000", "commas part the keys"),
            ("tasks=10 seconds=4", "part the keys by commas"),
            ("tasks=50k", "write it out"),
            ("seconds=0", "seconds is 0, and must be more"),
            ("hit_rate=1.5", "hit_rate is 1.5, and must lie between 0 and 1"),
            ("task=5", "a load has no \"task\"; did you mean tasks?"),
            ("tokens_in=1.5", "must be a whole number"),
            ("seconds=NaN", "seconds is NaN"),
            ("log_gb=lots", "log_gb: \"lots\" is not a number"),
            ("tasks", "\"tasks\" is not key=value"),
            ("tasks=1,tasks=2", "tasks is stated twice"),
            ("tasks=10000000000,steps=10000,tokens_in=100000000", "more than can be priced"),
        ] {
            let error = Load::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn nothing_stated_is_the_load_of_a_small_product() {
        assert_eq!(Load::parse("").unwrap(), Load::default());
        assert_eq!(Load::default().calls(), Quantity::whole(30_000));
    }
}
