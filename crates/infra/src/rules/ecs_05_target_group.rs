//! ECS-05: the target group takes tasks, which have addresses and no instance.

use super::prelude::*;
use crate::inventory::balancing::TargetGroup;
use crate::inventory::compute::Service;

pub(super) static RULE: Rule = Rule {
    id: "ECS-05",
    title: "The target group takes Fargate tasks",
    section: Section::Ecs,
    area: Area::LoadBalancer,
    document_line: Some("Target group configured"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &[], checkov: &["CKV_AWS_378"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Make the group's target type ip; tasks on Fargate have no instance to register", cloudformation: "TargetType: ip", terraform: "target_type = \"ip\"" },
    patch: Some(|_, _| set(("TargetType", "ip"), ("target_type", "\"ip\""))),
    judge,
};

const MISSING: Remedy = Remedy {
    what: "Declare a target group of type ip with the balancer, and let the service's tasks join it",
    cloudformation: "AWS::ElasticLoadBalancingV2::TargetGroup with TargetType: ip",
    terraform: "aws_lb_target_group with target_type = \"ip\"",
};

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Fargate) {
        return judgement;
    }
    let mut tally = Tally::default();
    for (at, service) in facts.all::<Service>() {
        for link in &service.target_groups {
            let elsewhere = |note: String| Seen::resource(at, &["TargetGroupArn", "target_group_arn"], note);
            match link {
                Value::Unknown(_) => tally.unclear(elsewhere(untold("which target group its tasks join", link))),
                Value::Known(Link::Outside(_)) => tally.unclear(elsewhere("its tasks join a target group that is declared elsewhere".to_owned())),
                _ => {}
            }
            if let Some((resource, group)) = facts.inventory.follow::<TargetGroup>(link) {
                let kind = group.target_type.known().map_or("instance", String::as_str);
                let holds = group.target_type.holds(false, |kind| kind == "ip");
                tally.holds(holds, resource, &["TargetType", "target_type"], notes("it takes addresses", format!("its target type is {kind}, and tasks on Fargate need ip"), untold("its target type", &group.target_type)));
            }
        }
    }
    tally.close(|| facts.advised(facts.none_of("a target group that the service's tasks join"), &MISSING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_type_is_ip() {
        let project = |target_type| {
            let service = Service { target_groups: vec![to("tg")], launch_type: text("FARGATE"), ..Service::default() };
            world().with("svc", service).with("tg", TargetGroup { target_type, ..TargetGroup::default() })
        };
        passes(&RULE, project(text("ip")));
        fails(&RULE, project(Value::Absent));
        is_unknown(&RULE, project(unclear()));
        let joins = |group| world().with("svc", Service { target_groups: vec![group], launch_type: text("FARGATE"), ..Service::default() });
        is_unknown(&RULE, joins(unclear()));
        is_unknown(&RULE, joins(outside("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/b")));
        fails(&RULE, world().with("svc", Service { launch_type: text("FARGATE"), ..Service::default() }));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
