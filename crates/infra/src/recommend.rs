//! Which option for which load and needs: ranked by the same bill that `cost` writes, with reasons, exclusions and break-even points.

mod breakeven;
mod plot;
mod print;
mod svg;

pub use breakeven::BreakEven;
pub use plot::{Curve, CurvePoint, plot};
pub use print::text;
pub use svg::svg;

use crate::cost::{Load, Quantity, Range, Usd, cost, used_models};
use crate::nearest::nearest;
use crate::options::{Deployment, LAMBDA_SECONDS_MAX, Variant, capacity_words};
use crate::price::RegionalPrices;
use domain::prices::Prices;
use serde::Serialize;
use std::collections::BTreeSet;

/// What the deployment has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// It survives the loss of a machine or a zone.
    Ha,
    /// It costs nothing while nobody uses it.
    ScaleToZero,
    /// A task may run for longer than 15 minutes.
    LongRuns,
    /// The first request after a pause is as fast as the next.
    NoColdStart,
    /// What runs the code has no public address.
    Private,
}

/// A need that does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidNeed(String);

/// The ranking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommendation {
    /// When the price list was put together.
    pub as_of: String,
    /// The region that was asked for.
    pub region: String,
    /// The region whose prices stand in, when it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priced_as: Option<String>,
    /// What it has to carry.
    pub load: Load,
    /// The models whose tokens are in every total.
    pub models: BTreeSet<String>,
    /// What it has to be.
    pub needs: BTreeSet<Need>,
    /// What is taken for granted of machines.
    pub capacity: String,
    /// The options that fit, the cheapest first.
    pub ranked: Vec<Candidate>,
    /// The options that do not, and why.
    pub excluded: Vec<Exclusion>,
    /// Where the order of two options turns as tasks grow and everything else of the load stays.
    pub break_even: Vec<BreakEven>,
    /// Infrastructure cost over load, for the plots.
    pub curves: Vec<Curve>,
}

/// An option that fits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Which.
    pub option: Deployment,
    /// In the form that the needs ask for.
    pub variant: Variant,
    /// As `cost` says.
    pub total_monthly_usd: Range,
    /// Whether everything has a price; else the total is a lower bound, and ranks after those that are whole.
    pub complete: bool,
    /// As `cost` says.
    pub per_1000_tasks_usd: Usd,
    /// What speaks for it here.
    pub reasons: Vec<String>,
    /// What to know before taking it.
    pub cautions: Vec<String>,
}

/// An option that does not fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exclusion {
    /// Which.
    pub option: Deployment,
    /// Every reason.
    pub why: Vec<String>,
}

/// Seconds that a REST API waits for an answer.
const GATEWAY_SECONDS_MAX: f64 = 29.0;
/// Executions at once of an account, unless it asks for more.
const LAMBDA_CONCURRENCY: u64 = 1_000;

impl Need {
    const ALL: [(Need, &'static str); 5] = [
        (Need::Ha, "ha"),
        (Need::ScaleToZero, "scale-to-zero"),
        (Need::LongRuns, "long-runs"),
        (Need::NoColdStart, "no-cold-start"),
        (Need::Private, "private"),
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        Need::ALL.iter().find(|(need, _)| *need == self).map_or("", |(_, name)| name)
    }

    /// Reads `ha,private`.
    ///
    /// # Errors
    /// The first name that is no need, with the nearest one.
    pub fn parse(text: &str) -> Result<BTreeSet<Need>, InvalidNeed> {
        let names = || Need::ALL.iter().map(|(_, name)| *name);
        let read = |word: &str| {
            Need::ALL.iter().find(|(_, name)| *name == word).map(|(need, _)| *need).ok_or_else(|| {
                let hint = nearest(word, names()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                InvalidNeed(format!("{word:?} is not a need{hint} (there are {})", names().collect::<Vec<_>>().join(", ")))
            })
        };
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(read).collect()
    }
}

/// Ranks the options. Pure: the same input gives the same ranking.
pub fn recommend(load: &Load, needs: &BTreeSet<Need>, prices: &RegionalPrices, models: &Prices) -> Recommendation {
    let variant = variant(needs);
    let mut ranked = Vec::new();
    let mut excluded = Vec::new();
    for option in Deployment::ALL {
        let why = exclusions(option, load, needs);
        if !why.is_empty() {
            excluded.push(Exclusion { option, why });
            continue;
        }
        let bill = cost(&option.inventory(load, variant), load, prices, models);
        let mut cautions = cautions(option, load, variant);
        cautions.extend(bill.unpriced.iter().map(|entry| format!("not priced: {}: {}", entry.resource, entry.why)));
        ranked.push(Candidate {
            option,
            variant,
            total_monthly_usd: bill.total_monthly_usd,
            complete: bill.complete,
            per_1000_tasks_usd: bill.per_1000_tasks_usd,
            reasons: reasons(option, load, variant),
            cautions,
        });
    }
    ranked.sort_by_key(|candidate| (!candidate.complete, candidate.total_monthly_usd.expected));
    Recommendation {
        as_of: prices.as_of().to_owned(),
        region: prices.region().to_owned(),
        priced_as: prices.priced_as().map(str::to_owned),
        load: load.clone(),
        models: models_of(load, variant),
        needs: needs.clone(),
        capacity: capacity_words(),
        break_even: breakeven::all(load, needs, prices, models),
        curves: plot::curves(load, needs, prices, models),
        ranked,
        excluded,
    }
}

/// The models that the options ask: those of the load, else the product's own.
fn models_of(load: &Load, variant: Variant) -> BTreeSet<String> {
    if load.calls() == Quantity::ZERO {
        return BTreeSet::new();
    }
    let of_option = |option: Deployment| used_models(&option.inventory(load, variant), load);
    Deployment::ALL.into_iter().flat_map(of_option).collect()
}

/// The form of every option that the needs ask for.
fn variant(needs: &BTreeSet<Need>) -> Variant {
    Variant { is_highly_available: needs.contains(&Need::Ha), is_private: needs.contains(&Need::Private) }
}

/// Why an option cannot be taken.
fn exclusions(option: Deployment, load: &Load, needs: &BTreeSet<Need>) -> Vec<String> {
    let mut why: Vec<String> = needs.iter().filter_map(|need| unmet(option, *need)).map(str::to_owned).collect();
    if option == Deployment::Ec2 && option.units_needed(load) > 1 {
        why.push(format!("one instance does not carry this load: its busiest minute needs {}", option.units_needed(load)));
    }
    if option == Deployment::Lambda && load.seconds > LAMBDA_SECONDS_MAX && !needs.contains(&Need::LongRuns) {
        why.push(format!("a task runs for {} s, and a function for at most 15 minutes", load.seconds));
    }
    why.extend(option.lacks_memory(load));
    why
}

fn unmet(option: Deployment, need: Need) -> Option<&'static str> {
    match (need, option) {
        (Need::Ha, Deployment::Ec2) => Some("ha: one instance is a single point of failure"),
        (Need::ScaleToZero, Deployment::Ec2) => Some("scale-to-zero: an instance is paid by the hour, used or not"),
        (Need::ScaleToZero, Deployment::Fargate) => Some("scale-to-zero: the balancer and at least one task are paid by the hour"),
        (Need::ScaleToZero, Deployment::Beanstalk) => Some("scale-to-zero: an environment keeps at least one instance"),
        (Need::LongRuns, Deployment::Lambda) => Some("long-runs: a function runs for at most 15 minutes"),
        (Need::NoColdStart, Deployment::Lambda) => Some("no-cold-start: a function that was idle starts anew"),
        (Need::Private, Deployment::Ec2) => Some("private: the instance is its own way in, so it needs a public address"),
        _ => None,
    }
}

fn reasons(option: Deployment, load: &Load, variant: Variant) -> Vec<String> {
    let units = option.units_needed(load);
    let texts: &[&str] = match option {
        Deployment::Ec2 => &["one machine to understand, with full control over it", "no cold start, no limit to how long a task runs"],
        Deployment::Fargate => &["scales and updates without machines to look after", "no limit to how long a task runs"],
        Deployment::Lambda => &["costs follow use, down to nothing", "scales by itself, over several zones, and without public addresses"],
        Deployment::Beanstalk => &["AWS keeps the platform up to date", "no limit to how long a task runs"],
    };
    let mut reasons: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    if option == Deployment::Beanstalk && variant.is_highly_available {
        reasons.push(format!("{} instances in two zones: one may fail", units.max(2)));
    }
    if option == Deployment::Fargate {
        reasons.insert(0, format!("{} tasks in two zones: one may fail", units.max(2)));
    }
    if option == Deployment::Fargate && variant.is_private {
        reasons.push("tasks have no public address; they reach models through a NAT gateway".to_owned());
    }
    reasons
}

fn cautions(option: Deployment, load: &Load, variant: Variant) -> Vec<String> {
    let units = option.units_needed(load);
    let mut cautions = Vec::new();
    let mut caution = |text: String| cautions.push(text);
    match option {
        Deployment::Ec2 => {
            caution("a single point of failure".to_owned());
            caution("updates and scaling are done by hand".to_owned());
        }
        Deployment::Fargate if units > 2 => caution(format!("counted with {units} tasks for the busiest minute")),
        Deployment::Fargate => {}
        Deployment::Lambda => {
            caution("a function that was idle starts anew".to_owned());
            if load.seconds > GATEWAY_SECONDS_MAX {
                caution(format!("a task runs for {} s, and a REST API waits for 29: answers have to be fetched later", load.seconds));
            }
            if units > LAMBDA_CONCURRENCY {
                caution(format!("{units} executions at once in the busiest minute, and an account has {LAMBDA_CONCURRENCY} until it asks for more"));
            }
        }
        Deployment::Beanstalk if !variant.is_highly_available && units == 1 => {
            caution("as a single instance it is a single point of failure".to_owned())
        }
        Deployment::Beanstalk => {}
    }
    if variant.is_private && matches!(option, Deployment::Fargate | Deployment::Beanstalk) {
        caution("one NAT gateway for both zones: when its zone fails, so does the way to the models".to_owned());
    }
    cautions
}
