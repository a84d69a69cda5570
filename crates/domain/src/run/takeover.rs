//! What a new driver does first with a run whose last driver is gone: close what was started, by its replay rule.

use super::{CallState, Effect, ModelCall, Run, Stage};
use crate::director::calls;
use crate::event::{Fact, ModelFailed};
use crate::model::{ModelError, ModelErrorKind};
use crate::permit::{Permit, Policy};
use crate::time::Timestamp;
use crate::tool::{Replay, ToolError, ToolErrorKind};

/// What taking over asks for.
#[derive(Debug, Default)]
pub struct TakeOver {
    /// To be recorded before anything else.
    pub facts: Vec<Fact>,
    /// Calls whose intent is recorded already, to be made again.
    pub repeat: Vec<Effect>,
}

impl Run {
    /// Judges every effect that was started and has no outcome, when nobody performs it any more.
    ///
    /// A model call counts as spent and is tried again. A `safe` call is made again, a `keyed` one too, with its key. A `once` call
    /// becomes unknown, and the run waits for a person.
    pub fn take_over(&self, policy: &dyn Policy, now: Timestamp) -> TakeOver {
        let mut todo = TakeOver::default();
        if let Some(ModelCall::Started { attempt, reservation }) = self.model_call() {
            let error = ModelError::new(ModelErrorKind::Interrupted, "the process ended during the call; its whole reservation counts as spent");
            let retry_at = (*attempt < crate::director::agent::ATTEMPTS_MAX).then_some(now);
            todo.facts.push(Fact::ModelFailed(ModelFailed { error, cost_usd_micros: reservation.amount, retry_at }));
        }
        for call in self.open_calls() {
            let CallState::Started(started) = &call.state else { continue };
            if started.replay == Replay::Once {
                todo.facts.push(Fact::ToolCallUnknown { call: call.id.clone() });
                continue;
            }
            match calls::ask_permit(self, call, policy) {
                Some(Permit::Granted(permitted)) => todo.repeat.push(Effect::CallTool(permitted)),
                Some(Permit::Denied(reason) | Permit::NeedsApproval(reason)) => {
                    let message = format!("the call was interrupted and may not be repeated: {reason}");
                    todo.facts.push(calls::refused(call, ToolError::new(ToolErrorKind::Denied, message)));
                }
                None => todo.facts.push(calls::refused(call, calls::no_such_tool(self, call))),
            }
        }
        todo
    }

    /// What was held for the model call under way, to be settled with its outcome.
    pub fn reservation(&self) -> Option<&crate::money::Reservation> {
        match self.model_call()? {
            ModelCall::Started { reservation, .. } => Some(reservation),
            ModelCall::Idle | ModelCall::Failed { .. } => None,
        }
    }

    fn model_call(&self) -> Option<&ModelCall> {
        match &self.stage {
            Stage::Routing { call, .. } | Stage::Agent { call } => Some(call),
            Stage::Checks(_) | Stage::Ended(_) => None,
        }
    }
}
