//! `Fn::Cidr`: blocks of addresses cut from a larger one.

use std::net::Ipv4Addr;

/// The first `count` blocks of `host_bits` bits within an IPv4 block. `None` when they do not fit or it is not one.
pub(super) fn blocks(block: &str, count: f64, host_bits: f64) -> Option<Vec<String>> {
    let (address, prefix) = block.split_once('/')?;
    let address: u32 = address.parse::<Ipv4Addr>().ok()?.into();
    let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
    // The service cuts at most 256.
    let is_sane = (1.0..=256.0).contains(&count) && (0.0..=32.0).contains(&host_bits);
    let (count, host_bits) = is_sane.then_some((count as u64, host_bits as u32))?;
    let size = 1u64 << host_bits;
    let room = 1u64 << (32 - prefix);
    if size * count > room {
        return None;
    }
    let start = u64::from(address) & !(room - 1);
    Some((0..count).map(|index| format!("{}/{}", Ipv4Addr::from((start + index * size) as u32), 32 - host_bits)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_in_order() {
        assert_eq!(blocks("10.0.0.0/16", 3.0, 8.0).unwrap(), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
    }

    #[test]
    fn what_does_not_fit_is_not_cut() {
        for (block, count, bits) in [("10.0.0.0/24", 2.0, 8.0), ("2001:db8::/56", 1.0, 64.0), ("10.0.0.0/33", 1.0, 4.0), ("10.0.0.0/16", 1e9, 8.0)] {
            assert_eq!(blocks(block, count, bits), None, "{block}");
        }
    }
}
