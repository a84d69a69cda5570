//! The meter that every family writes its lines to: it looks up the price, takes the free tier off, goes through the tiers.

use super::service::Service;
use super::{Line, Load, Quantity, Unpriced, Usd};
use crate::inventory::{Extra, Inventory, Kind, Link, OfKind, Resource};
use crate::price::{PriceRow, RegionalPrices};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which end of the range is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Low,
    Expected,
    High,
}

/// One pass over an inventory.
pub(crate) struct Meter<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) load: &'a Load,
    pub(crate) prices: &'a RegionalPrices,
    pub(crate) scenario: Scenario,
    pub(crate) lines: Vec<Line>,
    pub(crate) unpriced: BTreeSet<Unpriced>,
    pub(crate) without_charge: Vec<String>,
    by_id: BTreeMap<&'a str, &'a Resource>,
    pointing: BTreeMap<&'a str, Vec<&'a Resource>>,
    /// NAT gateways, and what passes through all of them.
    pub(crate) nat: super::network::Nat,
    free_left: Vec<Quantity>,
    billed: BTreeMap<String, Quantity>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(inventory: &'a Inventory, load: &'a Load, prices: &'a RegionalPrices, scenario: Scenario) -> Meter<'a> {
        let mut pointing: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for resource in &inventory.resources {
            if let Some(Value::Known(Link::To(to))) = pointer(&resource.kind) {
                pointing.entry(to).or_default().push(resource);
            }
        }
        Meter {
            pointing,
            nat: super::network::Nat::of(inventory, load),
            inventory,
            load,
            prices,
            scenario,
            lines: Vec::new(),
            unpriced: BTreeSet::new(),
            without_charge: Vec::new(),
            by_id: inventory.resources.iter().map(|resource| (resource.id.as_str(), resource)).collect(),
            free_left: prices.free().iter().map(|free| free.quantity).collect(),
            billed: BTreeMap::new(),
        }
    }

    /// Writes what a quantity costs, or that nobody knows its price.
    pub(crate) fn charge(&mut self, resource: &str, item: &str, id: &str, quantity: Quantity, assumption: String) {
        self.charge_times(resource, item, (id, None), quantity, assumption);
    }

    /// As `charge`, with a factor of the price list on the price.
    pub(crate) fn charge_times(&mut self, resource: &str, item: &str, (id, factor): (&str, Option<&str>), quantity: Quantity, assumption: String) {
        let prices = self.prices;
        let Some(row) = prices.row(id) else {
            self.no_price(resource, id);
            return;
        };
        let factor = match factor.map(|factor| (factor, prices.row(factor))) {
            None => None,
            Some((_, Some(row))) => Some(row),
            Some((factor, None)) => {
                self.no_price(resource, factor);
                return;
            }
        };
        let free = self.take_free(id, quantity);
        let already = self.billed.get(id).copied().unwrap_or_default();
        let rest = quantity.less(free);
        self.billed.insert(id.to_owned(), already + rest);
        let free_tier_usd = free.at(priced(row.usd, factor));
        let mut assumption = assumption;
        if free > Quantity::ZERO {
            assumption.push_str(&format!("; the free tier takes {free} {}", row.unit));
        }
        for (at, segment) in segments(row, already, rest).into_iter().enumerate() {
            let unit_price = priced(segment.usd, factor);
            self.lines.push(Line {
                resource: resource.to_owned(),
                item: segment.above.map_or_else(|| item.to_owned(), |above| format!("{item}, above {above} {}", row.unit)),
                quantity: segment.quantity,
                unit: row.unit.to_owned(),
                unit_price_usd: unit_price,
                monthly_usd: segment.quantity.at(unit_price),
                free_tier_usd: if at == 0 { free_tier_usd } else { Usd::ZERO },
                assumption: assumption.clone(),
                verified: segment.verified && factor.is_none_or(|row| row.verified),
                prices: std::iter::once(row).chain(factor).map(|row| row.id.clone()).collect(),
                service: Service::of_price(&row.id),
            });
        }
    }

    pub(crate) fn unpriced(&mut self, resource: &str, why: impl Into<String>) {
        self.unpriced.insert(Unpriced { resource: resource.to_owned(), why: why.into() });
    }

    pub(crate) fn without_charge(&mut self, resource: &str) {
        self.without_charge.push(resource.to_owned());
    }

    pub(crate) fn total(&self) -> Usd {
        self.lines.iter().map(|line| line.monthly_usd).sum()
    }

    /// What a link points at, when it is a declared resource of this kind.
    pub(crate) fn follow<T: OfKind>(&self, link: &Value<Link>) -> Option<(&'a str, &'a T)> {
        let Value::Known(Link::To(id)) = link else { return None };
        let resource = self.by_id.get(id.as_str())?;
        Some((resource.id.as_str(), T::of(&resource.kind)?))
    }

    /// Resources of a kind that say something of another one: what scales it, rotates it, listens to it.
    pub(crate) fn pointing_at<T: OfKind + 'a>(&self, id: &str) -> impl Iterator<Item = &'a T> {
        self.pointing.get(id).into_iter().flatten().filter_map(|resource| T::of(&resource.kind))
    }

    /// A number, or the service's default. What is unknown leaves the resource unpriced, by the name of what is unknown.
    pub(crate) fn number(&mut self, resource: &str, what: &str, value: &Value<f64>, default: Option<f64>) -> Option<Quantity> {
        let number = self.set(resource, what, value, default)?;
        let quantity = Quantity::from_f64(number);
        if quantity.is_none() {
            self.unpriced(resource, format!("its {what} is {number}, which is not a number of things"));
        }
        quantity
    }

    /// As `number`, for text.
    pub(crate) fn text(&mut self, resource: &str, what: &str, value: &Value<String>, default: Option<&str>) -> Option<String> {
        self.set(resource, what, value, default.map(str::to_owned))
    }

    /// As `number`, for yes or no.
    pub(crate) fn flag(&mut self, resource: &str, what: &str, value: &Value<bool>, default: bool) -> Option<bool> {
        self.set(resource, what, value, Some(default))
    }

    /// What is charged in place of what a resource's kind tells.
    pub(crate) fn instead(&self, id: &str) -> Option<&'a str> {
        self.inventory.extras.get(id)?.iter().find_map(|extra| if let Extra::Instead(what) = extra { Some(what.as_str()) } else { None })
    }

    /// How much one unit of something holds. A size that nobody knows leaves the resource unpriced.
    pub(crate) fn size(&mut self, resource: &str, id: &str) -> Option<Quantity> {
        let size = self.prices.size(id);
        if size.is_none() {
            self.unpriced(resource, format!("how much {id} is, is not known: a [[size]] row with that id in a price file says it"));
        }
        size
    }

    /// The one of three that this pass measures.
    pub(crate) fn pick(&self, low: Quantity, expected: Quantity, high: Quantity) -> Quantity {
        match self.scenario {
            Scenario::Low => low.min(expected),
            Scenario::Expected => expected,
            Scenario::High => high.max(expected),
        }
    }

    fn set<T: Clone>(&mut self, resource: &str, what: &str, value: &Value<T>, default: Option<T>) -> Option<T> {
        match (value, default) {
            (Value::Known(value), _) => Some(value.clone()),
            (Value::Absent, Some(default)) => Some(default),
            (Value::Absent, None) => {
                self.unpriced(resource, format!("its {what} is not set"));
                None
            }
            (Value::Unknown(why), _) => {
                self.unpriced(resource, format!("its {what} is unknown: {why}"));
                None
            }
        }
    }

    fn no_price(&mut self, resource: &str, id: &str) {
        self.unpriced(resource, format!("there is no price for {id} in {}: a row with that id in a price file gives it one", self.prices.region()));
    }

    fn take_free(&mut self, id: &str, quantity: Quantity) -> Quantity {
        let Some(at) = self.prices.free().iter().position(|free| free.covers.iter().any(|covered| covered == id)) else {
            return Quantity::ZERO;
        };
        let free = quantity.min(self.free_left[at]);
        self.free_left[at] = self.free_left[at].less(free);
        free
    }
}

/// The link by which a resource belongs to another one that is charged.
fn pointer(kind: &Kind) -> Option<&Value<Link>> {
    match kind {
        Kind::ElasticIp(address) => Some(&address.instance),
        Kind::ScalingTarget(target) => Some(&target.target),
        Kind::Rotation(rotation) => Some(&rotation.function),
        Kind::Record(record) => Some(&record.zone),
        Kind::Subscription(subscription) => Some(&subscription.topic),
        _ => None,
    }
}

struct Segment {
    quantity: Quantity,
    usd: super::UnitPrice,
    above: Option<Quantity>,
    verified: bool,
}

fn priced(usd: super::UnitPrice, factor: Option<&PriceRow>) -> super::UnitPrice {
    factor.map_or(usd, |factor| usd.scaled(factor.usd))
}

/// The tiers that a quantity falls into when so much is billed `already`. At least one, so that a line of nothing still says so.
fn segments(row: &PriceRow, already: Quantity, quantity: Quantity) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut bounds = vec![(None, Quantity::ZERO, row.usd, row.verified)];
    bounds.extend(row.tiers.iter().map(|tier| (Some(tier.above), tier.above, tier.usd, tier.verified)));
    let end = already + quantity;
    for (at, (above, from, usd, verified)) in bounds.iter().enumerate() {
        let upper = bounds.get(at + 1).map_or(end, |(_, next, ..)| end.min(*next));
        let part = upper.less(already.max(*from));
        if part > Quantity::ZERO {
            segments.push(Segment { quantity: part, usd: *usd, above: *above, verified: *verified });
        }
    }
    if segments.is_empty() {
        segments.push(Segment { quantity: Quantity::ZERO, usd: row.usd, above: None, verified: row.verified });
    }
    segments
}
