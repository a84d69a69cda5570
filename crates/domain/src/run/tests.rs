//! The rules of a run, shown on small journals, and two properties of every journal a run can have.

use super::*;
use crate::event::*;
use crate::finding::{FindingDraft, Severity};
use crate::model::{ModelErrorKind, ModelReply, RequestedCall, Stop as ModelStop};
use crate::permit::ByEffectClass;
use crate::principal::Principal;
use crate::target::Target;
use crate::tool::*;
use crate::{BlobHash, ToolName};
use proptest::prelude::*;
use serde_json::{Value, json};

fn catalogue() -> Arc<Catalogue> {
    let tool = |name: &str, effect, replay, checks: &[CheckKind]| ToolSpec {
        name: name.into(),
        description: format!("does {name}"),
        input_schema: json!({"type": "object"}),
        replay,
        effect,
        reach: Reach::Host,
        trust: Trust::Untrusted,
        timeout_ms: 1_000,
        checks: checks.to_vec(),
    };
    let agent = |text: &str| Agent::parse(text).unwrap();
    let agents = [
        agent("---\nname: system\ndescription: d\nkeywords: {disk: 3}\ntools: [look, restart, pay]\n---\nLook.\n"),
        agent("---\nname: network\ndescription: d\ntarget_score: 3\ntools: [connect]\n---\nConnect.\n"),
        agent("---\nname: supervisor\ndescription: d\n---\nJoin.\n"),
    ];
    let tools = [
        tool("look", EffectClass::Observe, Replay::Safe, &[CheckKind::Machine]),
        tool("restart", EffectClass::Change, Replay::Keyed, &[]),
        tool("pay", EffectClass::Observe, Replay::Once, &[]),
        tool("connect", EffectClass::Observe, Replay::Safe, &[CheckKind::Endpoint]),
    ];
    Arc::new(Catalogue::new(agents, tools).unwrap())
}

fn submitted(task: &str, model: bool) -> Fact {
    Fact::Submitted(Box::new(Submitted {
        task: task.to_owned(),
        context: None,
        principal: Principal::local(),
        mode: Mode::Supervised,
        model: model.then(|| ModelRef::parse("scripted/m").unwrap()),
        limits: Limits { turns_max: 3, ..Limits::default() },
        catalogue: BlobHash::of(b""),
    }))
}

fn replied(text: &str, calls: &[(&str, Value)]) -> Fact {
    let calls = calls.iter().map(|(tool, arguments)| RequestedCall { tool: (*tool).into(), arguments: arguments.clone(), problem: None });
    let reply = ModelReply { text: text.to_owned(), calls: calls.collect(), opaque: vec![], stop: ModelStop::End, usage: None };
    Fact::ModelReplied(Box::new(ModelReplied { reply, cost_usd_micros: UsdMicros(10), latency_ms: 1 }))
}

fn finished(call: CallId, text: &str, reachable: bool) -> Fact {
    let output = RecordedOutput { text: text.to_owned(), spilled: None };
    Fact::ToolCallFinished(Box::new(ToolCallFinished {
        call,
        error: None,
        output,
        findings: vec![],
        reachable,
        trust: Trust::Trusted,
        latency_ms: 1,
    }))
}

fn failed(kind: ModelErrorKind, retry_at: Option<Timestamp>) -> Fact {
    Fact::ModelFailed(ModelFailed { error: ModelError::new(kind, "it failed"), cost_usd_micros: UsdMicros::ZERO, retry_at })
}

/// A run with its whole journal. Every effect's intent is recorded when the director asks for it.
struct Journal {
    run: Run,
    facts: Vec<Fact>,
}

impl Journal {
    fn new(first: Fact) -> Journal {
        let run = Run::begin(RunId::from_bytes([7; 16]), catalogue(), at(0, first.clone())).unwrap();
        Journal { run, facts: vec![first] }.go()
    }

    /// Writes one fact and everything that follows from it alone.
    fn then(mut self, fact: Fact) -> Journal {
        self.write(fact);
        self.go()
    }

    fn write(&mut self, fact: Fact) {
        let seq = self.facts.len();
        self.run = self.run.clone().apply(at(seq, fact.clone())).unwrap();
        self.facts.push(fact);
    }

    fn go(mut self) -> Journal {
        loop {
            match self.run.next(&ByEffectClass) {
                Next::Record(facts) => facts.into_iter().for_each(|f| self.write(f)),
                Next::Perform(effects) => effects.iter().for_each(|e| self.write(intent(e))),
                Next::Wait(_) | Next::Ended => return self,
            }
        }
    }

    fn started(&self) -> Vec<CallId> {
        self.run.open_calls().filter(|c| matches!(c.state, CallState::Started(_))).map(|c| c.id.clone()).collect()
    }
}

fn at(seq: usize, fact: Fact) -> Event {
    Event { at: Timestamp::from_micros(1_795_000_000_000_000 + seq as i64), fact }
}

fn intent(effect: &Effect) -> Fact {
    match effect {
        Effect::CallModel(effect) => Fact::ModelCallStarted(ModelCallStarted {
            purpose: effect.purpose,
            model: effect.request.model.clone(),
            request_hash: effect.request.seal().sha256_hex,
            request_bytes: 1,
            destination: "local".to_owned(),
            output_tokens_max: 1,
            attempt: effect.attempt,
            reservation: Reservation { amount: UsdMicros(100), accounts: vec![] },
        }),
        Effect::CallTool(call) => Fact::ToolCallStarted(call.intent()),
    }
}

/// Folds the facts, takes every decision that follows, and compares the journal's names from `Submitted` on.
fn check(journal: Journal, status: Status, expected: &str) -> Journal {
    let names: Vec<_> = journal.facts.iter().map(Fact::name).collect();
    assert_eq!(names.join(" "), expected);
    assert_eq!(journal.run.status(), status);
    journal
}

#[test]
fn a_clear_task_goes_to_its_agent_and_its_answer_ends_the_run() {
    let journal = Journal::new(submitted("is the disk full?", true)).then(replied("No.", &[]));
    let journal = check(journal, Status::Completed, "submitted routed model_call_started model_replied completed");
    assert_eq!(journal.run.completed().unwrap().answer, "No.");
    assert_eq!(journal.run.spend().cost, UsdMicros(10));
}

#[test]
fn an_unclear_task_is_put_to_the_vote_of_a_model() {
    let journal = Journal::new(submitted("is the disk of 10.0.0.1:22 full?", true));
    let journal = check(journal, Status::Running, "submitted model_call_started");
    let journal = journal.then(replied("{\"agents\": [\"network\", \"system\"]}", &[])).then(replied("Yes.", &[]));
    let journal = check(journal, Status::Completed, "submitted model_call_started model_replied routed model_call_started model_replied completed");
    assert_eq!(journal.run.lead().unwrap().name.as_str(), "supervisor");
}

#[test]
fn a_vote_that_fails_costs_one_attempt_and_the_best_score_wins() {
    let journal = Journal::new(submitted("is the disk of 10.0.0.1:22 full?", true)).then(failed(ModelErrorKind::Connect, None));
    let journal = check(journal, Status::Running, "submitted model_call_started model_failed routed model_call_started");
    assert_eq!(journal.run.routed().unwrap().reason, RouteReason::Fallback);
}

#[test]
fn without_a_model_every_agent_that_scored_makes_its_checks() {
    let mut journal = Journal::new(submitted("is the disk full, and why does 10.0.0.1:1 not answer?", false));
    assert_eq!(journal.started().len(), 2);
    for call in journal.started() {
        journal = journal.then(finished(call, "fine", true));
    }
    let names = "submitted routed checks_planned tool_call_started tool_call_started tool_call_finished tool_call_finished completed";
    let journal = check(journal, Status::Completed, names);
    assert_eq!(journal.run.completed().unwrap().outcome, Outcome::Full);
}

#[test]
fn a_model_that_fails_for_good_leaves_the_answer_to_the_checks() {
    let mut journal = Journal::new(submitted("is the disk full?", true)).then(failed(ModelErrorKind::Denied, None));
    for call in journal.started() {
        journal = journal.then(finished(call, "fine", true));
    }
    let names = "submitted routed model_call_started model_failed checks_planned tool_call_started tool_call_finished completed";
    let journal = check(journal, Status::Completed, names);
    assert_eq!(journal.run.completed().unwrap().outcome, Outcome::Partial { reason: "it failed".to_owned() });
}

#[test]
fn the_calls_of_one_turn_start_together_and_each_gets_its_outcome() {
    let journal =
        Journal::new(submitted("is the disk full?", true)).then(replied("", &[("look", json!({})), ("nope", json!({})), ("pay", json!({}))]));
    assert_eq!(journal.started().len(), 2);
    let refused = journal.run.calls().find(|c| c.tool.as_str() == "nope").unwrap().result().unwrap();
    assert!(refused.text.contains("there is no tool nope; there are: look, restart, pay"), "{}", refused.text);
}

#[test]
fn a_change_waits_for_a_yes_that_is_bound_to_the_call() {
    let journal = Journal::new(submitted("is the disk full?", true)).then(replied("", &[("restart", json!({"unit": "a"}))]));
    let journal = check(journal, Status::AwaitingApproval, "submitted routed model_call_started model_replied approval_requested");
    let call = journal.run.calls().next().unwrap();
    let CallState::Waiting { call_hash, .. } = call.state.clone() else { panic!("{call:?}") };
    let answer = |call_hash: &str, approved| {
        let decided = ApprovalDecided { call: call.id.clone(), call_hash: call_hash.to_owned(), approved, by: "ann".into(), reason: None };
        at(9, Fact::ApprovalDecided(decided))
    };
    assert!(journal.run.clone().apply(answer("another hash", true)).is_err());
    let approved = journal.run.clone().apply(answer(&call_hash, true)).unwrap();
    assert!(matches!(approved.next(&ByEffectClass), Next::Perform(_)));
    let denied = journal.run.clone().apply(answer(&call_hash, false)).unwrap();
    let Next::Record(facts) = denied.next(&ByEffectClass) else { panic!() };
    assert!(matches!(&facts[0], Fact::ToolCallFinished(f) if f.error == Some(ToolErrorKind::Denied) && f.output.text == "ann said no"));
}

#[test]
fn a_finding_needs_words_that_occur_in_an_output() {
    let report = |quote: &str| ("report_finding", json!({"severity": "high", "title": "disk full", "quote": quote, "remedy": "delete"}));
    let journal = Journal::new(submitted("is the disk full?", true)).then(replied("", &[("look", json!({}))]));
    let call = journal.started().remove(0);
    let journal = journal.then(finished(call, "/ is 99% full", true)).then(replied("", &[report("99% full"), report("100% full")]));
    let findings = journal.run.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].source.as_str(), findings[0].evidence[0].quote()), ("system", "99% full"));
    let crate::finding::Evidence::Event { event, tool, .. } = &findings[0].evidence[0] else { panic!("{findings:?}") };
    assert_eq!((*event, tool.as_str()), (5, "look"));
}

#[test]
fn two_calls_that_see_one_fault_make_one_finding_with_both_as_evidence() {
    let mut journal = Journal::new(submitted("is the disk full?", true)).then(replied("", &[("look", json!({})), ("look", json!({}))]));
    let draft = FindingDraft { severity: Severity::High, title: "it is full".into(), quote: "fine".into(), place: None, remedy: "empty it".into() };
    for call in journal.started() {
        let Fact::ToolCallFinished(mut outcome) = finished(call, "fine", true) else { unreachable!() };
        outcome.findings.push(draft.clone());
        journal = journal.then(Fact::ToolCallFinished(outcome));
    }
    let [finding] = journal.run.findings() else { panic!("{:?}", journal.run.findings()) };
    assert_eq!(finding.evidence.len(), 2);
}

#[test]
fn a_driver_that_takes_over_repeats_only_what_may_be_repeated() {
    let journal = Journal::new(submitted("is the disk full?", true)).then(replied("", &[("look", json!({})), ("pay", json!({}))]));
    let over = journal.run.take_over(&ByEffectClass, Timestamp::default());
    assert!(matches!(over.facts.as_slice(), [Fact::ToolCallUnknown { .. }]));
    assert!(matches!(over.repeat.as_slice(), [Effect::CallTool(c)] if c.tool().as_str() == "look"));
    let mut journal = journal.then(over.facts.into_iter().next().unwrap());
    assert_eq!(journal.run.status(), Status::NeedsDecision);
    let call = CallId::at(3, 1);
    for (decision, status) in
        [(Decision::Retry, Status::Running), (Decision::Done { output: "paid".into() }, Status::Running), (Decision::Abort, Status::NeedsDecision)]
    {
        let decided = Decided { call: call.clone(), decision, by: "ann".into() };
        assert_eq!(journal.run.clone().apply(at(9, Fact::Decided(decided))).unwrap().status(), status);
    }
    for open in journal.started() {
        journal = journal.then(finished(open, "fine", true));
    }
    let aborted = journal.then(Fact::Decided(Decided { call, decision: Decision::Abort, by: "ann".into() }));
    assert_eq!(aborted.run.status(), Status::Failed);
}

#[test]
fn an_interrupted_model_call_counts_as_spent_and_is_tried_again() {
    let journal = Journal::new(submitted("is the disk full?", true));
    let over = journal.run.take_over(&ByEffectClass, Timestamp::from_micros(5));
    let journal = journal.then(over.facts.into_iter().next().unwrap());
    check(journal, Status::Running, "submitted routed model_call_started model_failed model_call_started");
}

#[test]
fn a_cancelled_run_ends_when_what_was_started_has_ended() {
    let journal = Journal::new(submitted("is the disk full?", true)).then(replied("", &[("look", json!({}))]));
    let journal = journal.then(Fact::CancelRequested { by: "ann".into() });
    assert_eq!(journal.run.status(), Status::Running);
    let call = journal.started().remove(0);
    let journal = journal.then(finished(call, "fine", true));
    assert_eq!(journal.run.status(), Status::Cancelled);
    assert!(journal.run.clone().apply(at(99, Fact::Woken)).is_err());
}

#[test]
fn a_run_out_of_turns_answers_with_what_it_has() {
    let mut journal = Journal::new(submitted("is the disk full?", true));
    for _ in 0..3 {
        journal = journal.then(replied("Still looking.", &[("look", json!({}))]));
        let call = journal.started().remove(0);
        journal = journal.then(finished(call, "fine", true));
    }
    assert_eq!(journal.run.status(), Status::Completed);
    let completed = journal.run.completed().unwrap();
    assert!(matches!(&completed.outcome, Outcome::Partial { reason } if reason.contains("3 turns")));
    assert!(completed.answer.contains("Still looking."));
}

#[test]
fn a_check_whose_target_was_not_reached_is_left_out() {
    let plan = ChecksPlanned {
        instead_of_model: None,
        checks: vec![
            PlannedCheck { tool: "connect".into(), arguments: json!({"host": "h", "port": 1}), after: None },
            PlannedCheck { tool: "connect".into(), arguments: json!({"host": "h", "port": 2}), after: Some(0) },
        ],
    };
    let mut first = submitted("x", false);
    if let Fact::Submitted(s) = &mut first {
        s.mode = Mode::Checks { agents: vec!["network".into()], targets: vec![Target::parse("h:1").unwrap()] };
    }
    let routed = Fact::Routed(Routed { candidates: vec![], reason: RouteReason::Forced, chosen: vec!["network".into()] });
    let mut journal = Journal { run: Run::begin(RunId::from_bytes([7; 16]), catalogue(), at(0, first.clone())).unwrap(), facts: vec![first] };
    journal.write(routed);
    let journal = journal.then(Fact::ChecksPlanned(plan));
    let call = journal.started().remove(0);
    let journal = journal.then(finished(call, "refused", false));
    assert_eq!(journal.run.status(), Status::Completed);
    assert!(journal.run.completed().unwrap().answer.contains("Not checked, because what it needs was not reached: connect h:2"));
}

#[test]
fn an_event_reads_back_as_it_was_written_and_a_newer_one_is_refused() {
    let event = at(0, submitted("é\u{0}", true));
    assert_eq!(Event::decode(&event.encode()).unwrap(), event);
    let newer = String::from_utf8(event.encode()).unwrap().replace("\"v\":1", "\"v\":2").replace("submitted", "invented");
    assert!(matches!(Event::decode(newer.as_bytes()), Err(DecodeError::Newer { found: 2 })));
    assert!(matches!(Event::decode(b"{}"), Err(DecodeError::Malformed(_))));
}

/// Drives a run with a stream of choices standing in for the world, and gives its journal.
fn walk(task: &str, model: bool, choices: &[u8]) -> Vec<Fact> {
    let mut choices = choices.iter().copied();
    let mut journal = Journal::new(submitted(task, model));
    while !journal.run.status().is_ended() {
        let Some(choice) = choices.next() else { break };
        let fact = outcome(&journal.run, choice);
        journal = journal.then(fact);
    }
    journal.facts
}

/// Something that may happen to a run that waits.
fn outcome(run: &Run, choice: u8) -> Fact {
    if choice == 255 && run.stop.is_none() {
        return Fact::CancelRequested { by: "ann".into() };
    }
    if run.reservation().is_some() {
        let tools: Vec<ToolName> = run.catalogue.tools.keys().cloned().collect();
        let calls: Vec<_> = (0..choice % 4).map(|i| (tools[usize::from(choice / 4 + i) % tools.len()].to_string(), json!({"n": choice}))).collect();
        let calls: Vec<_> = calls.iter().map(|(t, a)| (t.as_str(), a.clone())).collect();
        return match choice % 7 {
            5 => failed(ModelErrorKind::Unavailable, Some(Timestamp::default())),
            6 => failed(ModelErrorKind::Denied, None),
            _ => replied("words", &calls),
        };
    }
    if let Some(call) = run.open_calls().find(|c| matches!(c.state, CallState::Started(_))) {
        let once = matches!(&call.state, CallState::Started(s) if s.replay == Replay::Once);
        return if once && choice.is_multiple_of(3) {
            Fact::ToolCallUnknown { call: call.id.clone() }
        } else {
            finished(call.id.clone(), "out", choice.is_multiple_of(2))
        };
    }
    for call in run.open_calls() {
        match &call.state {
            CallState::Waiting { call_hash, .. } => {
                let decided = ApprovalDecided {
                    call: call.id.clone(),
                    call_hash: call_hash.clone(),
                    approved: choice.is_multiple_of(2),
                    by: "ann".into(),
                    reason: None,
                };
                return Fact::ApprovalDecided(decided);
            }
            CallState::Unknown => {
                let decision = [Decision::Retry, Decision::Done { output: "done".into() }, Decision::Abort][usize::from(choice % 3)].clone();
                return Fact::Decided(Decided { call: call.id.clone(), decision, by: "ann".into() });
            }
            _ => {}
        }
    }
    panic!("an open run waits for nothing: {run:#?}")
}

fn fold(facts: &[Fact]) -> Run {
    let begun = Run::begin(RunId::from_bytes([7; 16]), catalogue(), at(0, facts[0].clone())).unwrap();
    facts.iter().enumerate().skip(1).fold(begun, |run, (i, fact)| run.apply(Event::decode(&at(i, fact.clone()).encode()).unwrap()).unwrap())
}

proptest! {
    #[test]
    fn every_prefix_of_every_journal_folds_and_asks_for_the_same_bytes(
        task in prop::sample::select(vec!["is the disk full?", "disk of 10.0.0.1:22", "hello"]),
        model: bool,
        choices in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let facts = walk(task, model, &choices);
        for n in 1..=facts.len() {
            let (once, again) = (fold(&facts[..n]), fold(&facts[..n]));
            prop_assert_eq!(&once, &again);
            prop_assert_eq!(format!("{:?}", once.next(&ByEffectClass)), format!("{:?}", again.next(&ByEffectClass)));
            prop_assert_eq!(once.next_request().map(|r| r.canonical()), again.next_request().map(|r| r.canonical()));
            prop_assert!(once.status().is_ended() == (n == facts.len() && fold(&facts).status().is_ended()));
        }
    }

    #[test]
    fn an_ended_run_takes_no_more_facts(choices in prop::collection::vec(any::<u8>(), 40..80)) {
        let run = fold(&walk("is the disk full?", true, &choices));
        if run.status().is_ended() {
            let late = run.apply(at(999, Fact::Woken));
            prop_assert!(late.is_err());
        }
    }
}
