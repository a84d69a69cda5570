//! The stand-in as a process: prints its address and serves until it is ended. `model-standin FILE` reads an account and obeys its policy.

use std::future::pending;
use std::io::{self, Write};
use testkit::standin::{Account, Standin};

#[tokio::main]
async fn main() -> io::Result<()> {
    let standin = match std::env::args_os().nth(1) {
        None => Standin::start().await?,
        Some(file) => Standin::start_in(Account::parse(&std::fs::read_to_string(file)?).map_err(io::Error::other)?).await?,
    };
    let mut out = io::stdout();
    writeln!(out, "{}", standin.url())?;
    out.flush()?;
    pending::<()>().await;
    Ok(())
}
