//! The fold: what each fact does to a run, and which facts cannot follow.

use super::call::CallResult;
use super::{Call, CallState, Check, Checks, Ending, IllegalEvent, ModelCall, Pause, Run, Stage, Stop, Turn};
use crate::director::agent::{self, REPORT_FINDING, evidence_for};
use crate::event::{Decision, Event, Fact, Mode, ToolCallFinished};
use crate::finding::{Evidence, Finding};
use crate::hashed::Hashed;
use crate::ids::CallId;
use crate::model::{Purpose, RequestedCall};
use crate::tool::{ToolError, ToolErrorKind, Trust};

type Why = &'static str;

pub(super) fn apply(mut run: Run, event: Event) -> Result<Run, IllegalEvent> {
    let seq = run.head;
    let name = event.fact.name();
    if matches!(run.stage, Stage::Ended(_)) {
        return Err(IllegalEvent { seq, fact: name, why: "the run has ended" });
    }
    let at = event.at;
    fold(&mut run, seq, event.fact).map_err(|why| IllegalEvent { seq, fact: name, why })?;
    run.head += 1;
    run.changed_at = at;
    Ok(run)
}

fn fold(run: &mut Run, seq: u64, fact: Fact) -> Result<(), Why> {
    match fact {
        Fact::Submitted(_) => return Err("a run is submitted once"),
        Fact::Routed(routed) => {
            if run.routed.is_some() || !matches!(run.stage, Stage::Routing { .. }) {
                return Err("agents are chosen once");
            }
            let checks_only = run.submitted.model.is_none() || matches!(run.submitted.mode, Mode::Checks { .. });
            run.routed = Some(routed);
            // Without a model the next fact is the plan; until then the supervisor keeps the word.
            if !checks_only {
                run.stage = Stage::Agent { call: ModelCall::Idle };
                run.conversation.push(agent::opening(run).into());
            }
        }
        Fact::ChecksPlanned(planned) => {
            if run.routed.is_none() || matches!(run.stage, Stage::Checks(_)) {
                return Err("checks are planned once, after agents were chosen");
            }
            let checks = planned
                .checks
                .into_iter()
                .enumerate()
                .map(|(i, check)| Check { call: Call::proposed(CallId::at(seq, i), check.tool, check.arguments, None), after: check.after });
            run.stage = Stage::Checks(Checks { instead_of_model: planned.instead_of_model, checks: checks.collect() });
        }
        Fact::ModelCallStarted(started) => {
            let call = model_call(run, started.purpose)?;
            if matches!(call, ModelCall::Started { .. }) {
                return Err("one model call at a time");
            }
            *call = ModelCall::Started { attempt: started.attempt, reservation: started.reservation };
            run.spend.model_calls += 1;
            run.spend.request_bytes += started.request_bytes;
        }
        Fact::ModelReplied(replied) => {
            run.spend.cost += replied.cost_usd_micros;
            if let Some(usage) = replied.reply.usage {
                run.spend.usage += usage;
            }
            match &mut run.stage {
                Stage::Routing { call: call @ ModelCall::Started { .. }, vote } => {
                    *call = ModelCall::Idle;
                    *vote = Some(replied.reply.text);
                }
                Stage::Agent { call: call @ ModelCall::Started { .. } } => {
                    *call = ModelCall::Idle;
                    let proposed = |(i, c): (usize, &RequestedCall)| {
                        let problem = c.problem.as_ref().map(|p| ToolError::new(ToolErrorKind::InvalidArguments, p));
                        Call::proposed(CallId::at(seq, i), c.tool.clone(), c.arguments.clone(), problem)
                    };
                    let calls = replied.reply.calls.iter().enumerate().map(proposed).collect();
                    run.turns.push(Turn { reply: replied.reply, calls });
                }
                _ => return Err("no model call is under way"),
            }
        }
        Fact::ModelFailed(failed) => {
            run.spend.cost += failed.cost_usd_micros;
            let (Stage::Routing { call, .. } | Stage::Agent { call }) = &mut run.stage else {
                return Err("no model is asked here");
            };
            let attempt = match call {
                ModelCall::Started { attempt, .. } => *attempt,
                // Refused before it was made: the price is unknown, or a budget is gone.
                ModelCall::Failed { attempt, .. } => *attempt + 1,
                ModelCall::Idle => 1,
            };
            *call = ModelCall::Failed { attempt, error: failed.error, retry_at: failed.retry_at };
        }
        Fact::ToolCallStarted(started) => {
            let call = run.call_mut(&started.call).ok_or("there is no such call")?;
            if !matches!(call.state, CallState::Proposed) {
                return Err("a call is started once");
            }
            call.state = CallState::Started(started);
            run.spend.tool_calls += 1;
        }
        Fact::ToolCallFinished(finished) => finish(run, seq, *finished)?,
        Fact::ToolCallUnknown { call } => {
            let call = run.call_mut(&call).ok_or("there is no such call")?;
            if !matches!(call.state, CallState::Started(_)) {
                return Err("only a started call can be unknown");
            }
            call.state = CallState::Unknown;
        }
        Fact::Decided(decided) => {
            let call = run.call_mut(&decided.call).ok_or("there is no such call")?;
            if call.state != CallState::Unknown {
                return Err("only an unknown call can be decided");
            }
            match decided.decision {
                Decision::Retry => call.state = CallState::Proposed,
                Decision::Done { output } => {
                    call.state = CallState::Finished(CallResult { seq, error: None, text: output, reachable: true });
                    close_turn(run);
                }
                // The call stays unknown: that is what the journal knows of it.
                Decision::Abort => run.stop = Some(Stop::Abort { by: decided.by }),
            }
        }
        Fact::ApprovalRequested(asked) => {
            let call = run.call_mut(&asked.call).ok_or("there is no such call")?;
            if call.state != CallState::Proposed {
                return Err("only a proposed call can be asked about");
            }
            call.state = CallState::Waiting { call_hash: asked.call_hash, reason: asked.reason };
        }
        Fact::ApprovalDecided(decided) => {
            let call = run.call_mut(&decided.call).ok_or("there is no such call")?;
            match &call.state {
                CallState::Waiting { call_hash, .. } if *call_hash == decided.call_hash => {}
                _ => return Err("the answer is not to what was asked"),
            }
            if decided.approved {
                call.approved_hash = Some(decided.call_hash);
            } else {
                let why = decided.reason.map_or(String::new(), |reason| format!(": {reason}"));
                call.problem = Some(ToolError::new(ToolErrorKind::Denied, format!("{} said no{why}", decided.by)));
            }
            call.state = CallState::Proposed;
        }
        // Child runs fold to nothing yet: no director waits for one.
        Fact::Delegated { .. } | Fact::DelegateFinished { .. } => {}
        Fact::Slept { until } => run.pause = Some(Pause::Until(until)),
        Fact::Paused { .. } => run.pause = Some(Pause::ByPerson),
        Fact::Woken | Fact::Resumed { .. } => {
            if run.pause.take().is_none() {
                return Err("the run was not at rest");
            }
        }
        Fact::CancelRequested { by } => {
            run.stop.get_or_insert(Stop::Cancel { by });
        }
        Fact::Cancelled { by } => {
            if run.stop.is_none() || run.has_effects_under_way() {
                return Err("a run is cancelled on request, when what was started has ended");
            }
            run.stage = Stage::Ended(Ending::Cancelled { by });
        }
        Fact::Completed(completed) => {
            if run.has_effects_under_way() {
                return Err("effects are under way");
            }
            run.stage = Stage::Ended(Ending::Completed(completed));
        }
        Fact::Failed { reason, message } => {
            run.stage = Stage::Ended(Ending::Failed { reason, message });
        }
    }
    Ok(())
}

fn model_call(run: &mut Run, purpose: Purpose) -> Result<&mut ModelCall, Why> {
    match (&mut run.stage, purpose) {
        (Stage::Routing { call, .. }, Purpose::Route) | (Stage::Agent { call }, Purpose::Turn) => Ok(call),
        _ => Err("the call is not of this stage"),
    }
}

fn finish(run: &mut Run, seq: u64, finished: ToolCallFinished) -> Result<(), Why> {
    let lead = run.lead().map(|a| a.name.to_string()).unwrap_or_default();
    let call = run.call(&finished.call).ok_or("there is no such call")?;
    let called = call.tool.clone();
    let reported = called.as_str() == REPORT_FINDING;
    // A call that was refused finishes without having been started.
    let refused = finished.error.is_some() || reported;
    match call.state {
        CallState::Started(_) => {}
        CallState::Proposed if refused => {}
        _ => return Err("only a started or a refused call can finish"),
    }
    for (i, draft) in finished.findings.iter().enumerate() {
        let cited = if reported { evidence_for(run, &draft.quote) } else { None };
        let (event, tool) = cited.unwrap_or_else(|| (seq, called.clone()));
        let evidence = Evidence::Event { run_id: run.id, event, tool, place: draft.place.clone(), quote: draft.quote.clone() };
        // Two tools that see one fault, such as an expired certificate, make one finding with two pieces of evidence.
        if let Some(known) = run.findings.iter_mut().find(|f| f.severity == draft.severity && f.title == draft.title) {
            known.evidence.push(evidence);
            continue;
        }
        run.findings.push(Finding {
            id: format!("f{seq}-{i}"),
            severity: draft.severity,
            title: draft.title.clone(),
            evidence: vec![evidence],
            remedy: draft.remedy.clone(),
            source: if reported { lead.clone() } else { called.to_string() },
        });
    }
    run.tainted |= finished.trust == Trust::Untrusted && finished.error.is_none();
    let call = run.call_mut(&finished.call).ok_or("the call belongs to a turn that is over")?;
    call.state = CallState::Finished(CallResult::of(seq, finished));
    close_turn(run);
    Ok(())
}

/// Adds the last turn to the conversation once its last call has ended.
fn close_turn(run: &mut Run) {
    let Stage::Agent { .. } = run.stage else { return };
    let Some(turn) = run.turns.last().filter(|turn| turn.calls.iter().all(|call| call.result().is_some())) else { return };
    let exchange = agent::exchange(run, turn);
    run.conversation.extend(exchange.map(Hashed::from));
}
