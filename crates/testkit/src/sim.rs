//! The simulated world: a seed drives the clock, the model, the tools, the people, the store's faults and the crashes.
//!
//! One seed is one small history: tasks are submitted, processes die and start again over the same store, people answer, and at
//! the end everything that was promised is checked. The same seed gives the same history.

mod invariants;
mod model;
mod people;
mod store;
mod tools;
mod world;

use domain::agent::{Agent, Catalogue};
use domain::event::{Limits, Mode};
use domain::model::ModelRef;
use domain::permit::ByEffectClass;
use domain::prices::Prices;
use domain::principal::Principal;
use domain::{RunId, UsdMicros};
use engine::{Engine, Options, Parts, Submission, SubmitError};
use ports::store::IdempotencyKey;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use world::{Rng, World};

/// What one seed came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Runs that were acknowledged.
    pub runs: u64,
    /// Processes that died or drained.
    pub lives: u64,
    /// Store faults injected.
    pub faults: u64,
    /// Tool effects on the world.
    pub effects: u64,
    /// Time that passed in the simulation.
    pub simulated: Duration,
}

/// A promise that a seed has broken.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed}: {broken}")]
pub struct Violation {
    /// Run the simulation with it to see it again.
    pub seed: u64,
    /// Which promise, and by which run.
    pub broken: String,
}

/// A history ends after this much simulated time; a run that is still open then is stuck.
const LAST_LIFE_MAX: Duration = Duration::from_secs(48 * 3_600);
const LIVES_MAX: u64 = 6;

/// Lives through one history.
pub fn simulate(seed: u64) -> Result<Report, Violation> {
    let world = World::new(seed);
    let tasks = world.with_rng(|rng| (0..rng.between(1, 4)).map(|n| task(rng, n)).collect::<Vec<_>>());
    let lives = world.with_rng(|rng| rng.between(1, LIVES_MAX));
    let mut report = Report::default();
    let mut acknowledged = BTreeMap::new();
    for life in 0..=lives {
        let is_last = life == lives;
        world.begin_life(is_last);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|e| Violation { seed, broken: format!("no runtime: {e}") })?;
        let finished = runtime.block_on(async {
            let finished = tokio::select! {
                biased;
                () = world.crash() => Ok(false),
                result = live(&world, &tasks, &mut acknowledged) => result.map(|()| true),
                () = tokio::time::sleep(LAST_LIFE_MAX) => Err("the runs did not end within two days".to_owned()),
            };
            world.end_life();
            finished
        });
        // Dropping the runtime is the crash: every task ends wherever it stands.
        drop(runtime);
        report.lives += 1;
        let finished = finished.map_err(|broken| Violation { seed, broken })?;
        if is_last && !finished {
            return Err(Violation { seed, broken: "the last life crashed".to_owned() });
        }
    }
    invariants::check(&world, &tasks, &acknowledged).map_err(|broken| Violation { seed, broken })?;
    report.runs = acknowledged.len() as u64;
    report.simulated = world.elapsed();
    (report.faults, report.effects) = world.counts();
    Ok(report)
}

/// A task of the history.
pub(crate) struct Task {
    pub(crate) text: String,
    pub(crate) mode: Mode,
    pub(crate) with_model: bool,
    pub(crate) budget: UsdMicros,
    pub(crate) key: Option<IdempotencyKey>,
}

fn task(rng: &mut Rng, n: u64) -> Task {
    let words = ["is the disk full", "why does 10.0.0.1:22 not answer", "is the disk of 10.0.0.1:22 full", "hello"];
    Task {
        text: format!("task {n}: {}", words[rng.below(words.len() as u64) as usize]),
        mode: if rng.one_in(4) { Mode::Agents(vec!["ops".into()]) } else { Mode::Supervised },
        with_model: !rng.one_in(5),
        budget: UsdMicros(*rng.pick(&[3_000, 20_000, 250_000])),
        key: rng.one_in(2).then(|| IdempotencyKey { key: format!("key-{n}"), request_hash: format!("hash-{n}") }),
    }
}

/// One process: takes over what is open, submits what nobody has acknowledged, and stays until all has ended or the seed ends it.
async fn live(world: &Arc<World>, tasks: &[Task], acknowledged: &mut BTreeMap<usize, RunId>) -> Result<(), String> {
    let engine = engine(world);
    while engine.recover().await.is_err() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for (n, task) in tasks.iter().enumerate() {
        // Without a key a caller cannot ask again safely, so it asks once and lives with the doubt.
        if acknowledged.contains_key(&n) || task.key.is_none() && !world.first_try(n) {
            continue;
        }
        world.pause().await;
        match engine.submit(submission(task)).await {
            Ok(accepted) => {
                acknowledged.insert(n, accepted.run);
            }
            Err(SubmitError::Store(_) | SubmitError::Busy { .. }) => {}
            Err(other) => return Err(format!("task {n} was refused: {other}")),
        }
    }
    let drain_after = world.with_rng(|rng| (!world.is_last_life() && rng.one_in(3)).then(|| Duration::from_millis(rng.below(20_000))));
    tokio::select! {
        biased;
        result = people::answer_until_all_ended(world, &engine) => result,
        () = async {
            match drain_after {
                Some(after) => tokio::time::sleep(after).await,
                None => std::future::pending().await,
            }
        } => {
            engine.drain(Duration::from_secs(5)).await;
            Ok(())
        }
    }
}

fn submission(task: &Task) -> Submission {
    Submission {
        task: task.text.clone(),
        context: None,
        principal: Principal::local(),
        mode: task.mode.clone(),
        model: if task.with_model { ModelRef::parse("sim/m") } else { None },
        limits: Limits { turns_max: 6, cost_usd_micros_max: task.budget, ..Limits::default() },
        idempotency: task.key.clone(),
    }
}

const PRICES: &str = r#"
[[model]]
provider = "sim"
id = "m"
input = "1.00"
output = "5.00"
as_of = "2026-01-01"
source = "made up"
verified = true
"#;

fn engine(world: &Arc<World>) -> Engine {
    let tools = tools::all(world);
    let agent = |text: &str| Agent::parse(text).expect("the simulation's agents are right");
    let names: Vec<_> = tools.iter().map(|t| t.spec().name.to_string()).collect();
    let agents = [
        agent(&format!("---\nname: ops\ndescription: d\nkeywords: {{disk: 3}}\ntools: [{}]\n---\nLook.\n", names.join(", "))),
        agent("---\nname: net\ndescription: d\ntarget_score: 3\ntools: [look]\n---\nLook.\n"),
        agent("---\nname: supervisor\ndescription: d\n---\nJoin.\n"),
    ];
    let catalogue = Catalogue::new(agents, tools.iter().map(|t| t.spec().clone())).expect("the simulation's agents name its tools");
    Engine::new(Parts {
        store: Arc::new(store::SimStore::new(world.clone())),
        clock: Arc::new(world::SimClock::new(world.clone())),
        models: BTreeMap::from([("sim".to_owned(), Arc::new(model::SimModel::new(world.clone())) as Arc<dyn ports::Model>)]),
        tools,
        catalogue,
        policy: Arc::new(ByEffectClass),
        prices: Prices::parse(PRICES).expect("the simulation's prices are right"),
        options: Options { runs_concurrent_max: 3, global_cost_per_day_max: world.daily_limit(), ..Options::default() },
    })
}
