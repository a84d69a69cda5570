//! Secrets, parameters and keys.

use super::compute::FUNCTIONS;
use super::reader::Reader;
use super::written::{is_generated, written};
use crate::inventory::Kind;
use crate::inventory::secrets::{Key, Parameter, Rotation, Secret};
use crate::value::Value;

pub(super) const KEYS: &[&str] = &["aws_kms_key"];
const SECRETS: &[&str] = &["aws_secretsmanager_secret"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_secretsmanager_secret" => secret(reader).into(),
        "aws_secretsmanager_secret_rotation" => rotation(reader).into(),
        "aws_ssm_parameter" => Parameter {
            name: reader.text("name"),
            parameter_type: reader.text("type"),
            tier: reader.text("tier"),
            written_value: ["value", "insecure_value"].iter().map(|name| written(reader, name)).find(|value| !value.is_absent()).unwrap_or_default(),
        }
        .into(),
        "aws_kms_key" => Key { rotates: reader.flag("enable_key_rotation") }.into(),
        _ => return None,
    })
}

/// Terraform knows no hosted rotation: it either names a function, or the secret is one that AWS manages and rotates itself.
fn rotation(reader: &Reader<'_>) -> Rotation {
    let secret = reader.link("secret_id", SECRETS);
    let owner = reader.follow(&secret);
    let function = match reader.link("rotation_lambda_arn", FUNCTIONS) {
        Value::Absent if owner.is_none() => Value::Unknown("its secret is not declared here, and AWS may rotate it by itself".to_owned()),
        told => told,
    };
    let is_hosted = function.is_absent() && owner.is_some_and(|owner| !SECRETS.contains(&owner.type_name()));
    Rotation { secret, function, is_hosted, days: days(reader) }
}

/// Days between rotations, given as such or as `rate(30 days)`.
fn days(reader: &Reader<'_>) -> Value<f64> {
    let days = reader.number("rotation_rules.automatically_after_days");
    if !days.is_absent() {
        return days;
    }
    let rate = |schedule: &str| {
        let (count, unit) = schedule.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
        let count: f64 = count.parse().ok()?;
        match unit.trim() {
            "day" | "days" => Some(count),
            "hour" | "hours" => Some(count / 24.0),
            _ => None,
        }
    };
    match reader.text("rotation_rules.schedule_expression") {
        Value::Known(schedule) => rate(&schedule).map_or_else(|| Value::Unknown(format!("it follows {schedule}")), Value::Known),
        Value::Unknown(why) => Value::Unknown(why),
        Value::Absent => Value::Absent,
    }
}

fn secret(reader: &Reader<'_>) -> Secret {
    let versions = reader.satellites(&["aws_secretsmanager_secret_version"]);
    let told = versions.first().filter(|version| !is_generated(version, "secret_string"));
    let written_value = told.map_or(Value::Absent, |version| written(version, "secret_string"));
    Secret { name: reader.text("name"), key: reader.link("kms_key_id", KEYS), written_value }
}
