//! SLS-01: there is a function, on a runtime that AWS still supports.

use super::prelude::*;
use crate::inventory::compute::Function;

pub(super) static RULE: Rule = Rule {
    id: "SLS-01",
    title: "A Lambda function is declared, on a supported runtime",
    section: Section::Serverless,
    area: Area::Compute,
    document_line: Some("Lambda function created"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &["awslambda_function_using_supported_runtimes"], checkov: &["CKV_AWS_363"], fsbp: &["Lambda.2*"], cdk_nag: &["L1"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Move the function to a runtime that AWS supports, such as python3.13 or nodejs22.x", cloudformation: "Runtime", terraform: "runtime" },
    patch: Some(patch),
    judge,
};

/// Runtimes with the day that Lambda's documentation gives for the end of their support.
const ENDS: &[(&str, &str)] = &[
    ("dotnet6", "2024-12-20"),
    ("dotnetcore3.1", "2023-04-03"),
    ("go1.x", "2024-01-08"),
    ("java8", "2024-01-08"),
    ("nodejs12.x", "2023-03-31"),
    ("nodejs14.x", "2023-12-04"),
    ("nodejs16.x", "2024-06-12"),
    ("nodejs18.x", "2025-09-01"),
    ("nodejs20.x", "2026-04-30"),
    ("provided", "2024-01-08"),
    ("python2.7", "2021-07-15"),
    ("python3.6", "2022-07-18"),
    ("python3.7", "2023-12-04"),
    ("python3.8", "2024-10-14"),
    ("python3.9", "2025-12-15"),
    ("ruby2.7", "2023-12-07"),
    ("ruby3.2", "2026-03-31"),
];

/// The next supported runtime of the same language, where there is one that takes the same code.
fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    let Kind::Function(function) = &resource.kind else { return Vec::new() };
    match function.runtime.known().map(String::as_str) {
        Some(runtime) if runtime.starts_with("python3") => set(("Runtime", "python3.13"), ("runtime", "\"python3.13\"")),
        Some(runtime) if runtime.starts_with("nodejs") => set(("Runtime", "nodejs22.x"), ("runtime", "\"nodejs22.x\"")),
        _ => Vec::new(),
    }
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Runtime", "runtime"];
    for (resource, function) in facts.all::<Function>() {
        match &function.runtime {
            Value::Known(runtime) => match ENDS.iter().find(|(name, end)| name == runtime && *end <= facts.today.as_str()) {
                Some((_, end)) => tally.bad(Seen::resource(resource, settings, format!("its runtime {runtime} has had no support since {end}"))),
                None => tally.good(Seen::resource(resource, settings, format!("it runs on {runtime}"))),
            },
            Value::Absent => tally.good(Seen::resource(resource, &[], "it runs from an image")),
            Value::Unknown(why) => tally.unclear(Seen::resource(resource, settings, format!("its runtime cannot be told: {why}"))),
        }
    }
    tally.close(|| facts.none_of_deployment(Deployment::Lambda, "a Lambda function"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::api::Api;

    #[test]
    fn the_runtime_must_have_support() {
        let function = |runtime| world().with("fn", Function { runtime, ..Function::default() });
        passes(&RULE, function(text("python3.13")));
        passes(&RULE, function(Value::Absent));
        fails(&RULE, function(text("python3.8")));
        is_unknown(&RULE, function(unclear()));
    }

    #[test]
    fn an_api_without_a_function_fails() {
        fails(&RULE, world().with("api", Api::default()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
