//! A model that says anything: answers, calls, nonsense, failures, silence. It bills for what it does, whether or not we live to hear it.

use super::world::{Rng, World};
use domain::model::*;
use domain::money::Usage;
use domain::prices::Prices;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use ports::{Model, ModelEvent};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct SimModel {
    world: Arc<World>,
}

impl SimModel {
    pub(crate) fn new(world: Arc<World>) -> SimModel {
        SimModel { world }
    }
}

enum Act {
    Reply(ModelReply),
    Fail(ModelErrorKind),
    Silence,
    Endless,
}

impl Model for SimModel {
    fn destination(&self) -> String {
        "simulated".to_owned()
    }

    fn stream(&self, request: &ModelRequest, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let world = self.world.clone();
        let request = request.clone();
        stream::once(async move {
            world.pause().await;
            let act = world.with_rng(|rng| act(rng, &request, output_tokens_max));
            if let Act::Reply(ModelReply { usage: Some(usage), .. }) = &act {
                bill(&world, &request, usage);
            }
            world.pause().await;
            match act {
                Act::Reply(reply) => stream::iter(vec![Ok(ModelEvent::Text("some ".to_owned())), Ok(ModelEvent::Finished(reply))]).boxed(),
                Act::Fail(kind) => stream::iter(vec![Err(ModelError::new(kind, "simulated failure"))]).boxed(),
                Act::Silence => {
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                    stream::iter(vec![]).boxed()
                }
                Act::Endless => stream::repeat_with(|| Ok(ModelEvent::Text("more ".repeat(1_000)))).boxed(),
            }
        })
        .flatten()
        .boxed()
    }
}

fn bill(world: &World, request: &ModelRequest, usage: &Usage) {
    let prices = Prices::parse(super::PRICES).expect("the simulation's prices are right");
    let price = prices.price(&request.model).expect("the simulation's model has a price");
    let task = request.messages.iter().flat_map(|m| &m.content).find_map(|c| match c {
        Content::Text { text } => Some(text.clone()),
        _ => None,
    });
    world.bill(&task.unwrap_or_default(), price.cost(usage));
}

fn act(rng: &mut Rng, request: &ModelRequest, output_tokens_max: u32) -> Act {
    match rng.below(20) {
        0 => return Act::Fail(*rng.pick(&[ModelErrorKind::RateLimited, ModelErrorKind::Unavailable, ModelErrorKind::Connect])),
        1 => return Act::Fail(*rng.pick(&[ModelErrorKind::Denied, ModelErrorKind::NotFound, ModelErrorKind::Invalid])),
        2 => return Act::Silence,
        3 => return Act::Endless,
        _ => {}
    }
    // As much as the vendor may bill: every byte of the request a token, every granted token used.
    let usage =
        Usage { input_fresh: rng.below(request.seal().canonical_len + 1), output: rng.below(u64::from(output_tokens_max) + 1), ..Usage::default() };
    let usage = Some(usage).filter(|_| !rng.one_in(6));
    if request.tools.is_empty() {
        let text = *rng.pick(&["{\"agents\": [\"ops\"]}", "{\"agents\": [\"ops\", \"net\"]}", "I do not know"]);
        return Act::Reply(ModelReply { text: text.to_owned(), calls: vec![], opaque: vec![], stop: Stop::End, usage });
    }
    let calls: Vec<_> = (0..rng.below(4)).map(|_| call(rng, request)).collect();
    let text = if rng.one_in(8) { "" } else { "words" };
    let stop = if calls.is_empty() { *rng.pick(&[Stop::End, Stop::End, Stop::OutputLimit, Stop::Filtered]) } else { Stop::ToolUse };
    Act::Reply(ModelReply { text: text.to_owned(), calls, opaque: vec![], stop, usage })
}

fn call(rng: &mut Rng, request: &ModelRequest) -> RequestedCall {
    let tool = if rng.one_in(12) { "no_such_tool".into() } else { rng.pick(&request.tools).name.clone() };
    let arguments: Value = match rng.below(5) {
        0 => json!({"severity": "high", "title": "t", "quote": "fine", "remedy": "r"}),
        n => json!({"n": n}),
    };
    RequestedCall { tool, arguments, problem: rng.one_in(15).then(|| "half a JSON text".to_owned()) }
}
