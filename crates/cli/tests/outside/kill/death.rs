//! The moments at which a process is killed.

use super::world::effects;
use crate::server::{Home, Server, answer};
use std::time::{Duration, Instant};

/// A moment that is chosen and does not come gives way to one by chance after this long.
const WAIT_MAX: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Death {
    /// The tool ends the process by itself, with the intent recorded and the effect not begun, or with the effect done and not recorded.
    ByTool(&'static str, Moment),
    /// Killed from outside while the tool stands still in the midst of its call, before or after its effect.
    InTool(&'static str, Moment),
    /// Killed as a thread enters the nth such system call: in the midst of a commit, or just before its bytes are safe.
    AtCall(&'static str, u32),
    /// Killed that long after it was started.
    After(Duration),
}

impl Death {
    /// What the tool's part of the script says so that it comes to this.
    pub(super) fn in_script(&self, tool: &str) -> &'static str {
        match self {
            Death::ByTool(name, Moment::Before) if *name == tool => "die = \"before\"",
            Death::ByTool(name, Moment::After) if *name == tool => "die = \"after\"",
            Death::InTool(name, Moment::Before) if *name == tool => "pause_before_ms = 50000",
            Death::InTool(name, Moment::After) if *name == tool => "pause_after_ms = 50000",
            _ => "",
        }
    }

    /// Whether it needs a run that gets as far as its tools.
    pub(super) fn needs_a_tool(&self) -> bool {
        matches!(self, Death::ByTool(..) | Death::InTool(..))
    }

    /// Its name in the tally.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Death::ByTool(..) => "by a tool",
            Death::InTool(..) => "in a tool",
            Death::AtCall(..) => "in a commit",
            Death::After(_) => "at any moment",
        }
    }

    /// The process that is to die.
    pub(super) fn spawn(&self, home: &Home, options: &[(&str, &str)]) -> Server {
        let mut command = match self {
            Death::AtCall(calls, nth) => {
                let inject = format!("inject={calls}:signal=KILL:when={nth}");
                // The tracer is the grandchild, so that the process started here is the server itself.
                home.up(&["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject])
            }
            _ => home.up(&[]),
        };
        command.envs(options.iter().copied());
        Server::spawn(command, &home.path("data"))
    }

    /// Brings it about. True when it came as it was chosen.
    pub(super) async fn come(&self, server: &Server, home: &Home) -> bool {
        let spawned = Instant::now();
        let came = match self {
            Death::ByTool(..) | Death::AtCall(..) => tokio::time::timeout(WAIT_MAX, server.ended()).await.is_ok(),
            Death::InTool(tool, moment) => {
                let ledger = home.path(&format!("{tool}.jsonl"));
                let lines = effects(&ledger).len();
                server.listens().await;
                loop {
                    let is_there = match moment {
                        Moment::Before => is_in(server, tool).await,
                        Moment::After => effects(&ledger).len() > lines,
                    };
                    if is_there || server.has_ended() || spawned.elapsed() > WAIT_MAX {
                        break is_there;
                    }
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
            }
            Death::After(moment) => {
                tokio::time::sleep(*moment).await;
                true
            }
        };
        server.kill();
        server.ended().await;
        came
    }
}

/// Whether a run is in the midst of a call of this tool.
async fn is_in(server: &Server, tool: &str) -> bool {
    let Some((_, list)) = answer(server.get("/api/v1/runs?limit=4&status=running")).await else { return false };
    for run in list["runs"].as_array().into_iter().flatten() {
        let Some((_, run)) = answer(server.get(&format!("/api/v1/runs/{}", run["run_id"].as_str().unwrap()))).await else { return false };
        if run["tool_calls"].as_array().into_iter().flatten().any(|call| call["tool"] == tool && call["state"] == "started") {
            return true;
        }
    }
    false
}
