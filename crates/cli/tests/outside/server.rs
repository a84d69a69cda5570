//! The real `orchestrator up` as a process of its own, in a home of its own.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::watch;

pub(crate) const KEY: &str = "the key of these tests";

/// The most that a start, an answer or an end may take here. They take milliseconds; a busy machine may need more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a script for the model and an agent that has nothing but the script's tools.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new(script: &str) -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        std::fs::create_dir(home.path("agents")).unwrap();
        std::fs::write(home.path("agents/worker.md"), "---\nname: worker\ndescription: Does what the script says.\n---\nWork.\n").unwrap();
        home.set_script(script);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the next server's model plays.
    pub(crate) fn set_script(&self, script: &str) {
        std::fs::write(self.path("script.toml"), script).unwrap();
    }

    /// `up` in this home. `wrapper` is a program that runs it, such as strace with its options.
    pub(crate) fn up(&self, wrapper: &[&str]) -> Command {
        let mut words = wrapper.iter().copied().chain([env!("CARGO_BIN_EXE_orchestrator"), "up", "--port", "0"]);
        let mut command = Command::new(words.next().unwrap());
        let log = std::fs::OpenOptions::new().append(true).create(true).open(self.path("log")).unwrap();
        command.args(words).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.0.path()).env("API_KEY", KEY);
        command.env("ORCHESTRATOR_DATA_DIR", self.path("data")).env("ORCHESTRATOR_AGENTS_DIR", self.path("agents"));
        command.env("ORCHESTRATOR_MODEL", format!("scripted/{}", self.path("script.toml").display()));
        command
    }

    /// A server that listens.
    pub(crate) async fn start(&self) -> Server {
        let server = Server::spawn(self.up(&[]), &self.path("data"));
        assert!(server.listens().await, "the server ended at once: {}", self.log());
        server
    }

    /// What servers in this home have said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

/// A process that serves, or did.
pub(crate) struct Server {
    pid: u32,
    lock: PathBuf,
    url: OnceLock<String>,
    ended: watch::Receiver<Option<ExitStatus>>,
    http: reqwest::Client,
}

impl Server {
    pub(crate) fn spawn(mut command: Command, data: &Path) -> Server {
        let mut process = command.spawn().unwrap();
        let pid = process.id().expect("it has not been waited for");
        let (end, ended) = watch::channel(None);
        tokio::spawn(async move {
            end.send_replace(Some(process.wait().await.unwrap()));
        });
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Server { pid, lock: data.join("lock"), url: OnceLock::new(), ended, http }
    }

    /// Waits until it listens. False when it ended before.
    pub(crate) async fn listens(&self) -> bool {
        while !self.has_ended() {
            if self.url.get().is_some() {
                return true;
            }
            let lock: Value = std::fs::read(&self.lock).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
            if let (true, Some(url)) = (lock["pid"] == self.pid, lock["address"].as_str()) {
                self.url.get_or_init(|| url.to_owned());
                return true;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        false
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url.get().expect("it listens"))
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(self.url(path)).header("X-API-Key", KEY)
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(self.url(path)).header("X-API-Key", KEY)
    }

    /// The run as it is shown.
    pub(crate) async fn run(&self, id: &str) -> Value {
        answer(self.get(&format!("/api/v1/runs/{id}"))).await.expect("the server answers").1
    }

    /// The run once it stands where it should.
    pub(crate) async fn until(&self, id: &str, wanted: &str) -> Value {
        let begun = std::time::Instant::now();
        loop {
            let run = self.run(id).await;
            if run["status"] == wanted {
                return run;
            }
            assert!(begun.elapsed() < PATIENCE, "the run is not {wanted}: {run}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    /// Asks it to end, as service managers do.
    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid.cast_signed()).unwrap();
        if !self.has_ended() {
            // It may end just now, by itself.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = tokio::time::timeout(PATIENCE, ended.wait_for(Option::is_some)).await.expect("the server ends").unwrap();
        status.expect("it was waited for")
    }
}

/// The status and the body as JSON, or `None` when the server went away.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.ok()?))
}

/// Whether strace may be used here; if not, why.
pub(crate) fn strace() -> Result<(), String> {
    match std::process::Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("strace cannot be started: {error}")),
    }
}
