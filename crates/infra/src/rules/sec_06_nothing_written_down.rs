//! SEC-06: no secret's value is written into a template or into code.

use super::environments::variables;
use super::prelude::*;
use crate::inventory::data::DatabaseCluster;
use crate::inventory::secrets::{Parameter, Secret};
use crate::sensitive::{is_placeholder, is_plain, is_pointer, is_secret_name};

pub(super) static RULE: Rule = Rule {
    id: "SEC-06",
    title: "No secret's value is written into a template or into code",
    section: Section::Common,
    area: Area::Secrets,
    document_line: Some("Secrets stored securely"),
    severity: Severity::Critical,
    effort: Effort::Hours,
    refs: Refs { prowler: &["ec2_instance_secrets_user_data"], checkov: &["CKV_AWS_41", "CKV_AWS_46"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES_AND_REPOSITORY,
    remedy: Remedy {
        what: "Take the password out, and let AWS make and keep a new one",
        cloudformation: "ManageMasterUserPassword: true",
        terraform: "manage_master_user_password = true",
    },
    patch: Some(patch),
    judge,
};

const OF_SECRET: Remedy = Remedy {
    what: "Take the value out, replace it wherever it was valid, and let AWS make the new one or set it by hand",
    cloudformation: "GenerateSecretString",
    terraform: "secret_string_wo",
};
const OF_PARAMETER: Remedy = Remedy {
    what: "Take the value out, replace it wherever it was valid, and set the new one by hand (aws ssm put-parameter --overwrite)",
    cloudformation: "",
    terraform: "value = \"placeholder\" with lifecycle { ignore_changes = [value] }",
};
const OF_CODE: Remedy = Remedy {
    what: "Take the value out, replace it wherever it was valid, and keep the new one in Secrets Manager or Parameter Store",
    cloudformation: "",
    terraform: "",
};

/// A database lets Secrets Manager make and keep its password. The one in the file is known and must go.
fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    let (Kind::Database(_) | Kind::DatabaseCluster(_)) = resource.kind else { return Vec::new() };
    let mut changes = set(("ManageMasterUserPassword", "true"), ("manage_master_user_password", "true"));
    changes.push(Change::Remove { settings: &["MasterUserPassword", "password", "master_password"] });
    changes
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let is_written = |value: &Value<String>| value.known().is_some_and(|value| !is_pointer(value));
    // Of a database it would be the password.
    let is_set = |value: &Value<String>| is_written(value) && value.known().is_some_and(|value| !is_placeholder(value));
    let kept = |value: &Value<String>| if value.known().is_some_and(|value| is_placeholder(value)) { "a placeholder stands there, to be replaced by hand" } else { "its value is not in the template" };
    for mention in &facts.repository.hard_coded {
        tally.bad(Seen::mention(mention, format!("{} is written into the file", mention.value)));
    }
    for (resource, secret) in facts.all::<Secret>() {
        let is_bad = is_set(&secret.written_value);
        tally.holds(Some(!is_bad), resource, &["SecretString", "secret_string"], notes(kept(&secret.written_value), "its value is written into the template", ""));
    }
    let lone = facts.lone_databases().map(|(resource, database)| (resource, &database.password, &database.managed_password));
    let clusters = facts.all::<DatabaseCluster>().map(|(resource, cluster)| (resource, &cluster.password, &cluster.managed_password));
    for (resource, password, managed_password) in lone.chain(clusters) {
        let settings = &["MasterUserPassword", "password", "master_password", "ManageMasterUserPassword", "manage_master_user_password"];
        if is_written(password) {
            tally.bad(Seen::resource(resource, settings, "its password is written into the template"));
        } else {
            let is_managed = managed_password.holds(false, |is_managed| *is_managed) == Some(true);
            tally.good(Seen::resource(resource, settings, if is_managed { "Secrets Manager keeps its password" } else { "its password is not in the template" }));
        }
    }
    for (resource, parameter) in facts.all::<Parameter>() {
        let is_secure = parameter.parameter_type == Value::Known("SecureString".to_owned());
        if !is_secure && !is_secret_name(parameter.name.known().unwrap_or(&resource.id)) {
            continue;
        }
        let is_bad = is_set(&parameter.written_value);
        tally.holds(Some(!is_bad), resource, &["Value", "value"], notes(kept(&parameter.written_value), "its value is written into the template", ""));
    }
    for (resource, name, value) in variables(facts).filter(|(_, name, _)| is_secret_name(name)) {
        let is_bad = value.known().is_some_and(|value| !is_pointer(value) && !is_plain(value));
        let note = |says: &str| format!("the value of {name} {says} the template");
        let seen = Seen::resource(resource, &[], if is_bad { note("is written into") } else { note("is not in") }).with_word(name);
        if is_bad { tally.bad(seen) } else { tally.good(seen) }
    }
    for (resource, machine) in super::machines::machines(facts.inventory) {
        let seen = |note: String| Seen::resource(resource, &["UserData", "user_data"], note);
        match &machine.user_data {
            Value::Known(script) if has_key(script) => tally.bad(seen("its user data holds an access key".to_owned())),
            Value::Known(script) => match written_in(script) {
                Some(name) => tally.bad(seen(format!("its user data writes {name} down")).with_word(name)),
                None => tally.good(seen("its user data writes no secret down".to_owned())),
            },
            Value::Unknown(why) => tally.unclear(seen(format!("what its user data holds cannot be told: {why}"))),
            Value::Absent => {}
        }
    }
    let judgement = tally.close(|| facts.not_needed("nothing declared here takes a secret, and the code holds no key"));
    let remedy = match facts.at_fault(&judgement).first().map(|resource| &resource.kind) {
        Some(Kind::Database(_) | Kind::DatabaseCluster(_)) => &RULE.remedy,
        Some(Kind::Secret(_)) => &OF_SECRET,
        Some(Kind::Parameter(_)) => &OF_PARAMETER,
        _ => &OF_CODE,
    };
    facts.advised(judgement, remedy)
}

/// An access key id: `AKIA` and sixteen capitals or digits.
fn has_key(script: &str) -> bool {
    script.match_indices("AKIA").any(|(at, _)| {
        let rest: Vec<u8> = script[at + 4..].bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).collect();
        rest.len() == 16
    })
}

/// The first variable of a script that is a secret's by its name and gets a value that stands right there: `export API_KEY=…`.
fn written_in(script: &str) -> Option<&str> {
    let code = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    code.flat_map(|line| line.split([' ', '\t', ';'])).find_map(|word| {
        let (name, value) = word.split_once('=')?;
        let value = value.trim_matches(['"', '\'']);
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let is_written = !value.starts_with(['$', '`']) && !is_pointer(value) && !is_plain(value);
        (is_name && is_secret_name(name) && is_written).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::compute::{Function, Instance};
    use crate::inventory::data::Database;

    #[test]
    fn a_secure_parameter_is_a_secret_whatever_it_is_called() {
        let parameter = |value| Parameter { name: text("/app/key"), parameter_type: text("SecureString"), written_value: text(value), ..Parameter::default() };
        fails(&RULE, world().with("p", parameter("hunter2real99")));
        passes(&RULE, world().with("p", parameter("CHANGE_ME")));
    }

    #[test]
    fn a_value_in_the_template_fails() {
        fails(&RULE, world().with("s", Secret { written_value: text("hunter2"), ..Secret::default() }));
        passes(&RULE, world().with("s", Secret::default()));
        fails(&RULE, world().with("db", Database { password: text("hunter2"), ..Database::default() }));
        passes(&RULE, world().with("db", Database { password: unclear(), ..Database::default() }));
        fails(&RULE, world().with("c", DatabaseCluster { password: text("hunter2"), ..DatabaseCluster::default() }));
        fails(&RULE, world().with_mention(|r| &mut r.hard_coded, "AWS access key"));
    }

    #[test]
    fn an_environment_is_a_part_of_the_template() {
        let function = |value| world().with("fn", Function { environment: [("API_KEY".to_owned(), value)].into(), ..Function::default() });
        fails(&RULE, function(text("sk-live-4711")));
        passes(&RULE, function(text("{{resolve:secretsmanager:k}}")));
        passes(&RULE, function(unclear()));
    }

    #[test]
    fn start_up_scripts_are_looked_into() {
        let vm = |user_data| world().with("vm", Instance { user_data, ..Instance::default() });
        fails(&RULE, vm(text("export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE")));
        fails(&RULE, vm(text("#!/bin/bash\nexport OPENAI_API_KEY=sk-live-4711; DB_PASSWORD='hunter2'")));
        passes(&RULE, vm(text("apt-get update\n# API_KEY=x\nexport API_KEY=$(aws ssm get-parameter --name k)")));
        is_unknown(&RULE, vm(unclear()));
        does_not_apply(&RULE, vm(Value::Absent));
    }
}
