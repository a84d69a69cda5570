//! How full the file systems are, in bytes and in inodes, and which can no longer be written.

mod mounts;

use crate::arguments::{self, Arguments};
use crate::proc;
use crate::report::{Report, bytes};
use async_trait::async_trait;
use domain::finding::Severity;
use domain::permit::PermittedCall;
use domain::tool::{CheckKind, ToolError, ToolErrorKind, ToolOutput, ToolSpec};
use mounts::Mount;
use ports::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// A file system that does not tell its size in this time hangs; those on the network do when their server is gone.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// More mounts than this are a container host's, and the rest are like the first.
const MOUNTS_MAX: usize = 100;
/// From here on a file system is shown and flagged.
const NEARLY_FULL_PERCENT: f64 = 85.0;

/// The tool.
pub(crate) struct Disks {
    spec: ToolSpec,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// An absolute path: only the file system that holds it. Default: all of this machine's.
    path: Option<String>,
}

impl Arguments for Input {
    fn validate(&self) -> Result<(), String> {
        match &self.path {
            Some(path) if !path.starts_with('/') || path.contains('\0') => Err(format!("path {path:?} must be absolute")),
            _ => Ok(()),
        }
    }
}

/// What a file system says of its size.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Usage {
    size: u64,
    /// What an ordinary user can still write.
    available: u64,
    /// Of what an ordinary user can write, as `df` counts it.
    used_percent: f64,
    /// `None` where inodes are made as needed.
    inodes_percent: Option<f64>,
}

impl Disks {
    /// The tool.
    pub(crate) fn new() -> Disks {
        let description = "Shows each file system of this machine: size, free space, used percent of bytes and of inodes, and whether it has \
            become read-only or hangs. With a path, only the file system that holds it. Use it when something cannot be written.";
        let mut spec = arguments::looking_tool::<Input>("disks", description);
        spec.checks = vec![CheckKind::Machine, CheckKind::Path];
        Disks { spec }
    }
}

#[async_trait]
impl Tool for Disks {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        arguments::read::<Input>(arguments).map(|_| ())
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        let input: Input = arguments::of_call(&call)?;
        let unreadable = || ToolError::new(ToolErrorKind::Unavailable, "/proc/self/mountinfo cannot be read");
        let mounts = mounts::parse(&proc::read("/proc/self/mountinfo").ok_or_else(unreadable)?);
        let mut report = Report::default();
        let deadline = Instant::now() + ANSWER_MAX;
        let Some(path) = input.path else {
            let mounts = mounts::worth_looking_at(mounts);
            let left_out = mounts.len().saturating_sub(MOUNTS_MAX);
            look(&mut report, mounts.into_iter().take(MOUNTS_MAX).collect(), false, deadline).await;
            if left_out > 0 {
                report.line(format!("({left_out} more mounts were not looked at)"));
            }
            return Ok(report.into_output(true));
        };
        // A path on a dead file system hangs like the file system itself.
        let asked = PathBuf::from(&path);
        match on_a_thread(move || std::fs::canonicalize(asked), deadline).await {
            Some(Ok(real)) => {
                match mounts::holding(mounts, &real) {
                    Some(mount) => {
                        let point = mount.point.clone();
                        look(&mut report, vec![mount], true, deadline).await;
                        report.line(format!("{path} is on the file system at {point}"));
                    }
                    None => {
                        report.line(format!("{path} is on no file system that can be seen from here"));
                    }
                }
                Ok(report.into_output(true))
            }
            Some(Err(error)) => {
                report.line(format!("{path} cannot be looked at: {error}"));
                Ok(report.into_output(false))
            }
            None => {
                let quote = report.line(format!("{path} did not answer within {} s", ANSWER_MAX.as_secs()));
                report.finding(Severity::High, format!("{path} hangs"), &quote, Some(path.clone()), HANGS);
                Ok(report.into_output(false))
            }
        }
    }
}

const HANGS: &str = "Check the server or device behind the mount; unmount it lazily (umount -l) and mount it again once that is back.";

/// Asks all file systems at once, then reports them in order. `asked_for`: show it even when it is system noise.
async fn look(report: &mut Report, mounts: Vec<Mount>, asked_for: bool, deadline: Instant) {
    let asked: Vec<_> = mounts
        .into_iter()
        .map(|mount| {
            let point = mount.point.clone();
            (mount, on_a_thread(move || usage(Path::new(&point)), deadline))
        })
        .collect();
    let mut quiet = 0;
    for (mount, answer) in asked {
        match answer.await {
            Some(Some(usage)) if usage.size == 0 => {}
            Some(Some(usage)) if !asked_for && mount.is_system_tmpfs() && usage.worst_percent() < NEARLY_FULL_PERCENT => quiet += 1,
            Some(Some(usage)) => describe(report, &mount, usage),
            // Of somebody else, such as a FUSE mount of another user.
            Some(None) => {
                report.line(format!("{}  ({}) could not be asked", mount.point, mount.kind));
            }
            None => {
                let quote = report.line(format!("{}  ({}) did not answer within {} s", mount.point, mount.kind, ANSWER_MAX.as_secs()));
                report.finding(Severity::High, format!("the file system at {} hangs", mount.point), &quote, Some(mount.point.clone()), HANGS);
            }
        }
    }
    if quiet > 0 {
        report.line(format!("({quiet} of the system's own small file systems are fine and not shown)"));
    }
}

/// Runs on a thread of its own that nobody waits for longer than until the deadline; `None` when it was not done by then.
/// A pool's thread would keep the process from ending when the kernel never answers.
fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static, deadline: Instant) -> impl Future<Output = Option<T>> {
    let (done, answer) = oneshot::channel();
    let started = std::thread::Builder::new().name("disks".to_owned()).spawn(move || drop(done.send(work())));
    async move {
        started.ok()?;
        timeout_at(deadline, answer).await.ok()?.ok()
    }
}

fn usage(point: &Path) -> Option<Usage> {
    let stat = rustix::fs::statvfs(point).ok()?;
    let unit = if stat.f_frsize == 0 { stat.f_bsize } else { stat.f_frsize };
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    Some(Usage {
        size: stat.f_blocks.saturating_mul(unit),
        available: stat.f_bavail.saturating_mul(unit),
        used_percent: percent(used, used + stat.f_bavail),
        inodes_percent: (stat.f_files > 0).then(|| percent(stat.f_files.saturating_sub(stat.f_ffree), stat.f_files)),
    })
}

impl Usage {
    fn worst_percent(&self) -> f64 {
        self.used_percent.max(self.inodes_percent.unwrap_or(0.0))
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn describe(report: &mut Report, mount: &Mount, usage: Usage) {
    let point = &mount.point;
    let inodes = usage.inodes_percent.map_or("inodes n/a".to_owned(), |p| format!("inodes {p:.0} %"));
    let read_only = if mount.is_read_only() { ", read-only" } else { "" };
    let quote = report.line(format!(
        "{point}  {} ({}): {:.1} % used, {} of {} free, {inodes}{read_only}",
        mount.source,
        mount.kind,
        usage.used_percent,
        bytes(usage.available),
        bytes(usage.size)
    ));
    if mount.has_become_read_only() {
        let remedy = "The kernel does this after write errors: read its log (dmesg), check the disk or volume, run fsck, then remount read-write.";
        report.finding(Severity::High, format!("the file system at {point} has become read-only"), &quote, Some(point.clone()), remedy);
    }
    if mount.is_read_only() {
        // Nothing will be written, so a full one is as it was made: images and snapshots always are.
        return;
    }
    if let Some(severity) = fullness(usage.used_percent) {
        let title = format!("the file system at {point} is {:.0} % full", usage.used_percent.floor());
        let remedy = if mount.kind == "tmpfs" {
            format!("Find what fills it (du -xh --max-depth=2 {point}); delete it, or mount it with a larger size. A tmpfs takes memory.")
        } else {
            format!(
                "Find what fills it (du -xh --max-depth=2 {point} | sort -h), rotate or delete logs and old images, look for deleted files still held open, or grow the volume."
            )
        };
        report.finding(severity, title, &quote, Some(point.clone()), remedy);
    }
    if let Some((percent, severity)) = usage.inodes_percent.and_then(|p| Some((p, fullness(p)?))) {
        let title = format!("the file system at {point} has used {:.0} % of its inodes", percent.floor());
        let remedy = format!(
            "Find the folder with the most files (du --inodes -x {point} | sort -n) and delete small files that nobody needs: sessions, caches, mail queues."
        );
        report.finding(severity, title, &quote, Some(point.clone()), remedy);
    }
}

fn fullness(percent: f64) -> Option<Severity> {
    match percent {
        p if p >= 99.0 => Some(Severity::Critical),
        p if p >= 95.0 => Some(Severity::High),
        p if p >= NEARLY_FULL_PERCENT => Some(Severity::Medium),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, check_quotes};
    use serde_json::json;

    fn mount(options: &str, super_options: &str) -> Mount {
        let line = format!("30 1 8:1 / /data {options} - ext4 /dev/sda1 {super_options}");
        mounts::parse(&line).remove(0)
    }

    fn findings(mount: &Mount, used: f64, inodes: f64) -> Vec<(Severity, String)> {
        let usage = Usage { size: 1 << 30, available: 1 << 20, used_percent: used, inodes_percent: Some(inodes) };
        let mut report = Report::default();
        describe(&mut report, mount, usage);
        let output = report.into_output(true);
        check_quotes(&output);
        output.findings.into_iter().map(|f| (f.severity, f.title)).collect()
    }

    #[tokio::test]
    async fn the_root_of_this_machine_is_shown() {
        let output = call(&Disks::new(), json!({})).await.unwrap();
        assert!(output.text.lines().any(|l| l.starts_with("/  ")), "{}", output.text);
        let folder = tempfile::tempdir().unwrap();
        let output = call(&Disks::new(), json!({"path": folder.path()})).await.unwrap();
        assert!(output.reachable && output.text.contains("is on the file system at /"));
    }

    #[tokio::test]
    async fn a_path_that_does_not_exist_is_said_without_a_finding() {
        let output = call(&Disks::new(), json!({"path": "/no/such/path"})).await.unwrap();
        assert!(!output.reachable && output.findings.is_empty() && output.text.contains("No such file"));
        assert!(Disks::new().check(&json!({"path": "var"})).is_err());
    }

    #[test]
    fn the_fuller_the_worse() {
        let data = mount("rw", "rw");
        let title = |percent: u32| format!("the file system at /data is {percent} % full");
        assert_eq!(findings(&data, 84.9, 0.0), []);
        assert_eq!(findings(&data, 85.0, 0.0), [(Severity::Medium, title(85))]);
        assert_eq!(findings(&data, 95.0, 0.0), [(Severity::High, title(95))]);
        assert_eq!(findings(&data, 99.9, 0.0), [(Severity::Critical, title(99))]);
        assert_eq!(findings(&data, 1.0, 100.0), [(Severity::Critical, "the file system at /data has used 100 % of its inodes".to_owned())]);
    }

    #[test]
    fn a_disk_that_went_read_only_is_found_and_an_image_that_is_full_is_not() {
        let title = "the file system at /data has become read-only".to_owned();
        assert_eq!(findings(&mount("rw,relatime", "ro,errors=remount-ro"), 99.9, 0.0), [(Severity::High, title)]);
        assert_eq!(findings(&mount("ro,relatime", "ro"), 100.0, 100.0), []);
    }

    #[tokio::test]
    async fn a_file_system_that_hangs_is_given_up() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let answer = on_a_thread(move || held.recv(), Instant::now() + Duration::from_millis(50)).await;
        assert!(answer.is_none());
        drop(release);
    }
}
