//! What must be true at the end of every history.

use super::Task;
use super::world::World;
use domain::money::Balance;
use domain::{Event, RunId, TenantId, canonical};
use futures_util::FutureExt;
use ports::Store;
use ports::store::ListQuery;
use std::collections::BTreeMap;

pub(crate) fn check(world: &World, tasks: &[Task], acknowledged: &BTreeMap<usize, RunId>) -> Result<(), String> {
    if let Some(broken) = world.broken() {
        return Err(broken);
    }
    let tenant = domain::principal::Principal::local().tenant;
    let query = ListQuery { tenant: tenant.clone(), statuses: vec![], before: None, offset: 0, limit: 1_000 };
    let rows = now(world.durable.list(query))?.runs;
    for (n, run) in acknowledged {
        if !rows.iter().any(|row| row.run == *run) {
            return Err(format!("task {n} was acknowledged as run {run}, which is gone"));
        }
    }
    for row in &rows {
        if !row.summary.status.is_ended() {
            return Err(format!("run {} is still {}", row.run, row.summary.status.as_str()));
        }
        chain_holds(world, &tenant, row.run)?;
        let Some(task) = tasks.iter().find(|t| t.text.starts_with(&row.summary.task) || row.summary.task.starts_with(&t.text)) else {
            return Err(format!("run {} has a task nobody submitted", row.run));
        };
        let ledger = now(world.durable.balance(&format!("run:{}", row.run)))?;
        ledger_holds(&format!("run {}", row.run), &ledger, task.budget)?;
        if ledger.spent != row.summary.cost {
            return Err(format!("run {} shows {} and its ledger {}", row.run, row.summary.cost, ledger.spent));
        }
        let of_task = rows.iter().filter(|r| r.summary.task == row.summary.task).count();
        if task.key.is_some() && of_task > 1 {
            return Err(format!("one idempotency key made {of_task} runs"));
        }
        if of_task == 1 && world.billed(&task.text) > ledger.spent {
            return Err(format!("run {} was billed {} and booked {}", row.run, world.billed(&task.text), ledger.spent));
        }
    }
    for (key, effect) in world.effects() {
        if effect.times > 1 {
            return Err(format!("{} with key {key} took effect {} times", effect.tool, effect.times));
        }
    }
    for day in ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03"] {
        ledger_holds(day, &now(world.durable.balance(&format!("global:{day}")))?, world.daily_limit())?;
    }
    Ok(())
}

fn ledger_holds(what: &str, ledger: &Balance, limit: domain::UsdMicros) -> Result<(), String> {
    if ledger.spent > limit {
        return Err(format!("{what} spent {} of {limit}", ledger.spent));
    }
    if ledger.held.0 != 0 {
        return Err(format!("{what} still holds {}", ledger.held));
    }
    Ok(())
}

fn chain_holds(world: &World, tenant: &TenantId, run: RunId) -> Result<(), String> {
    let events = now(world.durable.events(tenant, run, 0, usize::MAX))?;
    let mut link = [0; 32];
    for (n, event) in events.iter().enumerate() {
        link = canonical::chain(&link, &event.bytes);
        if event.seq != n as u64 || event.chain != link {
            return Err(format!("the chain of run {run} breaks at event {n}"));
        }
        Event::decode(&event.bytes).map_err(|e| format!("run {run}, event {n}: {e}"))?;
    }
    Ok(())
}

/// The memory store never waits.
fn now<T>(future: impl Future<Output = Result<T, ports::store::Error>>) -> Result<T, String> {
    future.now_or_never().ok_or("the memory store waited")?.map_err(|e| e.to_string())
}
