//! What a server's certificates say, and whether they can be trusted for a name.

use crate::report::{Report, clean};
use domain::Timestamp;
use domain::finding::Severity;
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use std::net::IpAddr;
use std::time::Duration;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const DAY_S: i64 = 86_400;
/// A certificate made for less than this is renewed by a machine every few days, and always about to expire.
const SHORT_LIVED_S: i64 = 30 * DAY_S;
/// Names shown of one certificate; content networks put a hundred in it.
const NAMES_SHOWN_MAX: usize = 12;
const TEXT_CHARS_MAX: usize = 200;

/// One certificate. Its texts are whatever its maker wrote.
#[derive(Debug)]
struct Certificate {
    subject: String,
    issuer: String,
    names: Vec<String>,
    /// Seconds since 1970.
    not_before: i64,
    /// Seconds since 1970.
    not_after: i64,
    self_signed: bool,
}

/// Adds each certificate of the chain: subject, issuer, names and validity.
pub(crate) fn describe(report: &mut Report, chain: &[CertificateDer<'_>], now: UnixTime) {
    for (i, der) in chain.iter().enumerate() {
        let Some(certificate) = parse(der) else {
            report.line(format!("certificate {}  cannot be read ({} bytes)", i + 1, der.len()));
            continue;
        };
        report.line(format!("certificate {}  {}", i + 1, certificate.subject));
        let self_signed = if certificate.self_signed { " (self-signed)" } else { "" };
        report.line(format!("  issuer  {}{self_signed}", certificate.issuer));
        if !certificate.names.is_empty() {
            let more = certificate.names.len().saturating_sub(NAMES_SHOWN_MAX);
            let shown = certificate.names[..certificate.names.len() - more].join(", ");
            report.line(if more > 0 { format!("  names   {shown} and {more} more") } else { format!("  names   {shown}") });
        }
        report.line(format!("  {}", validity(&certificate, now)));
    }
}

/// Adds whether the chain is valid now, made for `name`, and signed by an authority that `verifier` trusts; and a finding for each that is not.
pub(crate) fn judge(
    report: &mut Report,
    target: &str,
    name: &ServerName<'_>,
    chain: &[CertificateDer<'_>],
    (verifier, whose): (&dyn ServerCertVerifier, &str),
    now: UnixTime,
) {
    let place = || Some(target.to_owned());
    let Some((own, certificate)) = chain.first().and_then(|der| Some((der, parse(der)?))) else {
        let quote = report.line("the server sent no certificate that can be read");
        report.finding(
            Severity::High,
            format!("{target} sends no readable certificate"),
            &quote,
            place(),
            "Give the server a valid X.509 certificate.",
        );
        return;
    };
    let in_time = expiry(report, target, &certificate, now);
    let name_text = name.to_str();
    let named = match ParsedCertificate::try_from(own).and_then(|parsed| verify_server_name(&parsed, name)) {
        Ok(()) => true,
        Err(_) => {
            let quote = report.line(format!("wrong name: the certificate is not made for {name_text}"));
            let remedy = format!(
                "Get a certificate that lists {name_text} among its names, or connect by a name it lists; see also that the server picks the right one for this name."
            );
            report.finding(Severity::High, format!("the certificate of {target} is not made for {name_text}"), &quote, place(), remedy);
            false
        }
    };
    // An expired certificate is judged as of its own time, so that its expiry does not hide who signed it.
    let at = if in_time { now } else { UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(certificate.not_after - 1).unwrap_or(0))) };
    let signed = match verifier.verify_server_cert(own, &chain[1..], name, &[], at) {
        Ok(_) | Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => true,
        Err(error) => {
            distrust(report, target, &certificate, chain, &error, whose);
            false
        }
    };
    if in_time && named && signed {
        report.line(format!("trusted by {whose} for {name_text}"));
    }
}

/// Judges the dates; whether the certificate is valid now.
fn expiry(report: &mut Report, target: &str, certificate: &Certificate, now: UnixTime) -> bool {
    let line = validity(certificate, now);
    let now = seconds(now);
    let days = (certificate.not_after - now) / DAY_S;
    let until = date(certificate.not_after);
    let short_lived = certificate.not_after - certificate.not_before <= SHORT_LIVED_S;
    let renew = "Renew it and reload the server; if that should happen by itself, see why the job did not run.";
    let (severity, title, remedy) = if now < certificate.not_before {
        let title = format!("the certificate of {target} is not valid before {}", date(certificate.not_before));
        (Severity::High, title, "Check the clocks of this machine and of whoever made the certificate, or wait until it begins.")
    } else if now >= certificate.not_after {
        (Severity::Critical, format!("the certificate of {target} expired on {until}, {} days ago", -days), renew)
    } else {
        let severity = match days {
            _ if short_lived => return true,
            ..3 => Severity::High,
            3..14 => Severity::Medium,
            14..30 => Severity::Low,
            _ => return true,
        };
        (severity, format!("the certificate of {target} expires in {days} days, on {until}"), renew)
    };
    let quote = report.line(line);
    report.finding(severity, title, &quote, Some(target.to_owned()), remedy);
    (certificate.not_before..certificate.not_after).contains(&now)
}

fn distrust(report: &mut Report, target: &str, certificate: &Certificate, chain: &[CertificateDer<'_>], error: &rustls::Error, whose: &str) {
    let last_is_root = chain.last().and_then(|der| parse(der)).is_some_and(|last| last.self_signed);
    let (severity, why, remedy) = match error {
        _ if certificate.self_signed => (
            Severity::Medium,
            "it is self-signed".to_owned(),
            "Use a certificate from an authority that clients trust, or, for internal use, install this one where it is to be trusted.",
        ),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) if last_is_root => (
            Severity::High,
            "its root authority is not trusted here".to_owned(),
            "If the authority is your own, install its root certificate in the system's store of the clients; else get a certificate from a public one.",
        ),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => (
            Severity::High,
            "its issuer is unknown, and the server sends no certificate that leads to a trusted one".to_owned(),
            "Make the server send the whole chain (its own and every intermediate certificate), or install the issuer's root where it is to be trusted.",
        ),
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => (
            Severity::High,
            "a certificate between it and the root has expired".to_owned(),
            "Replace the expired intermediate certificate in the server's chain with the current one of the authority.",
        ),
        other => (Severity::High, other.to_string(), "Have the certificate made anew; the reason given says what its maker got wrong."),
    };
    let quote = report.line(format!("not trusted by {whose}: {why}"));
    let why = clean(&why, TEXT_CHARS_MAX);
    report.finding(severity, format!("the certificate of {target} is not trusted: {why}"), &quote, Some(target.to_owned()), remedy);
}

fn validity(certificate: &Certificate, now: UnixTime) -> String {
    let now = seconds(now);
    let days = (certificate.not_after - now) / DAY_S;
    let state = if now < certificate.not_before {
        "not valid yet".to_owned()
    } else if now >= certificate.not_after {
        format!("EXPIRED {} days ago", -days)
    } else {
        format!("{days} days left")
    };
    format!("valid   {} to {}: {state}", date(certificate.not_before), date(certificate.not_after))
}

fn date(seconds: i64) -> String {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000)).day()
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn parse(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten().map(|extension| &extension.value.general_names);
    Some(Certificate {
        subject: clean(&certificate.subject().to_string(), TEXT_CHARS_MAX),
        issuer: clean(&certificate.issuer().to_string(), TEXT_CHARS_MAX),
        names: names.into_iter().flatten().filter_map(name_text).map(|name| clean(&name, TEXT_CHARS_MAX)).collect(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        self_signed: certificate.subject().as_raw() == certificate.issuer().as_raw(),
    })
}

fn name_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}
