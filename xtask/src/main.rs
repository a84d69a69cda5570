//! What people type while they work on the product: `cargo xtask check | test | sim | bench | compare`.

mod all_tests;
mod compare;
mod house;
mod python;
mod shell;

use anyhow::{Result, bail};
use shell::{cargo, program};

const USAGE: &str = "usage: cargo xtask COMMAND
  check              formatting, lints and the rules of the house
  test               check, then every test there is, with all they need set up
  sim [FROM..TO]     the simulated world over these seeds (default 0..20000), optimised
  bench [FIGURE…]    the figures of docs/benchmarks.md, measured (default all of them)
  compare [BINARY]   the review of a large repository beside checkov's, with a release build or this binary";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => check(),
        ["test"] => {
            check()?;
            all_tests::run()
        }
        ["sim"] => sim("0..20000"),
        ["sim", seeds] => sim(seeds),
        ["bench", figures @ ..] => bench(figures),
        ["compare"] => compare::run(None),
        ["compare", binary] => compare::run(Some(binary)),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

fn check() -> Result<()> {
    cargo(["fmt", "--all", "--check"]).run()?;
    house::check(&shell::root())?;
    cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]).run()
}

fn sim(seeds: &str) -> Result<()> {
    cargo(["test", "--release", "--package", "testkit", "--test", "simulation", "--", "--nocapture"]).env("SIM_SEEDS", seeds).run()
}

fn bench(figures: &[&str]) -> Result<()> {
    cargo(["build", "--release", "--package", "orchestrator", "--package", "bench", "--locked"]).run()?;
    program(shell::target().join("release/bench")).args(figures).run()
}
