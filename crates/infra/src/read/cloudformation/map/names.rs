//! Hosted zones, records, certificates.

use super::properties::Properties;
use crate::inventory::Kind;
use crate::inventory::names::{Certificate, Record, Zone, undotted};

pub(super) fn zone(p: Properties<'_>) -> Zone {
    Zone { name: p.text("Name").map(undotted), private: p.present("VPCs") }
}

/// A record; one of a group takes the group's zone unless it names one.
pub(super) fn record(p: Properties<'_>, group: Option<Properties<'_>>) -> Record {
    let zones = [Some(p), group].into_iter().flatten().flat_map(|p| [p.link("HostedZoneId"), p.link("HostedZoneName")]);
    Record {
        zone: zones.into_iter().find(|zone| !zone.is_absent()).unwrap_or_default(),
        name: p.text("Name").map(undotted),
        record_type: p.text("Type"),
        alias: p.link("AliasTarget.DNSName"),
    }
}

pub(super) fn record_group(p: Properties<'_>) -> Vec<(String, Kind)> {
    let records = p.parts("RecordSets").into_iter().map(|entry| record(entry, Some(p)));
    records.enumerate().map(|(index, record)| (format!("/RecordSets[{index}]"), record.into())).collect()
}

pub(super) fn certificate(p: Properties<'_>) -> Certificate {
    Certificate { domain: p.text("DomainName"), validation: p.text("ValidationMethod") }
}
