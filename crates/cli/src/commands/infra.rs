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
use infra::read::Files;
use infra::usage::is_region;
use std::io::Read;
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
    let region = region_typed(prices.region.as_deref())?.unwrap_or(region);
    let regional = rows.in_region(region, elsewhere).map_err(|error| {
        Failure::usage(error.to_string()).advise("take the prices of us-east-1 instead with --as-us-east-1, or give the region's own with --prices")
    })?;
    let is_named = prices.region.is_some();
    Ok((if is_named { regional } else { regional.assumed() }, models))
}

/// The region as typed, when there is such a one.
fn region_typed(typed: Option<&str>) -> Result<Option<&str>, Failure> {
    match typed {
        Some(name) if !is_region(name) => Err(Failure::usage(format!("the flag --region: {name:?} is no region of AWS; one reads us-east-1"))),
        typed => Ok(typed),
    }
}

/// How archives begin: Zip and gzip.
const ARCHIVES: [&[u8]; 2] = [b"PK", &[0x1f, 0x8b]];

/// The files of a folder, or the one file, when that can be read.
fn files_of(path: &Path) -> Result<Files, Failure> {
    if !path.exists() {
        return Err(Failure::usage(format!("there is no file or folder {}", path.display())));
    }
    if !path.is_dir() && !path.is_file() {
        return Err(Failure::usage(format!("{} is neither a folder nor a file", path.display())));
    }
    let mut head = Vec::new();
    if path.is_file()
        && std::fs::File::open(path).is_ok_and(|file| file.take(2).read_to_end(&mut head).is_ok())
        && ARCHIVES.contains(&head.as_slice())
    {
        let failure = Failure::usage(format!("{} is an archive, and a folder or a template is read here", path.display()));
        return Err(failure.advise("unpack it and name the folder, or send it to POST /api/v1/infra/review"));
    }
    Ok(Files::of(path))
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
