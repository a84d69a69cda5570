//! SEC-04: who may read secrets may read those that it needs.

use super::patterns::{covers, filled_in};
use super::policies::{allowing, allows, documents, documents_of};
use super::judgement::Verdict;
use super::prelude::*;
use crate::inventory::compute::TaskDefinition;
use crate::inventory::identity::{Document, Role};
use crate::inventory::secrets::{Parameter, Secret};

pub(super) static RULE: Rule = Rule {
    id: "SEC-04",
    title: "IAM policies restrict who reads which secret",
    section: Section::Secrets,
    area: Area::Secrets,
    document_line: Some("Use IAM policies to restrict access"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs {
        prowler: &["secretsmanager_has_restrictive_resource_policy", "secretsmanager_not_publicly_accessible"],
        checkov: &["CKV_AWS_111", "CKV_AWS_356"],
        fsbp: &["IAM.1*"],
        cdk_nag: &["IAM5"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Name the ARNs of the secrets in the statement that reads them", cloudformation: "Resource: !Ref ApiKeySecret", terraform: "resources = [aws_secretsmanager_secret.api_key.arn]" },
    patch: None,
    judge,
};

const READS: [&str; 4] = ["secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"];

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, task) in facts.all::<TaskDefinition>() {
        for link in task.containers.iter().flat_map(|container| container.secrets.values()) {
            if let Some(seen) = cannot_start(facts, resource, task, link) {
                tally.bad(seen);
            }
        }
    }
    for (resource, statement) in allowing(facts.inventory) {
        let Some(action) = READS.iter().find(|action| allows(statement, action) == Some(true)) else { continue };
        let seen = |note: String| Seen::part(resource, statement.line, &["Resource", "resources", "NotResource", "not_resources"], note);
        let whole = statement.resources.iter().find(|link| matches!(link, Value::Known(Link::Outside(arn)) if is_whole(&filled_in(arn))));
        if whole.is_some() || !statement.not_resources.is_empty() {
            tally.bad(seen(format!("{action} is allowed on every secret")));
        } else if let Some(Value::Unknown(why)) = statement.resources.iter().find(|link| link.is_unknown()) {
            tally.unclear(seen(format!("on which secrets {action} is allowed cannot be told: {why}")));
        } else {
            tally.good(seen(format!("{action} is allowed on named secrets")));
        }
    }
    if let Some((resource, _)) = documents(facts.inventory).find(|(_, document)| document.is_unknown()).filter(|_| tally.is_empty()) {
        tally.unclear(Seen::resource(resource, &[], "what it allows cannot be told, and so not whether it reads secrets"));
    }
    let judgement = tally.close(|| {
        if facts.has::<Secret>() || facts.has::<Parameter>() {
            facts.none_of("a policy that lets the code read its secrets and no others")
        } else {
            facts.not_needed("no secret is declared and no policy reads one")
        }
    });
    // A task that cannot start is the first thing to mend, whatever else is allowed.
    if facts.at_fault(&judgement).first().is_some_and(|resource| matches!(resource.kind, Kind::TaskDefinition(_))) {
        return facts.advised(judgement, &TO_START);
    }
    if judgement.verdict == Verdict::Unknown && !judgement.evidence.is_empty() { judgement.remedied(TO_KNOW) } else { judgement }
}

const TO_START: Remedy = Remedy {
    what: "Let the execution role read what its tasks start with, by its ARN: secretsmanager:GetSecretValue on a secret, ssm:GetParameters on a parameter",
    cloudformation: "",
    terraform: "",
};

/// How it becomes known.
const TO_KNOW: &str = "Write the statement that reads secrets with its actions and ARNs into the template, or give it defaults that can be read.";

/// ECS reads a container's secrets before it starts, as the execution role. What is wrong when that role is declared here and may not.
fn cannot_start(facts: &Facts, at: &Resource, task: &TaskDefinition, link: &Value<Link>) -> Option<Seen> {
    let Value::Known(Link::To(id)) = link else { return None };
    let action = match facts.inventory.resource(id)?.kind {
        Kind::Secret(_) => READS[0],
        Kind::Parameter(_) => READS[2],
        _ => return None,
    };
    let (role, Role { inline, attached, .. }) = facts.inventory.follow::<Role>(&task.execution_role)?;
    let may_be_elsewhere = attached.iter().any(|link| match link {
        Value::Known(Link::Outside(name)) => !name.ends_with("AmazonECSTaskExecutionRolePolicy"),
        Value::Known(Link::To(_)) => false,
        _ => true,
    });
    let documents = documents_of(facts.inventory, inline, attached);
    let may = |document: &&Value<Document>| document.known().is_none_or(|document| document.statements.iter().any(|statement| allows(statement, action) != Some(false)));
    if may_be_elsewhere || documents.iter().any(may) {
        return None;
    }
    let note = format!("{} may not read {id}, which its tasks need to start: allow {action} on it", role.id);
    Some(Seen::resource(at, &["secrets", "Secrets"], note))
}

/// Whether a pattern covers any secret or parameter, whatever its name.
fn is_whole(pattern: &str) -> bool {
    let named = |name: &str| covers(pattern, "secretsmanager", None, &format!("secret:{name}")) || covers(pattern, "ssm", None, &format!("parameter/{name}"));
    named("q7/zx-AbCdEf") && named("k3v")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::Container;
    use crate::inventory::identity::{Policy, Role};

    fn reads(resource: &str) -> World {
        world().with("p", Policy { document: allow(&["secretsmanager:GetSecretValue"], &[resource]), ..Policy::default() })
    }

    #[test]
    fn a_policy_names_its_secrets() {
        passes(&RULE, reads("arn:aws:secretsmanager:us-east-1:123456789012:secret:api-key-AbCdEf"));
        fails(&RULE, reads("*"));
        fails(&RULE, reads("arn:aws:secretsmanager:us-east-1:123456789012:secret:*"));
        fails(&RULE, reads("arn:aws:secretsmanager:us-east-1:123456789012:*"));
        fails(&RULE, reads("arn:aws:secretsmanager:*"));
        passes(&RULE, reads("arn:aws:secretsmanager:us-east-1:123456789012:secret:app/*"));
        fails(&RULE, world().with("s", Secret::default()));
    }

    #[test]
    fn an_unreadable_policy_is_unknown() {
        is_unknown(&RULE, world().with("r", Role { inline: vec![unclear()], ..Role::default() }));
        does_not_apply(&RULE, world().with("r", Role::default()));
    }

    #[test]
    fn the_execution_role_reads_what_a_container_starts_with() {
        let container = Container { secrets: [("API_KEY".to_owned(), to("key"))].into(), ..Container::default() };
        let task = TaskDefinition { execution_role: to("role"), containers: vec![container], ..TaskDefinition::default() };
        let project = |role| world().with("key", Parameter::default()).with("task", task.clone()).with("role", role);
        let usual = Role { attached: vec![outside("service-role/AmazonECSTaskExecutionRolePolicy")], ..Role::default() };
        assert!(project(usual.clone()).judge(&RULE).reason.contains("role may not read key, which its tasks need to start"));
        passes(&RULE, project(Role { inline: vec![allow(&["ssm:GetParameters"], &["arn:aws:ssm:us-east-1:123456789012:parameter/key"])], ..usual }));
    }
}
