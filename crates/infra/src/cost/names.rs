//! Names, secrets and keys.

use super::Quantity;
use super::meter::{Meter, Scenario};
use crate::inventory::names::{Record, Zone};
use crate::inventory::secrets::Parameter;

/// Reads of a secret in a month: once a day, as caches of it do.
const SECRET_READS: u64 = 30;
/// Uses of a key in a month: what it encrypts is opened by each read of a secret and each start.
const KEY_USES: u64 = 1_000;

pub(super) fn zone(meter: &mut Meter<'_>, id: &str, zone: &Zone) {
    meter.charge(id, "hosted zone", "route53.zone", Quantity::ONE, "one of the first 25".to_owned());
    if zone.private.known() == Some(&true) {
        return;
    }
    // Queries for an alias of something in AWS are free; the others are mostly answered by resolvers' caches.
    let is_charged = meter.pointing_at::<Record>(id).any(|record| record.alias.is_absent());
    if is_charged {
        let queries = if meter.scenario == Scenario::Low { Quantity::ZERO } else { Quantity::whole(meter.load.tasks).per(1_000_000) };
        let words = format!("one query for each of {}; resolvers' caches answer most", meter.load.tasks_words());
        meter.charge(id, "DNS queries", "route53.queries", queries, words);
    }
}

pub(super) fn secret(meter: &mut Meter<'_>, id: &str) {
    meter.charge(id, "secret", "secrets.secret", Quantity::ONE, "kept all month".to_owned());
    let reads = Quantity::whole(SECRET_READS).per(10_000);
    meter.charge(id, "reads of the secret", "secrets.api", reads, format!("{SECRET_READS} reads: once a day, then cached"));
}

pub(super) fn parameter(meter: &mut Meter<'_>, id: &str, parameter: &Parameter) {
    let Some(tier) = meter.text(id, "tier", &parameter.tier, Some("Standard")) else { return };
    match tier.as_str() {
        "Standard" => meter.charge(id, "parameter", "ssm.parameter.standard", Quantity::ONE, "of the standard tier and throughput".to_owned()),
        "Advanced" => meter.charge(id, "advanced parameter", "ssm.parameter.advanced", Quantity::ONE, "kept all month".to_owned()),
        other => meter.unpriced(id, format!("its tier is {other}, which depends on its size")),
    }
}

pub(super) fn key(meter: &mut Meter<'_>, id: &str) {
    meter.charge(id, "KMS key", "kms.key", Quantity::ONE, "in its first year; each of the first two rotations adds as much".to_owned());
    meter.charge(id, "uses of the key", "kms.requests", Quantity::whole(KEY_USES).per(10_000), format!("{KEY_USES} uses a month"));
}
