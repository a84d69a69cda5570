//! The stand-in as a process: prints its address and serves until it is ended.

use std::future::pending;
use std::io::Write;
use testkit::standin::Standin;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let standin = Standin::start().await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", standin.url())?;
    out.flush()?;
    pending::<()>().await;
    Ok(())
}
