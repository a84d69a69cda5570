//! ECS-06: a task has a role to start with and a role for its code.

use super::policies::trusts;
use super::prelude::*;
use crate::inventory::compute::TaskDefinition;
use crate::inventory::identity::Role;

pub(super) static RULE: Rule = Rule {
    id: "ECS-06",
    title: "Tasks have an execution role and a role of their own",
    section: Section::Ecs,
    area: Area::Compute,
    document_line: Some("IAM roles for tasks"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &[], checkov: &["CKV_AWS_249"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Give the task an execution role (images, logs, secrets) and a task role (what the code calls), both trusted by ecs-tasks.amazonaws.com",
        cloudformation: "ExecutionRoleArn and TaskRoleArn",
        terraform: "execution_role_arn and task_role_arn",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["TaskRoleArn", "task_role_arn", "ExecutionRoleArn", "execution_role_arn"];
    for (resource, task) in facts.all::<TaskDefinition>() {
        let missing: Vec<&str> = [("an execution role", &task.execution_role), ("a task role", &task.task_role)].iter().filter(|(_, role)| role.is_absent()).map(|(name, _)| *name).collect();
        let roles = [&task.execution_role, &task.task_role].map(|link| facts.inventory.follow::<Role>(link));
        let refused = roles.iter().flatten().find(|(_, role)| trusts(role, "ecs-tasks.amazonaws.com") == Some(false));
        let unclear = roles.iter().flatten().any(|(_, role)| trusts(role, "ecs-tasks.amazonaws.com").is_none());
        if !missing.is_empty() {
            tally.bad(Seen::resource(resource, settings, format!("it lacks {}", missing.join(" and "))));
        } else if let Some((role, _)) = refused {
            tally.bad(Seen::resource(role, &["AssumeRolePolicyDocument", "assume_role_policy"], "ECS tasks may not take it"));
        } else if unclear {
            tally.unclear(Seen::resource(resource, settings, "who may take its roles cannot be told"));
        } else {
            tally.good(Seen::resource(resource, settings, "it has an execution role and a task role"));
        }
    }
    if let Some(judgement) = facts.not_deployed_as(Deployment::Fargate) {
        return judgement;
    }
    tally.close(|| facts.none_of("a task definition with roles"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_roles_are_there_and_ecs_may_take_them() {
        let project = |task_role, trust| {
            let task = TaskDefinition { execution_role: to("role"), task_role, compatibilities: vec![text("FARGATE")], ..TaskDefinition::default() };
            world().with("t", task).with("role", Role { trust, ..Role::default() })
        };
        passes(&RULE, project(to("role"), trust("ecs-tasks.amazonaws.com")));
        fails(&RULE, project(Value::Absent, trust("ecs-tasks.amazonaws.com")));
        fails(&RULE, project(to("role"), trust("ec2.amazonaws.com")));
        is_unknown(&RULE, project(to("role"), unclear()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
