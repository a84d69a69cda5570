//! API Gateway: HTTP and WebSocket APIs (`aws_apigatewayv2_…`) and REST APIs (`aws_api_gateway_…`).

use super::compute::FUNCTIONS;
use super::reader::Reader;
use crate::inventory::api::{Api, ApiKey, Authorizer, Integration, Protocol, Route, Stage, UsagePlan};
use crate::inventory::{Kind, Link};
use crate::value::Value;

/// A path has some ten parts; what has more goes in circles.
const PATH_PARTS_MAX: usize = 64;

const APIS: &[&str] = &["aws_apigatewayv2_api"];
const REST_APIS: &[&str] = &["aws_api_gateway_rest_api"];
const RESOURCES: &[&str] = &["aws_api_gateway_resource"];
const LOG_GROUPS: &[&str] = &["aws_cloudwatch_log_group"];

pub(super) fn kind(reader: &Reader<'_>) -> Option<Kind> {
    Some(match reader.type_name() {
        "aws_apigatewayv2_api" => api(reader).into(),
        "aws_api_gateway_rest_api" => Api { protocol: Protocol::Rest, name: reader.text("name"), target: Value::Absent }.into(),
        "aws_apigatewayv2_stage" => Stage {
            api: reader.link("api_id", APIS),
            throttle_rate: reader.number("default_route_settings.throttling_rate_limit"),
            throttle_burst: reader.number("default_route_settings.throttling_burst_limit"),
            access_logs: reader.link("access_log_settings.destination_arn", LOG_GROUPS),
        }
        .into(),
        "aws_api_gateway_stage" => rest_stage(reader).into(),
        "aws_apigatewayv2_route" => Route {
            api: reader.link("api_id", APIS),
            route: reader.text("route_key"),
            authorization: reader.text("authorization_type"),
            key_required: reader.flag("api_key_required"),
        }
        .into(),
        "aws_api_gateway_method" => Route {
            api: reader.link("rest_api_id", REST_APIS),
            route: route_of_method(reader),
            authorization: reader.text("authorization"),
            key_required: reader.flag("api_key_required"),
        }
        .into(),
        "aws_apigatewayv2_integration" => Integration {
            api: reader.link("api_id", APIS),
            target: reader.link("integration_uri", FUNCTIONS),
            timeout_ms: reader.number("timeout_milliseconds"),
        }
        .into(),
        // An answer that the gateway makes up, as for CORS, reaches nothing.
        "aws_api_gateway_integration" if reader.is("type", "MOCK") != Value::Known(true) => Integration {
            api: reader.link("rest_api_id", REST_APIS),
            target: reader.link("uri", FUNCTIONS),
            timeout_ms: reader.number("timeout_milliseconds"),
        }
        .into(),
        "aws_api_gateway_api_key" => ApiKey { enabled: reader.flag("enabled") }.into(),
        "aws_api_gateway_usage_plan" => UsagePlan {
            apis: reader.blocks("api_stages").iter().map(|stage| stage.link("api_id", REST_APIS)).collect(),
            throttle_rate: reader.number("throttle_settings.rate_limit"),
            quota: reader.number("quota_settings.limit"),
        }
        .into(),
        "aws_apigatewayv2_authorizer" => Authorizer { api: reader.link("api_id", APIS), authorizer_type: reader.text("authorizer_type") }.into(),
        "aws_api_gateway_authorizer" => Authorizer {
            api: reader.link("rest_api_id", REST_APIS),
            // The provider's own default.
            authorizer_type: reader.text("type").or_default_of("TOKEN".to_owned()),
        }
        .into(),
        _ => return None,
    })
}

/// The verb of a method and its path, which the resources that lead to it make up.
fn route_of_method(method: &Reader<'_>) -> Value<String> {
    let verb = match method.text("http_method") {
        Value::Known(verb) => verb.to_ascii_uppercase(),
        other => return other,
    };
    let to: Vec<&str> = RESOURCES.iter().chain(REST_APIS).copied().collect();
    let mut parts = Vec::new();
    let mut at = method.link("resource_id", &to);
    for _ in 0..PATH_PARTS_MAX {
        if let Value::Known(Link::Outside(id)) = at {
            return Value::Unknown(format!("its path begins at {id}, which is not declared here"));
        }
        let resource = match at {
            Value::Unknown(why) => return Value::Unknown(why),
            Value::Absent => return Value::Known(verb),
            link => method.follow(&link).filter(|one| RESOURCES.contains(&one.type_name())),
        };
        let Some(resource) = resource else {
            // The API itself, by its root.
            parts.reverse();
            return Value::Known(format!("{verb} /{}", parts.join("/")));
        };
        match resource.text("path_part") {
            Value::Known(part) => parts.push(part),
            Value::Unknown(why) => return Value::Unknown(why),
            Value::Absent => {}
        }
        at = resource.link("parent_id", &to);
    }
    Value::Unknown("its path leads in a circle".to_owned())
}

fn api(reader: &Reader<'_>) -> Api {
    let protocol = if reader.is("protocol_type", "WEBSOCKET") == Value::Known(true) { Protocol::WebSocket } else { Protocol::Http };
    Api { protocol, name: reader.text("name"), target: reader.link("target", FUNCTIONS) }
}

/// A stage of a REST API; its throttling stands apart, for each method or for all (`*/*`).
fn rest_stage(reader: &Reader<'_>) -> Stage {
    let settings = reader.satellites(&["aws_api_gateway_method_settings"]);
    let all = settings.iter().find(|one| one.text("method_path") == Value::Known("*/*".to_owned())).or(settings.first());
    // -1 is Terraform's word for no limit of its own.
    let limit = |name: &str| match all.map_or(Value::Absent, |one| one.number(&format!("settings.{name}"))) {
        Value::Known(limit) if limit < 0.0 => Value::Absent,
        limit => limit,
    };
    Stage {
        api: reader.link("rest_api_id", REST_APIS),
        throttle_rate: limit("throttling_rate_limit"),
        throttle_burst: limit("throttling_burst_limit"),
        access_logs: reader.link("access_log_settings.destination_arn", LOG_GROUPS),
    }
}
