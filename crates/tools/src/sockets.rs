//! Who listens on which port of this machine.

mod table;

use crate::arguments::{self, Arguments};
use crate::proc;
use crate::report::{Report, clean};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, ToolError, ToolErrorKind, ToolOutput, ToolSpec, Trust};
use ports::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use table::{Protocol, Socket, State};

const LISTENERS_SHOWN_MAX: usize = 80;
const HOLDERS_SHOWN_MAX: usize = 4;
/// Connections that the other end has closed and this end has not. A few come and go; hundreds leak.
const CLOSE_WAIT_MAX: usize = 200;

/// The tool.
pub(crate) struct Sockets {
    spec: ToolSpec,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Only this local port. Default: all.
    #[schemars(range(min = 1, max = 65535))]
    port: Option<u16>,
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        self.port.map_or(Ok(()), arguments::port)
    }
}

/// Which processes hold which socket, by inode.
#[derive(Debug, Default)]
struct Holders {
    by_inode: BTreeMap<u64, Vec<String>>,
    /// Processes that could not be looked into.
    closed: usize,
}

impl Sockets {
    /// The tool.
    pub(crate) fn new() -> Sockets {
        let description = "Lists the TCP and UDP sockets that listen on this machine, IPv4 and IPv6, with the process that holds each, and counts \
            connections by state. With a port, only that one: use it to see who holds a port, or that nothing listens and on which address.";
        let mut spec = arguments::looking_tool::<Input>("sockets", description);
        // A process chooses its own name.
        spec.trust = Trust::Untrusted;
        spec.checks = vec![CheckKind::Machine];
        Sockets { spec }
    }
}

#[async_trait]
impl Tool for Sockets {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let read = tokio::task::spawn_blocking(|| Some((table::sockets()?, holders()))).await.ok().flatten();
        let (sockets, holders) = read.ok_or_else(|| ToolError::new(ToolErrorKind::Unavailable, "/proc/net cannot be read"))?;
        Ok(describe(sockets, &holders, input.port))
    }
}

/// Walks the open files of all processes.
fn holders() -> Holders {
    let mut holders = Holders::default();
    for pid in proc::pids() {
        let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            // Ended in the meantime, or somebody else's.
            holders.closed += usize::from(fs::exists(format!("/proc/{pid}")).unwrap_or(false));
            continue;
        };
        let mut name = None;
        for file in files.flatten() {
            let Ok(link) = fs::read_link(file.path()) else { continue };
            let Some(inode) = link.to_str().and_then(table::inode_of) else { continue };
            let name = name.get_or_insert_with(|| {
                let comm = proc::read(format!("/proc/{pid}/comm")).unwrap_or_default();
                format!("{} (pid {pid})", clean(&comm, 32))
            });
            let names = holders.by_inode.entry(inode).or_default();
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    holders
}

fn describe(mut sockets: Vec<Socket>, holders: &Holders, port: Option<u16>) -> ToolOutput {
    let mut report = Report::default();
    sockets.retain(|s| port.is_none_or(|port| s.local.port() == port));
    sockets.sort_by_key(|s| (s.protocol, s.local.port(), s.local.ip()));
    let listening: Vec<&Socket> = sockets.iter().filter(|s| s.state == State::Listening).collect();
    match (port, listening.len()) {
        (Some(port), 0) => {
            report.line(format!("nothing listens on port {port} of this machine"));
        }
        (Some(port), count) => {
            report.line(format!("port {port} of this machine: {count} listening"));
        }
        (None, 1) => {
            report.line("1 socket listens on this machine");
        }
        (None, count) => {
            report.line(format!("{count} sockets listen on this machine"));
        }
    }
    for socket in listening.iter().take(LISTENERS_SHOWN_MAX) {
        listener(&mut report, socket, holders);
    }
    if listening.len() > LISTENERS_SHOWN_MAX {
        report.line(format!("({} more; ask for one port)", listening.len() - LISTENERS_SHOWN_MAX));
    }
    let in_state = |state: State| sockets.iter().filter(|s| s.protocol == Protocol::Tcp && s.state == state).count();
    let close_wait = in_state(State::CloseWait);
    let quote = report.line(format!(
        "tcp connections: {} established, {close_wait} close-wait, {} time-wait, {} being opened",
        in_state(State::Established),
        in_state(State::TimeWait),
        in_state(State::Opening)
    ));
    if close_wait > CLOSE_WAIT_MAX {
        let remedy = format!(
            "The other ends have hung up and {} has not closed its side: it leaks connections; restart and mend it.",
            leaking(&sockets, holders)
        );
        report.finding(Severity::Medium, format!("{close_wait} TCP connections of this machine are in close-wait"), &quote, None, remedy);
    }
    if holders.closed > 0 {
        report.line(format!("who holds a socket could not be seen for {} processes (no permission; run as root to see all)", holders.closed));
    }
    report.into_output(true)
}

fn listener(report: &mut Report, socket: &Socket, holders: &Holders) {
    let held = holders.by_inode.get(&socket.inode).map(Vec::as_slice).unwrap_or_default();
    let mut by = match held.len() {
        0 if holders.closed > 0 => "a process that may not be looked into".to_owned(),
        0 => "no process that can be seen (the kernel, or another namespace)".to_owned(),
        _ => held[..held.len().min(HOLDERS_SHOWN_MAX)].join(", "),
    };
    if held.len() > HOLDERS_SHOWN_MAX {
        by.push_str(&format!(" and {} more", held.len() - HOLDERS_SHOWN_MAX));
    }
    let queued =
        if socket.protocol == Protocol::Tcp && socket.queued > 0 { format!(", {} waiting to be accepted", socket.queued) } else { String::new() };
    let quote = report.line(format!("{}  {:<24}  {by}{queued}", socket.protocol, socket.local.to_string()));
    // Whoever accepts at all takes them within a moment, so a queue of this length is not being served.
    if socket.protocol == Protocol::Tcp && socket.queued >= 100 {
        let remedy = "The process does not accept: see whether it hangs or lacks threads, restart it, then raise its backlog if the load is real.";
        report.finding(
            Severity::High,
            format!("{} connections to {} wait to be accepted", socket.queued, socket.local),
            &quote,
            Some(socket.local.to_string()),
            remedy,
        );
    }
}

/// Who holds most of the connections in close-wait.
fn leaking(sockets: &[Socket], holders: &Holders) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for socket in sockets.iter().filter(|s| s.state == State::CloseWait) {
        for name in holders.by_inode.get(&socket.inode).into_iter().flatten() {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or("a process that cannot be seen".to_owned(), |(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, check_quotes, closed_port};
    use serde_json::json;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_listener_is_found_with_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let output = call(&Sockets::new(), json!({"port": address.port()})).await.unwrap();
        assert!(output.text.contains(&address.to_string()), "{}", output.text);
        assert!(output.text.contains(&format!("(pid {})", std::process::id())), "{}", output.text);
        let all = call(&Sockets::new(), json!({})).await.unwrap();
        assert!(all.text.contains(&address.to_string()));
    }

    #[tokio::test]
    async fn that_nothing_listens_is_said() {
        let port = closed_port();
        let output = call(&Sockets::new(), json!({"port": port})).await.unwrap();
        assert!(output.text.contains(&format!("nothing listens on port {port}")) && output.findings.is_empty());
    }

    #[test]
    fn leaks_and_full_queues_are_found_and_gaps_are_said() {
        let socket = |state, inode, queued| Socket { protocol: Protocol::Tcp, local: "127.0.0.1:80".parse().unwrap(), state, queued, inode };
        let mut sockets = vec![socket(State::Listening, 1, 128)];
        sockets.extend((0..201).map(|i| socket(State::CloseWait, 10 + i, 0)));
        let by_inode = (1..300).map(|inode| (inode, vec!["app (pid 5)".to_owned()])).collect();
        let output = describe(sockets, &Holders { by_inode, closed: 3 }, None);
        check_quotes(&output);
        assert_eq!(output.findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::High, Severity::Medium]);
        assert!(output.findings[1].remedy.contains("app (pid 5)"));
        assert!(output.text.contains("for 3 processes (no permission"));
    }
}
