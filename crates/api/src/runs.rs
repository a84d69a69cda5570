//! A run as callers see it.

use domain::event::{Outcome, RouteReason, Status};
use domain::finding::{Evidence, Finding, Severity};
use domain::run::CallState;
use domain::{Run, UsdMicros};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A run's result, or how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its id, a UUID of version 7.
    pub run_id: String,
    /// pending, running, awaiting_approval, needs_decision, sleeping, paused, completed, failed or cancelled.
    pub status: String,
    /// `full`, or `partial` with what kept it from being full; null until the run has completed.
    pub outcome: Option<OutcomeView>,
    /// Markdown; why there is none when the run failed or was cancelled; null until it has ended.
    pub answer: Option<String>,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<FindingView>,
    /// Who worked on it.
    pub agents: Vec<String>,
    /// Tokens of the model calls whose provider counted them.
    pub usage: UsageView,
    /// What it has cost, in millionths of a US dollar.
    pub cost_usd_micros: i64,
    /// From submission to the last event.
    pub duration_ms: u64,
}

/// How complete an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeView {
    /// `full` or `partial`.
    pub kind: String,
    /// With `partial`: why, one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingView {
    /// Unique within the run.
    pub id: String,
    /// info, low, medium, high or critical.
    pub severity: String,
    /// One sentence that names the thing.
    pub title: String,
    /// What it stands on; never empty.
    pub evidence: Vec<EvidenceView>,
    /// What to do.
    pub remedy: String,
    /// The tool or the agent that says so.
    pub source: String,
}

/// Words of an output that the run's journal holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceView {
    /// `event`.
    pub kind: String,
    /// Whose journal.
    pub run_id: String,
    /// The event's sequence number.
    pub event: u64,
    /// The tool that gave the output.
    pub tool: String,
    /// Where in the world, when the title does not say.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The words.
    pub quote: String,
}

/// Tokens as billed; the five counts are disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageView {
    /// Input that was neither read from nor written to the provider's cache.
    pub input_fresh: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Model calls made.
    pub model_calls: u32,
    /// Tool calls made.
    pub tool_calls: u32,
    /// Bytes of the requests to models: about what has left the machine.
    pub request_bytes: u64,
}

/// A run's result with what it was asked and what it waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    /// The result.
    #[serde(flatten)]
    pub result: RunView,
    /// What was asked.
    pub task: String,
    /// The task again, under the name of the compatible API.
    pub goal: String,
    /// The model, or null for checks only.
    pub model: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// RFC 3339; null until the run has ended.
    pub completed_at: Option<String>,
    /// Why it ended without an answer.
    pub error: Option<String>,
    /// forced, rules, model or fallback: why these agents.
    pub routed_by: Option<String>,
    /// The calls that wait for a person.
    pub waiting: Vec<WaitingCall>,
    /// How many events the journal holds.
    pub events: u64,
}

/// A call that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingCall {
    /// Its id within the run.
    pub call: String,
    /// `approval`: approve or deny. `decision`: its outcome is unknown; retry, done or abort.
    pub kind: String,
    /// The tool.
    pub tool: String,
    /// The exact arguments.
    pub arguments: Value,
    /// With `approval`: the hash that the answer is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_hash: Option<String>,
    /// Why a person is asked.
    pub reason: String,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunRowView {
    /// Its id.
    pub run_id: String,
    /// Where it stands.
    pub status: String,
    /// The task's beginning.
    pub task: String,
    /// The same, under the name of the compatible API.
    pub goal: String,
    /// What it has cost, in millionths of a US dollar.
    pub cost_usd_micros: i64,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// A page of runs, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunList {
    /// The runs.
    pub runs: Vec<RunRowView>,
    /// The limit that was used.
    pub limit: u64,
    /// The offset that was used.
    pub offset: u64,
    /// How many are on this page.
    pub count: u64,
    /// The cursor of the next page, or null.
    pub next: Option<String>,
}

impl RunView {
    /// The run as it stands.
    pub fn of(run: &Run) -> RunView {
        let spend = run.spend();
        RunView {
            run_id: run.id().to_string(),
            status: run.status().as_str().to_owned(),
            outcome: run.completed().map(|completed| OutcomeView::of(&completed.outcome)),
            answer: run.completed().map(|completed| completed.answer.clone()).or_else(|| run.failure()),
            findings: run.findings().iter().map(FindingView::of).collect(),
            agents: run.routed().map_or(Vec::new(), |routed| routed.chosen.iter().map(ToString::to_string).collect()),
            usage: UsageView {
                input_fresh: spend.usage.input_fresh,
                cache_read: spend.usage.cache_read,
                cache_write_5m: spend.usage.cache_write_5m,
                cache_write_1h: spend.usage.cache_write_1h,
                output: spend.usage.output,
                model_calls: spend.model_calls,
                tool_calls: spend.tool_calls,
                request_bytes: spend.request_bytes,
            },
            cost_usd_micros: spend.cost.0,
            duration_ms: u64::try_from(run.changed_at().since(run.submitted_at()).as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Where it stands; `Failed` for a word that this release does not know.
    pub fn status(&self) -> Status {
        Status::parse(&self.status).unwrap_or(Status::Failed)
    }

    /// The worst of its findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().filter_map(|finding| Severity::parse(&finding.severity)).max()
    }

    /// What it has cost.
    pub fn cost(&self) -> UsdMicros {
        UsdMicros(self.cost_usd_micros)
    }
}

impl OutcomeView {
    fn of(outcome: &Outcome) -> OutcomeView {
        match outcome {
            Outcome::Full => OutcomeView { kind: "full".to_owned(), reason: None },
            Outcome::Partial { reason } => OutcomeView { kind: "partial".to_owned(), reason: Some(reason.clone()) },
        }
    }
}

impl FindingView {
    fn of(finding: &Finding) -> FindingView {
        FindingView {
            id: finding.id.clone(),
            severity: finding.severity.as_str().to_owned(),
            title: finding.title.clone(),
            evidence: finding.evidence.iter().map(EvidenceView::of).collect(),
            remedy: finding.remedy.clone(),
            source: finding.source.clone(),
        }
    }
}

impl EvidenceView {
    fn of(evidence: &Evidence) -> EvidenceView {
        match evidence {
            Evidence::Event { run_id, event, tool, place, quote } => EvidenceView {
                kind: "event".to_owned(),
                run_id: run_id.to_string(),
                event: *event,
                tool: tool.to_string(),
                place: place.clone(),
                quote: quote.clone(),
            },
        }
    }
}

impl RunDetail {
    /// The run as it stands.
    pub fn of(run: &Run) -> RunDetail {
        let task = run.submitted().task.clone();
        RunDetail {
            result: RunView::of(run),
            goal: task.clone(),
            task,
            model: run.model().map(ToString::to_string),
            created_at: run.submitted_at().rfc3339(),
            updated_at: run.changed_at().rfc3339(),
            completed_at: run.status().is_ended().then(|| run.changed_at().rfc3339()),
            error: run.failure(),
            routed_by: run.routed().map(|routed| reason(routed.reason).to_owned()),
            waiting: run.calls().filter_map(WaitingCall::of).collect(),
            events: run.head(),
        }
    }
}

/// The wire name of a reason.
pub(crate) fn reason(reason: RouteReason) -> &'static str {
    match reason {
        RouteReason::Forced => "forced",
        RouteReason::Rules => "rules",
        RouteReason::Model => "model",
        RouteReason::Fallback => "fallback",
    }
}

impl WaitingCall {
    fn of(call: &domain::run::Call) -> Option<WaitingCall> {
        let (kind, call_hash, reason) = match &call.state {
            CallState::Waiting { call_hash, reason } => ("approval", Some(call_hash.clone()), reason.clone()),
            CallState::Unknown => ("decision", None, "the process that made this call is gone; whether the call happened is not known".to_owned()),
            _ => return None,
        };
        Some(WaitingCall {
            call: call.id.to_string(),
            kind: kind.to_owned(),
            tool: call.tool.to_string(),
            arguments: call.arguments.clone(),
            call_hash,
            reason,
        })
    }
}

impl RunRowView {
    /// From its row.
    pub fn new(run_id: String, status: Status, task: String, cost: UsdMicros, created_at: String, updated_at: String) -> RunRowView {
        RunRowView { run_id, status: status.as_str().to_owned(), goal: task.clone(), task, cost_usd_micros: cost.0, created_at, updated_at }
    }
}
