//! A vector of tool calls, moved on as far as the policy and the people let it.

use crate::agent::Agent;
use crate::event::{ApprovalRequested, Fact, ToolCallFinished};
use crate::permit::{Permit, Policy, ProposedCall, permit};
use crate::run::{Call, CallState, Effect, Next, Run, Wait};
use crate::tool::{RecordedOutput, ToolError, ToolErrorKind, Trust};

/// What open calls ask for; `None` when each has an outcome.
pub(crate) fn advance<'a>(run: &Run, calls: impl Iterator<Item = &'a Call> + Clone, policy: &dyn Policy) -> Option<Next> {
    let mut facts = Vec::new();
    let mut effects = Vec::new();
    for call in calls.clone().filter(|c| c.state == CallState::Proposed) {
        match judge(run, call, policy) {
            Judged::Perform(effect) => effects.push(effect),
            Judged::Record(fact) => facts.push(fact),
        }
    }
    if !facts.is_empty() {
        return Some(Next::Record(facts));
    }
    if !effects.is_empty() {
        return Some(Next::Perform(effects));
    }
    if calls.clone().any(|c| matches!(c.state, CallState::Started(_))) {
        return Some(Next::Wait(Wait::Outcomes));
    }
    calls.clone().any(|c| matches!(c.state, CallState::Waiting { .. } | CallState::Unknown)).then_some(Next::Wait(Wait::Person))
}

enum Judged {
    Perform(Effect),
    Record(Fact),
}

fn judge(run: &Run, call: &Call, policy: &dyn Policy) -> Judged {
    if let Some(problem) = &call.problem {
        return Judged::Record(refused(call, problem.clone()));
    }
    match ask_permit(run, call, policy) {
        None => Judged::Record(refused(call, no_such_tool(run, call))),
        Some(Permit::Granted(permitted)) => Judged::Perform(Effect::CallTool(permitted)),
        Some(Permit::Denied(reason)) => Judged::Record(refused(call, ToolError::new(ToolErrorKind::Denied, reason))),
        Some(Permit::NeedsApproval(reason)) => {
            let call_hash = proposed(run, call).map(|p| p.hash()).unwrap_or_default();
            Judged::Record(Fact::ApprovalRequested(ApprovalRequested { call: call.id.clone(), call_hash, reason }))
        }
    }
}

/// Asks for a permit; `None` when no chosen agent has the tool.
pub(crate) fn ask_permit(run: &Run, call: &Call, policy: &dyn Policy) -> Option<Permit> {
    proposed(run, call).map(|proposed| permit(policy, &proposed))
}

fn proposed<'a>(run: &'a Run, call: &'a Call) -> Option<ProposedCall<'a>> {
    let holder: Option<&Agent> = run.chosen().find(|a| a.tools.contains(&call.tool));
    Some(ProposedCall {
        run: run.id(),
        call: &call.id,
        principal: &run.submitted().principal,
        agent: holder.map(|a| &a.name),
        tool: run.catalogue().tools.get(&call.tool).filter(|_| holder.is_some())?,
        arguments: &call.arguments,
        tainted: run.is_tainted(),
        approved_hash: call.approved_hash.as_deref(),
    })
}

/// The error of a call to a tool that no chosen agent has.
pub(crate) fn no_such_tool(run: &Run, call: &Call) -> ToolError {
    let offered: Vec<_> = run.chosen().flat_map(|a| &a.tools).map(|t| t.as_str()).collect();
    ToolError::new(ToolErrorKind::InvalidArguments, format!("there is no tool {}; there are: {}", call.tool, offered.join(", ")))
}

/// The outcome of a call that is not made.
pub(crate) fn refused(call: &Call, error: ToolError) -> Fact {
    Fact::ToolCallFinished(Box::new(ToolCallFinished {
        call: call.id.clone(),
        error: Some(error.kind),
        output: RecordedOutput { text: error.message, spilled: None },
        findings: Vec::new(),
        reachable: false,
        trust: Trust::Trusted,
        latency_ms: 0,
    }))
}
