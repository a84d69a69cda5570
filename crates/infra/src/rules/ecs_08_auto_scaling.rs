//! ECS-08: the number of tasks follows the load.

use super::prelude::*;
use crate::inventory::compute::{ScalingPolicy, ScalingTarget, Service};

pub(super) static RULE: Rule = Rule {
    id: "ECS-08",
    title: "The service scales with its load",
    section: Section::Ecs,
    area: Area::Compute,
    document_line: None,
    severity: Severity::Low,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare a scaling target with a policy that follows the CPU or the requests", cloudformation: "AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy", terraform: "aws_appautoscaling_target and aws_appautoscaling_policy" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<Service>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        let of_services: Vec<_> = facts.all::<ScalingTarget>().filter(|(_, target)| target.dimension.holds(true, |dimension| dimension.starts_with("ecs:")) != Some(false)).collect();
        let own = of_services.iter().find(|(_, target)| target.target == this);
        match own {
            Some((at, target)) => {
                let link = Value::Known(Link::To(at.id.clone()));
                let has_policy = facts.all::<ScalingPolicy>().any(|(_, policy)| policy.scaling_target == link);
                let may_have = facts.all::<ScalingPolicy>().any(|(_, policy)| policy.scaling_target.is_unknown());
                let range = match (target.min.known(), target.max.known()) {
                    (Some(min), Some(max)) => format!("it scales from {min} to {max} tasks"),
                    _ => "it scales".to_owned(),
                };
                tally.holds(if has_policy { Some(true) } else if may_have { None } else { Some(false) }, at, &[], notes(range, "no policy moves it", "whether a policy moves it cannot be told"));
            }
            None if of_services.iter().any(|(_, target)| target.target.is_unknown()) => tally.unclear(Seen::resource(resource, &[], "a scaling target is declared for a service that cannot be told")),
            None => match facts.hidden_place_of(&format!("what scales {}", resource.id)) {
                Some(hidden) => tally.unclear(hidden),
                None => tally.bad(Seen::resource(resource, &[], "nothing scales it")),
            },
        }
    }
    tally.close(|| facts.not_needed("no ECS service is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_with_a_policy_scales_the_service() {
        let target = |target| world().with("svc", Service::default()).with("t", ScalingTarget { target, dimension: text("ecs:service:DesiredCount"), ..ScalingTarget::default() });
        passes(&RULE, target(to("svc")).with("p", ScalingPolicy { scaling_target: to("t"), ..ScalingPolicy::default() }));
        fails(&RULE, target(to("svc")));
        fails(&RULE, world().with("svc", Service::default()));
        is_unknown(&RULE, target(unclear()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
