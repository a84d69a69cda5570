//! ECS-04: requests reach the tasks through a balancer.

use super::prelude::*;
use crate::inventory::compute::Service;

pub(super) static RULE: Rule = Rule {
    id: "ECS-04",
    title: "A load balancer stands before the service",
    section: Section::Ecs,
    area: Area::LoadBalancer,
    document_line: Some("Load balancer configured"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Put an Application Load Balancer before the service", cloudformation: "LoadBalancers: [{TargetGroupArn, ContainerName, ContainerPort}]", terraform: "load_balancer { target_group_arn container_name container_port }" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Fargate) {
        return judgement;
    }
    let mut tally = Tally::default();
    let settings = &["LoadBalancers", "load_balancer"];
    for (resource, service) in facts.all::<Service>() {
        let is_known = service.target_groups.iter().any(|group| group.known().is_some());
        let holds = if service.target_groups.is_empty() { Some(false) } else { is_known.then_some(true) };
        let unclear = service.target_groups.first().map_or(String::new(), |group| untold("which target group its tasks join", group));
        tally.holds(holds, resource, settings, notes("its tasks join a target group", "no balancer stands before it", unclear));
    }
    tally.close(|| facts.none_of("a service behind a load balancer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_join_a_target_group() {
        let service = |target_groups| world().with("svc", Service { target_groups, launch_type: text("FARGATE"), ..Service::default() });
        passes(&RULE, service(vec![to("tg")]));
        fails(&RULE, service(Vec::new()));
        is_unknown(&RULE, service(vec![unclear()]));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
