//! How much memory is left, on the machine and in the container.

use crate::arguments::{self, Nothing};
use crate::cgroup::{self, Limits};
use crate::proc::{self, Pressure, number_of};
use crate::report::{Report, bytes};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, ToolError, ToolErrorKind, ToolOutput, ToolSpec};
use ports::Tool;
use serde_json::Value;

/// The tool.
pub(crate) struct Memory {
    spec: ToolSpec,
}

impl Memory {
    /// The tool.
    pub(crate) fn new() -> Memory {
        let description = "Shows this machine's memory and swap, what is available, the container's limit when there is one, \
            how much work waits for memory, and kills for want of memory since boot.";
        let mut spec = arguments::looking_tool::<Nothing>("memory", description);
        spec.checks = vec![CheckKind::Machine];
        Memory { spec }
    }
}

#[async_trait]
impl Tool for Memory {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Nothing>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let Nothing {} = arguments::of_call(&call)?;
        let unreadable = || ToolError::new(ToolErrorKind::Unavailable, "/proc/meminfo cannot be read");
        let meminfo = proc::read("/proc/meminfo").ok_or_else(unreadable)?;
        let oom_kills = proc::read("/proc/vmstat").and_then(|vmstat| number_of(&vmstat, "oom_kill"));
        describe(&meminfo, proc::pressure("memory"), &cgroup::limits(), oom_kills).ok_or_else(unreadable)
    }
}

fn describe(meminfo: &str, pressure: Option<Pressure>, limits: &Limits, oom_kills: Option<u64>) -> Option<ToolOutput> {
    let kib = |key: &str| number_of(meminfo, key).map(|kib| kib.saturating_mul(1024));
    let total = kib("MemTotal")?;
    // Kernels before 3.14 do not say what is available.
    let available = kib("MemAvailable").or_else(|| Some(kib("MemFree")? + kib("Buffers")? + kib("Cached")?))?;
    let mut report = Report::default();
    memory(&mut report, "memory", "this machine", total, available);
    if let (Some(max), Some(used)) = (limits.memory_max.filter(|max| *max < total), limits.memory_used) {
        memory(&mut report, "container", "this container", max, max.saturating_sub(used));
    }
    swap(&mut report, kib("SwapTotal").unwrap_or(0), kib("SwapFree").unwrap_or(0));
    if let Some(pressure) = pressure {
        let quote = report.line(format!(
            "pressure   some tasks waited for memory {:.1} % of the last 10 s, {:.1} % of the last 60 s (all tasks {:.1} %)",
            pressure.some_10, pressure.some_60, pressure.full_60
        ));
        // Above a tenth of the time people notice.
        if pressure.some_60 > 10.0 || pressure.full_60 > 5.0 {
            let remedy = "Find the largest processes (top -o %MEM); give them less or the machine more memory.";
            report.finding(Severity::Medium, "work waits for memory on this machine", &quote, None, remedy);
        }
    }
    if let Some(kills) = limits.oom_kills.filter(|_| limits.memory_max.is_some()).or(oom_kills) {
        let quote = report.line(format!("oom kills  {kills} since boot"));
        if kills > 0 {
            let remedy = "See which processes in the kernel's log (dmesg, journalctl -k) and raise their memory limit or find the leak.";
            report.finding(Severity::Low, format!("{kills} processes were killed for want of memory since boot"), &quote, None, remedy);
        }
    }
    Some(report.into_output(true))
}

fn memory(report: &mut Report, label: &str, whose: &str, total: u64, available: u64) {
    let percent = percent(available, total);
    let quote = report.line(format!("{label:<9}  {} of {} available ({percent:.1} %)", bytes(available), bytes(total)));
    let severity = match percent {
        p if p < 2.0 => Severity::Critical,
        p if p < 5.0 => Severity::High,
        p if p < 10.0 => Severity::Medium,
        _ => return,
    };
    let remedy = "Find the largest processes (top -o %MEM); restart what leaks, lower its limits, or add memory before the kernel starts to kill.";
    report.finding(severity, format!("{whose} has {percent:.1} % of its memory available"), &quote, None, remedy);
}

fn swap(report: &mut Report, total: u64, free: u64) {
    if total == 0 {
        report.line("swap       none");
        return;
    }
    let used = percent(total.saturating_sub(free), total);
    let quote = report.line(format!("swap       {} of {} used ({used:.1} %)", bytes(total.saturating_sub(free)), bytes(total)));
    let severity = match used {
        u if u >= 95.0 => Severity::Medium,
        u if u >= 80.0 => Severity::Low,
        _ => return,
    };
    let remedy = "Swap is the last reserve before processes are killed: find what grew (top -o %MEM), and add memory.";
    report.finding(severity, format!("swap of this machine is {used:.0} % used"), &quote, None, remedy);
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, check_quotes};
    use serde_json::json;

    fn meminfo(available_kib: u64, swap_free_kib: u64) -> String {
        format!("MemTotal:  1000000 kB\nMemFree: 5 kB\nMemAvailable: {available_kib} kB\nSwapTotal: 1000 kB\nSwapFree: {swap_free_kib} kB\n")
    }

    fn severities(meminfo: &str, limits: &Limits) -> Vec<Severity> {
        let output = describe(meminfo, None, limits, Some(0)).unwrap();
        check_quotes(&output);
        output.findings.iter().map(|f| f.severity).collect()
    }

    #[tokio::test]
    async fn this_machine_has_memory() {
        let output = call(&Memory::new(), json!({})).await.unwrap();
        assert!(output.reachable && output.text.contains("available ("));
    }

    #[test]
    fn the_less_is_left_the_worse_it_is() {
        let none = Limits::default();
        for (available, expected) in
            [(500_000, vec![]), (99_000, vec![Severity::Medium]), (49_000, vec![Severity::High]), (19_000, vec![Severity::Critical])]
        {
            assert_eq!(severities(&meminfo(available, 1000), &none), expected, "{available}");
        }
        assert_eq!(severities(&meminfo(500_000, 10), &none), [Severity::Medium]);
    }

    #[test]
    fn a_full_container_on_an_idle_machine_is_found() {
        let limits = Limits { memory_max: Some(100 << 20), memory_used: Some(97 << 20), ..Limits::default() };
        let output = describe(&meminfo(900_000, 1000), None, &limits, None).unwrap();
        check_quotes(&output);
        assert_eq!(output.findings[0].title, "this container has 3.0 % of its memory available");
    }

    #[test]
    fn pressure_and_kills_are_found() {
        let pressure = Pressure { some_10: 40.0, some_60: 25.0, full_60: 3.0 };
        let output = describe(&meminfo(500_000, 1000), Some(pressure), &Limits::default(), Some(2)).unwrap();
        check_quotes(&output);
        assert_eq!(output.findings.len(), 2);
        assert!(output.findings[1].title.starts_with("2 processes"));
    }
}
