//! Agents as they are shown.

use crate::orchestrate::title;
use domain::AgentId;
use domain::agent::{Agent, Catalogue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every agent on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentList {
    /// By name.
    pub agents: Vec<AgentView>,
    /// How many.
    pub count: usize,
}

/// One agent, alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentBody {
    /// The agent.
    pub agent: AgentView,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// Its id, for `agent_ids` of a task.
    #[schema(value_type = String)]
    pub agent_id: AgentId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// The tools it may use.
    pub tools: Vec<String>,
    /// The model it asks for, as `provider/model-id`; null is the configured one.
    pub model: Option<String>,
}

/// Something an agent can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capability {
    /// A name, unique within the agent.
    pub name: String,
    /// In words.
    pub description: String,
}

impl AgentView {
    /// The agent as it is shown.
    pub fn of(agent: &Agent) -> AgentView {
        AgentView {
            agent_id: agent.name.clone(),
            name: title(agent.name.as_str()),
            description: agent.description.clone(),
            capabilities: agent.capabilities.iter().map(|words| Capability { name: slug(words), description: words.clone() }).collect(),
            tools: agent.tools.iter().map(ToString::to_string).collect(),
            model: agent.model.as_ref().map(ToString::to_string),
        }
    }
}

impl AgentList {
    /// All of them.
    pub fn of(catalogue: &Catalogue) -> AgentList {
        let agents: Vec<_> = catalogue.agents.values().map(AgentView::of).collect();
        AgentList { count: agents.len(), agents }
    }
}

/// Words as a name: `DNS lookup` is `dns_lookup`.
fn slug(words: &str) -> String {
    let parts = words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_shown_with_names_for_people_and_programs() {
        let agent = Agent::parse("---\nname: network_diagnostics\ndescription: d\ncapabilities: [DNS lookup]\n---\nLook.\n").unwrap();
        let view = AgentView::of(&agent);
        assert_eq!((view.name.as_str(), view.capabilities[0].name.as_str()), ("Network Diagnostics", "dns_lookup"));
    }
}
