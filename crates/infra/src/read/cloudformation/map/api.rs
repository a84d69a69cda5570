//! API Gateway: HTTP and WebSocket APIs, and REST APIs with what they declare in an OpenAPI document.

use super::properties::Properties;
use crate::attribute::Attribute;
use crate::inventory::api::{Api, ApiKey, Authorizer, Integration, Protocol, Route, Stage, UsagePlan};
use crate::inventory::{Kind, Link};
use crate::read::cloudformation::Declared;
use crate::value::Value;
use std::collections::HashMap;

/// A path has some ten parts; what has more goes in circles.
const PATH_PARTS_MAX: usize = 64;

/// The methods of an OpenAPI path; other names there are its description and parameters.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

pub(super) fn api(p: Properties<'_>) -> Api {
    let is_web_socket = p.text("ProtocolType").known().is_some_and(|protocol| protocol.eq_ignore_ascii_case("WEBSOCKET"));
    Api { protocol: if is_web_socket { Protocol::WebSocket } else { Protocol::Http }, name: p.text("Name"), target: p.link("Target") }
}

pub(super) fn stage(p: Properties<'_>) -> Stage {
    Stage {
        api: p.link("ApiId"),
        throttle_rate: p.number("DefaultRouteSettings.ThrottlingRateLimit"),
        throttle_burst: p.number("DefaultRouteSettings.ThrottlingBurstLimit"),
        access_logs: p.link("AccessLogSettings.DestinationArn"),
    }
}

pub(super) fn route(p: Properties<'_>) -> Route {
    Route { api: p.link("ApiId"), route: p.text("RouteKey"), authorization: p.text("AuthorizationType"), key_required: p.flag("ApiKeyRequired") }
}

pub(super) fn integration(p: Properties<'_>) -> Integration {
    Integration { api: p.link("ApiId"), target: p.link("IntegrationUri"), timeout_ms: p.number("TimeoutInMillis") }
}

pub(super) fn authorizer(p: Properties<'_>, api: &str, kind: &str) -> Authorizer {
    Authorizer { api: p.link(api), authorizer_type: p.text(kind) }
}

pub(super) fn rest_stage(p: Properties<'_>) -> Stage {
    // Settings for every method; those of one method say nothing of the others.
    let all = p.find("MethodSettings", |setting: Properties<'_>| {
        let all = |name| setting.text(name).map(|value| value == "*" || value == "/*").or_default_of(true);
        all("HttpMethod").and_then(|is_every_verb| if is_every_verb { all("ResourcePath") } else { Value::Known(false) })
    });
    let number = |name: &str| all.clone().and_then(|setting| setting.number(name));
    Stage {
        api: p.link("RestApiId"),
        throttle_rate: number("ThrottlingRateLimit"),
        throttle_burst: number("ThrottlingBurstLimit"),
        access_logs: p.link("AccessLogSetting.DestinationArn"),
    }
}

/// The stage that a deployment makes when it names one, which is then described inside of it.
pub(super) fn stage_of_deployment(p: Properties<'_>) -> Vec<(String, Kind)> {
    if p.at("StageName").is_none() {
        return Vec::new();
    }
    let api = p.link("RestApiId");
    let stage = match p.part("StageDescription") {
        Some(description) => {
            let own = |name: &str, of_all: Value<f64>| if of_all.is_absent() { description.number(name) } else { of_all };
            let stage = rest_stage(description);
            let throttle_rate = own("ThrottlingRateLimit", stage.throttle_rate);
            let throttle_burst = own("ThrottlingBurstLimit", stage.throttle_burst);
            Stage { api, throttle_rate, throttle_burst, ..stage }
        }
        None => Stage { api, ..Stage::default() },
    };
    vec![("/Stage".to_owned(), stage.into())]
}

pub(super) fn api_key(p: Properties<'_>) -> ApiKey {
    // A key that does not say so is switched off; SAM and CDK say so.
    ApiKey { enabled: p.flag("Enabled").or_default_of(false) }
}

pub(super) fn usage_plan(p: Properties<'_>) -> UsagePlan {
    let mut apis: Vec<Value<Link>> = Vec::new();
    for api in p.parts("ApiStages").into_iter().map(|stage| stage.link("ApiId")) {
        if !apis.contains(&api) {
            apis.push(api);
        }
    }
    UsagePlan { apis, throttle_rate: p.number("Throttle.RateLimit"), quota: p.number("Quota.Limit") }
}

/// A REST API with the routes of its OpenAPI document, when it is written in the template.
pub(super) fn rest_api(p: Properties<'_>) -> Vec<(String, Kind)> {
    let api = Api { protocol: Protocol::Rest, name: p.text("Name"), target: Value::Absent };
    let mut kinds = vec![(String::new(), api.into())];
    if let Some(body) = p.part("Body") {
        kinds.extend(paths(body, Protocol::Rest));
    }
    kinds
}

/// The routes and integrations of an OpenAPI document.
pub(super) fn paths(body: Properties<'_>, protocol: Protocol) -> Vec<(String, Kind)> {
    let Some(Attribute::Map(paths)) = body.at("paths").map(|node| &node.attribute) else { return Vec::new() };
    let api = Value::Known(Link::To(body.id.to_owned()));
    let mut kinds = Vec::new();
    for (path, node) in paths {
        let Attribute::Map(methods) = &node.attribute else { continue };
        for (method, node) in methods.iter().filter(|(method, _)| METHODS.contains(&method.as_str())) {
            let operation = Properties { node, ..body };
            let verb = if method.starts_with("x-") { "ANY".to_owned() } else { method.to_ascii_uppercase() };
            let (authorization, key_required) = security(operation, protocol);
            let route = Route { api: api.clone(), route: Value::Known(format!("{verb} {path}")), authorization, key_required };
            kinds.push((format!("/{verb} {path}"), route.into()));
            if let Some(integration) = operation.part("x-amazon-apigateway-integration") {
                let timeout_ms = integration.number("timeoutInMillis");
                let integration = Integration { api: api.clone(), target: integration.link("uri"), timeout_ms };
                kinds.push((format!("/{verb} {path}/integration"), integration.into()));
            }
        }
    }
    kinds
}

/// What an operation asks of its caller. `api_key` is the key of a usage plan; any other scheme is an authorizer.
fn security(operation: Properties<'_>, protocol: Protocol) -> (Value<String>, Value<bool>) {
    let mut schemes: Vec<&str> = Vec::new();
    for requirement in operation.nodes("security") {
        if let Attribute::Map(names) = &requirement.attribute {
            schemes.extend(names.keys().map(String::as_str));
        }
    }
    let has_key = schemes.contains(&"api_key");
    let authorizer = schemes.iter().find(|scheme| **scheme != "api_key");
    let authorization = match authorizer {
        Some(&"sigv4") => Value::Known("AWS_IAM".to_owned()),
        Some(_) if protocol == Protocol::Http => Value::Known("JWT".to_owned()),
        Some(_) => Value::Known("CUSTOM".to_owned()),
        None => Value::Absent,
    };
    (authorization, if has_key { Value::Known(true) } else { Value::Absent })
}

/// The verb of a method and its path, which the resources that lead to it make up.
pub(super) fn route_of_method(method: Properties<'_>, all: &HashMap<&str, &Declared>) -> Value<String> {
    let verb = match method.text("HttpMethod") {
        Value::Known(verb) => verb.to_ascii_uppercase(),
        other => return other,
    };
    let mut parts = Vec::new();
    let mut at = method.link("ResourceId");
    for _ in 0..PATH_PARTS_MAX {
        let id = match at {
            Value::Known(Link::To(id)) => id,
            Value::Known(Link::Outside(id)) => return Value::Unknown(format!("its path begins at {id}, which is not declared here")),
            Value::Unknown(why) => return Value::Unknown(why),
            Value::Absent => return Value::Known(verb),
        };
        let Some(resource) = all.get(id.as_str()).filter(|resource| resource.type_name == "AWS::ApiGateway::Resource") else {
            // The API itself, by its root.
            parts.reverse();
            return Value::Known(format!("{verb} /{}", parts.join("/")));
        };
        let resource = Properties { node: &resource.properties, names: method.names, id: &resource.id };
        match resource.text("PathPart") {
            Value::Known(part) => parts.push(part),
            Value::Unknown(why) => return Value::Unknown(why),
            Value::Absent => {}
        }
        at = resource.link("ParentId");
    }
    Value::Unknown("its path leads in a circle".to_owned())
}

/// A method of a REST API: a route, and the integration inside of it.
pub(super) fn method(p: Properties<'_>) -> Vec<(String, Kind)> {
    let api = p.link("RestApiId");
    let route =
        Route { api: api.clone(), route: p.text("HttpMethod"), authorization: p.text("AuthorizationType"), key_required: p.flag("ApiKeyRequired") };
    let mut kinds = vec![(String::new(), route.into())];
    if let Some(integration) = p.part("Integration") {
        // An answer that the gateway makes up, as for CORS, reaches nothing.
        let is_mock = integration.text("Type").known().is_some_and(|kind| kind == "MOCK");
        if !is_mock {
            let integration = Integration { api, target: integration.link("Uri"), timeout_ms: integration.number("TimeoutInMillis") };
            kinds.push(("/Integration".to_owned(), integration.into()));
        }
    }
    kinds
}
