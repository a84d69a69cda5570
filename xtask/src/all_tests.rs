//! `cargo xtask test`: every test there is, and one closing line that counts them.

use crate::python;
use crate::shell::{cargo, install};
use anyhow::{Result, ensure};
use std::process::Command;

/// Runs every test.
///
/// # Errors
/// The first kind of test that fails ends the run of them all.
pub(crate) fn run() -> Result<()> {
    let mut counted = Counted::default();
    provide_strace();
    cargo(["test", "--workspace", "--locked"]).run_watched(|line| counted.add(line))?;
    python::test(&mut counted)?;
    ensure!(counted.passed > 0, "no test ran");
    println!("{} passed, {} failed, {} skipped", counted.passed, counted.failed, counted.skipped);
    Ok(())
}

/// With strace, tests kill a process in the midst of a commit and let an fsync fail. Without it they say so and leave that out.
fn provide_strace() {
    if Command::new("strace").arg("--version").output().is_err()
        && let Err(error) = install("strace")
    {
        eprintln!("going on without strace: {error:#}");
    }
}

/// How many tests ran and how they ended.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct Counted {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counted {
    /// Takes the counts from a closing line of cargo's test runner or of Python's unittest; other lines count nothing.
    pub(crate) fn add(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let counts = counts.split_once(". ").map_or("", |(_, counts)| counts);
            for part in counts.split("; ") {
                match part.split_once(' ') {
                    Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                    Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                    Some((number, "ignored")) => self.skipped += number.parse().unwrap_or(0),
                    _ => {}
                }
            }
        } else if let Some(rest) = line.strip_prefix("Ran ")
            && let Some((number, rest)) = rest.split_once(' ')
            && rest.starts_with("test")
        {
            // Python's runner exits with an error when one of them failed, which ends this run.
            self.passed += number.parse().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counted;

    #[test]
    fn closing_lines_of_both_runners_are_counted() {
        let mut counted = Counted::default();
        counted.add("test result: ok. 42 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.2s");
        counted.add("Ran 7 tests in 0.812s");
        counted.add("Ran out of ideas");
        assert_eq!(counted, Counted { passed: 49, failed: 0, skipped: 1 });
    }
}
