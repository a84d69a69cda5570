//! The commands, one file each.

pub(crate) mod agent;
pub(crate) mod ask;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod infra;
pub(crate) mod run;
pub(crate) mod up;
pub(crate) mod version;

use crate::arguments::{Common, Format};
use crate::config::{Config, Layers};
use crate::exit::Failure;
use crate::terminal::Terminal;
use domain::RunId;

/// What every command works with.
pub(crate) struct Context {
    pub(crate) common: Common,
    pub(crate) layers: Layers,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// What the configuration means.
    ///
    /// # Errors
    /// A value that cannot be used.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Config::from_layers(&self.layers)
    }

    /// The server that runs are on, when one is named.
    pub(crate) fn server(&self) -> Option<String> {
        self.common.server.clone().or_else(|| self.layers.variable("ORCHESTRATOR_SERVER").map(str::to_owned))
    }

    pub(crate) fn format(&self) -> Format {
        self.common.output
    }
}

/// Reads a run's id as typed.
pub(crate) fn run_id(text: &str) -> Result<RunId, Failure> {
    RunId::parse(text)
        .ok_or_else(|| Failure::usage(format!("{text:?} is not the id of a run")).advise("orchestrator run ls shows the ids of the runs there are"))
}
