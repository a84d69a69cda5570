//! `infra review`: what the rules say of a project, with evidence for every line.

use super::{files_of, region_typed, text_of, warn_of};
use crate::arguments::{Format, Report, Review};
use crate::clock::SystemClock;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::print;
use infra::print::{Style, diff, json, junit, markdown, sarif, text};
use infra::read::{Options, read_files};
use infra::review::{Baseline, DECISIONS_FILE, Day, Decisions, Project};
use ports::Clock;
use std::path::Path;

/// Prints the review.
pub(crate) fn review_project(context: &Context, wanted: &Review) -> Result<Exit, Failure> {
    let path = &wanted.path;
    let files = files_of(path)?;
    let named = region_typed(wanted.region.as_deref())?;
    let decisions = decisions(wanted)?;
    let baseline = wanted.baseline.as_deref().map(baseline).transpose()?;
    let day = SystemClock::new().now().day();
    let today = Day::parse(&day).ok_or_else(|| Failure::failed(format!("the clock says {day}, which is no day")))?;

    let configured = context.config()?.region;
    let region = named.unwrap_or(&configured);
    let project = Project { files: &files, decisions: &decisions, models: &providers::prices(), region, today: &today };
    let inventory = read_files(&files, &Options { region: named.map(str::to_owned), ..Options::default() });
    let (review, sources) = project.review_of(&inventory);
    let declares = !inventory.resources.is_empty() || !inventory.unrecognised.is_empty() || !inventory.problems.is_empty();
    if path.is_file() && !declares && review.usage.configured.is_empty() {
        let failure = Failure::usage(format!("{} is no template, and uses nothing of AWS", path.display()));
        return Err(failure.advise("name a template of CloudFormation, SAM or Terraform, or the folder of the project"));
    }

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
