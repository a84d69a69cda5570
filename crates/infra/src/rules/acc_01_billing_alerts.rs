//! ACC-01: somebody hears of it when the bill grows.

use super::prelude::*;
use crate::inventory::observe::{Alarm, Budget, CostAnomaly};

pub(super) static RULE: Rule = Rule {
    id: "ACC-01",
    title: "Somebody hears of it when the bill grows",
    section: Section::Current,
    area: Area::Account,
    document_line: Some("Billing alerts configured"),
    severity: Severity::High,
    effort: Effort::Minutes,
    refs: Refs::NONE,
    decided_from: TEMPLATES,
    remedy: Remedy {
        what: "Declare a monthly budget that writes to you at 80 % and at the forecast; budgets are free",
        cloudformation: "AWS::Budgets::Budget with NotificationsWithSubscribers",
        terraform: "aws_budgets_budget with notification",
    },
    patch: None,
    judge,
};

fn judge(facts: &Facts) -> Judgement {
    let mut tally = Tally::default();
    for (resource, budget) in facts.all::<Budget>() {
        let is_cost = budget.budget_type.holds(true, |kind| kind == "COST");
        match (is_cost, &budget.notifications) {
            (Some(false), _) => {}
            (_, Value::Absent | Value::Known(0.0)) => tally.bad(Seen::resource(resource, &[], "it is a budget that tells nobody")),
            (None, _) => tally.unclear(Seen::resource(resource, &["BudgetType", "budget_type"], untold("whether it is a budget of costs", &budget.budget_type))),
            (Some(true), Value::Unknown(why)) => tally.unclear(Seen::resource(resource, &[], format!("whether somebody hears of it cannot be told: {why}"))),
            (Some(true), Value::Known(n)) => tally.good(Seen::resource(resource, &["BudgetLimit", "limit_amount"], format!("somebody hears of it at {}", count(*n as usize, "threshold")))),
        }
    }
    for (resource, alarm) in facts.all::<Alarm>() {
        if alarm.namespace == Value::Known("AWS/Billing".to_owned()) && !alarm.actions.is_empty() {
            tally.good(Seen::resource(resource, &["Namespace", "namespace"], "it watches the estimated charges"));
        }
    }
    for (resource, _) in facts.all::<CostAnomaly>().filter(|(_, anomaly)| anomaly.notifies) {
        tally.good(Seen::resource(resource, &[], "it tells of unusual costs"));
    }
    tally.close(|| facts.none_of("a budget or billing alarm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_must_tell_somebody() {
        let budget = |notifications| world().with("b", Budget { notifications, ..Budget::default() });
        passes(&RULE, budget(2.0.into()));
        fails(&RULE, budget(Value::Absent));
        is_unknown(&RULE, budget(unclear()));
        fails(&RULE, world().with("vpc", crate::inventory::network::Vpc::default()));
        is_unknown(&RULE, world().with("b", Budget { notifications: 1.0.into(), budget_type: unclear(), ..Budget::default() }));
        is_unknown(&RULE, world());
    }
}
