//! One data directory with its ledgers, its callers and its people, over many processes.

use super::corpse::Corpse;
use super::death::Death;
use crate::server::{Home, PATIENCE, Server, answer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// A tool of each replay rule, and one that may be called once and only with a person's yes.
pub(super) const TOOLS: [&str; 4] = ["look", "put", "page", "switch"];
const EFFECTS_AND_RULES: [(&str, &str); 4] = [("observe", "safe"), ("observe", "keyed"), ("observe", "once"), ("change", "once")];

const SCRIPT: &str = r#"
price = { input = "1.00", output = "5.00" }

[[script]]
when = "at once"
[[script.turn]]
call = [{ tool = "look" }, { tool = "put" }, { tool = "page" }, { tool = "switch" }]
usage = { input_fresh = 1000, output = 200 }
[[script.turn]]
text = "All of it is done."
delay_ms = 2
usage = { input_fresh = 2000, output = 20 }

[[script]]
[[script.turn]]
call = [{ tool = "put", arguments = { n = 1 } }, { tool = "look" }]
usage = { input_fresh = 1000, output = 40 }
[[script.turn]]
text = "Next, the others."
call = [{ tool = "page" }, { tool = "switch" }]
delay_ms = 2
[[script.turn]]
call = [{ tool = "put", arguments = { n = 2 } }, { tool = "page" }]
no_usage = true
[[script.turn]]
text = "One by one, all of it is done."
"#;

/// What the runs of a tight day may cost together. A call cut short costs its whole reservation, which is about two cents.
pub(super) const TIGHT_DAY: &str = "0.40";
pub(super) const WIDE_DAY: &str = "1000";

/// A death that was chosen and did not come.
const BY_CHANCE: &str = "by chance instead";

const TASKS_PER_LIFE: usize = 2;

pub(super) struct World {
    home: Home,
    rng: Rng,
    day: &'static str,
    /// What callers have asked for, with the run that was acknowledged.
    tasks: Vec<Task>,
    last: Corpse,
    tally: Tally,
}

struct Task {
    body: Value,
    path: &'static str,
    key: String,
    run: Option<String>,
}

/// What it all came to.
#[derive(Default)]
pub(super) struct Tally {
    /// Deaths as they were chosen, by kind, and those that came otherwise.
    deaths: BTreeMap<&'static str, usize>,
    pub(super) runs: usize,
    pub(super) partial: usize,
    pub(super) decided: usize,
    pub(super) approved: usize,
    effects: usize,
}

impl World {
    pub(super) fn new(day: &'static str, rng: Rng) -> World {
        World { home: Home::new(""), rng, day, tasks: Vec::new(), last: Corpse::default(), tally: Tally::default() }
    }

    /// Starts a process, keeps it busy until this death, and looks at what it left.
    pub(super) async fn live_until(&mut self, death: &Death) {
        self.write_script(Some(death));
        for _ in 0..TASKS_PER_LIFE {
            self.think_of_a_task();
        }
        let server = death.spawn(&self.home, &self.options());
        let busy = async {
            if !server.listens().await {
                return (Vec::new(), Said::default());
            }
            let runs = ask(&server, &self.tasks).await;
            let mut said = Said::default();
            while people(&server, &self.home, &mut said).await.is_some() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            (runs, said)
        };
        let (came, (runs, said)) = tokio::join!(death.come(&server, &self.home), busy);
        *self.tally.deaths.entry(if came { death.kind() } else { BY_CHANCE }).or_default() += 1;
        self.take(runs, said);
        self.examine().await;
    }

    /// The last life: nobody kills, and all that was acknowledged ends.
    pub(super) async fn live_to_the_end(mut self) -> Tally {
        self.write_script(None);
        let mut command = self.home.up(&[]);
        command.envs(self.options());
        let server = Server::spawn(command, &self.home.path("data"));
        assert!(server.listens().await, "the last server ended at once: {}", self.home.log());
        let (runs, mut said) = (ask(&server, &self.tasks).await, Said::default());
        self.take(runs, Said::default());
        let begun = Instant::now();
        for task in &self.tasks {
            let run = task.run.as_deref().expect("the last server takes what was not taken before");
            let view = loop {
                people(&server, &self.home, &mut said).await.expect("the last server answers");
                let view = server.run(run).await;
                match view["status"].as_str().unwrap() {
                    "completed" => break view,
                    "pending" | "running" | "awaiting_approval" | "needs_decision" | "sleeping" => {}
                    status => panic!("a run that nobody cancelled is {status}: {view}"),
                }
                assert!(begun.elapsed() < PATIENCE, "the run goes on and on: {view}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            assert!(view["cost_usd_micros"].as_i64() <= view["cost_usd_micros_max"].as_i64(), "{view}");
            self.tally.runs += 1;
            self.tally.partial += usize::from(view["outcome"] == "partial");
        }
        self.take(Vec::new(), said);
        server.kill();
        server.ended().await;
        self.examine().await;
        assert!(self.last.is_at_rest(), "something is still open or held after the end");
        let log = self.home.log();
        assert!(!log.contains("panicked") && !log.contains("bug"), "{log}");
        self.tally.effects = TOOLS.iter().map(|tool| effects(&self.home.path(&format!("{tool}.jsonl"))).len()).sum();
        self.tally
    }

    fn options(&self) -> [(&'static str, &'static str); 2] {
        [("ORCHESTRATOR_BUDGET_USD_PER_DAY", self.day), ("ORCHESTRATOR_BUDGET_USD_PER_KEY_DAY", self.day)]
    }

    fn write_script(&self, death: Option<&Death>) {
        let mut script = SCRIPT.to_owned();
        for (tool, (effect, replay)) in TOOLS.into_iter().zip(EFFECTS_AND_RULES) {
            // A tool dies once for each mark that is not there.
            let _ = std::fs::remove_file(self.home.path(&format!("{tool}.jsonl.died")));
            let death = death.map_or("", |death| death.in_script(tool));
            script.push_str(&format!(
                "\n[[tool]]\nname = \"{tool}\"\neffect = \"{effect}\"\nreplay = \"{replay}\"\nledger = \"{tool}.jsonl\"\n{death}\n"
            ));
        }
        self.home.set_script(&script);
    }

    fn think_of_a_task(&mut self) {
        let n = self.tasks.len();
        let words = if self.rng.below(2) == 0 { "do it at once" } else { "do it one by one" };
        let mut body = json!({ "task": format!("{words}, {n}"), "agent_ids": ["worker"] });
        if self.rng.below(4) == 0 {
            // Enough for the calls, and for one more that is cut short.
            body["budget_usd"] = json!(0.06);
        }
        let path = if self.rng.below(2) == 0 { "/api/v1/runs" } else { "/api/v1/orchestrate" };
        self.tasks.push(Task { body, path, key: format!("task-{n}"), run: None });
    }

    /// Notes what was acknowledged. A task asked for again must have the run it had.
    fn take(&mut self, runs: Vec<(usize, String)>, said: Said) {
        for (n, run) in runs {
            let known = self.tasks[n].run.get_or_insert_with(|| run.clone());
            assert_eq!(*known, run, "one idempotency key made two runs");
        }
        self.tally.decided += said.decided;
        self.tally.approved += said.approved;
    }

    async fn examine(&mut self) {
        let corpse = Corpse::of(&self.home).await;
        for run in self.tasks.iter().filter_map(|task| task.run.as_deref()) {
            assert!(corpse.has(run), "run {run} was acknowledged and is gone");
        }
        // What only looks may look again, as long as nothing is recorded.
        corpse.keeps_its_rules(&effects(&self.home.path("look.jsonl")).into_iter().collect());
        corpse.follows(&self.last);
        self.last = corpse;
    }
}

/// Submits what has not been acknowledged, and again the last that was. Gives the tasks' runs as far as the server answered.
async fn ask(server: &Server, tasks: &[Task]) -> Vec<(usize, String)> {
    let last = tasks.iter().rposition(|task| task.run.is_some());
    let asked = tasks.iter().enumerate().filter(|(n, task)| task.run.is_none() || Some(*n) == last);
    let answers = asked.map(|(n, task)| async move {
        let request = server.post(task.path).header("Idempotency-Key", &task.key).header("Prefer", "wait=1").json(&task.body);
        let (status, body) = answer(request).await?;
        assert!(matches!(status, 200 | 202), "{status}: {body}");
        Some((n, body["run_id"].as_str().unwrap().to_owned()))
    });
    futures_util::future::join_all(answers).await.into_iter().flatten().collect()
}

/// What people have said.
#[derive(Default)]
struct Said {
    decided: usize,
    approved: usize,
}

/// Answers every call that waits for a person. `None` when the server went away.
async fn people(server: &Server, home: &Home, said: &mut Said) -> Option<()> {
    for status in ["needs_decision", "awaiting_approval"] {
        let (_, list) = answer(server.get(&format!("/api/v1/runs?limit=100&status={status}"))).await?;
        for row in list["runs"].as_array()? {
            let id = row["run_id"].as_str()?;
            let (_, run) = answer(server.get(&format!("/api/v1/runs/{id}"))).await?;
            for call in run["pending"].as_array()? {
                let key = format!("{id}:{}", call["call"].as_str()?);
                let happened = || effects(&home.path(&format!("{}.jsonl", call["tool"].as_str().unwrap()))).contains(&key);
                let decision = match call["kind"].as_str()? {
                    "approval" => json!({ "decision": "approve", "call": call["call"], "call_hash": call["call_hash"] }),
                    _ if happened() => json!({ "decision": "done", "call": call["call"], "output": "it is in the ledger" }),
                    _ => json!({ "decision": "retry", "call": call["call"] }),
                };
                let (status, body) = answer(server.post(&format!("/api/v1/runs/{id}/decision")).json(&decision)).await?;
                // Another word on the same run may have moved it on in between.
                assert!(matches!(status, 200 | 409), "{status}: {body}");
                said.approved += usize::from(status == 200 && decision["decision"] == "approve");
                said.decided += usize::from(status == 200 && decision["decision"] != "approve");
            }
        }
    }
    Some(())
}

/// The idempotency keys in a ledger, one for each time that the tool took effect.
pub(super) fn effects(ledger: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(ledger).unwrap_or_default();
    let key = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?["idempotency_key"].as_str()?.to_owned());
    // A line cut short by the kill has no end; the effect it stands for has not happened whole.
    text.lines().filter_map(key).collect()
}

/// SplitMix64: the same seed gives the same numbers.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn fork(&mut self) -> Rng {
        Rng(self.next())
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n as u64 + 1) as usize);
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, other: Tally) {
        for (kind, count) in other.deaths {
            *self.deaths.entry(kind).or_default() += count;
        }
        self.runs += other.runs;
        self.partial += other.partial;
        self.decided += other.decided;
        self.approved += other.approved;
        self.effects += other.effects;
    }

    pub(super) fn came_as_chosen(&self) -> usize {
        self.kills() - self.deaths.get(BY_CHANCE).copied().unwrap_or_default()
    }

    pub(super) fn kills(&self) -> usize {
        self.deaths.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kills {:?}; {} runs, {} of them partial; ", self.kills(), self.deaths, self.runs, self.partial)?;
        write!(f, "{} effects; {} unknown calls decided, {} calls approved", self.effects, self.decided, self.approved)
    }
}
