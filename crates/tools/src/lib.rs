//! The built-in tools: they look at the network and at this machine, and say what is wrong in words that can be quoted.
//!
//! None of them changes anything, and whatever leaves the machine leaves through `egress`.

pub mod egress;

mod dns_lookup;
mod http_probe;
mod ping;
mod tcp_connect;
mod tls_probe;

mod cpu_load;
mod disks;
mod memory;
mod processes;
mod sockets;
mod uptime;

mod arguments;
mod certificate;
mod cgroup;
mod fault;
mod proc;
mod report;
#[cfg(test)]
mod testing;
mod tls;

use ports::Tool;
use std::sync::Arc;
use tls::Roots;

pub use egress::Egress;

/// All built-in tools, those for the network behind this door.
pub fn all(egress: &Egress) -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(dns_lookup::DnsLookup::new(egress.clone())),
        Arc::new(ping::Ping::new(egress.clone())),
        Arc::new(tcp_connect::TcpConnect::new(egress.clone())),
        Arc::new(tls_probe::TlsProbe::new(egress.clone(), Roots::System)),
        Arc::new(http_probe::HttpProbe::new(egress.clone(), Roots::System)),
        Arc::new(cpu_load::CpuLoad::new()),
        Arc::new(memory::Memory::new()),
        Arc::new(disks::Disks::new()),
        Arc::new(processes::Processes::new()),
        Arc::new(sockets::Sockets::new()),
        Arc::new(uptime::Uptime::new()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::tool::{EffectClass, Replay};
    use serde_json::Value;

    fn keys(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(fields) => {
                found.extend(fields.keys().cloned());
                fields.values().for_each(|value| keys(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_tool_only_looks_and_describes_its_arguments_in_one_place() {
        let tools = all(&Egress::new(egress::Options::default()));
        for tool in &tools {
            let spec = tool.spec();
            println!("{} {}", spec.name, spec.input_schema);
            assert_eq!((spec.replay, spec.effect), (Replay::Safe, EffectClass::Observe), "{}", spec.name);
            assert!((1..=10_000).contains(&spec.timeout_ms) && !spec.checks.is_empty() && spec.description.len() > 60, "{}", spec.name);
            assert_eq!(spec.input_schema["type"], "object");
            assert_eq!(spec.input_schema["additionalProperties"], false, "{}", spec.name);
            let mut found = Vec::new();
            keys(&spec.input_schema, &mut found);
            assert!(!found.iter().any(|key| key.starts_with('$')), "{}: {found:?}", spec.name);
            assert!(tool.check(&serde_json::json!({"unknown": 1})).is_err(), "{}", spec.name);
        }
        let names: std::collections::BTreeSet<&str> = tools.iter().map(|tool| tool.spec().name.as_str()).collect();
        assert_eq!(names.len(), 11);
    }
}
