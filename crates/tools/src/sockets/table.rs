//! The kernel's tables of sockets: `/proc/net/tcp`, `tcp6`, `udp` and `udp6`.

use crate::proc;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protocol {
    Tcp,
    Udp,
}

/// What a socket is doing, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Takes connections, or datagrams from anybody.
    Listening,
    Established,
    /// The other end has closed, this end has not.
    CloseWait,
    TimeWait,
    /// A SYN was sent or received.
    Opening,
    Other,
}

/// One socket of this network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) protocol: Protocol,
    pub(super) local: SocketAddr,
    pub(super) state: State,
    /// Bytes not read yet; of a listening TCP socket, connections not accepted yet.
    pub(super) queued: u64,
    /// Names it among a process's open files. 0 when no process holds it any more.
    pub(super) inode: u64,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        })
    }
}

/// All of them; `None` when not even the first table can be read. A machine without IPv6 lacks the tables for it.
pub(super) fn sockets() -> Option<Vec<Socket>> {
    let mut sockets = parse(Protocol::Tcp, &proc::read("/proc/net/tcp")?);
    for (protocol, file) in [(Protocol::Tcp, "tcp6"), (Protocol::Udp, "udp"), (Protocol::Udp, "udp6")] {
        sockets.extend(parse(protocol, &proc::read(format!("/proc/net/{file}")).unwrap_or_default()));
    }
    Some(sockets)
}

/// The inode in `socket:[123]`, the form of a link to a socket.
pub(super) fn inode_of(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn parse(protocol: Protocol, table: &str) -> Vec<Socket> {
    table.lines().skip(1).filter_map(|line| parse_line(protocol, line)).collect()
}

fn parse_line(protocol: Protocol, line: &str) -> Option<Socket> {
    // sl local remote state tx:rx tr:when retransmits uid timeout inode …
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = u8::from_str_radix(fields.get(3)?, 16).ok()?;
    let state = match (protocol, number) {
        (Protocol::Tcp, 0x0a) | (Protocol::Udp, 0x07) => State::Listening,
        (_, 0x01) => State::Established,
        (Protocol::Tcp, 0x02 | 0x03) => State::Opening,
        (Protocol::Tcp, 0x06) => State::TimeWait,
        (Protocol::Tcp, 0x08) => State::CloseWait,
        _ => State::Other,
    };
    let (_, queued) = fields.get(4)?.split_once(':')?;
    Some(Socket {
        protocol,
        local: parse_address(fields.get(1)?)?,
        state,
        queued: u64::from_str_radix(queued, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// The kernel prints each 32-bit word of an address as a number in the machine's own byte order.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |i: usize| Some(u32::from_str_radix(address.get(i * 8..i * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let mut bytes = [0; 16];
            for i in 0..4 {
                bytes[i * 4..i * 4 + 4].copy_from_slice(&word(i)?);
            }
            Ipv6Addr::from(bytes).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read() {
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 08 00000000:00000001 00:00000000 00000000  1000        0 4243 1 0 20 4 30 10 -1";
        let sockets = parse(Protocol::Tcp, tcp);
        let expected = |state, queued, inode| Socket { protocol: Protocol::Tcp, local: "127.0.0.1:8080".parse().unwrap(), state, queued, inode };
        assert_eq!(sockets, [expected(State::Listening, 3, 4242), expected(State::CloseWait, 1, 4243)]);
        let udp6 = "head\n  12: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0 0";
        let sockets = parse(Protocol::Udp, udp6);
        assert_eq!((sockets[0].local, sockets[0].state), ("[::1]:53".parse().unwrap(), State::Listening));
        assert_eq!(parse(Protocol::Tcp, "head\nnonsense\n 1: zz:1 2 3"), []);
    }

    #[test]
    fn only_links_to_sockets_have_an_inode() {
        assert_eq!([inode_of("socket:[12]"), inode_of("pipe:[12]"), inode_of("/dev/null")], [Some(12), None, None]);
    }
}
