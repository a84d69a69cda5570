//! Whether an endpoint speaks TLS, how, and with which certificates.

use crate::arguments::{self, Arguments};
use crate::certificate;
use crate::egress::Egress;
use crate::fault;
use crate::report::{Report, took};
use crate::tls::{self, Handshake, HandshakeFault, Roots};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::target::endpoint;
use domain::tool::{CheckKind, Reach, ToolError, ToolErrorKind, ToolOutput, ToolSpec, Trust};
use ports::Tool;
use rustls::pki_types::{ServerName, UnixTime};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

const CONNECT_MAX: Duration = Duration::from_secs(2);
/// A handshake is two round trips and a signature. With name and connection it stays inside the tool's limit.
const HANDSHAKE_MAX: Duration = Duration::from_millis(2_500);

/// The tool.
pub(crate) struct TlsProbe {
    spec: ToolSpec,
    egress: Egress,
    roots: Roots,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Host name or IP address to connect to.
    host: String,
    /// TCP port.
    #[schemars(range(min = 1, max = 65535))]
    port: u16,
    /// The name to ask for and to hold the certificate to. Default: `host`.
    server_name: Option<String>,
    /// Whether it is a fault when the port does not speak TLS. Default false.
    expect_tls: Option<bool>,
}

impl Input {
    fn name(&self) -> Result<ServerName<'static>, String> {
        let name = arguments::host(self.server_name.as_ref().unwrap_or(&self.host))?;
        ServerName::try_from(name.clone()).map_err(|_| format!("{name:?} is not a name that TLS can ask for"))
    }
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        arguments::host(&self.host)?;
        arguments::port(self.port)?;
        self.name().map(|_| ())
    }
}

impl TlsProbe {
    /// The tool, behind this door, going by these authorities.
    pub(crate) fn new(egress: Egress, roots: Roots) -> TlsProbe {
        let description = "Does a TLS handshake and shows version, cipher, ALPN and the whole certificate chain with names, dates and days left; \
            says whether this system would trust it and exactly why not. Use it for certificate faults, or to see whether a port speaks TLS.";
        let mut spec = arguments::looking_tool::<Input>("tls_probe", description);
        spec.reach = Reach::Network;
        // Whoever made the certificate wrote the names in it.
        spec.trust = Trust::Untrusted;
        spec.timeout_ms = 10_000;
        spec.checks = vec![CheckKind::Tls];
        TlsProbe { spec, egress, roots }
    }
}

#[async_trait]
impl Tool for TlsProbe {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let name = input.name().map_err(|message| ToolError::new(ToolErrorKind::InvalidArguments, message))?;
        let target = endpoint(&input.host, input.port);
        let mut report = Report::default();
        let connected = match self.egress.connect(&input.host, input.port, CONNECT_MAX).await {
            Ok(connected) => connected,
            Err(error) => {
                fault::report(&mut report, &self.egress, error)?;
                return Ok(report.into_output(false));
            }
        };
        let (resolve, connect) = (connected.resolve, connected.connect);
        match tls::handshake(connected.stream, name.clone(), &["h2", "http/1.1"], HANDSHAKE_MAX).await {
            Ok(handshake) => {
                protocol(&mut report, &target, &handshake);
                report.line(format!("time    resolve {}, connect {}, handshake {}", took(resolve), took(connect), took(handshake.took)));
                let now = UnixTime::now();
                certificate::describe(&mut report, &handshake.chain, now);
                let roots = self.roots.clone();
                let (verifier, whose) = tokio::task::spawn_blocking(move || roots.verifier())
                    .await
                    .map_err(|e| ToolError::new(ToolErrorKind::Failed, format!("the authorities could not be read: {e}")))?;
                report.line(format!("as {}:", name.to_str()));
                certificate::judge(&mut report, &target, &name, &handshake.chain, (verifier.as_ref(), whose), now);
                Ok(report.into_output(true))
            }
            Err(fault) => {
                let quote = report.line(format!("{target} accepts connections but {fault}"));
                let expected = input.expect_tls.unwrap_or(false);
                if expected || !matches!(fault, HandshakeFault::NotTls(_)) {
                    report.finding(Severity::High, format!("{target} {fault}"), &quote, Some(target), fault.remedy());
                }
                Ok(report.into_output(false))
            }
        }
    }
}

fn protocol(report: &mut Report, target: &str, handshake: &Handshake) {
    let session = handshake.stream.get_ref().1;
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let suite = session.negotiated_cipher_suite().and_then(|s| s.suite().as_str()).unwrap_or("unknown cipher");
    let alpn = session.alpn_protocol().map_or("none".to_owned(), |p| String::from_utf8_lossy(p).into_owned());
    report.line(format!("{target} speaks {version} ({suite}), ALPN {alpn}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Options;
    use crate::testing::{Authority, TlsServer, call, closed_port, days_from_now};
    use domain::finding::FindingDraft;
    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    async fn probe(authority: &Authority, server: &TlsServer) -> ToolOutput {
        let tool = TlsProbe::new(Egress::new(Options::default()), authority.roots());
        call(&tool, json!({"host": "localhost", "port": server.port, "expect_tls": true})).await.unwrap()
    }

    fn only(output: &ToolOutput) -> &FindingDraft {
        assert_eq!(output.findings.len(), 1, "{:?}", output.findings);
        &output.findings[0]
    }

    #[tokio::test]
    async fn a_good_certificate_is_trusted_without_a_finding() {
        let authority = Authority::new("Authority");
        let server = TlsServer::start(authority.certificate(&["localhost"], -10, 80)).await;
        let output = probe(&authority, &server).await;
        assert!(output.reachable && output.findings.is_empty());
        assert!(output.text.contains("speaks TLS 1.3") && output.text.contains("trusted by the given authorities for localhost"));
        assert!(output.text.contains("days left") && output.text.contains("names   localhost"));
    }

    #[tokio::test]
    async fn an_expired_certificate_is_critical_and_says_since_when() {
        let authority = Authority::new("Authority");
        let server = TlsServer::start(authority.certificate(&["localhost"], -90, -20)).await;
        let output = probe(&authority, &server).await;
        assert_eq!(only(&output).severity, Severity::Critical);
        let expired = domain::Timestamp::from_micros(days_from_now(-20) * 1_000_000).day();
        assert_eq!(only(&output).title, format!("the certificate of localhost:{} expired on {expired}, 20 days ago", server.port));
        assert!(output.text.contains("EXPIRED 20 days ago"));
    }

    #[tokio::test]
    async fn a_certificate_that_expires_soon_is_worse_the_sooner() {
        let authority = Authority::new("Authority");
        for (days, severity) in [(2, Severity::High), (10, Severity::Medium), (25, Severity::Low)] {
            let server = TlsServer::start(authority.certificate(&["localhost"], -80, days)).await;
            let output = probe(&authority, &server).await;
            assert_eq!(only(&output).severity, severity, "{days}");
            assert!(only(&output).title.contains(&format!("expires in {days} days")), "{}", only(&output).title);
        }
        let short_lived = TlsServer::start(authority.certificate(&["localhost"], -3, 3)).await;
        assert!(probe(&authority, &short_lived).await.findings.is_empty());
    }

    #[tokio::test]
    async fn a_certificate_from_the_future_is_not_valid_yet() {
        let authority = Authority::new("Authority");
        let server = TlsServer::start(authority.certificate(&["localhost"], 5, 80)).await;
        let output = probe(&authority, &server).await;
        assert!(only(&output).title.contains("is not valid before") && output.text.contains("not valid yet"));
    }

    #[tokio::test]
    async fn wrong_names_and_unknown_issuers_are_told_apart() {
        let authority = Authority::new("Authority");
        let other = TlsServer::start(authority.certificate(&["other.test"], -10, 80)).await;
        let output = probe(&authority, &other).await;
        assert_eq!(only(&output).severity, Severity::High);
        assert!(only(&output).title.ends_with("is not made for localhost"));

        let stranger = Authority::new("Stranger");
        let server = TlsServer::start(stranger.certificate(&["localhost"], -10, 80)).await;
        let output = probe(&authority, &server).await;
        assert_eq!(only(&output).severity, Severity::High);
        assert!(only(&output).title.contains("its issuer is unknown"));

        let server = TlsServer::start(stranger.chain(&["localhost"], -10, 80)).await;
        let output = probe(&authority, &server).await;
        assert!(only(&output).title.contains("its root authority is not trusted here"));
        assert!(output.text.contains("certificate 2  "));
    }

    #[tokio::test]
    async fn a_self_signed_certificate_that_has_expired_is_both() {
        let authority = Authority::new("Authority");
        let server = TlsServer::start(Authority::self_signed("localhost", -90, -20)).await;
        let severities: Vec<Severity> = probe(&authority, &server).await.findings.iter().map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::Critical, Severity::Medium]);
    }

    #[tokio::test]
    async fn the_systems_authorities_do_not_trust_a_stranger() {
        let server = TlsServer::start(Authority::self_signed("localhost", -10, 80)).await;
        let tool = TlsProbe::new(Egress::new(Options::default()), Roots::System);
        let output = call(&tool, json!({"host": "127.0.0.1", "port": server.port, "server_name": "localhost"})).await.unwrap();
        assert!(only(&output).title.contains("self-signed"));
    }

    #[tokio::test]
    async fn a_plain_port_is_a_finding_only_when_tls_was_expected() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        let tool = TlsProbe::new(Egress::new(Options::default()), Roots::System);
        let output = call(&tool, json!({"host": "127.0.0.1", "port": port})).await.unwrap();
        assert!(!output.reachable && output.findings.is_empty() && output.text.contains("does not speak TLS"));
        let output = call(&tool, json!({"host": "127.0.0.1", "port": port, "expect_tls": true})).await.unwrap();
        assert_eq!(only(&output).severity, Severity::High);
        let output = call(&tool, json!({"host": "127.0.0.1", "port": closed_port()})).await.unwrap();
        assert!(!output.reachable && only(&output).title.ends_with("refuses connections"));
    }

    #[test]
    fn names_that_cannot_be_asked_for_are_refused() {
        let tool = TlsProbe::new(Egress::new(Options::default()), Roots::System);
        assert!(tool.check(&json!({"host": "a.test", "port": 443, "server_name": "b:1"})).is_err());
        assert!(tool.check(&json!({"host": "::1", "port": 443})).is_ok());
    }
}
