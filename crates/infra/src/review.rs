//! The review: what the rules say of a project, in the founding document's order, with evidence for every line.

mod alternatives;
mod architecture;
mod baseline;
mod day;
mod decisions;
mod drawing;
mod inline;
mod inventory_of;
mod patch;
mod project;
mod proof;
mod questions;
mod repository;
mod source;
mod steps;

pub use alternatives::{ALTERNATIVES, Alternative};
pub use architecture::Architecture;
pub use baseline::{Baseline, InvalidBaseline};
pub use day::Day;
pub use decisions::{Answer, Attestation, Decisions, InvalidDecisions, Suppression};
pub use drawing::{Part, drawing};
pub use inventory_of::{Present, present};
pub use patch::{Patch, patched};
pub use project::{DECISIONS_FILE, Project, decisions_in};
pub use questions::{OpenQuestion, QUESTIONS, Question};
pub use repository::{Mention, RepositoryFacts};
pub use source::Sources;
pub use steps::{NextStep, next_steps};

use crate::cost::Usd;
use crate::inventory::{Inventory, Language, Problem};
use crate::rules::{Area, Effort, Facts, Judgement, RULES, Rule, Section, Seen, Verdict};
use crate::usage::Usage;
use domain::finding::{Evidence, Severity};
use domain::prices::Prices;
use serde::{Deserialize, Serialize};

/// What a review looks at.
pub struct Input<'a> {
    /// What templates declare.
    pub inventory: &'a Inventory,
    /// What code and configuration use.
    pub usage: &'a Usage,
    /// The price list, for the lives of models.
    pub prices: &'a Prices,
    /// The day of the review.
    pub today: &'a Day,
    /// What the options cost, where somebody has priced them.
    pub costs: Vec<OptionCost>,
    /// Answers, attestations and suppressions.
    pub decisions: &'a Decisions,
    /// The text of the files that the inventory stands on.
    pub sources: &'a Sources,
}

/// What an option costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptionCost {
    /// `ec2`, `fargate`, `lambda`, `beanstalk`, or `this project`.
    pub option: String,
    /// US dollars a month.
    pub total_monthly_usd: Usd,
    /// Whether something in it has no price, so that the total reads "at least".
    pub is_at_least: bool,
    /// The region whose prices these are, where the project's own has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priced_as: Option<String>,
}

impl OptionCost {
    /// The option that is no option: what the project's own templates come to.
    pub const THIS_PROJECT: &str = "this project";
}

/// The review of a project.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// How many checks came out how.
    pub summary: Summary,
    /// What is used and what is not there.
    pub usage: Usage,
    /// Which of the four architectures it is.
    pub architecture: Architecture,
    /// Every rule, in order.
    pub checks: Vec<Check>,
    /// What the options cost.
    pub costs: Vec<OptionCost>,
    /// What no file answers.
    pub questions: Vec<OpenQuestion>,
    /// What to do, the most urgent for its effort first.
    pub next_steps: Vec<NextStep>,
    /// What is there, by area.
    #[serde(skip)]
    pub present: Vec<Present>,
    /// The languages of infrastructure as code.
    #[serde(skip)]
    pub languages: Vec<Language>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Declared types that no rule looks at.
    pub unrecognised: Vec<UnrecognisedType>,
    /// What was read otherwise than its writer may expect, and decisions that did nothing: expired, or for what is not so.
    pub notices: Vec<String>,
    /// The day of the review.
    #[serde(skip)]
    pub today: Day,
}

/// A type of which something is declared and nothing is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnrecognisedType {
    /// As its language spells it.
    #[serde(rename = "type")]
    pub name: String,
    /// How many of it are declared.
    pub count: usize,
}

/// How many checks came out how. What is suppressed counts as nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// They hold.
    pub pass: usize,
    /// They do not.
    pub fail: usize,
    /// A person must say.
    pub manual: usize,
    /// A person has said.
    pub attested: usize,
    /// The files could tell and do not.
    pub unknown: usize,
    /// The question does not arise.
    pub not_applicable: usize,
    /// They fail, and somebody has said why that is borne for now.
    pub suppressed: usize,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// A person must say.
    Manual,
    /// A person has said.
    Attested,
    /// The files could tell and do not.
    Unknown,
    /// The question does not arise.
    NotApplicable,
}

impl Status {
    /// In capitals, as people read it.
    pub fn title(self) -> &'static str {
        match self {
            Status::Pass => "PASS",
            Status::Fail => "FAIL",
            Status::Manual => "MANUAL",
            Status::Attested => "ATTESTED",
            Status::Unknown => "UNKNOWN",
            Status::NotApplicable => "N/A",
        }
    }
}

/// A rule's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The rule.
    pub id: &'static str,
    /// What holds when it passes.
    pub title: &'static str,
    /// Its list in the founding document.
    pub section: Section,
    /// The check-box, word for word.
    pub document_line: Option<&'static str>,
    /// How bad a failure is.
    pub severity: Severity,
    /// How it came out.
    pub status: Status,
    /// Why, in one sentence about this project.
    pub reason: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// What to do, in the project's own language. Empty unless something is to be done.
    pub remedy: String,
    /// The same question in other tools.
    pub refs: References,
    /// Who attested it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested: Option<Attestation>,
    /// Why its failure is borne for now. The status stays what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
    /// The remedy as edits of the files, where it is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// The part of the infrastructure.
    #[serde(skip)]
    pub area: Area,
    /// What the remedy takes.
    #[serde(skip)]
    pub effort: Effort,
}

impl Check {
    /// It fails because something is nowhere to be found.
    pub fn is_missing(&self) -> bool {
        self.status == Status::Fail && matches!(self.evidence.first(), Some(Evidence::Resource { .. }))
    }

    /// It fails, and nobody has said that this is borne.
    pub fn is_open_failure(&self) -> bool {
        self.status == Status::Fail && self.suppressed.is_none()
    }
}

/// Ids of the same question in other tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct References {
    /// Prowler.
    pub prowler: Vec<Reference>,
    /// Checkov.
    pub checkov: Vec<Reference>,
    /// AWS Security Hub's foundational best practices.
    pub fsbp: Vec<Reference>,
    /// cdk-nag.
    pub cdk_nag: Vec<Reference>,
}

/// An id in another tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// As that tool spells it.
    pub id: String,
    /// Whether a published mapping confirms that it asks the same.
    pub verified: bool,
}

/// The review of what was read.
pub fn review(input: &Input) -> Review {
    let repository = RepositoryFacts::of(input.usage);
    let facts = Facts::new(input.inventory, &repository, input.prices, input.today);
    let mut decided = decisions::Applied::new(input.decisions, inline::suppressions(input.inventory, input.sources), input.today);
    let checks: Vec<Check> = RULES.iter().map(|rule| check(rule, &facts, input.sources, &mut decided)).collect();
    let next_steps = next_steps(&checks);
    let questions = questions::open(&facts, input.decisions, &checks);
    Review {
        summary: summary(&checks),
        usage: input.usage.clone(),
        architecture: facts.architecture.clone(),
        checks,
        costs: input.costs.clone(),
        questions,
        next_steps,
        present: present(input.inventory),
        languages: input.inventory.languages.clone(),
        problems: input.inventory.problems.clone(),
        unrecognised: unrecognised(input.inventory),
        notices: input.inventory.notices.iter().map(notice).chain(decided.notices()).collect(),
        today: input.today.clone(),
    }
}

/// What a rule says.
fn judged(rule: &Rule, facts: &Facts) -> Judgement {
    only_what_is_sure((rule.judge)(facts), facts.inventory)
}

/// The resources that the evidence of a check is about.
fn at_fault(check: &Check) -> impl Iterator<Item = &str> {
    check.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::File { path, .. } => path.as_deref(),
        _ => None,
    })
}

fn check(rule: &Rule, facts: &Facts, sources: &Sources, decided: &mut decisions::Applied) -> Check {
    let judgement = judged(rule, facts);
    let mut check = Check {
        id: rule.id,
        title: rule.title,
        section: rule.section,
        document_line: rule.document_line,
        severity: rule.severity,
        status: match judgement.verdict {
            Verdict::Pass => Status::Pass,
            Verdict::Fail => Status::Fail,
            Verdict::Manual => Status::Manual,
            Verdict::Unknown => Status::Unknown,
            Verdict::NotApplicable => Status::NotApplicable,
        },
        reason: judgement.reason,
        evidence: judgement.evidence.iter().map(|seen| sources.evidence(seen)).collect(),
        remedy: String::new(),
        refs: references(rule),
        attested: None,
        suppressed: None,
        patches: Vec::new(),
        area: rule.area,
        effort: rule.effort,
    };
    decided.apply(&mut check);
    let usual = || rule.remedy.for_languages(&facts.inventory.languages);
    check.remedy = match check.status {
        Status::Fail | Status::Manual => judgement.remedy.unwrap_or_else(usual),
        Status::Unknown => judgement.remedy.unwrap_or_default(),
        _ => String::new(),
    };
    if check.is_open_failure() {
        check.patches = patch::of_check(rule, at_fault(&check), facts.inventory, sources);
    }
    check
}

/// A pass that stands on resources which may not be deployed at all is no pass.
fn only_what_is_sure(judgement: Judgement, inventory: &Inventory) -> Judgement {
    let why = |seen: &Seen| match seen {
        Seen::At { resource: Some(id), .. } => inventory.conditional.get(id).map(|why| format!("{id} may not be there: {why}")),
        _ => None,
    };
    let doubts: Vec<Option<String>> = judgement.evidence.iter().map(why).collect();
    match doubts.first() {
        Some(Some(first)) if judgement.verdict == Verdict::Pass && doubts.iter().all(Option::is_some) => {
            Judgement::unknown(first.clone(), judgement.evidence)
        }
        _ => judgement,
    }
}

fn references(rule: &Rule) -> References {
    let list = |ids: &[&str], prefix: &str| {
        ids.iter().map(|id| Reference { id: format!("{prefix}{}", id.trim_end_matches('*')), verified: id.ends_with('*') }).collect()
    };
    let refs = &rule.refs;
    References {
        prowler: list(refs.prowler, ""),
        checkov: list(refs.checkov, ""),
        fsbp: list(refs.fsbp, ""),
        cdk_nag: list(refs.cdk_nag, "AwsSolutions-"),
    }
}

fn summary(checks: &[Check]) -> Summary {
    let mut summary = Summary::default();
    for check in checks {
        let counted = match check.status {
            _ if check.suppressed.is_some() => &mut summary.suppressed,
            Status::Pass => &mut summary.pass,
            Status::Fail => &mut summary.fail,
            Status::Manual => &mut summary.manual,
            Status::Attested => &mut summary.attested,
            Status::Unknown => &mut summary.unknown,
            Status::NotApplicable => &mut summary.not_applicable,
        };
        *counted += 1;
    }
    summary
}

fn notice(problem: &Problem) -> String {
    let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
    format!("in {}{line}: {}", problem.file, problem.message)
}

fn unrecognised(inventory: &Inventory) -> Vec<UnrecognisedType> {
    let mut counts = std::collections::BTreeMap::new();
    for unrecognised in &inventory.unrecognised {
        *counts.entry(unrecognised.type_name.clone()).or_default() += 1;
    }
    counts.into_iter().map(|(name, count)| UnrecognisedType { name, count }).collect()
}

impl Review {
    /// The open failures at or above a severity, other than those that a baseline knows.
    pub fn failures_at(&self, least: Severity, baseline: Option<&Baseline>) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(move |check| check.is_open_failure() && check.severity >= least && baseline.is_none_or(|baseline| baseline.is_new(check)))
    }

    /// Whether something could not be read.
    pub fn is_incomplete(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The check of a rule.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }
}
