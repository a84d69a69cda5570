//! SLS-05: the API asks who calls.

use super::facts::is_terraform;
use super::patch::Setting;
use super::prelude::*;
use crate::inventory::api::{Api, ApiKey, Authorizer, Protocol, Route, UsagePlan};
use crate::inventory::compute::FunctionUrl;

pub(super) static RULE: Rule = Rule {
    id: "SLS-05",
    title: "The API asks for a key or an identity",
    section: Section::Serverless,
    area: Area::LoadBalancer,
    document_line: Some("API key configured"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &["apigateway_restapi_authorizers_enabled"], checkov: &["CKV_AWS_59", "CKV2_AWS_70", "CKV_AWS_258"], fsbp: &["APIGateway.9*"], cdk_nag: &["APIG4"] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Ask for a key (REST API with a usage plan) or for an identity; whoever finds the address can run up your bill",
        cloudformation: "ApiKeyRequired: true or AuthorizationType",
        terraform: "api_key_required = true or authorization_type",
    },
    patch: Some(patch),
    judge,
};

/// A function's URL can ask for an identity by itself; a route needs more than a line.
fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    let Kind::FunctionUrl(_) = resource.kind else { return Vec::new() };
    // SAM's URL is a part of its function.
    let is_part = !is_terraform(resource) && resource.origin.path.rsplit('.').next().is_some_and(|name| !resource.id.ends_with(&format!("/{name}")));
    let within = if is_part { "FunctionUrlConfig" } else { "" };
    let cloudformation = Setting { within, name: "AuthType", inner: "", value: "AWS_IAM".to_owned(), beside: None };
    let terraform = Setting { within: "", name: "authorization_type", inner: "", value: "\"AWS_IAM\"".to_owned(), beside: None };
    vec![Change::Set { cloudformation: Some(cloudformation), terraform: Some(terraform) }]
}

/// What to write where the fault is.
fn remedy(facts: &Facts, judgement: &Judgement) -> Option<&'static Remedy> {
    let of_http = |api: &Value<Link>| facts.inventory.follow::<Api>(api).is_some_and(|(_, api)| api.protocol == Protocol::Http);
    facts.at_fault(judgement).iter().find_map(|resource| match &resource.kind {
        Kind::FunctionUrl(_) => Some(&OF_URL),
        Kind::Api(api) if api.protocol == Protocol::Http => Some(&OF_HTTP),
        Kind::Route(route) if of_http(&route.api) => Some(&OF_HTTP),
        _ => None,
    })
}

const OF_URL: Remedy = Remedy {
    what: "Ask for an identity of IAM; whoever finds the address can run up your bill",
    cloudformation: "AuthType: AWS_IAM",
    terraform: "authorization_type = \"AWS_IAM\"",
};
/// HTTP APIs know no keys.
const OF_HTTP: Remedy = Remedy {
    what: "Ask for an identity with an authorizer; whoever finds the address can run up your bill",
    cloudformation: "AuthorizationType and AuthorizerId on the route; in SAM Auth: {DefaultAuthorizer: …, Authorizers: …} on the HttpApi",
    terraform: "authorization_type and authorizer_id on the aws_apigatewayv2_route",
};

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Lambda) {
        return judgement;
    }
    let mut tally = Tally::default();
    for (resource, url) in facts.all::<FunctionUrl>() {
        let holds = url.auth_type.holds(false, |kind| kind == "AWS_IAM");
        tally.holds(holds, resource, &["AuthType", "authorization_type"], notes("it asks for an identity of IAM", "it answers everybody", untold("whom it answers", &url.auth_type)));
    }
    for (resource, api) in facts.all::<Api>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        let routes: Vec<(&Resource, &Route)> = facts.all::<Route>().filter(|(_, route)| route.api == this).filter(|(_, route)| is_asked(api, route)).collect();
        for (at, route) in &routes {
            judge_route(facts, &mut tally, at, route);
        }
        if routes.is_empty() && facts.all::<Authorizer>().any(|(_, authorizer)| authorizer.api == this) {
            tally.good(Seen::resource(resource, &[], "an authorizer is declared for it"));
        } else if routes.is_empty() && facts.all::<Route>().any(|(_, route)| route.api.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "which routes are its own cannot be told"));
        } else if routes.is_empty() && api.protocol == Protocol::Http {
            tally.bad(Seen::resource(resource, &[], "nothing asks its callers who they are"));
        } else if routes.is_empty() {
            tally.unclear(Seen::resource(resource, &[], "none of its methods is declared here"));
        }
    }
    let judgement = tally.close(|| facts.none_of("an API that asks for a key"));
    match remedy(facts, &judgement) {
        Some(remedy) => facts.advised(judgement, remedy),
        None => judgement,
    }
}

fn judge_route(facts: &Facts, tally: &mut Tally, at: &Resource, route: &Route) {
    let settings = &["ApiKeyRequired", "api_key_required", "AuthorizationType", "authorization_type", "authorization"];
    let name = route.route.known().map_or("a route", String::as_str);
    let identity = route.authorization.holds(false, |kind| kind != "NONE");
    let key = route.key_required.holds(false, |is_required| *is_required);
    match (identity, key) {
        (Some(true), _) => tally.good(Seen::resource(at, settings, format!("{name} asks for an identity"))),
        (_, Some(true)) if !facts.has::<ApiKey>() && !facts.has::<UsagePlan>() && !facts.is_part_hidden() => tally.bad(Seen::resource(at, settings, format!("{name} asks for a key, and no key or usage plan is declared, so nobody can call it"))),
        (_, Some(true)) => tally.good(Seen::resource(at, settings, format!("{name} asks for a key"))),
        (Some(false), Some(false)) => tally.bad(Seen::resource(at, settings, format!("{name} asks for neither a key nor an identity"))),
        _ => tally.unclear(Seen::resource(at, settings, format!("whether {name} asks for a key cannot be told"))),
    }
}

/// Whether a caller of this route is to be asked. Health and preflight checks are open everywhere, and a WebSocket API asks once, on `$connect`.
fn is_asked(api: &Api, route: &Route) -> bool {
    route.route.known().is_none_or(|name| match api.protocol {
        Protocol::WebSocket => name == "$connect",
        Protocol::Http | Protocol::Rest => !name.ends_with("health") && !name.starts_with("OPTIONS"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Function;

    fn project(route: Route) -> World {
        world().with("fn", Function::default()).with("api", Api { protocol: Protocol::Rest, ..Api::default() }).with("route", Route { api: to("api"), ..route })
    }

    #[test]
    fn a_key_or_an_identity_is_asked_for() {
        passes(&RULE, project(Route { key_required: true.into(), ..Route::default() }).with("key", ApiKey::default()));
        passes(&RULE, project(Route { authorization: text("JWT"), ..Route::default() }));
        fails(&RULE, project(Route::default()));
        fails(&RULE, project(Route { key_required: true.into(), ..Route::default() }));
        is_unknown(&RULE, project(Route { key_required: unclear(), ..Route::default() }));
    }

    #[test]
    fn open_urls_and_apis_without_routes_fail() {
        let function = world().with("fn", Function::default());
        fails(&RULE, function.clone().with("url", FunctionUrl { auth_type: text("NONE"), ..FunctionUrl::default() }));
        passes(&RULE, function.clone().with("url", FunctionUrl { auth_type: text("AWS_IAM"), ..FunctionUrl::default() }));
        fails(&RULE, function.clone().with("api", Api::default()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }

    #[test]
    fn a_web_socket_asks_when_it_is_opened() {
        let api = world().with("fn", Function::default()).with("api", Api { protocol: Protocol::WebSocket, ..Api::default() });
        let route = |name: &str, authorization| Route { api: to("api"), route: text(name), authorization, ..Route::default() };
        let project = |authorization| api.clone().with("c", route("$connect", authorization)).with("d", route("$default", Value::Absent));
        passes(&RULE, project(text("AWS_IAM")));
        fails(&RULE, project(Value::Absent));
    }

    #[test]
    fn a_health_route_may_be_open() {
        let open = Route { api: to("api"), route: text("GET /api/v1/health"), ..Route::default() };
        passes(&RULE, project(Route { authorization: text("JWT"), ..Route::default() }).with("h", open));
    }
}
