//! Model tokens on the bill: which model, which tier, what stands beside it.

use super::*;
use infra::inventory::compute::{Container, Function};
use infra::inventory::identity::{Document, Policy, Role, Statement};
use std::collections::BTreeMap;

/// A thousand calls a day of 1,500 tokens in and 400 out.
const CALLS: &str = "tasks=30000,steps=1,tokens_in=1500,tokens_out=400,log_gb=0,egress_gb=0";

fn tokens(inventory: &Inventory, load: &str) -> String {
    let bill = bill(inventory, load);
    assert!(bill.complete, "{:?}", bill.unpriced);
    bill.lines.iter().filter(|line| line.unit == "million tokens").map(|line| line.monthly_usd).sum::<infra::cost::Usd>().to_string()
}

fn policy(resources: &[&str]) -> Inventory {
    allowing(&["bedrock:InvokeModel"], resources)
}

fn allowing(actions: &[&str], resources: &[&str]) -> Inventory {
    let statement = Statement {
        effect: known("Allow"),
        actions: actions.iter().map(|action| known(action)).collect(),
        resources: resources.iter().map(|arn| Value::Known(Link::Outside((*arn).to_owned()))).collect(),
        ..Statement::default()
    };
    let document = Value::Known(Document { statements: vec![statement] });
    inventory(vec![("policy", Policy { document, ..Policy::default() }.into())])
}

#[test]
fn a_thousand_calls_a_day_cost_what_the_public_prices_say() {
    for (model, expected) in [
        ("anthropic.claude-3-haiku-20240307-v1:0", "26.25"),
        ("global.anthropic.claude-haiku-5-5", "10.50"),
        ("us.anthropic.claude-haiku-5-5", "11.55"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "105.00"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "115.50"),
    ] {
        assert_eq!(tokens(&Inventory::default(), &format!("{CALLS},model={model}")), expected, "{model}");
    }
}

#[test]
fn large_requests_cost_the_rate_of_their_tier() {
    let load = |tokens: u64| format!("tasks=1000,steps=1,tokens_in={tokens},tokens_out=0,model=global.anthropic.claude-haiku-5-5");
    assert_eq!(tokens(&Inventory::default(), &load(100_000)), "10.00");
    assert_eq!(tokens(&Inventory::default(), &load(100_001)), "50.00");
}

#[test]
fn what_the_prompt_cache_serves_costs_less_and_the_rest_is_written_to_it() {
    let load = "tasks=1000,steps=1,tokens_in=10000,tokens_out=0,model=global.anthropic.claude-haiku-5-5";
    assert_eq!(tokens(&Inventory::default(), load), "1.00");
    // 8 M × 0.01 + 2 M × 0.125
    assert_eq!(tokens(&Inventory::default(), &format!("{load},hit_rate=0.8")), "0.33");
}

#[test]
fn the_model_is_the_one_that_a_setting_or_else_a_policy_names() {
    let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-5-5";
    let by_policy = policy(&[profile, "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5"]);
    assert_eq!(tokens(&by_policy, CALLS), "11.55");
    let environment = BTreeMap::from([
        ("BEDROCK_MODEL_ID".to_owned(), known("anthropic.claude-3-haiku-20240307-v1:0")),
        ("HOST".to_owned(), known("api.example.com")),
    ]);
    let mut by_setting = by_policy;
    let definition = TaskDefinition { containers: vec![Container { environment, ..Container::default() }], ..TaskDefinition::default() };
    by_setting.resources.extend(inventory(vec![("task", definition.into())]).resources);
    assert_eq!(tokens(&by_setting, CALLS), "26.25");
}

#[test]
fn a_policy_that_allows_any_model_leaves_the_tokens_unpriced_however_it_says_so() {
    let why = "model tokens: a policy allows any model, and none is configured; say which with --load model=…, or steps=0 when none is called";
    let statement = Statement {
        effect: known("Allow"),
        not_actions: vec![known("iam:*")],
        resources: vec![Value::Known(Link::Outside("*".to_owned()))],
        ..Statement::default()
    };
    let all_but = Policy { document: Value::Known(Document { statements: vec![statement] }), ..Policy::default() };
    let attached = vec![Value::Known(Link::Outside("arn:aws:iam::aws:policy/AmazonBedrockFullAccess".to_owned()))];
    let mut unknown = policy(&["*"]);
    if let Kind::Policy(policy) = &mut unknown.resources[0].kind
        && let Value::Known(document) = &mut policy.document
    {
        document.statements[0].actions = vec![Value::Unknown("parameter Actions has no default".to_owned())];
    }
    for open in [
        policy(&["*"]),
        allowing(&["bedrock:*"], &["*"]),
        allowing(&["*"], &["*"]),
        allowing(&["bedrock:Inv*"], &["arn:aws:bedrock:*::foundation-model/*"]),
        inventory(vec![("policy", all_but.into())]),
        inventory(vec![("role", Role { attached, ..Role::default() }.into())]),
        unknown,
    ] {
        let whys: Vec<String> = bill(&open, CALLS).unpriced.into_iter().map(|entry| entry.why).collect();
        assert_eq!(whys, [why]);
    }
    for closed in [
        allowing(&["*"], &["arn:aws:s3:::bucket/*"]),
        allowing(&["bedrock:*"], &["arn:aws:bedrock:us-east-1:111122223333:guardrail/g"]),
        allowing(&["bedrock:ListFoundationModels"], &["*"]),
    ] {
        assert!(bill(&closed, "tasks=1").complete);
    }
}

#[test]
fn a_model_beside_a_profile_counts_and_a_host_is_none() {
    let profile = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-5-5";
    let behind = "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5";
    let dearer = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0";
    assert_eq!(tokens(&policy(&[profile, behind, dearer]), CALLS), "315.00");
    let mut with_host = policy(&["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"]);
    let environment =
        BTreeMap::from([("OPENAI_HOST".to_owned(), known("api.openai.com")), ("DB_PASSWORD".to_owned(), known("writer.s3cr3t-P4ss:word"))]);
    with_host.resources.extend(inventory(vec![("function", Function { environment, ..Function::default() }.into())]).resources);
    let bill = bill(&with_host, CALLS);
    assert!(bill.complete && bill.lines.iter().any(|line| line.item.starts_with("amazon.nova-pro-v1:0")), "{:?}", bill.unpriced);
    assert!(!infra::cost::text(&bill).contains("s3cr3t"));
}

#[test]
fn profiles_are_of_the_region_and_the_global_one_saves_its_surcharge() {
    let saves = |model: &str| {
        let bill = bill(&Inventory::default(), &format!("{CALLS},model={model}"));
        bill.halving.levers.iter().find(|lever| lever.change.contains("global.")).map(|lever| lever.saves_usd.to_string())
    };
    assert_eq!(saves("jp.anthropic.claude-haiku-5-5").as_deref(), Some("1.05"));
    assert_eq!(saves("anthropic.claude-haiku-5-5").as_deref(), Some("1.05"));
    assert_eq!(saves("amazon.nova-pro-v1:0"), None);
    let prices = AwsPrices::built_in().in_region("eu-central-1", Elsewhere::AsUsEast1).unwrap();
    let load = Load::parse(&format!("{CALLS},model=eu.anthropic.claude-haiku-4-5-20251001-v1:0")).unwrap();
    let models = cost(&Inventory::default(), &load, &prices, &models()).models;
    assert!(models.iter().any(|model| model.model == "eu.anthropic.claude-haiku-5-5"));
    assert!(models.iter().all(|model| !model.model.starts_with("us.")));
}

#[test]
fn successors_come_first_and_what_is_on_its_way_out_is_no_alternative() {
    let bill = bill(&Inventory::default(), &format!("{CALLS},model=us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    let successors: Vec<&str> = bill.models.iter().take_while(|model| model.is_successor).map(|model| model.model.as_str()).collect();
    assert_eq!(successors, ["global.anthropic.claude-sonnet-5-5", "us.anthropic.claude-sonnet-5-5"]);
    assert!(bill.models.iter().all(|model| !model.model.contains("claude-sonnet-4-20250514") && !model.model.contains("claude-3-5")));
    let printed = infra::cost::text(&bill);
    assert!(printed.contains("us.anthropic.claude-sonnet-5-5  the named successor") && printed.contains("end of life 2027-04-08"), "{printed}");
}

#[test]
fn a_model_without_a_price_is_said_by_name() {
    let bill = bill(&Inventory::default(), &format!("{CALLS},model=us.anthropic.claude-next"));
    assert!(bill.unpriced[0].why.contains("us.anthropic.claude-next"), "{:?}", bill.unpriced);
}

#[test]
fn nothing_is_charged_for_models_where_nothing_calls_one() {
    let bill = bill(&inventory(vec![("function", Function::default().into())]), "tasks=1000,seconds=1");
    assert!(bill.complete && bill.lines.iter().all(|line| line.unit != "million tokens"));
}

#[test]
fn cheaper_models_and_profiles_that_still_answer_stand_beside_it() {
    let bill = bill(&Inventory::default(), &format!("{CALLS},model=us.anthropic.claude-haiku-5-5"));
    let beside: Vec<&str> = bill.models.iter().take_while(|model| !model.is_used).map(|model| model.model.as_str()).collect();
    assert_eq!(beside, ["amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0", "global.anthropic.claude-haiku-5-5"]);
    assert!(bill.models.iter().all(|model| !model.model.contains("claude-3-haiku") && !model.model.contains("titan")));
}
