//! The vendors' own clients against the stand-in that the providers are tested with: proof that it speaks the true wires.

use crate::all_tests::Counted;
use crate::shell::{install, program, root, target};
use anyhow::{Context, Result, ensure};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Sets up a pinned Python environment, starts the stand-in, and lets the clients talk to it.
///
/// # Errors
/// Python or its packages could not be had, or a test failed.
pub(crate) fn test(counted: &mut Counted) -> Result<()> {
    let folder = root().join("tests/wire");
    if !folder.exists() {
        return Ok(());
    }
    let python = environment(&folder.join("requirements.txt"))?;
    // `cargo test` has built it with the other binaries; building the package alone would compile its dependencies again with fewer features.
    let standin = Standin::start(&target().join("debug/model-standin"))?;
    let tests = program(&python).args(&["-m", "unittest", "discover", "--start-directory", "tests/wire"]).env("STANDIN_URL", &standin.url);
    // unittest writes to standard error; one stream keeps its lines in order and lets them be counted.
    let mut shell = Command::new("sh");
    let command = tests.command();
    shell.current_dir(root()).args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().context("could not start python")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    text.lines().for_each(|line| counted.add(line));
    ensure!(output.status.success(), "the vendors' clients and the stand-in disagree");
    Ok(())
}

/// The interpreter of a virtual environment with exactly these packages; made once for each content of the file.
fn environment(requirements: &Path) -> Result<PathBuf> {
    let pinned = std::fs::read_to_string(requirements)?;
    let mut hash = DefaultHasher::new();
    pinned.hash(&mut hash);
    let folder = target().join(format!("wire-{:016x}", hash.finish()));
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

/// The stand-in as a process of its own; it ends with this value.
struct Standin {
    process: Child,
    url: String,
}

impl Standin {
    fn start(binary: &Path) -> Result<Self> {
        let mut process = Command::new(binary).stdout(Stdio::piped()).spawn().with_context(|| format!("could not start {}", binary.display()))?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        let url = url.trim().to_owned();
        ensure!(url.starts_with("http://127.0.0.1:"), "the stand-in printed {url:?} and not its address");
        Ok(Self { process, url })
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
