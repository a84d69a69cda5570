//! Agents: instructions, tools and limits, written as Markdown with a YAML head; and the catalogue that a run works from.

use crate::hashed::Hashed;
use crate::ids::{AgentId, BlobHash, ToolName};
use crate::model::{ModelRef, OfferedTool};
use crate::money::UsdMicros;
use crate::tool::ToolSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The agent that works for several others at once, with all their tools.
pub const SUPERVISOR: &str = "supervisor";

/// An agent's definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name, unique in the catalogue.
    pub name: AgentId,
    /// What it is for, one sentence; shown to people and to a routing model.
    pub description: String,
    /// What it can do, as words for people.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The tools it may use.
    #[serde(default)]
    pub tools: Vec<ToolName>,
    /// Words and phrases of a task that speak for it, with what each is worth.
    #[serde(default)]
    pub keywords: BTreeMap<String, u32>,
    /// What a host in the task is worth: 0 for an agent that looks at this machine.
    #[serde(default)]
    pub target_score: u32,
    /// What a path of this machine in the task is worth.
    #[serde(default)]
    pub path_score: u32,
    /// The model, when not the configured one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The most that one run of it may cost, when less than the run's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd_micros: Option<UsdMicros>,
    /// What it is told.
    #[serde(default)]
    pub instructions: String,
}

/// An agent file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAgent(String);

impl Agent {
    /// Reads a Markdown file whose head, between two lines of `---`, is YAML with the fields above; the body is the instruction.
    pub fn parse(markdown: &str) -> Result<Agent, InvalidAgent> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Head {
            name: String,
            description: String,
            #[serde(default)]
            capabilities: Vec<String>,
            #[serde(default)]
            tools: Vec<ToolName>,
            #[serde(default)]
            keywords: BTreeMap<String, u32>,
            #[serde(default)]
            target_score: u32,
            #[serde(default)]
            path_score: u32,
            model: Option<String>,
            budget_usd: Option<f64>,
        }
        let invalid = |text: String| InvalidAgent(text);
        let rest = markdown.strip_prefix("---\n").ok_or_else(|| invalid("the file must begin with a line of ---".into()))?;
        let (head, body) = rest.split_once("\n---\n").ok_or_else(|| invalid("the head must end with a line of ---".into()))?;
        let head: Head = yaml_serde::from_str(head).map_err(|e| invalid(format!("the head is not right: {e}")))?;
        let named = !head.name.is_empty() && head.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !named {
            return Err(invalid(format!("name {:?} must be made of letters, digits, _ and -", head.name)));
        }
        let model = match head.model {
            None => None,
            Some(text) => Some(ModelRef::parse(&text).ok_or_else(|| invalid(format!("model {text:?} must be provider/model-id")))?),
        };
        let budget_usd_micros = match head.budget_usd {
            None => None,
            Some(usd) if usd > 0.0 && usd <= 1e6 => Some(UsdMicros((usd * 1e6).round() as i64)),
            Some(usd) => return Err(invalid(format!("budget_usd {usd} must be above 0 and at most 1,000,000"))),
        };
        Ok(Agent {
            name: AgentId::new(head.name),
            description: head.description,
            capabilities: head.capabilities,
            tools: head.tools,
            keywords: head.keywords,
            target_score: head.target_score,
            path_score: head.path_score,
            model,
            budget_usd_micros,
            instructions: body.trim().to_owned(),
        })
    }
}

/// The agents and tools on offer when a run was submitted. Stored once as a blob that the run's first event names, so a
/// run keeps its definitions through restarts and upgrades.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// By name, the supervisor among them.
    pub agents: BTreeMap<AgentId, Agent>,
    /// By name.
    pub tools: BTreeMap<ToolName, ToolSpec>,
    /// The tools as models see them, made from `tools` when first asked for.
    #[serde(skip)]
    offered: OnceLock<BTreeMap<ToolName, Hashed<OfferedTool>>>,
}

impl Catalogue {
    /// Joins agents and tools. A tool that an agent names and nobody offers is an error.
    pub fn new(agents: impl IntoIterator<Item = Agent>, tools: impl IntoIterator<Item = ToolSpec>) -> Result<Catalogue, InvalidAgent> {
        let tools: BTreeMap<_, _> = tools.into_iter().map(|t| (t.name.clone(), t)).collect();
        let agents: BTreeMap<_, _> = agents.into_iter().map(|a| (a.name.clone(), a)).collect();
        for agent in agents.values() {
            if let Some(missing) = agent.tools.iter().find(|t| !tools.contains_key(t)) {
                return Err(InvalidAgent(format!("agent {} names the tool {missing}, which does not exist", agent.name)));
            }
        }
        Ok(Catalogue { agents, tools, offered: OnceLock::new() })
    }

    /// The agents that a task can be routed to: all but the supervisor.
    pub fn routable(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values().filter(|a| a.name.as_str() != SUPERVISOR)
    }

    /// The tool as models see it, when there is such a tool.
    pub fn offered(&self, tool: &ToolName) -> Option<&Hashed<OfferedTool>> {
        let offer = |spec: &ToolSpec| {
            let (name, description, input_schema) = (spec.name.clone(), spec.description.clone(), spec.input_schema.clone());
            (spec.name.clone(), OfferedTool { name, description, input_schema }.into())
        };
        self.offered.get_or_init(|| self.tools.values().map(offer).collect()).get(tool)
    }

    /// The blob's bytes and their hash.
    pub fn to_blob(&self) -> (BlobHash, Vec<u8>) {
        let bytes = crate::canonical::bytes(self);
        (BlobHash::of(&bytes), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_file_is_read() {
        let agent = Agent::parse("---\nname: a\ndescription: d\ntools: [x]\nbudget_usd: 0.1\n---\nLook.\n").unwrap();
        assert_eq!((agent.name.as_str(), agent.instructions.as_str()), ("a", "Look."));
        assert_eq!(agent.budget_usd_micros, Some(UsdMicros(100_000)));
    }

    #[test]
    fn a_wrong_agent_file_says_what_is_wrong() {
        for (text, said) in [
            ("name: a", "begin with a line of ---"),
            ("---\nname: a\n", "end with a line of ---"),
            ("---\nname: a\ndescription: d\nmodle: x\n---\n", "modle"),
            ("---\nname: a b\ndescription: d\n---\n", "letters"),
            ("---\nname: a\ndescription: d\nmodel: claude\n---\n", "provider/model-id"),
        ] {
            let error = Agent::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn an_agent_with_a_tool_that_does_not_exist_is_refused() {
        let agent = Agent::parse("---\nname: a\ndescription: d\ntools: [x]\n---\nLook.\n").unwrap();
        assert!(Catalogue::new([agent], []).unwrap_err().to_string().contains("the tool x"));
    }
}
