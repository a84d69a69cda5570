//! `infra cost`: the bill of templates, or of a named option.

use super::{files_of, load, price_lists, region_typed, text_of, warn_of};
use crate::arguments::{Cost, Format};
use crate::commands::Context;
use crate::config::nearest;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::{harmless, print};
use infra::Inventory;
use infra::cost::{as_document, compare_actual, document_text, region_of, text};
use infra::options::{Deployment, Variant};
use infra::read::{Options, read_files};
use infra::usage::{Usage, scan};
use std::path::Path;

/// Prints the bill.
pub(crate) fn cost(context: &Context, cost: &Cost) -> Result<Exit, Failure> {
    let configured = context.config()?.region;
    if cost.as_document {
        let (prices, models) = price_lists(&cost.prices, &configured)?;
        let tables = as_document(&prices, &models);
        match context.format() {
            Format::Text => print(&document_text(&tables)),
            format => show::json(format, &tables),
        }
        return Ok(Exit::Done);
    }
    let mut load = load(&cost.prices)?;
    let mut used_in = None;
    let inventory = match &cost.option {
        Some(name) => {
            let option = option(name)?;
            if let Some(why) = option.lacks_memory(&load) {
                return Err(Failure::usage(format!("--option {name}: {why}")));
            }
            option.inventory(&load, Variant::default())
        }
        None => {
            let project = declared(&cost.path, region_typed(cost.prices.region.as_deref())?)?;
            if load.models.is_empty() {
                load.models = project.usage.models();
            }
            used_in = project.usage.region();
            project.inventory
        }
    };
    let region = region_of(&inventory).or(used_in).unwrap_or(configured);
    let (prices, models) = price_lists(&cost.prices, &region)?;
    let mut bill = infra::cost::cost(&inventory, &load, &prices, &models);
    if let Some(path) = &cost.actual {
        let actual = compare_actual(&bill, &text_of(path)?);
        bill.actual = Some(actual.map_err(|error| Failure::usage(format!("the export {}: {error}", path.display())))?);
    }
    match context.format() {
        Format::Text => print(&harmless(&text(&bill))),
        format => show::json(format, &bill),
    }
    // What could not be read may cost something.
    Ok(if inventory.problems.is_empty() { Exit::Done } else { Exit::Unreachable })
}

fn option(name: &str) -> Result<Deployment, Failure> {
    Deployment::parse(name).ok_or_else(|| {
        let names = || Deployment::ALL.into_iter().map(Deployment::as_str);
        let meant =
            if name == "ecs" { Some("fargate") } else { nearest(name, names()) }.map_or(String::new(), |near| format!("; did you mean {near}?"));
        Failure::usage(format!("there is no option {name:?}{meant}")).advise(format!("there are: {}", names().collect::<Vec<_>>().join(", ")))
    })
}

/// What a folder declares, and what its code calls.
struct Declared {
    inventory: Inventory,
    usage: Usage,
}

fn declared(path: &Path, region: Option<&str>) -> Result<Declared, Failure> {
    let files = files_of(path)?;
    let inventory = read_files(&files, &Options { region: region.map(str::to_owned), ..Options::default() });
    warn_of(&inventory.problems);
    warn_of(&inventory.notices);
    if inventory.resources.is_empty() && inventory.unrecognised.is_empty() {
        if !inventory.problems.is_empty() {
            return Err(Failure::new(
                Exit::Unreachable,
                format!("nothing in {} could be read as a template; mend the files named above", path.display()),
            ));
        }
        let failure = Failure::usage(format!("{} declares no AWS resource in CloudFormation, Terraform or CDK's output", path.display()));
        return Err(failure.advise("name the folder of the templates, or price one of our options with --option ec2, fargate, lambda or beanstalk"));
    }
    Ok(Declared { inventory, usage: scan(&files) })
}
