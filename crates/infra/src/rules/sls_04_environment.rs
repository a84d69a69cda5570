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
    let mut without = Vec::new();
    for (resource, function) in facts.all::<Function>() {
        let set = function.environment.values().filter(|value| !value.is_absent()).count();
        if set > 0 && function.environment.values().all(Value::is_unknown) {
            tally.unclear(Seen::resource(resource, settings, "what its variables come to cannot be told"));
        } else if set > 0 {
            tally.good(Seen::resource(resource, settings, format!("{} set", count(set, "variable"))));
        } else {
            without.push(resource);
        }
    }
    match told_by_name(facts) {
        Some(named) => without.iter().for_each(|resource| tally.bad(Seen::resource(resource, settings, format!("no variable tells it of {named}")))),
        None if tally.is_empty() && !without.is_empty() => return facts.not_needed("nothing is declared here that a function would have to be told of"),
        None => {}
    }
    tally.close(|| facts.none_of_deployment(Deployment::Lambda, "a function with environment variables"))
}

/// Something that a function finds by a name which it must be told.
fn told_by_name<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let is_named = |resource: &&Resource| {
        matches!(resource.kind, Kind::Table(_) | Kind::Secret(_) | Kind::Parameter(_) | Kind::Bucket(_) | Kind::Queue(_) | Kind::Database(_) | Kind::DatabaseCluster(_) | Kind::Cache(_))
    };
    facts.inventory.resources.iter().find(is_named).map(|resource| resource.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_knows_something() {
        let function = |value| world().with("fn", Function { environment: [("MODEL".to_owned(), value)].into(), ..Function::default() });
        passes(&RULE, function(text("us.anthropic.claude-haiku-5-5")));
        does_not_apply(&RULE, function(Value::Absent));
        fails(&RULE, function(Value::Absent).with("table", crate::inventory::data::Table::default()));
        is_unknown(&RULE, function(unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
