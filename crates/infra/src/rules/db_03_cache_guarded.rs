//! DB-03: connections to the cache are encrypted and need a password.

use super::prelude::*;
use crate::inventory::data::{Cache, ServerlessCache};

pub(super) static RULE: Rule = Rule {
    id: "DB-03",
    title: "Connections to the cache are encrypted and need a password",
    section: Section::Data,
    area: Area::Caching,
    document_line: None,
    severity: Severity::Medium,
    effort: Effort::Hours,
    refs: Refs {
        prowler: &["elasticache_redis_cluster_in_transit_encryption_enabled", "elasticache_redis_replication_group_auth_enabled"],
        checkov: &["CKV_AWS_30", "CKV_AWS_31", "CKV2_AWS_50"],
        fsbp: &["ElastiCache.5", "ElastiCache.6"],
        cdk_nag: &["AEC6"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy { what: "Make it a replication group with encryption in transit and a user group or token", cloudformation: "TransitEncryptionEnabled: true with UserGroupIds or AuthToken", terraform: "transit_encryption_enabled = true with user_group_ids or auth_token" },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    let settings = &["TransitEncryptionEnabled", "transit_encryption_enabled"];
    for (resource, cache) in facts.all::<Cache>() {
        let is_encrypted = cache.encrypted_in_transit.holds(false, |on| *on);
        let has_password = if cache.engine == Value::Known("memcached".to_owned()) { Some(true) } else { cache.authenticated.holds(false, |on| *on) };
        match (is_encrypted, has_password) {
            (Some(false), _) => tally.bad(Seen::resource(resource, settings, "its connections are not encrypted")),
            (_, Some(false)) => tally.bad(Seen::resource(resource, &["UserGroupIds", "user_group_ids", "AuthToken", "auth_token"], "whoever reaches it needs no password")),
            (Some(true), Some(true)) => tally.good(Seen::resource(resource, settings, "its connections are encrypted and guarded")),
            (None, _) => tally.unclear(Seen::resource(resource, settings, untold("whether its connections are encrypted", &cache.encrypted_in_transit))),
            (_, None) => tally.unclear(Seen::resource(resource, settings, untold("whether it asks for a password", &cache.authenticated))),
        }
    }
    for (resource, _) in facts.all::<ServerlessCache>() {
        tally.good(Seen::resource(resource, &[], "a serverless cache encrypts its connections"));
    }
    tally.close(|| facts.not_needed("no cache is declared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_and_a_password_are_both_needed() {
        let cache = |encrypted_in_transit, authenticated| world().with("c", Cache { encrypted_in_transit, authenticated, ..Cache::default() });
        passes(&RULE, cache(true.into(), true.into()));
        fails(&RULE, cache(true.into(), Value::Absent));
        fails(&RULE, cache(Value::Absent, true.into()));
        is_unknown(&RULE, cache(unclear(), true.into()));
        does_not_apply(&RULE, world().with("vm", crate::inventory::compute::Instance::default()));
    }
}
