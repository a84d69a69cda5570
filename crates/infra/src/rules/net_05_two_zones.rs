//! NET-05: a balancer stands in two zones, in a VPC that the internet reaches.

use super::prelude::*;
use crate::inventory::balancing::LoadBalancer;
use crate::inventory::network::{InternetGateway, Subnet, Vpc};

pub(super) static RULE: Rule = Rule {
    id: "NET-05",
    title: "The load balancer stands in two zones of a VPC with an internet gateway",
    section: Section::Network,
    area: Area::LoadBalancer,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Give the balancer subnets in two availability zones of a VPC with an internet gateway; AWS refuses to create it without", cloudformation: "Subnets: [!Ref PublicA, !Ref PublicB]", terraform: "subnets = [aws_subnet.public_a.id, aws_subnet.public_b.id]" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Subnets", "subnets", "SubnetMappings", "subnet_mapping"];
    for (resource, balancer) in facts.all::<LoadBalancer>().filter(|(_, balancer)| balancer.balancer_type.holds(true, |kind| kind == "application") != Some(false)) {
        let zones: Vec<&Value<String>> = balancer.subnets.iter().filter_map(|link| facts.inventory.follow::<Subnet>(link)).map(|(_, subnet)| &subnet.zone).collect();
        let mut distinct: Vec<&String> = zones.iter().filter_map(|zone| zone.known()).collect();
        distinct.sort();
        distinct.dedup();
        let is_all_known = zones.len() == balancer.subnets.len() && zones.iter().all(|zone| zone.known().is_some());
        let is_internal = balancer.internal.holds(false, |internal| *internal) == Some(true);
        let is_in_vpc = |link| facts.inventory.follow::<Subnet>(link).is_some_and(|(_, subnet)| facts.inventory.follow::<Vpc>(&subnet.vpc).is_some());
        let lacks_gateway = !is_internal && balancer.subnets.iter().any(is_in_vpc) && !facts.has::<InternetGateway>() && !facts.is_part_hidden();
        if lacks_gateway {
            tally.bad(Seen::resource(resource, &[], "it faces the internet, and no internet gateway is declared for the VPC"));
        } else if distinct.len() >= 2 {
            tally.good(Seen::resource(resource, settings, format!("it stands in {}", count(distinct.len(), "zone"))));
        } else if (balancer.subnets.len() == 1 && !balancer.subnets[0].is_unknown()) || (is_all_known && !zones.is_empty()) {
            tally.bad(Seen::resource(resource, settings, "its subnets are in one zone, and an Application Load Balancer needs two"));
        } else {
            tally.unclear(Seen::resource(resource, settings, "in how many zones its subnets are cannot be told"));
        }
    }
    tally.close(|| facts.not_needed("no Application Load Balancer is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(zones: [Value<String>; 2]) -> World {
        let [a, b] = zones.map(|zone| Subnet { zone, vpc: to("vpc"), ..Subnet::default() });
        world().with("a", a).with("b", b).with("lb", LoadBalancer { subnets: vec![to("a"), to("b")], ..LoadBalancer::default() })
    }

    #[test]
    fn two_subnets_must_be_in_two_zones() {
        passes(&RULE, project([text("us-east-1a"), text("us-east-1b")]));
        fails(&RULE, project([text("us-east-1a"), text("us-east-1a")]));
        is_unknown(&RULE, project([text("us-east-1a"), unclear()]));
        fails(&RULE, world().with("lb", LoadBalancer { subnets: vec![outside("subnet-1")], ..LoadBalancer::default() }));
        fails(&RULE, project([text("us-east-1a"), text("us-east-1b")]).with("vpc", Vpc::default()));
        let elsewhere = LoadBalancer { subnets: vec![outside("subnet-1"), outside("subnet-2")], ..LoadBalancer::default() };
        is_unknown(&RULE, world().with("vpc", Vpc::default()).with("lb", elsewhere));
        does_not_apply(&RULE, world().with("vpc", Vpc::default()));
    }
}
