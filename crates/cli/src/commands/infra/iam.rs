//! `infra iam`: what the configuration must be allowed, and nothing more.

use super::{region_typed, text_of};
use crate::arguments::{Format, Iam, Needs, PolicyLanguage};
use crate::choice::Choice;
use crate::commands::Context;
use crate::exit::{Exit, Failure, chain};
use crate::show;
use crate::terminal::{harmless, print, tell};
use infra::iam::{Account, Diff, Explanation, Generated, Need, Policy, Principal, check, cloudformation, diff, generate, note_of_json, terraform};
use std::fmt::Write as _;
use std::path::Path;

/// Does what was asked.
pub(crate) fn iam(context: &Context, iam: &Iam) -> Result<Exit, Failure> {
    match iam {
        Iam::Generate { principal, language, needs } => {
            let principal = Principal::parse(principal)
                .ok_or_else(|| Failure::usage(format!("{principal:?} must be user, ec2, ecs-task, lambda or beanstalk")))?;
            let account = account(needs)?;
            let is_text = matches!(context.format(), Format::Text);
            if !is_text && !matches!(language, PolicyLanguage::Json) {
                return Err(Failure::usage("-o json prints the policy document itself: leave out --language, or the -o"));
            }
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
            // Any refusal can be explained; the configured model only tells whether it was one of its needs.
            let needs: Vec<Need> = needed(context, needs, &account)?.into_iter().collect();
            let explained = check(message, policy.as_ref(), &needs).ok_or_else(|| {
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
    needed(context, needs, account)?.ok_or_else(|| {
        let failure = Failure::usage("no model of Amazon Bedrock is configured, so no permission is needed");
        failure.advise("configure one, or name it: --model us.anthropic.claude-haiku-5-5")
    })
}

/// As `need`; `None` when no model of Bedrock is configured or named.
fn needed(context: &Context, needs: &Needs, account: &Account) -> Result<Option<Need>, Failure> {
    let config = context.config()?;
    let region = region_typed(needs.region.as_deref())?.unwrap_or(&config.region);
    let configured = || Choice::of(&config).model.filter(|model| model.provider() == "bedrock").map(|model| model.to_string());
    let Some(model) = needs.model.clone().or_else(configured) else { return Ok(None) };
    let model = if model.starts_with("bedrock/") { model } else { format!("bedrock/{model}") };
    let need = Need::model(&format!("model = \"{model}\""), &model, region, account);
    need.map(Some).map_err(|error| Failure::usage(error.to_string()))
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
    let note_of_json = if matches!(language, PolicyLanguage::Json) { note_of_json(generated) } else { None };
    for note in generated.notes.iter().map(String::as_str).chain(note_of_json) {
        tell(&harmless(&format!("note: {note}")));
    }
}

fn differences(found: &Diff) -> String {
    if found.equal {
        return "The policy allows what is needed and nothing more.\n".to_owned();
    }
    let mut text = String::new();
    for missing in &found.missing {
        let word = if missing.is_unclear { "unclear  " } else { "missing  " };
        let _ = writeln!(text, "{word}  {} on {}\n           needed by {}; {}", missing.action, missing.resource, missing.entry, missing.why);
    }
    for excess in &found.excessive {
        let _ = writeln!(text, "excessive  {} on {}\n           {}: {}", excess.action, excess.resource, excess.statement, excess.why);
    }
    text.push_str("Compared with what this program's own configuration needs; the code of a project is not looked at.\n");
    text
}

fn explanation(explained: &Explanation) -> String {
    let mut text = format!("{}\n", explained.explanation);
    if let Some(statement) = &explained.statement {
        let policy = Policy { statements: vec![statement.clone()] };
        let _ = writeln!(text, "{}:\n{}", explained.advice, policy.to_json().trim_end());
    }
    text
}
