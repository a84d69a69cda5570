//! Functions of address ranges, IPv4 and IPv6.

use super::{Arguments, Made, Stop, text, wrong};
use crate::attribute::{Attribute, Node};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn call(arguments: &Arguments<'_>) -> Option<Made> {
    Some(match arguments.name {
        "cidrsubnet" => subnet(arguments),
        "cidrsubnets" => subnets(arguments),
        "cidrhost" => host(arguments),
        "cidrnetmask" => netmask(arguments),
        _ => return None,
    })
}

/// An address range: the bits of its first address at the top of 128, how many of them are fixed, how many there are.
#[derive(Clone, Copy)]
struct Range {
    bits: u128,
    prefix: u32,
    width: u32,
}

impl Range {
    fn parse(value: &str) -> Result<Range, Stop> {
        let parsed = value.split_once('/').and_then(|(address, prefix)| Some((address.parse::<IpAddr>().ok()?, prefix.parse::<u32>().ok()?)));
        let (bits, prefix, width) = match parsed {
            Some((IpAddr::V4(address), prefix @ 0..=32)) => (u128::from(address.to_bits()) << 96, prefix, 32),
            Some((IpAddr::V6(address), prefix @ 0..=128)) => (address.to_bits(), prefix, 128),
            _ => return wrong(format!("{value:?} is not a range of addresses")),
        };
        Ok(Range { bits: bits & mask(prefix), prefix, width })
    }

    /// The range of this number after as many more bits are fixed.
    fn within(self, new_bits: i64, number: i64) -> Result<Range, Stop> {
        let new_bits = u32::try_from(new_bits).ok().filter(|new_bits| *new_bits <= self.width - self.prefix);
        let Some(new_bits) = new_bits else { return wrong("there are not as many bits left") };
        let number = u128::try_from(number).ok().filter(|number| new_bits == 128 || *number < 1_u128 << new_bits);
        let Some(number) = number else { return wrong("there is no range of this number") };
        let prefix = self.prefix + new_bits;
        let shifted = if prefix == 0 { 0 } else { number << (128 - prefix) };
        Ok(Range { bits: self.bits | shifted, prefix, width: self.width })
    }

    fn address(self, bits: u128) -> String {
        if self.width == 32 { Ipv4Addr::from_bits((bits >> 96) as u32).to_string() } else { Ipv6Addr::from_bits(bits).to_string() }
    }

    fn text(self) -> String {
        format!("{}/{}", self.address(self.bits), self.prefix)
    }
}

fn mask(prefix: u32) -> u128 {
    if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) }
}

fn subnet(arguments: &Arguments<'_>) -> Made {
    Range::parse(&arguments.text(0)?)?.within(arguments.whole(1)?, arguments.whole(2)?).map(|range| text(range.text()))
}

/// Ranges one after the other, each as near to the one before as its size allows.
fn subnets(arguments: &Arguments<'_>) -> Made {
    let whole = Range::parse(&arguments.text(0)?)?;
    let mut made = Vec::new();
    let mut next = Some(whole.bits);
    for index in 1..arguments.nodes.len() {
        let first = whole.within(arguments.whole(index)?, 0)?;
        let step = if first.prefix == 0 { 0 } else { 1_u128 << (128 - first.prefix) };
        // `None` behind the last of all addresses.
        let start = next.and_then(|next| if step == 0 { Some(next) } else { next.checked_next_multiple_of(step) });
        let Some(start) = start.filter(|start| start & mask(whole.prefix) == whole.bits) else {
            return wrong("there is no room for as many ranges");
        };
        made.push(Node::new(text(Range { bits: start, ..first }.text()), arguments.line));
        next = start.checked_add(step);
    }
    Ok(Attribute::List(made))
}

fn host(arguments: &Arguments<'_>) -> Made {
    let range = Range::parse(&arguments.text(0)?)?;
    let number = arguments.whole(1)?;
    let host_bits = range.width - range.prefix;
    let size = if host_bits >= 127 { u128::MAX } else { 1_u128 << host_bits };
    let offset = if number < 0 { size.checked_sub(u128::from(number.unsigned_abs())) } else { Some(u128::from(number.unsigned_abs())) };
    let Some(offset) = offset.filter(|offset| *offset < size) else { return wrong("there is no address of this number") };
    Ok(text(range.address(range.bits | (offset << (128 - range.width)))))
}

fn netmask(arguments: &Arguments<'_>) -> Made {
    let range = Range::parse(&arguments.text(0)?)?;
    if range.width == 32 { Ok(text(range.address(mask(range.prefix)))) } else { wrong("IPv6 has no netmasks") }
}
