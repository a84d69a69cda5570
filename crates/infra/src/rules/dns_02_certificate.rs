//! DNS-02: a certificate is issued for the name.

use super::machines::machines;
use super::prelude::*;
use crate::inventory::balancing::{Listener, LoadBalancer};
use crate::inventory::names::Certificate;

pub(super) static RULE: Rule = Rule {
    id: "DNS-02",
    title: "An ACM certificate is issued",
    section: Section::Common,
    area: Area::Certificate,
    document_line: Some("ACM certificate issued"),
    severity: Severity::High,
    effort: Effort::Hours,
    refs: Refs { prowler: &["acm_certificates_expiration_check"], checkov: &["CKV_AWS_233", "CKV2_AWS_71"], fsbp: &["ACM.1*"], cdk_nag: &[] },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Declare a certificate with DNS validation; ACM renews it by itself, and it is free", cloudformation: "AWS::CertificateManager::Certificate with ValidationMethod: DNS", terraform: "aws_acm_certificate with validation_method = \"DNS\"" },
    patch: None,
    judge,
};

const ON_MACHINE: Remedy = Remedy {
    what: "Let the machine get a certificate from Let's Encrypt, with certbot or Caddy in its user data, or put a load balancer with a certificate of ACM before it",
    cloudformation: "",
    terraform: "",
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, certificate) in facts.all::<Certificate>() {
        let name = certificate.domain.known().map_or("a name".to_owned(), Clone::clone);
        tally.good(Seen::resource(resource, &["DomainName", "domain_name"], format!("it is for {name}")));
    }
    for (resource, listener) in facts.all::<Listener>() {
        for certificate in &listener.certificates {
            match certificate {
                Value::Known(Link::Outside(_)) => tally.good(Seen::resource(resource, &["Certificates", "certificate_arn"], "its certificate is declared elsewhere")),
                Value::Unknown(why) => tally.unclear(Seen::resource(resource, &["Certificates", "certificate_arn"], format!("its certificate cannot be told: {why}"))),
                _ => {}
            }
        }
    }
    let issues_itself = |script: &str| ["certbot", "letsencrypt", "lego ", "caddy"].iter().any(|word| script.contains(word));
    let other = machines(facts.inventory).into_iter().find(|(_, machine)| machine.user_data.known().is_some_and(|script| issues_itself(script)));
    let judgement = tally.close(|| match (other, facts.of_aws_domain()) {
        (Some((resource, _)), _) => Judgement::not_applicable(format!("{} gets its certificate from Let's Encrypt", resource.id)),
        // A name of AWS's own has AWS's certificate; whether the project wants one of its own is a question, not a fault.
        (None, Some(id)) => Judgement::not_applicable(format!("{id} answers under a name of AWS's, which has a certificate; a name of your own would need one")),
        (None, None) if facts.has_compute() || facts.has_front() => facts.none_of("an ACM certificate"),
        (None, None) => facts.not_needed("nothing declared here answers requests"),
    });
    // ACM keeps the key of its free certificates, so that a machine cannot have one.
    let is_bare = facts.architecture.recognised == Some(Deployment::Ec2) && !facts.has::<LoadBalancer>();
    if is_bare { facts.advised(judgement, &ON_MACHINE) } else { judgement }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::api::Api;
    use crate::inventory::compute::{Function, Instance};

    #[test]
    fn a_certificate_is_declared_here_or_elsewhere() {
        let listener = |certificate| world().with("l", Listener { certificates: vec![certificate], ..Listener::default() });
        passes(&RULE, world().with("c", Certificate::default()));
        passes(&RULE, listener(outside("arn:aws:acm:us-east-1:123456789012:certificate/1")));
        is_unknown(&RULE, listener(unclear()));
        fails(&RULE, world().with("vm", Instance::default()));
        does_not_apply(&RULE, world().with("fn", Function::default()).with("api", Api::default()));
        fails(&RULE, world().with("api", Api::default()).with("lb", LoadBalancer::default()));
        does_not_apply(&RULE, world().with("vm", Instance { user_data: text("certbot --nginx"), ..Instance::default() }));
    }
}
