//! What a person sees while a run goes on: a live line for each running tool, and one that stays when it has ended.

use crate::desk::Update;
use crate::terminal::{Terminal, harmless, print, tell};
use api::EventView;
use domain::Fact;
use domain::event::{RouteReason, ToolCallStarted};
use domain::model::ModelErrorKind;
use serde_json::Value;
use std::io::Write;

/// Columns of a line of progress.
const COLUMNS: usize = 100;

/// Follows one run.
pub(crate) struct Progress {
    terminal: Terminal,
    quiet: bool,
    /// The model's words go to standard output as they come.
    stream_words: bool,
    /// Each event is printed as a line of JSON.
    jsonl: bool,
    running: Vec<ToolCallStarted>,
    lines_drawn: usize,
    /// The model's words of the turn under way.
    words: String,
    /// What the model said last, once the turn is over.
    last_words: String,
    /// Why the model was given up on.
    model_error: Option<ModelErrorKind>,
}

impl Progress {
    pub(crate) fn new(terminal: Terminal, quiet: bool, jsonl: bool, is_text: bool) -> Progress {
        Progress {
            terminal,
            quiet,
            stream_words: is_text && terminal.person_reads && !quiet,
            jsonl,
            running: Vec::new(),
            lines_drawn: 0,
            words: String::new(),
            last_words: String::new(),
            model_error: None,
        }
    }

    /// Whether this answer has been printed word by word already.
    pub(crate) fn has_printed(&self, answer: &str) -> bool {
        self.stream_words && !answer.is_empty() && self.last_words.trim() == answer.trim()
    }

    /// Why the model was given up on, if it was.
    pub(crate) fn model_error(&self) -> Option<ModelErrorKind> {
        self.model_error
    }

    /// Takes what happens.
    pub(crate) fn see(&mut self, update: Update) {
        match update {
            Update::Words(text) => {
                if self.stream_words {
                    self.erase();
                    print(&harmless(&text));
                }
                self.words.push_str(&text);
            }
            Update::Event(event) => {
                if self.jsonl {
                    print(&format!("{}\n", serde_json::to_string(&event).unwrap_or_default()));
                }
                self.event(&event);
            }
        }
    }

    /// Nothing more will happen.
    pub(crate) fn end(&mut self) {
        self.erase();
    }

    fn event(&mut self, event: &EventView) {
        // A newer server may tell of things that this release has no words for.
        let Ok(fact) = event.fact() else { return };
        match fact {
            Fact::Routed(routed) => {
                let agents: Vec<String> = routed.chosen.iter().map(ToString::to_string).collect();
                let why = match routed.reason {
                    RouteReason::Forced => "as named",
                    RouteReason::Rules => "by the task's words",
                    RouteReason::Model => "by the model's choice",
                    RouteReason::Fallback => "by the best score",
                };
                self.keep(&format!("agents: {} ({why})", agents.join(", ")));
            }
            Fact::ModelCallStarted(call) => {
                self.words.clear();
                if call.attempt > 1 {
                    self.keep(&format!("asking {} again, attempt {}", call.model, call.attempt));
                }
            }
            Fact::ModelReplied(replied) => {
                self.model_error = None;
                if self.stream_words && !self.words.is_empty() {
                    print("\n");
                }
                self.last_words = std::mem::take(&mut self.words);
                let output = replied.reply.usage.map_or(String::new(), |usage| format!(", {} tokens in, {} out", usage.input(), usage.output));
                self.keep(&format!("the model replied in {:.1} s{output}, {}", replied.latency_ms as f64 / 1e3, replied.cost_usd_micros));
            }
            Fact::ModelFailed(failed) => {
                self.model_error = Some(failed.error.kind);
                let again = if failed.retry_at.is_some() { "; it will be asked again" } else { "" };
                self.keep(&format!("the model failed: {}{again}", failed.error.message));
            }
            Fact::ToolCallStarted(call) => {
                self.running.push(call);
                self.draw();
            }
            Fact::ToolCallFinished(finished) => {
                let call = self.running.iter().position(|call| call.call == finished.call).map(|at| self.running.remove(at));
                if let Some(call) = call {
                    let result = match (&finished.error, finished.findings.len()) {
                        (Some(_), _) => format!("could not: {}", finished.output.text),
                        (None, 0) => "ok".to_owned(),
                        (None, 1) => "1 finding".to_owned(),
                        (None, count) => format!("{count} findings"),
                    };
                    self.keep(&format!("{} ({} ms): {result}", label(&call), finished.latency_ms));
                }
            }
            Fact::ToolCallUnknown { call } => {
                self.running.retain(|running| running.call != call);
                self.keep(&format!("call {call}: whether it happened is not known; a person must say"));
            }
            Fact::ApprovalRequested(asked) => self.keep(&format!("call {} waits for a person: {}", asked.call, asked.reason)),
            _ => {}
        }
    }

    /// A line that stays.
    fn keep(&mut self, line: &str) {
        if self.quiet {
            return;
        }
        self.erase();
        tell(&self.terminal_line(line));
        self.draw();
    }

    fn terminal_line(&self, line: &str) -> String {
        let line: String = harmless(line).replace('\n', " ");
        let cut: String = line.chars().take(COLUMNS - 2).collect();
        let cut = if cut.len() < line.len() { format!("{cut}…") } else { cut };
        if self.terminal.live && self.terminal.colour { format!("  {}", self.terminal.faint(&cut)) } else { format!("  {cut}") }
    }

    /// Draws the live lines anew.
    fn draw(&mut self) {
        if !self.terminal.live {
            return;
        }
        self.erase();
        for call in &self.running {
            tell(&self.terminal_line(&format!("{} …", label(call))));
        }
        self.lines_drawn = self.running.len();
    }

    /// Takes the live lines away.
    fn erase(&mut self) {
        if self.lines_drawn > 0 {
            // Up, to the line's beginning, and clear to the end of the screen.
            let _ = write!(std::io::stderr().lock(), "\u{1b}[{}F\u{1b}[J", self.lines_drawn);
            self.lines_drawn = 0;
        }
    }
}

/// A call as people read it: `tcp_connect 127.0.0.1 1`.
fn label(call: &ToolCallStarted) -> String {
    let mut label = call.tool.to_string();
    if let Value::Object(arguments) = &call.arguments {
        for value in arguments.values() {
            label.push(' ');
            match value {
                Value::String(text) => label.push_str(text),
                other => label.push_str(&other.to_string()),
            }
        }
    }
    label
}
