//! The arithmetic of ledgers, the same in every store.

use domain::UsdMicros;
use domain::money::{Balance, LedgerChange};
use std::collections::BTreeMap;

/// A reservation that an account cannot carry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Over {
    /// The account's kind.
    pub(crate) which: String,
    /// What it has left.
    pub(crate) left: UsdMicros,
}

/// The accounts that changes touch, each once.
pub(crate) fn touched(changes: &[LedgerChange]) -> Vec<&str> {
    let mut names: Vec<&str> = changes
        .iter()
        .flat_map(|change| match change {
            LedgerChange::Reserve(reservation) | LedgerChange::Settle { reservation, .. } => &reservation.accounts,
        })
        .map(|account| account.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Applies changes in order. When one does not fit, nothing of them counts: the balances are to be thrown away.
pub(crate) fn apply(balances: &mut BTreeMap<String, Balance>, changes: &[LedgerChange]) -> Result<(), Over> {
    for change in changes {
        match change {
            LedgerChange::Reserve(reservation) => {
                for account in &reservation.accounts {
                    let balance = balances.entry(account.name.clone()).or_default();
                    let left = account.limit.saturating_sub(balance.spent + balance.held);
                    if reservation.amount > left {
                        return Err(Over { which: account.kind().to_owned(), left });
                    }
                    balance.held += reservation.amount;
                }
            }
            LedgerChange::Settle { reservation, spent } => {
                for account in &reservation.accounts {
                    let balance = balances.entry(account.name.clone()).or_default();
                    balance.held = balance.held - reservation.amount;
                    balance.spent += *spent;
                }
            }
        }
    }
    Ok(())
}
