//! Whether a host answers, how fast, and how much gets lost.

use crate::arguments::{self, Arguments};
use crate::egress::{ConnectFault, Egress, Error};
use crate::fault;
use crate::report::{Report, took};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, Reach, ToolError, ToolOutput, ToolSpec};
use ports::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use surge_ping::{Client, Config, ICMP, PingIdentifier, PingSequence};
use tokio::time::{sleep, timeout};

const COUNT_DEFAULT: u32 = 3;
const COUNT_MAX: u32 = 10;
/// The far side of the world and a satellite answer sooner.
const ANSWER_MAX: Duration = Duration::from_millis(900);
const PAUSE: Duration = Duration::from_millis(50);
/// All echo requests of one call. With the name look-up and the TCP attempts it stays inside the tool's limit.
const ECHOES_MAX: Duration = Duration::from_millis(1_800);
/// Ports one of which most machines either serve or refuse.
const TCP_PORTS: [u16; 3] = [443, 80, 22];

/// The tool.
pub(crate) struct Ping {
    spec: ToolSpec,
    egress: Egress,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Host name or IP address.
    host: String,
    /// How many times to ask, 1 to 10. Default 3.
    #[schemars(range(min = 1, max = 10))]
    count: Option<u32>,
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        arguments::host(&self.host)?;
        match self.count {
            Some(count) if !(1..=COUNT_MAX).contains(&count) => Err(format!("count must be from 1 to {COUNT_MAX}")),
            _ => Ok(()),
        }
    }
}

/// What came of asking several times the same way.
#[derive(Debug, Default)]
struct Tally {
    sent: u32,
    answers: Vec<Duration>,
}

impl Ping {
    /// The tool, behind this door.
    pub(crate) fn new(egress: Egress) -> Ping {
        let description = "Measures whether a host answers, its round-trip time and loss: by ICMP echo where permitted, else by timing TCP \
            connections to 443, 80 or 22 (and says which). A silent host may still be up behind a firewall; use tcp_connect for a service.";
        let mut spec = arguments::looking_tool::<Input>("ping", description);
        spec.reach = Reach::Network;
        spec.timeout_ms = 8_000;
        spec.checks = vec![CheckKind::Host];
        Ping { spec, egress }
    }

    /// Times TCP connections to the first of the ports that answers, or says how each did not.
    async fn tcp(&self, report: &mut Report, host: &str, address: IpAddr, count: u32) -> bool {
        let (a, b, c) = tokio::join!(self.knock(address, TCP_PORTS[0]), self.knock(address, TCP_PORTS[1]), self.knock(address, TCP_PORTS[2]));
        let knocks = [a, b, c];
        let Some(i) = knocks.iter().position(Result::is_ok) else {
            let unreachable = knocks.contains(&Err(ConnectFault::Unreachable));
            let title = if unreachable { format!("{host} is unreachable: no route to it") } else { format!("{host} does not answer") };
            let quote = report.line(format!("{title}: neither ICMP echo nor TCP on ports 443, 80 and 22 of {address} was answered"));
            let (severity, remedy) = if unreachable {
                (Severity::High, "Check the address, this machine's routes and gateway, and whether IPv6 is set up where the address is IPv6.")
            } else {
                (
                    Severity::Medium,
                    "Check whether the host is up. If its firewall drops all of these, connect to the port of the service itself instead.",
                )
            };
            report.finding(severity, title, &quote, Some(host.to_owned()), remedy);
            return false;
        };
        let port = TCP_PORTS[i];
        let mut tally = Tally { sent: 1, answers: knocks[i].iter().map(|k| k.1).collect() };
        let how = match &knocks[i] {
            Ok((false, _)) => "refused, which is an answer",
            _ => "accepted",
        };
        let started = Instant::now();
        while tally.sent < count && started.elapsed() < ANSWER_MAX {
            tally.sent += 1;
            if let Ok((_, after)) = self.knock(address, port).await {
                tally.answers.push(after);
            }
        }
        show(report, host, address, &format!("TCP connections to port {port} ({how})"), &tally);
        true
    }

    /// One TCP connection: whether it was accepted, and after how long the host said so.
    async fn knock(&self, address: IpAddr, port: u16) -> Result<(bool, Duration), ConnectFault> {
        match self.egress.connect(&address.to_string(), port, ANSWER_MAX).await {
            Ok(connected) => Ok((true, connected.connect)),
            Err(Error::Connect { attempts, .. }) => match attempts.into_iter().next() {
                Some(attempt) if matches!(attempt.fault, ConnectFault::Refused | ConnectFault::Reset) => Ok((false, attempt.took)),
                Some(attempt) => Err(attempt.fault),
                None => Err(ConnectFault::TimedOut),
            },
            Err(other) => Err(ConnectFault::Failed(other.to_string())),
        }
    }
}

#[async_trait]
impl Tool for Ping {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let count = input.count.unwrap_or(COUNT_DEFAULT);
        let mut report = Report::default();
        let address = match self.egress.resolve(&input.host).await {
            Ok(addresses) => addresses[0],
            Err(error) => {
                fault::report(&mut report, &self.egress, error)?;
                return Ok(report.into_output(false));
            }
        };
        let answers = match echo(address, count).await {
            Ok(tally) if !tally.answers.is_empty() => {
                show(&mut report, &input.host, address, "ICMP echo", &tally);
                true
            }
            Ok(tally) => {
                report.line(format!("{address} does not answer ICMP echo ({} sent); TCP connections were timed instead", tally.sent));
                self.tcp(&mut report, &input.host, address, count).await
            }
            Err(why) => {
                report.line(format!("ICMP echo cannot be used from here ({why}); TCP connections were timed instead"));
                self.tcp(&mut report, &input.host, address, count).await
            }
        };
        Ok(report.into_output(answers))
    }
}

/// Sends echo requests one after the other. An error says why this machine cannot send them.
async fn echo(address: IpAddr, count: u32) -> Result<Tally, String> {
    // Each call its own identifier, so that two calls at once do not take each other's answers.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let kind = if address.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
    // The library's error is a page about capabilities; its first sentence says what happened.
    let first_sentence = |error: String| error.split(['\n', '.']).next().unwrap_or_default().to_owned();
    let client = Client::new(&Config::builder().kind(kind).build()).map_err(|e| first_sentence(e.to_string()))?;
    let identifier = (std::process::id() as u16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
    let mut pinger = client.pinger(address, PingIdentifier(identifier)).await;
    pinger.timeout(ANSWER_MAX);
    let mut tally = Tally::default();
    let started = Instant::now();
    while tally.sent < count && started.elapsed() < ECHOES_MAX {
        if tally.sent > 0 {
            sleep(PAUSE).await;
        }
        tally.sent += 1;
        let left = ECHOES_MAX.saturating_sub(started.elapsed());
        match timeout(left.max(PAUSE), pinger.ping(PingSequence(tally.sent as u16), &[0; 32])).await {
            Ok(Ok((_, after))) => tally.answers.push(after),
            Ok(Err(surge_ping::SurgeError::IOError(error))) if error.kind() == std::io::ErrorKind::PermissionDenied => return Err(error.to_string()),
            Ok(Err(_)) | Err(_) => {}
        }
    }
    Ok(tally)
}

fn show(report: &mut Report, host: &str, address: IpAddr, method: &str, tally: &Tally) {
    let answered = tally.answers.len() as u32;
    let lost = tally.sent.saturating_sub(answered);
    let percent = lost * 100 / tally.sent.max(1);
    report.line(format!("{host} ({address}) answers; measured by {method}"));
    let quote = report.line(format!("sent {}, answered {answered}, lost {percent} %", tally.sent));
    let total: Duration = tally.answers.iter().sum();
    if let (Some(min), Some(max)) = (tally.answers.iter().min(), tally.answers.iter().max()) {
        report.line(format!("round trip  min {}  avg {}  max {}", took(*min), took(total / answered.max(1)), took(*max)));
    }
    if lost > 0 {
        // One of three is no statistic, but somebody should look.
        let severity = if percent >= 20 { Severity::Medium } else { Severity::Low };
        let remedy =
            "Ask again with count 10. If the loss stays, look for a full link, errors of the interface, or rate limiting of ICMP on the way.";
        report.finding(severity, format!("{host} loses {percent} % of what is sent to it"), &quote, Some(host.to_owned()), remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Options;
    use crate::testing::{NameServer, call, check_quotes};
    use serde_json::json;

    fn tool() -> Ping {
        Ping::new(Egress::new(Options::default()))
    }

    #[tokio::test]
    async fn this_machine_answers_and_the_method_is_named() {
        for host in ["127.0.0.1", "localhost"] {
            let output = call(&tool(), json!({"host": host, "count": 2})).await.unwrap();
            assert!(output.reachable && output.findings.is_empty());
            assert!(output.text.contains("measured by ICMP echo") || output.text.contains("measured by TCP connections to port"));
            assert!(output.text.contains("lost 0 %"));
        }
    }

    #[tokio::test]
    async fn without_icmp_a_refusal_counts_as_an_answer() {
        let mut report = Report::default();
        let address = "127.0.0.1".parse().unwrap();
        assert!(tool().tcp(&mut report, "127.0.0.1", address, 3).await);
        let output = report.into_output(true);
        check_quotes(&output);
        assert!(output.findings.is_empty() && output.text.contains("sent 3, answered 3, lost 0 %"), "{}", output.text);
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_said() {
        let server = NameServer::start(&[]).await;
        let output = call(&Ping::new(server.egress()), json!({"host": "missing.test"})).await.unwrap();
        assert!(!output.reachable && output.findings.len() == 1);
    }

    #[test]
    fn loss_is_a_finding_with_numbers() {
        let mut report = Report::default();
        let tally = Tally { sent: 3, answers: vec![Duration::from_millis(2), Duration::from_millis(4)] };
        show(&mut report, "a.test", "127.0.0.1".parse().unwrap(), "ICMP echo", &tally);
        let output = report.into_output(true);
        check_quotes(&output);
        assert_eq!(output.findings[0].title, "a.test loses 33 % of what is sent to it");
        assert!(output.text.contains("min 2.00 ms  avg 3.00 ms  max 4.00 ms"));
    }

    #[test]
    fn a_count_out_of_range_is_refused() {
        for count in [0, 11] {
            assert!(tool().check(&json!({"host": "a", "count": count})).is_err());
        }
    }
}
