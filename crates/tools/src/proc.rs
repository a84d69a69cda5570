//! Reading `/proc`. The parsers take text, so that they can be held to pinned examples.

use std::fs;
use std::path::Path;

/// Jiffies that the processors spent, by what on. Differences of two readings are what counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTimes {
    /// Programs and the kernel.
    pub(crate) busy: u64,
    /// Nothing to do.
    pub(crate) idle: u64,
    /// Nothing to do but wait for a disk.
    pub(crate) iowait: u64,
    /// Taken by the hypervisor for others.
    pub(crate) steal: u64,
    /// How many processors are counted.
    pub(crate) cores: u64,
}

impl CpuTimes {
    /// All of it, in jiffies.
    pub(crate) fn total(self) -> u64 {
        self.busy + self.idle + self.iowait + self.steal
    }

    /// What was spent since an earlier reading.
    pub(crate) fn since(self, earlier: CpuTimes) -> CpuTimes {
        CpuTimes {
            busy: self.busy.saturating_sub(earlier.busy),
            idle: self.idle.saturating_sub(earlier.idle),
            iowait: self.iowait.saturating_sub(earlier.iowait),
            steal: self.steal.saturating_sub(earlier.steal),
            cores: self.cores,
        }
    }
}

/// One process, from `/proc/<pid>/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessStat {
    /// Its id.
    pub(crate) pid: u32,
    /// The short name. Whoever started it chose it.
    pub(crate) name: String,
    /// `R`, `S`, `D`, `Z` and so on.
    pub(crate) state: char,
    /// Who started it.
    pub(crate) parent: u32,
    /// Jiffies it spent, in user mode and in the kernel.
    pub(crate) jiffies: u64,
}

/// Pressure stall information: the share of time in which something waited, in percent over ten seconds and over a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pressure {
    /// Some task waited: last 10 s.
    pub(crate) some_10: f64,
    /// Some task waited: last 60 s.
    pub(crate) some_60: f64,
    /// All tasks waited: last 60 s.
    pub(crate) full_60: f64,
}

/// The file's text, trimmed at the end; `None` when it is not there or may not be read.
pub(crate) fn read(path: impl AsRef<Path>) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// The processors' times now.
pub(crate) fn cpu_times() -> Option<CpuTimes> {
    parse_cpu_times(&read("/proc/stat")?)
}

/// The processes that could be read.
pub(crate) fn processes() -> Vec<ProcessStat> {
    pids().into_iter().filter_map(|pid| parse_process_stat(&read(format!("/proc/{pid}/stat"))?)).collect()
}

/// The ids of the running processes.
pub(crate) fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The pressure on `cpu`, `memory` or `io`; `None` where the kernel does not say.
pub(crate) fn pressure(resource: &str) -> Option<Pressure> {
    parse_pressure(&read(format!("/proc/pressure/{resource}"))?)
}

/// The number behind `key` in a file of `key value` or `key: value kB` lines, as written.
pub(crate) fn number_of(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let found = words.next()?.trim_end_matches(':') == key;
        if found { words.next()?.parse().ok() } else { None }
    })
}

fn parse_cpu_times(stat: &str) -> Option<CpuTimes> {
    let line = stat.lines().find(|l| l.starts_with("cpu "))?;
    let times: Vec<u64> = line.split_whitespace().skip(1).filter_map(|w| w.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user already.
    let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = times[..] else { return None };
    let cores = stat.lines().filter(|l| l.strip_prefix("cpu").is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()))).count() as u64;
    Some(CpuTimes { busy: user + nice + system + irq + softirq, idle, iowait, steal, cores: cores.max(1) })
}

fn parse_process_stat(stat: &str) -> Option<ProcessStat> {
    // The name may hold anything, parentheses and spaces included; it ends at the last one.
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(ProcessStat {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        jiffies: fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?,
    })
}

fn parse_pressure(text: &str) -> Option<Pressure> {
    let value = |kind: &str, key: &str| -> Option<f64> {
        let line = text.lines().find(|l| l.split_whitespace().next() == Some(kind))?;
        line.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
    };
    Some(Pressure { some_10: value("some", "avg10")?, some_60: value("some", "avg60")?, full_60: value("full", "avg60").unwrap_or(0.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_times_are_summed_and_processors_counted() {
        let stat = "cpu  100 5 20 900 30 1 2 7 4 0\ncpu0 50 2 10 450 15 0 1 3 2 0\ncpu1 50 3 10 450 15 1 1 4 2 0\nintr 1\n";
        let times = parse_cpu_times(stat).unwrap();
        assert_eq!(times, CpuTimes { busy: 128, idle: 900, iowait: 30, steal: 7, cores: 2 });
        assert_eq!(times.since(CpuTimes { busy: 100, idle: 1000, ..times }), CpuTimes { busy: 28, idle: 0, iowait: 0, steal: 0, cores: 2 });
        assert_eq!(parse_cpu_times("cpu  1 2\n"), None);
    }

    #[test]
    fn a_process_may_have_any_name() {
        let stat = "42 (a) R (b) Z 7 42 42 0 -1 4 0 0 0 0 11 22 0 0 20 0 1 0 99 0 0";
        let process = parse_process_stat(stat).unwrap();
        assert_eq!((process.pid, process.name.as_str(), process.state, process.parent, process.jiffies), (42, "a) R (b", 'Z', 7, 33));
        assert_eq!(parse_process_stat("42 (a"), None);
    }

    #[test]
    fn pressure_is_read_with_and_without_a_full_line() {
        let text = "some avg10=1.50 avg60=2.25 avg300=0.16 total=47814658\nfull avg10=0.10 avg60=0.20 avg300=0.00 total=0";
        assert_eq!(parse_pressure(text), Some(Pressure { some_10: 1.5, some_60: 2.25, full_60: 0.2 }));
        assert_eq!(parse_pressure("some avg10=1.50 avg60=2.25").map(|p| p.full_60), Some(0.0));
        assert_eq!(parse_pressure(""), None);
    }

    #[test]
    fn a_number_is_found_by_its_whole_key() {
        let text = "SwapCached:  5 kB\nSwap: 7 kB\noom_kill 3";
        assert_eq!([number_of(text, "Swap"), number_of(text, "oom_kill"), number_of(text, "Cached")], [Some(7), Some(3), None]);
    }

    #[test]
    fn this_process_is_among_the_running_ones() {
        assert!(processes().iter().any(|p| p.pid == std::process::id()));
    }
}
