//! kill -9 at every effect's boundaries, at commits, and at any moment: what was acknowledged is there and ends, what was recorded is
//! not done again, nothing that may happen once happens twice, and nobody spends more than allowed.

mod corpse;
mod death;
mod world;

use crate::server::{Home, answer, strace};
use death::{Death, Moment};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use world::{Rng, World};

const KILLS_MIN: usize = 300;

/// Data directories that live and die side by side. As many as keep two processors busy: a start mostly waits for the disk.
const WORLDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_process_is_killed_nothing_is_lost_or_done_twice_and_budgets_hold() {
    let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64);
    println!("KILL_SEED={seed} has the same moments again");
    let begun = Instant::now();
    let mut rng = Rng(seed);
    let mut deaths = deaths(&mut rng);
    rng.shuffle(&mut deaths);
    // In the first world money runs out, and then no tool is called any more.
    deaths.sort_by_key(Death::needs_a_tool);
    let mut worlds = JoinSet::new();
    for n in 0..WORLDS {
        let mut world = World::new(if n == 0 { world::TIGHT_DAY } else { world::WIDE_DAY }, rng.fork());
        let mut deaths: Vec<Death> =
            if n == 0 { deaths.drain(..KILLS_MIN / WORLDS).collect() } else { deaths.iter().skip(n - 1).step_by(WORLDS - 1).copied().collect() };
        rng.shuffle(&mut deaths);
        worlds.spawn(async move {
            for death in &deaths {
                world.live_until(death).await;
            }
            world.live_to_the_end().await
        });
    }
    let mut total = world::Tally::default();
    for tally in worlds.join_all().await {
        total.add(tally);
    }
    println!("{total} in {:.0} s", begun.elapsed().as_secs_f64());
    assert!(total.kills() >= KILLS_MIN, "{total}");
    assert!(
        total.decided > 0 && total.approved > 0 && total.partial < total.runs / 2 && total.came_as_chosen() * 10 > total.kills() * 8,
        "the worlds were not what they should be: {total}"
    );
}

/// Every boundary of every kind of effect several times, every commit of a life, and moments that nobody chose.
fn deaths(rng: &mut Rng) -> Vec<Death> {
    let mut deaths = Vec::new();
    for tool in world::TOOLS {
        for moment in [Moment::Before, Moment::After] {
            deaths.extend([Death::ByTool(tool, moment); 7]);
            deaths.extend([Death::InTool(tool, moment); 7]);
        }
    }
    match strace() {
        Ok(()) => {
            deaths.extend((1..=30).map(|nth| Death::AtCall("fsync,fdatasync", nth)));
            deaths.extend((1..=80).map(|nth| Death::AtCall("pwrite64", nth)));
        }
        Err(why) => println!("commits are not aimed at, only hit by chance: {why}"),
    }
    let chosen = deaths.len();
    deaths.extend((chosen..KILLS_MIN + 30).map(|_| Death::After(Duration::from_millis(rng.below(400)))));
    deaths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_open_run_goes_on_after_a_kill() {
    const RUNS: usize = 200;
    let script = |pause_ms: u32| {
        format!(
            "[[script]]\n[[script.turn]]\ncall = [{{ tool = \"put\" }}]\n[[script.turn]]\ntext = \"Done.\"\n\
             [[tool]]\nname = \"put\"\neffect = \"observe\"\nreplay = \"keyed\"\nledger = \"put.jsonl\"\npause_before_ms = {pause_ms}\n"
        )
    };
    let home = Home::new(&script(50_000));
    let server = home.start().await;
    let submits = (0..RUNS).map(|_| answer(server.post("/api/v1/runs").json(&json!({ "task": "put it", "agent_ids": ["worker"] }))));
    let runs: Vec<String> = futures_util::future::join_all(submits)
        .await
        .into_iter()
        .map(|answered| match answered.expect("the server answers") {
            (202, body) => body["run_id"].as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    server.kill();
    server.ended().await;

    home.set_script(&script(0));
    let begun = Instant::now();
    let server = home.start().await;
    for run in &runs {
        server.until(run, "completed").await;
    }
    println!("{RUNS} open runs had ended {} ms after the start", begun.elapsed().as_millis());
    let mut effects = BTreeMap::new();
    for key in world::effects(&home.path("put.jsonl")) {
        *effects.entry(key).or_insert(0) += 1;
    }
    assert!(effects.len() == RUNS && effects.values().all(|times| *times == 1), "{effects:?}");
}
