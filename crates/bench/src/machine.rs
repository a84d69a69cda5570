//! What the figures were measured on and with: they mean nothing without it.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The lines above the table.
pub(crate) fn describe(scratch: &Path) -> Result<Vec<(&'static str, String)>> {
    let cores = std::thread::available_parallelism()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    Ok(vec![
        ("machine", format!("{cores} cores, {}, {} of memory, Linux {}", processor()?, memory()?, kernel()?)),
        ("file system", file_system(scratch)?),
        ("commit", commit()),
        ("command", format!("`cargo xtask bench {}`", arguments.join(" ")).replace(" `", "`")),
    ])
}

/// A value of a file in `/proc` with lines of `name : value`.
pub(crate) fn proc_value(path: &str, name: &str) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let line = text.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name));
    Ok(line.with_context(|| format!("{path} has no {name}"))?.1.trim().to_owned())
}

fn processor() -> Result<String> {
    // Not every architecture names its processor there.
    Ok(proc_value("/proc/cpuinfo", "model name").unwrap_or_else(|_| std::env::consts::ARCH.to_owned()))
}

fn memory() -> Result<String> {
    let kib: f64 = proc_value("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse()?;
    Ok(format!("{:.0} GiB", kib / 1_048_576.0))
}

fn kernel() -> Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned())
}

/// The type of the file system that holds the folder, from the longest mount point above it.
fn file_system(folder: &Path) -> Result<String> {
    let folder = folder.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.nth(1)?, words.next()?))
    });
    let above = mounted.filter(|(point, _)| folder.starts_with(point)).max_by_key(|(point, _)| point.len());
    Ok(above.context("no file system holds the scratch folder")?.1.to_owned())
}

/// The commit that was measured, and whether there was more than it.
fn commit() -> String {
    let git = |arguments: &[&str]| Command::new("git").args(arguments).output().ok().filter(|o| o.status.success()).map(|o| o.stdout);
    let Some(head) = git(&["rev-parse", "--short", "HEAD"]) else { return "not known".to_owned() };
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| changes.is_empty());
    format!("{}{}", String::from_utf8_lossy(&head).trim(), if is_clean { "" } else { " with changes" })
}
