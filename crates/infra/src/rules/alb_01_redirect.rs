//! ALB-01: plain HTTP only leads to HTTPS.

use super::prelude::*;
use crate::inventory::balancing::{Action, Listener, LoadBalancer};

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
        let balancer = facts.inventory.follow::<LoadBalancer>(&listener.balancer);
        // An application balancer's listener without a word speaks HTTP.
        let is_http = match &listener.protocol {
            Value::Absent => balancer.map(|(_, balancer)| balancer.balancer_type.holds(true, |kind| kind == "application") == Some(true)),
            protocol => protocol.holds(true, |protocol| protocol == "HTTP"),
        };
        match (is_http, &listener.protocol) {
            (Some(true), _) => plain_http(&mut tally, resource, listener),
            (Some(false), Value::Known(protocol)) => tally.good(Seen::resource(resource, settings, format!("it speaks {protocol}"))),
            (Some(false), _) => {}
            (None, protocol) => tally.unclear(Seen::resource(resource, settings, untold("its protocol", protocol))),
        }
    }
    tally.close(|| if facts.has::<LoadBalancer>() { facts.none_of("a listener of the load balancer") } else { facts.not_needed("no load balancer is declared") })
}

/// What a listener does with plain HTTP. It may redirect, and nothing else; where it forwards some paths, what is sent there can be read.
fn plain_http(tally: &mut Tally, resource: &Resource, listener: &Listener) {
    let forwarded = listener.actions.iter().find(|action| action.action_type == Value::Known("forward".to_owned()) && !is_proof(action));
    let redirects = listener.actions.iter().any(|action| action.action_type == Value::Known("redirect".to_owned()) && action.redirect_protocol.holds(false, |protocol| protocol == "HTTPS") != Some(false));
    let is_unclear = listener.actions.is_empty() || listener.actions.iter().any(|action| action.action_type.is_unknown());
    let holds = if forwarded.is_some() { Some(false) } else if is_unclear { None } else { Some(redirects) };
    let paths: Vec<&str> = forwarded.iter().flat_map(|action| &action.paths).filter_map(Value::known).map(String::as_str).collect();
    let bad = if paths.is_empty() { "it answers plain HTTP".to_owned() } else { format!("it answers plain HTTP for {}", paths.join(", ")) };
    tally.holds(holds, resource, &["Protocol", "protocol"], notes("HTTP leads to HTTPS", bad, "what it does with plain HTTP cannot be told"));
}

/// Whether only who issues a certificate asks there, over plain HTTP as its rules want it.
fn is_proof(action: &Action) -> bool {
    !action.paths.is_empty() && action.paths.iter().all(|path| path.holds(false, |path| path.starts_with("/.well-known/")) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_may_only_redirect() {
        let listener = |action_type: Value<String>| {
            let action = Action { action_type, redirect_protocol: text("HTTPS"), ..Action::default() };
            world().with("l", Listener { protocol: text("HTTP"), actions: vec![action], ..Listener::default() })
        };
        passes(&RULE, listener(text("redirect")));
        fails(&RULE, listener(text("forward")));
        is_unknown(&RULE, listener(unclear()));
        let unnamed = Listener { balancer: to("lb"), actions: vec![Action { action_type: text("forward"), ..Action::default() }], ..Listener::default() };
        fails(&RULE, world().with("lb", LoadBalancer::default()).with("l", unnamed));
        fails(&RULE, world().with("lb", LoadBalancer::default()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }

    #[test]
    fn a_redirect_of_some_paths_does_not_cover_the_rest() {
        let redirect = |paths: &[&str]| Action { action_type: text("redirect"), redirect_protocol: text("HTTPS"), paths: paths.iter().map(|path| text(path)).collect(), ..Action::default() };
        let forward = |paths: &[&str]| Action { action_type: text("forward"), paths: paths.iter().map(|path| text(path)).collect(), ..Action::default() };
        let listener = |actions| world().with("l", Listener { protocol: text("HTTP"), actions, ..Listener::default() });
        fails(&RULE, listener(vec![forward(&[]), redirect(&["/old"])]));
        fails(&RULE, listener(vec![redirect(&[]), forward(&["/api/*"])]));
        passes(&RULE, listener(vec![redirect(&[]), forward(&["/.well-known/acme-challenge/*"])]));
    }
}
