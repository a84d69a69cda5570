//! Targets: the hosts, ports, web addresses and paths that a task speaks of.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// Something a check can be pointed at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A host name or an address, with a port when one was named.
    Host {
        /// Without brackets, lower case.
        host: String,
        /// The port.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// A web address.
    Url {
        /// As written.
        url: String,
        /// The host in it.
        host: String,
        /// The port in it, or the scheme's.
        port: u16,
        /// Whether it is https.
        tls: bool,
    },
    /// An absolute path on this machine.
    Path {
        /// As written.
        path: String,
    },
}

/// Text that is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a host, host:port or http(s) address: {why}")]
pub struct InvalidTarget {
    text: String,
    why: &'static str,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Host { host, port: None } => f.write_str(host),
            Target::Host { host, port: Some(port) } => f.write_str(&endpoint(host, *port)),
            Target::Url { url, .. } => f.write_str(url),
            Target::Path { path } => f.write_str(path),
        }
    }
}

/// `host:port`, with brackets around an IPv6 address.
pub fn endpoint(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl Target {
    /// Reads a host, `host:port`, `[v6]:port` or http(s) address that somebody typed as such.
    pub fn parse(text: &str) -> Result<Target, InvalidTarget> {
        let invalid = |why| InvalidTarget { text: text.chars().take(100).collect(), why };
        if text.is_empty() {
            return Err(invalid("it is empty"));
        }
        if text.contains("://") {
            return parse_url(text).ok_or_else(|| invalid("the address must begin with http:// or https:// and name a host"));
        }
        let (host, port) = split_port(text).ok_or_else(|| invalid("the port must be a number from 1 to 65535"))?;
        let host = parse_host(host).ok_or_else(|| invalid("a host is made of letters, digits, dots and hyphens and does not begin with a hyphen"))?;
        Ok(Target::Host { host, port })
    }

    /// The targets that plain words speak of, in order, each once.
    ///
    /// Words count when they cannot be much else: an address, `name:port`, `localhost`, a dotted name whose end is no file
    /// extension, an absolute path. `port 5432` belongs to the host named nearest before it, else to the first after it, else to this machine.
    pub fn extract(task: &str) -> Vec<Target> {
        let words: Vec<&str> = task.split_whitespace().map(bare).filter(|w| !w.is_empty()).collect();
        let mut found: Vec<Target> = Vec::new();
        let mut ports: Vec<(usize, u16)> = Vec::new();
        let mut skip = false;
        for (i, word) in words.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            if word.eq_ignore_ascii_case("port") || word.eq_ignore_ascii_case("ports") {
                if let Some(port) = words.get(i + 1).and_then(|w| parse_port(w)) {
                    ports.push((found.len(), port));
                    skip = true;
                }
            } else if let Some(target) = from_word(word) {
                found.push(target);
            }
        }
        for (before, port) in ports {
            let free = |t: &&mut Target| matches!(t, Target::Host { port: None, .. });
            let host = match found[..before].iter_mut().rev().find(free) {
                Some(target) => Some(target),
                None => found[before..].iter_mut().find(free),
            };
            match host {
                Some(Target::Host { port: slot, .. }) => *slot = Some(port),
                _ => {
                    let host = found[..before].iter().rev().find_map(Target::host).unwrap_or("127.0.0.1").to_owned();
                    found.push(Target::Host { host, port: Some(port) });
                }
            }
        }
        let mut once = Vec::with_capacity(found.len());
        for target in found {
            if !once.contains(&target) {
                once.push(target);
            }
        }
        once
    }

    /// The host, when there is one.
    pub fn host(&self) -> Option<&str> {
        match self {
            Target::Host { host, .. } | Target::Url { host, .. } => Some(host),
            Target::Path { .. } => None,
        }
    }
}

/// File extensions that look like the end of a host name. A task says `main.rs` far more often than it means Serbia.
const EXTENSIONS: &[&str] = &[
    "rs", "py", "js", "ts", "go", "rb", "sh", "md", "txt", "log", "conf", "cfg", "ini", "toml", "yaml", "yml", "json", "xml", "html", "css", "csv",
    "gz", "zip", "tar", "pem", "crt", "key", "service", "so", "db", "sql", "tf", "java", "c", "h", "cpp", "lock",
];

fn from_word(word: &str) -> Option<Target> {
    if word.contains("://") {
        return parse_url(word);
    }
    if word.len() > 1 && word.starts_with('/') && !word.starts_with("//") {
        return Some(Target::Path { path: word.to_owned() });
    }
    let (host, port) = split_port(word)?;
    let host = parse_host(host)?;
    let known = host.parse::<IpAddr>().is_ok() || host == "localhost" || port.is_some() && host.bytes().any(|b| b.is_ascii_alphabetic());
    let dotted = host
        .rsplit_once('.')
        .is_some_and(|(name, end)| !name.is_empty() && end.len() >= 2 && end.bytes().all(|b| b.is_ascii_alphabetic()) && !EXTENSIONS.contains(&end));
    (known || dotted).then_some(Target::Host { host, port })
}

/// The word without the punctuation of the sentence around it.
fn bare(word: &str) -> &str {
    let word = word.trim_start_matches(['(', '"', '\'', '`', '<', '“', '‘']);
    let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '`', '>', '”', '’']);
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

fn parse_url(text: &str) -> Option<Target> {
    let (scheme, rest) = text.split_once("://")?;
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let clean = text.bytes().all(|b| b.is_ascii_graphic());
    let authority = rest.split(['/', '?', '#']).next()?;
    // Credentials in an address would end up in the journal; a task has no need of them.
    if !clean || authority.contains('@') || authority.contains('\\') {
        return None;
    }
    let (host, port) = split_port(authority)?;
    let host = parse_host(host)?;
    Some(Target::Url { url: text.to_owned(), host, port: port.unwrap_or(if tls { 443 } else { 80 }), tls })
}

/// Splits off `:port`. `None` when there is a port and it is not one.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(parse_port(port)?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.split_once(':') {
        None => Some((text, None)),
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((host, port)) => Some((host, Some(parse_port(port)?))),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn parse_host(text: &str) -> Option<String> {
    if text.parse::<IpAddr>().is_ok() {
        return Some(text.to_ascii_lowercase());
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    // A name of digits alone is an address in disguise (decimal or short forms); only the usual form is an address.
    let numeric = name.rsplit('.').next().is_some_and(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_digit()) || l.starts_with("0x"));
    (!numeric && name.len() <= 253 && name.split('.').all(label)).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(task: &str, expected: &[&str]) {
        let found: Vec<String> = Target::extract(task).iter().map(Target::to_string).collect();
        assert_eq!(found, expected, "{task}");
    }

    #[test]
    fn a_task_names_its_targets() {
        check("Is this machine healthy, and why does 127.0.0.1:1 not answer?", &["127.0.0.1:1"]);
        check("why does https://shop.example.com/checkout time out?", &["https://shop.example.com/checkout"]);
        check("ping example.com.", &["example.com"]);
        check("can (db.internal:5432) be reached from [::1]:80", &["db.internal:5432", "[::1]:80"]);
        check("is /var/log full", &["/var/log"]);
        check("localhost, localhost and localhost's disk", &["localhost"]);
    }

    #[test]
    fn a_port_belongs_to_the_host_before_it() {
        check("does localhost answer on port 8443?", &["localhost:8443"]);
        check("what holds port 8080 on localhost", &["localhost:8080"]);
        check("who listens on port 22", &["127.0.0.1:22"]);
    }

    #[test]
    fn other_words_are_no_targets() {
        check("review main.rs and/or config.toml at 10:30, e.g. the README; ratio 3:2", &[]);
        check("see ftp://example.com or http://user:pw@example.com", &[]);
        check("-c1;id --help 2130706433 0x7f.1 1.5", &[]);
    }

    #[test]
    fn what_is_typed_as_a_target_is_read_strictly() {
        for wrong in [
            "",
            "-c1;id",
            "a b",
            "host:0",
            "host:99999",
            "host:x",
            "http://",
            "file:///etc/passwd",
            "2130706433",
            "127.1",
            "a..b",
            "[::1",
            "http://a@b",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["localhost", "Example.COM:443", "::1", "[::1]:8000", "http://127.0.0.1:9/x", "a-b.c"] {
            assert!(Target::parse(right).is_ok(), "{right}");
        }
    }
}
