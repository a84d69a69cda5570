//! What every store must do. A backend's tests hand each case a fresh store.

use domain::event::Status;
use domain::money::{Account, Balance, LedgerChange, Reservation};
use domain::{BlobHash, RunId, TenantId, Timestamp, UsdMicros, canonical};
use futures_util::future::join_all;
use ports::Store;
use ports::store::*;
use std::sync::Arc;

/// Makes one test for each case. `$store` gives a fresh store behind a pointer that keeps it alive, such as a box; it is evaluated once a test.
#[macro_export]
macro_rules! conformance {
    ($store:expr) => {
        $crate::conformance!(@each $store;
            what_is_appended_reads_back_byte_for_byte_with_its_chain,
            an_append_that_is_not_at_the_head_names_the_head,
            a_writer_with_another_lease_is_fenced,
            a_reservation_that_does_not_fit_is_refused_alone,
            a_reservation_is_held_in_all_its_accounts_or_in_none,
            settling_makes_room_for_the_reservation_behind_it,
            one_idempotency_key_makes_one_run,
            many_callers_with_one_key_make_one_run,
            another_tenant_sees_nothing,
            lists_go_on_where_they_stopped,
            open_runs_are_those_that_have_not_ended,
            a_blob_opens_only_for_the_run_that_keeps_it,
            a_purge_takes_ended_runs_and_leaves_the_rest,
            huge_and_empty_events_are_kept,
            a_run_that_does_not_exist_takes_nothing,
        );
    };
    (@each $store:expr; $($case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                // A store may work otherwise where its caller's thread must not block.
                for mut runtime in [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()] {
                    runtime.enable_all().build().unwrap().block_on(async {
                        let store = $store;
                        $crate::conformance::$case(&*store).await;
                    });
                }
            }
        )*
    };
}

fn tenant() -> TenantId {
    TenantId::new("t")
}

fn id(n: u8) -> RunId {
    RunId::from_bytes([n; 16])
}

fn summary(status: Status) -> Summary {
    Summary { status, task: "look".to_owned(), cost: UsdMicros(0), updated_at: Timestamp::from_micros(10) }
}

fn new_run(n: u8) -> NewRun {
    NewRun {
        run: id(n),
        tenant: tenant(),
        at: Timestamp::from_micros(i64::from(n)),
        events: vec![b"first".as_slice().into()],
        ledger: vec![],
        summary: summary(Status::Running),
        blobs: vec![],
        idempotency: None,
    }
}

fn append(store: &dyn Store, n: u8, expected_seq: u64, events: &[&[u8]]) -> Append {
    let events = events.iter().map(|e| Arc::from(*e)).collect();
    Append { run: id(n), expected_seq, writer_epoch: store.writer_epoch(), events, ledger: vec![], summary: None }
}

fn reserve(amount: i64, accounts: &[(&str, i64)]) -> Reservation {
    let accounts = accounts.iter().map(|(name, limit)| Account { name: (*name).to_owned(), limit: UsdMicros(*limit) }).collect();
    Reservation { amount: UsdMicros(amount), accounts }
}

async fn balance(store: &dyn Store, account: &str) -> (i64, i64) {
    let Balance { spent, held } = store.balance(account).await.unwrap();
    (spent.0, held.0)
}

/// See the name.
pub async fn what_is_appended_reads_back_byte_for_byte_with_its_chain(store: &dyn Store) {
    store.create(new_run(1)).await.unwrap();
    store.append(append(store, 1, 1, &[b"second", b"\0\xff"])).await.unwrap();
    let events = store.events(&tenant(), id(1), 0, 100).await.unwrap();
    let mut link = [0; 32];
    for (n, (event, bytes)) in events.iter().zip([&b"first"[..], b"second", b"\0\xff"]).enumerate() {
        link = canonical::chain(&link, bytes);
        assert_eq!((event.seq, &event.bytes[..], event.chain), (n as u64, bytes, link));
    }
    assert_eq!(events.len(), 3);
    assert_eq!(store.events(&tenant(), id(1), 1, 1).await.unwrap(), events[1..2]);
    assert_eq!(store.events(&tenant(), id(1), 3, 9).await.unwrap(), []);
}

/// See the name.
pub async fn an_append_that_is_not_at_the_head_names_the_head(store: &dyn Store) {
    store.create(new_run(1)).await.unwrap();
    for wrong in [0, 2, 99] {
        let refused = store.append(append(store, 1, wrong, &[b"x"])).await;
        assert!(matches!(refused, Err(AppendError::Conflict { head: 1 })), "{refused:?}");
    }
    assert_eq!(store.events(&tenant(), id(1), 0, 9).await.unwrap().len(), 1);
}

/// See the name.
pub async fn a_writer_with_another_lease_is_fenced(store: &dyn Store) {
    store.create(new_run(1)).await.unwrap();
    let stale = Append { writer_epoch: store.writer_epoch() + 1, ..append(store, 1, 1, &[b"x"]) };
    assert!(matches!(store.append(stale).await, Err(AppendError::Fenced)));
}

/// See the name.
pub async fn a_reservation_that_does_not_fit_is_refused_alone(store: &dyn Store) {
    for n in 1..=3 {
        store.create(new_run(n)).await.unwrap();
    }
    let with = |n, amount| Append { ledger: vec![LedgerChange::Reserve(reserve(amount, &[("key:k", 100)]))], ..append(store, n, 1, &[b"x"]) };
    let (a, b, c) = tokio::join!(store.append(with(1, 60)), store.append(with(2, 60)), store.append(with(3, 40)));
    assert!(a.is_ok() && c.is_ok(), "{a:?} {c:?}");
    assert!(matches!(&b, Err(AppendError::OverBudget { which, left }) if which == "key" && *left <= UsdMicros(40)), "{b:?}");
    assert_eq!(store.events(&tenant(), id(2), 0, 9).await.unwrap().len(), 1);
    assert_eq!(balance(store, "key:k").await, (0, 100));
}

/// See the name.
pub async fn a_reservation_is_held_in_all_its_accounts_or_in_none(store: &dyn Store) {
    store.create(new_run(1)).await.unwrap();
    let ledger = vec![LedgerChange::Reserve(reserve(50, &[("run:1", 100), ("global:d", 49)]))];
    let refused = store.append(Append { ledger: ledger.clone(), ..append(store, 1, 1, &[b"x"]) }).await;
    assert!(matches!(&refused, Err(AppendError::OverBudget { which, left: UsdMicros(49) }) if which == "global"), "{refused:?}");
    assert_eq!(balance(store, "run:1").await, (0, 0));
    let refused = store.create(NewRun { ledger, ..new_run(2) }).await;
    assert!(matches!(refused, Err(CreateError::OverBudget { .. })), "{refused:?}");
    assert_eq!(store.row(&tenant(), id(2)).await.unwrap(), None);
}

/// See the name.
pub async fn settling_makes_room_for_the_reservation_behind_it(store: &dyn Store) {
    let first = reserve(80, &[("run:1", 100)]);
    store.create(NewRun { ledger: vec![LedgerChange::Reserve(first.clone())], ..new_run(1) }).await.unwrap();
    let settle = LedgerChange::Settle { reservation: first, spent: UsdMicros(30) };
    let ledger = vec![settle, LedgerChange::Reserve(reserve(70, &[("run:1", 100)]))];
    store.append(Append { ledger, ..append(store, 1, 1, &[b"x"]) }).await.unwrap();
    assert_eq!(balance(store, "run:1").await, (30, 70));
}

fn with_key(n: u8, key: &str, hash: &str) -> NewRun {
    NewRun { idempotency: Some(IdempotencyKey { key: key.to_owned(), request_hash: hash.to_owned() }), ..new_run(n) }
}

/// See the name.
pub async fn one_idempotency_key_makes_one_run(store: &dyn Store) {
    assert_eq!(store.create(with_key(1, "k", "h")).await.unwrap(), Created::New);
    assert_eq!(store.create(with_key(2, "k", "h")).await.unwrap(), Created::Before(id(1)));
    assert!(matches!(store.create(with_key(3, "k", "other")).await, Err(CreateError::KeyReused)));
    let elsewhere = NewRun { tenant: TenantId::new("other"), ..with_key(4, "k", "other") };
    assert_eq!(store.create(elsewhere).await.unwrap(), Created::New);
    assert_eq!(store.row(&tenant(), id(2)).await.unwrap(), None);
}

/// See the name.
pub async fn many_callers_with_one_key_make_one_run(store: &dyn Store) {
    let created = join_all((1..=50).map(|n| store.create(with_key(n, "k", "h")))).await;
    assert_eq!(created.iter().filter(|c| matches!(c, Ok(Created::New))).count(), 1);
    let query = ListQuery { tenant: tenant(), statuses: vec![], before: None, offset: 0, limit: 100 };
    assert_eq!(store.list(query).await.unwrap().runs.len(), 1);
}

/// See the name.
pub async fn another_tenant_sees_nothing(store: &dyn Store) {
    store.create(new_run(1)).await.unwrap();
    let other = TenantId::new("other");
    assert_eq!(store.events(&other, id(1), 0, 9).await.unwrap(), []);
    assert_eq!(store.row(&other, id(1)).await.unwrap(), None);
    let query = ListQuery { tenant: other.clone(), statuses: vec![], before: None, offset: 0, limit: 100 };
    assert_eq!(store.list(query).await.unwrap().runs, []);
    assert_eq!(store.count_by_status(&other, Timestamp::default()).await.unwrap(), []);
    assert_eq!(store.count_by_status(&tenant(), Timestamp::default()).await.unwrap(), [(Status::Running, 1)]);
}

/// See the name.
pub async fn lists_go_on_where_they_stopped(store: &dyn Store) {
    for n in 1..=5 {
        let status = if n == 3 { Status::Completed } else { Status::Running };
        store.create(NewRun { summary: summary(status), ..new_run(n) }).await.unwrap();
    }
    let list = async |statuses: &[Status], before: Option<u8>, offset, limit| {
        let query = ListQuery { tenant: tenant(), statuses: statuses.to_vec(), before: before.map(id), offset, limit };
        let page = store.list(query).await.unwrap();
        (page.runs.iter().map(|r| r.run.as_bytes()[0]).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(list(&[], None, 0, 2).await, (vec![5, 4], true));
    assert_eq!(list(&[], Some(4), 0, 3).await, (vec![3, 2, 1], false));
    assert_eq!(list(&[], None, 3, 9).await, (vec![2, 1], false));
    assert_eq!(list(&[Status::Completed], None, 0, 9).await, (vec![3], false));
    assert_eq!(list(&[], None, 0, 0).await, (vec![], true));
}

/// See the name.
pub async fn open_runs_are_those_that_have_not_ended(store: &dyn Store) {
    store.create(new_run(1)).await.unwrap();
    store.create(new_run(2)).await.unwrap();
    store.append(Append { summary: Some(summary(Status::Completed)), ..append(store, 1, 1, &[b"x"]) }).await.unwrap();
    assert_eq!(store.open_runs().await.unwrap(), [(tenant(), id(2))]);
    assert_eq!(store.row(&tenant(), id(1)).await.unwrap().unwrap().summary.status, Status::Completed);
}

/// See the name.
pub async fn a_blob_opens_only_for_the_run_that_keeps_it(store: &dyn Store) {
    let shared = (BlobHash::of(b"shared"), b"shared"[..].into());
    store.create(NewRun { blobs: vec![shared], ..new_run(1) }).await.unwrap();
    store.create(new_run(2)).await.unwrap();
    let hash = store.put_blob(id(1), b"bytes".to_vec()).await.unwrap();
    assert_eq!(store.put_blob(id(1), b"bytes".to_vec()).await.unwrap(), hash);
    assert_eq!(store.blob(id(1), &hash).await.unwrap().as_deref(), Some(&b"bytes"[..]));
    assert_eq!(store.blob(id(1), &BlobHash::of(b"shared")).await.unwrap().as_deref(), Some(&b"shared"[..]));
    assert_eq!(store.blob(id(2), &hash).await.unwrap(), None);
    assert!(store.put_blob(id(9), b"x".to_vec()).await.is_err());
}

/// See the name.
pub async fn a_purge_takes_ended_runs_and_leaves_the_rest(store: &dyn Store) {
    for n in 1..=120 {
        let status = if n <= 100 { Status::Completed } else { Status::Running };
        store.create(NewRun { summary: summary(status), ..with_key(n, &n.to_string(), "h") }).await.unwrap();
    }
    store.put_blob(id(1), b"one".to_vec()).await.unwrap();
    store.put_blob(id(1), b"both".to_vec()).await.unwrap();
    store.put_blob(id(101), b"both".to_vec()).await.unwrap();
    assert_eq!(store.purge(Timestamp::from_micros(10), Timestamp::default()).await.unwrap(), Purged::default());
    let purged = store.purge(Timestamp::from_micros(11), Timestamp::from_micros(51)).await.unwrap();
    assert_eq!(purged, Purged { runs: 100, blobs: 1, keys: 50 });
    assert_eq!(store.open_runs().await.unwrap().len(), 20);
    assert_eq!(store.events(&tenant(), id(1), 0, 9).await.unwrap(), []);
    assert!(store.blob(id(101), &BlobHash::of(b"both")).await.unwrap().is_some());
}

/// See the name.
pub async fn huge_and_empty_events_are_kept(store: &dyn Store) {
    let huge: Arc<[u8]> = vec![7; 1 << 20].into();
    store.create(NewRun { events: vec![Arc::default(), huge.clone()], ..new_run(1) }).await.unwrap();
    let events = store.events(&tenant(), id(1), 0, 9).await.unwrap();
    assert!(events[0].bytes.is_empty() && events[1].bytes == huge);
}

/// See the name.
pub async fn a_run_that_does_not_exist_takes_nothing(store: &dyn Store) {
    let refused = store.append(append(store, 1, 0, &[b"x"])).await;
    assert!(matches!(refused, Err(AppendError::Conflict { head: 0 })), "{refused:?}");
    assert_eq!(store.events(&tenant(), id(1), 0, 9).await.unwrap(), []);
}
