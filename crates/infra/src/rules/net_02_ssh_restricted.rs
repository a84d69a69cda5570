//! NET-02: SSH and remote desktop are open to known addresses only.

use super::exposure::{PEERS, RULES_APART, covers, is_from_everywhere};
use super::prelude::*;
use crate::inventory::network::SecurityGroup;

pub(super) static RULE: Rule = Rule {
    id: "NET-02",
    title: "SSH is open to known addresses only",
    section: Section::Network,
    area: Area::Networking,
    document_line: Some("Restrict SSH access to your IP only"),
    severity: Severity::Critical,
    effort: Effort::Minutes,
    refs: Refs {
        prowler: &["ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22"],
        checkov: &["CKV_AWS_24"],
        fsbp: &["EC2.13*"],
        cdk_nag: &["EC23"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Name your own address instead of the whole internet, or close the port and use Session Manager",
        cloudformation: "CidrIp: 203.0.113.4/32",
        terraform: "cidr_blocks = [\"203.0.113.4/32\"]",
    },
    patch: None,
    judge,
};

const PORTS: [(f64, &str); 2] = [(22.0, "SSH (port 22)"), (3389.0, "remote desktop (port 3389)")];

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, group) in facts.all::<SecurityGroup>() {
        let mut is_closed = true;
        for permission in &group.ingress {
            for (port, name) in PORTS {
                let seen = |note: String| Seen::part(resource, permission.line, PEERS, note);
                let from = permission.cidr.known().map_or("a security group", String::as_str);
                match (covers(permission, port), is_from_everywhere(permission)) {
                    (Some(false), _) => continue,
                    (Some(true), Some(true)) => tally.bad(seen(format!("{name} is open to {from}"))),
                    (Some(true), Some(false)) => tally.good(seen(format!("{name} is open to {from} only"))),
                    (None, Some(false)) => continue,
                    (None, Some(true)) => tally.unclear(seen(format!("whether its ports include {name} cannot be told"))),
                    (_, None) => tally.unclear(seen(untold(&format!("who may reach {name}"), &permission.cidr))),
                }
                is_closed = false;
            }
        }
        if is_closed {
            tally.good(Seen::resource(resource, &[], "SSH is closed"));
        }
    }
    facts.apart(RULES_APART, "its group is declared elsewhere, so whom it lets in is not looked into").for_each(|rule| tally.unclear(rule));
    tally.close(|| facts.not_needed("no security group is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::network::Permission;

    fn group(from: f64, to: f64, cidr: Value<String>) -> World {
        let permission = Permission { protocol: text("tcp"), from_port: from.into(), to_port: to.into(), cidr, ..Permission::default() };
        world().with("sg", SecurityGroup { ingress: vec![permission], ..SecurityGroup::default() })
    }

    #[test]
    fn ssh_from_everywhere_fails_even_within_a_range() {
        fails(&RULE, group(22.0, 22.0, text("0.0.0.0/0")));
        fails(&RULE, group(0.0, 65535.0, text("::/0")));
        passes(&RULE, group(22.0, 22.0, text("203.0.113.4/32")));
        passes(&RULE, group(443.0, 443.0, text("0.0.0.0/0")));
    }

    #[test]
    fn an_address_from_outside_the_files_is_unknown() {
        is_unknown(&RULE, group(22.0, 22.0, unclear()));
        is_unknown(&RULE, world().with_apart("aws_security_group_rule"));
        does_not_apply(&RULE, world().with("fn", crate::inventory::compute::Function::default()));
    }
}
