//! Which agents a task is for, by rules with scores. A model is asked only when the rules are not clear.

use crate::agent::{Agent, Catalogue};
use crate::event::Candidate;
use crate::ids::AgentId;
use crate::target::Target;

/// What the best score must reach for its agent to be chosen without asking a model. One strong word or three weak ones.
pub const CLEAR_SCORE_MIN: u32 = 3;

/// Every routable agent with its score, best first, names in order where scores are equal.
pub fn score(catalogue: &Catalogue, task: &str) -> Vec<Candidate> {
    let words = words(task);
    let mut tails: Vec<&str> = words.match_indices(' ').map(|(blank, _)| &words[blank + 1..]).collect();
    tails.sort_unstable();
    let named = Named::in_task(task);
    let mut candidates: Vec<Candidate> =
        catalogue.routable().map(|agent| Candidate { agent: agent.name.clone(), score: score_of(agent, &tails, named) }).collect();
    candidates.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.agent.cmp(&b.agent)));
    candidates
}

/// The one agent the rules are clear about: its score reaches the bar, is at least twice the second, and the task names nothing
/// that only another agent looks at.
pub fn clear_winner<'a>(catalogue: &Catalogue, task: &str, candidates: &'a [Candidate]) -> Option<&'a AgentId> {
    let best = candidates.first()?;
    let second = candidates.get(1).map_or(0, |c| c.score);
    let winner = catalogue.agents.get(&best.agent)?;
    let named = Named::in_task(task);
    let is_left_out = |other: &Agent| {
        named.host && other.target_score > 0 && winner.target_score == 0 || named.path && other.path_score > 0 && winner.path_score == 0
    };
    let is_clear = best.score >= CLEAR_SCORE_MIN && best.score >= 2 * second && !catalogue.routable().any(is_left_out);
    is_clear.then_some(&best.agent)
}

/// Every agent that something speaks for; all of them when nothing speaks for any.
pub fn all_that_scored(candidates: &[Candidate]) -> Vec<AgentId> {
    let scored: Vec<_> = candidates.iter().filter(|c| c.score > 0).map(|c| c.agent.clone()).collect();
    if scored.is_empty() { candidates.iter().map(|c| c.agent.clone()).collect() } else { scored }
}

/// The agents that a routing model's reply names, best score first.
pub fn named_in(reply: &str, candidates: &[Candidate]) -> Vec<AgentId> {
    let named = |name: &str| {
        let whole_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        reply.split(|c| !whole_word(c)).any(|word| word == name)
    };
    candidates.iter().map(|c| &c.agent).filter(|agent| named(agent.as_str())).cloned().collect()
}

/// Which kinds of targets a task names.
#[derive(Clone, Copy)]
struct Named {
    host: bool,
    path: bool,
}

impl Named {
    fn in_task(task: &str) -> Named {
        let targets = Target::extract(task);
        Named { host: targets.iter().any(|t| t.host().is_some()), path: targets.iter().any(|t| matches!(t, Target::Path { .. })) }
    }
}

/// `tails` are the task's words from each on to the last, sorted.
fn score_of(agent: &Agent, tails: &[&str], named: Named) -> u32 {
    // A blank sorts before all that words are made of: a tail that goes on with the phrase as whole words is the first after it.
    let first_from = |phrase: &str| tails.get(tails.partition_point(|tail| *tail < phrase));
    let is_spoken = |phrase: &str| first_from(phrase).and_then(|tail| tail.strip_prefix(phrase)).is_some_and(|rest| rest.starts_with(' '));
    let spoken: u32 = agent.keywords.iter().filter(|(phrase, _)| is_spoken(phrase)).map(|(_, weight)| *weight).sum();
    spoken + if named.host { agent.target_score } else { 0 } + if named.path { agent.path_score } else { 0 }
}

/// The task's words in lower case with single spaces around each, so that a phrase is found at word boundaries only.
fn words(task: &str) -> String {
    let lower = task.to_lowercase();
    let mut words = String::with_capacity(lower.len() + 2);
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        words.push(' ');
        words.push_str(word);
    }
    words.push(' ');
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let agent = |head: &str| Agent::parse(&format!("---\ndescription: d\n{head}\n---\nLook.\n")).unwrap();
        let agents = [
            agent("name: network\ntarget_score: 3\nkeywords: {dns: 2, answer: 1, time out: 2}"),
            agent("name: system\npath_score: 3\nkeywords: {disk: 3, healthy: 2, machine: 1}"),
            agent("name: supervisor"),
        ];
        Catalogue::new(agents, []).unwrap()
    }

    fn check(task: &str, scores: [u32; 2], winner: Option<&str>) {
        let mut candidates = score(&catalogue(), task);
        assert_eq!(clear_winner(&catalogue(), task, &candidates).map(AgentId::as_str), winner, "{task}");
        candidates.sort_by(|a, b| a.agent.cmp(&b.agent));
        assert_eq!(candidates.iter().map(|c| c.score).collect::<Vec<_>>(), scores, "{task}");
    }

    #[test]
    fn a_clear_rule_wins_and_an_unclear_one_does_not() {
        check("Is the DISK full?", [0, 3], Some("system"));
        check("Is this machine healthy, and why does 127.0.0.1:1 not answer?", [4, 3], None);
        check("requests to example.com time out", [5, 0], Some("network"));
        check("is the disk of this machine healthy, and what of example.com?", [3, 6], None);
        check("what is in /var/log/app and at example.com?", [3, 3], None);
        check("tell me a joke", [0, 0], None);
        check("diskette", [0, 0], None);
    }

    #[test]
    fn when_nothing_speaks_for_any_agent_all_are_asked() {
        let all = all_that_scored(&score(&catalogue(), "tell me a joke"));
        assert_eq!(all, [AgentId::new("network"), AgentId::new("system")]);
    }

    #[test]
    fn a_vote_is_read_by_whole_names() {
        let candidates = score(&catalogue(), "");
        assert_eq!(named_in("{\"agents\": [\"system\"]}", &candidates), [AgentId::new("system")]);
        assert_eq!(named_in("the systems look fine", &candidates), []);
    }
}
