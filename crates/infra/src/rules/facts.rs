//! What a rule may look at.

use super::judgement::{Judgement, Seen, Verdict};
use super::rule::Remedy;
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::data::{Database, DatabaseCluster};
use crate::inventory::observe::Alarm;
use crate::inventory::{Inventory, Kind, OfKind, Problem, Resource, Unrecognised};
use crate::options::Deployment;
use crate::review::{Architecture, Day, RepositoryFacts};
use domain::prices::Prices;
use std::collections::BTreeSet;

/// What a rule may look at: what was read, the price list for the lives of models, and the day.
pub struct Facts<'a> {
    /// What templates declare.
    pub inventory: &'a Inventory,
    /// What code and configuration say.
    pub repository: &'a RepositoryFacts,
    /// Models with their end of life.
    pub prices: &'a Prices,
    /// The day of the review.
    pub today: &'a Day,
    /// Which of the four architectures this is.
    pub architecture: Architecture,
    hidden: Option<Hidden<'a>>,
}

/// A part of the project that may declare more than could be read.
enum Hidden<'a> {
    /// A file that is broken.
    Broken(&'a Problem),
    /// A module or nested stack whose content is not in the folder.
    Elsewhere(&'a Unrecognised),
}

impl<'a> Facts<'a> {
    /// The facts, with the architecture recognised.
    pub fn new(inventory: &'a Inventory, repository: &'a RepositoryFacts, prices: &'a Prices, today: &'a Day) -> Facts<'a> {
        // Files of values declare nothing, whatever is wrong with them.
        let declares = |problem: &&Problem| !problem.file.ends_with(".tfvars") && !problem.file.ends_with(".tfvars.json");
        let broken = inventory.problems.iter().find(declares).map(Hidden::Broken);
        let elsewhere = || inventory.unrecognised.iter().find(|unrecognised| holds_resources(&unrecognised.type_name)).map(Hidden::Elsewhere);
        let hidden = broken.or_else(elsewhere);
        Facts { inventory, repository, prices, today, architecture: Architecture::recognise(inventory), hidden }
    }

    /// Whether anything is declared at all.
    pub fn has_templates(&self) -> bool {
        !self.inventory.resources.is_empty() || !self.inventory.unrecognised.is_empty()
    }

    /// The resources of one kind.
    pub fn all<T: OfKind + 'static>(&self) -> impl Iterator<Item = (&'a Resource, &'a T)> + use<'a, T> {
        self.inventory.all::<T>()
    }

    /// The databases that decide over their own storage. Those of a declared cluster do not: the cluster is where it is set.
    pub fn lone_databases(&self) -> impl Iterator<Item = (&'a Resource, &'a Database)> + use<'a> {
        let inventory = self.inventory;
        self.all::<Database>().filter(|(_, database)| inventory.follow::<DatabaseCluster>(&database.cluster).is_none())
    }

    /// Whether any resource is of this kind.
    pub fn has<T: OfKind + 'static>(&self) -> bool {
        self.all::<T>().next().is_some()
    }

    /// Whether the project uses Bedrock, by its code or by its policies.
    pub fn uses_bedrock(&self) -> bool {
        self.repository.bedrock().next().is_some() || super::policies::bedrock_statements(self.inventory).next().is_some()
    }

    /// Something in front of the code takes requests: a balancer, an API or a function's URL.
    pub fn has_front(&self) -> bool {
        self.inventory.resources.iter().any(|resource| matches!(resource.kind, Kind::LoadBalancer(_) | Kind::Api(_) | Kind::FunctionUrl(_)))
    }

    /// What answers under a name that AWS gave it, when no balancer stands there: an API or a function's URL.
    pub fn of_aws_domain(&self) -> Option<&'a str> {
        let mut resources = self.inventory.resources.iter();
        let found = resources.find(|resource| matches!(resource.kind, Kind::Api(_) | Kind::FunctionUrl(_)))?;
        (!self.has::<LoadBalancer>() && !self.is_part_hidden()).then_some(found.id.as_str())
    }

    /// Something runs code.
    pub fn has_compute(&self) -> bool {
        self.architecture.recognised.is_some()
            || self
                .inventory
                .resources
                .iter()
                .any(|r| matches!(r.kind, Kind::Instance(_) | Kind::Service(_) | Kind::TaskDefinition(_) | Kind::Function(_)))
    }

    /// The judgement when nothing of a kind is declared: a failure, unless it may be where nobody could look.
    pub fn none_of(&self, what: &str) -> Judgement {
        if let Some(judgement) = self.without_aws() {
            return judgement;
        }
        let why = format!("no {} is declared here", bare(what));
        if let Some(judgement) = self.if_hidden(&why, what, "it") {
            return judgement;
        }
        Judgement::fail(format!("no {} is declared", bare(what)), vec![self.searched(what)])
    }

    /// The same for what belongs to one way of deployment: the question arises only where it was chosen.
    pub fn none_of_deployment(&self, deployment: Deployment, what: &str) -> Judgement {
        match self.not_deployed_as(deployment) {
            Some(judgement) => judgement,
            None => self.none_of(what),
        }
    }

    /// Not applicable when the project is plainly deployed in another way.
    pub fn not_deployed_as(&self, deployment: Deployment) -> Option<Judgement> {
        if let Some(judgement) = self.without_aws() {
            return Some(judgement);
        }
        if self.architecture.includes(deployment) {
            return None;
        }
        Some(match self.architecture.recognised {
            Some(other) => Judgement::not_applicable(format!("this project is deployed on {}", other.title())),
            None => self.not_needed(&format!("nothing declared here runs on {}", deployment.title())),
        })
    }

    /// Not applicable when nothing of a kind is declared and nothing needs it; unknown when it may be where nobody could look.
    pub fn not_needed(&self, why: &str) -> Judgement {
        if let Some(judgement) = self.without_aws() {
            return judgement;
        }
        self.if_hidden(why, "more", "more").unwrap_or_else(|| Judgement::not_applicable(why))
    }

    /// What can be said where no file declares anything of AWS.
    fn without_aws(&self) -> Option<Judgement> {
        match self.has_templates() {
            false => Some(self.without_templates()),
            true => self.is_elsewhere().then(|| Judgement::not_applicable("nothing declared here is on AWS")),
        }
    }

    /// Whether all that is declared is another cloud's.
    pub fn is_elsewhere(&self) -> bool {
        self.has_templates() && self.inventory.languages.is_empty() && self.hidden.is_none()
    }

    /// Whether something declared here can fail or slow down on its own, so that somebody wants to hear of it.
    pub fn has_service(&self) -> bool {
        self.has_compute() || self.has_front() || self.has::<Database>() || self.has::<DatabaseCluster>() || self.has::<Alarm>()
    }

    /// The resources that a failure stands on.
    pub fn at_fault(&self, judgement: &Judgement) -> Vec<&'a Resource> {
        let id = |seen: &Seen| if let Seen::At { resource, .. } = seen { resource.clone() } else { None };
        match judgement.verdict {
            Verdict::Fail => judgement.evidence.iter().filter_map(id).filter_map(|id| self.inventory.resource(&id)).collect(),
            _ => Vec::new(),
        }
    }

    /// A failure with this remedy in the words of the project's languages.
    pub fn advised(&self, judgement: Judgement, remedy: &Remedy) -> Judgement {
        match judgement.verdict {
            Verdict::Fail => judgement.remedied(remedy.for_languages(&self.inventory.languages)),
            _ => judgement,
        }
    }

    /// What can be said of an account whose infrastructure is written down nowhere that could be read.
    fn without_templates(&self) -> Judgement {
        self.if_hidden("nothing could be read that declares a resource", "one", "one")
            .unwrap_or_else(|| Judgement::unknown("nothing here is infrastructure as code, so no file can tell", Vec::new()))
    }

    /// Unknown when a part of the project may declare what nobody saw.
    fn if_hidden(&self, why: &str, what: &str, pronoun: &str) -> Option<Judgement> {
        let seen = self.hidden_place_of(what)?;
        let where_else = match self.hidden.as_ref()? {
            Hidden::Elsewhere(unrecognised) => format!("{} may declare {pronoun}, and its content is not here", unrecognised.id),
            Hidden::Broken(_) => seen.note().to_owned(),
        };
        Some(Judgement::unknown(format!("{why}, but {where_else}"), vec![seen]))
    }

    /// Whether a part of the project may declare more than could be read.
    pub fn is_part_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// The files that were searched without finding something.
    pub fn searched(&self, what: &str) -> Seen {
        let files: BTreeSet<&str> = self.inventory.resources.iter().map(|resource| resource.origin.file.as_str()).collect();
        let place = match files.len() {
            0 => ".".to_owned(),
            1..=3 => files.iter().copied().collect::<Vec<_>>().join(", "),
            more => format!("{} and {} more files", files.iter().take(2).copied().collect::<Vec<_>>().join(", "), more - 2),
        };
        Seen::Searched { place, note: format!("no {} is declared there", bare(what)) }
    }

    /// Declarations of these types of which nothing is known but that they are there: what they add to is declared elsewhere.
    pub fn apart(&self, types: &[&str], note: &str) -> impl Iterator<Item = Seen> {
        let of_types = self.inventory.unrecognised.iter().filter(|unrecognised| types.contains(&unrecognised.type_name.as_str()));
        of_types.map(move |unrecognised| Seen::unrecognised(unrecognised, note))
    }

    /// The first part of the project that may declare this without our seeing it.
    pub fn hidden_place_of(&self, what: &str) -> Option<Seen> {
        Some(match self.hidden.as_ref()? {
            Hidden::Broken(problem) => {
                let place = problem.line.map_or_else(|| problem.file.clone(), |line| format!("{}:{line}", problem.file));
                Seen::Searched { note: format!("{place} could not be read: {}", problem.message), place }
            }
            Hidden::Elsewhere(unrecognised) => Seen::unrecognised(unrecognised, format!("it may declare {what}, and its content is not here")),
        })
    }
}

/// Types that stand for resources declared elsewhere: modules and nested stacks whose content is not in the folder.
fn holds_resources(type_name: &str) -> bool {
    type_name.starts_with("module")
        || type_name == "AWS::CloudFormation::Stack"
        || type_name == "AWS::Serverless::Application"
        || type_name == "Serverless::Function"
        || type_name.ends_with("::MODULE")
}

/// Whether Terraform declares it, whose defaults are not always CloudFormation's. In a plan or state the path tells, not the file's name.
pub(crate) fn is_terraform(resource: &Resource) -> bool {
    resource.origin.file.ends_with(".tf") || resource.origin.path.split('.').any(|part| part.starts_with("aws_"))
}

/// `a trail` without its article.
fn bare(what: &str) -> &str {
    what.strip_prefix("an ").or_else(|| what.strip_prefix("a ")).unwrap_or(what)
}

/// `1 resource`, `2 resources`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::observe::Topic;
    use crate::rules::testing::{World, world};

    #[test]
    fn what_nobody_saw_is_unknown_unless_nothing_can_hide_there() {
        let verdict = |world: &World| {
            let prices = Prices::default();
            Facts::new(&world.inventory, &world.repository, &prices, &world.today).not_needed("no database is declared").verdict
        };
        let project = world().with("t", Topic::default());
        assert_eq!(verdict(&project), Verdict::NotApplicable);
        assert_eq!(verdict(&project.clone().with_hidden_module()), Verdict::Unknown);
        assert_eq!(verdict(&project.clone().with_problem()), Verdict::Unknown);
        assert_eq!(verdict(&world()), Verdict::Unknown);
        let mut values = project.with_problem();
        values.inventory.problems[0].file = "production.tfvars".to_owned();
        assert_eq!(verdict(&values), Verdict::NotApplicable);
    }
}
