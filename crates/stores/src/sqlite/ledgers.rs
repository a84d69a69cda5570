//! The ledgers as the writer knows them: read once, changed in memory, written once a commit.
//!
//! Nobody else writes them, so what is remembered is what the database holds. A group commit that moves thirty runs on writes their common
//! ledgers once and not thirty times.

use super::read;
use crate::ledger::{self, Over};
use domain::money::{Balance, LedgerChange};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Accounts that are remembered: those of all runs that are driven, and then some.
const ACCOUNTS_MAX: usize = 16_384;

#[derive(Default)]
pub(super) struct Ledgers {
    known: HashMap<String, Balance>,
    /// Accounts that the transaction under way has changed and not written yet.
    changed: BTreeSet<String>,
}

impl Ledgers {
    /// Applies changes, all of them or none.
    pub(super) fn change(&mut self, connection: &Connection, changes: &[LedgerChange]) -> rusqlite::Result<Result<(), Over>> {
        let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
        for account in ledger::touched(changes) {
            let balance = match self.known.get(account) {
                Some(known) => *known,
                None => read::balance(connection, account)?,
            };
            balances.insert(account.to_owned(), balance);
        }
        if let Err(over) = ledger::apply(&mut balances, changes) {
            return Ok(Err(over));
        }
        self.changed.extend(balances.keys().cloned());
        self.known.extend(balances);
        Ok(Ok(()))
    }

    /// Writes what the transaction has changed, before it is committed.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO ledger (account, spent, held) VALUES (?1, ?2, ?3) ON CONFLICT (account) DO UPDATE SET spent = ?2, held = ?3";
        for account in &self.changed {
            let balance = self.known.get(account).copied().unwrap_or_default();
            connection.prepare_cached(sql)?.execute(params![account, balance.spent.0, balance.held.0])?;
        }
        self.changed.clear();
        if self.known.len() > ACCOUNTS_MAX {
            self.known.clear();
        }
        Ok(())
    }

    /// Removes an account.
    pub(super) fn remove(&mut self, connection: &Connection, account: &str) -> rusqlite::Result<()> {
        self.known.remove(account);
        self.changed.remove(account);
        connection.prepare_cached("DELETE FROM ledger WHERE account = ?1")?.execute([account])?;
        Ok(())
    }

    /// What is remembered may have been rolled back: it is read again.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.changed.clear();
    }
}
