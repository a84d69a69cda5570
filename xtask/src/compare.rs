//! `cargo xtask compare`: the review of a large repository beside checkov's scan of the same templates, in one run on one machine.
//!
//! Ours reads the whole repository, checkov only the folder of the templates: what it is given to do is less.

mod repository;

use crate::python;
use crate::shell::{cargo, program, root, target};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The best of so many counts: what else the machine does makes a figure worse, never better. checkov takes too long for more than one.
const ATTEMPTS: usize = 3;

const SECONDS_MAX: f64 = 1.0;
const MEGABYTES_MAX: f64 = 200.0;
const TIMES_FASTER_MIN: f64 = 20.0;

/// What one run of a program took.
#[derive(Clone, Copy, Debug)]
struct Took {
    seconds: f64,
    megabytes: f64,
    code: i32,
}

/// Measures and prints the table. `binary` is measured instead of a release build made now.
///
/// # Errors
/// A program could not be had, or did not review what it was given.
pub(crate) fn run(binary: Option<&str>) -> Result<()> {
    let binary_is_ours = binary.is_none();
    let binary = match binary {
        Some(named) => PathBuf::from(named).canonicalize().with_context(|| named.to_owned())?,
        None => {
            cargo(["build", "--release", "--package", "orchestrator", "--locked"]).run()?;
            target().join("release/orchestrator")
        }
    };
    let python = python::environment(&root().join("xtask/src/compare/requirements.txt"))?;
    let scratch = target().join("compare");
    let repository = scratch.join("repository");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&repository)?;
    eprintln!("writing the repository …");
    let (files, bytes) = repository::write(&repository)?;
    ensure!(files == repository::FILES && bytes.abs_diff(repository::BYTES) < repository::BYTES / 20, "{files} files of {bytes} bytes were made");

    let (ours, checks) = review(&binary, &scratch, &repository)?;
    let theirs = checkov(&python, &scratch, &repository)?;
    fs::remove_dir_all(&scratch)?;
    let measured = if binary_is_ours { commit() } else { "not known, a binary was named".to_owned() };
    print!("- commit: {measured}\n- command: `cargo xtask compare`\n\n{}", table(files, bytes, checks, ours, theirs));
    Ok(())
}

/// The best of our reviews, and how many checks there were.
fn review(binary: &Path, scratch: &Path, repository: &Path) -> Result<(Took, usize)> {
    eprintln!("reviewing …");
    let output = scratch.join("review.json");
    let arguments = [binary.as_os_str(), "infra".as_ref(), "review".as_ref(), repository.as_os_str(), "-o".as_ref(), "json".as_ref()];
    let mut best: Option<Took> = None;
    for _ in 0..ATTEMPTS {
        let took = watch(scratch, &output, &arguments)?;
        ensure!([0, 8].contains(&took.code), "the review ended with {}", took.code);
        best = Some(best.map_or(took, |best| Took {
            seconds: best.seconds.min(took.seconds),
            megabytes: best.megabytes.max(took.megabytes),
            code: took.code,
        }));
    }
    let report: Value = serde_json::from_slice(&fs::read(&output)?)?;
    let checks = report["checks"].as_array().context("a review has checks")?;
    // A review that did not see the templates would be quick, too.
    let open_to_all = checks.iter().find(|check| check["id"] == "NET-02").and_then(|check| check["evidence"].as_array());
    let found = open_to_all.map_or(0, Vec::len);
    ensure!(found == repository::TEMPLATES, "the review found {found} open ports, and each of {} templates has one", repository::TEMPLATES);
    Ok((best.context("there is an attempt")?, checks.len()))
}

/// One scan of the templates by checkov.
fn checkov(python: &Path, scratch: &Path, repository: &Path) -> Result<Took> {
    eprintln!("scanning with checkov …");
    let output = scratch.join("checkov.json");
    let (program, templates) = (python.with_file_name("checkov"), repository.join(repository::TEMPLATES_FOLDER));
    let options = ["--framework", "terraform", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json"];
    let mut arguments: Vec<&OsStr> = vec![program.as_os_str(), "--directory".as_ref(), templates.as_os_str()];
    arguments.extend(options.map(OsStr::new));
    let took = watch(scratch, &output, &arguments)?;
    // It ends with 1 when it has findings, as it must here.
    ensure!(took.code == 1, "checkov ended with {}", took.code);
    let resources = checkov_resources(&serde_json::from_slice(&fs::read(&output)?)?);
    let expected = (repository::TEMPLATES * repository::RESOURCES_EACH) as u64;
    ensure!(resources >= expected, "checkov saw {resources} of {expected} resources");
    Ok(took)
}

/// The resources that checkov's report counts, over all its frameworks.
fn checkov_resources(report: &Value) -> u64 {
    let parts = report.as_array().map_or(std::slice::from_ref(report), Vec::as_slice);
    parts.iter().filter_map(|part| part["summary"]["resource_count"].as_u64()).sum()
}

fn watch(folder: &Path, output: &Path, arguments: &[&OsStr]) -> Result<Took> {
    let mut command = program("python3").args(&[root().join("xtask/src/compare/watch.py").as_path(), output]).args(arguments).command();
    // It is Python's because Python knows what one child alone took, and is here anyway for checkov. Nothing of the person who measures: no configuration, no credentials.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let printed = command.current_dir(folder).env_clear().env("PATH", path).env("HOME", folder).output().context("could not start python")?;
    let text = String::from_utf8_lossy(&printed.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [seconds, kib, code] = numbers[..] else {
        anyhow::bail!("python printed {text:?}: {}", String::from_utf8_lossy(&printed.stderr));
    };
    Ok(Took { seconds, megabytes: kib * 1_024.0 / 1e6, code: code as i32 })
}

fn table(files: usize, bytes: u64, checks: usize, ours: Took, theirs: Took) -> String {
    let verdict = |is_good: bool| if is_good { "ok" } else { "short" };
    let times = theirs.seconds / ours.seconds;
    let resources = repository::TEMPLATES * repository::RESOURCES_EACH;
    let size = bytes as f64 / 1e6;
    format!(
        "| figure | measured | result | limit | |\n|---|---|---|---|---|\n\
         | review of {files} files, {size:.0} MB, {} templates with {resources} resources, {} sources | whole process, best of {ATTEMPTS}; {checks} checks | {:.2} s | < {SECONDS_MAX:.0} s | {} |\n\
         | its memory | largest resident size, worst of {ATTEMPTS} | {:.0} MB | < {MEGABYTES_MAX:.0} MB | {} |\n\
         | checkov on the same templates alone ÷ the review of everything | {:.1} s ÷ {:.2} s; {:.0} MB | {times:.0} | ≥ {TIMES_FASTER_MIN:.0} | {} |\n",
        repository::TEMPLATES,
        repository::SOURCES,
        ours.seconds,
        verdict(ours.seconds < SECONDS_MAX),
        ours.megabytes,
        verdict(ours.megabytes < MEGABYTES_MAX),
        theirs.seconds,
        ours.seconds,
        theirs.megabytes,
        verdict(times >= TIMES_FASTER_MIN),
    )
}

fn commit() -> String {
    let head = Command::new("git").current_dir(root()).args(["rev-parse", "--short", "HEAD"]).output();
    head.ok()
        .filter(|output| output.status.success())
        .map_or("not known".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_held_against_its_limit() {
        let took = |seconds, megabytes| Took { seconds, megabytes, code: 0 };
        let good = table(1, 1, 1, took(0.9, 199.0), took(18.0, 500.0));
        assert_eq!((good.matches("| ok |").count(), good.matches("| short |").count()), (3, 0), "{good}");
        let bad = table(1, 1, 1, took(1.1, 201.0), took(18.0, 500.0));
        assert_eq!((bad.matches("| ok |").count(), bad.matches("| short |").count()), (0, 3), "{bad}");
    }

    #[test]
    fn resources_are_counted_over_all_frameworks() {
        let report = serde_json::json!([{"summary": {"resource_count": 2}}, {"summary": {"resource_count": 3}}]);
        assert_eq!((checkov_resources(&report), checkov_resources(&report[0])), (5, 2));
    }
}
