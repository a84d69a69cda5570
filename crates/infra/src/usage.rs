//! What a repository uses of AWS, each fact with the lines that show it.
//!
//! Use and mention are told apart: comments, docstrings and prose are not read, tests and examples are set aside, and what other
//! people wrote is skipped. `of_file` looks at one file and knows no other, so files may be read in any order and on any thread;
//! `merge` gives the same result whatever the order was.

mod code;
mod entries;
mod facts;
mod files;
mod keys;
mod lines;
mod models;
mod report;
mod scan;
mod syntax;
mod tables;

pub use crate::read::Place;
pub(crate) use keys::without_access_keys;
pub use models::{Lifecycle, model_name};
pub(crate) use models::{model_id, named, split};
pub use scan::scan;
pub(crate) use tables::GEOGRAPHIES;

use crate::inventory::Problem;
use crate::sensitive;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// Larger files are not sources that people write; their tokens would not fit in memory.
const FILE_BYTES_MAX: usize = 4 << 20;

/// A file that names so many models is a list of them, of prices or of choices; a program runs on few.
const CATALOGUE_MODELS_MIN: usize = 6;

/// One sign of use at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// What is used.
    pub fact: Fact,
    /// Where.
    pub evidence: Evidence,
    /// What kind of file it stands in.
    pub place: Place,
}

/// What can be told of a repository. The order is that of the output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// An AWS service is called. The id is the one of its client, such as `bedrock-runtime`.
    Service(String),
    /// A model of Bedrock is configured: a model id, an inference profile or an ARN.
    Model(String),
    /// A region is configured.
    Region {
        /// Such as `us-east-1`.
        region: String,
        /// Whether it only holds when nobody says otherwise.
        is_default: bool,
        /// Whether its name says that it is one of AWS. Other clouds have a `us-east-1` too.
        is_named: bool,
    },
    /// A service is called through this client library.
    Client {
        /// As in `Service`.
        service: String,
        /// Such as `boto3`.
        sdk: &'static str,
    },
    /// A client library is imported, and which service it calls cannot be told.
    Sdk(&'static str),
    /// A model is asked for its answer bit by bit, which is an action of its own. Listed apart: it says nothing that `Client` does not.
    Stream,
    /// How the program shows who it is.
    Credentials(Credentials),
    /// How a pipeline shows who it is.
    PipelineCredentials(Credentials),
    /// A key itself stands in the file. Holds it masked.
    HardCodedKey(String),
    /// A template of environment variables.
    EnvTemplate,
    /// A container image is built, on this base.
    Image(String),
    /// A compose file.
    Compose,
    /// A pipeline, and what it deploys with, when it does.
    Pipeline {
        /// `GitHub Actions` or `GitLab CI`.
        system: &'static str,
        /// Such as `cdk deploy`. Empty: it does not deploy to AWS.
        deploys_with: String,
    },
    /// Something that deploys to AWS and is neither a template nor a pipeline, such as `appspec.yml (CodeDeploy)`.
    Deployment(String),
    /// Infrastructure as code.
    Iac(Iac),
    /// The file could not be looked at. Holds why.
    Unread(String),
}

/// A way to show who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credentials {
    /// An access key's id is configured.
    KeyId,
    /// An access key's secret is configured.
    KeySecret,
    /// A role is taken.
    Role,
    /// A profile of the AWS configuration files.
    Profile,
    /// Nothing is named; the SDK looks where it always looks.
    Default,
}

/// A language or tool of infrastructure as code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Iac {
    /// Terraform with something of AWS in it.
    Terraform,
    /// Terraform for another provider, such as `google`.
    TerraformElsewhere(String),
    /// A CloudFormation or SAM template.
    CloudFormation,
    /// CDK code or its configuration.
    Cdk,
    /// The Serverless Framework for AWS.
    Serverless,
}

/// A line that shows something. As JSON it has the shape of every finding's evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Relative to the folder that was read, with forward slashes.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// The line, shortened, secrets masked.
    pub quote: String,
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut evidence = serializer.serialize_struct("Evidence", 3)?;
        evidence.serialize_field("kind", "file")?;
        evidence.serialize_field("where", &format!("{}:{}", self.file, self.line))?;
        evidence.serialize_field("quote", &self.quote)?;
        evidence.end()
    }
}

/// What a repository uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// What is used.
    pub configured: Vec<Configured>,
    /// What was looked for and is not there.
    pub not_found: Vec<NotFound>,
    /// Signs in tests and examples, which are not use.
    #[serde(skip)]
    pub set_aside: Vec<Mention>,
    /// Lines that ask a model for a stream.
    #[serde(skip)]
    pub streams: Vec<Evidence>,
    /// Files that could not be looked at.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// Something that is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Configured {
    /// What kind of thing: `Service`, `Model`, `Region` …
    pub what: &'static str,
    /// Which.
    pub detail: String,
    /// The lines that show it; never empty.
    pub evidence: Vec<Evidence>,
    /// The fact itself, for programs.
    #[serde(skip)]
    pub fact: Fact,
}

/// Something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotFound {
    /// Such as `CloudFormation templates`.
    pub what: String,
}

/// Whether AWS has a region of this name.
pub fn is_region(name: &str) -> bool {
    tables::REGIONS.contains(&name)
}

impl Usage {
    /// The region that all that is configured agrees on; `None` when there is none, or several.
    pub fn region(&self) -> Option<String> {
        let named = |configured: &Configured| if let Fact::Region { region, .. } = &configured.fact { Some(region.clone()) } else { None };
        let regions: BTreeSet<String> = self.configured.iter().filter_map(named).collect();
        if regions.len() == 1 { regions.into_iter().next() } else { None }
    }
}

/// The signs of use in one file. Looks at nothing but its arguments.
///
/// `path` is relative to the repository, with forward slashes. A file that other people wrote (`node_modules`, `vendor` …) has none.
pub fn of_file(path: &str, bytes: &[u8]) -> Vec<Mention> {
    let place = Place::of(path);
    let Some(kind) = files::kind(path).filter(|_| place != Place::Vendored) else { return Vec::new() };
    let is_likely = tables::MARKERS.is_match(bytes);
    if !is_likely && !files::speaks_by_name(path) {
        return Vec::new();
    }
    if bytes.len() > FILE_BYTES_MAX {
        let why = format!("it has {} MB and names AWS; files of up to {} MB are looked at", bytes.len() >> 20, FILE_BYTES_MAX >> 20);
        return vec![Mention { fact: Fact::Unread(why), evidence: Evidence { file: path.to_owned(), line: 1, quote: String::new() }, place }];
    }
    let text = String::from_utf8_lossy(bytes);
    let mut facts = files::facts(path, kind, &text);
    if is_likely {
        facts.extend(keys::hard_coded(&text));
    }
    facts.sort();
    facts.dedup();
    let models: BTreeSet<&str> = facts.iter().filter_map(|(_, fact)| if let Fact::Model(id) = fact { Some(id.as_str()) } else { None }).collect();
    let is_catalogue = models.len() >= CATALOGUE_MODELS_MIN;
    let lines: Vec<&str> = text.lines().collect();
    let mention = |(line, fact): (u32, Fact)| {
        let quote = sensitive::quote(lines.get(line as usize - 1).copied().unwrap_or_default());
        let place = if is_catalogue && matches!(fact, Fact::Model(_)) && place == Place::Own { Place::Example } else { place };
        Mention { fact, evidence: Evidence { file: path.to_owned(), line, quote }, place }
    };
    facts.into_iter().map(mention).collect()
}

/// Everything together: the same whatever the order of the mentions.
pub fn merge(mentions: Vec<Mention>) -> Usage {
    let mut usage = Usage::default();
    let mut facts: BTreeMap<Fact, BTreeSet<Evidence>> = BTreeMap::new();
    let sure: BTreeSet<String> =
        mentions.iter().filter(|m| m.place == Place::Own && m.fact.is_surely_aws()).map(|m| stack(&m.evidence.file).to_owned()).collect();
    for mention in mentions {
        match (&mention.fact, mention.place) {
            (Fact::Unread(why), _) => {
                let Evidence { file, .. } = mention.evidence;
                usage.problems.push(Problem { file, line: None, message: why.clone() });
            }
            (Fact::Region { is_named: false, .. }, _) if !sure.contains(stack(&mention.evidence.file)) => {}
            (Fact::Region { region, is_default, .. }, Place::Own) => {
                let fact = Fact::Region { region: region.clone(), is_default: *is_default, is_named: true };
                facts.entry(fact).or_default().insert(mention.evidence);
            }
            (_, Place::Own) => {
                facts.entry(mention.fact).or_default().insert(mention.evidence);
            }
            _ => usage.set_aside.push(mention),
        }
    }
    usage.set_aside.sort();
    usage.set_aside.dedup();
    usage.problems.sort();
    // Files that import a library for its errors and settings say nothing beside one that names a service.
    if facts.keys().any(|fact| matches!(fact, Fact::Service(_))) {
        facts.retain(|fact, _| !matches!(fact, Fact::Sdk(_)));
    }
    usage.streams = facts.remove(&Fact::Stream).unwrap_or_default().into_iter().collect();
    usage.not_found = report::not_found(&facts);
    usage.configured = report::configured(facts);
    usage
}

impl Fact {
    /// Whether nothing but AWS could be meant.
    fn is_surely_aws(&self) -> bool {
        match self {
            Fact::Service(_) | Fact::Model(_) | Fact::Client { .. } | Fact::Sdk(_) | Fact::Deployment(_) => true,
            Fact::Region { is_named, .. } => *is_named,
            Fact::Iac(iac) => !matches!(iac, Iac::TerraformElsewhere(_)),
            _ => false,
        }
    }
}

/// The part of a repository that a file belongs to: its top folder, or the root.
fn stack(file: &str) -> &str {
    file.split_once('/').map_or("", |(top, _)| top)
}
