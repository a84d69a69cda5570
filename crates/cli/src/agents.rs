//! The agents on offer: those that come with the product, and those of the configured folder, which replace them by name.

use crate::exit::Failure;
use domain::agent::Agent;
use std::path::Path;

/// The files that come with the product.
const BUILT_IN: [&str; 3] =
    [include_str!("../agents/network_diagnostics.md"), include_str!("../agents/system_monitoring.md"), include_str!("../agents/supervisor.md")];

/// Every agent, the later ones replacing earlier ones of the same name.
///
/// # Errors
/// The folder or a file in it cannot be read or is not an agent.
pub(crate) fn load(folder: Option<&Path>) -> Result<Vec<Agent>, Failure> {
    let mut agents = Vec::new();
    for text in BUILT_IN {
        agents.push(Agent::parse(text).map_err(|error| Failure::failed(format!("a built-in agent: {error}")))?);
    }
    let Some(folder) = folder else { return Ok(agents) };
    let unreadable = |path: &Path, error: std::io::Error| Failure::usage(format!("the agents folder: {}: {error}", path.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        let agent = Agent::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        agents.push(agent);
    }
    Ok(agents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_folder_is_added_and_a_broken_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.md"), "---\nname: mine\ndescription: d\n---\nLook.\n").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "not an agent").unwrap();
        let agents = load(Some(folder.path())).unwrap();
        assert_eq!(agents.last().unwrap().name.as_str(), "mine");
        std::fs::write(folder.path().join("bad.md"), "Look.\n").unwrap();
        assert!(load(Some(folder.path())).unwrap_err().message.contains("bad.md"));
    }
}
