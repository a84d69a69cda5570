//! SLS-02: an API leads to the function.

use super::prelude::*;
use crate::inventory::api::{Api, Integration};
use crate::inventory::compute::FunctionUrl;

pub(super) static RULE: Rule = Rule {
    id: "SLS-02",
    title: "API Gateway leads to the function",
    section: Section::Serverless,
    area: Area::LoadBalancer,
    document_line: Some("API Gateway configured"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &["apigatewayv2_api_access_logging_enabled", "awslambda_function_not_publicly_accessible"], checkov: &["CKV_AWS_76"], fsbp: &["APIGateway.1*"], cdk_nag: &["APIG1", "APIG6"] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare an API with an integration that leads to the function", cloudformation: "AWS::ApiGatewayV2::Integration", terraform: "aws_apigatewayv2_integration" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if let Some(judgement) = facts.not_deployed_as(Deployment::Lambda) {
        return judgement;
    }
    let mut tally = Tally::default();
    for (resource, api) in facts.all::<Api>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        let own = facts.all::<Integration>().filter(|(_, integration)| integration.api == this).map(|(_, integration)| &integration.target);
        let targets: Vec<&Value<Link>> = own.chain([&api.target]).collect();
        let is_unclear = facts.all::<Integration>().any(|(_, integration)| integration.api.is_unknown());
        if let Some(target) = targets.iter().find_map(|target| target.known()) {
            let note = match target {
                Link::To(id) => format!("it leads to {id}"),
                Link::Outside(_) => "it leads to what is declared elsewhere".to_owned(),
            };
            tally.good(Seen::resource(resource, &[], note));
        } else if is_unclear || targets.iter().any(|target| target.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "where it leads cannot be told"));
        } else {
            tally.bad(Seen::resource(resource, &[], "it has no integration, so it leads nowhere"));
        }
    }
    tally.close(|| if facts.has::<FunctionUrl>() { Judgement::not_applicable("the function has a URL of its own, which takes API Gateway's place") } else { facts.none_of("an API that leads to the function") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Function;

    #[test]
    fn an_api_needs_an_integration() {
        let api = world().with("fn", Function::default()).with("api", Api::default());
        let integration = |target| Integration { api: to("api"), target, ..Integration::default() };
        passes(&RULE, api.clone().with("i", integration(to("fn"))));
        fails(&RULE, api.clone());
        is_unknown(&RULE, api.with("i", integration(unclear())));
        fails(&RULE, world().with("fn", Function::default()));
        does_not_apply(&RULE, world().with("fn", Function::default()).with("url", FunctionUrl::default()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
