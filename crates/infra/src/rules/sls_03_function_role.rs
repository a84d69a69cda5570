//! SLS-03: the function has a role that Lambda may take.

use super::policies::trusts;
use super::prelude::*;
use crate::inventory::compute::Function;
use crate::inventory::identity::Role;

pub(super) static RULE: Rule = Rule {
    id: "SLS-03",
    title: "The function has a role that Lambda may take",
    section: Section::Serverless,
    area: Area::Compute,
    document_line: Some("IAM role for Lambda"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Give the function a role whose trust names lambda.amazonaws.com", cloudformation: "Role: !GetAtt FunctionRole.Arn", terraform: "role = aws_iam_role.function.arn" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Role", "role"];
    for (resource, function) in facts.all::<Function>() {
        match (&function.role, facts.inventory.follow::<Role>(&function.role)) {
            (_, Some((role, inside))) => {
                let holds = trusts(inside, "lambda.amazonaws.com");
                let at = if holds == Some(false) { role } else { resource };
                let settings: &'static [&'static str] = if holds == Some(false) { &["AssumeRolePolicyDocument", "assume_role_policy"] } else { settings };
                tally.holds(holds, at, settings, notes(format!("its role is {}", role.id), "Lambda may not take it", "who may take its role cannot be told"));
            }
            (Value::Known(_), None) => tally.good(Seen::resource(resource, settings, "its role is declared elsewhere")),
            (Value::Unknown(why), None) => tally.unclear(Seen::resource(resource, settings, format!("its role cannot be told: {why}"))),
            (Value::Absent, None) => tally.bad(Seen::resource(resource, settings, "it names no role")),
        }
    }
    tally.close(|| facts.none_of_deployment(Deployment::Lambda, "a function with a role"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_may_take_the_role() {
        let function = |role| world().with("fn", Function { role, ..Function::default() });
        let with_role = |trust| function(to("role")).with("role", Role { trust, ..Role::default() });
        passes(&RULE, with_role(trust("lambda.amazonaws.com")));
        passes(&RULE, function(outside("arn:aws:iam::123456789012:role/shared")));
        fails(&RULE, with_role(trust("ec2.amazonaws.com")));
        fails(&RULE, function(Value::Absent));
        is_unknown(&RULE, with_role(unclear()));
        is_unknown(&RULE, function(unclear()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
