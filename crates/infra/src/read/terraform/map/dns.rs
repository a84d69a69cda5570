//! Zones, records and certificates.

use super::reader::Reader;
use crate::inventory::Kind;
use crate::inventory::names::{Certificate, Record, Zone, undotted};
use crate::value::Value;

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_route53_zone" => {
            let is_private = reader.has("vpc") || !reader.satellites(&["aws_route53_zone_association"]).is_empty();
            Zone { name: reader.text("name").map(undotted), private: if is_private { Value::Known(true) } else { Value::Absent } }.into()
        }
        "aws_route53_record" => Record {
            zone: reader.link("zone_id", &["aws_route53_zone"]),
            name: reader.text("name").map(undotted),
            record_type: reader.text("type"),
            alias: reader.link("alias.name", &[]),
        }
        .into(),
        "aws_acm_certificate" => Certificate { domain: reader.text("domain_name"), validation: reader.text("validation_method") }.into(),
        _ => return None,
    })
}
