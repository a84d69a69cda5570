//! SEC-01: API keys come from Secrets Manager or Parameter Store, not from plain settings.

use super::environments::variables;
use super::prelude::*;
use crate::inventory::compute::TaskDefinition;
use crate::inventory::secrets::{Parameter, Secret};
use crate::read::partial::reasons;
use crate::sensitive::{is_plain, is_pointer, is_secret_name};

pub(super) static RULE: Rule = Rule {
    id: "SEC-01",
    title: "API keys come from Secrets Manager or Parameter Store",
    section: Section::Secrets,
    area: Area::Secrets,
    document_line: Some("Store API keys in Secrets Manager or Parameter Store"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &["ecs_task_definitions_no_environment_secrets", "awslambda_function_no_secrets_in_variables", "ec2_instance_secrets_user_data"],
        checkov: &["CKV_AWS_45", "CKV_AWS_46"],
        fsbp: &["ECS.8*"],
        cdk_nag: &["ECS2"],
    },
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy {
        what: "Keep the value in Secrets Manager or Parameter Store, and let the code read it there",
        cloudformation: "",
        terraform: "",
    },
    patch: None,
    judge,
};

/// Services that keep secrets.
const STORES: [&str; 2] = ["secretsmanager", "ssm"];

const OF_CONTAINER: Remedy = Remedy {
    what: "Keep the value in a secret and give it to the container as one",
    cloudformation: "Secrets: [{Name, ValueFrom}]",
    terraform: "secrets = [{ name, valueFrom }]",
};
const BY_ARN: Remedy = Remedy {
    what: "Keep the value in a secret, and give the code only its ARN to read it by",
    cloudformation: "API_KEY_ARN: !Ref ApiKeySecret",
    terraform: "API_KEY_ARN = aws_secretsmanager_secret.api_key.arn",
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, name, value) in variables(facts).filter(|(_, name, _)| is_secret_name(name)) {
        let seen = |note: String| Seen::resource(resource, &[], note).with_word(name);
        match value {
            Value::Known(value) if is_pointer(value) => tally.good(seen(format!("{name} only points at a secret"))),
            Value::Known(value) if is_plain(value) => {}
            Value::Known(_) => tally.bad(seen(format!("{name} stands in its plain environment"))),
            // The part of it that is known may be the secret.
            Value::Unknown(why) => tally.unclear(seen(format!("whether {name} holds a secret or points at one cannot be told: {}", reasons(why)))),
            Value::Absent => {}
        }
    }
    for (resource, task) in facts.all::<TaskDefinition>() {
        for name in task.containers.iter().flat_map(|container| container.secrets.keys()) {
            tally.good(Seen::resource(resource, &[], format!("{name} comes from a secret store")).with_word(name));
        }
    }
    for (resource, _) in facts.all::<Secret>() {
        tally.good(Seen::resource(resource, &[], "it is kept in Secrets Manager"));
    }
    for (resource, parameter) in facts.all::<Parameter>() {
        if parameter.parameter_type == Value::Known("SecureString".to_owned()) {
            tally.good(Seen::resource(resource, &[], "it is kept in Parameter Store, encrypted"));
        }
    }
    for mention in &facts.repository.hard_coded {
        tally.bad(Seen::mention(mention, format!("{} is written into the file", mention.value)));
    }
    // Keys for a developer's machine are no fault of a project that has a store.
    if !tally.has_good() {
        for mention in &facts.repository.access_keys {
            tally.bad(Seen::mention(mention, format!("{} comes from plain settings, and no secret store is declared", mention.value)));
        }
    }
    let judgement = tally.close(|| {
        if !facts.has_compute() {
            return facts.not_needed("nothing declared here runs code, so nothing needs a key");
        }
        match facts.repository.sdks.iter().find(|client| STORES.iter().any(|store| client.value.ends_with(store))) {
            Some(client) => Judgement::unknown("the code calls a store of secrets, and which of its keys it finds there cannot be told", vec![Seen::mention(client, format!("uses {}", client.value))]),
            None => facts.not_needed("no key, password or token is set or used here"),
        }
    });
    match facts.at_fault(&judgement).first().map(|resource| &resource.kind) {
        Some(Kind::TaskDefinition(_)) => facts.advised(judgement, &OF_CONTAINER),
        Some(_) => facts.advised(judgement, &BY_ARN),
        None => judgement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::{BeanstalkEnvironment, Function};

    fn function(name: &str, value: Value<String>) -> World {
        world().with("fn", Function { environment: [(name.to_owned(), value)].into(), ..Function::default() })
    }

    #[test]
    fn a_secret_in_a_plain_environment_fails() {
        fails(&RULE, function("API_KEY", text("sk-live-1")));
        passes(&RULE, function("API_KEY", text("{{resolve:secretsmanager:api-key}}")));
        is_unknown(&RULE, function("API_KEY", unclear()));
        let store = function("TOKEN_CHECKED", text("true")).with("s", Secret::default());
        passes(&RULE, store);
        let settings = [("aws:elasticbeanstalk:application:environment/API_KEY".to_owned(), text("sk-live-1"))].into();
        fails(&RULE, world().with("env", BeanstalkEnvironment { settings, ..BeanstalkEnvironment::default() }));
    }

    #[test]
    fn a_key_in_plain_settings_is_a_fault_where_no_store_is() {
        let project = world().with_mention(|r| &mut r.access_keys, "an access key's secret");
        fails(&RULE, project.clone());
        passes(&RULE, project.with("key", Secret::default()));
    }

    #[test]
    fn code_that_shows_no_key_needs_no_store_and_one_that_calls_a_store_cannot_be_told() {
        does_not_apply(&RULE, function("LOG_LEVEL", text("info")));
        is_unknown(&RULE, function("LOG_LEVEL", text("info")).with_mention(|r| &mut r.sdks, "boto3 ssm"));
        does_not_apply(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
        is_unknown(&RULE, world());
    }
}
