//! A run as it is shown, folded from small journals.

use super::*;
use domain::agent::{Agent, Catalogue};
use domain::event::{ChecksPlanned, Completed, Limits, PlannedCheck, RouteReason, Routed, Submitted, ToolCallFinished, ToolCallStarted};
use domain::finding::{FindingDraft, Severity};
use domain::principal::Principal;
use domain::tool::{RecordedOutput, Replay, Trust};
use domain::{BlobHash, Fact, Timestamp};
use serde_json::json;
use std::sync::Arc;

fn journal() -> Vec<Event> {
    let call = CallId::at(2, 0);
    let draft = FindingDraft {
        severity: Severity::High,
        title: "a is down".to_owned(),
        quote: "refused".to_owned(),
        place: None,
        remedy: "Start it.".to_owned(),
    };
    let facts = [
        Fact::Submitted(Box::new(Submitted {
            task: "why is a down?".to_owned(),
            context: None,
            principal: Principal::local(),
            mode: Mode::Supervised,
            model: None,
            limits: Limits::default(),
            catalogue: BlobHash::of(b""),
        })),
        Fact::Routed(Routed { candidates: Vec::new(), reason: RouteReason::Rules, chosen: vec!["net".into()] }),
        Fact::ChecksPlanned(ChecksPlanned {
            instead_of_model: None,
            checks: vec![PlannedCheck { tool: "tcp".into(), arguments: json!({ "host": "a" }), after: None }],
        }),
        Fact::ToolCallStarted(ToolCallStarted {
            call: call.clone(),
            tool: "tcp".into(),
            arguments: json!({ "host": "a" }),
            replay: Replay::Safe,
            idempotency_key: String::new(),
            policy_version: String::new(),
        }),
        Fact::ToolCallFinished(Box::new(ToolCallFinished {
            call,
            error: None,
            output: RecordedOutput { text: "refused".to_owned(), spilled: None },
            findings: vec![draft],
            reachable: false,
            trust: Trust::Trusted,
            latency_ms: 3,
        })),
        Fact::Completed(Completed { answer: "a is down.".to_owned(), outcome: Outcome::Full }),
    ];
    facts.into_iter().enumerate().map(|(i, fact)| Event { at: Timestamp::from_micros(i as i64 * 2_000), fact }).collect()
}

fn view(journal: &[Event]) -> RunView {
    let agent = Agent::parse("---\nname: net\ndescription: d\n---\nLook.\n").unwrap();
    let catalogue = Arc::new(Catalogue::new([agent], []).unwrap());
    let run = Run::begin(RunId::from_bytes([1; 16]), catalogue, journal[0].clone()).unwrap();
    let run = journal[1..].iter().fold(run, |run, event| run.apply(event.clone()).unwrap());
    RunView::of(&run).with_journal(journal)
}

#[test]
fn an_ended_run_shows_its_answer_and_how_it_came_about() {
    let view = view(&journal());
    assert_eq!((view.status, view.outcome.as_deref(), view.answer.as_deref()), (Status::Completed, Some("full"), Some("a is down.")));
    assert_eq!((view.duration_ms, view.findings.len(), view.model.as_deref()), (10, 1, None));
    assert_eq!(view.completed_at, Some(view.updated_at.clone()));
    let calls = view.tool_calls.as_deref().unwrap();
    assert_eq!((calls.len(), calls[0].state, calls[0].output.as_deref(), calls[0].event), (1, WorkState::Finished, Some("refused"), Some(4)));
}

#[test]
fn an_open_run_says_how_far_its_calls_are() {
    let view = view(&journal()[..4]);
    assert_eq!((view.status, view.outcome, view.answer, view.completed_at), (Status::Running, None, None, None));
    assert_eq!(view.tool_calls.unwrap()[0].state, WorkState::Started);
}

#[test]
fn a_call_of_unknown_outcome_waits_for_a_decision() {
    let mut journal = journal();
    journal.truncate(4);
    journal.push(Event { at: Timestamp::from_micros(9_000), fact: Fact::ToolCallUnknown { call: CallId::at(2, 0) } });
    let view = view(&journal);
    assert_eq!(view.status, Status::NeedsDecision);
    assert_eq!((view.pending.len(), view.pending[0].kind, view.pending[0].call_hash.as_deref()), (1, PendingKind::Decision, None));
    assert_eq!(view.tool_calls.unwrap()[0].state, WorkState::Unknown);
}

#[test]
fn the_view_reads_back() {
    let view = view(&journal());
    let text = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<RunView>(&text).unwrap(), view);
    let keys: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    for key in ["run_id", "status", "outcome", "answer", "findings", "agents", "usage", "cost_usd_micros", "duration_ms"] {
        assert!(keys.contains_key(key), "{key}");
    }
}
