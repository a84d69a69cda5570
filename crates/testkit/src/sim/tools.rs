//! Tools of every replay rule and effect class, over one ledger of what has really happened.

use super::world::World;
use async_trait::async_trait;
use domain::permit::PermittedCall;
use domain::tool::*;
use domain::{Event, Fact};
use ports::Tool;
use ports::store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn all(world: &Arc<World>) -> Vec<Arc<dyn Tool>> {
    let tool = |name: &str, replay, effect, checks: &[CheckKind]| -> Arc<dyn Tool> {
        let spec = ToolSpec {
            name: name.into(),
            description: "simulated".to_owned(),
            input_schema: json!({"type": "object"}),
            replay,
            effect,
            reach: Reach::Host,
            trust: Trust::Untrusted,
            timeout_ms: 20_000,
            checks: checks.to_vec(),
        };
        Arc::new(SimTool { world: world.clone(), spec })
    };
    vec![
        tool("look", Replay::Safe, EffectClass::Observe, &[CheckKind::Machine, CheckKind::Endpoint]),
        tool("fetch", Replay::Keyed, EffectClass::Observe, &[]),
        tool("restart", Replay::Keyed, EffectClass::Change, &[]),
        tool("count", Replay::Once, EffectClass::Observe, &[]),
        tool("pay", Replay::Once, EffectClass::Speak, &[]),
    ]
}

struct SimTool {
    world: Arc<World>,
    spec: ToolSpec,
}

#[async_trait]
impl Tool for SimTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        if arguments.get("severity").is_some() { Err("no severity here".to_owned()) } else { Ok(()) }
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        self.must_not_be_recorded(&call).await;
        self.world.pause().await;
        let key = call.idempotency_key();
        let known = self.world.effects().contains_key(&key);
        if call.replay() == Replay::Once && known {
            self.world.break_promise(format!("the once call {key} happened twice"));
        }
        // The service behind a keyed tool knows its keys; a safe call changes nothing worth counting.
        if !(call.replay() == Replay::Keyed && known) && call.replay() != Replay::Safe {
            self.world.perform(key, self.spec.name.as_str());
        }
        self.world.pause().await;
        let (fails, reachable, long) = self.world.with_rng(|rng| (rng.one_in(10), !rng.one_in(4), rng.one_in(20)));
        if fails {
            return Err(ToolError::new(ToolErrorKind::Failed, "simulated failure"));
        }
        let text = if long { "fine ".repeat(4_000) } else { "all is fine".to_owned() };
        Ok(ToolOutput { text, findings: vec![], reachable })
    }
}

impl SimTool {
    /// A call whose outcome is in the journal is never made again.
    async fn must_not_be_recorded(&self, call: &PermittedCall) {
        let tenant = domain::principal::Principal::local().tenant;
        let events = self.world.durable.events(&tenant, call.run(), 0, usize::MAX).await.unwrap_or_default();
        let recorded = events.iter().filter_map(|e| Event::decode(&e.bytes).ok()).any(|e| match e.fact {
            Fact::ToolCallFinished(finished) => finished.call == *call.call(),
            _ => false,
        });
        if recorded {
            self.world.break_promise(format!("the recorded call {} was made again", call.idempotency_key()));
        }
        let intended = events.iter().filter_map(|e| Event::decode(&e.bytes).ok()).any(|e| match e.fact {
            Fact::ToolCallStarted(started) => started.call == *call.call(),
            _ => false,
        });
        if !intended {
            self.world.break_promise(format!("the call {} was made before its intent was durable", call.idempotency_key()));
        }
    }
}
