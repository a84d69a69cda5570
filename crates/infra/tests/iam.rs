//! Policies from the configuration: sufficient, no wider than needed, told apart by what they allow.

use infra::iam::{
    Account, Cause, Context, Decision, Generated, Need, Policy, Principal, Statement, check, cloudformation, diff, evaluate, generate, note_of_json,
    terraform,
};
use proptest::prelude::*;

const ENTRY: &str = "model = \"bedrock/us.anthropic.claude-haiku-5-5\"";
const PROFILE: &str = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-5-5";

const PRINCIPAL: &str = "arn:aws:iam::111122223333:user/ann";

fn account() -> Account {
    Account::Known("123456789012".to_owned())
}

fn need() -> Need {
    Need::model(ENTRY, "bedrock/us.anthropic.claude-haiku-5-5", "us-east-1", &account()).unwrap()
}

fn generated(principal: Principal) -> Generated {
    generate(&[need()], principal, &account())
}

fn model(region: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/anthropic.claude-haiku-5-5")
}

/// What is known of a request: it carries these, and no word of a second factor unless it is among them.
fn context(pairs: &[(&str, &str)]) -> Context {
    let without = ("aws:MultiFactorAuthPresent".to_owned(), Vec::new());
    std::iter::once(without).chain(pairs.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))).collect()
}

#[test]
fn the_policy_allows_the_profile_and_its_models_and_nothing_else() {
    let policy = generated(Principal::EcsTask).policy;
    let says = |action: &str, resource: &str| evaluate(&policy, action, resource, &Context::new()).is_allowed();
    for resource in [PROFILE.to_owned(), model("us-east-1"), model("us-east-2"), model("us-west-2")] {
        assert!(says("bedrock:InvokeModel", &resource) && says("bedrock:InvokeModelWithResponseStream", &resource), "{resource}");
    }
    assert!(!says("bedrock:InvokeModel", &model("eu-west-1")));
    assert!(!says("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-5-5"));
    assert!(!says("bedrock:CreateModelCustomizationJob", PROFILE));
    let mut whole_only = policy.clone();
    whole_only.statements[0].actions.retain(|action| action == "bedrock:InvokeModel");
    assert!(!evaluate(&whole_only, "bedrock:InvokeModelWithResponseStream", PROFILE, &Context::new()).is_allowed());
}

#[test]
fn the_document_names_the_entry_that_needs_each_statement() {
    let generated = generate(&[need(), need()], Principal::Lambda, &account());
    assert_eq!(generated.entries[0], ("ModelBedrockUsAnthropicClaudeHaiku55".to_owned(), ENTRY.to_owned()));
    assert_eq!(generated.policy.statements[1].sid, "ModelBedrockUsAnthropicClaudeHaiku552");
    let json: serde_json::Value = serde_json::from_str(&generated.policy.to_json()).unwrap();
    assert_eq!(json["Version"], "2012-10-17");
    assert_eq!(json["Statement"][0]["Resource"][0], PROFILE);
}

#[test]
fn each_principal_has_its_trust() {
    for (word, service) in [
        ("ec2", "ec2.amazonaws.com"),
        ("beanstalk", "ec2.amazonaws.com"),
        ("ecs-task", "ecs-tasks.amazonaws.com"),
        ("lambda", "lambda.amazonaws.com"),
    ] {
        let trust = generated(Principal::parse(word).unwrap()).trust.unwrap();
        assert_eq!(trust.statements[0].principals["Service"], [service]);
        assert_eq!(trust.statements[0].actions, ["sts:AssumeRole"]);
    }
    assert_eq!(generated(Principal::User).trust, None);
    assert_eq!(Principal::parse("root"), None);
}

#[test]
fn the_users_second_factor_guards_sessions_and_not_the_program() {
    let user = generated(Principal::User);
    let asks = |action: &str, resource: &str, pairs: &[(&str, &str)]| evaluate(&user.policy, action, resource, &context(pairs));
    let own = "arn:aws:iam::123456789012:user/ann";
    let (without, with) = (("aws:MultiFactorAuthPresent", "false"), ("aws:MultiFactorAuthPresent", "true"));
    let ann = ("aws:username", "ann");
    // A call signed with the access key carries no word of a second factor.
    assert!(asks("bedrock:InvokeModel", PROFILE, &[ann]).is_allowed());
    assert_eq!(asks("bedrock:InvokeModel", PROFILE, &[ann, without]), Decision::Denied("DenySessionsWithoutMfa".to_owned()));
    assert!(asks("bedrock:InvokeModel", PROFILE, &[ann, with]).is_allowed());
    // A stolen key cannot make another, a session with the second factor can, and only for itself.
    assert!(!asks("iam:CreateAccessKey", own, &[ann]).is_allowed());
    assert!(asks("iam:CreateAccessKey", own, &[ann, with]).is_allowed());
    assert!(!asks("iam:CreateAccessKey", "arn:aws:iam::123456789012:user/bob", &[ann, with]).is_allowed());
    assert!(user.notes.iter().any(|note| note.contains("90 days")) && user.notes.iter().any(|note| note.contains("role is better")));
    // With IfExists alone the program's own calls would be refused.
    let mut broken = user.policy.clone();
    broken.statements[1].conditions.remove("Null").unwrap();
    assert!(!evaluate(&broken, "bedrock:InvokeModel", PROFILE, &context(&[ann])).is_allowed());
}

#[test]
fn an_unknown_account_is_said_in_each_language() {
    let need = Need::model(ENTRY, "us.anthropic.claude-haiku-5-5", "us-east-1", &Account::Unknown).unwrap();
    for principal in Principal::ALL.map(|(_, principal)| principal) {
        let generated = generate(std::slice::from_ref(&need), principal, &Account::Unknown);
        assert!(generated.policy.to_json().contains("us-east-1:*:inference-profile"));
        let template = cloudformation(&generated);
        assert!(
            template.contains("!Sub \"arn:aws:bedrock:us-east-1:${AWS::AccountId}:inference-profile/us.anthropic.claude-haiku-5-5\""),
            "{template}"
        );
        let hcl = terraform(&generated);
        assert!(
            hcl.contains(":${data.aws_caller_identity.current.account_id}:inference-profile/") && hcl.contains("data \"aws_caller_identity\""),
            "{hcl}"
        );
        if principal == Principal::User {
            assert!(template.contains("user/${!aws:username}") && hcl.contains("user/&{aws:username}"), "{template}{hcl}");
            assert!(template.contains("\"Null\":"), "a bare Null is nothing in YAML, and the condition would be lost: {template}");
        }
    }
    let generated_for = |account: &Account| {
        let need = Need::model(ENTRY, "us.anthropic.claude-haiku-5-5", "us-east-1", account).unwrap();
        note_of_json(&generate(&[need], Principal::Ec2, account)).is_some()
    };
    assert_eq!((generated_for(&Account::Unknown), generated_for(&account())), (true, false));
    let known = generated(Principal::EcsTask).policy;
    assert!(diff(&known, &[need]).equal, "any account will do for who does not know theirs");
}

fn compare(text: &str) -> infra::iam::Diff {
    diff(&Policy::parse(text).unwrap(), &[need()])
}

#[test]
fn a_policy_is_compared_by_what_it_allows() {
    for (_, principal) in Principal::ALL {
        assert!(diff(&generated(principal).policy, &[need()]).equal);
    }
    // Split, reordered, in another case, with a wildcard that stands for the two actions and no other.
    let split = format!(
        r#"{{"Statement": [
        {{"Effect": "Allow", "Action": "BEDROCK:invokemodel*", "Resource": ["{}", "{}"]}},
        {{"Effect": "Allow", "Action": ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"], "Resource": "{}"}},
        {{"Effect": "Allow", "Action": ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"], "Resource": "{PROFILE}"}}]}}"#,
        model("us-west-2"),
        model("us-east-2"),
        model("us-east-1"),
    );
    assert_eq!(compare(&split), infra::iam::Diff { equal: true, missing: vec![], excessive: vec![] });
    // AWS's own example ties the models to the profile.
    let tied = format!(
        r#"{{"Statement": [{{"Effect": "Allow", "Action": "bedrock:InvokeModel*", "Resource": "{PROFILE}"}},
        {{"Effect": "Allow", "Action": "bedrock:InvokeModel*", "Resource": ["{}", "{}", "{}"],
          "Condition": {{"StringLike": {{"bedrock:InferenceProfileArn": "{PROFILE}"}}}}}}]}}"#,
        model("us-east-1"),
        model("us-east-2"),
        model("us-west-2"),
    );
    assert!(compare(&tied).equal);
}

#[test]
fn what_is_missing_and_what_is_too_much_is_named() {
    // The founding document's own policy, for today's default model.
    let founding = compare(
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
        "Resource": ["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"]}]}"#,
    );
    assert_eq!((founding.missing.len(), founding.excessive.len()), (8, 2));
    assert_eq!((founding.missing[0].entry.as_str(), founding.missing[0].resource.as_str()), (ENTRY, PROFILE));
    assert_eq!(founding.excessive[0].why, "nothing in the orchestrator's configuration needs this resource");
    let wide = compare(r#"{"Statement": {"Sid": "Wide", "Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}}"#);
    assert_eq!((wide.missing.len(), wide.excessive.len(), wide.excessive[0].statement.as_str()), (0, 1, "Wide"));
    let needed = "of all that it allows only bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream are needed";
    assert_eq!(wide.excessive[0].why, needed);
    let invoke = compare(r#"{"Statement": {"Effect": "Allow", "Action": "bedrock:Invoke*", "Resource": "*"}}"#);
    assert!(invoke.excessive[0].why.contains("it also allows bedrock:InvokeAgent"));
    let regions = compare(
        r#"{"Statement": {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5"}}"#,
    );
    assert_eq!(regions.excessive[0].why, "the resource is wider than any need");
    let others = compare(
        r#"{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, {"Effect": "Deny", "Action": "bedrock:*", "Resource": "*"}]}"#,
    );
    assert_eq!((others.missing.len(), others.excessive.len()), (8, 1));
    assert!(others.missing[0].why.contains("denied by statement 2"));
    let unknown = compare(
        r#"{"Statement": {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}}"#,
    );
    assert!(unknown.missing[0].why.contains("cannot be told") && unknown.missing[0].is_unclear);
}

#[test]
fn a_condition_on_what_nobody_knows_of_the_request_is_unclear_and_says_on_what_it_depends() {
    let allow = r#"{"Sid": "Models", "Effect": "Allow", "Action": "bedrock:InvokeModel*", "Resource": "*"}"#;
    let with = |effect: &str, operator: &str, key: &str| {
        let condition = format!(r#""Condition": {{"{operator}": {{"{key}": "x"}}}}"#);
        let statement = format!(r#"{{"Sid": "Some", "Effect": "{effect}", "Action": "bedrock:*", "Resource": "*", {condition}}}"#);
        let others = if effect == "Deny" { format!("{allow}, ") } else { String::new() };
        compare(&format!(r#"{{"Statement": [{others}{statement}]}}"#))
    };
    for (effect, operator, key) in [
        ("Deny", "StringNotEquals", "aws:SourceVpce"),
        ("Allow", "StringEquals", "aws:SourceVpce"),
        ("Deny", "StringEquals", "aws:PrincipalAccount"),
        ("Allow", "Null", "aws:SourceVpce"),
    ] {
        let diff = with(effect, operator, key);
        assert_eq!(diff.missing.len(), 8, "{effect} {operator}");
        assert!(
            diff.missing.iter().all(|missing| missing.is_unclear && missing.why.ends_with(&format!("depends on {key}"))),
            "{:?}",
            diff.missing[0]
        );
    }
    // What a call of the program surely lacks is known: the second factor.
    assert!(with("Deny", "StringEquals", "aws:MultiFactorAuthPresent").missing.is_empty());
}

#[test]
fn the_account_is_that_of_the_profiles_and_a_long_list_is_cut() {
    let guarded = generated(Principal::EcsTask).policy.to_json().replacen(
        "\"Statement\": [",
        r#""Statement": [{"Effect": "Allow", "Action": "bedrock:ApplyGuardrail", "Resource": "arn:aws:bedrock:us-east-1:999999999999:guardrail/g"},"#,
        1,
    );
    let need = Need::model(ENTRY, "us.anthropic.claude-haiku-5-5", "us-east-1", &Account::Unknown).unwrap();
    assert_eq!(diff(&Policy::parse(&guarded).unwrap(), &[need]).missing, []);
    let many = |start: &str| (0..1_000).map(|n| format!("{start}{n}")).collect::<Vec<_>>();
    let statement = Statement { actions: many("s3:Action"), resources: many("arn:aws:s3:::b"), ..Statement::default() };
    let found = diff(&Policy { statements: vec![statement.clone(), statement] }, &[self::need()]);
    assert_eq!(found.excessive.len(), 1_001);
    assert_eq!(found.excessive[1_000].why, "this and more, which is not listed");
}

#[test]
fn refusals_are_explained() {
    let who = "arn:aws:sts::123456789012:assumed-role/orchestrator/task";
    let refused = |resource: &str, why: &str| {
        format!(
            "An error occurred (AccessDeniedException) when calling the Converse operation: User: {who} is not authorized to perform: bedrock:InvokeModel on resource: {resource} {why}"
        )
    };
    let explain = |message: &str| check(message, None, &[need()]).unwrap();
    let missing = explain(&refused(&model("us-west-2"), "because no identity-based policy allows the bedrock:InvokeModel action"));
    assert_eq!((missing.cause, missing.principal.as_str(), missing.entry.as_deref()), (Cause::NoIdentityPolicy, who, Some(ENTRY)));
    assert_eq!(missing.statement.unwrap().resources.len(), 4);
    assert!(missing.explanation.contains("in every region"));
    for (why, cause, has_statement) in [
        ("with an explicit deny in a service control policy", Cause::ExplicitDeny, false),
        ("with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/x", Cause::ExplicitDeny, false),
        ("because no permissions boundary allows the bedrock:InvokeModel action", Cause::NoBoundary, true),
        ("because no service control policy allows the bedrock:InvokeModel action", Cause::NoServiceControlPolicy, false),
        ("because no session policy allows the bedrock:InvokeModel action", Cause::NoSessionPolicy, true),
        ("because no VPC endpoint policy allows the bedrock:InvokeModel action", Cause::NoEndpointPolicy, true),
        ("because no resource-based policy allows the bedrock:InvokeModel action", Cause::NoResourcePolicy, true),
        ("", Cause::NotSaid, true),
    ] {
        let explanation = explain(&refused(PROFILE, why));
        assert_eq!((explanation.cause, explanation.statement.is_some()), (cause, has_statement), "{why}");
    }
    let organisation = explain(&refused(PROFILE, "with an explicit deny in a service control policy"));
    assert!(organisation.explanation.contains("management account"));
    let foreign = explain(
        "User: arn:aws:iam::1:user/a is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action",
    );
    assert_eq!((foreign.entry, foreign.statement.unwrap().resources), (None, vec!["arn:aws:s3:::b/k".to_owned()]));
    let attached = check(&refused(PROFILE, ""), Some(&generated(Principal::Ec2).policy), &[need()]).unwrap();
    assert!(attached.explanation.contains("not attached"));
    assert_eq!(explain("You don't have access to the model with the specified model ID.").cause, Cause::ModelAccess);
    for message in [
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions \
         (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
        "Model access is denied due to User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: aws-marketplace:ViewSubscriptions on resource: *",
    ] {
        let subscription = explain(message);
        assert_eq!((subscription.cause, subscription.statement.unwrap().actions.len()), (Cause::NoSubscription, 3));
    }
    assert_eq!(check("connection reset by peer", None, &[need()]), None);
}

#[test]
fn the_advice_fits_the_policy_that_refused() {
    let refused = |why: &str| {
        let message = format!("User: {PRINCIPAL} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k {why}");
        check(&message, None, &[]).unwrap()
    };
    let endpoint = refused("because no VPC endpoint policy allows the s3:GetObject action");
    assert_eq!(endpoint.advice, "If it is wanted, add this statement to the endpoint's policy");
    assert_eq!(endpoint.statement.unwrap().principals["AWS"], [PRINCIPAL]);
    let identity = refused("because no identity-based policy allows the s3:GetObject action");
    assert!(identity.advice.contains("attach this policy") && identity.statement.unwrap().principals.is_empty());
    assert!(!identity.explanation.contains("configuration"), "nothing is known of one: {}", identity.explanation);
    for (why, said) in [
        ("because no role trust policy allows the sts:AssumeRole action", "The trust policy of the role does not let"),
        ("with an explicit deny in the role trust policy", "denied by a statement in the trust policy of the role"),
    ] {
        let message = format!("User: {PRINCIPAL} is not authorized to perform: sts:AssumeRole {why}");
        let explained = check(&message, None, &[need()]).unwrap();
        assert!(explained.explanation.contains(said), "{}", explained.explanation);
        assert_eq!((explained.statement, explained.advice.as_str()), (None, ""));
    }
    let unsaid = check(&format!("User: {PRINCIPAL} is not authorized to perform: s3:GetObject"), None, &[need()]).unwrap();
    assert_eq!(unsaid.statement, None, "the whole of S3 is not what was refused");
}

#[test]
fn the_users_own_key_is_of_the_partition_that_the_models_are_of() {
    let need = Need::model("model", "us-gov.anthropic.claude-haiku-5-5", "us-gov-west-1", &account()).unwrap();
    let policy = generate(&[need], Principal::User, &account()).policy;
    assert_eq!(policy.statements[2].resources, ["arn:aws-us-gov:iam::123456789012:user/${aws:username}"]);
}

fn statement() -> impl Strategy<Value = Statement> {
    let action = prop::sample::select(vec!["s3:Get*", "s3:GetObject", "s3:PutObject", "*", "S3:getobject"]);
    let resource = prop::sample::select(vec!["*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/k", "arn:aws:s3:::?/k"]);
    let condition = prop::sample::select(vec!["", "true", "false"]);
    (any::<bool>(), action, resource, condition).prop_map(|(denies, action, resource, mfa)| {
        let mut statement = Statement { actions: vec![action.to_owned()], resources: vec![resource.to_owned()], ..Statement::default() };
        if denies {
            statement.effect = infra::iam::Effect::Deny;
        }
        if !mfa.is_empty() {
            statement.conditions.entry("Bool".to_owned()).or_default().insert("aws:MultiFactorAuthPresent".to_owned(), vec![mfa.to_owned()]);
        }
        statement
    })
}

proptest! {
    #[test]
    fn order_and_splitting_do_not_matter(statements in prop::collection::vec(statement(), 0..6), present in any::<Option<bool>>()) {
        let present = present.map(|present| present.to_string()).into_iter().collect();
        let context = Context::from([("aws:MultiFactorAuthPresent".to_owned(), present)]);
        let policy = Policy { statements: statements.clone() };
        let decision = evaluate(&policy, "s3:GetObject", "arn:aws:s3:::a/k", &context);
        let reversed = Policy { statements: statements.iter().rev().cloned().collect() };
        prop_assert_eq!(decision.is_allowed(), evaluate(&reversed, "S3:GETOBJECT", "arn:aws:s3:::a/k", &context).is_allowed());
        prop_assert_eq!(&Policy::parse(&policy.to_json()).unwrap(), &policy);
        // A deny added never opens, an allow added never closes what no deny closes.
        let mut closed = policy.clone();
        closed.statements.push(Statement { effect: infra::iam::Effect::Deny, actions: vec!["*".to_owned()], resources: vec!["*".to_owned()], ..Statement::default() });
        prop_assert!(!evaluate(&closed, "s3:GetObject", "arn:aws:s3:::a/k", &context).is_allowed());
        let mut open = policy.clone();
        open.statements.push(Statement { actions: vec!["*".to_owned()], resources: vec!["*".to_owned()], ..Statement::default() });
        let is_open = evaluate(&open, "s3:GetObject", "arn:aws:s3:::a/k", &context).is_allowed();
        prop_assert_eq!(is_open, !matches!(decision, Decision::Denied(_)));
    }

    #[test]
    fn a_pattern_made_from_a_text_matches_it(text in "[a-z:/]{0,12}", hidden in prop::collection::vec(0_usize..12, 0..4)) {
        let pattern: String = text.chars().enumerate().map(|(index, c)| if hidden.contains(&index) { '?' } else { c }).collect();
        let says = |pattern: &str| {
            let statement = Statement { actions: vec!["a:b".to_owned()], resources: vec![pattern.to_owned()], ..Statement::default() };
            evaluate(&Policy { statements: vec![statement] }, "a:b", &text, &Context::new()).is_allowed()
        };
        prop_assert!(text.is_empty() || text.matches(':').count() >= 5 || says(&pattern));
        prop_assert!(text.is_empty() || says("*"));
        let longer = format!("{text}x");
        prop_assert!(!says(&longer));
    }

    #[test]
    fn no_text_breaks_the_readers(text in ".{0,200}") {
        let _ = Policy::parse(&text);
        let _ = check(&text, None, &[need()]);
        let _ = Need::model("x", &text, "us-east-1", &Account::Unknown);
    }
}
