//! `doctor`: is everything there that the product needs, and what to do where it is not.

use super::Context;
use crate::agents;
use crate::arguments::Format;
use crate::assemble::Assembly;
use crate::choice::Choice;
use crate::config::Config;
use crate::exit::{Exit, Failure, chain};
use crate::keys;
use crate::show;
use crate::terminal::{harmless, print};
use serde::Serialize;
use std::net::TcpListener;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use stores::sqlite::{OpenError, Options, Sqlite};

/// Less than that, and a busy day fills the disk.
const FREE_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// The first second of 2026. This release was not made before it.
const RELEASED_AFTER_SECONDS: u64 = 1_767_225_600;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Line {
    what: &'static str,
    verdict: Verdict,
    detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

fn ok(what: &'static str, detail: impl Into<String>) -> Line {
    Line { what, verdict: Verdict::Ok, detail: detail.into(), fix: None }
}

fn warn(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Line {
    Line { what, verdict: Verdict::Warn, detail: detail.into(), fix: Some(fix.into()) }
}

fn fail(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Line {
    Line { what, verdict: Verdict::Fail, detail: detail.into(), fix: Some(fix.into()) }
}

/// Looks at everything and says how it is.
pub(crate) async fn doctor(context: Context) -> Result<Exit, Failure> {
    let mut lines = vec![clock()];
    match context.config() {
        Err(failure) => lines.push(fail("configuration", failure.message, failure.advice.unwrap_or_else(|| "correct that value".to_owned()))),
        Ok(config) => {
            lines.push(configuration(&context));
            lines.extend(data(&config));
            lines.push(agents_line(&config));
            lines.push(model(&config).await);
            lines.push(key(&config));
            lines.push(port(&config));
        }
    }
    lines.push(proc());
    lines.push(ping());
    let has_failed = lines.iter().any(|line| line.verdict == Verdict::Fail);
    match context.format() {
        Format::Text => print(&text(&lines)),
        format => show::json(format, &lines),
    }
    Ok(if has_failed { Exit::Failed } else { Exit::Done })
}

fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let verdict = match line.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        text.push_str(&format!("{verdict}  {:<15} {}\n", line.what, harmless(&line.detail)));
        if let Some(fix) = &line.fix {
            text.push_str(&format!("      {:<15} -> {}\n", "", harmless(fix)));
        }
    }
    text
}

fn clock() -> Line {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if seconds < RELEASED_AFTER_SECONDS {
        return fail("clock", "it stands before this release was made", "set the time: certificates and prices depend on it");
    }
    ok("clock", "plausible")
}

fn configuration(context: &Context) -> Line {
    let unread = context.layers.unread_variables();
    if unread.is_empty() {
        return ok("configuration", "valid");
    }
    warn("configuration", format!("nothing reads {}", unread.join(", ")), "orchestrator config show lists what is read")
}

fn data(config: &Config) -> Vec<Line> {
    let dir = &config.data_dir;
    let opened = match Sqlite::open(Options::new(dir.clone())) {
        Ok(_) => ok("data", format!("{} can be written to and the database opens", dir.display())),
        Err(OpenError::Locked { address: Some(address), .. }) => ok("data", format!("{} belongs to the server at {address}", dir.display())),
        Err(error @ OpenError::Locked { .. }) => warn("data", chain(&error), "wait until that process ends"),
        Err(error) => fail("data", chain(&error), "ask and check still work, and keep nothing; up does not"),
    };
    vec![opened, space(dir)]
}

fn space(dir: &Path) -> Line {
    // The directory may be made only later: its nearest ancestor tells.
    let Some(stat) = dir.ancestors().find_map(|path| rustix::fs::statvfs(path).ok()) else {
        return warn("disk space", "it could not be measured", "check the data directory");
    };
    let free = stat.f_bavail * stat.f_frsize;
    let detail = format!("{} MiB free for {}", free / (1024 * 1024), dir.display());
    if free < FREE_BYTES_MIN {
        warn("disk space", detail, "free some space, or name another directory with --data-dir")
    } else {
        ok("disk space", detail)
    }
}

fn agents_line(config: &Config) -> Line {
    match agents::load(config.agents_dir.as_deref()) {
        Ok(agents) => ok("agents", format!("{} agent files read", agents.len())),
        Err(failure) => fail("agents", failure.message, "correct or remove that file"),
    }
}

async fn model(config: &Config) -> Line {
    match Assembly::new(config).await {
        Err(failure) => fail("model", failure.message, "orchestrator config show says where it was named"),
        Ok(assembly) => {
            let line = assembly.choice.line(assembly.destination().as_deref());
            match assembly.warning() {
                Some(warning) => warn("model", line, warning),
                None if Choice::of(config).model.is_none() => ok("model", line),
                None => ok("model", format!("{line} (not asked: that would cost money)")),
            }
        }
    }
}

fn key(config: &Config) -> Line {
    let found = match &config.api_key {
        Some(key) => Ok(Some(key.reveal().to_owned())),
        None => keys::read(&config.data_dir),
    };
    match found {
        Ok(None) => ok("API key", "none yet; up makes one for this machine alone"),
        Ok(Some(key)) => match keys::fault(&key) {
            None => ok("API key", "there is one"),
            Some(fault) => fail("API key", fault, format!("remove {} and start up again", keys::file(&config.data_dir).display())),
        },
        Err(failure) => fail("API key", failure.message, "make the file readable for this user"),
    }
}

fn port(config: &Config) -> Line {
    match TcpListener::bind((config.host, config.port)) {
        Ok(_) => ok("port", format!("{} of {} is free", config.port, config.host)),
        Err(error) => warn(
            "port",
            format!("{} of {} cannot be listened on: {error}", config.port, config.host),
            "up needs another --port, or is running already",
        ),
    }
}

fn proc() -> Line {
    match std::fs::read_to_string("/proc/loadavg") {
        Ok(_) => ok("/proc", "readable"),
        Err(error) => fail("/proc", format!("cannot be read: {error}"), "mount it: the checks of this machine read it"),
    }
}

/// What the system says about ICMP without root: the range of groups that may open such sockets.
fn ping() -> Line {
    let is_root = rustix::process::geteuid().is_root();
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").unwrap_or_default();
    let bounds: Vec<u64> = range.split_whitespace().filter_map(|text| text.parse().ok()).collect();
    let group = u64::from(rustix::process::getegid().as_raw());
    if is_root || matches!(bounds.as_slice(), [from, to] if (*from..=*to).contains(&group)) {
        return ok("ping", "ICMP may be sent");
    }
    warn("ping", "ICMP may not be sent; ping times TCP connections instead and says so", "sysctl net.ipv4.ping_group_range=\"0 2147483647\"")
}
