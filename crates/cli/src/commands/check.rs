//! `check`: known faults of this machine or of a target, without a model.

use super::Context;
use super::ask::work;
use crate::arguments::Check;
use crate::exit::{Exit, Failure};
use api::{SubmitRun, TaskMode};
use domain::target::Target;

/// Makes the checks and prints what they found.
pub(crate) async fn check(context: Context, check: Check) -> Result<Exit, Failure> {
    let (task, agent, targets, gate) = match check {
        Check::Host { gate } => ("Check this machine.".to_owned(), "system_monitoring", Vec::new(), gate),
        Check::Net { target, gate } => {
            Target::parse(&target).map_err(|error| Failure::usage(error.to_string()))?;
            (format!("Check {target}."), "network_diagnostics", vec![target], gate)
        }
    };
    let task = SubmitRun { task, agent_ids: vec![agent.to_owned()], mode: Some(TaskMode::Checks), targets, ..SubmitRun::default() };
    work(&context, task, None, gate).await
}
