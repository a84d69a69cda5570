//! ECS-01: services run in a cluster that somebody chose.

use super::prelude::*;
use crate::inventory::compute::{Cluster, Service};

pub(super) static RULE: Rule = Rule {
    id: "ECS-01",
    title: "An ECS cluster is declared",
    section: Section::Ecs,
    area: Area::Compute,
    document_line: Some("ECS cluster created"),
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["ecs_cluster_container_insights_enabled"], checkov: &["CKV_AWS_65"], fsbp: &["ECS.12"], cdk_nag: &["ECS4"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare a cluster and name it in the service", cloudformation: "AWS::ECS::Cluster", terraform: "aws_ecs_cluster" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Cluster", "cluster"];
    for (resource, service) in facts.all::<Service>() {
        match &service.cluster {
            Value::Known(Link::To(id)) => tally.good(Seen::resource(resource, settings, format!("it runs in {id}"))),
            Value::Known(Link::Outside(name)) => tally.good(Seen::resource(resource, settings, format!("it runs in the cluster {name}, which is declared elsewhere"))),
            Value::Absent => tally.bad(Seen::resource(resource, settings, "it names no cluster, so it runs in the account's default one")),
            Value::Unknown(why) => tally.unclear(Seen::resource(resource, settings, format!("its cluster cannot be told: {why}"))),
        }
    }
    if tally.is_empty() {
        facts.all::<Cluster>().for_each(|(resource, _)| tally.good(Seen::resource(resource, &[], "it is declared")));
    }
    tally.close(|| facts.none_of_deployment(Deployment::Fargate, "an ECS cluster"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::TaskDefinition;

    #[test]
    fn a_service_names_its_cluster() {
        let service = |cluster| world().with("svc", Service { cluster, launch_type: text("FARGATE"), ..Service::default() });
        passes(&RULE, service(to("c")).with("c", Cluster::default()));
        passes(&RULE, service(outside("shared")));
        fails(&RULE, service(Value::Absent));
        is_unknown(&RULE, service(unclear()));
        fails(&RULE, world().with("t", TaskDefinition { compatibilities: vec![text("FARGATE")], ..TaskDefinition::default() }));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
