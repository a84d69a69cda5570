//! A bare axum in a process of its own: JSON in, JSON out, nothing kept. What a request costs before it means anything.

use anyhow::{Context, Result};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::process::Command;
use tokio::net::TcpListener;

/// The word by which this program is told to be it.
pub(crate) const WORD: &str = "bare-axum";
/// Where it answers.
pub(crate) const PATH: &str = "/orchestrate";

/// This very program, as the server.
pub(crate) fn command() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(WORD);
    Ok(command)
}

/// Serves until the process is ended.
pub(crate) fn serve() -> Result<()> {
    let port: u16 = std::env::args().next_back().context("a port")?.parse()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let answer = |Json(body): Json<Value>| async move { Json(json!({"success": true, "task": body["task"], "answer": "All is well."})) };
        let routes = Router::new().route("/health", get(|| async { "" })).route(PATH, post(answer));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(axum::serve(listener, routes).await?)
    })
}
