//! Tests in Python: what the vendors themselves ship - their clients, their validators - is let loose on our binaries. Each folder that has a
//! `requirements.txt` is a set of tests with a pinned environment of its own.

use crate::all_tests::Counted;
use crate::shell::{install, program, root, target};
use anyhow::{Context, Result, ensure};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders, in the order in which they are tested. `wire`: the clients against the stand-in. `iam`: validators of what is generated.
/// `shapes`: the published schemas of what is printed for programs.
const FOLDERS: &[&str] = &["tests/wire", "tests/iam", "tests/shapes"];

/// Sets up each folder's environment and runs its tests.
///
/// # Errors
/// Python or its packages could not be had, or a test failed.
pub(crate) fn test(counted: &mut Counted) -> Result<()> {
    for folder in FOLDERS {
        test_folder(folder, counted).with_context(|| format!("the tests of {folder}"))?;
    }
    Ok(())
}

fn test_folder(folder: &str, counted: &mut Counted) -> Result<()> {
    let python = environment(&root().join(folder).join("requirements.txt"))?;
    // `cargo test` has built them; building a package alone would compile its dependencies again with fewer features.
    let binary = |name: &str| target().join("debug").join(name);
    let tests = program(&python)
        .args(&["-B", "-m", "unittest", "discover", "--start-directory", folder])
        .env("ORCHESTRATOR", binary("orchestrator"))
        .env("MODEL_STANDIN", binary("model-standin"));
    // unittest writes to standard error; one stream keeps its lines in order and lets them be counted.
    let mut shell = Command::new("sh");
    let command = tests.command();
    shell.current_dir(root()).args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().context("could not start python")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    text.lines().for_each(|line| counted.add(line));
    ensure!(output.status.success(), "they failed");
    Ok(())
}

/// The interpreter of a virtual environment with exactly these packages; made once for each content of the file.
pub(crate) fn environment(requirements: &Path) -> Result<PathBuf> {
    let pinned = std::fs::read_to_string(requirements).with_context(|| requirements.display().to_string())?;
    let mut hash = DefaultHasher::new();
    pinned.hash(&mut hash);
    let folder = target().join(format!("python-{:016x}", hash.finish()));
    let python = folder.join("bin/python");
    let complete = folder.join("complete");
    if complete.exists() {
        return Ok(python);
    }
    let make = || program("python3").args(&["-m", "venv", "--clear"]).args(&[&folder]).run();
    if make().is_err() {
        // Debian keeps the module in a package of its own.
        install("python3-venv")?;
        make()?;
    }
    program(&python).args(&["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).args(&[requirements]).run()?;
    std::fs::write(complete, "")?;
    Ok(python)
}
