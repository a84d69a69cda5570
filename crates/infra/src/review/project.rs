//! A whole project reviewed: its files in, everything the review says out. The command line and the HTTP interface both ask here.

use super::{Day, Decisions, Input, InvalidDecisions, OptionCost, Review, Sources, proof, review};
use crate::cost::{Load, cost, region_of};
use crate::inventory::Inventory;
use crate::options::{Deployment, Variant};
use crate::price::{AwsPrices, Elsewhere};
use crate::read::{self, Files, read_files};
use crate::usage::{Usage, scan};
use domain::prices::Prices;

/// What people have decided of a project stands beside it, in this file.
pub const DECISIONS_FILE: &str = "review.toml";

/// A project to be reviewed.
pub struct Project<'a> {
    /// All of it.
    pub files: &'a Files,
    /// What people have decided of it.
    pub decisions: &'a Decisions,
    /// What models cost, and until when they live.
    pub models: &'a Prices,
    /// The region that is priced when the project names none.
    pub region: &'a str,
    /// Attestations and models end on days.
    pub today: &'a Day,
}

/// The decisions that an archive brings along at its root, none when it has no such file.
///
/// # Errors
/// The file is wrong; the error names the line.
pub fn decisions_in(files: &Files) -> Result<Decisions, InvalidDecisions> {
    match files.head(DECISIONS_FILE, DECISIONS_BYTES_MAX) {
        Ok(bytes) => Decisions::parse(&String::from_utf8_lossy(&bytes)),
        Err(_) => Ok(Decisions::default()),
    }
}

/// Some thousand decisions.
const DECISIONS_BYTES_MAX: usize = 1 << 20;

impl Project<'_> {
    /// What its templates declare.
    pub fn inventory(&self) -> Inventory {
        read_files(self.files, &read::Options::default())
    }

    /// Its review, and the texts that a patch of it changes. Each patch was tried: with it, its rule finds no fault with the resource.
    pub fn review(&self) -> (Review, Sources) {
        self.review_of(&self.inventory())
    }

    /// The same of what was read already.
    pub fn review_of(&self, inventory: &Inventory) -> (Review, Sources) {
        let usage = scan(self.files);
        let sources = read::sources(self.files, inventory);
        let costs = self.costs(inventory, &usage);
        let input = Input { inventory, usage: &usage, prices: self.models, today: self.today, costs, decisions: self.decisions, sources: &sources };
        let mut review = review(&input);
        proof::keep_what_mends(&mut review, self.files, &input);
        (review, sources)
    }

    /// What the project and the four options come to in a month, in the project's region or, where that has no prices, us-east-1.
    fn costs(&self, inventory: &Inventory, usage: &Usage) -> Vec<OptionCost> {
        let region = region_of(inventory).or_else(|| usage.region()).unwrap_or_else(|| self.region.to_owned());
        let Ok(prices) = AwsPrices::built_in().in_region(&region, Elsewhere::AsUsEast1) else { return Vec::new() };
        let load = Load { models: usage.models(), ..Load::default() };
        let priced = |option: &str, inventory: &Inventory| {
            let bill = cost(inventory, &load, &prices, self.models);
            OptionCost {
                option: option.to_owned(),
                total_monthly_usd: bill.total_monthly_usd.expected,
                is_at_least: !bill.complete,
                priced_as: bill.priced_as,
            }
        };
        let own = (!inventory.resources.is_empty()).then(|| priced(OptionCost::THIS_PROJECT, inventory));
        let options = Deployment::ALL.map(|option| priced(option.as_str(), &option.inventory(&load, Variant::default())));
        own.into_iter().chain(options).collect()
    }
}
