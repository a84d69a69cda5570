//! The founding document's review questions, each with the facts that answer it. What the files answer is not asked.

use super::decisions::Decisions;
use super::{Architecture, Check, Status};
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::compute::{AutoScalingGroup, Function, Instance, Service, TaskDefinition};
use crate::inventory::names::{Certificate, Record, Zone};
use crate::inventory::network::{Subnet, Vpc};
use crate::inventory::observe::{Alarm, Budget, CostAnomaly, LogGroup};
use crate::inventory::secrets::{Parameter, Secret};
use crate::inventory::{Inventory, Kind};
use crate::options::Deployment;
use crate::rules::Facts;
use serde::Serialize;

/// A question of the founding document.
pub struct Question {
    /// Such as `Q01`.
    pub id: &'static str,
    /// Its heading.
    pub group: &'static str,
    /// The question, word for word.
    pub question: &'static str,
    is_answered: fn(&Facts) -> bool,
    /// The check whose failure says that it is not there.
    denied_by: &'static str,
}

/// A question that no file and nobody has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenQuestion {
    /// Such as `Q01`.
    pub id: &'static str,
    /// Its heading.
    pub group: &'static str,
    /// The question.
    pub question: &'static str,
}

/// All fifteen.
pub static QUESTIONS: &[Question] = &[
    Question {
        id: "Q01",
        group: "Current Deployment",
        question: "Are you using EC2, ECS, Lambda, or other?",
        is_answered: |f| f.architecture.recognised.is_some() || has_service(f),
        denied_by: "",
    },
    Question { id: "Q02", group: "Current Deployment", question: "Which region?", is_answered: has_region, denied_by: "" },
    Question { id: "Q03", group: "Current Deployment", question: "What instance/service types?", is_answered: has_size, denied_by: "" },
    Question {
        id: "Q04",
        group: "Networking",
        question: "Do you have a VPC set up?",
        is_answered: |f| f.has::<Vpc>() || f.has::<Subnet>() || is_outside_vpc(f),
        denied_by: "",
    },
    Question {
        id: "Q05",
        group: "Networking",
        question: "Are you using public or private subnets?",
        is_answered: |f| f.has::<Subnet>() || is_outside_vpc(f),
        denied_by: "NET-03",
    },
    Question {
        id: "Q06",
        group: "Networking",
        question: "Do you have a load balancer?",
        is_answered: |f| f.has::<LoadBalancer>() || is_outside_vpc(f),
        denied_by: "ECS-04",
    },
    Question { id: "Q07", group: "Security", question: "How are you managing AWS credentials?", is_answered: has_credentials, denied_by: "" },
    Question { id: "Q08", group: "Security", question: "Are you using IAM roles or access keys?", is_answered: has_credentials, denied_by: "" },
    Question {
        id: "Q09",
        group: "Security",
        question: "Where are API keys stored?",
        is_answered: |f| f.has::<Secret>() || f.has::<Parameter>(),
        denied_by: "",
    },
    Question {
        id: "Q10",
        group: "Monitoring",
        question: "Do you have CloudWatch set up?",
        is_answered: |f| f.has::<LogGroup>() || f.has::<Alarm>(),
        denied_by: "",
    },
    Question { id: "Q11", group: "Monitoring", question: "Are there any alarms configured?", is_answered: |f| f.has::<Alarm>(), denied_by: "MON-01" },
    Question {
        id: "Q12",
        group: "Monitoring",
        question: "How are you tracking costs?",
        is_answered: |f| f.has::<Budget>() || f.has::<CostAnomaly>(),
        denied_by: "ACC-01",
    },
    Question {
        id: "Q13",
        group: "DNS & SSL",
        question: "Is Route 53 configured?",
        is_answered: |f| f.has::<Zone>() || f.has::<Record>(),
        denied_by: "DNS-01",
    },
    Question {
        id: "Q14",
        group: "DNS & SSL",
        question: "Do you have an ACM certificate?",
        is_answered: |f| f.has::<Certificate>(),
        denied_by: "DNS-02",
    },
    Question { id: "Q15", group: "DNS & SSL", question: "How is DNS managed?", is_answered: |f| f.has::<Zone>() || f.has::<Record>(), denied_by: "" },
];

/// The questions that neither the facts nor anybody has answered.
pub(crate) fn open(facts: &Facts, decisions: &Decisions, checks: &[Check]) -> Vec<OpenQuestion> {
    // What the review says is not there is not asked for on the same page.
    let is_denied = |question: &Question| checks.iter().any(|check| check.id == question.denied_by && check.status == Status::Fail);
    let is_open = |question: &&Question| {
        !(question.is_answered)(facts) && !is_denied(question) && !decisions.answers.iter().any(|answer| answer.question == question.id)
    };
    QUESTIONS.iter().filter(is_open).map(|question| OpenQuestion { id: question.id, group: question.group, question: question.question }).collect()
}

fn has_service(facts: &Facts) -> bool {
    facts.has::<Service>()
}

fn has_region(facts: &Facts) -> bool {
    !facts.repository.regions.is_empty() || facts.inventory.resources.iter().any(|resource| resource.region.known().is_some())
}

fn has_size(facts: &Facts) -> bool {
    facts.all::<Instance>().any(|(_, instance)| instance.instance_type.known().is_some())
        || facts.all::<TaskDefinition>().any(|(_, task)| task.cpu.known().is_some())
        || facts.all::<Function>().any(|(_, function)| !function.memory_mb.is_unknown())
        || (facts.has::<AutoScalingGroup>() && launch_type(facts.inventory))
}

fn launch_type(inventory: &Inventory) -> bool {
    inventory
        .resources
        .iter()
        .any(|resource| matches!(&resource.kind, Kind::LaunchTemplate(template) if template.instance.instance_type.known().is_some()))
}

/// Functions that name no subnet are in no VPC, and need no balancer.
fn is_outside_vpc(facts: &Facts) -> bool {
    let Architecture { recognised, also, .. } = &facts.architecture;
    *recognised == Some(Deployment::Lambda) && also.is_empty() && facts.all::<Function>().all(|(_, function)| function.subnets.is_empty())
}

fn has_credentials(facts: &Facts) -> bool {
    !facts.repository.access_keys.is_empty()
        || facts.inventory.resources.iter().any(|resource| match &resource.kind {
            Kind::AccessKey(_) => true,
            Kind::Instance(instance) => instance.instance_profile.known().is_some(),
            Kind::TaskDefinition(task) => task.task_role.known().is_some(),
            Kind::Function(function) => function.role.known().is_some(),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{Answer, Day};
    use domain::prices::Prices;

    #[test]
    fn fifteen_questions_and_what_is_known_is_not_asked() {
        let world = crate::rules::testing::world();
        let ids = |world: &crate::rules::testing::World, decisions: &Decisions| {
            let (prices, today) = (Prices::default(), Day::parse("2026-11-23").unwrap());
            let facts = Facts::new(&world.inventory, &world.repository, &prices, &today);
            open(&facts, decisions, &[]).iter().map(|question| question.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&world, &Decisions::default()).len(), 15);
        let answer = Answer { question: "Q15".to_owned(), answer: "at another registrar".to_owned() };
        assert_eq!(ids(&world, &Decisions { answers: vec![answer], ..Decisions::default() }).len(), 14);
        let with = world.with("vpc", Vpc::default()).with("alarm", Alarm::default());
        let left = ids(&with, &Decisions::default());
        assert!(!left.contains(&"Q04") && !left.contains(&"Q11") && left.contains(&"Q12"), "{left:?}");
    }
}
