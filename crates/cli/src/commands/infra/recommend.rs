//! `infra recommend`: which option for which load.

use super::{load, price_lists};
use crate::arguments::{Format, Recommend};
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::{print, tell};
use infra::recommend::{Need, svg, text};

/// Prints the ranking.
pub(crate) fn recommend(context: &Context, recommend: &Recommend) -> Result<Exit, Failure> {
    let load = load(&recommend.prices)?;
    let needs = Need::parse(recommend.need.as_deref().unwrap_or_default());
    let needs = needs.map_err(|error| Failure::usage(format!("the flag --need: {error}")))?;
    let (prices, models) = price_lists(&recommend.prices, &context.config()?.region)?;
    let ranking = infra::recommend::recommend(&load, &needs, &prices, &models);
    if let Some(path) = &recommend.svg {
        std::fs::write(path, svg(&ranking)).map_err(|error| Failure::usage(format!("{} could not be written: {error}", path.display())))?;
        if !context.common.quiet {
            tell(&format!("drawn into {}", path.display()));
        }
    }
    match context.format() {
        Format::Text => print(&text(&ranking)),
        format => show::json(format, &ranking),
    }
    Ok(Exit::Done)
}
