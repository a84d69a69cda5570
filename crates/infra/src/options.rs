//! The four named ways to run the product, each as an inventory with the founding document's values as defaults.

mod beanstalk;
mod common;
mod ec2;
mod fargate;
mod lambda;

use crate::cost::{Load, Quantity};
use crate::inventory::Inventory;
use serde::Serialize;

/// One of the four ways to deploy: what a project is recognised as, and what an option is built as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deployment {
    /// An EC2 instance, or a group of them.
    Ec2,
    /// ECS tasks on Fargate behind a load balancer.
    Fargate,
    /// A Lambda function behind API Gateway or a URL of its own.
    Lambda,
    /// An Elastic Beanstalk environment.
    Beanstalk,
}

/// What an option is asked to be beyond its simplest form. An option that cannot be it stays as it is; `recommend` excludes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// It survives the loss of a machine or a zone.
    pub is_highly_available: bool,
    /// What runs the code has no public address.
    pub is_private: bool,
}

/// Tasks at once that one vCPU carries: they mostly wait for a model.
const TASKS_PER_VCPU: u64 = 20;
/// The busiest minute against the average: traffic follows the day.
const PEAK_TO_AVERAGE: u64 = 3;
/// Seconds that a function may run.
pub(crate) const LAMBDA_SECONDS_MAX: f64 = 900.0;
/// MB that a function may have.
const LAMBDA_MEMORY_MB_MAX: f64 = 10_240.0;
/// MB of the machines that two options are made of, a t3.medium.
const MACHINE_MEMORY_MB: f64 = 4_096.0;
/// Seconds of a month of 730 hours.
const MONTH_SECONDS: u64 = 730 * 3_600;

impl Deployment {
    /// All of them, in the order of the founding document.
    pub const ALL: [Deployment; 4] = [Deployment::Ec2, Deployment::Fargate, Deployment::Lambda, Deployment::Beanstalk];

    /// The name on the command line and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Deployment::Ec2 => "ec2",
            Deployment::Fargate => "fargate",
            Deployment::Lambda => "lambda",
            Deployment::Beanstalk => "beanstalk",
        }
    }

    /// Its name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Deployment::Ec2 => "EC2",
            Deployment::Fargate => "ECS Fargate",
            Deployment::Lambda => "Lambda",
            Deployment::Beanstalk => "Elastic Beanstalk",
        }
    }

    /// What the option consists of, in words.
    pub fn parts(self) -> &'static str {
        match self {
            Deployment::Ec2 => "EC2 instance",
            Deployment::Fargate => "ECS Fargate",
            Deployment::Lambda => "Lambda + API Gateway",
            Deployment::Beanstalk => "Elastic Beanstalk",
        }
    }

    /// Reads the name on the command line.
    pub fn parse(text: &str) -> Option<Deployment> {
        Deployment::ALL.into_iter().find(|option| option.as_str() == text)
    }

    /// The option's resources, enough of them to carry the load.
    pub fn inventory(self, load: &Load, variant: Variant) -> Inventory {
        match self {
            Deployment::Ec2 => ec2::inventory(load),
            Deployment::Fargate => fargate::inventory(load, variant),
            Deployment::Lambda => lambda::inventory(load),
            Deployment::Beanstalk => beanstalk::inventory(load, variant),
        }
    }

    /// Machines, tasks or executions that the load's busiest minute needs.
    pub fn units_needed(self, load: &Load) -> u64 {
        let tasks_of_unit = match self {
            Deployment::Ec2 | Deployment::Beanstalk => 2 * TASKS_PER_VCPU,
            Deployment::Fargate => fargate::tasks_at_once(load),
            Deployment::Lambda => 1,
        };
        tasks_at_peak(load).per(tasks_of_unit).ceil().max(1)
    }

    /// Why the option cannot have the memory that the load asks for.
    pub fn lacks_memory(self, load: &Load) -> Option<String> {
        let (what, most) = match self {
            Deployment::Ec2 | Deployment::Beanstalk => ("its machine, a t3.medium,", MACHINE_MEMORY_MB),
            Deployment::Fargate => ("a task on Fargate", fargate::MEMORY_MB_MAX),
            Deployment::Lambda => ("a function", LAMBDA_MEMORY_MB_MAX),
        };
        let asked = load.memory_mb.filter(|asked| *asked > most)?;
        Some(format!("{what} has at most {most} MB of memory, and the load asks for {asked}"))
    }
}

/// Tasks that run at once in the busiest minute.
fn tasks_at_peak(load: &Load) -> Quantity {
    load.task_seconds().times(Quantity::whole(PEAK_TO_AVERAGE)).per(MONTH_SECONDS)
}

/// In words, how many machines a load is taken to need.
pub fn capacity_words() -> String {
    format!("one vCPU carries {TASKS_PER_VCPU} tasks at once, and the busiest minute is {PEAK_TO_AVERAGE} times the average")
}
