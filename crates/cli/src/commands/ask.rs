//! `ask`: a task in, an answer out.

use super::Context;
use crate::arguments::{Ask, Format, Gate};
use crate::assemble::Assembly;
use crate::desk::{self, Desk, Purpose};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::show;
use crate::signals;
use crate::terminal::tell;
use api::{RunView, SubmitRun};
use domain::RunId;
use domain::event::Status;
use domain::model::ModelErrorKind;
use std::time::Duration;

/// Submits the task, tells what happens and prints the result.
pub(crate) async fn ask(mut context: Context, ask: Ask) -> Result<Exit, Failure> {
    if let Some(model) = &ask.model {
        context.layers.add_flag("model", "--model", model.clone());
    }
    let task = SubmitRun {
        task: ask.task,
        agent_ids: ask.agent,
        // A server of ours chooses by its own configuration unless told otherwise.
        model: ask.model,
        budget_usd: ask.budget,
        ..SubmitRun::default()
    };
    work(&context, task, ask.timeout.map(Duration::from_secs), ask.gate).await
}

/// The whole way of a task: `ask` and `check` differ only in what they submit.
pub(crate) async fn work(context: &Context, mut task: SubmitRun, timeout: Option<Duration>, gate: Gate) -> Result<Exit, Failure> {
    let config = context.config()?;
    let assembly = Assembly::new(&config).await?;
    let server = context.server();
    let desk = desk::open(&config, server.as_deref(), Purpose::Work, &assembly).await?;
    let is_local = desk.is_local();
    if is_local && task.mode.is_none() {
        if !context.common.quiet {
            tell(&assembly.choice.line(assembly.destination().as_deref()));
        }
        if let Some(warning) = assembly.warning() {
            tell(&format!("warning: {warning}"));
        }
    }
    if is_local {
        // The configuration has the model already, whatever its form.
        task.model = None;
    }
    let run = desk.submit(&task).await?;
    if !context.common.quiet {
        tell(&format!("run {run}"));
    }
    let result = follow(context, desk.as_ref(), run, timeout, gate).await;
    desk.close().await;
    result
}

/// Follows a run and prints its result; Ctrl-C and the time limit leave it.
pub(crate) async fn follow(context: &Context, desk: &dyn Desk, run: RunId, timeout: Option<Duration>, gate: Gate) -> Result<Exit, Failure> {
    let format = context.format();
    let mut progress = Progress::new(context.terminal, context.common.quiet, format == Format::Jsonl, format == Format::Text);
    let out_of_time = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let ended = {
        let mut see = |update| progress.see(update);
        tokio::select! {
            view = desk.follow(run, &mut see) => Ok(view?),
            () = signals::interrupted() => Err(Exit::Interrupted),
            () = out_of_time => Err(Exit::TimedOut),
        }
    };
    progress.end();
    let view = match ended {
        Ok(view) => view,
        Err(exit) => {
            signals::exit_on_next_interrupt();
            tell(&desk.leave(run).await);
            return Ok(exit);
        }
    };
    let is_answer_printed = view.answer.as_deref().is_some_and(|answer| progress.has_printed(answer));
    show::run(format, context.terminal, &view, is_answer_printed);
    Ok(exit_of(&view, progress.model_error(), gate))
}

/// What the result means to a script. Findings that were asked about count most: they were the question.
pub(crate) fn exit_of(view: &RunView, model_error: Option<ModelErrorKind>, gate: Gate) -> Exit {
    let worst = view.findings.iter().map(|finding| finding.severity).max();
    let is_partial = view.outcome.as_deref() == Some("partial");
    match view.status {
        status if status.waits_for_person() => Exit::Waiting,
        Status::Failed | Status::Cancelled => Exit::Failed,
        _ if gate.fail_on.is_some_and(|bar| worst >= Some(bar)) => Exit::Findings,
        Status::Completed if is_partial => match model_error {
            Some(ModelErrorKind::OverBudget) => Exit::Budget,
            Some(ModelErrorKind::Denied) => Exit::Auth,
            Some(ModelErrorKind::Connect) => Exit::Unreachable,
            _ => Exit::Done,
        },
        _ => Exit::Done,
    }
}
