//! What Bedrock's refusals mean and what to do about them.

use crate::region::{self, DEFAULT_MODEL};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::event_stream::RawMessage;
use domain::model::{ModelError, ModelErrorKind};
use std::error::Error;

/// What was asked of whom, for messages.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) region: String,
    pub(crate) host: String,
    pub(crate) model: String,
    /// What the credentials must be allowed to do.
    pub(crate) action: &'static str,
}

/// What of the service's words goes into a message.
const WORDS_CHARS_MAX: usize = 400;
/// Begins the message of a model that cannot stream; `is_about_streaming` goes by it.
const NO_STREAMING: &str = "this model does not stream";

/// A call that got no reply.
pub(crate) fn of_call<E>(asked: &Asked, error: &SdkError<E, HttpResponse>) -> ModelError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(refusal) => {
            let (service, response) = (refusal.err(), refusal.raw());
            let said =
                Said { code: service.code().unwrap_or_default(), words: service.message().unwrap_or_default(), status: response.status().as_u16() };
            let mut failure = refused(asked, &said);
            failure.retry_after_ms = retry_after_ms(response);
            failure
        }
        SdkError::ResponseError(_) => ModelError::new(ModelErrorKind::Malformed, format!("{} sent what cannot be read: {}", asked.host, root(error))),
        _ if is_about_credentials(error) => no_credentials(error),
        SdkError::TimeoutError(_) => not_reached(asked, error),
        SdkError::DispatchFailure(failure) if !failure.is_user() => not_reached(asked, error),
        _ => ModelError::new(ModelErrorKind::Invalid, format!("the request could not be sent to {}: {}", asked.host, root(error))),
    }
}

/// A reply that broke off. It may be billed, so nothing here counts as turned away at the door but what says so.
pub(crate) fn of_stream(asked: &Asked, error: &SdkError<ConverseStreamOutputError, RawMessage>) -> ModelError {
    let (raw, modelled) = match error {
        SdkError::ServiceError(refusal) => (refusal.raw(), Some(refusal.err())),
        SdkError::ResponseError(response) => (response.raw(), None),
        _ => return ModelError::new(ModelErrorKind::Malformed, format!("the connection to {} broke within the reply: {}", asked.host, root(error))),
    };
    let RawMessage::Decoded(message) = raw else {
        return ModelError::new(ModelErrorKind::Malformed, format!("{} sent a frame that cannot be read: {}", asked.host, root(error)));
    };
    // The frame's own name is looked at rather than the SDK's type: the SDK knows each name in one letter case only.
    let header =
        |wanted: &str| message.headers().iter().find(|h| h.name().as_str() == wanted).and_then(|h| h.value().as_string().ok()).map(|s| s.as_str());
    let Some(code) = header(":exception-type").or_else(|| header(":error-code")) else {
        return ModelError::new(ModelErrorKind::Malformed, format!("{} sent an event that cannot be read: {}", asked.host, root(error)));
    };
    let words = modelled.and_then(|error| error.message()).or_else(|| header(":error-message")).unwrap_or_default();
    let mut failure = refused(asked, &Said { code, words, status: 0 });
    if failure.kind == ModelErrorKind::RateLimited {
        // Being limited is free at the door only.
        failure.kind = ModelErrorKind::Unavailable;
    }
    failure
}

/// Whether the refusal says that this model must be asked for whole replies.
pub(crate) fn is_about_streaming(error: &ModelError) -> bool {
    error.kind == ModelErrorKind::Invalid && error.message.starts_with(NO_STREAMING)
}

struct Said<'a> {
    code: &'a str,
    words: &'a str,
    status: u16,
}

fn refused(asked: &Asked, said: &Said<'_>) -> ModelError {
    use ModelErrorKind::*;
    let Asked { region, model, host, .. } = asked;
    let words: String = said.words.chars().take(WORDS_CHARS_MAX).collect();
    let lower = words.to_lowercase();
    let code = bare(said.code);
    let (kind, message) = match code.as_str() {
        _ if lower.contains("end of its life") || lower.contains("end of life") => return not_found(asked, &words),
        _ if code.starts_with("expiredtoken") || lower.contains("token included in the request is expired") => {
            (Denied, format!("the AWS credentials have expired; renew them (for SSO: aws sso login): {words}"))
        }
        "unrecognizedclient"
        | "invalidsignature"
        | "invalidclienttokenid"
        | "signaturedoesnotmatch"
        | "missingauthenticationtoken"
        | "incompletesignature" => {
            (Denied, format!("AWS does not know these credentials; check the keys, the region {region} and this machine's clock: {words}"))
        }
        "accessdenied" => (Denied, access_denied(asked, &words)),
        "resourcenotfound" => return not_found(asked, &words),
        "throttling" | "toomanyrequests" | "throttled" => (RateLimited, format!("Bedrock is limiting requests for {model} in {region}: {words}")),
        "modelnotready" => (Unavailable, format!("{model} is not ready yet in {region}: {words}")),
        "serviceunavailable" | "internalserver" | "internalfailure" => (Unavailable, format!("Bedrock is unwell in {region}: {words}")),
        "modeltimeout" => (Timeout, format!("{model} took too long: {words}")),
        "modelstreamerror" | "modelerror" => (Unavailable, format!("{model} failed while it answered: {words}")),
        "servicequotaexceeded" => {
            (Invalid, format!("a Bedrock quota of this account is used up in {region}; ask for more under Service Quotas: {words}"))
        }
        "validation" if lower.contains("on-demand throughput") => {
            let bare_model = model.rsplit('/').next().unwrap_or(model);
            (Invalid, format!("{model} is offered through an inference profile only; use {}: {words}", region::profile_of(bare_model, region)))
        }
        "validation" if lower.contains("stream") && lower.contains("support") => (Invalid, format!("{NO_STREAMING}: {words}")),
        "validation" if lower.contains("model identifier is invalid") => {
            (NotFound, format!("Bedrock in {region} has no model {model}; check its name and the region: {words}"))
        }
        "validation" => (Invalid, format!("Bedrock refuses the request: {words}")),
        _ => match said.status {
            429 => (RateLimited, format!("{host} is limiting requests: {words}")),
            401 | 403 => (Denied, format!("{host} refused the credentials ({}): {words}", said.code)),
            404 => return not_found(asked, &words),
            408 => (Timeout, format!("{host} gave up waiting: {words}")),
            424 | 500..=599 | 0 => (Unavailable, format!("Bedrock is unwell in {region} ({}): {words}", said.code)),
            status => (Invalid, format!("{host} refused the request (status {status}, {}): {words}", said.code)),
        },
    };
    ModelError::new(kind, message.trim_end_matches([':', ' ']))
}

/// The name of an exception without its namespace, its ending and its letter case.
fn bare(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code).to_ascii_lowercase();
    code.strip_suffix("exception").unwrap_or(&code).to_owned()
}

fn not_found(asked: &Asked, words: &str) -> ModelError {
    let Asked { region, model, .. } = asked;
    let successor = if model.contains("claude") { DEFAULT_MODEL } else { "a current model" };
    let named = if model.contains("claude") { format!("{successor} (here: {})", region::default_model(region)) } else { successor.to_owned() };
    let message = format!("{model} does not answer in {region}: it is past its end of life, or this is the wrong region. Use {named}: {words}");
    ModelError::new(ModelErrorKind::NotFound, message.trim_end_matches([':', ' ']))
}

/// Names the action and the ARNs that the policy lacks, for models and for inference profiles.
fn access_denied(asked: &Asked, words: &str) -> String {
    let Asked { region, model, action, .. } = asked;
    let profile = model.split_once('.').filter(|(prefix, rest)| rest.contains('.') && prefix.len() <= 6 && !is_vendor(prefix));
    let resources = match profile {
        _ if model.starts_with("arn:") => model.clone(),
        Some((_, bare)) => format!("arn:aws:bedrock:{region}:*:inference-profile/{model} and arn:aws:bedrock:*::foundation-model/{bare}"),
        None => format!("arn:aws:bedrock:{region}::foundation-model/{model}"),
    };
    let bearer = if words.contains("CallWithBearerToken") { " and bedrock:CallWithBearerToken" } else { "" };
    format!("AWS denies access to {model}: allow {action}{bearer} on {resources}, and see that the account has access to the model: {words}")
}

/// Vendors whose name is as short as a geography's.
fn is_vendor(prefix: &str) -> bool {
    matches!(prefix, "amazon" | "cohere" | "meta" | "ai21" | "openai" | "qwen" | "luma" | "writer" | "google")
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| {
        let text = cause.to_string();
        cause.downcast_ref::<CredentialsError>().is_some() || text.contains("failed to select an auth scheme")
    })
}

fn no_credentials(error: &(dyn Error + 'static)) -> ModelError {
    let root = root(error);
    let text = chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ").to_lowercase();
    let is_missing = chain(error).any(|cause| matches!(cause.downcast_ref::<CredentialsError>(), Some(CredentialsError::CredentialsNotLoaded(_))));
    let is_sso = text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "sso");
    let message = if is_missing || text.contains("failed to select an auth scheme") {
        "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached".to_owned()
    } else if is_sso || text.contains("expired") {
        format!("the AWS credentials could not be renewed; for SSO run aws sso login: {root}")
    } else {
        format!("the AWS credentials could not be loaded: {root}")
    };
    ModelError::new(ModelErrorKind::Denied, message)
}

/// No reply because of the network. Only when no connection came about is it sure that nothing was billed.
fn not_reached(asked: &Asked, error: &(dyn Error + 'static)) -> ModelError {
    let text = chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ").to_lowercase();
    let root = root(error);
    if text.contains("connect") || text.contains("dns") || text.contains("resolve") {
        return ModelError::new(
            ModelErrorKind::Connect,
            format!("could not reach {}; check the network and the region {}: {root}", asked.host, asked.region),
        );
    }
    if text.contains("timed out") || text.contains("timeout") {
        return ModelError::new(ModelErrorKind::Timeout, format!("{} did not answer in time: {root}", asked.host));
    }
    ModelError::new(ModelErrorKind::Malformed, format!("the connection to {} broke before a reply: {root}", asked.host))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn Error + 'static)| (*cause).source())
}

fn root(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn retry_after_ms(response: &HttpResponse) -> Option<u64> {
    let seconds: f64 = response.headers().get("retry-after")?.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some((seconds * 1_000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(model: &str, code: &str, status: u16, words: &str, kind: ModelErrorKind, says: &[&str]) {
        let asked = Asked { region: "us-east-1".to_owned(), host: "h".to_owned(), model: model.to_owned(), action: "bedrock:InvokeModel" };
        let error = refused(&asked, &Said { code, words, status });
        assert_eq!(error.kind, kind, "{code}: {}", error.message);
        for part in says {
            assert!(error.message.contains(part), "{code}: {part:?} is not in {}", error.message);
        }
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        use ModelErrorKind::*;
        let haiku = "anthropic.claude-3-haiku-20240307-v1:0";
        check(haiku, "ThrottlingException", 429, "slow", RateLimited, &["slow"]);
        check(haiku, "throttlingException", 0, "", RateLimited, &[haiku]);
        check(haiku, "THROTTLINGEXCEPTION", 0, "", RateLimited, &[]);
        check(haiku, "ModelNotReadyException", 429, "", Unavailable, &["not ready"]);
        check(haiku, "ServiceUnavailableException", 503, "", Unavailable, &[]);
        check(haiku, "internalServerException", 0, "", Unavailable, &[]);
        check(haiku, "ModelTimeoutException", 408, "", Timeout, &[]);
        check(haiku, "ModelStreamErrorException", 424, "", Unavailable, &[]);
        check(haiku, "ModelErrorException", 424, "", Unavailable, &[]);
        check(haiku, "ServiceQuotaExceededException", 400, "tokens per day", Invalid, &["Service Quotas", "tokens per day"]);
        check(
            haiku,
            "ResourceNotFoundException",
            404,
            "This model version has reached the end of its life.",
            NotFound,
            &["us.anthropic.claude-haiku-5-5"],
        );
        check("x.y", "ValidationException", 400, "This model version has reached the end of its life.", NotFound, &["a current model"]);
        check(haiku, "ValidationException", 400, "The provided model identifier is invalid.", NotFound, &["region"]);
        check(haiku, "ValidationException", 400, "bad", Invalid, &["bad"]);
        check(haiku, "ExpiredTokenException", 403, "The security token included in the request is expired", Denied, &["aws sso login"]);
        check(haiku, "UnrecognizedClientException", 403, "The security token included in the request is invalid.", Denied, &["check the keys"]);
        check(haiku, "InvalidSignatureException", 403, "Signature expired", Denied, &["clock"]);
        check(haiku, "com.amazon.coral#InternalServerException:http://x", 500, "", Unavailable, &[]);
        check(haiku, "TeapotException", 418, "short", Invalid, &["418", "short"]);
        check(haiku, "TeapotException", 0, "", Unavailable, &["TeapotException"]);
    }

    #[test]
    fn a_denial_names_the_action_and_the_arns() {
        use ModelErrorKind::Denied;
        let denied = |model: &str, says: &[&str]| check(model, "AccessDeniedException", 403, "no", Denied, says);
        let profile = "arn:aws:bedrock:us-east-1:*:inference-profile/us.anthropic.claude-haiku-5-5";
        denied("us.anthropic.claude-haiku-5-5", &["bedrock:InvokeModel", profile, "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5"]);
        denied("amazon.nova-lite-v1:0", &["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"]);
        denied("meta.llama3.1-70b-v1:0", &["arn:aws:bedrock:us-east-1::foundation-model/meta.llama3.1-70b-v1:0"]);
        denied("arn:aws:bedrock:us-east-1:1:application-inference-profile/a", &["on arn:aws:bedrock:us-east-1:1:application-inference-profile/a,"]);
    }

    #[test]
    fn a_model_behind_a_profile_names_the_profile() {
        let words = "Invocation of model ID anthropic.claude-haiku-5-5 with on-demand throughput isn't supported.";
        check("anthropic.claude-haiku-5-5", "ValidationException", 400, words, ModelErrorKind::Invalid, &["use us.anthropic.claude-haiku-5-5"]);
    }
}
