//! Every file of a folder or an archive, looked at on every core.

use super::{FILE_BYTES_MAX, Usage, merge, of_file};
use crate::inventory::Problem;
use crate::read::Files;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What these files use of AWS.
pub fn scan(files: &Files) -> Usage {
    let paths: Vec<&str> = files.paths().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut mentions, mut problems) = (Vec::new(), Vec::new());
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            // One byte more than is looked at, so that a larger file is seen to be one.
            match files.head(path, FILE_BYTES_MAX + 1) {
                Ok(bytes) => mentions.extend(of_file(path, &bytes)),
                Err(message) => problems.push(Problem { file: (*path).to_owned(), line: None, message }),
            }
        }
        (mentions, problems)
    };
    // A thread costs more than a few files do.
    let threads = thread::available_parallelism().map_or(1, usize::from).min(paths.len() / 64 + 1);
    let (mentions, problems) = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let (mut mentions, mut problems) = work();
        for other in others {
            let (more, broken) = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            mentions.extend(more);
            problems.extend(broken);
        }
        (mentions, problems)
    });
    let mut usage = merge(mentions);
    usage.problems.extend(problems);
    usage.problems.sort();
    usage
}
