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

const MISSING: Remedy = Remedy { what: "Declare the function that the API is to lead to", cloudformation: "AWS::Lambda::Function", terraform: "aws_lambda_function" };

/// Runtimes with the day on which Lambda's support ends, as its documentation says on 2026-11-27.
const ENDS: &[(&str, &str)] = &[
    ("dotnet10", "2028-11-14"),
    ("dotnet6", "2024-12-20"),
    ("dotnet8", "2026-11-10"),
    ("dotnetcore1.0", "2019-06-27"),
    ("dotnetcore2.0", "2019-05-30"),
    ("dotnetcore2.1", "2022-01-05"),
    ("dotnetcore3.1", "2023-04-03"),
    ("go1.x", "2024-01-08"),
    ("java11", "2027-06-30"),
    ("java17", "2027-06-30"),
    ("java21", "2029-06-30"),
    ("java25", "2029-06-30"),
    ("java8", "2024-01-08"),
    ("java8.al2", "2027-06-30"),
    ("nodejs", "2016-10-31"),
    ("nodejs10.x", "2021-07-30"),
    ("nodejs12.x", "2023-03-31"),
    ("nodejs14.x", "2023-12-04"),
    ("nodejs16.x", "2024-06-12"),
    ("nodejs18.x", "2025-09-01"),
    ("nodejs20.x", "2026-04-30"),
    ("nodejs22.x", "2027-04-30"),
    ("nodejs24.x", "2028-04-30"),
    ("nodejs4.3", "2020-03-05"),
    ("nodejs4.3-edge", "2020-03-05"),
    ("nodejs6.10", "2019-08-12"),
    ("nodejs8.10", "2020-03-06"),
    ("provided", "2024-01-08"),
    ("provided.al2", "2026-07-31"),
    ("provided.al2023", "2029-06-30"),
    ("python2.7", "2021-07-15"),
    ("python3.10", "2026-10-31"),
    ("python3.11", "2027-06-30"),
    ("python3.12", "2028-10-31"),
    ("python3.13", "2029-06-30"),
    ("python3.14", "2029-06-30"),
    ("python3.6", "2022-07-18"),
    ("python3.7", "2023-12-04"),
    ("python3.8", "2024-10-14"),
    ("python3.9", "2025-12-15"),
    ("ruby2.5", "2021-07-30"),
    ("ruby2.7", "2023-12-07"),
    ("ruby3.2", "2026-03-31"),
    ("ruby3.3", "2027-03-31"),
    ("ruby3.4", "2028-03-31"),
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
            Value::Known(runtime) => match ENDS.iter().find(|(name, _)| name == runtime) {
                Some((_, end)) if *end <= facts.today.as_str() => tally.bad(Seen::resource(resource, settings, format!("its runtime {runtime} has had no support since {end}"))),
                Some(_) => tally.good(Seen::resource(resource, settings, format!("it runs on {runtime}"))),
                None => tally.unclear(Seen::resource(resource, settings, format!("until when its runtime {runtime} has support is not known here"))),
            },
            Value::Absent => tally.good(Seen::resource(resource, &[], "it runs from an image")),
            Value::Unknown(why) => tally.unclear(Seen::resource(resource, settings, format!("its runtime cannot be told: {why}"))),
        }
    }
    tally.close(|| facts.advised(facts.none_of_deployment(Deployment::Lambda, "a Lambda function"), &MISSING))
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
        fails(&RULE, function(text("provided.al2")));
        is_unknown(&RULE, function(text("python4.0")));
        is_unknown(&RULE, function(unclear()));
    }

    #[test]
    fn an_api_without_a_function_fails() {
        fails(&RULE, world().with("api", Api::default()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
