//! Opening connections, and bringing the schema up to date.

use super::{OpenError, configure, connection_error};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Each brings the schema one version further. Never edit one that was released: add the next.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/0001_runs.sql")];

/// Opens the database for writing.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| connection_error(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    // FULL: a commit returns when it is on the disk, not before.
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;").map_err(failed)?;
    Ok(connection)
}

/// Opens the database for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| connection_error(path, source);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    Ok(connection)
}

/// Migrates, and begins a new lease: gives its number.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<u64, OpenError> {
    let version = check_version(connection, path)?;
    let failed = |source| connection_error(path, source);
    for (n, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", n as i64 + 1).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    let next = "INSERT INTO meta VALUES ('writer_epoch', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value";
    let epoch: i64 = connection.query_row(next, [], |row| row.get(0)).map_err(failed)?;
    restrict(path);
    Ok(epoch.unsigned_abs())
}

/// The schema's version, which must not be newer than ours.
pub(super) fn check_version(connection: &Connection, path: &Path) -> Result<usize, OpenError> {
    let failed = |source| connection_error(path, source);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let known = MIGRATIONS.len() as i64;
    match usize::try_from(found) {
        Ok(version) if found <= known => Ok(version),
        _ => Err(OpenError::Newer { path: path.to_owned(), found, known }),
    }
}

/// Journals hold what people asked and what tools saw: only their owner reads them.
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // The directory is 0700 already; this guards a directory somebody made by hand.
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}
