//! Running other programs, loudly: what is run is printed, and what fails stops everything.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A program about to be run at the root of the repository.
pub(crate) struct Run(Command);

/// Cargo itself, the very one that runs this.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Run {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(&arguments)
}

/// Any program, by name or path.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(name);
    command.current_dir(root());
    Run(command)
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Installs a package with Debian's package manager.
///
/// # Errors
/// There is no such manager here, it may not install, or it cannot reach its source.
pub(crate) fn install(package: &str) -> Result<()> {
    program("apt-get").args(&["update", "--quiet"]).run()?;
    program("apt-get").args(&["install", "--yes", "--no-install-recommends", package]).run()
}

impl Run {
    /// More arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: &[S]) -> Self {
        self.0.args(arguments);
        self
    }

    /// One more variable in its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// The command to change further, or to spawn.
    pub(crate) fn command(mut self) -> Command {
        self.announce();
        self.0
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It could not be started, or did not succeed.
    pub(crate) fn run(mut self) -> Result<()> {
        self.announce();
        let status = self.0.status().with_context(|| format!("could not start {:?}", self.0.get_program()))?;
        if !status.success() {
            bail!("{:?} ended with {status}", self.0);
        }
        Ok(())
    }

    /// Runs it to its end, printing its standard output as it comes; the lines are given to `seen` too.
    ///
    /// # Errors
    /// As [`Run::run`].
    pub(crate) fn run_watched(mut self, mut seen: impl FnMut(&str)) -> Result<()> {
        self.announce();
        let mut child = self.0.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start {:?}", self.0.get_program()))?;
        let output = child.stdout.take().context("its output is piped")?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            seen(&line);
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{:?} ended with {status}", self.0);
        }
        Ok(())
    }

    fn announce(&mut self) {
        let words: Vec<String> = self.0.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let name = PathBuf::from(self.0.get_program());
        eprintln!("$ {} {}", name.file_name().unwrap_or_default().to_string_lossy(), words.join(" "));
    }
}
