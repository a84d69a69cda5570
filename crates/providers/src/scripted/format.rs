//! The file of a script, as typed, and what is wrong with it.

use domain::model::{Content, ModelError, ModelErrorKind, ModelRef, ModelRequest, Speaker, Stop};
use domain::money::Usage;
use domain::prices::Prices;
use domain::tool::{EffectClass, Replay, Trust};
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default = "yes")]
    pub(super) stream: bool,
    pub(super) price: Option<PriceLine>,
    #[serde(default)]
    script: Vec<Sequence>,
    #[serde(default)]
    pub(super) tool: Vec<ToolLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceLine {
    input: String,
    output: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sequence {
    when: Option<String>,
    route: Option<String>,
    #[serde(default)]
    turn: Vec<Turn>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Turn {
    pub(super) text: String,
    pub(super) call: Vec<CallLine>,
    pub(super) usage: Option<UsageLine>,
    pub(super) no_usage: bool,
    pub(super) stop: Option<Stop>,
    pub(super) fail: Option<Fail>,
    pub(super) fail_first: Option<u32>,
    pub(super) delay_ms: u64,
    pub(super) word_delay_ms: u64,
    pub(super) empty: bool,
    pub(super) garbage: bool,
    pub(super) endless: bool,
    pub(super) silent: bool,
    repeat: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallLine {
    pub(super) tool: String,
    pub(super) arguments: Option<Value>,
    pub(super) raw: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UsageLine {
    input_fresh: u64,
    cache_read: u64,
    cache_write_5m: u64,
    cache_write_1h: u64,
    output: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fail {
    pub(super) kind: ModelErrorKind,
    pub(super) message: String,
    pub(super) retry_after_ms: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolLine {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) input_schema: Option<Value>,
    pub(super) effect: EffectClass,
    pub(super) replay: Replay,
    pub(super) ledger: PathBuf,
    pub(super) text: Option<String>,
    pub(super) fail: Option<String>,
    pub(super) trust: Option<Trust>,
    #[serde(default)]
    pub(super) pause_before_ms: u64,
    #[serde(default)]
    pub(super) pause_after_ms: u64,
    pub(super) die: Option<Moment>,
}

/// Before or after a tool's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Moment {
    Before,
    After,
}

impl File {
    pub(super) fn parse(text: &str, folder: &Path) -> Result<File, String> {
        let mut file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        for sequence in &file.script {
            for (number, turn) in sequence.turn.iter().enumerate() {
                turn.check().map_err(|problem| {
                    let which = sequence.when.as_deref().map_or("the script without `when`".to_owned(), |when| format!("the script for {when:?}"));
                    format!("{which}, turn {number}: {problem}")
                })?;
            }
        }
        if let Some(price) = &file.price {
            Prices::parse(&price.row(&ModelRef::parse("scripted/any").ok_or("no name")?)).map_err(|e| e.to_string())?;
        }
        for tool in &mut file.tool {
            tool.ledger = folder.join(&tool.ledger);
        }
        Ok(file)
    }

    /// The turn that answers this request.
    pub(super) fn choose(&self, request: &ModelRequest) -> Result<Turn, ModelError> {
        let missing = |what: String| ModelError::new(ModelErrorKind::Invalid, what);
        let task = task(request);
        let fits = |sequence: &&Sequence| sequence.when.as_deref().is_none_or(|when| task.contains(when));
        let sequence = self.script.iter().find(fits).ok_or_else(|| missing(format!("no script fits the task {task:?}")))?;
        let said = request.messages.iter().filter(|m| m.speaker == Speaker::Assistant).count() as u64;
        if said == 0 && request.tools.is_empty() && request.system.contains("agents") {
            let route = sequence.route.clone().ok_or_else(|| missing("the script has no `route` for this task".to_owned()))?;
            return Ok(Turn { text: route, ..Turn::default() });
        }
        let mut end = 0;
        for turn in &sequence.turn {
            end += turn.repeat.unwrap_or(1);
            if said < end {
                return Ok(turn.clone());
            }
        }
        Err(missing(format!("the script has {end} turns for this task, and turn {said} (counted from 0) was asked for")))
    }
}

impl PriceLine {
    /// The row of the price list that gives this model the price.
    pub(super) fn row(&self, model: &ModelRef) -> String {
        let text = |s: &str| toml::Value::String(s.to_owned()).to_string();
        format!(
            "[[model]]\nprovider = {}\nid = {}\ninput = {}\noutput = {}\nas_of = \"-\"\nsource = \"the script\"\nverified = true\n",
            text(model.provider()),
            text(model.id()),
            text(&self.input),
            text(&self.output)
        )
    }
}

impl Turn {
    fn check(&self) -> Result<(), &'static str> {
        let odd = [self.empty, self.garbage, self.endless, self.silent].iter().filter(|odd| **odd).count();
        if odd > 1 || (odd == 1 && (!self.text.is_empty() || !self.call.is_empty())) {
            return Err("empty, garbage, endless and silent stand alone, without text and calls");
        }
        if self.fail_first.is_some() && self.fail.is_none() {
            return Err("fail_first says how often, and fail is missing, which says how");
        }
        if self.usage.is_some() && self.no_usage {
            return Err("usage and no_usage contradict each other");
        }
        if self.call.iter().any(|call| call.raw.is_some() && call.arguments.is_some()) {
            return Err("a call has arguments or raw, not both");
        }
        Ok(())
    }
}

impl From<UsageLine> for Usage {
    fn from(line: UsageLine) -> Usage {
        let UsageLine { input_fresh, cache_read, cache_write_5m, cache_write_1h, output } = line;
        Usage { input_fresh, cache_read, cache_write_5m, cache_write_1h, output }
    }
}

fn task(request: &ModelRequest) -> String {
    let mut task = String::new();
    for content in request.messages.first().map(|m| m.content.as_slice()).unwrap_or_default() {
        if let Content::Text { text } = content {
            task.push_str(text);
        }
    }
    task
}

fn yes() -> bool {
    true
}
