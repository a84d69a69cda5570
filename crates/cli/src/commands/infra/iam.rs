//! `infra iam`: what the configuration must be allowed, and nothing more.

use super::text_of;
use crate::arguments::{Format, Iam, Needs, PolicyLanguage};
use crate::choice::Choice;
use crate::commands::Context;
use crate::exit::{Exit, Failure, chain};
use crate::show;
use crate::terminal::{harmless, print, tell};
use infra::iam::{Account, Diff, Explanation, Generated, Need, Policy, Principal, check, cloudformation, diff, generate, terraform};
use std::fmt::Write as _;
use std::path::Path;

/// Does what was asked.
pub(crate) fn iam(context: &Context, iam: &Iam) -> Result<Exit, Failure> {
    match iam {
        Iam::Generate { principal, language, needs } => {
            let principal = Principal::parse(principal)
                .ok_or_else(|| Failure::usage(format!("{principal:?} must be user, ec2, ecs-task, lambda or beanstalk")))?;
            let account = account(needs)?;
            let generated = generate(&[need(context, needs, &account)?], principal, &account);
            write(context, *language, &generated);
            Ok(Exit::Done)
        }
        Iam::Diff { policy, needs } => {
            let account = account(needs)?;
            let found = diff(&read(policy)?, &[need(context, needs, &account)?]);
            match context.format() {
                Format::Text => print(&harmless(&differences(&found))),
                format => show::json(format, &found),
            }
            Ok(if found.equal { Exit::Done } else { Exit::Findings })
        }
        Iam::Check { message, policy, needs } => {
            let account = account(needs)?;
            let policy = policy.as_deref().map(read).transpose()?;
            let explained = check(message, policy.as_ref(), &[need(context, needs, &account)?]).ok_or_else(|| {
                let failure = Failure::usage("that is no AccessDenied message of AWS");
                failure.advise("give the whole sentence: \"User: ARN is not authorized to perform: ACTION on resource: ARN …\"")
            })?;
            match context.format() {
                Format::Text => print(&harmless(&explanation(&explained))),
                format => show::json(format, &explained),
            }
            Ok(Exit::Done)
        }
    }
}

fn account(needs: &Needs) -> Result<Account, Failure> {
    match &needs.account {
        None => Ok(Account::Unknown),
        Some(number) if number.len() == 12 && number.bytes().all(|digit| digit.is_ascii_digit()) => Ok(Account::Known(number.clone())),
        Some(other) => Err(Failure::usage(format!("--account {other} must be twelve digits"))),
    }
}

/// What the configured model needs, or the one that was named.
fn need(context: &Context, needs: &Needs, account: &Account) -> Result<Need, Failure> {
    let config = context.config()?;
    let region = needs.region.as_deref().unwrap_or(&config.region);
    let model = match &needs.model {
        Some(named) => named.clone(),
        None => match Choice::of(&config).model {
            Some(model) if model.provider() == "bedrock" => model.to_string(),
            _ => {
                let failure = Failure::usage("no model of Amazon Bedrock is configured, so no permission is needed");
                return Err(failure.advise("configure one, or name it: --model us.anthropic.claude-haiku-5-5"));
            }
        },
    };
    let model = if model.starts_with("bedrock/") { model } else { format!("bedrock/{model}") };
    Need::model(&format!("model = \"{model}\""), &model, region, account).map_err(|error| Failure::usage(error.to_string()))
}

fn read(path: &Path) -> Result<Policy, Failure> {
    Policy::parse(&text_of(path)?).map_err(|error| Failure::usage(format!("the policy {}: {}", path.display(), chain(&error))))
}

/// The policy on standard output, ready to be kept; what to know about it on standard error.
fn write(context: &Context, language: PolicyLanguage, generated: &Generated) {
    match language {
        PolicyLanguage::Json => print(&format!("{}\n", generated.policy.to_json().trim_end())),
        PolicyLanguage::Cloudformation => print(&cloudformation(generated)),
        PolicyLanguage::Terraform => print(&terraform(generated)),
    }
    if context.common.quiet {
        return;
    }
    for (sid, entry) in &generated.entries {
        tell(&harmless(&format!("{sid}: needed by {entry}")));
    }
    if let (PolicyLanguage::Json, Some(trust)) = (language, &generated.trust) {
        tell(&format!("who may take the role:\n{}", trust.to_json().trim_end()));
    }
    for note in &generated.notes {
        tell(&harmless(&format!("note: {note}")));
    }
}

fn differences(found: &Diff) -> String {
    if found.equal {
        return "The policy allows what is needed and nothing more.\n".to_owned();
    }
    let mut text = String::new();
    for missing in &found.missing {
        let _ = writeln!(text, "missing    {} on {}\n           needed by {}; {}", missing.action, missing.resource, missing.entry, missing.why);
    }
    for excess in &found.excessive {
        let _ = writeln!(text, "excessive  {} on {}\n           statement {}: {}", excess.action, excess.resource, excess.statement, excess.why);
    }
    text
}

fn explanation(explained: &Explanation) -> String {
    let mut text = format!("{}\n", explained.explanation);
    if let Some(entry) = &explained.entry {
        let _ = writeln!(text, "Needed by {entry}.");
    }
    if let Some(statement) = &explained.statement {
        let policy = Policy { statements: vec![statement.clone()] };
        let _ = writeln!(text, "Attach this policy, or add its statement to yours:\n{}", policy.to_json().trim_end());
    }
    text
}
