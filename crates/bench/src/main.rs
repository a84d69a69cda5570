//! `cargo xtask bench`: the figures of `docs/benchmarks.md`, each a ratio of two numbers of one run on one machine, best of three.
//!
//! A ratio travels from machine to machine; a number of its own does not. So what ours is divided by is measured here too, right beside it: the
//! raw SQLite of `raw.rs` and the bare axum of `bare.rs`.

mod bare;
mod http;
mod journal;
mod load;
mod machine;
mod process;
mod raw;
mod recovery;
mod simulation;
mod steps;
mod table;
mod watched;
mod world;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use table::Row;

/// Every figure is measured so often, each time together with what it is divided by, and the best ratio counts: whatever else the machine
/// does makes a figure worse, never better.
const ATTEMPTS: usize = 3;

/// The product's own, so that the engine is measured as it is shipped. What it is divided by gets the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == bare::WORD) {
        return bare::serve();
    }
    let binaries = binaries()?;
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(&binaries)?;
    let machine = machine::describe(scratch.path())?;
    let mut rows = Vec::new();
    for (name, measure) in FIGURES {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            eprintln!("measuring {name} …");
            let folder = scratch.path().join(name);
            std::fs::create_dir(&folder)?;
            rows.extend(measure(&Place { folder: &folder, binaries: &binaries }).with_context(|| format!("measuring {name}"))?);
            std::fs::remove_dir_all(&folder)?;
        }
    }
    print!("{}", table::print(&machine, &rows));
    Ok(())
}

/// Where a figure is measured.
struct Place<'a> {
    /// An empty folder on a real disk.
    folder: &'a Path,
    /// The folder of the release binaries.
    binaries: &'a Path,
}

type Measure = fn(&Place<'_>) -> Result<Vec<Row>>;

/// Every figure, in the order of the table. `cargo xtask bench NAME…` measures only these.
const FIGURES: &[(&str, Measure)] = &[
    ("steps", steps::measure),
    ("http", http::measure),
    ("process", process::measure),
    ("journal", journal::measure),
    ("recovery", recovery::measure),
    ("simulation", simulation::measure),
];

/// The folder this program was built into; the product is built beside it.
fn binaries() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().context("a program lies in a folder")?.to_owned())
}
