//! What a file is by its name, and all that it says.

use super::entries::{Entry, Language};
use super::facts::{Around, of_entry};
use super::syntax::{Lexeme, Syntax, Token, tokens};
use super::{Fact, Iac, code, lines, tables};
use std::collections::BTreeSet;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sources, settings and templates in this language.
    Of(Language),
    /// A template of environment variables.
    EnvTemplate,
    /// A compose file.
    Compose,
    /// A pipeline of this system.
    Pipeline(&'static str),
    /// Code or settings that a deployment tool reads, whatever they say.
    Other,
}

/// Languages by the end of a file's name.
const EXTENSIONS: &[(Language, &[&str])] = &[
    (Language::Python, &["py", "pyw"]),
    (Language::JavaScript, &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"]),
    (Language::Go, &["go"]),
    (Language::Java, &["java", "kt", "kts", "scala"]),
    (Language::Rust, &["rs"]),
    (Language::Hcl, &["tf", "tfvars", "hcl"]),
    (Language::Json, &["json", "jsonc", "template"]),
    (Language::Yaml, &["yaml", "yml"]),
    (Language::Toml, &["toml"]),
    (Language::Env, &["env"]),
    (Language::Ini, &["ini", "cfg", "conf", "properties"]),
    (Language::Shell, &["sh", "bash", "zsh", "mk"]),
    (Language::Dockerfile, &["dockerfile"]),
];

const COMPOSE_NAMES: &[&str] = &["docker-compose", "compose"];
const ENV_TEMPLATE_WORDS: &[&str] = &["example", "sample", "template", "dist", "defaults"];

/// What a file is; `None`: nothing that is read, such as prose and pictures.
pub(super) fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let is_env = lower == ".env" || lower.starts_with(".env.") || lower.starts_with("env.") || lower.ends_with(".env");
    if is_env || lower.contains(".env.") {
        let is_template = ENV_TEMPLATE_WORDS.iter().any(|word| lower.split(['.', '-', '_']).any(|part| part == *word));
        return Some(if is_template { Kind::EnvTemplate } else { Kind::Of(Language::Env) });
    }
    if lower == "dockerfile" || lower.starts_with("dockerfile.") || lower == "containerfile" {
        return Some(Kind::Of(Language::Dockerfile));
    }
    if lower == "makefile" {
        return Some(Kind::Of(Language::Shell));
    }
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_yaml = matches!(extension, "yml" | "yaml");
    if is_yaml && COMPOSE_NAMES.iter().any(|stem| lower.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('-'))) {
        return Some(Kind::Compose);
    }
    if is_yaml && path.contains(".github/workflows/") {
        return Some(Kind::Pipeline("GitHub Actions"));
    }
    if lower.starts_with(".gitlab-ci.") && is_yaml {
        return Some(Kind::Pipeline("GitLab CI"));
    }
    let language = EXTENSIONS.iter().find(|(_, extensions)| extensions.contains(&extension)).map(|(language, _)| *language);
    language.map(Kind::Of).or_else(|| deployment(path).map(|_| Kind::Other))
}

/// Whether the file says something even when no word in it does.
pub(super) fn speaks_by_name(path: &str) -> bool {
    let by_language = matches!(
        kind(path),
        Some(Kind::EnvTemplate | Kind::Compose | Kind::Pipeline(_) | Kind::Other | Kind::Of(Language::Dockerfile | Language::Hcl))
    );
    by_language || deployment(path).is_some() || is_cdk(path)
}

fn is_cdk(path: &str) -> bool {
    path == "cdk.json" || path.ends_with("/cdk.json")
}

fn deployment(path: &str) -> Option<String> {
    let ends = |end: &str| path == end || path.strip_suffix(end).is_some_and(|before| before.ends_with('/'));
    if let Some((file, tool)) = tables::DEPLOYMENT_FILES.iter().find(|(file, _)| ends(file)) {
        return Some(format!("{file} ({tool})"));
    }
    let in_folder = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    in_folder(".ebextensions/").then(|| ".ebextensions (Elastic Beanstalk)".to_owned())
}

/// All that a file says.
pub(super) fn facts(path: &str, kind: Kind, text: &str) -> Vec<(u32, Fact)> {
    let mut facts = Vec::new();
    facts.extend(deployment(path).map(|with| (1, Fact::Deployment(with))));
    if is_cdk(path) {
        facts.push((1, Fact::Iac(Iac::Cdk)));
    }
    match kind {
        Kind::EnvTemplate => {
            facts.push((1, Fact::EnvTemplate));
            settings(Language::Env, text, kind, &mut facts);
        }
        Kind::Compose => {
            facts.push((1, Fact::Compose));
            settings(Language::Yaml, text, kind, &mut facts);
        }
        Kind::Pipeline(system) => {
            let deploys = settings(Language::Yaml, text, kind, &mut facts);
            facts.extend(deploys.iter().map(|(line, with)| (*line, Fact::Pipeline { system, deploys_with: with.clone() })));
            if deploys.is_empty() {
                facts.push((1, Fact::Pipeline { system, deploys_with: String::new() }));
            }
        }
        Kind::Of(language) => match Syntax::of(language) {
            Some(syntax) => source(language, syntax, text, &mut facts),
            None => {
                let deploys = settings(language, text, kind, &mut facts);
                if language == Language::Shell {
                    facts.extend(deploys.into_iter().map(|(line, with)| (line, Fact::Deployment(format!("{with}, in a script")))));
                }
            }
        },
        Kind::Other => {}
    }
    facts
}

/// A source text read by tokens.
fn source(language: Language, syntax: &Syntax, text: &str, facts: &mut Vec<(u32, Fact)>) {
    let tokens = tokens(syntax, text);
    let code = code::read(language, &tokens);
    facts.extend(code.facts);
    let asks_models = facts.iter().any(|(_, fact)| matches!(fact, Fact::Service(service) if service.starts_with("bedrock")));
    let mut around = Around { is_aws: code.has_sdk, asks_models, ..Around::default() };
    match language {
        Language::Hcl => {
            let providers = terraform_providers(&tokens);
            around = Around { is_aws: providers.iter().any(|(_, provider)| *provider == "aws"), is_template: true, ..Around::default() };
            if around.is_aws {
                facts.extend(providers.iter().filter(|(_, provider)| *provider == "aws").take(1).map(|(line, _)| (*line, Fact::Iac(Iac::Terraform))));
            } else {
                facts.extend(providers.iter().map(|(line, provider)| (*line, Fact::Iac(Iac::TerraformElsewhere((*provider).to_owned())))));
            }
        }
        Language::Json => {
            let is_key = |token: &Token<'_>, name: &str| token.lexeme == Lexeme::Text && token.text == name;
            let template = tokens.iter().find(|t| is_key(t, "AWSTemplateFormatVersion") || is_key(t, "AWS::Serverless-2016-10-31"));
            let resource = tokens.iter().find(|t| t.lexeme == Lexeme::Text && t.text.starts_with("AWS::") && t.text.matches("::").count() >= 2);
            let is_template = tokens.iter().any(|t| is_key(t, "Resources"));
            if let Some(token) = template.or(resource.filter(|_| is_template)) {
                facts.push((token.line, Fact::Iac(Iac::CloudFormation)));
                around.is_template = true;
            }
        }
        _ => {}
    }
    for entry in &code.entries {
        of_entry(entry, around, facts);
    }
}

/// The providers that Terraform's blocks and requirements name, each with the line of its first sign, without those of no cloud.
fn terraform_providers<'t>(tokens: &[Token<'t>]) -> Vec<(u32, &'t str)> {
    const NO_CLOUD: &[&str] = &["random", "null", "local", "archive", "template", "tls", "time", "http", "external", "terraform"];
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for pair in tokens.windows(2).filter(|pair| pair[1].lexeme == Lexeme::Text) {
        let provider = match &pair[0] {
            block if block.is_first && block.is("provider") => pair[1].text,
            block if block.is_first && (block.is("resource") || block.is("data")) => pair[1].text.split('_').next().unwrap_or_default(),
            _ => continue,
        };
        if !provider.is_empty() && !NO_CLOUD.contains(&provider) && seen.insert(provider) {
            found.push((pair[1].line, provider));
        }
    }
    found
}

/// Settings read line by line. Returns the commands among them that deploy, each with its line.
fn settings(language: Language, text: &str, kind: Kind, facts: &mut Vec<(u32, Fact)>) -> Vec<(u32, String)> {
    let entries = lines::entries(language, text);
    let mut around = Around { is_pipeline: matches!(kind, Kind::Pipeline(_)), ..Around::default() };
    if language == Language::Yaml && kind == Kind::Of(language) {
        around.is_template = template(&entries, facts);
    }
    if language == Language::Dockerfile {
        facts.extend(base(&entries).map(|(line, image)| (line, Fact::Image(image.to_owned()))));
    }
    let mut deploys = Vec::new();
    for entry in &entries {
        of_entry(entry, around, facts);
        if matches!(language, Language::Yaml | Language::Shell) {
            deploys.extend(deploy_command(entry).map(|with| (entry.line, with.to_owned())));
        }
    }
    deploys
}

/// The image that the last stage of a Dockerfile, which is what runs, comes down to; a stage may be built on another.
fn base<'t>(entries: &[Entry<'t>]) -> Option<(u32, &'t str)> {
    let stages: Vec<(u32, &str, Option<&str>)> = entries
        .iter()
        .filter(|entry| entry.name.eq_ignore_ascii_case("FROM"))
        .map(|from| {
            let mut words = from.value.split_whitespace().filter(|word| !word.starts_with("--"));
            let image = words.next().unwrap_or_default();
            (from.line, image, words.nth(1))
        })
        .collect();
    let mut at = stages.len().checked_sub(1)?;
    loop {
        let (line, image, _) = stages[at];
        // Only a stage that comes before has that name.
        match stages[..at].iter().rposition(|(.., name)| name.is_some_and(|name| name.eq_ignore_ascii_case(image))) {
            Some(earlier) => at = earlier,
            None => return Some((line, image)),
        }
    }
}

/// What a line deploys with: a command at its start or after a sign that begins another, or an action that is used.
fn deploy_command(entry: &Entry<'_>) -> Option<&'static str> {
    if !tables::DEPLOY_WORDS.iter().any(|word| entry.value.contains(word)) {
        return None;
    }
    entry.value.split(['|', '&', ';', '@']).find_map(|command| {
        let command =
            ["npx ", "sudo ", "yarn ", "pnpm "].iter().fold(command.trim(), |command, prefix| command.strip_prefix(prefix).unwrap_or(command));
        let is_whole = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        tables::DEPLOY_COMMANDS.iter().copied().find(|known| command.strip_prefix(known).is_some_and(is_whole))
    })
}

/// Whether YAML is a template of CloudFormation or the Serverless Framework, and says so. The latter may hold the former's resources.
fn template(entries: &[Entry<'_>], facts: &mut Vec<(u32, Fact)>) -> bool {
    if let Some(sign) = serverless(entries) {
        facts.push((sign.line, Fact::Iac(Iac::Serverless)));
        return true;
    }
    let version = entries.iter().find(|entry| entry.name == "AWSTemplateFormatVersion" || entry.value == "AWS::Serverless-2016-10-31");
    let resource = entries.iter().find(|entry| entry.name == "Type" && entry.value.starts_with("AWS::") && entry.value.matches("::").count() >= 2);
    let has_resources = entries.iter().any(|entry| entry.name == "Resources");
    if let Some(sign) = version.or(resource.filter(|_| has_resources)) {
        facts.push((sign.line, Fact::Iac(Iac::CloudFormation)));
        return true;
    }
    false
}

/// The line by which the Serverless Framework's settings say that they are for AWS.
fn serverless<'e, 't>(entries: &'e [Entry<'t>]) -> Option<&'e Entry<'t>> {
    let provider = entries.iter().position(|entry| entry.name == "provider");
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    let is_serverless = has("service") && (has("functions") || has("resources"));
    let of_aws = provider.and_then(|at| {
        let direct = Some(&entries[at]).filter(|entry| entry.value == "aws");
        direct.or_else(|| entries[at..].iter().take(8).find(|entry| entry.name == "name" && entry.value == "aws"))
    });
    of_aws.filter(|_| is_serverless)
}
