//! MON-02: somebody sees how much Bedrock is used and what it costs.

use super::prelude::*;
use crate::inventory::observe::{Alarm, Budget, CostAnomaly, InvocationLogging};

pub(super) static RULE: Rule = Rule {
    id: "MON-02",
    title: "Bedrock's usage and costs are watched",
    section: Section::Monitoring,
    area: Area::Bedrock,
    document_line: Some("Monitor Bedrock usage and costs"),
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs { prowler: &["bedrock_model_invocation_logging_enabled", "cloudtrail_threat_detection_llm_jacking"], checkov: &[], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Set an alarm on the metric InputTokenCount or Invocations of AWS/Bedrock, or a budget for Bedrock alone",
        cloudformation: "Namespace: AWS/Bedrock",
        terraform: "namespace = \"AWS/Bedrock\"",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    if !facts.uses_bedrock() {
        return Judgement::not_applicable("neither code nor policies here use Bedrock");
    }
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<InvocationLogging>() {
        tally.good(Seen::resource(resource, &[], "it logs every invocation of a model"));
    }
    for (resource, alarm) in facts.all::<Alarm>() {
        if alarm.namespace.known().is_some_and(|namespace| namespace.starts_with("AWS/Bedrock")) {
            tally.good(Seen::resource(resource, &["Namespace", "namespace"], "it watches a metric of Bedrock"));
        }
    }
    for (resource, budget) in facts.all::<Budget>() {
        if budget.services.iter().filter_map(Value::known).any(|service| service.contains("Bedrock")) {
            tally.good(Seen::resource(resource, &[], "it is a budget for Bedrock"));
        }
    }
    for (resource, _) in facts.all::<CostAnomaly>().filter(|(_, anomaly)| anomaly.notifies) {
        tally.good(Seen::resource(resource, &[], "it tells of unusual costs, Bedrock's among them"));
    }
    let unclear = facts.all::<Alarm>().find(|(_, alarm)| alarm.namespace.is_unknown()).filter(|_| !tally.has_good());
    if let Some((resource, alarm)) = unclear {
        tally.unclear(Seen::resource(resource, &["Namespace", "namespace"], untold("which service's metric it watches", &alarm.namespace)));
    }
    tally.close(|| facts.none_of("an alarm, budget or log for Bedrock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_must_look_at_bedrock() {
        let project = world().with_mention(|r| &mut r.models, "anthropic.claude-haiku-5-5");
        let alarm = |namespace| Alarm { namespace, ..Alarm::default() };
        passes(&RULE, project.clone().with("a", alarm(text("AWS/Bedrock"))));
        passes(&RULE, project.clone().with("l", InvocationLogging::default()));
        fails(&RULE, project.clone().with("a", alarm(text("AWS/ECS"))));
        fails(&RULE, project.clone().with("b", Budget::default()));
        is_unknown(&RULE, project.with("a", alarm(unclear())));
        does_not_apply(&RULE, world().with("a", alarm(text("AWS/ECS"))));
    }
}
