//! `agent`: the agents on offer, and which of them a task would go to.

use super::Context;
use crate::arguments::{Agent, Format};
use crate::assemble::Assembly;
use crate::config::nearest;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::{harmless, print};
use api::{AgentList, AgentView};
use domain::agent::Catalogue;
use domain::target::Target;
use domain::{AgentId, routing};
use serde_json::json;

/// Does what was asked, from this machine's configuration.
pub(crate) async fn agent(context: Context, agent: Agent) -> Result<Exit, Failure> {
    let assembly = Assembly::new(&context.config()?).await?;
    match agent {
        Agent::Ls => list(&context, &assembly.catalogue),
        Agent::Get { name } => get(&context, &assembly.catalogue, &name)?,
        Agent::Route { task } => route(&context, &assembly, &task),
    }
    Ok(Exit::Done)
}

fn list(context: &Context, catalogue: &Catalogue) {
    let list = AgentList::of(catalogue);
    if context.format() != Format::Text {
        return show::json(context.format(), &list);
    }
    let row = |agent: &AgentView| vec![agent.agent_id.to_string(), agent.tools.len().to_string(), agent.description.clone()];
    let rows: Vec<Vec<String>> = list.agents.iter().map(row).collect();
    show::table(context.terminal, &["AGENT", "TOOLS", "WHAT IT IS FOR"], &rows);
}

fn get(context: &Context, catalogue: &Catalogue, name: &str) -> Result<(), Failure> {
    let Some(agent) = catalogue.agents.get(&AgentId::new(name)) else {
        let names = || catalogue.agents.keys().map(AgentId::as_str);
        let meant = nearest(name, names()).map_or(String::new(), |near| format!("; did you mean {near}?"));
        let failure = Failure::usage(format!("there is no agent {name:?}{meant}"));
        return Err(failure.advise(format!("there are: {}", names().collect::<Vec<_>>().join(", "))));
    };
    if context.format() != Format::Text {
        let mut view = json!(AgentView::of(agent));
        view["instructions"] = json!(agent.instructions);
        show::json(context.format(), &view);
        return Ok(());
    }
    let tools: Vec<&str> = agent.tools.iter().map(|tool| tool.as_str()).collect();
    let heading = context.terminal.bold(agent.name.as_str());
    print(&format!("{heading}\n{}\nTools: {}\n\n{}\n", harmless(&agent.description), tools.join(", "), harmless(&agent.instructions)));
    Ok(())
}

fn route(context: &Context, assembly: &Assembly, task: &str) {
    let candidates = routing::score(&assembly.catalogue, task);
    let winner = routing::clear_winner(&assembly.catalogue, task, &candidates).cloned();
    let chosen = match &winner {
        Some(agent) if assembly.choice.model.is_some() => vec![agent.clone()],
        _ => routing::all_that_scored(&candidates),
    };
    let targets: Vec<String> = Target::extract(task).iter().map(ToString::to_string).collect();
    let chosen: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    if context.format() != Format::Text {
        let value = json!({"candidates": candidates, "chosen": chosen, "is_clear": winner.is_some(), "targets": targets});
        return show::json(context.format(), &value);
    }
    let rows: Vec<Vec<String>> = candidates.iter().map(|c| vec![c.agent.to_string(), c.score.to_string()]).collect();
    show::table(context.terminal, &["AGENT", "SCORE"], &rows);
    let verdict = match (&winner, &assembly.choice.model) {
        (Some(agent), Some(_)) => format!("The rules are clear: {agent}."),
        (None, Some(model)) => format!("The rules are not clear: {model} would be asked to choose."),
        (_, None) => format!("Without a model, the checks of all that scored are made: {}.", chosen.join(", ")),
    };
    let named = if targets.is_empty() { "no targets".to_owned() } else { targets.join(", ") };
    print(&format!("\n{verdict}\nThe task names {}.\n", harmless(&named)));
}
