//! The commands and flags, as they are typed.

mod infra;

pub(crate) use infra::{Cost, Iam, Infra, Needs, PolicyLanguage, Prices, Recommend, Report, Review};

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::finding::Severity;
use std::path::PathBuf;

/// Gives a task to AI agents with real tools, and answers with findings that point at their evidence.
#[derive(Debug, Parser)]
#[command(name = "orchestrator", version, disable_help_subcommand = true, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Examples:
  orchestrator ask \"Is this machine healthy, and why does 127.0.0.1:1 not answer?\"
  orchestrator check net https://example.com --fail-on high

Exit codes: 0 done, 1 failed, 2 usage, 3 findings at or above --fail-on, 4 auth, 5 budget, 6 waiting for a person,
7 timed out, 8 a dependency could not be reached, 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// How the result is printed
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
    /// The configuration file (ORCHESTRATOR_CONFIG)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where runs are kept (ORCHESTRATOR_DATA_DIR)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Work on the runs of this server, with the configured API key (ORCHESTRATOR_SERVER)
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// No progress, only the result
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// No colour, as with NO_COLOR
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One JSON document a line: events as they happen, then the result
    Jsonl,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give a task to the agents and wait for the answer
    #[command(after_help = "Examples:
  orchestrator ask \"Why is https://example.com slow?\"
  orchestrator ask \"Which disk fills up first?\" --agent system_monitoring --model none -o json")]
    Ask(Ask),
    /// Look for known faults, without a model
    #[command(
        subcommand,
        after_help = "Examples:
  orchestrator check host
  orchestrator check net db.internal:5432 --fail-on high"
    )]
    Check(Check),
    /// Runs: list, look at, follow, end, answer
    #[command(
        subcommand,
        after_help = "Examples:
  orchestrator run ls --active
  orchestrator run decide 019f0c5e-7a3b-7c10-9d52-3f6f5a1f4f10 approve"
    )]
    Run(Run),
    /// The agents on offer, and which of them a task would go to
    #[command(
        subcommand,
        after_help = "Examples:
  orchestrator agent ls
  orchestrator agent route \"why does port 443 time out?\""
    )]
    Agent(Agent),
    /// Serve the HTTP API until SIGTERM
    #[command(after_help = "Examples:
  orchestrator up
  API_KEY=… orchestrator up --host 0.0.0.0 --port 8000")]
    Up(Up),
    /// Infrastructure as it is written down: what is wrong with it, what it costs, what it must be allowed
    #[command(
        subcommand,
        after_help = "Examples:
  orchestrator infra review . --fail-on high
  orchestrator infra cost . --load tasks=50000,seconds=20
  orchestrator infra recommend --load tasks=50000,seconds=20 --need ha,private"
    )]
    Infra(Infra),
    /// The configuration and where each value comes from
    #[command(
        subcommand,
        after_help = "Examples:
  orchestrator config show
  orchestrator config validate --config ./orchestrator.toml"
    )]
    Config(Config),
    /// Check that everything the product needs is there, and say what to do where it is not
    #[command(after_help = "Examples:
  orchestrator doctor
  orchestrator doctor -o json")]
    Doctor,
    /// The version
    Version,
}

#[derive(Args, Debug)]
pub(crate) struct Ask {
    /// The task, in plain words
    pub(crate) task: String,
    /// Only this agent; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Vec<String>,
    /// provider/model-id, or none for checks only
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// What the run may cost, in US dollars
    #[arg(long, value_name = "USD", allow_negative_numbers = true, value_parser = budget)]
    pub(crate) budget: Option<f64>,
    /// Park the run after this many seconds and exit with 7
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,
    #[command(flatten)]
    pub(crate) gate: Gate,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// Exit with 3 when there is a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(crate) fail_on: Option<Severity>,
}

/// The same bounds as a server's, said in the words of the flag.
fn budget(text: &str) -> Result<f64, String> {
    let fits = |usd: &f64| *usd > 0.0 && *usd <= api::BUDGET_USD_MAX;
    text.parse().ok().filter(fits).ok_or_else(|| format!("must be above 0 and at most {} US dollars", api::BUDGET_USD_MAX))
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text).ok_or_else(|| "must be info, low, medium, high or critical".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Check {
    /// This machine: load, memory, disks, processes, listening sockets
    Host {
        #[command(flatten)]
        gate: Gate,
    },
    /// A host, host:port or URL: name, connection, certificate, answer
    Net {
        /// What to look at
        #[arg(allow_hyphen_values = true)]
        target: String,
        #[command(flatten)]
        gate: Gate,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Run {
    /// Runs, newest first
    Ls {
        /// Only runs that have not ended
        #[arg(long)]
        active: bool,
        /// Only runs that stand there
        #[arg(long)]
        status: Vec<String>,
        /// At most so many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100))]
        limit: u64,
    },
    /// A run's result, or how far it is
    Get {
        /// The run's id
        id: String,
    },
    /// Follow a run until it ends or waits for a person
    Watch {
        /// The run's id
        id: String,
    },
    /// End a run as soon as what was started has ended
    Cancel {
        /// The run's id
        id: String,
    },
    /// Let a parked run go on, and follow it
    Resume {
        /// The run's id
        id: String,
    },
    /// Answer a call that waits for a person
    Decide {
        /// The run's id
        id: String,
        /// The answer: approve or deny a call that asks; retry, done or abort for one whose outcome is unknown
        #[arg(value_enum)]
        saying: Saying,
        /// The call, when several wait
        #[arg(long)]
        call: Option<String>,
        /// With done: what the call gave
        #[arg(long, value_name = "TEXT")]
        result: Option<String>,
        /// With deny: why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// A person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Saying {
    /// Make the call
    Approve,
    /// Do not make it
    Deny,
    /// It did not happen: make it now
    Retry,
    /// It happened
    Done,
    /// End the run
    Abort,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    /// Every agent with what it is for
    Ls,
    /// One agent with its tools and instructions
    Get {
        /// Its name
        name: String,
    },
    /// Which agents a task would go to by rules alone, and why
    Route {
        /// The task
        task: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Up {
    /// provider/model-id, or none for checks only
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) host: Option<String>,
    /// The port to listen on; 0 is any that is free
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Every setting, its value and where that comes from
    Show,
    /// Read everything and say what is wrong
    Validate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_target_that_looks_like_a_flag_is_still_a_target() {
        let arguments = Arguments::try_parse_from(["orchestrator", "check", "net", "-c1;id"]).unwrap();
        assert!(matches!(arguments.command, Command::Check(Check::Net { target, .. }) if target == "-c1;id"));
    }
}
