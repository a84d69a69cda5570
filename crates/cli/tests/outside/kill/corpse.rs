//! What a killed process left on the disk, read from a copy so that the next process finds it as it was.

use super::world::{TOOLS, effects};
use crate::server::Home;
use domain::canonical;
use domain::event::{Decided, Decision};
use domain::money::Balance;
use domain::principal::Principal;
use domain::{Event, Fact, RunId, UsdMicros};
use ports::Store;
use ports::store::ListQuery;
use std::collections::{BTreeMap, BTreeSet};
use stores::Sqlite;

/// Journals, money, and what tools have really done.
#[derive(Default)]
pub(super) struct Corpse {
    runs: BTreeMap<RunId, Journal>,
    /// Accounts with what they may carry.
    accounts: BTreeMap<String, (Balance, UsdMicros)>,
    /// How often each call took effect, by its idempotency key.
    effects: BTreeMap<String, usize>,
}

/// One run, as far as its promises go.
#[derive(Default)]
struct Journal {
    events: usize,
    /// Keys of calls whose intent is recorded.
    started: BTreeSet<String>,
    /// Keys of calls that took effect by the record: an outcome without an error, or a person's word.
    done: BTreeSet<String>,
    /// Keys of calls with any outcome.
    closed: BTreeSet<String>,
    spent: UsdMicros,
    held: UsdMicros,
    has_ended: bool,
}

impl Corpse {
    pub(super) async fn of(home: &Home) -> Corpse {
        let copy = tempfile::tempdir().unwrap();
        for name in ["orchestrator.db", "orchestrator.db-wal"] {
            let file = home.path("data").join(name);
            if file.exists() {
                std::fs::copy(file, copy.path().join(name)).unwrap();
            }
        }
        let mut corpse = Corpse::default();
        for key in TOOLS.iter().flat_map(|tool| effects(&home.path(&format!("{tool}.jsonl")))) {
            *corpse.effects.entry(key).or_default() += 1;
        }
        let Ok(store) = Sqlite::open_read_only(copy.path()) else { return corpse };
        let tenant = Principal::local().tenant;
        let query = ListQuery { tenant: tenant.clone(), statuses: Vec::new(), before: None, offset: 0, limit: usize::MAX / 2 };
        // One that died while it made its database has promised nothing yet, and what was promised before is missed by whoever asks for it.
        let Ok(page) = store.list(query).await else { return corpse };
        for row in page.runs {
            let (mut journal, mut link) = (Journal::default(), [0; 32]);
            for (n, stored) in store.events(&tenant, row.run, 0, usize::MAX / 2).await.unwrap().into_iter().enumerate() {
                link = canonical::chain(&link, &stored.bytes);
                assert!(stored.seq == n as u64 && stored.chain == link, "the chain of run {} breaks at event {n}", row.run);
                corpse.read(row.run, &mut journal, Event::decode(&stored.bytes).unwrap().fact);
            }
            assert_eq!(
                (row.summary.cost, row.summary.status.is_ended()),
                (journal.spent, journal.has_ended),
                "the row of run {} is not true",
                row.run
            );
            corpse.runs.insert(row.run, journal);
        }
        for (name, (balance, _)) in &mut corpse.accounts {
            *balance = store.balance(name).await.unwrap();
        }
        corpse
    }

    fn read(&mut self, run: RunId, journal: &mut Journal, fact: Fact) {
        journal.events += 1;
        let key = |call: &domain::CallId| format!("{run}:{call}");
        match fact {
            Fact::ModelCallStarted(started) => {
                journal.held = started.reservation.amount;
                for account in started.reservation.accounts {
                    self.accounts.insert(account.name, (Balance::default(), account.limit));
                }
            }
            Fact::ModelReplied(replied) => journal.settle(replied.cost_usd_micros),
            Fact::ModelFailed(failed) => journal.settle(failed.cost_usd_micros),
            Fact::ToolCallStarted(started) => {
                assert!(!journal.closed.contains(&started.idempotency_key), "{} was begun after its end", started.idempotency_key);
                journal.started.insert(started.idempotency_key);
            }
            Fact::ToolCallFinished(finished) => {
                assert!(journal.closed.insert(key(&finished.call)), "{} ended twice", key(&finished.call));
                if finished.error.is_none() {
                    journal.done.insert(key(&finished.call));
                }
            }
            Fact::Decided(Decided { call, decision: Decision::Done { .. }, .. }) => {
                assert!(journal.closed.insert(key(&call)), "{} ended twice", key(&call));
                journal.done.insert(key(&call));
            }
            Fact::Completed(_) | Fact::Failed { .. } | Fact::Cancelled { .. } => journal.has_ended = true,
            _ => {}
        }
    }

    pub(super) fn has(&self, run: &str) -> bool {
        RunId::parse(run).is_some_and(|run| self.runs.contains_key(&run))
    }

    /// What must be true at any moment: no effect without an intent, none twice that may be once, none missing that is recorded; money
    /// as the journals have it and within its limits.
    pub(super) fn keeps_its_rules(&self, safe: &BTreeSet<String>) {
        for (key, times) in &self.effects {
            let run = key.split_once(':').and_then(|(run, _)| RunId::parse(run)).and_then(|run| self.runs.get(&run));
            assert!(run.is_some_and(|run| run.started.contains(key)), "{key} took effect without an intent");
            assert!(*times == 1 || safe.contains(key), "{key} took effect {times} times");
        }
        for key in self.runs.values().flat_map(|run| &run.done) {
            assert!(self.effects.contains_key(key), "{key} is recorded and did not happen");
        }
        let mut day = Balance::default();
        for (id, run) in &self.runs {
            day.spent += run.spent;
            day.held += run.held;
            if let Some((balance, _)) = self.accounts.get(&format!("run:{id}")) {
                assert_eq!((balance.spent, balance.held), (run.spent, run.held), "the ledger of run {id} is not as its journal");
            }
        }
        for (name, (balance, limit)) in &self.accounts {
            assert!(balance.spent + balance.held <= *limit, "{name} may carry {limit} and carries {balance:?}");
        }
        // A test that runs past midnight has two days; then they are not compared.
        let days: Vec<_> = self.accounts.iter().filter(|(name, _)| name.starts_with("global:")).collect();
        if let [(_, (balance, _))] = days.as_slice() {
            assert_eq!((balance.spent, balance.held), (day.spent, day.held), "the day's ledger is not as the journals");
        }
    }

    /// What must be true of a corpse after an earlier one: journals only grow, what was over stays so, what was recorded did not happen
    /// again.
    pub(super) fn follows(&self, earlier: &Corpse) {
        for (id, was) in &earlier.runs {
            let is = self.runs.get(id).unwrap_or_else(|| panic!("run {id} is gone"));
            assert!(is.events >= was.events && is.started.is_superset(&was.started), "the journal of run {id} has lost events");
            assert!(!was.has_ended || is.events == was.events, "run {id} had ended and went on");
            for key in &was.closed {
                assert_eq!(self.effects.get(key), earlier.effects.get(key), "{key} was recorded and happened again");
            }
        }
    }

    /// Whether nothing is under way any more.
    pub(super) fn is_at_rest(&self) -> bool {
        self.runs.values().all(|run| run.has_ended) && self.accounts.values().all(|(balance, _)| balance.held == UsdMicros::ZERO)
    }
}

impl Journal {
    fn settle(&mut self, cost: UsdMicros) {
        self.spent += cost;
        self.held = UsdMicros::ZERO;
    }
}
