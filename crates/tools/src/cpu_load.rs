//! How busy the processors are.

use crate::arguments::{self, Nothing};
use crate::cgroup::{self, Limits};
use crate::proc::{self, CpuTimes, Pressure};
use crate::report::Report;
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, ToolError, ToolErrorKind, ToolOutput, ToolSpec};
use ports::Tool;
use serde_json::Value;
use std::time::Duration;

/// Long enough for 25 ticks of each processor.
const SAMPLE: Duration = Duration::from_millis(250);

/// The tool.
pub(crate) struct CpuLoad {
    spec: ToolSpec,
}

impl CpuLoad {
    /// The tool.
    pub(crate) fn new() -> CpuLoad {
        let description = "Shows this machine's load averages against its cores, what the processors do over a quarter of a second \
            (busy, waiting for disks, stolen by the hypervisor), how much work waits for them, and the container's limit when there is one.";
        let mut spec = arguments::looking_tool::<Nothing>("cpu_load", description);
        spec.checks = vec![CheckKind::Machine];
        CpuLoad { spec }
    }
}

/// What was measured.
struct Measured {
    load: [f64; 3],
    spent: CpuTimes,
    pressure: Option<Pressure>,
    limits: Limits,
}

#[async_trait]
impl Tool for CpuLoad {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Nothing>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let Nothing {} = arguments::of_call(&call)?;
        let unreadable = |file: &str| ToolError::new(ToolErrorKind::Unavailable, format!("{file} cannot be read"));
        let before = proc::cpu_times().ok_or_else(|| unreadable("/proc/stat"))?;
        tokio::time::sleep(SAMPLE).await;
        let after = proc::cpu_times().ok_or_else(|| unreadable("/proc/stat"))?;
        let load = proc::read("/proc/loadavg").and_then(|text| parse_load(&text)).ok_or_else(|| unreadable("/proc/loadavg"))?;
        Ok(describe(&Measured { load, spent: after.since(before), pressure: proc::pressure("cpu"), limits: cgroup::limits() }))
    }
}

fn parse_load(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_whitespace().map(|w| w.parse().ok());
    Some([words.next()??, words.next()??, words.next()??])
}

fn describe(measured: &Measured) -> ToolOutput {
    let Measured { load, spent, pressure, limits } = measured;
    let mut report = Report::default();
    let cores = spent.cores;
    let per_core = load[0] / cores as f64;
    usage(&mut report, *spent);
    report.line(format!("cores     {cores}"));
    let quote = report.line(format!("load      {:.2} (1 min)  {:.2} (5 min)  {:.2} (15 min); {per_core:.2} per core", load[0], load[1], load[2]));
    let severity = match per_core {
        l if l > 4.0 => Some(Severity::High),
        l if l > 2.0 => Some(Severity::Medium),
        _ => None,
    };
    if let Some(severity) = severity {
        let remedy = "Find what runs or waits (top, states R and D); a load made of D is a slow disk or network file system, not the processors.";
        report.finding(severity, format!("the load of this machine is {per_core:.1} per core"), &quote, None, remedy);
    }
    if let Some(pressure) = pressure {
        report.line(format!(
            "pressure  some tasks waited for a processor {:.1} % of the last 10 s, {:.1} % of the last 60 s",
            pressure.some_10, pressure.some_60
        ));
    }
    limit(&mut report, limits, cores);
    report.into_output(true)
}

fn usage(report: &mut Report, spent: CpuTimes) {
    let share = |part: u64| if spent.total() == 0 { 0.0 } else { part as f64 * 100.0 / spent.total() as f64 };
    let (iowait, steal) = (share(spent.iowait), share(spent.steal));
    let quote =
        report.line(format!("usage     busy {:.0} %, waiting for disks {iowait:.0} %, stolen {steal:.0} % (250 ms sample)", share(spent.busy)));
    if iowait > 40.0 {
        let remedy = "Look for processes in state D (top), and at the volume's throughput and burst credits.";
        report.finding(Severity::Medium, format!("the processors of this machine wait for disks {iowait:.0} % of the time"), &quote, None, remedy);
    }
    if steal > 20.0 {
        let remedy =
            "The hypervisor gives this machine less than it asks for: check the CPU credits of a burstable instance, or move to a larger one.";
        report.finding(Severity::Medium, format!("the hypervisor takes {steal:.0} % of this machine's processor time"), &quote, None, remedy);
    }
}

fn limit(report: &mut Report, limits: &Limits, cores: u64) {
    let Some(allowed) = limits.cpu_cores.filter(|allowed| *allowed < cores as f64) else { return };
    let (throttled, periods) = limits.throttled.unwrap_or((0, 0));
    let percent = if periods == 0 { 0.0 } else { throttled as f64 * 100.0 / periods as f64 };
    let quote = report.line(format!("container allowed {allowed:.2} cores; held back in {percent:.0} % of {periods} periods since it started"));
    // A share of all periods since the start, so a busy start-up alone does not reach it.
    if percent > 25.0 && periods > 100 {
        let remedy = "Raise the container's CPU limit, or run fewer threads than it has cores.";
        report.finding(Severity::Medium, format!("this container is held back by its CPU limit in {percent:.0} % of the time"), &quote, None, remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, check_quotes};
    use serde_json::json;

    fn measured(load: f64, busy: u64, iowait: u64, steal: u64) -> Measured {
        let spent = CpuTimes { busy, idle: 100 - busy - iowait - steal, iowait, steal, cores: 2 };
        Measured { load: [load, 1.0, 0.5], spent, pressure: None, limits: Limits::default() }
    }

    fn findings(measured: &Measured) -> Vec<(Severity, String)> {
        let output = describe(measured);
        check_quotes(&output);
        output.findings.into_iter().map(|f| (f.severity, f.title)).collect()
    }

    #[tokio::test]
    async fn this_machine_has_cores_and_a_load() {
        let output = call(&CpuLoad::new(), json!({})).await.unwrap();
        assert!(output.text.contains("cores     ") && output.text.contains("per core"));
    }

    #[test]
    fn a_quiet_machine_is_no_finding() {
        assert_eq!(findings(&measured(1.5, 90, 5, 0)), []);
    }

    #[test]
    fn load_disks_and_hypervisor_are_told_apart() {
        assert_eq!(findings(&measured(5.0, 50, 0, 0)), [(Severity::Medium, "the load of this machine is 2.5 per core".to_owned())]);
        assert_eq!(findings(&measured(9.0, 50, 0, 0))[0].0, Severity::High);
        assert!(findings(&measured(0.1, 5, 60, 0))[0].1.contains("wait for disks 60 %"));
        assert!(findings(&measured(0.1, 5, 0, 30))[0].1.contains("hypervisor takes 30 %"));
    }

    #[test]
    fn a_container_that_is_held_back_is_found() {
        let mut measured = measured(0.1, 5, 0, 0);
        measured.limits = Limits { cpu_cores: Some(0.5), throttled: Some((400, 1000)), ..Limits::default() };
        assert!(findings(&measured)[0].1.contains("40 %"));
    }

    #[test]
    fn load_averages_are_read() {
        assert_eq!(parse_load("0.10 1.20 2.30 1/234 567"), Some([0.1, 1.2, 2.3]));
        assert_eq!(parse_load("x"), None);
    }
}
