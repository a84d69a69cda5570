//! How a web address answers: status, headers, redirects, and where the time goes.

mod exchange;

use crate::arguments::{self, Arguments};
use crate::certificate;
use crate::egress::{self, Egress};
use crate::fault;
use crate::report::{Report, bytes, clean, took};
use crate::tls::Roots;
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::target::{Target, endpoint};
use domain::tool::{CheckKind, Reach, ToolError, ToolErrorKind, ToolOutput, ToolSpec, Trust};
use exchange::{Answer, Failure, exchange};
use hyper::header::{HeaderName, LOCATION, SET_COOKIE};
use ports::Tool;
use rustls::pki_types::UnixTime;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// As many as browsers' patience allows; real sites need two.
const REDIRECTS_MAX: usize = 5;
/// All of it, redirects included; just inside the tool's own limit, so that a slow server is reported and not cut off.
const TOTAL_MAX: Duration = Duration::from_millis(9_300);
/// People leave.
const SLOW: Duration = Duration::from_secs(3);
const HEADERS_SHOWN_MAX: usize = 40;
const VALUE_CHARS_MAX: usize = 200;

/// The tool.
pub(crate) struct HttpProbe {
    spec: ToolSpec,
    egress: Egress,
    roots: Roots,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// An http or https address, without user name and password.
    url: String,
    /// Default GET.
    method: Option<Method>,
    /// Whether to go where redirects point, at most five times. Default true.
    follow_redirects: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    #[default]
    Get,
    Head,
}

impl Method {
    fn as_http(self) -> hyper::Method {
        match self {
            Method::Get => hyper::Method::GET,
            Method::Head => hyper::Method::HEAD,
        }
    }
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        Place::read(&self.url).map(|_| ())
    }
}

/// A web address and the endpoint it leads to.
#[derive(Clone, Debug)]
struct Place {
    url: Url,
    host: String,
    port: u16,
    tls: bool,
}

impl Place {
    /// Reads an address, typed or from a redirect, by the rules for targets.
    fn read(text: &str) -> Result<Place, String> {
        match Target::parse(text).map_err(|e| e.to_string())? {
            Target::Url { url, host, port, tls } => {
                let url = Url::parse(&url).map_err(|e| format!("url {text:?} cannot be read: {e}"))?;
                Ok(Place { url, host, port, tls })
            }
            _ => Err(format!("url {text:?} must begin with http:// or https://")),
        }
    }

    fn endpoint(&self) -> String {
        endpoint(&self.host, self.port)
    }
}

impl HttpProbe {
    /// The tool, behind this door, going by these authorities.
    pub(crate) fn new(egress: Egress, roots: Roots) -> HttpProbe {
        let description = "Requests a web address and shows status, headers, each redirect, and the time spent on name, connection, TLS and first \
            byte. The body is read and thrown away. Use it when a site or an HTTP service is down, slow or redirects wrongly.";
        let mut spec = arguments::looking_tool::<Input>("http_probe", description);
        spec.reach = Reach::Network;
        // Whoever runs the server writes the headers.
        spec.trust = Trust::Untrusted;
        spec.timeout_ms = 10_000;
        spec.checks = vec![CheckKind::Url];
        HttpProbe { spec, egress, roots }
    }

    /// Says what came of one request that gave no answer. An error only when the very first target is forbidden.
    fn failed(&self, report: &mut Report, place: &Place, failure: Failure, redirected: bool) -> Result<(), ToolError> {
        let at = Some(place.endpoint());
        match failure {
            Failure::Egress(error @ egress::Error::Forbidden { .. }) if redirected => {
                let quote = report.line(format!("the redirect was not followed: {error}"));
                let remedy = "Find out who made the server redirect there: this is how a server is talked into giving its credentials away.";
                report.finding(Severity::Medium, format!("a redirect points to {}, which must not be reached", place.url), &quote, at, remedy);
            }
            Failure::Egress(error) => fault::report(report, &self.egress, error)?,
            Failure::Tls(fault) => {
                let quote = report.line(format!("{} {fault}", place.endpoint()));
                report.finding(Severity::High, format!("{} {fault}", place.endpoint()), &quote, at, fault.remedy());
            }
            Failure::NotHttp(why) => {
                let quote = report.line(format!("{} accepts connections but does not answer in HTTP: {why}", place.endpoint()));
                let remedy = "Check port and scheme: another service, or https instead of http, may be there. If it should speak HTTP, see its log.";
                report.finding(Severity::High, format!("{} does not answer in HTTP", place.endpoint()), &quote, at, remedy);
            }
            Failure::OutOfTime => {
                let quote = report.line(format!("no time was left to ask {}", place.url));
                let remedy = "Look at the times above for the step that takes longest, and ask this address alone.";
                report.finding(Severity::Medium, format!("{} was not asked: what came before took too long", place.url), &quote, at, remedy);
            }
            Failure::Silent(after) => {
                let quote = report.line(format!("{} accepted the request and sent no answer within {}", place.endpoint(), took(after)));
                let remedy =
                    "The service is up but stuck: look at its threads and at what it waits for (database, other services), and at its queue length.";
                report.finding(Severity::High, format!("{} does not answer in time", place.url), &quote, at, remedy);
            }
        }
        Ok(())
    }

    /// Judges the certificate of an https answer.
    async fn judge(&self, report: &mut Report, place: &Place, answer: &Answer) -> Result<(), ToolError> {
        let Some((name, chain)) = &answer.tls else { return Ok(()) };
        let roots = self.roots.clone();
        let verifier = tokio::task::spawn_blocking(move || roots.verifier()).await;
        let (verifier, whose) = verifier.map_err(|e| ToolError::new(ToolErrorKind::Failed, format!("the authorities could not be read: {e}")))?;
        certificate::judge(report, &place.endpoint(), name, chain, (verifier.as_ref(), whose), UnixTime::now());
        Ok(())
    }
}

#[async_trait]
impl Tool for HttpProbe {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let method = input.method.unwrap_or_default();
        let mut place = Place::read(&input.url).map_err(|message| ToolError::new(ToolErrorKind::InvalidArguments, message))?;
        let mut report = Report::default();
        let started = Instant::now();
        let mut seen = vec![place.url.clone()];
        loop {
            let redirects = seen.len() - 1;
            let answer = match exchange(&self.egress, &place, method.as_http(), TOTAL_MAX.saturating_sub(started.elapsed())).await {
                Ok(answer) => answer,
                Err(failure) => {
                    self.failed(&mut report, &place, failure, redirects > 0)?;
                    return Ok(report.into_output(false));
                }
            };
            let quote = report.line(format!("{} {}  {}", method.as_http(), place.url, answer.status));
            times(&mut report, &answer);
            self.judge(&mut report, &place, &answer).await?;
            let follow = answer.status.is_redirection() && answer.headers.contains_key(LOCATION) && input.follow_redirects.unwrap_or(true);
            if !follow {
                headers(&mut report, &answer);
                status(&mut report, &place, &answer, &quote);
                let plural = if redirects == 1 { "redirect" } else { "redirects" };
                report.line(format!("total   {} with {redirects} {plural}", took(started.elapsed())));
                return Ok(report.into_output(true));
            }
            match next(&mut report, &place, &answer, &seen) {
                Some(next) => place = next,
                None => return Ok(report.into_output(true)),
            }
            seen.push(place.url.clone());
        }
    }
}

/// Where a redirect leads, or `None`, with the reason in the report, when it is not followed.
fn next(report: &mut Report, place: &Place, answer: &Answer, seen: &[Url]) -> Option<Place> {
    let at = || Some(place.url.to_string());
    let location = answer.headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default();
    let joined = place.url.join(&location).map_err(|e| e.to_string()).and_then(|mut url| {
        url.set_fragment(None);
        Place::read(url.as_str())
    });
    let next = match joined {
        Ok(next) => next,
        Err(why) => {
            let quote = report.line(format!("redirects to {}, which cannot be followed: {why}", clean(&location, VALUE_CHARS_MAX)));
            report.finding(Severity::Medium, format!("{} redirects to no web address", place.url), &quote, at(), "Correct the server's redirect.");
            return None;
        }
    };
    let quote = report.line(format!("redirects to {}", next.url));
    if place.tls && !next.tls {
        let title = format!("{} redirects from https to http", place.url);
        report.finding(
            Severity::Medium,
            title,
            &quote,
            at(),
            "Redirect to an https address: from here on anybody on the way can read and change what is sent.",
        );
    }
    if seen.contains(&next.url) {
        let title = format!("{} redirects in a loop", seen[0]);
        let remedy = "See which rule sends it back: usually a proxy that ends TLS and a server behind it that redirects to https (X-Forwarded-Proto), or two rules for the slash or www.";
        report.finding(Severity::Medium, title, &quote, at(), remedy);
        return None;
    }
    if seen.len() > REDIRECTS_MAX {
        let title = format!("{} redirects more than {REDIRECTS_MAX} times", seen[0]);
        report.finding(Severity::Medium, title, &quote, at(), "Shorten the chain of redirects: let the first lead to the final address.");
        return None;
    }
    Some(next)
}

fn times(report: &mut Report, answer: &Answer) {
    let tls = answer.handshake.map_or("none".to_owned(), took);
    report.line(format!(
        "time    name {}, connection {}, tls {tls}, first byte {}; from {}",
        took(answer.resolve),
        took(answer.connect),
        took(answer.first_byte),
        answer.address
    ));
}

fn headers(report: &mut Report, answer: &Answer) {
    for (name, value) in answer.headers.iter().take(HEADERS_SHOWN_MAX) {
        report.line(format!("  {name}: {}", shown_value(name, &String::from_utf8_lossy(value.as_bytes()))));
    }
    if answer.headers.len() > HEADERS_SHOWN_MAX {
        report.line(format!("  ({} more headers)", answer.headers.len() - HEADERS_SHOWN_MAX));
    }
    let all = if answer.body_whole { "" } else { " so far" };
    report.line(format!("body    {}{all}, thrown away", bytes(answer.body_bytes)));
}

/// A cookie is a key to somebody's session and has no place in a journal.
fn shown_value(name: &HeaderName, value: &str) -> String {
    let value = clean(value, VALUE_CHARS_MAX);
    match value.split_once('=') {
        Some((cookie, rest)) if name == SET_COOKIE => {
            let attributes = rest.split_once(';').map_or(String::new(), |(_, attributes)| format!(";{attributes}"));
            format!("{cookie}=***{attributes}")
        }
        _ => value,
    }
}

fn status(report: &mut Report, place: &Place, answer: &Answer, quote: &str) {
    let at = || Some(place.url.to_string());
    let verdict = match answer.status.as_u16() {
        502..=504 => Some((
            Severity::High,
            "The proxy or load balancer in front gets no good answer from the service behind it: look at that service and at the health of its targets.",
        )),
        500.. => Some((Severity::High, "The service fails: see its log at this time.")),
        429 => Some((Severity::Medium, "The service limits requests: see who sends so many, or raise the limit.")),
        401 | 403 | 407 => Some((Severity::Low, "It wants credentials, or refuses this client: check whether that is meant for this address.")),
        404 | 410 => Some((Severity::Low, "Nothing is served at this path: check the path, and the routes of the server or proxy.")),
        400.. => Some((Severity::Low, "The server does not like the request: its log says why.")),
        _ => None,
    };
    if let Some((severity, remedy)) = verdict {
        report.finding(severity, format!("{} answers {}", place.url, answer.status), quote, at(), remedy);
    }
    let waited = answer.resolve + answer.connect + answer.handshake.unwrap_or_default() + answer.first_byte;
    if waited > SLOW {
        let quote = report.line(format!("slow    {} until the first byte", took(waited)));
        let remedy =
            "Look at the phase that takes longest: name (name servers), connection and tls (network, load), first byte (the service itself).";
        report.finding(Severity::Low, format!("{} takes {} to answer", place.url, took(waited)), &quote, at(), remedy);
    }
}

#[cfg(test)]
mod tests;
