//! An account of AWS: one user's access key, the policy that it has, and the inference profiles there are. With one, the stand-in lets a call
//! through only if it is signed with the key's secret and the policy allows it on every resource that it touches, as AWS does.

use super::signature::{Claim, Request};
use axum::http::StatusCode;
use infra::iam::{Context, Decision, Policy, evaluate};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An account. Read from JSON, whose members have the names of these fields.
#[derive(Clone, Debug)]
pub struct Account {
    file: File,
    policy: Policy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Who signs: `arn:aws:iam::ACCOUNT:user/NAME`.
    user: String,
    access_key_id: String,
    secret_access_key: String,
    /// The policy document.
    policy: Value,
    /// Inference profiles by id.
    profiles: BTreeMap<String, Profile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    /// The model behind it, which is offered through profiles only.
    model: String,
    /// Where requests may be sent to; an empty text stands for all regions at once, as in global profiles.
    regions: Vec<String>,
}

/// A text that describes no account.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAccount(String);

/// Why a request is turned away at the door.
#[derive(Debug, PartialEq)]
pub(super) struct Turned {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Account {
    /// Reads an account.
    ///
    /// # Errors
    /// It lacks a member or has one too many, or its policy is none.
    pub fn parse(text: &str) -> Result<Account, InvalidAccount> {
        let file: File = serde_json::from_str(text).map_err(|error| InvalidAccount(error.to_string()))?;
        let policy = Policy::parse(&file.policy.to_string()).map_err(|error| InvalidAccount(error.to_string()))?;
        if file.user.split(':').count() != 6 || !file.user.contains(":user/") {
            return Err(InvalidAccount(format!("{:?} is not the ARN of a user", file.user)));
        }
        Ok(Account { file, policy })
    }

    /// Lets a call through or turns it away. `model` is decoded.
    pub(super) fn admit(&self, request: &Request<'_>, authorization: &str, action: &str, model: &str) -> Result<(), Turned> {
        let forbidden = |kind, message: &str| Turned { status: StatusCode::FORBIDDEN, kind, message: message.to_owned() };
        let Some(claim) = Claim::read(authorization, "bedrock") else {
            // The account has no bearer key.
            return Err(forbidden("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid."));
        };
        if claim.access_key_id != self.file.access_key_id {
            return Err(forbidden("UnrecognizedClientException", "The security token included in the request is invalid."));
        }
        claim.verify(request, &self.file.secret_access_key).map_err(|words| forbidden("InvalidSignatureException", &words))?;
        for (arn, context) in self.touched(model, claim.region) {
            let denied = |why: &str| {
                let who = &self.file.user;
                forbidden("AccessDeniedException", &format!("User: {who} is not authorized to perform: {action} on resource: {arn} {why}"))
            };
            match evaluate(&self.policy, action, &arn, &context) {
                Decision::Allowed(_) => {}
                Decision::Denied(_) => return Err(denied("with an explicit deny in an identity-based policy")),
                Decision::NotAllowed => return Err(denied(&format!("because no identity-based policy allows the {action} action"))),
                Decision::Unsure(why) => {
                    // Neither answer would be true.
                    let message = format!("The stand-in cannot judge this policy: {why}");
                    return Err(Turned { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "InternalServerException", message });
                }
            }
        }
        Ok(())
    }

    /// The scenario that stands for a model which is known by its real name.
    pub(super) fn scenario(&self, model: &str) -> Option<&'static str> {
        let id = model.rsplit('/').next().unwrap_or(model);
        if self.file.profiles.contains_key(id) {
            return Some("text");
        }
        self.file.profiles.values().any(|profile| profile.model == id).then_some("profile")
    }

    /// Every resource that must be allowed, with what is known of the call when it is judged: a profile itself, then its model in the region
    /// that is asked and in each that the request may be sent to; or the model alone.
    fn touched(&self, model: &str, region: &str) -> Vec<(String, Context)> {
        let foundation_model = |region: &str, id: &str| format!("arn:aws:bedrock:{region}::foundation-model/{id}");
        let id = model.rsplit('/').next().unwrap_or(model);
        let Some(profile) = self.file.profiles.get(id) else {
            let arn = if model.starts_with("arn:") { model.to_owned() } else { foundation_model(region, id) };
            return vec![(arn, self.context(region, None))];
        };
        let account = self.file.user.split(':').nth(4).unwrap_or_default();
        let arn = if model.starts_with("arn:") { model.to_owned() } else { format!("arn:aws:bedrock:{region}:{account}:inference-profile/{id}") };
        // An ARN says where its profile is, whoever is asked.
        let region = arn.split(':').nth(3).unwrap_or(region);
        let mut touched = vec![(arn.clone(), self.context(region, None))];
        let others = profile.regions.iter().map(String::as_str).filter(|other| *other != region);
        for region in std::iter::once(region).chain(others) {
            touched.push((foundation_model(region, &profile.model), self.context(region, Some(&arn))));
        }
        touched
    }

    fn context(&self, region: &str, profile: Option<&str>) -> Context {
        let name = self.file.user.rsplit('/').next().unwrap_or_default();
        let known = [
            ("aws:username", Some(name)),
            ("aws:PrincipalArn", Some(self.file.user.as_str())),
            ("aws:RequestedRegion", Some(if region.is_empty() { "unspecified" } else { region })),
            // The stand-in stands where AWS has TLS.
            ("aws:SecureTransport", Some("true")),
            ("bedrock:InferenceProfileArn", profile),
            // Keys that are surely not there: long-term keys carry no word of a second factor.
            ("aws:MultiFactorAuthPresent", None),
            ("bedrock:GuardrailIdentifier", None),
        ];
        known.into_iter().map(|(key, value)| (key.to_owned(), value.map(str::to_owned).into_iter().collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account(profiles: &Value) -> Account {
        let user = "arn:aws:iam::123456789012:user/team/ann";
        let policy = json!({"Statement": []});
        Account::parse(&json!({"user": user, "access_key_id": "a", "secret_access_key": "s", "policy": policy, "profiles": profiles}).to_string())
            .unwrap()
    }

    fn touched(account: &Account, model: &str) -> Vec<String> {
        account.touched(model, "us-east-1").into_iter().map(|(arn, _)| arn).collect()
    }

    #[test]
    fn a_profile_touches_itself_and_its_model_everywhere_it_may_be_asked() {
        let profiles = json!({"eu.a.b": {"model": "a.b", "regions": ["eu-west-1"]}, "global.a.b": {"model": "a.b", "regions": [""]}});
        let account = account(&profiles);
        let model = |region: &str| format!("arn:aws:bedrock:{region}::foundation-model/a.b");
        assert_eq!(touched(&account, "a.b"), [model("us-east-1")]);
        let own = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.a.b".to_owned();
        assert_eq!(touched(&account, "eu.a.b"), [own, model("us-east-1"), model("eu-west-1")]);
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.a.b";
        assert_eq!(touched(&account, arn), [arn.to_owned(), model("eu-west-1")]);
        assert_eq!(touched(&account, "global.a.b")[2], model(""));
        let contexts = account.touched("global.a.b", "us-east-1");
        assert_eq!(contexts[2].1["aws:RequestedRegion"], ["unspecified"]);
        let profile_of = |at: usize| &contexts[at].1["bedrock:InferenceProfileArn"];
        assert_eq!((profile_of(0).is_empty(), profile_of(2)), (true, &vec![contexts[0].0.clone()]));
        assert_eq!(contexts[0].1["aws:username"], ["ann"]);
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for text in ["{}", "[]", r#"{"user": "ann", "access_key_id": "a", "secret_access_key": "s", "policy": {"Statement": []}, "profiles": {}}"#] {
            assert!(Account::parse(text).is_err(), "{text}");
        }
    }
}
