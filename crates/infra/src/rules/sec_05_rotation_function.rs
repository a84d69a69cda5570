//! SEC-05: a rotation has a function that does it.

use super::prelude::*;
use crate::inventory::secrets::Rotation;

pub(super) static RULE: Rule = Rule {
    id: "SEC-05",
    title: "Every rotation has a function that does it",
    section: Section::Secrets,
    area: Area::Secrets,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Days,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Name the function that makes the new value; for a database AWS has one", cloudformation: "RotationLambdaARN or HostedRotationLambda", terraform: "rotation_lambda_arn" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, rotation) in facts.all::<Rotation>() {
        let settings = &["RotationLambdaARN", "rotation_lambda_arn", "HostedRotationLambda"];
        match &rotation.function {
            _ if rotation.is_hosted => tally.good(Seen::resource(resource, settings, "AWS makes its function")),
            Value::Known(_) => tally.good(Seen::resource(resource, settings, "a function does it")),
            Value::Absent => tally.bad(Seen::resource(resource, settings, "it names no function, so it rotates nothing")),
            Value::Unknown(why) => tally.unclear(Seen::resource(resource, settings, format!("its function cannot be told: {why}"))),
        }
    }
    tally.close(|| facts.not_needed("no rotation is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_without_a_function_fails() {
        let rotation = |function| world().with("r", Rotation { function, ..Rotation::default() });
        passes(&RULE, rotation(to("fn")));
        passes(&RULE, world().with("r", Rotation { is_hosted: true, ..Rotation::default() }));
        fails(&RULE, rotation(Value::Absent));
        is_unknown(&RULE, rotation(unclear()));
        does_not_apply(&RULE, world().with("s", crate::inventory::secrets::Secret::default()));
    }
}
