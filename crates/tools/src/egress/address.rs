//! Which addresses may be connected to.
//!
//! Loopback and private networks may: that is what people diagnose. What may not is what answers anybody on this machine with
//! its credentials (the metadata services), and what is no single host at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why this address may not be connected to, or `None` when it may. An IPv4 address written inside an IPv6 one is judged too.
pub(crate) fn forbidden(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => forbidden_v4(v4),
        IpAddr::V6(v6) => forbidden_v6(v6),
    }
}

/// Why this name may not be looked up or connected to, or `None` when it may. Lower case, without a final dot.
pub(crate) fn forbidden_name(name: &str) -> Option<&'static str> {
    const METADATA: &[&str] =
        &["metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data", "instance-data.ec2.internal"];
    METADATA.contains(&name).then_some("it names a cloud metadata service, which hands out this machine's credentials")
}

const METADATA: &str = "it is a cloud metadata address, which hands out this machine's credentials";
const LINK_LOCAL: &str = "it is a link-local address, where metadata services live";

fn forbidden_v4(address: Ipv4Addr) -> Option<&'static str> {
    // Alibaba Cloud, Oracle Cloud and Azure keep theirs outside the link-local range.
    let metadata = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];
    // The instance metadata service, and the credential endpoints of containers and of pods.
    let link_local_metadata = [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(169, 254, 170, 2), Ipv4Addr::new(169, 254, 170, 23)];
    if metadata.contains(&address) || link_local_metadata.contains(&address) {
        Some(METADATA)
    } else if address.is_link_local() {
        Some(LINK_LOCAL)
    } else if address.octets()[0] == 0 {
        Some("it is an unspecified address (0.0.0.0/8), not a host; say 127.0.0.1 for this machine")
    } else if address.is_multicast() {
        Some("it is a multicast address, not a host")
    } else if address.is_broadcast() {
        Some("it is the broadcast address, not a host")
    } else {
        None
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<&'static str> {
    // Amazon's instance metadata and pod identity, and Google's metadata service.
    let metadata = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    ];
    if metadata.contains(&address) {
        Some(METADATA)
    } else if address.is_unspecified() {
        Some("it is the unspecified address, not a host; say ::1 for this machine")
    } else if address.is_loopback() {
        None
    } else if address.is_unicast_link_local() {
        Some(LINK_LOCAL)
    } else if address.is_multicast() {
        Some("it is a multicast address, not a host")
    } else {
        embedded_v4(address).and_then(forbidden_v4)
    }
}

/// The IPv4 address that a translator, a tunnel or the kernel would take out of this one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // IPv4-mapped, IPv4-compatible, and IPv4-translated.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4(high, low)),
        // NAT64, the well-known prefix and the one for local use.
        [0x64, 0xff9b, 0 | 1, _, _, _, high, low] => Some(v4(high, low)),
        // 6to4.
        [0x2002, high, low, ..] => Some(v4(high, low)),
        // Teredo writes the client's address inverted.
        [0x2001, 0, _, _, _, _, high, low] => Some(v4(!high, !low)),
        // ISATAP, under any prefix.
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_link_local_and_non_hosts_are_refused_in_every_form() {
        let refused = [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.1",
            "169.254.255.255",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.250",
            "255.255.255.255",
            "::",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "febf::1",
            "ff02::1",
            "ff0e::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:0ec2:0:0:0:0:0:254",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "::ffff:0.0.0.0",
            "::ffff:224.0.0.1",
            "::ffff:100.100.100.200",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b::a9fe:aa02",
            "64:ff9b::169.254.170.23",
            "64:ff9b::100.100.100.200",
            "64:ff9b::0.0.0.0",
            "64:ff9b:1::169.254.169.254",
            "64:ff9b:1:2:3:4:a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:0:1:2:3:4:5601:5601",
            "2001:db8::5efe:169.254.169.254",
            "2001:db8::200:5efe:169.254.169.254",
        ];
        for text in refused {
            assert!(forbidden(text.parse().unwrap()).is_some(), "{text} must be refused");
        }
    }

    #[test]
    fn what_people_diagnose_is_allowed() {
        let allowed = [
            "127.0.0.1",
            "127.8.8.8",
            "10.0.0.1",
            "172.16.5.4",
            "192.168.1.1",
            "100.64.0.1",
            "8.8.8.8",
            "169.253.1.1",
            "169.255.1.1",
            "1.0.0.1",
            "::1",
            "fd00::1",
            "fc00::1",
            "fec0::1",
            "2001:4860:4860::8888",
            "2600:1f18::1",
            "fd00:ec2::253",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "64:ff9b::8.8.8.8",
            "2002:0808:0808::1",
        ];
        for text in allowed {
            assert_eq!(forbidden(text.parse().unwrap()), None, "{text} must be allowed");
        }
    }

    #[test]
    fn metadata_names_are_refused() {
        assert!(forbidden_name("metadata.google.internal").is_some() && forbidden_name("instance-data").is_some());
        assert_eq!(forbidden_name("example.com"), None);
    }
}
