//! SLS-06: the API says 429 before the bill does.

use super::patch::Setting;
use super::prelude::*;
use crate::inventory::api::{Api, Protocol, Stage, UsagePlan};

pub(super) static RULE: Rule = Rule {
    id: "SLS-06",
    title: "The API limits how often it is called",
    section: Section::Serverless,
    area: Area::LoadBalancer,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs { prowler: &[], checkov: &[], fsbp: &[], cdk_nag: &["APIG3"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Limit the rate; without one the account's 10,000 requests a second hold", cloudformation: "DefaultRouteSettings: {ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40}", terraform: "default_route_settings { throttling_rate_limit = 20 throttling_burst_limit = 40 }" },
    patch: Some(patch),
    judge,
};

/// A stage of an HTTP API limits all of its routes in one setting; a REST API's needs a resource of its own.
fn patch(inventory: &Inventory, resource: &Resource) -> Vec<Change> {
    let Kind::Stage(stage) = &resource.kind else { return Vec::new() };
    if !inventory.follow::<Api>(&stage.api).is_some_and(|(_, api)| api.protocol == Protocol::Http) {
        return Vec::new();
    }
    // A rate without a burst lets no request through.
    let setting = |name, inner, burst| Some(Setting { within: "", name, inner, value: "20".to_owned(), beside: Some((burst, "40")) });
    vec![Change::Set {
        cloudformation: setting("DefaultRouteSettings", "ThrottlingRateLimit", "ThrottlingBurstLimit"),
        terraform: setting("default_route_settings", "throttling_rate_limit", "throttling_burst_limit"),
    }]
}

const OF_REST: Remedy = Remedy {
    what: "Limit the rate; without one the account's 10,000 requests a second hold",
    cloudformation: "MethodSettings: [{HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40}]",
    terraform: "aws_api_gateway_method_settings with method_path = \"*/*\" and settings { throttling_rate_limit = 20 throttling_burst_limit = 40 }",
};

const RATES: &[&str] = &["ThrottlingRateLimit", "throttling_rate_limit", "RateLimit", "rate_limit"];

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<Api>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        let stages = facts.all::<Stage>().filter(|(_, stage)| stage.api == this).map(|(at, stage)| (at, &stage.throttle_rate));
        let plans = facts.all::<UsagePlan>().filter(|(_, plan)| plan.apis.contains(&this)).map(|(at, plan)| (at, &plan.throttle_rate));
        let limits: Vec<_> = stages.chain(plans).collect();
        if let Some((at, rate)) = limits.iter().find_map(|(at, rate)| Some((at, rate.known()?))) {
            tally.good(Seen::resource(at, RATES, format!("{rate} requests a second are its limit")));
        } else if let Some((at, rate)) = limits.iter().find(|(_, rate)| rate.is_unknown()) {
            tally.unclear(Seen::resource(at, RATES, untold("its limit", rate)));
        } else if facts.all::<Stage>().any(|(_, stage)| stage.api.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "which stages are its own cannot be told"));
        } else {
            let at = limits.first().map_or(resource, |(at, _)| *at);
            tally.bad(Seen::resource(at, &[], "nothing limits how often it is called"));
        }
    }
    let judgement = tally.close(|| facts.not_needed("no API of API Gateway is declared"));
    let is_rest = facts.at_fault(&judgement).first().is_some_and(|resource| match &resource.kind {
        Kind::Api(api) => api.protocol == Protocol::Rest,
        Kind::Stage(stage) => facts.inventory.follow::<Api>(&stage.api).is_some_and(|(_, api)| api.protocol == Protocol::Rest),
        Kind::UsagePlan(_) => true,
        _ => false,
    });
    if is_rest { facts.advised(judgement, &OF_REST) } else { judgement }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_or_a_plan_limits_the_rate() {
        let api = world().with("api", Api::default());
        let stage = |throttle_rate| Stage { api: to("api"), throttle_rate, ..Stage::default() };
        passes(&RULE, api.clone().with("s", stage(20.0.into())));
        passes(&RULE, api.clone().with("p", UsagePlan { apis: vec![to("api")], throttle_rate: 5.0.into(), ..UsagePlan::default() }));
        fails(&RULE, api.clone().with("s", stage(Value::Absent)));
        is_unknown(&RULE, api.with("s", stage(unclear())));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
