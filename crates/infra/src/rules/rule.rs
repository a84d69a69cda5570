//! What a rule is: what it asks, where the question comes from, who else asks it, and the function that judges.

use super::facts::Facts;
use super::judgement::Judgement;
use super::patch::Change;
use crate::inventory::{Inventory, Language, Resource};
use domain::finding::Severity;
use serde::Serialize;

/// A rule of the review.
pub struct Rule {
    /// Such as `IAM-01`. Never given to another rule.
    pub id: &'static str,
    /// What holds when it passes.
    pub title: &'static str,
    /// Where it stands in the founding document's lists.
    pub section: Section,
    /// The part of the required infrastructure that it belongs to.
    pub area: Area,
    /// The check-box of the founding document, word for word. `None` for rules that go beyond it.
    pub document_line: Option<&'static str>,
    /// How bad a failure is.
    pub severity: Severity,
    /// What the remedy takes.
    pub effort: Effort,
    /// The same question in other tools.
    pub refs: Refs,
    /// What can answer it.
    pub decided_from: &'static [Source],
    /// What to do when it fails.
    pub remedy: Remedy,
    /// The remedy as a change of a resource at fault, where it is one that holds without further words.
    pub patch: Option<fn(&Inventory, &Resource) -> Vec<Change>>,
    /// Answers it.
    pub judge: fn(&Facts) -> Judgement,
}

/// Ids of the same question in other tools. An id with a `*` at its end is confirmed by a published mapping; the others want confirming.
#[derive(Clone, Copy, Default)]
pub struct Refs {
    /// Prowler.
    pub prowler: &'static [&'static str],
    /// Checkov.
    pub checkov: &'static [&'static str],
    /// AWS Security Hub's foundational best practices.
    pub fsbp: &'static [&'static str],
    /// cdk-nag, without its prefix `AwsSolutions-`.
    pub cdk_nag: &'static [&'static str],
}

impl Refs {
    /// Nobody else asks.
    pub const NONE: Refs = Refs { prowler: &[], checkov: &[], fsbp: &[], cdk_nag: &[] };
}

/// What can answer a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// CloudFormation and SAM templates.
    CloudFormation,
    /// Terraform modules, plans and states.
    Terraform,
    /// CDK's synthesised output.
    Cdk,
    /// Code and configuration.
    Repository,
    /// A live account.
    Live,
    /// Somebody who knows.
    Person,
}

/// Templates of every language, and a live account.
pub const TEMPLATES: &[Source] = &[Source::CloudFormation, Source::Terraform, Source::Cdk, Source::Live];
/// Templates and the code beside them.
pub const TEMPLATES_AND_REPOSITORY: &[Source] = &[Source::CloudFormation, Source::Terraform, Source::Cdk, Source::Repository, Source::Live];
/// Only the account itself, or somebody who looked.
pub const ACCOUNT_ONLY: &[Source] = &[Source::Live, Source::Person];

/// What to do, and the words for it in each language. The words are empty where there is no single line to write.
#[derive(Clone, Copy)]
pub struct Remedy {
    /// One sentence in any language.
    pub what: &'static str,
    /// What to write in CloudFormation.
    pub cloudformation: &'static str,
    /// What to write in Terraform.
    pub terraform: &'static str,
}

impl Remedy {
    /// The remedy in the words of a project in these languages.
    pub fn for_languages(&self, languages: &[Language]) -> String {
        let has_terraform = languages.contains(&Language::Terraform);
        // CDK is written in a programming language, but its output and its escape hatches speak CloudFormation.
        let has_cloudformation = languages.contains(&Language::CloudFormation) || languages.contains(&Language::Cdk);
        let words: Vec<String> = [(has_cloudformation, self.cloudformation), (has_terraform, self.terraform)]
            .into_iter()
            .filter(|(is_used, words)| *is_used && !words.is_empty())
            .map(|(_, words)| format!("`{words}`"))
            .collect();
        if words.is_empty() { format!("{}.", self.what) } else { format!("{}: {}.", self.what, words.join(" or ")) }
    }
}

/// What a remedy takes, for ranking. Ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A line or two.
    Minutes,
    /// A resource or two with their links.
    Hours,
    /// A change of design, or work outside the files.
    Days,
}

macro_rules! titled {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $title:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "&'static str")]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// All of them, in the founding document's order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// Its heading.
            pub fn title(self) -> &'static str {
                match self {
                    $($name::$variant => $title,)*
                }
            }
        }

        impl From<$name> for &'static str {
            fn from(value: $name) -> &'static str {
                value.title()
            }
        }
    };
}

titled! {
    /// A list of check-boxes of the founding document.
    Section {
        /// Security.
        Iam = "IAM Best Practices",
        /// Security.
        Network = "Network Security",
        /// Security.
        Secrets = "Secrets Management",
        /// Security.
        Monitoring = "Monitoring & Alerting",
        /// Checklist.
        Current = "Current Setup Review",
        /// Checklist.
        Ec2 = "For EC2 Deployment",
        /// Checklist.
        Ecs = "For ECS Deployment",
        /// Checklist.
        Serverless = "For Serverless",
        /// Checklist.
        Common = "Common Requirements",
        /// Not in the founding document.
        Data = "Data",
        /// Not in the founding document.
        Beanstalk = "For Elastic Beanstalk",
        /// The founding document's recommendation, without a check-box.
        InfrastructureAsCode = "Infrastructure as Code",
    }
}

titled! {
    /// A part of the required infrastructure, as the founding document numbers them.
    Area {
        /// 1.
        Bedrock = "AWS Bedrock Access",
        /// 2.
        Compute = "Compute Infrastructure",
        /// 3.
        Networking = "Networking",
        /// 4.
        LoadBalancer = "Load Balancer or API",
        /// 5.
        Certificate = "DNS and SSL/TLS Certificate",
        /// 6.
        Secrets = "Secrets Management",
        /// 7.
        Monitoring = "Monitoring & Logging",
        /// 8.
        Database = "Database",
        /// 9.
        Caching = "Caching",
        /// Who may do what.
        Identity = "Identity",
        /// The account and its bill.
        Account = "Account and Billing",
        /// How all of it is written down.
        InfrastructureAsCode = "Infrastructure as Code",
    }
}

impl Section {
    /// Whether it is one of the document's four lists of security recommendations.
    pub fn is_security(self) -> bool {
        matches!(self, Section::Iam | Section::Network | Section::Secrets | Section::Monitoring)
    }
}
