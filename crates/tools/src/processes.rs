//! Which processes use the processors and the memory.

use crate::arguments::{self, Arguments};
use crate::proc::{self, CpuTimes, ProcessStat, number_of};
use crate::report::{Report, bytes, clean};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, ToolError, ToolErrorKind, ToolOutput, ToolSpec, Trust};
use ports::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Long enough that a process which is busy all through it does little else.
const SAMPLE: Duration = Duration::from_millis(500);
const LIMIT_DEFAULT: usize = 8;
const LIMIT_MAX: usize = 50;
/// In percent of one core.
const BUSY_PERCENT: f64 = 90.0;
/// Findings about busy processes. A machine with more of them has one problem, not ten.
const BUSY_FINDINGS_MAX: usize = 3;
const ZOMBIES_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 32;

/// The tool.
pub(crate) struct Processes {
    spec: ToolSpec,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Which list to show. Default: both.
    sort: Option<Sort>,
    /// How many processes a list shows, 1 to 50. Default 8.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    Cpu,
    Memory,
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        match self.limit {
            Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => Err(format!("limit must be from 1 to {LIMIT_MAX}")),
            _ => Ok(()),
        }
    }
}

/// One process over the sample. Command lines are left out: they hold passwords.
#[derive(Clone, Debug, PartialEq)]
struct Process {
    stat: ProcessStat,
    user: String,
    /// Of one core.
    cpu_percent: f64,
    rss_bytes: u64,
}

impl Processes {
    /// The tool.
    pub(crate) fn new() -> Processes {
        let description = "Lists the processes of this machine that use most of a processor (over half a second) and most memory: \
            pid, name, user, state. Counts zombies and processes that wait for a disk. Command lines are not shown.";
        let mut spec = arguments::looking_tool::<Input>("processes", description);
        // A process chooses its own name.
        spec.trust = Trust::Untrusted;
        spec.checks = vec![CheckKind::Machine];
        Processes { spec }
    }
}

#[async_trait]
impl Tool for Processes {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let before = read_off_the_runtime(reading).await?;
        tokio::time::sleep(SAMPLE).await;
        let (processes, cores) = read_off_the_runtime(move || {
            let after = reading()?;
            Some((between(&before, &after), after.0.cores))
        })
        .await?;
        Ok(describe(processes, cores, input.sort, input.limit.unwrap_or(LIMIT_DEFAULT)))
    }
}

/// Thousands of processes are thousands of small files.
async fn read_off_the_runtime<T: Send + 'static>(read: impl FnOnce() -> Option<T> + Send + 'static) -> Result<T, ToolError> {
    let unreadable = || ToolError::new(ToolErrorKind::Unavailable, "/proc cannot be read");
    tokio::task::spawn_blocking(read).await.ok().flatten().ok_or_else(unreadable)
}

fn reading() -> Option<(CpuTimes, Vec<ProcessStat>)> {
    Some((proc::cpu_times()?, proc::processes()))
}

fn between(before: &(CpuTimes, Vec<ProcessStat>), after: &(CpuTimes, Vec<ProcessStat>)) -> Vec<Process> {
    let earlier: BTreeMap<u32, u64> = before.1.iter().map(|p| (p.pid, p.jiffies)).collect();
    let users = users();
    // Jiffies of one core: its share of what all of them had. So nothing need be known about the length of a jiffy.
    let core = after.0.since(before.0).total() as f64 / after.0.cores as f64;
    let process = |stat: &ProcessStat| {
        let status = proc::read(format!("/proc/{}/status", stat.pid)).unwrap_or_default();
        let uid = number_of(&status, "Uid");
        let spent = earlier.get(&stat.pid).map_or(0, |jiffies| stat.jiffies.saturating_sub(*jiffies));
        Process {
            stat: ProcessStat { name: clean(&stat.name, NAME_CHARS_MAX), ..stat.clone() },
            user: uid.map_or("?".to_owned(), |uid| users.get(&uid).cloned().unwrap_or_else(|| uid.to_string())),
            cpu_percent: if core > 0.0 { spent as f64 * 100.0 / core } else { 0.0 },
            rss_bytes: number_of(&status, "VmRSS").unwrap_or(0) * 1024,
        }
    };
    after.1.iter().map(process).collect()
}

/// User names by number, from `/etc/passwd`.
fn users() -> BTreeMap<u64, String> {
    let passwd = proc::read("/etc/passwd").unwrap_or_default();
    let user = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((fields.nth(1)?.parse().ok()?, name))
    };
    passwd.lines().filter_map(user).collect()
}

fn describe(mut processes: Vec<Process>, cores: u64, sort: Option<Sort>, limit: usize) -> ToolOutput {
    let mut report = Report::default();
    let in_state = |state: char| processes.iter().filter(|p| p.stat.state == state).count();
    let (running, waiting, zombies) = (in_state('R'), in_state('D'), in_state('Z'));
    let quote = report.line(format!("{} processes: {running} running, {waiting} waiting for a disk, {zombies} zombies", processes.len()));
    if zombies > ZOMBIES_MAX {
        let remedy = format!("{}. It does not collect its ended children: restart or mend it.", parent_of_most_zombies(&processes));
        report.finding(Severity::Low, format!("{zombies} zombie processes are left on this machine"), &quote, None, remedy);
    }
    processes.sort_by(|a, b| b.cpu_percent.total_cmp(&a.cpu_percent).then(a.stat.pid.cmp(&b.stat.pid)));
    if sort != Some(Sort::Memory) {
        report.line("by processor, in percent of one core:");
        let own = std::process::id();
        let mut busy = 0;
        for process in processes.iter().filter(|p| p.cpu_percent > 0.0).take(limit) {
            let quote = report.line(row(process));
            if process.cpu_percent > BUSY_PERCENT && process.stat.pid != own && busy < BUSY_FINDINGS_MAX {
                busy += 1;
                report_busy(&mut report, process, &quote);
            }
        }
        // The sum of many readings can come to a little more than there is.
        let share = (processes.iter().map(|p| p.cpu_percent).sum::<f64>() / cores as f64).min(100.0);
        if busy == 0 && share > BUSY_PERCENT {
            report_crowd(&mut report, share, processes.iter().filter(|p| p.stat.pid != own).take(BUSY_FINDINGS_MAX));
        }
    }
    processes.sort_by(|a, b| b.rss_bytes.cmp(&a.rss_bytes).then(a.stat.pid.cmp(&b.stat.pid)));
    if sort != Some(Sort::Cpu) {
        report.line("by memory:");
        for process in processes.iter().take(limit) {
            report.line(row(process));
        }
    }
    report.into_output(true)
}

fn row(process: &Process) -> String {
    let Process { stat, user, cpu_percent, rss_bytes } = process;
    format!("{:>8}  {:<16}  {:<10}  {}  {cpu_percent:>6.1} %  {:>10}", stat.pid, stat.name, user, stat.state, bytes(*rss_bytes))
}

fn report_busy(report: &mut Report, process: &Process, quote: &str) {
    let (pid, name) = (process.stat.pid, &process.stat.name);
    let title = format!("process {name} (pid {pid}) keeps {:.0} % of a core busy", process.cpu_percent);
    let remedy = format!(
        "See whether it should be: what it does (its log, top -H -p {pid}) and since when; restart it if it is stuck, else give it more cores."
    );
    report.finding(Severity::Medium, title, quote, Some(format!("pid {pid}")), remedy);
}

/// Many that share the processors leave none of them a whole core, and the machine is as busy.
fn report_crowd<'a>(report: &mut Report, share: f64, busiest: impl Iterator<Item = &'a Process>) {
    let busiest: Vec<&Process> = busiest.collect();
    let Some(first) = busiest.first() else { return };
    let names: Vec<String> = busiest.iter().map(|p| format!("{} (pid {}, {:.0} % of a core)", p.stat.name, p.stat.pid, p.cpu_percent)).collect();
    let title = format!("processes keep {share:.0} % of this machine's processors busy");
    let remedy = format!("Most of it is {}. See whether they should be at it now; stop or renice what can wait, else add cores.", names.join(", "));
    report.finding(Severity::Medium, title, &row(first), Some(format!("pid {}", first.stat.pid)), remedy);
}

fn parent_of_most_zombies(processes: &[Process]) -> String {
    let mut children: BTreeMap<u32, usize> = BTreeMap::new();
    for zombie in processes.iter().filter(|p| p.stat.state == 'Z') {
        *children.entry(zombie.stat.parent).or_default() += 1;
    }
    let (pid, count) = children.into_iter().max_by_key(|(_, count)| *count).unwrap_or_default();
    let name = processes.iter().find(|p| p.stat.pid == pid).map_or("a process", |p| p.stat.name.as_str());
    format!("The parent of {count} of them is {name} (pid {pid})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, check_quotes};
    use serde_json::json;

    fn process(pid: u32, state: char, cpu_percent: f64, rss_bytes: u64) -> Process {
        let stat = ProcessStat { pid, name: format!("p{pid}"), state, parent: 1, jiffies: 0 };
        Process { stat, user: "root".to_owned(), cpu_percent, rss_bytes }
    }

    #[tokio::test]
    async fn the_processes_of_this_machine_are_listed() {
        let output = call(&Processes::new(), json!({"sort": "memory", "limit": 50})).await.unwrap();
        assert!(output.text.contains("by memory:") && !output.text.contains("by processor"));
    }

    #[tokio::test]
    async fn a_process_that_spins_is_named() {
        // Twice, because a busy machine may not give it a whole core for half a second.
        let mut child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let mut shares = Vec::new();
        for _ in 0..2 {
            let before = reading().unwrap();
            tokio::time::sleep(SAMPLE).await;
            let all = between(&before, &reading().unwrap());
            shares.extend(all.into_iter().find(|p| p.stat.pid == child.id()).map(|p| p.cpu_percent));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(shares.iter().any(|share| *share > 5.0 && *share < 130.0), "{shares:?}");
    }

    #[test]
    fn the_busiest_come_first_and_are_findings() {
        let output = describe(vec![process(10, 'S', 3.0, 900), process(11, 'R', 99.0, 100), process(12, 'R', 89.0, 100)], 2, None, 8);
        check_quotes(&output);
        assert_eq!(output.findings.len(), 1);
        assert_eq!(output.findings[0].title, "process p11 (pid 11) keeps 99 % of a core busy");
        let lines: Vec<&str> = output.text.lines().collect();
        assert!(lines[2].contains("p11") && lines[6].contains("p10"), "{}", output.text);
    }

    #[test]
    fn processes_that_share_all_there_is_are_named_together() {
        let crowd = |share: f64| describe(vec![process(10, 'R', share, 900), process(11, 'R', 60.0, 100), process(12, 'R', 55.0, 100)], 2, None, 8);
        assert_eq!(crowd(20.0).findings, []);
        let output = crowd(75.0);
        check_quotes(&output);
        assert_eq!(output.findings[0].title, "processes keep 95 % of this machine's processors busy");
        assert!(output.findings[0].remedy.contains("p10 (pid 10, 75 % of a core), p11 (pid 11, 60"), "{output:?}");
    }

    #[test]
    fn many_zombies_are_a_finding_that_names_their_parent() {
        let mut processes: Vec<Process> = (100..121).map(|pid| process(pid, 'Z', 0.0, 0)).collect();
        processes.push(process(1, 'S', 0.0, 10));
        let output = describe(processes, 2, None, 8);
        check_quotes(&output);
        assert!(output.findings[0].remedy.contains("21 of them is p1 (pid 1)"));
    }

    #[test]
    fn a_limit_out_of_range_is_refused() {
        assert!(Processes::new().check(&json!({"limit": 0})).is_err() && Processes::new().check(&json!({"sort": "io"})).is_err());
    }
}
