//! SEC-03: secrets are replaced on a schedule.

use super::prelude::*;
use crate::inventory::secrets::{Rotation, Secret};

pub(super) static RULE: Rule = Rule {
    id: "SEC-03",
    title: "Secrets are rotated at least every 90 days",
    section: Section::Secrets,
    area: Area::Secrets,
    document_line: Some("Rotate secrets regularly"),
    severity: Severity::Medium,
    effort: Effort::Days,
    refs: Refs {
        prowler: &["secretsmanager_automatic_rotation_enabled*", "secretsmanager_secret_rotated_periodically"],
        checkov: &["CKV2_AWS_57", "CKV_AWS_304"],
        fsbp: &["SecretsManager.1*", "SecretsManager.2", "SecretsManager.4"],
        cdk_nag: &["SMG4"],
    },
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Give the secret a rotation schedule of 90 days or less, with the function that makes the new value and tells whoever accepts it",
        cloudformation: "AWS::SecretsManager::RotationSchedule",
        terraform: "aws_secretsmanager_secret_rotation",
    },
    patch: Some(patch),
    judge,
};

/// The founding document's limit for keys.
const DAYS_MAX: f64 = 90.0;

fn patch(_: &Inventory, resource: &Resource) -> Vec<Change> {
    match resource.kind {
        Kind::Rotation(_) => set_inside(("RotationRules", "AutomaticallyAfterDays", "90"), ("rotation_rules", "automatically_after_days", "90")),
        _ => Vec::new(),
    }
}

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, _) in facts.all::<Secret>() {
        let this = Value::Known(Link::To(resource.id.clone()));
        if let Some((at, rotation)) = facts.all::<Rotation>().find(|(_, rotation)| rotation.secret == this) {
            let good = rotation.days.known().map_or("it is rotated".to_owned(), |days| format!("it is rotated every {days} days"));
            let bad = rotation.days.known().map_or(String::new(), |days| format!("{} days pass between its rotations", days));
            // A schedule written as an expression has no count of days; it rotates all the same.
            tally.holds(rotation.days.holds(true, |days| *days <= DAYS_MAX), at, &["AutomaticallyAfterDays", "automatically_after_days"], notes(good, bad, untold("how often it is rotated", &rotation.days)));
        } else if facts.all::<Rotation>().any(|(_, rotation)| rotation.secret.is_unknown()) {
            tally.unclear(Seen::resource(resource, &[], "a rotation is declared for a secret that cannot be told"));
        } else {
            tally.bad(Seen::resource(resource, &[], "nothing rotates it"));
        }
    }
    tally.close(|| facts.not_needed("no secret of Secrets Manager is declared here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_needs_a_rotation_within_90_days() {
        let secret = world().with("s", Secret::default());
        let rotation = |days| Rotation { secret: to("s"), days, ..Rotation::default() };
        passes(&RULE, secret.clone().with("r", rotation(30.0.into())));
        fails(&RULE, secret.clone().with("r", rotation(365.0.into())));
        fails(&RULE, secret.clone());
        is_unknown(&RULE, secret.clone().with("r", rotation(unclear())));
        is_unknown(&RULE, secret.with("r", Rotation { secret: unclear(), ..Rotation::default() }));
        does_not_apply(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
    }
}
