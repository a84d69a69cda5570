//! The OpenAPI document: built from the routes, with the errors that all of them share added here.

use crate::frame::HEALTH;
use crate::{infrastructure, router};
use api::Problem;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use std::sync::LazyLock;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// The document's bytes; they do not change while the process lives.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_json().unwrap_or_default());

/// Paths that need no key.
const OPEN: &[&str] = &["/", "/openapi.json", HEALTH];

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "service", operation_id = "openapi", responses((status = 200, description = "The OpenAPI 3.1 document.", body = Object)))]
pub(crate) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

/// What the document says before any route.
pub(crate) fn head() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("AI Agent Orchestrator")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Takes a task in plain words, looks with real tools, and answers with findings and their evidence. Errors are RFC 9457 problem details with a stable `code`."))
        .license(Some(license))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// The whole document.
pub fn document() -> OpenApi {
    let (_, mut document) = router::routes();
    let components = document.components.get_or_insert_with(Components::new);
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))));
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for (path, item) in &mut document.paths.paths {
        let needs_key = !OPEN.contains(&path.as_str());
        let names_something = path.contains('{');
        for (method, operation) in [(HttpMethod::Get, &mut item.get), (HttpMethod::Post, &mut item.post)] {
            if let Some(operation) = operation {
                complete(operation, path, &method, needs_key, names_something);
            }
        }
    }
    document
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// Adds the key that an operation needs and the errors that its kind can give.
fn complete(operation: &mut Operation, path: &str, method: &HttpMethod, needs_key: bool, names_something: bool) {
    let mut errors: Vec<(u16, &str)> = Vec::new();
    if needs_key {
        operation.security = Some(["api_key", "bearer"].map(|name| SecurityRequirement::new(name, Vec::<String>::new())).to_vec());
        errors.push((401, "unauthorized: no key, a wrong one, or two different ones."));
        errors.push((503, "storage_unavailable, or draining: ask again after Retry-After."));
    }
    if path != HEALTH {
        errors.push((429, "busy: no room now; ask again after Retry-After."));
        errors.push((500, "internal: a fault of the product; its log tells more under the request_id."));
    }
    if names_something {
        errors.push((404, "not_found: there is no such thing."));
    }
    let takes_archive = path == infrastructure::PATH;
    if takes_archive {
        errors.push((
            400,
            "invalid_request or body_incomplete: it is no archive of plain files, its review.toml is wrong, or the query cannot be read.",
        ));
        errors.push((408, "request_timeout: the archive did not arrive in time."));
        errors.push((413, "body_too_large: more than 16 MiB."));
        errors.push((415, "unsupported_media_type: send application/zip or application/gzip."));
    } else if operation.request_body.is_some() {
        errors.push((400, "invalid_request, body_incomplete or json_too_deep: the body cannot be read."));
        errors.push((408, "request_timeout: the body did not arrive in time."));
        errors.push((413, "body_too_large: more than 1 MiB."));
        errors.push((415, "unsupported_media_type: send application/json."));
        errors.push((422, "invalid_field, unknown_field or idempotency_key_reused: `errors` says which field and why."));
    } else if operation.parameters.iter().flatten().any(is_query) {
        errors.push((400, "invalid_request: the query or a header cannot be read."));
        errors.push((422, "invalid_field or unknown_field: `errors` says which parameter and why."));
    }
    if *method == HttpMethod::Post && needs_key && !takes_archive {
        errors.push((507, "storage_full: the disk is full; nothing was accepted."));
        if names_something {
            errors.push((409, "conflict: the run is not in a state for this."));
        }
    }
    for (status, description) in errors {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new().description(description).content("application/problem+json", problem).build();
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| response.into());
    }
}
