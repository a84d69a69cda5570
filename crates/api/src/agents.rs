//! Agents as callers see them.

use domain::agent::{Agent, Catalogue};
use domain::routing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An agent in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// Its name, unique.
    pub agent_id: String,
    /// The name as people write it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// The tools it may use.
    pub tools: Vec<String>,
    /// Its own model, when it is not the configured one.
    pub model: Option<String>,
}

/// Something that an agent can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capability {
    /// A few words.
    pub name: String,
    /// The same, under the name of the compatible API.
    pub description: String,
}

/// An agent with its instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub view: AgentView,
    /// What it is told.
    pub instructions: String,
    /// What one run of it may cost, in millionths of a US dollar, when it has a limit of its own.
    pub budget_usd_micros: Option<i64>,
}

/// The agents on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentList {
    /// By name.
    pub agents: Vec<AgentView>,
    /// How many.
    pub count: usize,
}

/// Which agents a task would go to by rules alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteView {
    /// Every agent with its score, best first.
    pub candidates: Vec<CandidateView>,
    /// Those that would work on it.
    pub chosen: Vec<String>,
    /// Whether the rules are clear. If not, a model is asked when there is one.
    pub is_clear: bool,
    /// The hosts, ports, web addresses and paths that the task names.
    pub targets: Vec<String>,
}

/// An agent's score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CandidateView {
    /// Who.
    pub agent_id: String,
    /// What speaks for it.
    pub score: u32,
}

impl AgentView {
    /// The agent.
    pub fn of(agent: &Agent) -> AgentView {
        let capability = |text: &String| Capability { name: text.clone(), description: text.clone() };
        AgentView {
            agent_id: agent.name.to_string(),
            name: title(agent.name.as_str()),
            description: agent.description.clone(),
            capabilities: agent.capabilities.iter().map(capability).collect(),
            tools: agent.tools.iter().map(ToString::to_string).collect(),
            model: agent.model.as_ref().map(ToString::to_string),
        }
    }
}

/// `network_diagnostics` as people write it: `Network Diagnostics`.
fn title(name: &str) -> String {
    let mut words = Vec::new();
    for word in name.split(['_', '-']).filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        words.push(format!("{}{rest}", first.to_uppercase()));
    }
    words.join(" ")
}

impl AgentDetail {
    /// The agent.
    pub fn of(agent: &Agent) -> AgentDetail {
        AgentDetail {
            view: AgentView::of(agent),
            instructions: agent.instructions.clone(),
            budget_usd_micros: agent.budget_usd_micros.map(|budget| budget.0),
        }
    }
}

impl AgentList {
    /// Every agent of the catalogue.
    pub fn of(catalogue: &Catalogue) -> AgentList {
        let agents: Vec<AgentView> = catalogue.agents.values().map(AgentView::of).collect();
        AgentList { count: agents.len(), agents }
    }
}

impl RouteView {
    /// How the catalogue's rules read the task.
    pub fn of(catalogue: &Catalogue, task: &str) -> RouteView {
        let candidates = routing::score(catalogue, task);
        let winner = routing::clear_winner(&candidates);
        let chosen = match winner {
            Some(agent) => vec![agent.to_string()],
            None => routing::all_that_scored(&candidates).iter().map(ToString::to_string).collect(),
        };
        RouteView {
            is_clear: winner.is_some(),
            chosen,
            targets: domain::target::Target::extract(task).iter().map(ToString::to_string).collect(),
            candidates: candidates.iter().map(|c| CandidateView { agent_id: c.agent.to_string(), score: c.score }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_written_as_people_write_it() {
        assert_eq!(super::title("network_diagnostics"), "Network Diagnostics");
        assert_eq!(super::title("école-x"), "École X");
    }
}
