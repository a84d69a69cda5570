//! `infra review`: what the rules say of a project, with evidence for every line.

use super::{text_of, warn_of};
use crate::arguments::{Format, Report, Review};
use crate::clock::SystemClock;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::print;
use domain::prices::Prices;
use infra::Inventory;
use infra::cost::{Bill, Load, region_of};
use infra::options::{Deployment, Variant};
use infra::price::{AwsPrices, Elsewhere};
use infra::print::{Style, diff, json, junit, markdown, sarif, text};
use infra::read::{Files, Options, read_files, sources};
use infra::review::{Baseline, Day, Decisions, Input, OptionCost, review};
use infra::usage::{Usage, scan};
use ports::Clock;
use std::path::Path;

/// What people have decided of a project stands beside it.
const DECISIONS_FILE: &str = "review.toml";

/// Prints the review.
pub(crate) fn review_project(context: &Context, wanted: &Review) -> Result<Exit, Failure> {
    let path = &wanted.path;
    if !path.exists() {
        return Err(Failure::usage(format!("there is no file or folder {}", path.display())));
    }
    let decisions = decisions(wanted)?;
    let baseline = wanted.baseline.as_deref().map(baseline).transpose()?;
    let day = SystemClock::new().now().day();
    let today = Day::parse(&day).ok_or_else(|| Failure::failed(format!("the clock says {day}, which is no day")))?;

    let files = Files::of(path);
    let inventory = read_files(&files, &Options::default());
    let usage = scan(&files);
    let prices = providers::prices();
    let costs = costs(&inventory, &usage, &prices, &context.config()?.region);
    let sources = sources(&files, &inventory);
    let input = Input { inventory: &inventory, usage: &usage, prices: &prices, today: &today, costs, decisions: &decisions, sources: &sources };
    let review = review(&input);

    warn_of(&review.problems);
    match (wanted.report, context.format()) {
        (Some(Report::Markdown), _) => print(&markdown(&review)),
        (Some(Report::Sarif), _) => show::json(Format::Json, &sarif(&review)),
        (Some(Report::Junit), _) => print(&junit(&review)),
        (Some(Report::Diff), _) => print(&diff(&review, &sources)),
        (None, Format::Text) => {
            let style = if context.terminal.colour { Style::Colour } else { Style::Plain };
            print(&text(&review, style));
        }
        (None, format) => show::json(format, &json(&review)),
    }
    let fails = wanted.gate.fail_on.is_some_and(|bar| review.failures_at(bar, baseline.as_ref()).next().is_some());
    Ok(match (fails, review.is_incomplete()) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::Unreachable,
        (false, false) => Exit::Done,
    })
}

/// The file that was named, else the one beside the project, if there is one.
fn decisions(wanted: &Review) -> Result<Decisions, Failure> {
    let beside = wanted.path.join(DECISIONS_FILE);
    let file = match &wanted.decisions {
        Some(named) => named,
        None if beside.is_file() => &beside,
        None => return Ok(Decisions::default()),
    };
    Decisions::parse(&text_of(file)?).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

fn baseline(file: &Path) -> Result<Baseline, Failure> {
    let text = text_of(file)?;
    Baseline::parse(&text).map_err(|error| {
        let failure = Failure::usage(format!("the baseline {}: {}", file.display(), crate::exit::chain(&error)));
        failure.advise("write one with: orchestrator infra review -o json > FILE")
    })
}

/// What the project and the four options come to in a month, in the project's region or, where that has no prices, us-east-1.
fn costs(inventory: &Inventory, usage: &Usage, models: &Prices, configured: &str) -> Vec<OptionCost> {
    let region = region_of(inventory).unwrap_or_else(|| configured.to_owned());
    let Ok(prices) = AwsPrices::built_in().in_region(&region, Elsewhere::AsUsEast1) else { return Vec::new() };
    let load = Load { models: super::models_of(usage), ..Load::default() };
    let priced = |option: &str, bill: Bill| OptionCost {
        option: option.to_owned(),
        total_monthly_usd: bill.total_monthly_usd.expected.to_f64(),
        is_at_least: !bill.complete,
    };
    let mut costs = Vec::new();
    if !inventory.resources.is_empty() {
        costs.push(priced(OptionCost::THIS_PROJECT, infra::cost::cost(inventory, &load, &prices, models)));
    }
    costs.extend(Deployment::ALL.map(|option| {
        let bill = infra::cost::cost(&option.inventory(&load, Variant::default()), &load, &prices, models);
        priced(option.as_str(), bill)
    }));
    costs
}
