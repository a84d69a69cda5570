//! ALB-01: plain HTTP only leads to HTTPS.

use super::prelude::*;
use crate::inventory::balancing::{Listener, LoadBalancer};

pub(super) static RULE: Rule = Rule {
    id: "ALB-01",
    title: "HTTP redirects to HTTPS",
    section: Section::Common,
    area: Area::LoadBalancer,
    document_line: None,
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["elbv2_ssl_listeners"], checkov: &["CKV_AWS_2", "CKV2_AWS_20", "CKV_AWS_378"], fsbp: &["ELB.1*"], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Redirect port 80 to 443 and serve there with the certificate", cloudformation: "DefaultActions: [{Type: redirect, RedirectConfig: {Protocol: HTTPS, Port: '443', StatusCode: HTTP_301}}]", terraform: "default_action { type = \"redirect\" redirect { protocol = \"HTTPS\" port = \"443\" status_code = \"HTTP_301\" } }" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["Protocol", "protocol"];
    for (resource, listener) in facts.all::<Listener>() {
        match &listener.protocol {
            Value::Known(protocol) if protocol == "HTTP" => {
                let forwards = listener.actions.iter().any(|action| action.action_type.holds(false, |kind| kind == "forward") == Some(true));
                let redirects = listener.actions.iter().any(|action| action.action_type == Value::Known("redirect".to_owned()) && action.redirect_protocol.holds(false, |protocol| protocol == "HTTPS") != Some(false));
                let is_unclear = listener.actions.is_empty() || listener.actions.iter().any(|action| action.action_type.is_unknown());
                tally.holds(if redirects { Some(true) } else if is_unclear && !forwards { None } else { Some(false) }, resource, settings, notes("HTTP leads to HTTPS", "it answers plain HTTP", "what it does with plain HTTP cannot be told"));
            }
            Value::Known(protocol) => tally.good(Seen::resource(resource, settings, format!("it speaks {protocol}"))),
            Value::Unknown(why) => tally.unclear(Seen::resource(resource, settings, format!("its protocol cannot be told: {why}"))),
            Value::Absent => {}
        }
    }
    tally.close(|| if facts.has::<LoadBalancer>() { facts.none_of("a listener of the load balancer") } else { facts.not_needed("no load balancer is declared") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::balancing::Action;

    #[test]
    fn plain_http_may_only_redirect() {
        let listener = |action_type: Value<String>| {
            let action = Action { action_type, redirect_protocol: text("HTTPS"), ..Action::default() };
            world().with("l", Listener { protocol: text("HTTP"), actions: vec![action], ..Listener::default() })
        };
        passes(&RULE, listener(text("redirect")));
        fails(&RULE, listener(text("forward")));
        is_unknown(&RULE, listener(unclear()));
        fails(&RULE, world().with("lb", LoadBalancer::default()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
