//! EB-01: a Beanstalk environment reports its health, updates its platform and keeps its logs.

use super::prelude::*;
use crate::inventory::compute::BeanstalkEnvironment;

pub(super) static RULE: Rule = Rule {
    id: "EB-01",
    title: "The environment reports its health, updates its platform and keeps its logs",
    section: Section::Beanstalk,
    area: Area::Compute,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs {
        prowler: &["elasticbeanstalk_environment_enhanced_health_reporting", "elasticbeanstalk_environment_managed_updates_enabled", "elasticbeanstalk_environment_cloudwatch_logging_enabled"],
        checkov: &["CKV_AWS_312", "CKV_AWS_340"],
        fsbp: &["ElasticBeanstalk.1", "ElasticBeanstalk.2", "ElasticBeanstalk.3"],
        cdk_nag: &["EB1", "EB3", "EB4"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Set SystemType to enhanced, ManagedActionsEnabled and StreamLogs to true", cloudformation: "OptionSettings", terraform: "setting { namespace name value }" },
    patch: None,
    judge,
};

/// Settings with the value that they should have and what is missing without it.
const WANTED: [(&str, &str, &str); 3] = [
    ("aws:elasticbeanstalk:healthreporting:system/SystemType", "enhanced", "enhanced health reports"),
    ("aws:elasticbeanstalk:managedactions/ManagedActionsEnabled", "true", "updates of its platform"),
    ("aws:elasticbeanstalk:cloudwatch:logs/StreamLogs", "true", "logs in CloudWatch"),
];

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, environment) in facts.all::<BeanstalkEnvironment>() {
        let found = WANTED.map(|(name, wanted, what)| (environment.settings.get(name).map_or(Some(false), |value| value.holds(false, |value| value.eq_ignore_ascii_case(wanted))), what, name.rsplit('/').next().unwrap_or_default()));
        let lacking = |holds: Option<bool>| found.iter().filter(|(found, ..)| *found == holds).map(|(_, what, _)| *what).collect::<Vec<_>>().join(", ");
        // The setting that is wrong, where it is there at all.
        let at = |holds: Option<bool>| found.iter().find(|(found, ..)| *found == holds).map_or("", |(_, _, option)| *option);
        if !lacking(Some(false)).is_empty() {
            tally.bad(Seen::resource(resource, &[], format!("it lacks {}", lacking(Some(false)))).with_word(at(Some(false))));
        } else if !lacking(None).is_empty() {
            tally.unclear(Seen::resource(resource, &[], format!("whether it has {} cannot be told", lacking(None))).with_word(at(None)));
        } else {
            tally.good(Seen::resource(resource, &[], "it reports, updates and logs"));
        }
    }
    tally.close(|| facts.none_of_deployment(Deployment::Beanstalk, "an Elastic Beanstalk environment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_settings_are_wanted() {
        let environment = |last: Value<String>| {
            let mut settings: std::collections::BTreeMap<String, Value<String>> = WANTED.iter().map(|(name, wanted, _)| ((*name).to_owned(), text(wanted))).collect();
            settings.insert(WANTED[2].0.to_owned(), last);
            world().with("env", BeanstalkEnvironment { settings, ..BeanstalkEnvironment::default() })
        };
        passes(&RULE, environment(text("true")));
        fails(&RULE, environment(text("false")));
        is_unknown(&RULE, environment(unclear()));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
