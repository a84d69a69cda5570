//! A finding: something wrong or worth knowing, with the evidence it stands on.

use crate::ids::{RunId, ToolName};
use serde::{Deserialize, Serialize};

/// How bad it is. Ordered from `Info` up, so that `max` is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Can wait.
    Low,
    /// Should be looked at.
    Medium,
    /// Something does not work, or soon will not.
    High,
    /// Something is down or about to lose data.
    Critical,
}

impl Severity {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Reads the wire name.
    pub fn parse(text: &str) -> Option<Severity> {
        [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical].into_iter().find(|s| s.as_str() == text)
    }
}

/// A finding as a tool or a model makes it, before it has an id and a place in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingDraft {
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that names the thing: "127.0.0.1:1 refuses connections".
    pub title: String,
    /// Words of the output that show it.
    pub quote: String,
    /// Where in the world it is (`host:port`, a path, a process), when the title alone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What to do.
    #[serde(default)]
    pub remedy: String,
}

/// A recorded finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Unique within the run: `f<sequence number>-<index>`.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that names the thing.
    pub title: String,
    /// What it stands on; never empty.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remedy: String,
    /// Who says so: the tool or the agent.
    pub source: String,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// An output recorded in a run's journal.
    Event {
        /// Whose journal.
        run_id: RunId,
        /// The event's sequence number.
        event: u64,
        /// The tool that gave the output.
        tool: ToolName,
        /// Where in the world.
        #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        /// Words of the output.
        quote: String,
    },
    /// A place in a file.
    File {
        /// `path:line`, the path relative to what was read.
        #[serde(rename = "where")]
        place: String,
        /// What stands there, as its language names it: `Resources.Service`, `aws_ecs_service.api`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// The line, or what was read from it.
        quote: String,
        /// What it shows, in a few words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A resource, or the set of resources that was searched.
    Resource {
        /// Its name or ARN, or where was searched.
        #[serde(rename = "where")]
        place: String,
        /// What was read of it.
        quote: String,
    },
}

impl Evidence {
    /// The quoted words.
    pub fn quote(&self) -> &str {
        match self {
            Evidence::Event { quote, .. } | Evidence::File { quote, .. } | Evidence::Resource { quote, .. } => quote,
        }
    }
}
