//! The exclusive lock on a data directory. The kernel lets go of it when its process dies, however it dies.

use super::OpenError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

pub(super) struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    /// Takes the lock, making the directory when it is not there.
    pub(super) fn take(dir: &Path) -> Result<DirectoryLock, OpenError> {
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full { dir: dir.to_owned() },
            _ => OpenError::NotWritable { dir: dir.to_owned(), source },
        };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(dir.join("lock"));
        let mut lock = DirectoryLock { file: open.map_err(failed)? };
        match flock(&lock.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let (pid, address) = lock.read();
                return Err(OpenError::Locked { dir: dir.to_owned(), pid, address });
            }
            Err(error) => return Err(failed(error.into())),
        }
        lock.write(None).map_err(failed)?;
        Ok(lock)
    }

    /// Says who holds the lock and where it listens.
    pub(super) fn write(&mut self, address: Option<&str>) -> std::io::Result<()> {
        let text = serde_json::json!({"pid": std::process::id(), "address": address}).to_string();
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }

    fn read(&mut self) -> (Option<u32>, Option<String>) {
        let mut text = String::new();
        // The holder may be writing just now; then only the names are missing from the message.
        let _ = self.file.read_to_string(&mut text);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        (value["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()), value["address"].as_str().map(str::to_owned))
    }
}
