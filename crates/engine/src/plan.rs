//! One step of a run on paper: the outcomes of what was done, every decision that follows, the intents of what comes next.
//! All of it is one append.

use crate::Inner;
use crate::reserve::{Cap, Reserved};
use domain::event::ModelFailed;
use domain::money::{LedgerChange, Price};
use domain::run::{Effect, IllegalEvent, ModelEffect};
use domain::{Event, Fact, Next, Run, Timestamp, UsdMicros};
use ports::store::Summary;
use std::sync::Arc;

/// A run with what happened to it since its last append.
pub(crate) struct Plan {
    pub(crate) run: Run,
    /// Events that are not in the journal yet.
    pub(crate) events: Vec<Planned>,
    pub(crate) ledger: Vec<LedgerChange>,
    /// Effects whose intents are among the events.
    pub(crate) starts: Vec<Start>,
    /// The earliest retry that is not due yet.
    pub(crate) retry_at: Option<Timestamp>,
}

/// An event on its way to the journal.
pub(crate) struct Planned {
    pub(crate) bytes: Arc<[u8]>,
    /// It came from the world and cannot be thought up again.
    pub(crate) is_outcome: bool,
}

/// An effect to be performed once its intent is durable.
pub(crate) enum Start {
    Model { effect: ModelEffect, output_tokens_max: u32, price: Price, reserved: UsdMicros },
    Tool(domain::permit::PermittedCall),
}

impl Plan {
    pub(crate) fn new(run: Run) -> Plan {
        Plan { run, events: Vec::new(), ledger: Vec::new(), starts: Vec::new(), retry_at: None }
    }

    /// Adds a fact that came from the world.
    pub(crate) fn outcome(self, at: Timestamp, fact: Fact) -> Result<Plan, IllegalEvent> {
        self.write(at, fact, true)
    }

    fn write(mut self, at: Timestamp, fact: Fact, is_outcome: bool) -> Result<Plan, IllegalEvent> {
        self.settle(&fact);
        let event = Event { at, fact };
        self.events.push(Planned { bytes: event.encode().into(), is_outcome });
        self.run = self.run.apply(event)?;
        Ok(self)
    }

    /// Takes every decision that follows from the state, up to the next effects or a wait.
    ///
    /// `parked` leaves the effects out: what comes next is for another driver.
    pub(crate) fn decide(mut self, inner: &Inner, now: Timestamp, cap: Option<&Cap>, parked: bool) -> Result<Plan, IllegalEvent> {
        self.retry_at = None;
        loop {
            match self.run.next(inner.policy.as_ref()) {
                Next::Record(facts) => {
                    for fact in facts {
                        self = self.write(now, fact, false)?;
                    }
                }
                Next::Perform(_) if parked => return Ok(self),
                Next::Perform(effects) => {
                    let mut refused = false;
                    for effect in effects {
                        match effect {
                            Effect::CallTool(permitted) => {
                                self = self.write(now, Fact::ToolCallStarted(permitted.intent()), false)?;
                                self.starts.push(Start::Tool(permitted));
                            }
                            Effect::CallModel(effect) if effect.not_before.is_some_and(|t| t > now) => self.retry_at = effect.not_before,
                            Effect::CallModel(effect) => {
                                let reserved = inner.reserve(&self.run, &effect, now, cap);
                                refused |= reserved.is_err();
                                self = self.start_model(now, effect, reserved)?;
                            }
                        }
                    }
                    // A call that was refused before it was made is a fact to think about at once.
                    if !refused {
                        return Ok(self);
                    }
                }
                Next::Wait(_) | Next::Ended => return Ok(self),
            }
        }
    }

    fn start_model(
        mut self,
        now: Timestamp,
        effect: ModelEffect,
        reserved: Result<Reserved, domain::model::ModelError>,
    ) -> Result<Plan, IllegalEvent> {
        match reserved {
            Ok(Reserved { started, price }) => {
                let start = Start::Model { output_tokens_max: started.output_tokens_max, price, reserved: started.reservation.amount, effect };
                if !started.reservation.accounts.is_empty() {
                    self.ledger.push(LedgerChange::Reserve(started.reservation.clone()));
                }
                self = self.write(now, Fact::ModelCallStarted(started), false)?;
                self.starts.push(start);
                Ok(self)
            }
            Err(error) => self.write(now, Fact::ModelFailed(ModelFailed { error, cost_usd_micros: UsdMicros::ZERO, retry_at: None }), false),
        }
    }

    /// An outcome of a model call lets go of what was held for it, in the same commit.
    fn settle(&mut self, fact: &Fact) {
        let spent = match fact {
            Fact::ModelReplied(replied) => replied.cost_usd_micros,
            Fact::ModelFailed(failed) => failed.cost_usd_micros,
            _ => return,
        };
        if let Some(reservation) = self.run.reservation().filter(|r| !r.accounts.is_empty()) {
            self.ledger.push(LedgerChange::Settle { reservation: reservation.clone(), spent });
        }
    }
}

/// The run's row in lists.
pub(crate) fn summary(run: &Run) -> Summary {
    /// About two lines of a terminal.
    const TASK_CHARS_MAX: usize = 200;
    Summary {
        status: run.status(),
        task: run.submitted().task.chars().take(TASK_CHARS_MAX).collect(),
        cost: run.spend().cost,
        updated_at: run.changed_at(),
    }
}
