//! What is typed after `infra`.

use super::Gate;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Infra {
    /// What a repository uses of AWS, what its infrastructure lacks, and what to do first
    #[command(after_help = "Examples:
  orchestrator infra review
  orchestrator infra review deploy/ --report markdown > REVIEW.md
  orchestrator infra review . --report sarif --fail-on high --baseline last.json")]
    Review(Box<Review>),
    /// The monthly bill of the templates in a folder, or of a named option, line by line
    #[command(after_help = "Examples:
  orchestrator infra cost deploy/ --region eu-central-1 --as-us-east-1
  orchestrator infra cost --option fargate --load tasks=100000,seconds=30,tokens_in=4000
  orchestrator infra cost . --actual bill.csv -o json")]
    Cost(Box<Cost>),
    /// The four options ranked for a load and needs, with the loads at which their order turns
    #[command(after_help = "Examples:
  orchestrator infra recommend --load tasks=20000,seconds=5
  orchestrator infra recommend --load tasks=900000 --need ha,no-cold-start --svg cost.svg")]
    Recommend(Box<Recommend>),
    /// The least-privilege policy for this program's own configuration: written, compared, explained
    #[command(
        subcommand,
        after_help = "Examples:
  orchestrator infra iam generate --principal ecs-task --language terraform
  orchestrator infra iam diff policy.json
  orchestrator infra iam check \"User: … is not authorized to perform: bedrock:InvokeModel on resource: …\""
    )]
    Iam(Iam),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Iam {
    /// Write the policy, one statement for each need, its Sid naming the configuration entry
    Generate {
        /// Who gets it: user, ec2, ecs-task, lambda or beanstalk
        #[arg(long, default_value = "ec2", value_name = "PRINCIPAL")]
        principal: String,
        /// The language that it is written in; -o json prints the policy document itself
        #[arg(long, value_enum, default_value_t = PolicyLanguage::Json)]
        language: PolicyLanguage,
        #[command(flatten)]
        needs: Needs,
    },
    /// Compare a policy with what this program's own configuration needs; exits with 3 when something is missing or too much
    Diff {
        /// The policy document, JSON
        policy: PathBuf,
        #[command(flatten)]
        needs: Needs,
    },
    /// Explain an AccessDenied message, and say what to add where
    Check {
        /// The message, as AWS wrote it
        message: String,
        /// The policy that was in force, JSON
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        #[command(flatten)]
        needs: Needs,
    },
}

/// A language of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyLanguage {
    /// The document itself
    Json,
    /// A template with the role or user
    Cloudformation,
    /// The same in HCL
    Terraform,
}

/// Where the needs come from when not from the configuration.
#[derive(Args, Debug)]
pub(crate) struct Needs {
    /// The Bedrock model instead of the configured one: an id, an inference profile or an ARN
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// The region instead of the configured one
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The account, twelve digits. Without it a `*` stands in its place
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Review {
    /// A repository, a folder of templates, or one template
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Instead of the text or JSON of --output
    #[arg(long, value_enum, value_name = "REPORT")]
    pub(crate) report: Option<Report>,
    /// The region of templates that name none. Default: unknown, and priced as the configured one
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    #[command(flatten)]
    pub(crate) gate: Gate,
    /// An earlier review as JSON: only failures that are not in it count for --fail-on
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Answers, attestations and suppressions. Default: review.toml in PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,
}

/// A report for another program, or for the repository itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// A document to commit
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test reports
    Junit,
    /// What can be mended by an edit, as a diff for `git apply` or `patch -p1`
    Diff,
}

#[derive(Args, Debug)]
pub(crate) struct Cost {
    /// A folder or template: CloudFormation, SAM, Terraform or CDK's output
    #[arg(default_value = ".", conflicts_with = "option")]
    pub(crate) path: PathBuf,
    /// Instead of a folder: ec2, fargate, lambda or beanstalk, as this product is deployed there
    #[arg(long, value_name = "OPTION")]
    pub(crate) option: Option<String>,
    #[command(flatten)]
    pub(crate) prices: Prices,
    /// The founding document's own cost tables beside ours, with the reason for each difference
    #[arg(long, conflicts_with_all = ["path", "option", "actual", "load"])]
    pub(crate) as_document: bool,
    /// A Cost Explorer or usage-report export (CSV) of a month, to compare with the estimate
    #[arg(long, value_name = "FILE")]
    pub(crate) actual: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Recommend {
    #[command(flatten)]
    pub(crate) prices: Prices,
    /// What it has to be: ha, scale-to-zero, long-runs, no-cold-start, private
    #[arg(long, value_name = "NEED,…")]
    pub(crate) need: Option<String>,
    /// Draw cost over load into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// A load and what it is priced by.
#[derive(Args, Debug)]
pub(crate) struct Prices {
    /// What it has to carry in a month: tasks, seconds, steps, tokens_in, tokens_out, egress_gb, log_gb, memory_mb, disk_gb, hit_rate, model
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub(crate) load: Option<String>,
    /// The region whose prices hold. Default: the one that the templates name, else the project's configuration, else ours
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Take the prices of us-east-1 for a region that has none in the list, and say so
    #[arg(long)]
    pub(crate) as_us_east_1: bool,
    /// Price rows that add to the built-in ones or replace them
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
}
