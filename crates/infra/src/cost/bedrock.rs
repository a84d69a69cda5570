//! Model tokens: which models the inventory calls, what the load's tokens cost with them, and what others would.

use super::load::amount;
use super::meter::{Meter, Scenario};
use super::service::Service;
use super::{Line, Load, Quantity, UnitPrice, Usd};
use crate::iam::of_region;
use crate::inventory::compute::{BeanstalkEnvironment, Function, TaskDefinition};
use crate::inventory::network::Endpoint;
use crate::inventory::{Inventory, Link};
use crate::rules::policies::{INVOKE, allowing, allows, attached};
use crate::usage::{model_id, named, split};
use crate::value::Value;
use domain::model::ModelRef;
use domain::money::{Price, Rates};
use domain::prices::Prices;
use serde::Serialize;
use std::collections::BTreeSet;

/// What the load's tokens cost with a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCost {
    /// The model id, or the inference profile.
    pub model: String,
    /// USD a month.
    pub monthly_usd: Usd,
    /// Whether it is the one that the bill counts with.
    pub is_used: bool,
    /// Whether it is what the makers name in place of the one that is used.
    #[serde(skip_serializing_if = "is_false")]
    pub is_successor: bool,
    /// The day from which it does not answer, when one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<String>,
    /// Whether a public page states its price.
    pub verified: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Policies of AWS's own that let any model be asked.
const OPEN_POLICIES: &[&str] = &["AdministratorAccess", "AmazonBedrockFullAccess", "AmazonBedrockLimitedAccess", "PowerUserAccess"];
/// What a policy may name that answers.
const ASKED: &[&str] = &[
    "foundation-model",
    "inference-profile",
    "application-inference-profile",
    "provisioned-model",
    "imported-model",
    "custom-model-deployment",
    "prompt-router",
    "default-prompt-router",
];

/// Writes the tokens of a month.
pub(super) fn tokens(meter: &mut Meter<'_>, models: &Prices) {
    let load = meter.load;
    if load.calls() == Quantity::ZERO || load.tokens_in + load.tokens_out == 0 {
        return;
    }
    let used = match used(meter.inventory, load) {
        Used::Models(used) => used,
        Used::Nothing => return,
        Used::Unknown(why) => {
            meter.unpriced("load", format!("model tokens: {why}; say which with --load model=…, or steps=0 when none is called"));
            return;
        }
    };
    let mut priced = Vec::new();
    for id in &used {
        match price(models, id) {
            Some((price, verified)) => priced.push((id, price, verified, monthly(load, &price))),
            None => meter.unpriced("load", format!("model tokens: there is no price for {id}; a [[model]] row in a price file gives it one")),
        }
    }
    // Which of several takes which call is not written down: the dearest is expected, the cheapest is the lower bound.
    priced.sort_by_key(|(.., usd)| *usd);
    let of = match meter.scenario {
        Scenario::Low => priced.first(),
        Scenario::Expected | Scenario::High => priced.last(),
    };
    let Some((id, price, verified, _)) = of else { return };
    let mut assumption = format!(
        "{} × {} model calls{} of {} tokens in and {} out",
        load.tasks_words(),
        load.steps,
        load.assumed("steps"),
        Quantity::whole(load.tokens_in),
        Quantity::whole(load.tokens_out)
    );
    if !load.is_stated("tokens_in") && !load.is_stated("tokens_out") {
        assumption.push_str(" (assumed)");
    }
    if let Some((above, _)) = price.large.filter(|(above, _)| load.tokens_in > *above) {
        assumption.push_str(&format!("; requests above {} tokens cost the rate of large ones", Quantity::whole(above)));
    }
    if used.len() > 1 {
        assumption.push_str(&format!("; the dearest of {}", used.iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    if let Some(end) = model(id).and_then(|model| models.row(&model)?.end_of_life.clone()) {
        assumption.push_str(&format!("; the model's end of life is {end}"));
    }
    for (what, quantity, unit_price) in parts(load, price) {
        meter.lines.push(Line {
            resource: "load".to_owned(),
            item: format!("{id}, {what}"),
            quantity,
            unit: "million tokens".to_owned(),
            unit_price_usd: unit_price,
            monthly_usd: quantity.at(unit_price),
            free_tier_usd: Usd::ZERO,
            assumption: assumption.clone(),
            verified: *verified,
            prices: vec![format!("bedrock/{id}")],
            service: Service::Bedrock,
        });
    }
}

/// What the same tokens would cost with each model and profile that still answers and is not on its way out: the successor that is named
/// for a model in use first, then the cheapest.
pub(super) fn beside(inventory: &Inventory, load: &Load, models: &Prices, region: &str) -> Vec<ModelCost> {
    let Used::Models(used) = used(inventory, load) else { return Vec::new() };
    if load.calls() == Quantity::ZERO {
        return Vec::new();
    }
    let mut beside: Vec<ModelCost> = used.iter().filter_map(|id| model_cost(models, load, id, true)).collect();
    for (provider, id, row) in models.rows() {
        // A row is of its day: what had ended by then does not answer. A model without output embeds, and answers nothing.
        let has_ended = [&row.end_of_life, &row.deprecated].into_iter().flatten().any(|end| *end <= row.as_of);
        if provider != "bedrock" || has_ended || row.price.base.output == 0 {
            continue;
        }
        // Models that cost more in one geography are reached through profiles: the one of the region, or the global one.
        let geographies = || std::iter::once("global").chain(of_region(region));
        let profiles: Vec<String> = match row.price.surcharge_percent {
            0 => vec![id.to_owned()],
            _ => geographies().map(|geography| format!("{geography}.{id}")).collect(),
        };
        beside.extend(profiles.iter().filter(|profile| !used.contains(*profile)).filter_map(|profile| model_cost(models, load, profile, false)));
    }
    let successors: BTreeSet<&String> = used.iter().filter_map(|id| models.row(&model(id)?)?.successor.as_ref()).collect();
    for one in beside.iter_mut().filter(|one| !one.is_used) {
        let bare = split(&one.model).map_or(one.model.as_str(), |(_, bare)| bare);
        one.is_successor = successors.iter().any(|successor| *successor == bare);
    }
    beside.sort_by(|a, b| (!a.is_successor, a.monthly_usd, &a.model).cmp(&(!b.is_successor, b.monthly_usd, &b.model)));
    beside
}

fn model_cost(models: &Prices, load: &Load, id: &str, is_used: bool) -> Option<ModelCost> {
    let (price, verified) = price(models, id)?;
    let end_of_life = models.row(&model(id)?)?.end_of_life.clone();
    Some(ModelCost { model: id.to_owned(), monthly_usd: monthly(load, &price), is_used, is_successor: false, end_of_life, verified })
}

fn model(id: &str) -> Option<ModelRef> {
    ModelRef::parse(&format!("bedrock/{id}"))
}

fn price(models: &Prices, id: &str) -> Option<(Price, bool)> {
    let model = model(id)?;
    Some((models.price(&model)?, models.row(&model)?.verified))
}

/// A month's tokens, exact: rounding each call, as a running bill does, would add up.
fn monthly(load: &Load, price: &Price) -> Usd {
    parts(load, price).into_iter().map(|(_, quantity, unit_price)| quantity.at(unit_price)).sum()
}

/// Quantities in millions of tokens with their price, surcharge included.
fn parts(load: &Load, price: &Price) -> Vec<(&'static str, Quantity, UnitPrice)> {
    let rates: Rates = match price.large {
        Some((above, rates)) if load.tokens_in > above => rates,
        _ => price.base,
    };
    // 10⁻¹² USD a token, times a million tokens, times the hundred and more of the percentage over a hundred.
    let rate = |pico: u64| UnitPrice(pico.saturating_mul(10_000).saturating_mul(100 + price.surcharge_percent));
    let millions = |tokens: u64| load.calls().times(Quantity::whole(tokens)).per(1_000_000);
    let (input, output) = (millions(load.tokens_in), millions(load.tokens_out));
    let hit = input.times(amount(load.hit_rate));
    let mut parts = Vec::new();
    if hit > Quantity::ZERO {
        parts.push(("input from the prompt cache", hit, rate(rates.cache_read)));
        parts.push(("input written to the prompt cache", input.less(hit), rate(rates.cache_write_5m)));
    } else {
        parts.push(("input", input, rate(rates.input)));
    }
    parts.push(("output", output, rate(rates.output)));
    parts
}

pub(super) enum Used {
    Models(BTreeSet<String>),
    Nothing,
    Unknown(String),
}

/// The models that the load states; else those that the inventory's settings and policies name.
pub(super) fn used(inventory: &Inventory, load: &Load) -> Used {
    if !load.models.is_empty() {
        return Used::Models(load.models.iter().cloned().collect());
    }
    let configured = configured(inventory);
    if !configured.is_empty() {
        return Used::Models(configured);
    }
    let allowed = Allowed::by(inventory);
    let named = allowed.named();
    if !named.is_empty() {
        return Used::Models(named);
    }
    let has_endpoint = inventory.all::<Endpoint>().any(|(_, endpoint)| endpoint.service.known().is_some_and(|s| s.ends_with("bedrock-runtime")));
    let states_tokens = ["steps", "tokens_in", "tokens_out"].iter().any(|key| load.is_stated(key));
    match () {
        () if allowed.is_open => Used::Unknown("a policy allows any model, and none is configured".to_owned()),
        () if has_endpoint || states_tokens => Used::Unknown("no model is configured".to_owned()),
        () => Used::Nothing,
    }
}

/// As `used`, where they are known.
pub(crate) fn used_models(inventory: &Inventory, load: &Load) -> BTreeSet<String> {
    match used(inventory, load) {
        Used::Models(models) => models,
        Used::Nothing | Used::Unknown(_) => BTreeSet::new(),
    }
}

/// Environment variables and settings whose value is a model id.
fn configured(inventory: &Inventory) -> BTreeSet<String> {
    let containers = inventory.all::<TaskDefinition>().flat_map(|(_, definition)| &definition.containers).flat_map(|c| c.environment.values());
    let functions = inventory.all::<Function>().flat_map(|(_, function)| function.environment.values());
    let environments = inventory.all::<BeanstalkEnvironment>().flat_map(|(_, environment)| environment.settings.values());
    let values = containers.chain(functions).chain(environments).filter_map(Value::known);
    values.filter_map(|value| named(value).or_else(|| model_id(value))).map(str::to_owned).collect()
}

/// What policies let be asked.
#[derive(Default)]
struct Allowed {
    profiles: BTreeSet<String>,
    models: BTreeSet<String>,
    is_open: bool,
}

impl Allowed {
    fn by(inventory: &Inventory) -> Allowed {
        let mut allowed = Allowed { is_open: attached(inventory).any(|(_, policy)| OPEN_POLICIES.contains(&policy)), ..Allowed::default() };
        for (_, statement) in allowing(inventory) {
            // What cannot be told may be the permission.
            if INVOKE.iter().all(|action| allows(statement, action) == Some(false)) {
                continue;
            }
            allowed.is_open |= !statement.not_resources.is_empty();
            for resource in &statement.resources {
                match resource {
                    Value::Known(Link::Outside(arn)) => allowed.arn(arn),
                    Value::Unknown(_) => allowed.is_open = true,
                    // No kind that is declared here answers; what is not recognised might.
                    Value::Known(Link::To(id)) => allowed.is_open |= inventory.resource(id).is_none(),
                    Value::Absent => {}
                }
            }
        }
        allowed
    }

    fn arn(&mut self, arn: &str) {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let (service, kind) = (parts.get(2).unwrap_or(&"*"), parts.get(5).unwrap_or(&"*").split('/').next().unwrap_or_default());
        let is_pattern = |text: &str| text.contains(['*', '?', '$']);
        if !is_pattern(service) && (*service != "bedrock" || !(is_pattern(kind) || ASKED.contains(&kind))) {
            return;
        }
        match named(arn) {
            None => self.is_open = true,
            Some(id) if split(id).is_some() => {
                self.profiles.insert(id.to_owned());
            }
            Some(id) => {
                self.models.insert(id.to_owned());
            }
        }
    }

    /// A profile comes with the model behind it in each of its regions; of the two it is the profile that is called.
    fn named(&self) -> BTreeSet<String> {
        let is_behind_one = |model: &&String| self.profiles.iter().any(|profile| split(profile).is_some_and(|(_, behind)| behind == model.as_str()));
        self.models.iter().filter(|model| !is_behind_one(model)).chain(&self.profiles).cloned().collect()
    }
}
