//! The policy for all needs, and for one kind of principal what belongs to it.

use super::document::{Conditions, Effect, Policy, Statement};
use super::need::{Account, Need};
use std::collections::{BTreeMap, BTreeSet};

/// What a person with a second factor may still do before it has been used: set it up, and see it.
const WITHOUT_MFA: &[&str] = &[
    "iam:ChangePassword",
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetAccountPasswordPolicy",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
];

/// What changing one's own access keys takes.
const ROTATE: &[&str] = &["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:GetAccessKeyLastUsed", "iam:ListAccessKeys", "iam:UpdateAccessKey"];

/// Who is given the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A user with access keys.
    User,
    /// The role of an EC2 instance.
    Ec2,
    /// The role of an ECS task.
    EcsTask,
    /// The role of a Lambda function.
    Lambda,
    /// The role of the instances of an Elastic Beanstalk environment.
    Beanstalk,
}

impl Principal {
    /// All, by the word for each.
    pub const ALL: [(&'static str, Principal); 5] = [
        ("user", Principal::User),
        ("ec2", Principal::Ec2),
        ("ecs-task", Principal::EcsTask),
        ("lambda", Principal::Lambda),
        ("beanstalk", Principal::Beanstalk),
    ];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Principal> {
        Principal::ALL.into_iter().find(|(known, _)| *known == word).map(|(_, principal)| principal)
    }

    /// The service that takes the role. `None`: a user, who is one.
    fn service(self) -> Option<&'static str> {
        match self {
            Principal::User => None,
            // Beanstalk's instances are EC2's.
            Principal::Ec2 | Principal::Beanstalk => Some("ec2.amazonaws.com"),
            Principal::EcsTask => Some("ecs-tasks.amazonaws.com"),
            Principal::Lambda => Some("lambda.amazonaws.com"),
        }
    }
}

/// A policy with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// For whom.
    pub principal: Principal,
    /// What it may do.
    pub policy: Policy,
    /// Who may take the role. `None`: a user.
    pub trust: Option<Policy>,
    /// What the reader should know, in sentences: assumptions, what IAM cannot say, why a role is better.
    pub notes: Vec<String>,
    /// Each need's Sid with its configuration entry.
    pub entries: Vec<(String, String)>,
}

/// The least policy for these needs: a statement for each, named for its configuration entry.
pub fn generate(needs: &[Need], principal: Principal, account: &Account) -> Generated {
    let mut taken = BTreeSet::new();
    let mut generated = Generated { principal, policy: Policy::default(), trust: trust(principal, account), notes: Vec::new(), entries: Vec::new() };
    for need in needs {
        let mut statement = need.statement();
        let stem = if statement.sid.is_empty() { "Need".to_owned() } else { statement.sid.clone() };
        statement.sid = stem.clone();
        for number in 2.. {
            if taken.insert(statement.sid.clone()) {
                break;
            }
            statement.sid = format!("{stem}{number}");
        }
        generated.entries.push((statement.sid.clone(), need.entry.clone()));
        generated.policy.statements.push(statement);
        for note in &need.notes {
            if !generated.notes.contains(note) {
                generated.notes.push(note.clone());
            }
        }
    }
    if principal == Principal::User {
        // All ARNs of a policy are of one partition.
        let partition = needs.iter().flat_map(|need| &need.resources).find_map(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        generated.policy.statements.extend([deny_console_without_mfa(), rotate_own_keys(partition, account)]);
        generated.notes.extend(user_notes());
    }
    generated
}

fn trust(principal: Principal, account: &Account) -> Option<Policy> {
    let service = principal.service()?;
    let mut conditions = Conditions::new();
    if let (Principal::EcsTask, Account::Known(number)) = (principal, account) {
        // Without it another account's tasks could have the service take this role for them.
        conditions.insert("StringEquals".to_owned(), BTreeMap::from([("aws:SourceAccount".to_owned(), vec![number.clone()])]));
    }
    let statement = Statement {
        sid: "ServiceTakesRole".to_owned(),
        principals: BTreeMap::from([("Service".to_owned(), vec![service.to_owned()])]),
        actions: vec!["sts:AssumeRole".to_owned()],
        conditions,
        ..Statement::default()
    };
    Some(Policy { statements: vec![statement] })
}

fn mfa(operator: &str, present: &str) -> Conditions {
    BTreeMap::from([(operator.to_owned(), BTreeMap::from([("aws:MultiFactorAuthPresent".to_owned(), vec![present.to_owned()])]))])
}

/// `Null` is what keeps the program working: calls signed with an access key do not carry the condition's key at all, and
/// `BoolIfExists` alone, which many examples have, would deny every one of them. Together the two deny sessions that carry it as
/// false: the console's, and temporary keys made without the factor.
fn deny_console_without_mfa() -> Statement {
    Statement {
        sid: "DenySessionsWithoutMfa".to_owned(),
        effect: Effect::Deny,
        not_actions: WITHOUT_MFA.iter().map(|action| (*action).to_owned()).collect(),
        resources: vec!["*".to_owned()],
        conditions: mfa("BoolIfExists", "false").into_iter().chain(mfa("Null", "false")).collect(),
        ..Statement::default()
    }
}

/// Keys are changed from a session with the second factor, so that a stolen key cannot make itself a successor.
fn rotate_own_keys(partition: &str, account: &Account) -> Statement {
    Statement {
        sid: "RotateOwnKeysWithMfa".to_owned(),
        actions: ROTATE.iter().map(|action| (*action).to_owned()).collect(),
        resources: vec![format!("arn:{partition}:iam::{}:user/${{aws:username}}", account.in_arn())],
        conditions: mfa("Bool", "true"),
        ..Statement::default()
    }
}

/// Whether a statement only lets users change their own keys, after the second factor: nothing of the program, and nothing too much.
pub(super) fn is_key_rotation(statement: &Statement) -> bool {
    let is_own = |resource: &String| resource.ends_with(":user/${aws:username}");
    let is_rotation = |action: &String| ROTATE.iter().any(|known| known.eq_ignore_ascii_case(action));
    let has_only = statement.not_actions.is_empty() && statement.not_resources.is_empty() && !statement.resources.is_empty();
    has_only
        && statement.actions.iter().all(is_rotation)
        && statement.resources.iter().all(is_own)
        && mfa("Bool", "true").iter().all(|(operator, keys)| statement.conditions.get(operator) == Some(keys))
}

fn user_notes() -> Vec<String> {
    [
        "IAM has no condition for the age of an access key, so no policy can enforce 90 days. The user may replace its own keys; that it \
         happens is checked by the AWS Config rule access-keys-rotated with maxAccessKeyAge 90, or by the account's credential report.",
        "A second factor guards the console and the change of keys, not the calls of the program: those are signed with the key alone, \
         and whoever has the key can make them.",
        "A role is better: nothing to store, leak or rotate. Its keys are made for each machine and end by themselves within hours. Take \
         ec2, ecs-task, lambda or beanstalk as the principal when the program runs on AWS.",
    ]
    .map(str::to_owned)
    .to_vec()
}
