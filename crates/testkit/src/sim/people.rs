//! The people of the simulation: they approve and deny, look up what really happened, cancel, park and go on.

use super::world::World;
use domain::TenantId;
use domain::event::Status;
use domain::run::CallState;
use engine::{ControlError, Engine, Person, Saying};
use ports::store::ListQuery;
use std::sync::Arc;
use std::time::Duration;

/// Answers whatever waits for a person until every run has ended.
pub(crate) async fn answer_until_all_ended(world: &Arc<World>, engine: &Engine) -> Result<(), String> {
    let tenant = domain::principal::Principal::local().tenant;
    let ann = Person { tenant: tenant.clone(), name: "ann".to_owned() };
    loop {
        if let Some(broken) = world.broken() {
            return Err(broken);
        }
        tokio::time::sleep(Duration::from_millis(world.with_rng(|rng| rng.between(10, 3_000)))).await;
        let query = ListQuery { tenant: tenant.clone(), statuses: vec![], before: None, offset: 0, limit: 100 };
        let Ok(page) = engine.store().list(query).await else { continue };
        let mut open = 0;
        for row in page.runs {
            if !row.summary.status.is_ended() {
                open += 1;
                act(world, engine, row.run, &tenant, &ann).await?;
            } else if let Ok(Some(run)) = engine.run(&tenant, row.run).await {
                world.seen_ended(row.run, run.head());
            }
        }
        if open == 0 {
            return Ok(());
        }
    }
}

async fn act(world: &Arc<World>, engine: &Engine, id: domain::RunId, tenant: &TenantId, ann: &Person) -> Result<(), String> {
    let run = match engine.run(tenant, id).await {
        Ok(Some(run)) => run,
        Ok(None) => return Err(format!("run {id} is in the list and not in the store")),
        Err(engine::LoadError::Store(_)) => return Ok(()),
        Err(error) => return Err(format!("run {id} cannot be read: {error}")),
    };
    let (cancels, parks, says_yes) = world.with_rng(|rng| (rng.one_in(40), rng.one_in(30), !rng.one_in(3)));
    if cancels {
        return allowed(engine.cancel(id, ann).await);
    }
    if run.status() == Status::Paused {
        return allowed(engine.resume(id, ann).await);
    }
    if parks && !world.is_last_life() {
        return allowed(engine.pause(id, ann).await);
    }
    for call in run.calls() {
        let saying = match &call.state {
            CallState::Waiting { .. } if says_yes => Saying::Approve,
            CallState::Waiting { .. } => Saying::Deny { reason: Some("not today".to_owned()) },
            // They look at the world: what happened is done, what did not may be done now.
            CallState::Unknown if world.happened(id, &call.id) => Saying::Done { output: "it happened".to_owned() },
            CallState::Unknown if says_yes => Saying::Retry,
            CallState::Unknown => Saying::Abort,
            _ => continue,
        };
        allowed(engine.decide(id, Some(&call.id), None, saying, ann).await)?;
    }
    Ok(())
}

/// The store may fail, and another word may have come first. Anything else is a fault.
fn allowed(result: Result<Status, ControlError>) -> Result<(), String> {
    match result {
        Ok(_) | Err(ControlError::Store(_) | ControlError::Ended(_) | ControlError::NotWaiting(_)) => Ok(()),
        Err(ControlError::Load(engine::LoadError::Store(_))) => Ok(()),
        Err(error) => Err(format!("a person's word was refused: {error}")),
    }
}
