//! Secrets, rotation, parameters, keys.

use super::properties::Properties;
use crate::inventory::secrets::{Key, Parameter, Rotation, Secret};
use crate::value::Value;

pub(super) fn secret(p: Properties<'_>) -> Secret {
    Secret { name: p.text("Name"), key: p.link("KmsKeyId"), written_value: p.text("SecretString") }
}

pub(super) fn rotation(p: Properties<'_>) -> Rotation {
    let days = match p.number("RotationRules.AutomaticallyAfterDays") {
        Value::Absent => match p.text("RotationRules.ScheduleExpression") {
            Value::Known(schedule) => days(&schedule).map_or_else(|| Value::Unknown(format!("it follows {schedule}")), Value::Known),
            Value::Unknown(why) => Value::Unknown(why),
            Value::Absent => Value::Absent,
        },
        told => told,
    };
    let hosted = p.present("HostedRotationLambda");
    let function = match (p.link("RotationLambdaARN"), &hosted) {
        (Value::Absent, Value::Unknown(why)) => Value::Unknown(why.clone()),
        (told, _) => told,
    };
    Rotation { secret: p.link("SecretId"), function, is_hosted: hosted == Value::Known(true), days }
}

/// Days of a schedule such as `rate(30 days)`.
fn days(schedule: &str) -> Option<f64> {
    let (count, unit) = schedule.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: f64 = count.parse().ok()?;
    match unit.trim() {
        "day" | "days" => Some(count),
        "hour" | "hours" => Some(count / 24.0),
        _ => None,
    }
}

pub(super) fn parameter(p: Properties<'_>) -> Parameter {
    Parameter { name: p.text("Name"), parameter_type: p.text("Type"), tier: p.text("Tier"), written_value: p.text("Value") }
}

pub(super) fn key(p: Properties<'_>) -> Key {
    Key { rotates: p.flag("EnableKeyRotation") }
}
