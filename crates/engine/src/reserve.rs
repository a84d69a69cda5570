//! The price of a model call before it is made: the worst case, set aside in every ledger that must be able to carry it.

use crate::Inner;
use domain::event::ModelCallStarted;
use domain::model::{ModelError, ModelErrorKind};
use domain::money::{Account, Price, Reservation};
use domain::prices::Prices;
use domain::run::ModelEffect;
use domain::{Run, Timestamp, UsdMicros};

/// What providers put around a request on top of our bytes: the wording of tool use, markers between messages.
const INPUT_TOKENS_OVERHEAD: u64 = 1_024;
/// An answer shorter than this is not worth its input.
const OUTPUT_TOKENS_MIN: u64 = 64;

/// A ledger that refused the last reservation, and what it had left.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub(crate) which: String,
    pub(crate) left: UsdMicros,
}

/// A model call with its money set aside.
pub(crate) struct Reserved {
    pub(crate) started: ModelCallStarted,
    pub(crate) price: Price,
}

impl Inner {
    /// Sets the worst case of the call aside, with as much output as the money allows.
    ///
    /// The error is the failure to be recorded in place of the call: no such provider, no price, no money.
    pub(crate) fn reserve(&self, run: &Run, effect: &ModelEffect, now: Timestamp, cap: Option<&Cap>) -> Result<Reserved, ModelError> {
        let model = &effect.request.model;
        let provider = self.models.get(model.provider()).ok_or_else(|| {
            let known: Vec<_> = self.models.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none is configured".to_owned() } else { format!("there are: {}", known.join(", ")) };
            ModelError::new(ModelErrorKind::NotFound, format!("there is no provider {:?} for the model {model}; {known}", model.provider()))
        })?;
        let price = self.prices.price(model).ok_or_else(|| {
            let message =
                format!("the price of {model} is not known, so nothing was sent. Add it to your price file:\n{}", Prices::lines_to_add(model));
            ModelError::new(ModelErrorKind::Unpriced, message)
        })?;
        let seal = effect.request.seal();
        let request_bytes = seal.canonical_len;
        let input_tokens_max = request_bytes + INPUT_TOKENS_OVERHEAD;
        let (which, left) = match cap {
            Some(cap) if cap.left < effect.budget_left => (cap.which.as_str(), cap.left),
            _ => ("run", effect.budget_left),
        };
        let wanted = u64::from(effect.request.output_tokens_max);
        let granted = price.output_affordable(input_tokens_max, left).unwrap_or(0).min(wanted);
        if granted < OUTPUT_TOKENS_MIN.min(wanted) {
            let least = price.worst_case(input_tokens_max, OUTPUT_TOKENS_MIN.min(wanted));
            let message = format!("the {which} budget has {left} left and the next model call may cost {least}; raise the budget to go on");
            return Err(ModelError::new(ModelErrorKind::OverBudget, message));
        }
        let amount = price.worst_case(input_tokens_max, granted);
        let accounts = if amount == UsdMicros::ZERO { Vec::new() } else { self.accounts(run, now) };
        Ok(Reserved {
            started: ModelCallStarted {
                purpose: effect.purpose,
                model: model.clone(),
                request_hash: seal.sha256_hex,
                request_bytes,
                destination: provider.destination(),
                output_tokens_max: u32::try_from(granted).unwrap_or(u32::MAX),
                attempt: effect.attempt,
                reservation: Reservation { amount, accounts },
            },
            price,
        })
    }

    fn accounts(&self, run: &Run, now: Timestamp) -> Vec<Account> {
        let submitted = run.submitted();
        let day = now.day();
        let tenant = submitted.principal.tenant.as_str();
        vec![
            Account { name: format!("run:{}", run.id()), limit: submitted.limits.cost_usd_micros_max },
            Account { name: format!("key:{tenant}:{}:{day}", submitted.principal.key), limit: self.options.key_cost_per_day_max },
            Account { name: format!("global:{day}"), limit: self.options.global_cost_per_day_max },
        ]
    }
}
