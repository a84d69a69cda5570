//! The facts in words, and what was looked for in vain.

use super::models::{self, Lifecycle, model_name};
use super::{Configured, Credentials, Evidence, Fact, Iac, NotFound, Usage, tables};
use domain::prices::Prices;
use std::collections::{BTreeMap, BTreeSet};

/// What is used, in the order of the facts. An access key is one fact, whose two halves often stand on lines apart.
pub(super) fn configured(mut facts: BTreeMap<Fact, BTreeSet<Evidence>>) -> Vec<Configured> {
    let halves: [fn(Credentials) -> Fact; 2] = [Fact::Credentials, Fact::PipelineCredentials];
    for half in halves {
        if let Some(secret) = facts.remove(&half(Credentials::KeySecret)) {
            facts.entry(half(Credentials::KeyId)).or_default().extend(secret);
        }
    }
    let clients: BTreeSet<String> =
        facts.keys().filter_map(|fact| if let Fact::Client { service, .. } = fact { Some(service.clone()) } else { None }).collect();
    // A default that is chosen as well is one region.
    let chosen = |fact: &Fact| {
        if let Fact::Region { region, is_default: true, is_named } = fact {
            Some(Fact::Region { region: region.clone(), is_default: false, is_named: *is_named })
        } else {
            None
        }
    };
    let defaults: Vec<(Fact, Fact)> =
        facts.keys().filter_map(|fact| Some((fact.clone(), chosen(fact)?))).filter(|(_, chosen)| facts.contains_key(chosen)).collect();
    for (default, chosen) in defaults {
        let evidence = facts.remove(&default).unwrap_or_default();
        facts.entry(chosen).or_default().extend(evidence);
    }
    let is_default_chain = !clients.is_empty() && !facts.keys().any(|fact| matches!(fact, Fact::Credentials(_)));
    let mut configured: Vec<Configured> = Vec::new();
    for (fact, evidence) in facts {
        let evidence: Vec<Evidence> = evidence.into_iter().collect();
        let (what, detail) = words(&fact, &evidence);
        configured.push(Configured { what, detail, evidence, fact });
    }
    if is_default_chain {
        let evidence =
            configured.iter().filter(|c| matches!(c.fact, Fact::Client { .. })).flat_map(|c| c.evidence.iter().cloned()).collect::<BTreeSet<_>>();
        let after = configured.iter().rposition(|c| matches!(c.fact, Fact::Client { .. })).map_or(0, |at| at + 1);
        let detail = "the SDK's default chain: the code names no keys, profile or role".to_owned();
        let fact = Fact::Credentials(Credentials::Default);
        configured.insert(after, Configured { what: "Authentication", detail, evidence: evidence.into_iter().collect(), fact });
    }
    configured
}

fn words(fact: &Fact, evidence: &[Evidence]) -> (&'static str, String) {
    match fact {
        Fact::Service(id) => ("Service", named_service(id)),
        Fact::Model(id) => ("Model", model_words(id)),
        Fact::Region { region, is_default: true, .. } => ("Region", format!("{region} (default)")),
        Fact::Region { region, .. } => ("Region", region.clone()),
        Fact::Client { sdk, service } => ("Client", format!("{service}, through {sdk}")),
        Fact::Sdk(sdk) => ("Client", format!("{sdk}; which service it calls cannot be told from the code")),
        Fact::Stream => ("Client", "asks for a stream".to_owned()),
        Fact::Credentials(credentials) => ("Authentication", credential_words(*credentials).to_owned()),
        Fact::PipelineCredentials(credentials) => ("Pipeline authentication", credential_words(*credentials).to_owned()),
        Fact::HardCodedKey(masked) => ("Hard-coded key", masked.clone()),
        Fact::EnvTemplate => ("Environment template", files(evidence)),
        Fact::Image(base) => ("Container image", format!("built on {base}")),
        Fact::Compose => ("Compose file", files(evidence)),
        Fact::Pipeline { system, deploys_with } if deploys_with.is_empty() => ("Pipeline", format!("{system}; does not deploy to AWS")),
        Fact::Pipeline { system, deploys_with } => ("Pipeline", format!("{system}; deploys with {deploys_with}")),
        Fact::Deployment(with) => ("Deployment", with.clone()),
        Fact::Iac(Iac::Terraform) => ("Infrastructure as code", "Terraform".to_owned()),
        Fact::Iac(Iac::TerraformElsewhere(provider)) => {
            ("Infrastructure as code", format!("Terraform for {provider}, nothing of AWS in those files"))
        }
        Fact::Iac(Iac::CloudFormation) => ("Infrastructure as code", "CloudFormation".to_owned()),
        Fact::Iac(Iac::Cdk) => ("Infrastructure as code", "AWS CDK".to_owned()),
        Fact::Iac(Iac::Serverless) => ("Infrastructure as code", "Serverless Framework".to_owned()),
        Fact::Unread(why) => ("Unread", why.clone()),
    }
}

fn named_service(id: &str) -> String {
    match tables::SERVICE_NAMES.iter().find(|(known, _)| *known == id) {
        Some((_, name)) => format!("{name} ({id})"),
        None => id.to_owned(),
    }
}

fn model_words(id: &str) -> String {
    match model_name(id) {
        Some(name) => format!("{name} ({id})"),
        None => id.to_owned(),
    }
}

fn credential_words(credentials: Credentials) -> &'static str {
    match credentials {
        Credentials::KeyId | Credentials::KeySecret => "access key id and secret access key",
        Credentials::Role => "a role",
        Credentials::Profile => "a profile of the AWS configuration files",
        Credentials::Default => "the SDK's default chain",
    }
}

fn files(evidence: &[Evidence]) -> String {
    evidence.iter().map(|evidence| evidence.file.as_str()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

/// What was looked for in vain, in the founding document's order, then what else an AWS project would have.
pub(super) fn not_found(facts: &BTreeMap<Fact, BTreeSet<Evidence>>) -> Vec<NotFound> {
    let has = |iac: Iac| facts.contains_key(&Fact::Iac(iac));
    let elsewhere: Vec<&str> = facts
        .keys()
        .filter_map(|fact| if let Fact::Iac(Iac::TerraformElsewhere(provider)) = fact { Some(provider.as_str()) } else { None })
        .collect();
    let mut missing = Vec::new();
    let mut miss = |is_missing: bool, what: &str| {
        if is_missing {
            missing.push(NotFound { what: what.to_owned() });
        }
    };
    match elsewhere.join(", ") {
        providers if providers.is_empty() => miss(!has(Iac::Terraform), "Terraform files"),
        providers => miss(!has(Iac::Terraform), &format!("Terraform for AWS (the files here are for {providers})")),
    }
    miss(!has(Iac::CloudFormation), "CloudFormation templates");
    miss(!has(Iac::Cdk), "AWS CDK code");
    let is_defined = [Iac::Terraform, Iac::CloudFormation, Iac::Cdk, Iac::Serverless].into_iter().any(has);
    let of_aws = if elsewhere.is_empty() { "infrastructure-as-code definitions" } else { "infrastructure-as-code definitions for AWS" };
    miss(!is_defined, of_aws);
    let deploys = |fact: &Fact| match fact {
        Fact::Deployment(_) | Fact::Iac(Iac::Serverless) => true,
        Fact::Pipeline { deploys_with, .. } => !deploys_with.is_empty(),
        _ => false,
    };
    miss(!facts.keys().any(deploys), "AWS deployment configurations");
    miss(!facts.keys().any(|fact| matches!(fact, Fact::Service(_) | Fact::Sdk(_))), "use of an AWS service in code");
    miss(!facts.keys().any(|fact| matches!(fact, Fact::Model(_))), "a model of Amazon Bedrock");
    missing
}

impl Usage {
    /// The models that code and configuration call, by the names they call them.
    pub fn models(&self) -> Vec<String> {
        let model = |fact: &Fact| if let Fact::Model(model) = fact { Some(model.clone()) } else { None };
        self.configured.iter().filter_map(|configured| model(&configured.fact)).collect()
    }

    /// The end of life of each configured model that the price list knows of.
    pub fn lifecycles(&self, prices: &Prices, today: &str) -> Vec<Lifecycle> {
        self.models().iter().filter_map(|id| models::lifecycle(id, prices, today)).collect()
    }

    /// The same with each model's end of life told beside it. `today` is `YYYY-MM-DD`.
    pub fn dated(mut self, prices: &Prices, today: &str) -> Usage {
        for configured in &mut self.configured {
            if let Fact::Model(id) = &configured.fact
                && let Some(lifecycle) = models::lifecycle(id, prices, today)
            {
                configured.detail = format!("{}; {lifecycle}", configured.detail);
            }
        }
        self
    }
}
