//! `run`: runs listed, looked at, followed, ended, answered.

use super::ask::follow;
use super::{Context, run_id};
use crate::arguments::{Format, Gate, Run, Saying};
use crate::assemble::Assembly;
use crate::desk::{self, Desk, Purpose};
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::print;
use api::{ControlView, DecisionBody};
use domain::CallId;
use domain::event::Status;

const NO_GATE: Gate = Gate { fail_on: None };

/// Does what was asked.
pub(crate) async fn run(context: Context, run: Run) -> Result<Exit, Failure> {
    let purpose = match &run {
        Run::Ls { .. } | Run::Get { .. } | Run::Watch { .. } => Purpose::Look,
        Run::Cancel { .. } | Run::Resume { .. } | Run::Decide { .. } => Purpose::Change,
    };
    let config = context.config()?;
    let assembly = Assembly::new(&config).await?;
    let desk = desk::open(&config, context.server().as_deref(), purpose, &assembly).await?;
    let exit = act(&context, desk.as_ref(), run).await;
    desk.close().await;
    exit
}

async fn act(context: &Context, desk: &dyn Desk, run: Run) -> Result<Exit, Failure> {
    match run {
        Run::Ls { active, status, limit } => list(context, desk, active, &status, limit).await,
        Run::Get { id } => {
            let view = desk.get(run_id(&id)?).await?;
            show::run(context.format(), context.terminal, &view, false);
            Ok(Exit::Done)
        }
        Run::Watch { id } => follow(context, desk, run_id(&id)?, None, NO_GATE).await,
        Run::Cancel { id } => Ok(said(context, &desk.cancel(run_id(&id)?).await?)),
        Run::Resume { id } => {
            let id = run_id(&id)?;
            desk.resume(id).await?;
            follow(context, desk, id, None, NO_GATE).await
        }
        Run::Decide { id, saying, call, result, reason } => {
            let id = run_id(&id)?;
            let word = word(saying, call, result, reason)?;
            let answered = desk.decide(id, &word).await?;
            if desk.is_local() {
                // Nobody else drives it, so it is driven here to its end.
                return follow(context, desk, id, None, NO_GATE).await;
            }
            Ok(said(context, &answered))
        }
    }
}

fn said(context: &Context, answer: &ControlView) -> Exit {
    match context.format() {
        Format::Text => print(&format!("run {}: {}; {}\n", answer.run_id, answer.status.as_str(), answer.message)),
        format => show::json(format, answer),
    }
    Exit::Done
}

fn word(saying: Saying, call: Option<String>, result: Option<String>, reason: Option<String>) -> Result<DecisionBody, Failure> {
    let decision = match saying {
        Saying::Approve => api::Saying::Approve,
        Saying::Deny => api::Saying::Deny,
        Saying::Retry => api::Saying::Retry,
        Saying::Done => api::Saying::Done,
        Saying::Abort => api::Saying::Abort,
    };
    if saying == Saying::Done && result.is_none() {
        return Err(Failure::usage("done needs --result with what the call gave; an empty text is fine"));
    }
    if saying != Saying::Done && result.is_some() {
        return Err(Failure::usage("--result goes with done"));
    }
    if saying != Saying::Deny && reason.is_some() {
        return Err(Failure::usage("--reason goes with deny"));
    }
    Ok(DecisionBody { call: call.map(CallId::new), call_hash: None, decision, output: result, reason })
}

async fn list(context: &Context, desk: &dyn Desk, active: bool, statuses: &[String], limit: u64) -> Result<Exit, Failure> {
    let mut wanted = Vec::new();
    for text in statuses {
        let known = || Status::ALL.map(Status::as_str).join(", ");
        wanted.push(Status::parse(text).ok_or_else(|| Failure::usage(format!("the status {text:?} must be one of {}", known())))?);
    }
    if active {
        wanted.extend(Status::ALL.into_iter().filter(|status| !status.is_ended()));
    }
    let page = desk.list(&wanted, usize::try_from(limit).unwrap_or(100)).await?;
    if context.format() != Format::Text {
        show::json(context.format(), &page);
        return Ok(Exit::Done);
    }
    if page.runs.is_empty() {
        print("There are no such runs.\n");
        return Ok(Exit::Done);
    }
    let row = |run: &api::RunRowView| {
        let task: String = run.task.chars().take(60).collect();
        vec![run.run_id.to_string(), run.status.as_str().to_owned(), run.created_at.clone(), run.cost_usd_micros.to_string(), task]
    };
    let rows: Vec<Vec<String>> = page.runs.iter().map(row).collect();
    show::table(context.terminal, &["RUN", "STATUS", "SUBMITTED", "COST", "TASK"], &rows);
    if page.next.is_some() {
        print("There are more; --limit shows up to 100.\n");
    }
    Ok(Exit::Done)
}
