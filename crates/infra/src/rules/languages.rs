//! Which language the infrastructure is written in; one is enough.

use super::facts::Facts;
use super::judgement::{Judgement, Seen};
use crate::inventory::{Language, Origin};

/// Passes where the language is used, and does not apply where another is.
pub(crate) fn judge(facts: &Facts, language: Language, none: impl FnOnce() -> Judgement) -> Judgement {
    let languages = &facts.inventory.languages;
    if languages.contains(&language) {
        let first = facts.inventory.resources.iter().find(|resource| language_of(&resource.origin, languages) == Some(language));
        let seen = match first {
            Some(resource) => Seen::resource(resource, &[], format!("it is declared in {}", name(language))),
            None => Seen::Searched { place: ".".to_owned(), note: format!("{} is used here", name(language)) },
        };
        return Judgement::pass(format!("the infrastructure is written in {}", name(language)), vec![seen]);
    }
    if facts.is_elsewhere() {
        return match language {
            // What is declared without anything of AWS is Terraform's: the other two have nothing else.
            Language::Terraform => {
                let first = facts.inventory.unrecognised.first().map(|first| Seen::unrecognised(first, "it is declared in Terraform"));
                Judgement::pass("the infrastructure is written in Terraform, and none of it is on AWS", first.into_iter().collect())
            }
            _ => Judgement::not_applicable("the infrastructure is written in Terraform"),
        };
    }
    match languages.first() {
        Some(other) => Judgement::not_applicable(format!("the infrastructure is written in {}", name(*other))),
        None if facts.is_part_hidden() => Judgement::unknown("no template could be read", facts.hidden_place_of("more").into_iter().collect()),
        None => none(),
    }
}

/// By the ending of its file; CDK's output is CloudFormation in a folder of its own.
fn language_of(origin: &Origin, languages: &[Language]) -> Option<Language> {
    match languages {
        [one] => Some(*one),
        _ if origin.file.ends_with(".tf") || origin.file.ends_with(".tf.json") || origin.file.ends_with(".tfstate") => Some(Language::Terraform),
        _ if origin.file.contains("cdk.out/") => Some(Language::Cdk),
        _ => Some(Language::CloudFormation),
    }
}

fn name(language: Language) -> &'static str {
    match language {
        Language::CloudFormation => "CloudFormation",
        Language::Terraform => "Terraform",
        Language::Cdk => "CDK",
    }
}
