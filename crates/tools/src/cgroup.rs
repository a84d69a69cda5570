//! The limits that a container, or a service manager, has put on this process. They count before the machine's own size.

use crate::proc::{number_of, read};
use std::path::{Path, PathBuf};

/// What this process's control groups allow and use. `None` where there is no limit or none can be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    /// The most memory, in bytes.
    pub(crate) memory_max: Option<u64>,
    /// What is used of it, in bytes, without file cache that can be dropped.
    pub(crate) memory_used: Option<u64>,
    /// Kills for want of memory inside the group.
    pub(crate) oom_kills: Option<u64>,
    /// The most processor time, in cores.
    pub(crate) cpu_cores: Option<f64>,
    /// Periods in which the group was held back, and all periods.
    pub(crate) throttled: Option<(u64, u64)>,
}

/// More than any machine has; version 1 writes such a number when there is no limit.
const NO_LIMIT: u64 = 1 << 60;

/// The limits of this process now.
pub(crate) fn limits() -> Limits {
    read("/proc/self/cgroup").map(|groups| limits_under(Path::new("/sys/fs/cgroup"), &groups)).unwrap_or_default()
}

/// The limits that `groups`, the text of `/proc/self/cgroup`, names below `root`.
fn limits_under(root: &Path, groups: &str) -> Limits {
    let path_of = |controller: &str| {
        groups.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let names = parts.next()?;
            let path = parts.next()?;
            names.split(',').any(|name| name == controller).then(|| path.trim_start_matches('/').to_owned())
        })
    };
    if root.join("cgroup.controllers").exists() {
        return version_2(root, &path_of("").unwrap_or_default());
    }
    let memory = path_of("memory").map(|path| chain(&root.join("memory"), &path)).unwrap_or_default();
    let cpu = path_of("cpu").map(|path| chain(&root.join("cpu"), &path)).unwrap_or_default();
    version_1(&memory, &cpu)
}

/// The group's folder and those above it up to `root`, which is where a container sees its own group.
fn chain(root: &Path, path: &str) -> Vec<PathBuf> {
    let own = root.join(path);
    own.ancestors().take_while(|folder| folder.starts_with(root)).filter(|folder| folder.is_dir()).map(Path::to_owned).collect()
}

fn version_2(root: &Path, path: &str) -> Limits {
    let mut limits = Limits::default();
    for folder in chain(root, path) {
        let max = read(folder.join("memory.max")).and_then(|text| text.parse().ok());
        if let Some(max) = max.filter(|max| limits.memory_max.is_none_or(|least| *max < least)) {
            limits.memory_max = Some(max);
            let cache = read(folder.join("memory.stat")).and_then(|stat| number_of(&stat, "inactive_file")).unwrap_or(0);
            let current = read(folder.join("memory.current")).and_then(|text| text.parse::<u64>().ok());
            limits.memory_used = current.map(|used| used.saturating_sub(cache));
            limits.oom_kills = read(folder.join("memory.events")).and_then(|events| number_of(&events, "oom_kill"));
        }
        let cores = read(folder.join("cpu.max")).and_then(|text| {
            let (quota, period) = text.split_once(' ')?;
            cores_of(quota.parse().ok()?, period.parse().ok()?)
        });
        if let Some(cores) = cores.filter(|cores| limits.cpu_cores.is_none_or(|least| *cores < least)) {
            limits.cpu_cores = Some(cores);
            limits.throttled = throttled(&folder);
        }
    }
    limits
}

fn version_1(memory: &[PathBuf], cpu: &[PathBuf]) -> Limits {
    let mut limits = Limits::default();
    let number = |folder: &Path, file: &str| read(folder.join(file)).and_then(|text| text.parse::<i64>().ok());
    for folder in memory {
        let max = number(folder, "memory.limit_in_bytes").and_then(|max| u64::try_from(max).ok()).filter(|max| *max < NO_LIMIT);
        if let Some(max) = max.filter(|max| limits.memory_max.is_none_or(|least| *max < least)) {
            limits.memory_max = Some(max);
            let cache = read(folder.join("memory.stat")).and_then(|stat| number_of(&stat, "total_inactive_file")).unwrap_or(0);
            let current = number(folder, "memory.usage_in_bytes").and_then(|used| u64::try_from(used).ok());
            limits.memory_used = current.map(|used| used.saturating_sub(cache));
            limits.oom_kills = read(folder.join("memory.oom_control")).and_then(|control| number_of(&control, "oom_kill"));
        }
    }
    for folder in cpu {
        let quota = number(folder, "cpu.cfs_quota_us").and_then(|quota| u64::try_from(quota).ok());
        let period = number(folder, "cpu.cfs_period_us").and_then(|period| u64::try_from(period).ok());
        let cores = quota.zip(period).and_then(|(quota, period)| cores_of(quota, period));
        if let Some(cores) = cores.filter(|cores| limits.cpu_cores.is_none_or(|least| *cores < least)) {
            limits.cpu_cores = Some(cores);
            limits.throttled = throttled(folder);
        }
    }
    limits
}

fn cores_of(quota_us: u64, period_us: u64) -> Option<f64> {
    (quota_us > 0 && period_us > 0).then(|| quota_us as f64 / period_us as f64)
}

fn throttled(folder: &Path) -> Option<(u64, u64)> {
    let stat = read(folder.join("cpu.stat"))?;
    Some((number_of(&stat, "nr_throttled")?, number_of(&stat, "nr_periods")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn files(root: &Path, folder: &str, files: &[(&str, &str)]) {
        fs::create_dir_all(root.join(folder)).unwrap();
        for (name, text) in files {
            fs::write(root.join(folder).join(name), text).unwrap();
        }
    }

    #[test]
    fn version_2_takes_the_tightest_limit_on_the_way_up() {
        let root = tempfile::tempdir().unwrap();
        files(root.path(), "", &[("cgroup.controllers", "cpu memory\n")]);
        let memory = [
            ("memory.max", "1000\n"),
            ("memory.current", "900\n"),
            ("memory.stat", "anon 5\ninactive_file 300\n"),
            ("memory.events", "oom 2\noom_kill 1\n"),
        ];
        files(root.path(), "pod", &memory);
        files(root.path(), "pod/app", &[("memory.max", "max\n"), ("cpu.max", "150000 100000\n"), ("cpu.stat", "nr_periods 10\nnr_throttled 4\n")]);
        let limits = limits_under(root.path(), "0::/pod/app\n");
        let expected = Limits { memory_max: Some(1000), memory_used: Some(600), oom_kills: Some(1), cpu_cores: Some(1.5), throttled: Some((4, 10)) };
        assert_eq!(limits, expected);
        // Inside a container the path is the host's and the root is its own group.
        files(root.path(), "", &[("memory.max", "500\n"), ("memory.current", "10\n")]);
        assert_eq!(limits_under(root.path(), "0::/not/here\n").memory_max, Some(500));
    }

    #[test]
    fn version_1_knows_no_limit_by_its_size() {
        let root = tempfile::tempdir().unwrap();
        files(root.path(), "memory", &[("memory.limit_in_bytes", "9223372036854771712\n")]);
        files(root.path(), "memory/a", &[("memory.limit_in_bytes", "2000\n"), ("memory.usage_in_bytes", "1500\n")]);
        files(root.path(), "cpu/a", &[("cpu.cfs_quota_us", "-1\n"), ("cpu.cfs_period_us", "100000\n")]);
        let groups = "4:memory:/a\n3:cpu,cpuacct:/a\n0::/\n";
        let limits = limits_under(root.path(), groups);
        assert_eq!((limits.memory_max, limits.memory_used, limits.cpu_cores), (Some(2000), Some(1500), None));
        assert_eq!(limits_under(root.path(), "4:memory:/\n").memory_max, None);
    }
}
