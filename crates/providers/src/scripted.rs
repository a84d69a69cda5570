//! A model whose answers come from a file, and tools that do nothing but write down that they were called: for tests and demos.
//!
//! The file is TOML. A *script* is the sequence of turns for the tasks that contain its `when`; the first script that fits is played.
//! Which turn comes is told by the number of assistant messages in the request, so the same request gets the same answer after a
//! crash. A request for routing (no tools, nothing said yet, the instruction speaks of agents) gets the script's `route`.
//!
//! ```toml
//! stream = true                    # text comes word by word; false gives it at once
//! price = { input = "1.00", output = "2.00" }   # USD per million tokens; without it the model is free
//!
//! [[script]]
//! when = "disk"                    # part of the task; without it the script fits every task
//! route = "system_monitoring"      # what a request for routing is answered
//!
//! [[script.turn]]
//! text = "I look at the disks."
//! call = [{ tool = "disks", arguments = { path = "/" } }, { tool = "disks", raw = '{"path": ' }]
//! usage = { input_fresh = 100, output = 20 }    # without it a guess from the lengths
//!
//! [[script.turn]]
//! text = "The disk is full."
//! fail = { kind = "rate_limited", message = "slow down", retry_after_ms = 10 }
//! fail_first = 2                   # the first two attempts at this very request fail; without it every attempt does
//!
//! [[tool]]
//! name = "page_someone"
//! effect = "speak"                 # observe, change or speak
//! replay = "once"                  # safe, keyed or once
//! ledger = "pages.jsonl"           # where calls are written down; relative to the file
//! ```
//!
//! A turn may also say: `delay_ms` (wait first), `word_delay_ms` (wait before every word), `repeat` (this many turns are like this one),
//! `stop` (`end`, `tool_use`, `output_limit`, `filtered`), `no_usage = true` (the provider forgot to count), and one of
//! `empty = true` (a reply with nothing in it), `garbage = true` (a reply that cannot be read), `endless = true` (text that never
//! ends) and `silent = true` (no reply, ever). A tool may also say: `description`, `input_schema`, `text` (its answer; without it the
//! line it wrote), `fail` (an error instead of an answer, after the line is written), `trust` (`untrusted` taints the run),
//! `pause_before_ms` and `pause_after_ms` (around the writing, so that a test can end the process there), and `die = "before"` or
//! `"after"` (ends the process there by itself, the first time; a file `<ledger>.died` remembers that it has).

mod format;
mod ledger_tool;
mod reply;

use domain::model::{ModelError, ModelRef, ModelRequest};
use domain::prices::Prices;
use format::File;
use futures_util::stream::BoxStream;
use ledger_tool::LedgerTool;
use ports::{Model, ModelEvent, Tool};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A script that was read and makes sense.
#[derive(Clone, Debug)]
pub struct Script {
    file: Arc<File>,
}

/// Why a script cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("could not read the script {path}")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no script. The message names the line.
    #[error("the script makes no sense: {0}")]
    Invalid(String),
}

impl Script {
    /// Reads a script from a file. Ledgers with a relative path lie beside it.
    pub fn load(path: &Path) -> Result<Script, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.display().to_string(), source })?;
        read(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a script from text. Ledgers with a relative path lie in the working directory.
    pub fn parse(text: &str) -> Result<Script, Error> {
        read(text, Path::new(""))
    }

    /// The model that plays it. Attempts that fail first are counted per model made here.
    pub fn model(&self) -> Arc<dyn Model> {
        Arc::new(Player { file: self.file.clone(), attempts: Mutex::default() })
    }

    /// The ledger tools it defines, in the file's order.
    pub fn tools(&self) -> Vec<Arc<dyn Tool>> {
        self.file.tool.iter().map(|tool| Arc::new(LedgerTool::new(tool)) as Arc<dyn Tool>).collect()
    }

    /// What the model costs under the name it is configured by: the file's `price`, or nothing.
    pub fn prices(&self, model: &ModelRef) -> Prices {
        let Some(price) = &self.file.price else { return Prices::default().with_free_provider(model.provider()) };
        // The price was tried when the file was read, so the only thing that is new here is the name, which TOML can always hold.
        Prices::parse(&price.row(model)).unwrap_or_default()
    }
}

fn read(text: &str, folder: &Path) -> Result<Script, Error> {
    Ok(Script { file: Arc::new(File::parse(text, folder).map_err(Error::Invalid)?) })
}

/// Plays a script.
struct Player {
    file: Arc<File>,
    /// Attempts at each request that is to fail at first, by its hash.
    attempts: Mutex<BTreeMap<String, u32>>,
}

impl Player {
    /// Counts an attempt at this request, the first being 1.
    fn attempt(&self, request: &ModelRequest) -> u32 {
        let hash = request.seal().sha256_hex;
        let mut attempts = self.attempts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = attempts.entry(hash).or_default();
        *count += 1;
        *count
    }
}

impl Model for Player {
    fn destination(&self) -> String {
        "local".to_owned()
    }

    fn stream(&self, request: &ModelRequest, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let turn = match self.file.choose(request) {
            Ok(turn) => turn,
            Err(error) => return reply::failed(error),
        };
        let fails = match (&turn.fail, turn.fail_first) {
            (None, _) => None,
            (Some(fail), None) => Some(fail),
            (Some(fail), Some(first)) => (self.attempt(request) <= first).then_some(fail),
        };
        reply::play(&turn, fails, request, output_tokens_max, self.file.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::{Content, Message, ModelErrorKind, ModelReply, OfferedTool, Speaker, Stop};
    use futures_util::StreamExt;
    use serde_json::json;

    fn request(task: &str, turns: usize) -> ModelRequest {
        let mut messages = vec![Message { speaker: Speaker::User, content: vec![Content::text(task)] }.into()];
        for _ in 0..turns {
            messages.push(Message { speaker: Speaker::Assistant, content: vec![Content::text("…")] }.into());
            messages.push(Message { speaker: Speaker::User, content: vec![Content::text("…")] }.into());
        }
        let tool = OfferedTool { name: "disks".into(), description: "d".to_owned(), input_schema: json!({"type": "object"}) };
        ModelRequest {
            model: ModelRef::parse("scripted/demo").unwrap(),
            system: "You look.".to_owned(),
            messages,
            tools: vec![tool.into()],
            output_tokens_max: 1_000,
        }
    }

    fn routing(task: &str) -> ModelRequest {
        ModelRequest { system: "You route tasks to agents.".to_owned(), tools: Vec::new(), ..request(task, 0) }
    }

    async fn ask(model: &dyn Model, request: &ModelRequest) -> Result<(Vec<String>, ModelReply), ModelError> {
        let mut words = Vec::new();
        let mut stream = model.stream(request, request.output_tokens_max);
        while let Some(event) = stream.next().await {
            match event? {
                ModelEvent::Text(text) => words.push(text),
                ModelEvent::Progress(_) => {}
                ModelEvent::Finished(reply) => return Ok((words, reply)),
            }
        }
        panic!("the stream ended without an end")
    }

    fn model(text: &str) -> Arc<dyn Model> {
        Script::parse(text).unwrap().model()
    }

    #[tokio::test]
    async fn the_task_chooses_the_script_and_the_request_its_turn() {
        let model = model(
            r#"
            [[script]]
            when = "disk"
            route = "system_monitoring"
            [[script.turn]]
            text = "I look at them."
            call = [{ tool = "disks", arguments = { path = "/" } }, { tool = "disks", raw = '{"path": ' }]
            [[script.turn]]
            text = "Full."
            usage = { input_fresh = 7, output = 3 }
            [[script]]
            [[script.turn]]
            text = "Again."
            repeat = 2
            "#,
        );
        assert_eq!(ask(&*model, &routing("my disk")).await.unwrap().1.text, "system_monitoring");
        let (words, first) = ask(&*model, &request("my disk", 0)).await.unwrap();
        assert_eq!(words, ["I ", "look ", "at ", "them."]);
        assert_eq!((first.text.as_str(), first.stop), ("I look at them.", Stop::ToolUse));
        assert_eq!(first.calls[0].arguments, json!({"path": "/"}));
        assert_eq!(first.calls[0].problem, None);
        assert_eq!(first.calls[1].arguments, json!({}));
        assert!(first.calls[1].problem.as_deref().unwrap().contains("not JSON"));
        let (_, second) = ask(&*model, &request("my disk", 1)).await.unwrap();
        assert_eq!((second.text.as_str(), second.stop), ("Full.", Stop::End));
        assert_eq!(second.usage.map(|u| (u.input_fresh, u.output)), Some((7, 3)));
        assert_eq!(ask(&*model, &request("something else", 1)).await.unwrap().1.text, "Again.");
        let past_the_end = ask(&*model, &request("something else", 2)).await.unwrap_err();
        assert_eq!(past_the_end.kind, ModelErrorKind::Invalid);
        assert_eq!(ask(&*model, &routing("something else")).await.unwrap_err().kind, ModelErrorKind::Invalid);
    }

    #[tokio::test]
    async fn a_turn_that_fails_first_succeeds_at_the_attempt_after() {
        let model = model(
            r#"
            [[script]]
            [[script.turn]]
            text = "There."
            fail = { kind = "rate_limited", message = "slow down", retry_after_ms = 10 }
            fail_first = 2
            [[script.turn]]
            fail = { kind = "denied", message = "no" }
            "#,
        );
        for _ in 0..2 {
            let error = ask(&*model, &request("t", 0)).await.unwrap_err();
            assert_eq!((error.kind, error.retry_after_ms), (ModelErrorKind::RateLimited, Some(10)));
        }
        assert_eq!(ask(&*model, &request("t", 0)).await.unwrap().1.text, "There.");
        for _ in 0..3 {
            assert_eq!(ask(&*model, &request("t", 1)).await.unwrap_err().kind, ModelErrorKind::Denied);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn odd_replies_are_as_odd_as_they_say() {
        let model = model(
            r#"
            stream = false
            [[script]]
            [[script.turn]]
            empty = true
            [[script.turn]]
            garbage = true
            [[script.turn]]
            endless = true
            [[script.turn]]
            text = "a late answer"
            delay_ms = 60000
            no_usage = true
            "#,
        );
        let (words, empty) = ask(&*model, &request("t", 0)).await.unwrap();
        assert!(words.is_empty() && empty.text.is_empty() && empty.calls.is_empty());
        assert_eq!(ask(&*model, &request("t", 1)).await.unwrap_err().kind, ModelErrorKind::Malformed);
        let endless: Vec<_> = model.stream(&request("t", 2), 10).take(1_000).collect().await;
        assert!(endless.iter().all(|event| matches!(event, Ok(ModelEvent::Text(text)) if !text.is_empty())));
        let before = tokio::time::Instant::now();
        let (words, late) = ask(&*model, &request("t", 3)).await.unwrap();
        assert_eq!((words.len(), late.usage), (1, None));
        assert!(before.elapsed().as_secs() >= 60);
    }

    #[test]
    fn a_price_is_that_of_the_name_in_use() {
        let demo = ModelRef::parse("scripted/demo").unwrap();
        let priced = Script::parse("price = { input = \"1.00\", output = \"2.00\" }").unwrap().prices(&demo);
        assert_eq!(priced.price(&demo).unwrap().base.output, 2_000_000);
        assert_eq!(priced.price(&ModelRef::parse("scripted/other").unwrap()), None);
        let free = Script::parse("").unwrap().prices(&demo);
        assert_eq!(free.price(&demo), Some(domain::money::Price::FREE));
    }

    #[test]
    fn the_example_above_is_a_script() {
        let doc = include_str!("scripted.rs").lines().map_while(|line| line.strip_prefix("//!"));
        let example: Vec<_> = doc.skip_while(|line| line.trim() != "```toml").skip(1).take_while(|line| line.trim() != "```").collect();
        let script = Script::parse(&example.join("\n")).unwrap();
        assert_eq!(script.tools()[0].spec().name.as_str(), "page_someone");
        assert_eq!(script.file.choose(&request("my disk", 1)).unwrap().fail_first, Some(2));
    }

    #[test]
    fn what_makes_no_sense_is_refused_when_read() {
        let refused = |text: &str| Script::parse(text).unwrap_err().to_string();
        assert!(refused("[[script]]\nwenn = \"x\"").contains("wenn"));
        assert!(refused("price = { input = \"cheap\", output = \"2\" }").contains("cheap"));
        assert!(refused("[[script]]\n[[script.turn]]\ntext = \"t\"\nfail_first = 1").contains("fail_first"));
        assert!(refused("[[script]]\n[[script.turn]]\ncall = [{ tool = \"t\", raw = \"{\", arguments = {} }]").contains("raw"));
        assert!(refused("[[script]]\n[[script.turn]]\ntext = \"t\"\nempty = true").contains("empty"));
    }
}
