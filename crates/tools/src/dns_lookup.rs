//! What a name resolves to.

use crate::arguments::{self, Arguments};
use crate::egress::{self, Answer, Egress, Error, NameFault};
use crate::fault;
use crate::report::{Report, took};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, Reach, ToolError, ToolOutput, ToolSpec, Trust};
use ports::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A zone apex with dozens of TXT records says no more in the rest.
const ANSWERS_SHOWN_MAX: usize = 40;
/// Half of the time many clients give the whole look-up before they ask again.
const SLOW: Duration = Duration::from_secs(2);

/// The tool.
pub(crate) struct DnsLookup {
    spec: ToolSpec,
    egress: Egress,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The name to look up, such as `example.com` or `_sip._tcp.example.com`.
    host: String,
    /// The record type. Default: the addresses, A and AAAA, with the aliases on the way.
    record_type: Option<RecordType>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(clippy::upper_case_acronyms, reason = "these are the names the records have")]
enum RecordType {
    A,
    AAAA,
    CNAME,
    MX,
    TXT,
    NS,
    SRV,
    CAA,
}

impl From<RecordType> for hickory_resolver::proto::rr::RecordType {
    fn from(record_type: RecordType) -> Self {
        match record_type {
            RecordType::A => Self::A,
            RecordType::AAAA => Self::AAAA,
            RecordType::CNAME => Self::CNAME,
            RecordType::MX => Self::MX,
            RecordType::TXT => Self::TXT,
            RecordType::NS => Self::NS,
            RecordType::SRV => Self::SRV,
            RecordType::CAA => Self::CAA,
        }
    }
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        let host = arguments::host(&self.host)?;
        if host.parse::<IpAddr>().is_ok() { Err(format!("host {host:?} is an address already; dns_lookup takes a name")) } else { Ok(()) }
    }
}

impl DnsLookup {
    /// The tool, behind this door.
    pub(crate) fn new(egress: Egress) -> DnsLookup {
        let description = "Looks a name up with the system's name servers (and /etc/hosts) and lists the records with their time to live. \
            Tells a name that does not exist from one without such records, a name server's error and a name server that does not answer.";
        let mut spec = arguments::looking_tool::<Input>("dns_lookup", description);
        spec.reach = Reach::Network;
        // Whoever holds the zone writes the records.
        spec.trust = Trust::Untrusted;
        spec.timeout_ms = 7_000;
        spec.checks = vec![CheckKind::Name];
        DnsLookup { spec, egress }
    }
}

#[async_trait]
impl Tool for DnsLookup {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let host = &input.host;
        let mut report = Report::default();
        let started = Instant::now();
        let answers = match self.egress.lookup(host, input.record_type.map(Into::into)).await {
            Ok(answers) => answers,
            // Asked for on purpose, and a fact like any other: most names have no MX.
            Err(Error::Name { fault: NameFault::NoRecords, took: after, .. }) if let Some(record_type) = input.record_type => {
                report.line(format!("{host} has no {record_type:?} records (asked {}, {})", self.egress.name_servers(), took(after)));
                return Ok(report.into_output(true));
            }
            Err(error) => {
                fault::report(&mut report, &self.egress, error)?;
                return Ok(report.into_output(false));
            }
        };
        let elapsed = started.elapsed();
        let noun = if answers.len() == 1 { "record" } else { "records" };
        let quote = report.line(format!("{host}: {} {noun} in {} (asked {})", answers.len(), took(elapsed), self.egress.name_servers()));
        if elapsed > SLOW {
            let remedy = "Check the first name server in /etc/resolv.conf: a dead first server makes every look-up wait for the second.";
            report.finding(Severity::Low, format!("looking up {host} takes {}", took(elapsed)), &quote, Some(host.clone()), remedy);
        }
        for answer in answers.iter().take(ANSWERS_SHOWN_MAX) {
            show(&mut report, host, answer);
        }
        if answers.len() > ANSWERS_SHOWN_MAX {
            report.line(format!("({} more records)", answers.len() - ANSWERS_SHOWN_MAX));
        }
        Ok(report.into_output(true))
    }
}

fn show(report: &mut Report, host: &str, answer: &Answer) {
    let quote = report.line(format!("{:<6} {}  {}  (ttl {} s)", answer.record_type, answer.name, answer.value, answer.ttl_s));
    if let Some(why) = answer.value.parse::<IpAddr>().ok().and_then(egress::forbidden) {
        let remedy = "Correct the record, or the resolver that answers so: nothing can be reached at this address.";
        report.finding(Severity::Medium, format!("{host} resolves to {}: {why}", answer.value), &quote, Some(host.to_owned()), remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Options;
    use crate::testing::{NameServer, call};
    use serde_json::json;

    #[tokio::test]
    async fn localhost_resolves_without_a_finding() {
        let tool = DnsLookup::new(Egress::new(Options::default()));
        let output = call(&tool, json!({"host": "localhost"})).await.unwrap();
        assert!(output.reachable && output.findings.is_empty() && output.text.contains("127.0.0.1"));
    }

    #[tokio::test]
    async fn faults_of_names_become_findings_that_say_which() {
        let server = NameServer::start(&[("good.test.", "127.0.0.1")]).await;
        let tool = DnsLookup::new(server.egress());
        let missing = call(&tool, json!({"host": "missing.test"})).await.unwrap();
        assert!(!missing.reachable && missing.findings[0].title.contains("NXDOMAIN") && missing.findings[0].severity == Severity::High);
        let broken = call(&tool, json!({"host": "broken.test"})).await.unwrap();
        assert!(!broken.reachable && broken.findings[0].remedy.contains("DNSSEC"));
        let no_mail = call(&tool, json!({"host": "good.test", "record_type": "MX"})).await.unwrap();
        assert!(no_mail.reachable && no_mail.findings.is_empty() && no_mail.text.contains("no MX records"));
        let good = call(&tool, json!({"host": "good.test", "record_type": "A"})).await.unwrap();
        assert!(good.text.contains("127.0.0.1") && good.text.contains("ttl 60 s"));
    }

    #[tokio::test]
    async fn a_name_that_points_at_a_metadata_address_is_shown_and_flagged() {
        let server = NameServer::start(&[("inside.test.", "169.254.169.254")]).await;
        let output = call(&DnsLookup::new(server.egress()), json!({"host": "inside.test"})).await.unwrap();
        assert!(output.findings[0].title.contains("metadata"));
    }

    #[test]
    fn an_address_and_an_unknown_type_are_refused() {
        let tool = DnsLookup::new(Egress::new(Options::default()));
        assert!(tool.check(&json!({"host": "127.0.0.1"})).is_err());
        assert!(tool.check(&json!({"host": "a", "record_type": "ANY"})).is_err_and(|e| e.contains("AAAA")));
    }
}
