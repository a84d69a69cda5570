//! ALB-02: HTTPS speaks TLS 1.2 or newer.

use super::prelude::*;
use crate::inventory::balancing::Listener;

pub(super) static RULE: Rule = Rule {
    id: "ALB-02",
    title: "HTTPS speaks TLS 1.2 or newer",
    section: Section::Common,
    area: Area::LoadBalancer,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Minutes,
    refs: Refs { prowler: &["elbv2_insecure_ssl_ciphers"], checkov: &["CKV_AWS_103", "CKV2_AWS_74"], fsbp: &[], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Name a policy that begins at TLS 1.2; the one that holds by default accepts older ones", cloudformation: "SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06", terraform: "ssl_policy = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"" },
    patch: Some(|_, _| set(("SslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06"), ("ssl_policy", "\"ELBSecurityPolicy-TLS13-1-2-2021-06\""))),
    judge,
};

/// Policies of a balancer that begin at TLS 1.2 or 1.3 have this in their names: `TLS13-1-2`, `TLS-1-2`, `FS-1-2`.
fn is_modern(policy: &str) -> bool {
    ["-1-2-", "-1-3-", "TLS-1-2", "FS-1-2"].iter().any(|part| policy.contains(part))
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, listener) in facts.all::<Listener>().filter(|(_, listener)| listener.protocol.holds(false, |protocol| protocol == "HTTPS" || protocol == "TLS") == Some(true)) {
        let name = listener.ssl_policy.known().map_or("AWS's default policy", String::as_str);
        let holds = listener.ssl_policy.holds(false, |policy| is_modern(policy));
        tally.holds(holds, resource, &["SslPolicy", "ssl_policy"], notes(format!("{name} begins at TLS 1.2"), format!("{name} accepts TLS before 1.2"), untold("its TLS policy", &listener.ssl_policy)));
    }
    tally.close(|| facts.not_needed("no listener speaks HTTPS here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_begins_at_tls_1_2() {
        let listener = |ssl_policy| world().with("l", Listener { protocol: text("HTTPS"), ssl_policy, ..Listener::default() });
        passes(&RULE, listener(text("ELBSecurityPolicy-TLS13-1-2-2021-06")));
        passes(&RULE, listener(text("ELBSecurityPolicy-TLS-1-2-Ext-2018-06")));
        fails(&RULE, listener(text("ELBSecurityPolicy-2016-08")));
        fails(&RULE, listener(Value::Absent));
        is_unknown(&RULE, listener(unclear()));
        does_not_apply(&RULE, world().with("l", Listener { protocol: text("HTTP"), ..Listener::default() }));
    }
}
