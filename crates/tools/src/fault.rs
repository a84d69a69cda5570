//! How a target that was not reached is reported.

use crate::egress::{Attempt, ConnectFault, Egress, Error, NameFault, worst};
use crate::report::{Report, took};
use domain::finding::Severity;
use domain::target::endpoint;
use domain::tool::{ToolError, ToolErrorKind};
use std::net::IpAddr;

/// Adds lines and a finding that say why. A forbidden target is no result: the call is refused.
pub(crate) fn report(report: &mut Report, egress: &Egress, error: Error) -> Result<(), ToolError> {
    match error {
        Error::Forbidden { .. } => return Err(ToolError::new(ToolErrorKind::Refused, error.to_string())),
        Error::Name { host, fault, took: after } => {
            let quote = report.line(format!("{host} does not resolve: {fault} (asked {}, {})", egress.name_servers(), took(after)));
            report.finding(Severity::High, format!("{host} does not resolve: {fault}"), &quote, Some(host), name_remedy(&fault));
        }
        Error::Connect { host, port, attempts } => {
            let target = endpoint(&host, port);
            let mut quotes = Vec::new();
            for attempt in &attempts {
                quotes.push((&attempt.fault, report.line(format!("{} {} (after {})", attempt.address, attempt.fault, took(attempt.took)))));
            }
            let fault = worst(&attempts);
            let quote = quotes.into_iter().find(|(f, _)| **f == fault).map(|(_, quote)| quote).unwrap_or_default();
            report.finding(Severity::High, format!("{target} {fault}"), &quote, Some(target), connect_remedy(&fault, port, &attempts));
        }
    }
    Ok(())
}

fn name_remedy(fault: &NameFault) -> &'static str {
    match fault {
        NameFault::NotFound => {
            "Check the spelling. Then create the record in the zone, or, for an internal name, point this machine at the name server that knows it (/etc/resolv.conf)."
        }
        NameFault::NoRecords => "Add the missing record to the zone: A or AAAA for an address.",
        NameFault::TimedOut | NameFault::NoServer => {
            "Check that the name servers in /etc/resolv.conf are right and reachable: UDP and TCP port 53 through firewalls and security groups."
        }
        NameFault::ServerFailed(_) => "Ask the zone's own name servers directly: a broken delegation or failed DNSSEC validation answers like this.",
        NameFault::Failed(_) => "Check the name and /etc/resolv.conf.",
    }
}

fn connect_remedy(fault: &ConnectFault, port: u16, attempts: &[Attempt]) -> String {
    let this_machine = attempts.iter().all(|a| is_loopback(a.address.ip()));
    match fault {
        ConnectFault::Refused if this_machine => {
            format!("Nothing listens on port {port} of this machine at that address: start the service, or see which port and address it listens on (ss -ltnp).")
        }
        ConnectFault::Refused => {
            format!("The host is up, but nothing listens on port {port} there or a firewall rejects it: start the service, check its port and the address it binds to.")
        }
        ConnectFault::TimedOut => {
            "Packets are dropped on the way or the service accepts no more: check firewalls, security groups, network ACLs and routes, then whether the host is up and its backlog full.".to_owned()
        }
        ConnectFault::Unreachable => "There is no route: check the address, this machine's routes and gateway, and whether IPv6 is set up where the address is IPv6.".to_owned(),
        ConnectFault::Reset => "Something answers and hangs up: check the service's log, connection limits, and proxies or firewalls in between.".to_owned(),
        ConnectFault::Failed(_) => "Check local firewall rules and limits on this machine; the system's words say what refused.".to_owned(),
    }
}

/// Whether the address is this machine, also when written as an IPv4-mapped one.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
