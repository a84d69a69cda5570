//! What reading can tell of a value: what it is, that it is not there, or that it cannot be known from the files.

use serde::Serialize;

/// A value as far as the files tell. Never a guess: what depends on something outside them is `Unknown`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value<T> {
    /// It is this.
    Known(T),
    /// It is set, and to what cannot be told. Holds why: the parameter without a default, the data source, the function.
    Unknown(String),
    /// Nobody has set it; the service's default holds.
    #[default]
    Absent,
}

impl<T> Value<T> {
    /// The value, when it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Value::Known(value) => Some(value),
            Value::Unknown(_) | Value::Absent => None,
        }
    }

    /// Whether it is set to something that cannot be told.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown(_))
    }

    /// Whether nobody has set it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// The value with the service's default in place of an absent one; what is unknown stays unknown.
    pub fn or_default_of(self, default: T) -> Value<T> {
        match self {
            Value::Absent => Value::Known(default),
            set => set,
        }
    }

    /// The same with another known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Value<U> {
        match self {
            Value::Known(value) => Value::Known(f(value)),
            Value::Unknown(why) => Value::Unknown(why),
            Value::Absent => Value::Absent,
        }
    }

    /// What the known value leads to.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Value<U>) -> Value<U> {
        match self {
            Value::Known(value) => f(value),
            Value::Unknown(why) => Value::Unknown(why),
            Value::Absent => Value::Absent,
        }
    }

    /// Whether the condition holds: `Some` when the value is known, or absent and the default given; `None` when it cannot be told.
    pub fn holds(&self, default: bool, condition: impl FnOnce(&T) -> bool) -> Option<bool> {
        match self {
            Value::Known(value) => Some(condition(value)),
            Value::Absent => Some(default),
            Value::Unknown(_) => None,
        }
    }
}

impl Value<f64> {
    /// Both together. Nothing set adds nothing, and what is unknown makes the sum so.
    pub fn plus(self, other: Value<f64>) -> Value<f64> {
        match (self, other) {
            (Value::Known(one), Value::Known(other)) => Value::Known(one + other),
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Value::Unknown(why),
            (Value::Absent, other) => other,
            (one, Value::Absent) => one,
        }
    }
}

impl<T> From<T> for Value<T> {
    fn from(value: T) -> Value<T> {
        Value::Known(value)
    }
}
