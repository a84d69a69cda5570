//! NET-04: the traffic of every VPC is recorded.

use super::prelude::*;
use crate::inventory::network::{FlowLog, Vpc};

pub(super) static RULE: Rule = Rule {
    id: "NET-04",
    title: "VPC flow logs are on",
    section: Section::Network,
    area: Area::Networking,
    document_line: Some("Enable VPC Flow Logs"),
    severity: Severity::Low,
    effort: Effort::Hours,
    refs: Refs { prowler: &["vpc_flow_logs_enabled"], checkov: &["CKV2_AWS_11"], fsbp: &["EC2.6*"], cdk_nag: &["VPC7"] },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Record the VPC's traffic to a log group with a short retention",
        cloudformation: "AWS::EC2::FlowLog with ResourceType: VPC",
        terraform: "aws_flow_log with vpc_id",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<Vpc>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        if facts.all::<FlowLog>().any(|(_, log)| log.watched == this) {
            tally.good(Seen::resource(resource, &[], "a flow log watches it"));
        } else if let Some((log, _)) = facts.all::<FlowLog>().find(|(_, log)| log.watched.is_unknown()) {
            tally.unclear(Seen::resource(log, &[], format!("what it watches cannot be told, so it may be {}", resource.id)));
        } else if let Some(hidden) = facts.hidden_place_of(&format!("a flow log of {}", resource.id)) {
            tally.unclear(hidden);
        } else {
            tally.bad(Seen::resource(resource, &[], "no flow log watches it"));
        }
    }
    tally.close(|| facts.not_needed("no VPC is declared here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vpc_needs_a_flow_log_of_its_own() {
        let vpc = world().with("vpc", Vpc::default());
        passes(&RULE, vpc.clone().with("log", FlowLog { watched: to("vpc") }));
        fails(&RULE, vpc.clone().with("log", FlowLog { watched: to("other") }));
        is_unknown(&RULE, vpc.clone().with("log", FlowLog { watched: unclear() }));
        is_unknown(&RULE, vpc.with_hidden_module());
        does_not_apply(&RULE, world().with("log", FlowLog { watched: to("vpc") }));
    }
}
