//! Cost over load, as curves and as a plot of text. Both axes are logarithmic.

use super::breakeven::{ladder, total};
use super::{Need, Recommendation};
use crate::cost::{Load, Usd};
use crate::options::Deployment;
use crate::price::RegionalPrices;
use domain::prices::Prices;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What an option costs over tasks, without model tokens: they are the same for every option and would hide the rest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// Which.
    pub option: Deployment,
    /// By rising tasks. Loads that the option does not fit are left out.
    pub points: Vec<CurvePoint>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Tasks in a month.
    pub tasks: u64,
    /// USD a month.
    pub monthly_usd: Usd,
}

/// Text columns and rows of the field that curves are drawn in.
const COLUMNS: usize = 84;
const ROWS: usize = 18;

pub(super) fn curves(load: &Load, needs: &BTreeSet<Need>, prices: &RegionalPrices, models: &Prices) -> Vec<Curve> {
    let without_models = Load { steps: 0.0, ..load.clone() };
    let curve = |option| {
        let point = |tasks: u64| Some(CurvePoint { tasks, monthly_usd: total(option, tasks, &without_models, needs, prices, models)? });
        Curve { option, points: ladder().into_iter().filter_map(point).collect() }
    };
    Deployment::ALL.into_iter().map(curve).filter(|curve| !curve.points.is_empty()).collect()
}

/// The ranges that both plots show.
pub(super) struct Frame {
    tasks: (f64, f64),
    usd: (f64, f64),
}

impl Frame {
    /// Whole factors of ten around the curves; `None` when there is no curve.
    pub(super) fn around(curves: &[Curve]) -> Option<Frame> {
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let bounds = |value: fn(&CurvePoint) -> f64| {
            let logs = || points().map(|point| value(point).max(0.01).log10());
            (logs().fold(f64::INFINITY, f64::min).floor(), logs().fold(f64::NEG_INFINITY, f64::max).ceil())
        };
        points().next()?;
        Some(Frame { tasks: bounds(|point| point.tasks as f64), usd: bounds(|point| point.monthly_usd.to_f64()) })
    }

    /// Where a point lies, both from 0 to 1, from the lower left; what lies outside stands at the edge.
    pub(super) fn place(&self, tasks: f64, usd: f64) -> (f64, f64) {
        let share = |value: f64, (low, high): (f64, f64)| ((value.max(0.01).log10() - low) / (high - low).max(1.0)).clamp(0.0, 1.0);
        (share(tasks, self.tasks), share(usd, self.usd))
    }

    pub(super) fn decades_of_tasks(&self) -> Vec<f64> {
        decades(self.tasks)
    }

    pub(super) fn decades_of_usd(&self) -> Vec<f64> {
        decades(self.usd)
    }
}

fn decades((low, high): (f64, f64)) -> Vec<f64> {
    (low as i32..=high as i32).map(|power| 10_f64.powi(power)).collect()
}

/// The letter that draws an option.
pub(super) fn letter(option: Deployment) -> char {
    match option {
        Deployment::Ec2 => 'E',
        Deployment::Fargate => 'F',
        Deployment::Lambda => 'L',
        Deployment::Beanstalk => 'B',
    }
}

/// The plot as text, at most 100 columns wide. Curves that lie over each other take turns, `|` marks the stated load.
pub fn plot(recommendation: &Recommendation) -> String {
    let Some(frame) = Frame::around(&recommendation.curves) else { return String::new() };
    let cell = |(x, y): (f64, f64)| ((x * (COLUMNS - 1) as f64).round() as usize, ROWS - 1 - (y * (ROWS - 1) as f64).round() as usize);
    // Every curve that passes a cell, so that those that lie over each other can take turns.
    let mut passing = vec![vec![Vec::new(); COLUMNS]; ROWS];
    for curve in &recommendation.curves {
        for (column, row) in cells_between(curve, |point| cell(frame.place(point.tasks as f64, point.monthly_usd.to_f64()))) {
            if let Some(letters) = passing.get_mut(row).and_then(|row: &mut Vec<Vec<char>>| row.get_mut(column)) {
                letters.push(letter(curve.option));
            }
        }
    }
    let (stated, _) = cell(frame.place(recommendation.load.tasks as f64, 1.0));
    let drawn = |letters: &Vec<char>, column: usize| match letters.len() {
        0 if column == stated => '|',
        0 => ' ',
        several => letters[column % several],
    };
    let field: Vec<String> = passing.iter().map(|row| row.iter().enumerate().map(|(column, letters)| drawn(letters, column)).collect()).collect();
    let mut text = String::from("USD a month without model tokens, over tasks a month; | is your load\n");
    for (at, row) in field.iter().enumerate() {
        let label = frame.decades_of_usd().into_iter().find(|usd| cell(frame.place(1.0, *usd)).1 == at).map(short).unwrap_or_default();
        let _ = writeln!(text, "{label:>9} |{}", row.trim_end());
    }
    let mut axis = vec![' '; COLUMNS + 6];
    for tasks in frame.decades_of_tasks() {
        let (column, _) = cell(frame.place(tasks, 1.0));
        for (offset, letter) in short(tasks).chars().enumerate() {
            if let Some(cell) = axis.get_mut(column + offset) {
                *cell = letter;
            }
        }
    }
    let _ = writeln!(text, "{:>9} +{}\n{:>11}{}", "", "-".repeat(COLUMNS), "", axis.iter().collect::<String>().trim_end());
    let names: Vec<String> = recommendation.curves.iter().map(|curve| format!("{} {}", letter(curve.option), curve.option.parts())).collect();
    let _ = writeln!(text, "{:>11}{}", "", names.join("   "));
    text
}

/// One cell for each column from a curve's first point to its last.
fn cells_between(curve: &Curve, cell: impl Fn(&CurvePoint) -> (usize, usize)) -> Vec<(usize, usize)> {
    let mut cells: Vec<(usize, usize)> = Vec::new();
    for (column, row) in curve.points.iter().map(cell) {
        if let Some((last, from)) = cells.last().copied() {
            cells.extend((last + 1..column).map(|between| (between, (from + row) / 2)));
        }
        if cells.last().is_none_or(|(last, _)| *last < column) {
            cells.push((column, row));
        }
    }
    cells
}

/// `10k`, `1M`: a power of ten in few letters.
pub(super) fn short(number: f64) -> String {
    match number {
        n if n >= 1e9 => format!("{}G", n / 1e9),
        n if n >= 1e6 => format!("{}M", n / 1e6),
        n if n >= 1e3 => format!("{}k", n / 1e3),
        n => format!("{n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_the_frame_stands_at_its_edge() {
        let point = |tasks| CurvePoint { tasks, monthly_usd: Usd::parse("0.05").unwrap() };
        let curve = Curve { option: Deployment::Lambda, points: vec![point(10), point(1_000)] };
        let frame = Frame::around(&[curve]).unwrap();
        assert_eq!(frame.place(1.0, 1.0), (0.0, 1.0));
    }
}
