//! SAM: functions with the roles and routes that they bring, APIs with their stages, tables, and the template's `Globals`.

use super::known::Names;
use super::properties::Properties;
use super::{api, compute, identity};
use crate::attribute::{Attribute, Node};
use crate::inventory::api::{Api, ApiKey, Integration, Protocol, Route, Stage, UsagePlan};
use crate::inventory::compute::{Function, FunctionUrl};
use crate::inventory::data::Table;
use crate::inventory::identity::{Document, Role, Statement};
use crate::inventory::names::Record;
use crate::inventory::{Inventory, Kind, Link, Origin};
use crate::read::cloudformation::Declared;
use crate::read::cloudformation::stack::Stacks;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};

/// The properties of a resource with what `Globals` says for its kind beneath them.
pub(crate) fn with_globals<'a>(stacks: &Stacks<'a>, stack: usize, type_name: &str, properties: Node) -> Node {
    let template = stacks.stacks[stack].template;
    let globals = type_name.strip_prefix("AWS::Serverless::").and_then(|kind| template.globals(kind));
    match globals {
        Some(globals) => merged(stacks.evaluate(stack, globals), properties),
        None => properties,
    }
}

/// Maps are merged, lists follow one another, and of anything else the resource's own wins.
fn merged(global: Node, own: Node) -> Node {
    let line = own.line;
    match (global.attribute, own.attribute) {
        (Attribute::Map(mut global), Attribute::Map(own)) => {
            for (name, node) in own {
                let node = match global.remove(&name) {
                    Some(beneath) => merged(beneath, node),
                    None => node,
                };
                global.insert(name, node);
            }
            Node::new(Attribute::Map(global), line)
        }
        (Attribute::List(mut global), Attribute::List(own)) => {
            global.extend(own);
            Node::new(Attribute::List(global), line)
        }
        (_, own) => Node::new(own, line),
    }
}

/// Declares the APIs that SAM makes for events that name none, each where the first such event stands.
pub(crate) fn add_implicit_apis(declared: &mut Vec<Declared>, stacks: &Stacks<'_>, stack: usize) {
    let this = &stacks.stacks[stack];
    let prefix = format!("{}/", this.id);
    let (first_rest, first_http) = {
        let is_of_stack = |id: &str| id.strip_prefix(&prefix).is_some_and(|name| !name.contains('/'));
        let functions = declared.iter().filter(|resource| resource.type_name == "AWS::Serverless::Function" && is_of_stack(&resource.id));
        let mut events: Vec<(&str, u32, Option<&String>)> = Vec::new();
        for function in functions {
            let Some(Attribute::Map(entries)) = function.properties.get("Events").map(|node| &node.attribute) else { continue };
            for event in entries.values().filter(|event| event.at(&["Properties", "RestApiId"]).or(event.at(&["Properties", "ApiId"])).is_none()) {
                match event.get("Type").map(|node| &node.attribute) {
                    Some(Attribute::Text(kind)) if kind == "Api" => events.push(("Api", event.line, function.doubt.as_ref())),
                    Some(Attribute::Text(kind)) if kind == "HttpApi" => events.push(("HttpApi", event.line, function.doubt.as_ref())),
                    _ => {}
                }
            }
        }
        let first = |kind: &str| {
            let of_kind = || events.iter().filter(|(of, ..)| *of == kind);
            let line = of_kind().map(|(_, line, _)| *line).min()?;
            // It is there when one of its functions is.
            let doubt = if of_kind().all(|(.., doubt)| doubt.is_some()) { of_kind().find_map(|(.., doubt)| doubt.cloned()) } else { None };
            Some((line, doubt))
        };
        (first("Api"), first("HttpApi"))
    };
    for (line, kind, name) in [(first_rest, "Api", "ServerlessRestApi"), (first_http, "HttpApi", "ServerlessHttpApi")] {
        let Some((line, doubt)) = line else { continue };
        let type_name = format!("AWS::Serverless::{kind}");
        let properties = with_globals(stacks, stack, &type_name, Node::new(Attribute::Map(BTreeMap::new()), line));
        let origin = Origin { file: this.template.file.clone(), line, path: format!("Resources.{name}") };
        let (id, region) = (format!("{prefix}{name}"), this.environment.region.clone());
        declared.push(Declared { id, type_name, origin, region, properties, doubt });
    }
}

/// A function, its role unless it names one, its URL, and the routes of its events.
pub(super) fn function(p: Properties<'_>) -> Vec<(String, Kind)> {
    let own_role = p.link("Role");
    let makes_role = own_role.is_absent();
    let role = if makes_role { Value::Known(Link::To(format!("{}Role", p.id))) } else { own_role };
    let tracing = p.is("Tracing", "Active");
    let dead_letters = p.link("DeadLetterQueue.TargetArn");
    let is_traced = tracing.known() == Some(&true);
    let function = Function { role, tracing, dead_letters, ..compute::function(p) };
    let mut kinds: Vec<(String, Kind)> = vec![(String::new(), function.into())];
    if makes_role {
        kinds.push(("Role".to_owned(), generated_role(p, is_traced).into()));
    }
    let this = Value::Known(Link::To(p.id.to_owned()));
    if let Some(url) = p.part("FunctionUrlConfig") {
        kinds.push(("Url".to_owned(), FunctionUrl { function: this.clone(), auth_type: url.text("AuthType") }.into()));
    }
    if let Some(Attribute::Map(events)) = p.at("Events").map(|node| &node.attribute) {
        for (name, node) in events {
            let event = Properties { node, ..p };
            let Some(route) = event_route(event) else { continue };
            let integration = Integration { api: route.api.clone(), target: this.clone(), timeout_ms: event.number("Properties.TimeoutInMillis") };
            kinds.push((format!("/Events/{name}"), route.into()));
            kinds.push((format!("/Events/{name}/integration"), integration.into()));
        }
    }
    kinds
}

/// The route of an event of an API; other events have none.
fn event_route(event: Properties<'_>) -> Option<Route> {
    let kind = event.text("Type");
    let stack = event.id.rfind('/').map_or("", |slash| &event.id[..slash]);
    let (named, implicit) = match kind.known()?.as_str() {
        "Api" => ("Properties.RestApiId", "ServerlessRestApi"),
        "HttpApi" => ("Properties.ApiId", "ServerlessHttpApi"),
        _ => return None,
    };
    let api = match event.link(named) {
        Value::Absent => Value::Known(Link::To(format!("{stack}/{implicit}"))),
        told => told,
    };
    let route = match (event.text("Properties.Method"), event.text("Properties.Path")) {
        (Value::Known(method), Value::Known(path)) if method == "*" => Value::Known(format!("ANY {path}")),
        (Value::Known(method), Value::Known(path)) => Value::Known(format!("{} {path}", method.to_ascii_uppercase())),
        (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Value::Unknown(why),
        (Value::Absent, path) => Value::Known(path.known().map_or_else(|| "$default".to_owned(), |path| format!("ANY {path}"))),
        (method, Value::Absent) => method,
    };
    let authorization = event.text("Properties.Auth.Authorizer");
    let authorization = if authorization.is_absent() { Value::Absent } else { authorization.map(authorization_type) };
    Some(Route { api, route, authorization, key_required: event.flag("Properties.Auth.ApiKeyRequired") })
}

/// What API Gateway calls the authorization that SAM names by its authorizer.
fn authorization_type(authorizer: String) -> String {
    match authorizer.as_str() {
        "NONE" | "AWS_IAM" => authorizer,
        _ => "CUSTOM".to_owned(),
    }
}

/// The role that SAM makes for a function.
fn generated_role(p: Properties<'_>, is_traced: bool) -> Role {
    let aws = |name: &str| Value::Known(Link::Outside(format!("arn:aws:iam::aws:policy/{name}")));
    let mut role = Role { trust: Value::Known(trust_in_lambda(p.node.line)), ..Role::default() };
    role.attached.push(aws("service-role/AWSLambdaBasicExecutionRole"));
    if p.at("VpcConfig").is_some() {
        role.attached.push(aws("service-role/AWSLambdaVPCAccessExecutionRole"));
    }
    if is_traced {
        role.attached.push(aws("AWSXRayDaemonWriteAccess"));
    }
    for policy in p.nodes("Policies") {
        match &policy.attribute {
            Attribute::Map(entries) if entries.contains_key("Statement") => role.inline.push(identity::of_node(p, policy)),
            Attribute::Map(entries) => {
                let names: Vec<&str> = entries.keys().map(String::as_str).collect();
                role.inline.push(Value::Unknown(format!("SAM makes it from its policy template {}", names.join(", "))));
            }
            // A bare name is one of AWS's own, as an ARN is.
            _ => role.attached.push(p.names.pattern_link(policy)),
        }
    }
    role
}

fn trust_in_lambda(line: u32) -> Document {
    let statement = Statement {
        effect: "Allow".to_owned().into(),
        actions: vec!["sts:AssumeRole".to_owned().into()],
        principals: BTreeMap::from([("Service".to_owned(), vec!["lambda.amazonaws.com".to_owned().into()])]),
        line,
        ..Statement::default()
    };
    Document { statements: vec![statement] }
}

/// A REST API with its stage, the usage plan and key that it asks for, and the routes of its document.
pub(super) fn rest_api(p: Properties<'_>) -> Vec<(String, Kind)> {
    let api = Api { protocol: Protocol::Rest, name: p.text("Name"), target: Value::Absent };
    let this = Value::Known(Link::To(p.id.to_owned()));
    let stage = Stage { api: this.clone(), ..api::rest_stage(p) };
    let mut kinds = vec![(String::new(), api.into()), ("Stage".to_owned(), stage.into())];
    let has_plan = p.text("Auth.UsagePlan.CreateUsagePlan").holds(false, |plan| plan != "NONE") == Some(true);
    if has_plan && let Some(plan) = p.part("Auth.UsagePlan") {
        let plan = UsagePlan { apis: vec![this.clone()], throttle_rate: plan.number("Throttle.RateLimit"), quota: plan.number("Quota.Limit") };
        kinds.push(("UsagePlan".to_owned(), plan.into()));
        kinds.push(("ApiKey".to_owned(), ApiKey { enabled: Value::Known(true) }.into()));
    }
    kinds.extend(record(p, &this));
    if let Some(body) = p.part("DefinitionBody") {
        kinds.extend(api::paths(body, Protocol::Rest));
    }
    kinds
}

/// An HTTP API with its stage and the routes of its document.
pub(super) fn http_api(p: Properties<'_>) -> Vec<(String, Kind)> {
    let this = Value::Known(Link::To(p.id.to_owned()));
    let api = Api { protocol: Protocol::Http, name: p.text("Name"), target: Value::Absent };
    let stage = Stage { api: this.clone(), ..api::stage(p) };
    let mut kinds = vec![(String::new(), api.into()), ("Stage".to_owned(), stage.into())];
    kinds.extend(record(p, &this));
    if let Some(body) = p.part("DefinitionBody") {
        kinds.extend(api::paths(body, Protocol::Http));
    }
    kinds
}

/// The record of an API's own domain.
fn record(p: Properties<'_>, api: &Value<Link>) -> Option<(String, Kind)> {
    let route53 = p.part("Domain.Route53")?;
    let zone = route53.link("HostedZoneId");
    let zone = if zone.is_absent() { route53.link("HostedZoneName") } else { zone };
    let record = Record { zone, name: p.text("Domain.DomainName"), record_type: Value::Known("A".to_owned()), alias: api.clone() };
    Some(("Record".to_owned(), record.into()))
}

pub(super) fn simple_table(p: Properties<'_>) -> Table {
    let is_provisioned = p.at("ProvisionedThroughput").is_some();
    let mode = if is_provisioned { "PROVISIONED" } else { "PAY_PER_REQUEST" };
    let point_in_time_recovery = p.flag("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled");
    Table {
        billing_mode: Value::Known(mode.to_owned()),
        read_units: p.number("ProvisionedThroughput.ReadCapacityUnits"),
        write_units: p.number("ProvisionedThroughput.WriteCapacityUnits"),
        point_in_time_recovery,
        deletion_protection: Value::Absent,
        key_encrypted: p.flag("SSESpecification.SSEEnabled"),
    }
}

/// What an API asks of every caller holds for the routes that say nothing else.
pub(super) fn apply_defaults(inventory: &mut Inventory, declared: &[Declared], names: &Names) {
    let apis = declared.iter().filter(|resource| matches!(resource.type_name.as_str(), "AWS::Serverless::Api" | "AWS::Serverless::HttpApi"));
    let mut defaults: HashMap<&str, (Value<String>, Value<bool>)> = HashMap::new();
    for api in apis {
        let p = Properties { node: &api.properties, names, id: &api.id };
        defaults.insert(&api.id, (p.text("Auth.DefaultAuthorizer").map(authorization_type), p.flag("Auth.ApiKeyRequired")));
    }
    for resource in &mut inventory.resources {
        let Kind::Route(route) = &mut resource.kind else { continue };
        let Value::Known(Link::To(api)) = &route.api else { continue };
        let Some((authorization, key_required)) = defaults.get(api.as_str()) else { continue };
        if route.authorization.is_absent() {
            route.authorization = authorization.clone();
        }
        if route.key_required.is_absent() {
            route.key_required = key_required.clone();
        }
    }
}
