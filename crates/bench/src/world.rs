//! The world in which the engine is measured: everything in it answers at once, so that what takes time is ours.
//!
//! The sizes are those of real work: an instruction of a page, a sentence from the model at every turn, a dozen lines from the tool, a price, so
//! that every model call goes through the ledgers.

use anyhow::{Context, Result};
use async_trait::async_trait;
use domain::agent::{Agent, Catalogue};
use domain::event::{Limits, Mode};
use domain::model::{ModelError, ModelRef, ModelReply, ModelRequest, RequestedCall, Speaker, Stop};
use domain::money::Usage;
use domain::permit::{ByEffectClass, PermittedCall};
use domain::prices::Prices;
use domain::principal::Principal;
use domain::tool::{EffectClass, Reach, Replay, ToolError, ToolOutput, ToolSpec, Trust};
use domain::{Run, Timestamp, UsdMicros};
use engine::{Engine, Options, Parts, Submission};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use ports::{Clock, Model, ModelEvent, Store, Tool};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MODEL: &str = "bench/instant";
const AGENT: &str = "---\nname: bench\ndescription: Looks at a machine again and again.\ntools: [look]\n---\n";
const RULE: &str = "Look before you conclude, hold one hypothesis at a time, and make the one call that would prove it wrong.\n";
const SAID: &str = "The load is high and the processors wait for a disk, so I look at the disks next; a full one would explain both.";
const SEEN: &str = "/dev/vda 251 GiB, 63 GiB free, ext4, rw, inodes 9 % used, 0.3 ms a read, 0.9 ms a write\n";

/// How a model behaves at the turn after so many.
#[derive(Clone, Copy)]
pub(crate) enum Ends {
    /// It gives its answer.
    Answers,
    /// It never says a word again.
    HangsUp,
}

/// An engine on this store whose model asks for a tool at each turn but the last.
pub(crate) fn engine(store: Arc<dyn Store>, turns: usize, ends: Ends, runs_concurrent_max: usize) -> Result<Engine> {
    let tool: Arc<dyn Tool> = Arc::new(Look(look()));
    let agents = [Agent::parse(&format!("{AGENT}{}", RULE.repeat(20)))?];
    let no_limit = UsdMicros(i64::MAX / 4);
    Ok(Engine::new(Parts {
        store,
        clock: Arc::new(MachineClock::new()),
        models: BTreeMap::from([("bench".to_owned(), Arc::new(Instantly { turns, ends }) as Arc<dyn Model>)]),
        catalogue: Catalogue::new(agents, [tool.spec().clone()])?,
        tools: vec![tool],
        policy: Arc::new(ByEffectClass),
        prices: Prices::parse(
            "[[model]]\nprovider = \"bench\"\nid = \"instant\"\ninput = \"1.00\"\noutput = \"5.00\"\nas_of = \"-\"\nsource = \"-\"\nverified = true",
        )?,
        options: Options { runs_concurrent_max, key_cost_per_day_max: no_limit, global_cost_per_day_max: no_limit, ..Options::default() },
    }))
}

/// A task for the one agent, with room for so many turns and their cost.
pub(crate) fn task(turns: usize) -> Submission {
    Submission {
        task: "Is this machine healthy, and why does 127.0.0.1:1 not answer?".to_owned(),
        context: None,
        principal: Principal::local(),
        mode: Mode::Agents(vec!["bench".into()]),
        model: ModelRef::parse(MODEL),
        limits: Limits { turns_max: turns as u32 + 1, cost_usd_micros_max: UsdMicros(1_000_000_000), ..Limits::default() },
        idempotency: None,
    }
}

/// Takes one task from submission to its end.
pub(crate) async fn run_one(engine: &Engine, turns: usize) -> Result<Arc<Run>> {
    let submission = task(turns);
    let tenant = submission.principal.tenant.clone();
    let accepted = engine.submit(submission).await?;
    let run = engine.settled(&tenant, accepted.run).await?.context("the run is gone")?;
    anyhow::ensure!(run.completed().is_some_and(|c| c.answer == SAID), "the run did not go as it should: {:?} {:?}", run.completed(), run.failure());
    Ok(run)
}

struct Instantly {
    turns: usize,
    ends: Ends,
}

impl Model for Instantly {
    fn destination(&self) -> String {
        "local".to_owned()
    }

    fn stream(&self, request: &ModelRequest, _: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let said = request.messages.iter().filter(|m| m.speaker == Speaker::Assistant).count();
        let is_last = said + 1 >= self.turns;
        if is_last && matches!(self.ends, Ends::HangsUp) {
            return stream::pending().boxed();
        }
        let call = RequestedCall { tool: "look".into(), arguments: json!({"path": "/"}), problem: None };
        let (calls, stop) = if is_last { (Vec::new(), Stop::End) } else { (vec![call], Stop::ToolUse) };
        let usage = Some(Usage { input_fresh: 1_000, output: 50, ..Usage::default() });
        let reply = ModelReply { text: SAID.to_owned(), calls, opaque: Vec::new(), stop, usage };
        stream::iter([Ok(ModelEvent::Finished(reply))]).boxed()
    }
}

struct Look(ToolSpec);

fn look() -> ToolSpec {
    ToolSpec {
        name: "look".into(),
        description: "Looks at the file systems of this machine: size, room, inodes, how long a read and a write take.".to_owned(),
        input_schema: json!({"type": "object", "properties": {"path": {"type": "string"}}, "additionalProperties": false}),
        replay: Replay::Safe,
        effect: EffectClass::Observe,
        reach: Reach::Host,
        trust: Trust::Trusted,
        timeout_ms: 10_000,
        checks: Vec::new(),
    }
}

#[async_trait]
impl Tool for Look {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn check(&self, _: &Value) -> Result<(), String> {
        Ok(())
    }

    async fn call(&self, _: PermittedCall) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput { text: SEEN.repeat(5), findings: Vec::new(), reachable: true })
    }
}

struct MachineClock {
    begun: Instant,
    drawn: AtomicU64,
}

impl MachineClock {
    fn new() -> MachineClock {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        MachineClock { begun: Instant::now(), drawn: AtomicU64::new(since_epoch.as_nanos() as u64) }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(since_epoch.as_micros() as i64)
    }

    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }

    fn random(&self) -> u64 {
        // SplitMix64: ids need no more than to differ.
        let mut z = self.drawn.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
