//! How long this machine has been up, and what it is.

use crate::arguments::{self, Nothing};
use crate::proc::read;
use crate::report::{Report, span};
use async_trait::async_trait;
use domain::Timestamp;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, ToolError, ToolErrorKind, ToolOutput, ToolSpec};
use ports::Tool;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Who asks what is wrong within this time of a start wants to know that there was one.
const RECENT_S: u64 = 10 * 60;

/// The tool.
pub(crate) struct Uptime {
    spec: ToolSpec,
}

impl Uptime {
    /// The tool.
    pub(crate) fn new() -> Uptime {
        let description =
            "Shows since when this machine is up, its name, kernel and time, whether this is a container, and whether a reboot is pending.";
        let mut spec = arguments::looking_tool::<Nothing>("uptime", description);
        spec.checks = vec![CheckKind::Machine];
        Uptime { spec }
    }
}

/// What was read.
struct Facts {
    now: Timestamp,
    up_s: u64,
    host: String,
    kernel: String,
    system: Option<String>,
    container: Option<&'static str>,
    reboot_pending: bool,
}

#[async_trait]
impl Tool for Uptime {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Nothing>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let Nothing {} = arguments::of_call(&call)?;
        let uptime = read("/proc/uptime").and_then(|text| parse_uptime(&text));
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unknown = || "unknown".to_owned();
        let facts = Facts {
            now: Timestamp::from_micros(i64::try_from(unix.as_micros()).unwrap_or(i64::MAX)),
            up_s: uptime.ok_or_else(|| ToolError::new(ToolErrorKind::Unavailable, "/proc/uptime cannot be read"))?,
            host: read("/proc/sys/kernel/hostname").unwrap_or_else(unknown),
            kernel: read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown),
            system: read("/etc/os-release").and_then(|text| system_name(&text)),
            container: container(&read("/proc/1/cgroup").unwrap_or_default()),
            reboot_pending: Path::new("/run/reboot-required").exists(),
        };
        Ok(describe(&facts))
    }
}

fn describe(facts: &Facts) -> ToolOutput {
    let mut report = Report::default();
    let second = Timestamp::from_micros(facts.now.as_micros() / 1_000_000 * 1_000_000);
    let up = Duration::from_secs(facts.up_s);
    let booted = Timestamp::from_micros(second.as_micros() - i64::try_from(up.as_micros()).unwrap_or(0));
    let quote = report.line(format!("up      {} (since {})", span(facts.up_s), booted.rfc3339()));
    if facts.up_s < RECENT_S {
        let remedy = "If nobody restarted it, see why: the journal of the last boot (journalctl -b -1 -e), and the instance's status checks.";
        report.finding(Severity::Info, format!("this machine started {} ago", span(facts.up_s)), &quote, None, remedy);
    }
    report.line(format!("host    {}", facts.host));
    report.line(format!("kernel  Linux {} {}", facts.kernel, std::env::consts::ARCH));
    if let Some(system) = &facts.system {
        report.line(format!("system  {system}"));
    }
    report.line(format!("time    {}", second.rfc3339()));
    report.line(match facts.container {
        Some(kind) => format!("runs in a container ({kind}): the figures of the machine are the host's"),
        None => "runs outside a container, as far as can be seen".to_owned(),
    });
    if facts.reboot_pending {
        let quote = report.line("a reboot is pending (/run/reboot-required)");
        report.finding(
            Severity::Low,
            "a reboot is pending on this machine",
            &quote,
            None,
            "Reboot when convenient: updates of the kernel or of system libraries wait for it.",
        );
    }
    report.into_output(true)
}

fn parse_uptime(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.split('.').next()?.parse().ok()
}

fn system_name(os_release: &str) -> Option<String> {
    os_release.lines().find_map(|line| Some(line.strip_prefix("PRETTY_NAME=")?.trim_matches('"').to_owned()))
}

/// What runs us, as far as the usual traces tell.
fn container(init_cgroup: &str) -> Option<&'static str> {
    if Path::new("/.dockerenv").exists() {
        return Some("Docker");
    }
    if Path::new("/run/.containerenv").exists() {
        return Some("Podman");
    }
    [("kubepods", "Kubernetes"), ("/ecs/", "ECS"), ("docker", "Docker"), ("containerd", "containerd"), ("lxc", "LXC")]
        .into_iter()
        .find_map(|(trace, kind)| init_cgroup.contains(trace).then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, check_quotes};
    use serde_json::json;

    #[tokio::test]
    async fn this_machine_is_up() {
        let output = call(&Uptime::new(), json!({})).await.unwrap();
        assert!(output.reachable && output.text.contains("kernel  Linux "));
    }

    #[test]
    fn a_recent_start_and_a_pending_reboot_are_worth_knowing() {
        let facts = |up_s, reboot_pending| Facts {
            now: Timestamp::from_micros(1_700_000_000_123_456),
            up_s,
            host: "h\u{1b}".to_owned(),
            kernel: "6.1".to_owned(),
            system: None,
            container: Some("ECS"),
            reboot_pending,
        };
        let output = describe(&facts(240, true));
        check_quotes(&output);
        let severities: Vec<Severity> = output.findings.iter().map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::Info, Severity::Low]);
        assert!(output.text.contains("up      4 min (since 2023-11-14T22:09:20"), "{}", output.text);
        assert!(describe(&facts(86_400, false)).findings.is_empty());
    }

    #[test]
    fn traces_are_read() {
        assert_eq!(parse_uptime("12345.67 999.0"), Some(12345));
        assert_eq!(system_name("NAME=x\nPRETTY_NAME=\"Debian 13\"\n"), Some("Debian 13".to_owned()));
    }
}
