//! Whether a TCP port accepts connections.

use crate::arguments::{self, Arguments};
use crate::egress::Egress;
use crate::fault;
use crate::report::{Report, took};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::target::endpoint;
use domain::tool::{CheckKind, Reach, ToolError, ToolOutput, ToolSpec};
use ports::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Long enough for two lost SYNs to be sent again.
const TIMEOUT_MS_DEFAULT: u64 = 3_500;
/// With the longest name look-up this stays inside the tool's own limit.
const TIMEOUT_MS_MAX: u64 = 4_500;
/// A SYN that is lost is sent again after one second, so whoever takes longer lost one.
const SLOW: Duration = Duration::from_millis(950);

/// The tool.
pub(crate) struct TcpConnect {
    spec: ToolSpec,
    egress: Egress,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Host name or IP address, without port.
    host: String,
    /// TCP port, 1 to 65535.
    #[schemars(range(min = 1, max = 65535))]
    port: u16,
    /// How long to wait for the connection, 100 to 4500 milliseconds. Default 3500.
    #[schemars(range(min = 100, max = 4500))]
    timeout_ms: Option<u64>,
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        arguments::host(&self.host)?;
        arguments::port(self.port)?;
        match self.timeout_ms {
            Some(ms) if !(100..=TIMEOUT_MS_MAX).contains(&ms) => Err(format!("timeout_ms must be from 100 to {TIMEOUT_MS_MAX}")),
            _ => Ok(()),
        }
    }
}

impl TcpConnect {
    /// The tool, behind this door.
    pub(crate) fn new(egress: Egress) -> TcpConnect {
        let description = "Connects to a TCP port and hangs up. Tells an open port from one that refuses, times out, resets or is unreachable, \
            with timings. Use it first when a service does not answer.";
        let mut spec = arguments::looking_tool::<Input>("tcp_connect", description);
        spec.reach = Reach::Network;
        spec.timeout_ms = 10_000;
        spec.checks = vec![CheckKind::Endpoint];
        TcpConnect { spec, egress }
    }
}

#[async_trait]
impl Tool for TcpConnect {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let limit = Duration::from_millis(input.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT));
        let target = endpoint(&input.host, input.port);
        let mut report = Report::default();
        match self.egress.connect(&input.host, input.port, limit).await {
            Ok(connected) => {
                report.line(format!("{target} accepts connections"));
                report.line(format!("address  {}", connected.address));
                report.line(format!("resolve  {}", took(connected.resolve)));
                let quote = report.line(format!("connect  {}", took(connected.connect)));
                if connected.connect > SLOW {
                    let remedy = "Look for packet loss or a full accept queue: compare with ping, and with the load of the host.";
                    report.finding(
                        Severity::Low,
                        format!("{target} takes {} to accept a connection", took(connected.connect)),
                        &quote,
                        Some(target),
                        remedy,
                    );
                }
                Ok(report.into_output(true))
            }
            Err(error) => {
                fault::report(&mut report, &self.egress, error)?;
                Ok(report.into_output(false))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Options;
    use crate::testing::{NameServer, call, closed_port};
    use domain::tool::ToolErrorKind;
    use serde_json::json;
    use tokio::net::TcpListener;

    fn tool() -> TcpConnect {
        TcpConnect::new(Egress::new(Options::default()))
    }

    #[tokio::test]
    async fn an_open_port_is_no_finding() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let output = call(&tool(), json!({"host": "localhost", "port": port})).await.unwrap();
        assert!(output.reachable && output.findings.is_empty());
        assert!(output.text.contains("accepts connections"));
    }

    #[tokio::test]
    async fn a_closed_port_is_a_high_finding_that_names_it() {
        let port = closed_port();
        let output = call(&tool(), json!({"host": "127.0.0.1", "port": port})).await.unwrap();
        assert!(!output.reachable);
        assert_eq!(output.findings.len(), 1);
        assert_eq!(output.findings[0].severity, Severity::High);
        assert_eq!(output.findings[0].title, format!("127.0.0.1:{port} refuses connections"));
        assert!(output.findings[0].remedy.contains("ss -ltnp"));
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_a_finding_and_a_metadata_address_an_error() {
        let server = NameServer::start(&[("inside.test.", "169.254.169.254")]).await;
        let tool = TcpConnect::new(server.egress());
        let output = call(&tool, json!({"host": "missing.test", "port": 80})).await.unwrap();
        assert!(!output.reachable && output.findings[0].title.contains("NXDOMAIN"));
        for host in ["inside.test", "169.254.169.254", "::ffff:169.254.169.254"] {
            let error = call(&tool, json!({"host": host, "port": 80})).await.unwrap_err();
            assert_eq!(error.kind, ToolErrorKind::Refused, "{host}");
        }
    }

    #[test]
    fn arguments_that_make_no_sense_are_named() {
        for wrong in [json!({"host": "a"}), json!({"host": "a:1", "port": 1}), json!({"host": "a", "port": 0}), json!({"host": "a", "port": 70000})] {
            assert!(tool().check(&wrong).is_err(), "{wrong}");
        }
        assert!(tool().check(&json!({"host": "a", "port": 1, "timeout_ms": 99999})).is_err_and(|e| e.contains("timeout_ms")));
        assert!(tool().check(&json!({"host": "a", "port": 1, "timeout": 1})).is_err_and(|e| e.contains("`timeout`")));
    }
}
