//! What only a store on a disk can get wrong.

use super::*;
use domain::{UsdMicros, canonical};
use std::io::Read;
use tempfile::TempDir;

/// A store in a directory of its own, which goes with it.
struct Fresh {
    store: Sqlite,
    _dir: TempDir,
}

impl std::ops::Deref for Fresh {
    type Target = Sqlite;
    fn deref(&self) -> &Sqlite {
        &self.store
    }
}

fn fresh() -> Fresh {
    let dir = TempDir::new().unwrap();
    Fresh { store: Sqlite::open(Options::new(dir.path())).unwrap(), _dir: dir }
}

crate::conformance!(fresh());

fn run(n: u32) -> NewRun {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    let at = Timestamp::from_micros(1);
    NewRun {
        run: RunId::from_bytes(id),
        tenant: tenant(),
        at,
        events: vec![vec![b'x'; 900].into()],
        ledger: vec![],
        summary: Summary { status: Status::Running, task: "t".to_owned(), cost: UsdMicros(0), updated_at: at },
        blobs: vec![],
        idempotency: None,
    }
}

fn tenant() -> TenantId {
    TenantId::new("t")
}

async fn append(store: &Sqlite, run: RunId, expected_seq: u64) -> Result<(), AppendError> {
    let events = vec![vec![b'y'; 900].into()];
    store.append(Append { run, expected_seq, writer_epoch: store.writer_epoch(), events, ledger: vec![], summary: None }).await
}

async fn assert_chain(store: &Sqlite, run: RunId, events: usize) {
    let stored = store.events(&tenant(), run, 0, usize::MAX).await.unwrap();
    assert_eq!(stored.len(), events);
    stored.iter().fold([0; 32], |link, event| {
        let next = canonical::chain(&link, &event.bytes);
        assert_eq!(event.chain, next);
        next
    });
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_files_are_copied_as_a_crash_would_leave_them() {
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(Options::new(dir.path())).unwrap();
    store.create(run(1)).await.unwrap();
    for seq in 1..50 {
        append(&store, run(1).run, seq).await.unwrap();
    }
    let copy = TempDir::new().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        // The shared-memory index is rebuilt; a crash may leave any of it.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    let after = Sqlite::open(Options::new(copy.path())).unwrap();
    assert_chain(&after, run(1).run, 50).await;
    assert_eq!(after.writer_epoch(), store.writer_epoch() + 1);
    append(&after, run(1).run, 50).await.unwrap();
    assert_chain(&after, run(1).run, 51).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_that_write_themselves_and_callers_that_wait_keep_every_chain() {
    let dir = TempDir::new().unwrap();
    let store = Arc::new(Sqlite::open(Options::new(dir.path())).unwrap());
    let lanes: Vec<_> = (0..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store.create(run(n)).await.unwrap();
                for seq in 1..100 {
                    append(&store, run(n).run, seq).await.unwrap();
                    // Some leave the others time to find nobody writing.
                    tokio::time::sleep(std::time::Duration::from_micros(u64::from(n) * 200)).await;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await.unwrap();
    }
    for n in 0..8 {
        assert_chain(&store, run(n).run, 100).await;
    }
}

#[tokio::test]
async fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let dir = TempDir::new().unwrap();
    let first = Sqlite::open(Options::new(dir.path())).unwrap();
    let refused = |address: Option<&str>| match Sqlite::open(Options::new(dir.path())) {
        Err(OpenError::Locked { pid, address: found, .. }) => assert_eq!((pid, found.as_deref()), (Some(std::process::id()), address)),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two owners"),
    };
    refused(None);
    first.announce("127.0.0.1:8000").unwrap();
    refused(Some("127.0.0.1:8000"));
    first.create(run(1)).await.unwrap();
    let beside = Sqlite::open_read_only(dir.path()).unwrap();
    assert_chain(&beside, run(1).run, 1).await;
    assert!(matches!(beside.create(run(2)).await, Err(CreateError::Store(Error::ReadOnly))));
    drop(first);
    Sqlite::open(Options::new(dir.path())).unwrap();
}

#[test]
fn a_newer_database_and_one_that_is_none_are_refused_by_name() {
    let dir = TempDir::new().unwrap();
    drop(Sqlite::open(Options::new(dir.path())).unwrap());
    let path = database_path(dir.path());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Sqlite::open(Options::new(dir.path())).err().unwrap();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    std::fs::write(&path, "this is not a database, whatever its name says".repeat(100)).unwrap();
    let error = Sqlite::open(Options::new(dir.path())).err().unwrap();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

#[test]
fn a_directory_that_cannot_be_made_is_refused() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let error = Sqlite::open(Options::new(dir.path().join("file/data"))).err().unwrap();
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
}

#[tokio::test]
async fn the_log_stays_under_its_cap_and_readers_see_whole_appends() {
    let dir = TempDir::new().unwrap();
    let cap = 8 * 1024 * 1024;
    let store = Sqlite::open(Options { wal_bytes_max: cap, ..Options::new(dir.path()) }).unwrap();
    store.create(run(1)).await.unwrap();
    let events = |n: u64| vec![Arc::from(n.to_be_bytes()), vec![b'z'; 3_000].into()];
    let mut largest = 0;
    for n in 0..3_000 {
        let append =
            Append { run: run(1).run, expected_seq: 1 + 2 * n, writer_epoch: store.writer_epoch(), events: events(n), ledger: vec![], summary: None };
        store.append(append).await.unwrap();
        if n % 100 == 0 {
            let seen = store.events(&tenant(), run(1).run, 0, usize::MAX).await.unwrap().len();
            assert_eq!(seen % 2, 1, "half an append was seen");
            largest = largest.max(std::fs::metadata(dir.path().join("orchestrator.db-wal")).unwrap().len());
        }
    }
    assert!(largest < cap + 4 * 1024 * 1024, "the log grew to {largest} bytes");
}

#[tokio::test]
async fn the_log_is_begun_anew_while_commits_follow_each_other() {
    let dir = TempDir::new().unwrap();
    let store = Sqlite::open(Options { wal_bytes_max: u64::MAX, ..Options::new(dir.path()) }).unwrap();
    let begun_anew = || {
        // SQLite counts in the log's header how often.
        let mut header = [0; 16];
        std::fs::File::open(dir.path().join("orchestrator.db-wal")).unwrap().read_exact(&mut header).unwrap();
        u32::from_be_bytes(header[12..].try_into().unwrap()) > 0
    };
    futures_util::future::join_all((0..4).map(async |n| {
        let run = run(n);
        store.create(run.clone()).await.unwrap();
        for seq in 1.. {
            assert!(seq < 5_000, "the log only grows");
            let events = vec![vec![b'z'; 16 * 1024].into()];
            store
                .append(Append { run: run.run, expected_seq: seq, writer_epoch: store.writer_epoch(), events, ledger: vec![], summary: None })
                .await
                .unwrap();
            if begun_anew() {
                return;
            }
        }
    }))
    .await;
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_keeps_what_it_took() {
    let dir = TempDir::new().unwrap();
    let path = database_path(dir.path());
    drop(Sqlite::open(Options::new(dir.path())).unwrap());
    let mut connection = schema::open(&path).unwrap();
    let epoch = schema::prepare(&mut connection, &path).unwrap();
    connection.pragma_update(None, "max_page_count", 40).unwrap();
    let (checkpoints, _checkpointer) = checkpoint::spawn(&path).unwrap();
    let writer = Arc::new(Mutex::new(Writer::new(connection, epoch, &path, u64::MAX, checkpoints)));
    let (requests, queue) = mpsc::channel(8);
    let here = writer.clone();
    let thread = std::thread::spawn(move || writer::run(&writer, queue));
    let writing = Some(Writing { writer: here, requests });
    let store = Sqlite { writing, threads: vec![thread], readers: read::Readers::open(&path).unwrap(), epoch, lock: None };
    store.create(run(1)).await.unwrap();
    let mut seq = 1;
    let error = loop {
        match append(&store, run(1).run, seq).await {
            Ok(()) => seq += 1,
            Err(error) => break error,
        }
        assert!(seq < 1_000);
    };
    assert!(matches!(error, AppendError::Store(Error::Full)), "{error}");
    assert_chain(&store, run(1).run, seq as usize).await;
    // Space is freed: here, by purging what another process would have deleted.
    drop(store);
    let store = Sqlite::open(Options::new(dir.path())).unwrap();
    append(&store, run(1).run, seq).await.unwrap();
    assert_chain(&store, run(1).run, seq as usize + 1).await;
}
