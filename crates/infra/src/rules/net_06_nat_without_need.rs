//! NET-06: a NAT gateway is paid for only where something private needs the internet.

use super::prelude::*;
use crate::inventory::compute::{AutoScalingGroup, BeanstalkEnvironment, Function, Instance, Service, TaskDefinition};
use crate::inventory::network::{NatGateway, RouteTable};

pub(super) static RULE: Rule = Rule {
    id: "NET-06",
    title: "Every NAT gateway has something behind it",
    section: Section::Network,
    area: Area::Networking,
    document_line: None,
    severity: Severity::Low,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Remove the gateway and its address; idle it costs about 33 US dollars a month in us-east-1", cloudformation: "", terraform: "" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<NatGateway>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        let tables: Vec<&RouteTable> = facts.all::<RouteTable>().map(|(_, table)| table).filter(|table| table.routes.iter().any(|route| route.gateway == this)).collect();
        let subnets: Vec<&Value<Link>> = tables.iter().flat_map(|table| &table.subnets).collect();
        let private: Vec<&Value<Link>> = compute_subnets(facts);
        let is_unclear = facts.all::<RouteTable>().any(|(_, table)| table.routes.iter().any(|route| route.gateway.is_unknown()))
            || subnets.iter().chain(&private).any(|subnet| subnet.is_unknown())
            || may_run_elsewhere(facts);
        if private.iter().any(|subnet| subnets.contains(subnet)) {
            tally.good(Seen::resource(resource, &[], "private compute reaches the internet through it"));
        } else if is_unclear {
            tally.unclear(Seen::resource(resource, &[], "what uses it cannot be told"));
        } else if tables.is_empty() {
            tally.bad(Seen::resource(resource, &[], "no route leads through it"));
        } else {
            tally.bad(Seen::resource(resource, &[], "nothing runs in the subnets whose route leads through it"));
        }
    }
    tally.close(|| facts.not_needed("no NAT gateway is declared"))
}

/// Whether something may run in subnets that are not told: in a part that could not be read, as a resource of a type that is not known
/// here, as a task that something starts when it is due, or on Beanstalk's machines.
fn may_run_elsewhere(facts: &Facts) -> bool {
    let on_beanstalk = facts.all::<BeanstalkEnvironment>().any(|(_, environment)| environment.settings.contains_key("aws:ec2:vpc/Subnets"));
    let is_started = facts.has::<TaskDefinition>() && !facts.has::<Service>();
    facts.is_part_hidden() || !facts.inventory.unrecognised.is_empty() || on_beanstalk || is_started
}

fn compute_subnets<'a>(facts: &Facts<'a>) -> Vec<&'a Value<Link>> {
    let services = facts.all::<Service>().flat_map(|(_, service)| &service.subnets);
    let functions = facts.all::<Function>().flat_map(|(_, function)| &function.subnets);
    let groups = facts.all::<AutoScalingGroup>().flat_map(|(_, group)| &group.subnets);
    let machines = facts.all::<Instance>().map(|(_, instance)| &instance.subnet);
    services.chain(functions).chain(groups).chain(machines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::network::RouteEntry;

    #[test]
    fn a_gateway_serves_compute_in_the_subnets_that_route_to_it() {
        let nat = world().with("nat", NatGateway::default());
        let route = |gateway| RouteTable { routes: vec![RouteEntry { destination: text("0.0.0.0/0"), gateway }], subnets: vec![to("private")], ..RouteTable::default() };
        let routed = nat.clone().with("table", route(to("nat")));
        passes(&RULE, routed.clone().with("svc", Service { subnets: vec![to("private")], ..Service::default() }));
        fails(&RULE, routed.clone().with("svc", Service { subnets: vec![to("public")], ..Service::default() }));
        fails(&RULE, nat.clone());
        is_unknown(&RULE, routed.clone().with_apart("aws_eks_node_group"));
        let settings = [("aws:ec2:vpc/Subnets".to_owned(), unclear())].into();
        is_unknown(&RULE, routed.clone().with("env", BeanstalkEnvironment { settings, ..BeanstalkEnvironment::default() }));
        is_unknown(&RULE, routed.with("svc", Service { subnets: vec![unclear()], ..Service::default() }));
        does_not_apply(&RULE, world().with("svc", Service::default()));
    }
}
