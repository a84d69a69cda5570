//! `orchestrator`: a task in plain words, investigated by AI agents with real tools, answered with findings and their evidence.

mod agents;
mod arguments;
mod assemble;
mod choice;
mod clock;
mod commands;
mod config;
mod desk;
mod exit;
mod keys;
mod logs;
mod progress;
mod show;
mod signals;
mod terminal;

use arguments::{Arguments, Command};
use clap::Parser;
use commands::Context;
use config::Layers;
use exit::{Exit, Failure};
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::Terminal;

/// A run is made of many small pieces that one thread makes and another drops; the system's allocator spends a tenth of a request's time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors to those who asked for them.
            let is_error = error.use_stderr();
            let _ = error.print();
            return code(if is_error { Exit::Usage } else { Exit::Done });
        }
    };
    match run(arguments) {
        Ok(exit) => code(exit),
        Err(failure) => {
            eprintln!("error: {}", terminal::harmless(&failure.to_string()));
            code(failure.exit)
        }
    }
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments { common, command } = arguments;
    let mut layers = Layers::new(environment());
    if let Some(dir) = &common.data_dir {
        layers.add_flag("data_dir", "--data-dir", dir.display().to_string());
    }
    let named = common.config.clone().or_else(|| layers.variable("ORCHESTRATOR_CONFIG").map(PathBuf::from));
    if let Some(path) = named.or_else(|| layers.usual_file()) {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("the configuration {} could not be read: {error}", path.display())))?;
        layers.add_file(path, &text)?;
    }
    let terminal = Terminal::new(common.no_color, common.quiet);
    let context = Context { common, layers, terminal };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("the runtime could not be started: {error}")))?;
    let exit = runtime.block_on(dispatch(context, command));
    // A probe that hangs in the system must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

async fn dispatch(context: Context, command: Command) -> Result<Exit, Failure> {
    if !matches!(command, Command::Up(_)) {
        logs::start(context.layers.variable("ORCHESTRATOR_LOG").or_else(|| context.layers.variable("RUST_LOG")).unwrap_or("warn"));
    }
    match command {
        Command::Ask(ask) => commands::ask::ask(context, ask).await,
        Command::Check(check) => commands::check::check(context, check).await,
        Command::Run(run) => commands::run::run(context, run).await,
        Command::Agent(agent) => commands::agent::agent(context, agent).await,
        Command::Infra(infra) => commands::infra::infra(&context, infra),
        Command::Config(config) => commands::config::config(context, config).await,
        Command::Doctor => commands::doctor::doctor(context).await,
        Command::Version => Ok(commands::version::version(&context)),
        Command::Up(up) => commands::up::up(context, up).await,
    }
}

/// The environment; what is not UTF-8 in it is no setting of ours.
fn environment() -> std::collections::BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}
