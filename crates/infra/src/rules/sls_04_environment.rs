//! SLS-04: the function is told what it needs to know.

use super::prelude::*;
use crate::inventory::compute::Function;

pub(super) static RULE: Rule = Rule {
    id: "SLS-04",
    title: "The function's environment variables are set",
    section: Section::Serverless,
    area: Area::Compute,
    document_line: Some("Environment variables set"),
    severity: Severity::Low,
    effort: Effort::Minutes,
    refs: Refs { prowler: &[], checkov: &["CKV_AWS_173"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Set what the function needs to know, such as the ARN of its secret", cloudformation: "Environment: {Variables: {…}}", terraform: "environment { variables = { … } }" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Environment", "environment"];
    for (resource, function) in facts.all::<Function>() {
        let set = function.environment.values().filter(|value| !value.is_absent()).count();
        if set > 0 && function.environment.values().all(Value::is_unknown) {
            tally.unclear(Seen::resource(resource, settings, "what its variables come to cannot be told"));
        } else if set > 0 {
            tally.good(Seen::resource(resource, settings, format!("{} set", count(set, "variable"))));
        } else {
            tally.bad(Seen::resource(resource, settings, "no variable is set"));
        }
    }
    tally.close(|| facts.none_of_deployment(Deployment::Lambda, "a function with environment variables"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_knows_something() {
        let function = |value| world().with("fn", Function { environment: [("MODEL".to_owned(), value)].into(), ..Function::default() });
        passes(&RULE, function(text("us.anthropic.claude-haiku-5-5")));
        fails(&RULE, function(Value::Absent));
        is_unknown(&RULE, function(unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
