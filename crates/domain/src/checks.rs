//! The plan of deterministic checks: which tools are called for which targets, with which arguments, and what must hold first.

use crate::agent::Catalogue;
use crate::event::PlannedCheck;
use crate::ids::AgentId;
use crate::target::{Target, endpoint};
use crate::tool::{CheckKind, ToolSpec};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Ports whose protocol begins with TLS.
const TLS_PORTS: &[u16] = &[443, 465, 636, 853, 993, 995, 5671, 6443, 8443, 9443];
/// Ports whose protocol does not, so that a handshake would only disturb the service.
const PLAIN_PORTS: &[u16] = &[21, 22, 23, 25, 53, 80, 110, 143, 389, 587, 3000, 3306, 5000, 5432, 6379, 8000, 8080, 9090, 11211, 27017];
/// Ports where a web server is likely enough to ask.
const HTTP_PORTS: &[u16] = &[80, 3000, 5000, 8000, 8080, 8888, 9090];
/// Targets that one plan looks at. A task that names more is a list, not a question.
pub const TARGETS_MAX: usize = 16;

/// The checks that these agents' tools can make of this machine and these targets, each once.
///
/// Of a target, what is cheap and says most comes first: name, connection, TLS, HTTP; each later one only if the earlier reached it.
pub fn plan(catalogue: &Catalogue, agents: &[AgentId], targets: &[Target]) -> Vec<PlannedCheck> {
    let mut tools: Vec<&ToolSpec> = Vec::new();
    for name in agents.iter().filter_map(|a| catalogue.agents.get(a)).flat_map(|a| &a.tools) {
        match catalogue.tools.get(name) {
            Some(spec) if !spec.checks.is_empty() && !tools.iter().any(|t| t.name == spec.name) => tools.push(spec),
            _ => {}
        }
    }
    let mut plan = Plan { tools, checks: Vec::new() };
    // An agent for targets may use a tool that looks at this machine, but is not asked how this machine is.
    let looks_here = agents.iter().filter_map(|a| catalogue.agents.get(a)).any(|a| a.target_score == 0);
    if looks_here || targets.is_empty() {
        plan.add(CheckKind::Machine, &json!({}), None);
    }
    for target in targets.iter().take(TARGETS_MAX) {
        plan.target(target);
    }
    plan.checks
}

struct Plan<'a> {
    tools: Vec<&'a ToolSpec>,
    checks: Vec<PlannedCheck>,
}

impl Plan<'_> {
    fn target(&mut self, target: &Target) {
        match target {
            Target::Path { path } => {
                self.add(CheckKind::Path, &json!({ "path": path }), None);
            }
            Target::Url { url, host, port, tls } => {
                let named = self.host(host);
                let connected = self.add(CheckKind::Endpoint, &json!({ "host": host, "port": port }), named).or(named);
                if *tls {
                    self.add(CheckKind::Tls, &json!({ "host": host, "port": port, "expect_tls": true }), connected);
                }
                self.add(CheckKind::Url, &json!({ "url": url }), connected);
            }
            Target::Host { host, port: Some(port) } => {
                let named = self.host(host);
                self.endpoint(host, *port, named);
            }
            Target::Host { host, port: None } => {
                let named = self.host(host);
                // A public name is most often a web site's; a bare address or a single label may be anything.
                if host.contains('.') && host.parse::<IpAddr>().is_err() {
                    self.endpoint(host, 443, named);
                }
            }
        }
    }

    /// Looks at the host itself; gives the check that later ones depend on.
    fn host(&mut self, host: &str) -> Option<usize> {
        let is_name = host.parse::<IpAddr>().is_err();
        let named = if is_name { self.add(CheckKind::Name, &json!({ "host": host }), None) } else { None };
        self.add(CheckKind::Host, &json!({ "host": host }), named);
        named
    }

    fn endpoint(&mut self, host: &str, port: u16, named: Option<usize>) {
        let connected = self.add(CheckKind::Endpoint, &json!({ "host": host, "port": port }), named).or(named);
        if port == 443 {
            self.add(CheckKind::Tls, &json!({ "host": host, "port": port, "expect_tls": true }), connected);
        } else if !PLAIN_PORTS.contains(&port) {
            self.add(CheckKind::Tls, &json!({ "host": host, "port": port }), connected);
        }
        if HTTP_PORTS.contains(&port) {
            self.add(CheckKind::Url, &json!({ "url": format!("http://{}/", endpoint(host, port)) }), connected);
        } else if TLS_PORTS.contains(&port) && matches!(port, 443 | 8443 | 9443) {
            self.add(CheckKind::Url, &json!({ "url": format!("https://{}/", endpoint(host, port)) }), connected);
        }
    }

    /// Adds every tool of this kind; gives the first one's index.
    fn add(&mut self, kind: CheckKind, arguments: &Value, after: Option<usize>) -> Option<usize> {
        let mut first = None;
        for tool in self.tools.iter().filter(|t| t.checks.contains(&kind)) {
            let same = |c: &PlannedCheck| c.tool == tool.name && c.arguments == *arguments;
            let index = self.checks.iter().position(same).unwrap_or_else(|| {
                self.checks.push(PlannedCheck { tool: tool.name.clone(), arguments: arguments.clone(), after });
                self.checks.len() - 1
            });
            first.get_or_insert(index);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Agent;
    use crate::tool::{EffectClass, Reach, Replay, Trust};

    fn catalogue() -> Catalogue {
        let tool = |name: &str, checks: &[CheckKind]| ToolSpec {
            name: name.into(),
            description: String::new(),
            input_schema: json!({}),
            replay: Replay::Safe,
            effect: EffectClass::Observe,
            reach: Reach::Network,
            trust: Trust::Trusted,
            timeout_ms: 1_000,
            checks: checks.to_vec(),
        };
        let agent = Agent::parse("---\nname: a\ndescription: d\ntools: [dns, tcp, tls, http, ping, disks]\n---\nLook.\n").unwrap();
        let tools = [
            tool("dns", &[CheckKind::Name]),
            tool("tcp", &[CheckKind::Endpoint]),
            tool("tls", &[CheckKind::Tls]),
            tool("http", &[CheckKind::Url]),
            tool("ping", &[CheckKind::Host]),
            tool("disks", &[CheckKind::Machine, CheckKind::Path]),
        ];
        Catalogue::new([agent], tools).unwrap()
    }

    fn check(targets: &[&str], expected: &[&str]) {
        let targets: Vec<_> = targets.iter().map(|t| Target::extract(t).remove(0)).collect();
        let planned: Vec<String> = plan(&catalogue(), &["a".into()], &targets)
            .iter()
            .map(|c| format!("{} {}{}", c.tool, c.arguments, c.after.map_or(String::new(), |i| format!(" after {i}"))))
            .collect();
        assert_eq!(planned, expected);
    }

    #[test]
    fn without_a_target_the_machine_is_looked_at() {
        check(&[], &["disks {}"]);
    }

    #[test]
    fn a_port_is_connected_to_and_asked_only_what_fits_it() {
        check(&["127.0.0.1:5432"], &["disks {}", r#"ping {"host":"127.0.0.1"}"#, r#"tcp {"host":"127.0.0.1","port":5432}"#]);
    }

    #[test]
    fn an_https_address_is_followed_from_name_to_answer() {
        check(
            &["https://a.example/x", "a.example"],
            &[
                "disks {}",
                r#"dns {"host":"a.example"}"#,
                r#"ping {"host":"a.example"} after 1"#,
                r#"tcp {"host":"a.example","port":443} after 1"#,
                r#"tls {"expect_tls":true,"host":"a.example","port":443} after 3"#,
                r#"http {"url":"https://a.example/x"} after 3"#,
                r#"http {"url":"https://a.example:443/"} after 3"#,
            ],
        );
    }

    #[test]
    fn a_path_is_looked_at_beside_the_machine() {
        check(&["/var/log"], &["disks {}", r#"disks {"path":"/var/log"}"#]);
    }
}
