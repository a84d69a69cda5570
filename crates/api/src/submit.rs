//! A task as it is sent, and what it means.

use crate::problem::{Code, FieldError};
use crate::read::{Fields, Refusal};
use domain::event::Mode;
use domain::model::ModelRef;
use domain::target::Target;
use domain::{AgentId, UsdMicros};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The most that a request may allow one run to spend, in US dollars. A slip of a few zeros should not get through.
pub const BUDGET_USD_MAX: f64 = 1_000.0;

/// The names that a body may have. `goal` is another name of `task`.
const FIELDS: &[&str] = &["task", "goal", "context", "agent_ids", "model", "budget_usd", "mode", "targets"];

/// A task to be run, as it is sent. `goal` is accepted as another name of `task`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubmitRun {
    /// What is asked, in plain words: 1 to 10,000 characters after trimming.
    #[schema(min_length = 1, max_length = 10_000, examples("Is this machine healthy, and why does 127.0.0.1:1 not answer?"))]
    pub task: String,
    /// What the caller adds: an object of at most 50,000 characters as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Value>,
    /// The agents that are to work on it, at most 10. Empty: they are chosen by the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub agent_ids: Vec<String>,
    /// The model as `provider/model-id`, or `none` for deterministic checks alone. Absent: the configured one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The most that the run may cost, in US dollars. Absent: the configured limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0.0, maximum = 1_000.0)]
    pub budget_usd: Option<f64>,
    /// How the work is directed. Absent: `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<TaskMode>,
    /// With mode `checks`: what to look at (host, host:port, http(s) address or absolute path). Absent: this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
}

/// How a task's work is directed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskMode {
    /// By the named agents, or by those that the task is routed to.
    Auto,
    /// By the deterministic checks of the named agents, without a model.
    Checks,
}

/// A task, checked as far as it can be without the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What is asked; not blank.
    pub task: String,
    /// What the caller adds, an object.
    pub context: Option<Value>,
    /// How it is directed.
    pub mode: Mode,
    /// Which model.
    pub model: ModelChoice,
    /// The most that the run may cost, when the request says so.
    pub cost_usd_micros_max: Option<UsdMicros>,
}

/// What a request says about the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelChoice {
    /// Nothing: the configured one.
    Configured,
    /// Deterministic checks alone.
    NoModel,
    /// This one.
    Named(ModelRef),
}

impl Task {
    /// Reads the fields of a body. A refusal names every field that is wrong.
    pub fn read(body: Map<String, Value>) -> Result<Task, Refusal> {
        let mut fields = Fields::new(body, FIELDS);
        let task = match (fields.text("task"), fields.text("goal")) {
            (Some(task), Some(goal)) if task != goal => {
                fields.wrong("goal", "it is another name of task; send one of them");
                task
            }
            (task, goal) => task.or(goal).unwrap_or_default(),
        };
        let context = fields.object("context");
        let agents: Vec<AgentId> = fields.texts("agent_ids").unwrap_or_default().into_iter().map(AgentId::new).collect();
        let model = match fields.text("model") {
            None => ModelChoice::Configured,
            Some(text) if text == "none" => ModelChoice::NoModel,
            Some(text) => match ModelRef::parse(&text) {
                Some(model) => ModelChoice::Named(model),
                None => {
                    fields.wrong("model", "it must be provider/model-id, or none");
                    ModelChoice::Configured
                }
            },
        };
        let cost_usd_micros_max = fields.number("budget_usd").and_then(|usd| {
            let is_possible = usd > 0.0 && usd <= BUDGET_USD_MAX;
            if !is_possible {
                fields.wrong("budget_usd", format!("it must be above 0 and at most {BUDGET_USD_MAX} US dollars"));
            }
            is_possible.then(|| UsdMicros(((usd * 1e6).round() as i64).max(1)))
        });
        let targets = targets(&mut fields);
        let mode = match fields.text("mode").as_deref() {
            Some("checks") => Mode::Checks { agents, targets },
            mode => {
                if !matches!(mode, None | Some("auto")) {
                    fields.wrong("mode", "it must be auto or checks");
                } else if !targets.is_empty() {
                    fields.wrong("targets", "they go with mode checks; otherwise name them in the task");
                }
                if agents.is_empty() { Mode::Supervised } else { Mode::Agents(agents) }
            }
        };
        if task.trim().is_empty() && !fields.names("task") && !fields.names("goal") {
            fields.wrong("task", "it is missing or empty; say in plain words what should be looked at");
        }
        fields.finish()?;
        Ok(Task { task, context, mode, model, cost_usd_micros_max })
    }
}

fn targets(fields: &mut Fields) -> Vec<Target> {
    let mut targets = Vec::new();
    for (i, text) in fields.texts("targets").unwrap_or_default().into_iter().enumerate() {
        if text.starts_with('/') {
            targets.push(Target::Path { path: text });
            continue;
        }
        match Target::parse(&text) {
            Ok(target) => targets.push(target),
            Err(error) => fields.wrong(&format!("targets[{i}]"), error.to_string()),
        }
    }
    targets
}

/// A refusal of one field, for what only the server knows.
pub fn wrong_field(field: &str, message: impl Into<String>) -> Refusal {
    Refusal::fields(Code::InvalidField, vec![FieldError::new(field, message)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Task, Refusal> {
        Task::read(body.as_object().unwrap().clone())
    }

    #[test]
    fn a_task_needs_no_more_than_words() {
        let task = read(json!({ "task": "why is it slow?" })).unwrap();
        assert_eq!((task.task.as_str(), &task.mode, &task.model), ("why is it slow?", &Mode::Supervised, &ModelChoice::Configured));
        assert_eq!(read(json!({ "goal": "g", "task": null })).unwrap().task, "g");
    }

    #[test]
    fn what_a_client_sends_is_understood() {
        let sent = SubmitRun {
            task: "check".to_owned(),
            agent_ids: vec!["network_diagnostics".to_owned()],
            model: Some("none".to_owned()),
            budget_usd: Some(0.1),
            mode: Some(TaskMode::Checks),
            targets: vec!["127.0.0.1:1".to_owned(), "/var/log".to_owned()],
            ..SubmitRun::default()
        };
        let task = read(serde_json::to_value(&sent).unwrap()).unwrap();
        assert_eq!(task.cost_usd_micros_max, Some(UsdMicros(100_000)));
        assert_eq!(task.model, ModelChoice::NoModel);
        let targets = vec![Target::parse("127.0.0.1:1").unwrap(), Target::Path { path: "/var/log".to_owned() }];
        assert_eq!(task.mode, Mode::Checks { agents: vec![AgentId::new("network_diagnostics")], targets });
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = |body: Value| {
            let refusal = read(body).unwrap_err();
            (refusal.code, refusal.errors.into_iter().map(|e| e.field).collect::<Vec<_>>())
        };
        assert_eq!(wrong(json!({})), (Code::InvalidField, vec!["task".to_owned()]));
        assert_eq!(wrong(json!({ "task": " \n" })), (Code::InvalidField, vec!["task".to_owned()]));
        assert_eq!(wrong(json!({ "task": 7 })), (Code::InvalidField, vec!["task".to_owned()]));
        assert_eq!(wrong(json!({ "task": "a", "goal": "b" })), (Code::InvalidField, vec!["goal".to_owned()]));
        assert_eq!(wrong(json!({ "taks": "a" })).0, Code::UnknownField);
        let body =
            json!({ "task": "a", "context": [], "agent_ids": ["a", 1], "model": "claude", "budget_usd": -1, "mode": "x", "targets": ["-c1;id"] });
        let named = ["context", "agent_ids[1]", "model", "budget_usd", "targets[0]", "mode"].map(str::to_owned).to_vec();
        assert_eq!(wrong(body), (Code::InvalidField, named));
    }
}
