//! Joins everything: configuration, agents, tools, models, prices and a store become an engine.

use crate::agents;
use crate::choice::Choice;
use crate::clock::SystemClock;
use crate::config::{Config, ModelWish};
use crate::exit::{Failure, chain};
use domain::agent::{Agent, Catalogue};
use domain::event::Limits;
use domain::model::ModelRef;
use domain::permit::ByEffectClass;
use domain::prices::Prices;
use engine::{Engine, Options, Parts};
use ports::{Model, Store, Tool};
use providers::scripted::Script;
use providers::{Secret, openai};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What can be put together before it is known where runs are kept.
pub(crate) struct Assembly {
    pub(crate) catalogue: Catalogue,
    pub(crate) choice: Choice,
    models: BTreeMap<String, Arc<dyn Model>>,
    tools: Vec<Arc<dyn Tool>>,
    prices: Prices,
    options: Options,
    /// What a run may use up when nobody says otherwise.
    pub(crate) limits: Limits,
}

impl Assembly {
    /// Reads agents, scripts and prices, and makes the models. Nothing is sent anywhere.
    ///
    /// # Errors
    /// A file that cannot be read, or a value that makes no sense.
    pub(crate) async fn new(config: &Config) -> Result<Assembly, Failure> {
        let choice = Choice::of(config);
        let mut prices = prices(config)?;
        let mut tools = tools::all(&tools::Egress::new(tools::egress::Options::default()));
        let mut agents = agents::load(config.agents_dir.as_deref())?;
        let mut models: BTreeMap<String, Arc<dyn Model>> = BTreeMap::new();
        let is_wanted = |provider: &str| choice.model.as_ref().is_some_and(|model| model.provider() == provider);

        if is_wanted("bedrock") {
            let options =
                bedrock::Options { region: Some(config.region.clone()), endpoint_url: config.bedrock_endpoint_url.clone(), ..Default::default() };
            let model = bedrock::Bedrock::new(options).await.map_err(|error| Failure::usage(chain(&error)))?;
            models.insert("bedrock".to_owned(), Arc::new(model));
        }
        if is_wanted("openai") || config.openai_api_key.is_some() {
            let key = config.openai_api_key.as_ref().map(|key| Secret::new(key.reveal()));
            let options = openai::Options { base_url: config.openai_base_url.clone(), api_key: key, ..Default::default() };
            let model = openai::OpenAi::new(options).map_err(|error| Failure::usage(chain(&error)))?;
            if model.is_loopback() {
                prices = prices.with_free_provider("openai");
            }
            models.insert("openai".to_owned(), Arc::new(model));
        }
        if let ModelWish::Named(model) = &config.model
            && model.provider() == "scripted"
        {
            let script = Script::load(Path::new(model.id())).map_err(|error| Failure::usage(chain(&error)))?;
            prices = prices.with(script.prices(model));
            models.insert("scripted".to_owned(), script.model());
            offer(&mut agents, &script.tools());
            tools.extend(script.tools());
        }
        let catalogue = Catalogue::new(agents, tools.iter().map(|tool| tool.spec().clone())).map_err(|error| Failure::usage(error.to_string()))?;
        let options = Options {
            runs_concurrent_max: config.runs_concurrent_max,
            key_cost_per_day_max: config.key_cost_per_day_max,
            global_cost_per_day_max: config.global_cost_per_day_max,
            ..Options::default()
        };
        Ok(Assembly { catalogue, choice, models, tools, prices, options, limits: config.limits })
    }

    /// Where requests to the chosen model go.
    pub(crate) fn destination(&self) -> Option<String> {
        let model = self.choice.model.as_ref()?;
        self.models.get(model.provider()).map(|provider| provider.destination())
    }

    /// The providers that runs may name.
    pub(crate) fn providers(&self) -> Vec<String> {
        self.models.keys().cloned().collect()
    }

    /// A warning about the chosen model that people should see before they pay for it.
    pub(crate) fn warning(&self) -> Option<String> {
        let model = self.choice.model.as_ref()?;
        let Some(row) = self.prices.row(model) else {
            let is_priced = self.prices.price(model).is_some();
            return (!is_priced).then(|| format!("the price of {model} is not known, so it will not be asked; {}", price_advice(model)));
        };
        let end = row.end_of_life.as_ref()?;
        let successor = row.successor.as_deref().map_or(String::new(), |successor| format!("; use {successor} instead"));
        Some(format!("{model} reaches or has reached its end of life on {end}{successor}"))
    }

    /// The engine on this store.
    pub(crate) fn engine(&self, store: Arc<dyn Store>) -> Engine {
        Engine::new(Parts {
            store,
            clock: Arc::new(SystemClock::new()),
            models: self.models.clone(),
            tools: self.tools.clone(),
            catalogue: self.catalogue.clone(),
            policy: Arc::new(ByEffectClass),
            prices: self.prices.clone(),
            options: self.options,
        })
    }
}

/// What to write into the price file for a model without a price.
fn price_advice(model: &ModelRef) -> String {
    format!("add these lines to the file that prices_file names:\n{}", Prices::lines_to_add(model))
}

/// A script's own tools are for every agent: the script decides who calls what.
fn offer(agents: &mut [Agent], tools: &[Arc<dyn Tool>]) {
    for agent in agents {
        agent.tools.extend(tools.iter().map(|tool| tool.spec().name.clone()));
    }
}

fn prices(config: &Config) -> Result<Prices, Failure> {
    let prices = providers::prices();
    let Some(path) = &config.prices_file else { return Ok(prices) };
    let wrong = |error: String| Failure::usage(format!("the price file {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Ok(prices.with(Prices::parse(&text).map_err(|error| wrong(error.to_string()))?))
}
