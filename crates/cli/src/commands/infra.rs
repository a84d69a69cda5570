//! `infra`: a project's infrastructure as it is written down.

mod cost;
mod iam;
mod recommend;
mod review;

use super::Context;
use crate::arguments::{Infra, Prices};
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, tell};
use domain::prices::Prices as ModelPrices;
use infra::cost::Load;
use infra::inventory::Problem;
use infra::price::{AwsPrices, Elsewhere, RegionalPrices, parse_file};
use std::path::Path;

/// Does what was asked. Nothing is sent anywhere.
pub(crate) fn infra(context: &Context, infra: Infra) -> Result<Exit, Failure> {
    match infra {
        Infra::Review(review) => review::review_project(context, &review),
        Infra::Cost(cost) => cost::cost(context, &cost),
        Infra::Iam(iam) => iam::iam(context, &iam),
        Infra::Recommend(recommend) => recommend::recommend(context, &recommend),
    }
}

/// The load as typed, or the assumed one.
fn load(prices: &Prices) -> Result<Load, Failure> {
    Load::parse(prices.load.as_deref().unwrap_or_default()).map_err(|error| Failure::usage(format!("the flag --load: {error}")))
}

/// The price lists with the user's rows in them; the region is the one typed, else the one given.
fn price_lists(prices: &Prices, region: &str) -> Result<(RegionalPrices, ModelPrices), Failure> {
    let (mut rows, mut models) = (AwsPrices::built_in(), providers::prices());
    if let Some(path) = &prices.prices {
        let (more_rows, more_models) =
            parse_file(&text_of(path)?).map_err(|error| Failure::usage(format!("the price file {}: {error}", path.display())))?;
        rows = rows.with(more_rows);
        models = models.with(more_models);
    }
    let elsewhere = if prices.as_us_east_1 { Elsewhere::AsUsEast1 } else { Elsewhere::Refuse };
    let region = prices.region.as_deref().unwrap_or(region);
    let regional = rows.in_region(region, elsewhere).map_err(|error| {
        Failure::usage(error.to_string()).advise("take the prices of us-east-1 instead with --as-us-east-1, or give the region's own with --prices")
    })?;
    let is_named = prices.region.is_some();
    Ok((if is_named { regional } else { regional.assumed() }, models))
}

/// Tells what could not be read.
fn warn_of(problems: &[Problem]) {
    for problem in problems {
        let line = problem.line.map_or(String::new(), |line| format!(":{line}"));
        tell(&harmless(&format!("warning: {}{line}: {}", problem.file, problem.message)));
    }
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("the file {} could not be read: {error}", path.display())))
}
