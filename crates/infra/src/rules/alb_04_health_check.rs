//! ALB-04: the balancer asks a path that tells whether the service is well.

use super::patch::Setting;
use super::prelude::*;
use crate::inventory::balancing::TargetGroup;

pub(super) static RULE: Rule = Rule {
    id: "ALB-04",
    title: "The health check asks a path of its own",
    section: Section::Common,
    area: Area::LoadBalancer,
    document_line: None,
    severity: Severity::Low,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Ask the service's health path, such as /api/v1/health", cloudformation: "HealthCheckPath: /api/v1/health", terraform: "health_check { path = \"/api/v1/health\" }" },
    patch: Some(patch),
    judge,
};

fn patch(_: &Inventory, _: &Resource) -> Vec<Change> {
    let cloudformation = Setting { within: "", name: "HealthCheckPath", inner: "", value: "/api/v1/health".to_owned(), beside: None };
    let terraform = Setting { within: "", name: "health_check", inner: "path", value: "\"/api/v1/health\"".to_owned(), beside: None };
    vec![Change::Set { cloudformation: Some(cloudformation), terraform: Some(terraform) }]
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, group) in facts.all::<TargetGroup>().filter(|(_, group)| !group.protocol.known().is_some_and(|protocol| ["TCP", "TLS", "UDP", "TCP_UDP"].contains(&protocol.as_str()))) {
        let path = group.health_check_path.known().map_or("/", String::as_str);
        let holds = group.health_check_path.holds(false, |path| path != "/");
        tally.holds(holds, resource, &["HealthCheckPath", "path"], notes(format!("it asks {path}"), "it asks /, which says little of the service", untold("which path it asks", &group.health_check_path)));
    }
    tally.close(|| facts.not_needed("no target group is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_says_little() {
        let group = |health_check_path| world().with("tg", TargetGroup { health_check_path, ..TargetGroup::default() });
        passes(&RULE, group(text("/api/v1/health")));
        fails(&RULE, group(Value::Absent));
        fails(&RULE, group(text("/")));
        is_unknown(&RULE, group(unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
