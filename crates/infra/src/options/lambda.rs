//! Option 3: a function behind a REST API, which is the kind that knows API keys and limits for each client.

use super::LAMBDA_SECONDS_MAX;
use super::common::{Builder, MODEL, known, to};
use crate::cost::Load;
use crate::inventory::Inventory;
use crate::inventory::api::{Api, ApiKey, Integration, Protocol, Route, Stage, UsagePlan};
use crate::inventory::compute::Function;
use crate::inventory::names::Certificate;
use crate::value::Value;
use std::collections::BTreeMap;

/// The founding document's 30 s and 512 MB.
const TIMEOUT_S: f64 = 30.0;
const MEMORY_MB: f64 = 512.0;

pub(super) fn inventory(load: &Load) -> Inventory {
    let mut builder = Builder::new("lambda");
    let function = Function {
        runtime: known("python3.11"),
        memory_mb: Value::Known(load.memory_mb.unwrap_or(MEMORY_MB)),
        timeout_s: Value::Known(load.seconds.ceil().clamp(TIMEOUT_S, LAMBDA_SECONDS_MAX)),
        role: to("role"),
        environment: BTreeMap::from([("ORCHESTRATOR_MODEL".to_owned(), Value::Known(format!("bedrock/{MODEL}")))]),
        ..Function::default()
    };
    builder.add("function", function);
    builder.add("api", Api { protocol: Protocol::Rest, name: known("orchestrator"), target: Value::Absent });
    let route = Route { api: to("api"), route: known("ANY /{proxy+}"), authorization: known("NONE"), key_required: Value::Known(true) };
    builder.add("route", route);
    builder.add("integration", Integration { api: to("api"), target: to("function"), timeout_ms: Value::Known(29_000.0) });
    let stage = Stage { api: to("api"), throttle_rate: Value::Known(10.0), throttle_burst: Value::Known(20.0), access_logs: to("logs") };
    builder.add("stage", stage);
    builder.add("api_key", ApiKey { enabled: Value::Known(true) });
    builder.add("usage_plan", UsagePlan { apis: vec![to("api")], throttle_rate: Value::Known(10.0), quota: Value::Absent });
    builder.add("certificate", Certificate { domain: known("api.donsylvester.dev"), validation: known("DNS") });
    builder.finish("/aws/lambda/orchestrator", Some("api"))
}
