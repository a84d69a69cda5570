//! The provider `bedrock` against the stand-in, over a local socket.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future};
use bedrock::{Bedrock, Options};
use domain::CallId;
use domain::model::{Content, Message, ModelError, ModelErrorKind, ModelRef, ModelReply, ModelRequest, OfferedTool, Speaker, Stop};
use domain::money::Usage;
use futures_util::StreamExt;
use ports::{Model, ModelEvent};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::standin::Standin;

/// Short enough to be waited for, long enough for a machine that is busy with other tests.
const IDLE: Duration = Duration::from_secs(2);

fn config(credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

fn keys() -> Credentials {
    Credentials::new("AKIDTEST", "not-a-secret", None, None, "test")
}

fn bedrock_with(standin: &Standin, options: Options) -> Bedrock {
    let options = Options { endpoint_url: Some(standin.url().to_owned()), idle_timeout: IDLE, ..options };
    Bedrock::with_config(&config(keys()), options).unwrap()
}

fn bedrock(standin: &Standin) -> Bedrock {
    bedrock_with(standin, Options::default())
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "integer"}}, "required": ["host", "port"]})
}

fn request(model: &str) -> ModelRequest {
    ModelRequest {
        model: ModelRef::parse(&format!("bedrock/us.standin.{model}")).unwrap(),
        system: "You look.".to_owned(),
        messages: vec![Message { speaker: Speaker::User, content: vec![Content::text("Is it up?")] }.into()],
        tools: vec![OfferedTool { name: "tcp_connect".into(), description: "Connects.".to_owned(), input_schema: schema() }.into()],
        output_tokens_max: 1_000,
    }
}

async fn hear(model: &Bedrock, request: &ModelRequest) -> (Vec<ModelEvent>, Result<ModelReply, ModelError>) {
    let mut heard = Vec::new();
    let mut stream = model.stream(request, 100);
    while let Some(event) = stream.next().await {
        match event {
            Ok(ModelEvent::Finished(reply)) => {
                assert!(stream.next().await.is_none(), "something came after the end");
                return (heard, Ok(reply));
            }
            Ok(event) => heard.push(event),
            Err(error) => return (heard, Err(error)),
        }
    }
    panic!("the stream ended without an end")
}

async fn ask(standin: &Standin, model: &str) -> Result<ModelReply, ModelError> {
    hear(&bedrock(standin), &request(model)).await.1
}

fn continued(request: &ModelRequest, reply: &ModelReply) -> ModelRequest {
    let call = CallId::at(4, 0);
    let mut said: Vec<_> = reply.opaque.iter().map(|data| Content::Opaque { provider: "bedrock".to_owned(), data: data.clone() }).collect();
    said.push(Content::text(&reply.text));
    said.push(Content::ToolUse { call: call.clone(), tool: reply.calls[0].tool.clone(), arguments: reply.calls[0].arguments.clone() });
    let result = Content::ToolResult { call, text: "closed".to_owned(), is_error: false };
    let mut next = request.clone();
    next.messages.push(Message { speaker: Speaker::Assistant, content: said }.into());
    next.messages.push(Message { speaker: Speaker::User, content: vec![Content::text("This is your last turn."), result] }.into());
    next
}

#[tokio::test]
async fn text_comes_word_by_word_and_is_counted_by_kind() {
    let standin = Standin::start().await.unwrap();
    let (heard, reply) = hear(&bedrock(&standin), &request("text")).await;
    let words: Vec<_> = ["All ", "is ", "well, ", "says ", "the ", "stand-in."].map(|word| ModelEvent::Text(word.to_owned())).into();
    assert_eq!(heard, words);
    let usage = Some(Usage { input_fresh: 11, cache_read: 4, cache_write_5m: 0, cache_write_1h: 2, output: 7 });
    let text = "All is well, says the stand-in.".to_owned();
    assert_eq!(reply.unwrap(), ModelReply { text, calls: Vec::new(), opaque: Vec::new(), stop: Stop::End, usage });
}

#[tokio::test]
async fn a_whole_reply_says_the_same() {
    let standin = Standin::start().await.unwrap();
    let whole = bedrock_with(&standin, Options { stream: false, ..Options::default() });
    for model in ["text", "tool", "reasoning", "limit", "filtered", "empty"] {
        let (streamed, at_once) = (ask(&standin, model).await.unwrap(), hear(&whole, &request(model)).await.1.unwrap());
        assert_eq!(streamed, at_once, "{model}");
    }
    assert!(standin.recorded().iter().any(|r| r.path == "/model/us.standin.text/converse"));
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_answered() {
    let standin = Standin::start().await.unwrap();
    let model = bedrock(&standin);
    let first_request = request("tool");
    let first = hear(&model, &first_request).await.1.unwrap();
    assert_eq!((first.text.as_str(), first.stop), ("Let me look.", Stop::ToolUse));
    assert_eq!((first.calls[0].tool.as_str(), &first.calls[0].arguments), ("tcp_connect", &json!({"host": "localhost", "port": 1})));
    // On the last turn no tool is on offer, and the wire wants them all the same.
    let second_request = ModelRequest { tools: Vec::new(), ..continued(&first_request, &first) };
    let second = hear(&model, &second_request).await.1.unwrap();
    assert_eq!((second.text.as_str(), second.stop), ("The tool said: closed", Stop::End));
}

#[tokio::test]
async fn reasoning_goes_back_as_it_came() {
    let standin = Standin::start().await.unwrap();
    let model = bedrock(&standin);
    let first_request = request("reasoning");
    let first = hear(&model, &first_request).await.1.unwrap();
    let thought = json!({"reasoningText": {"text": "I had better look.", "signature": "c2lnbmVk"}});
    assert_eq!(first.opaque, std::slice::from_ref(&thought));
    hear(&model, &continued(&first_request, &first)).await.1.unwrap();
    let body = standin.recorded().pop().unwrap().body;
    assert_eq!(body["messages"][1]["content"][0], json!({ "reasoningContent": thought }));
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_these() {
    let standin = Standin::start().await.unwrap();
    let first_request = request("tool");
    let first = ask(&standin, "tool").await.unwrap();
    hear(&bedrock(&standin), &continued(&first_request, &first)).await.1.unwrap();
    let recorded = standin.recorded().pop().unwrap();
    assert_eq!(recorded.path, "/model/us.standin.tool/converse-stream");
    assert!(recorded.authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDTEST/"), "{}", recorded.authorization);
    let wanted = json!({
        "system": [{"text": "You look."}],
        "messages": [
            {"role": "user", "content": [{"text": "Is it up?"}]},
            {"role": "assistant", "content": [
                {"text": "Let me look."},
                {"toolUse": {"toolUseId": "c4-0", "name": "tcp_connect", "input": {"host": "localhost", "port": 1}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "c4-0", "content": [{"text": "closed"}], "status": "success"}},
                {"text": "This is your last turn."},
            ]},
        ],
        "inferenceConfig": {"maxTokens": 100},
        "toolConfig": {"tools": [{"toolSpec": {"name": "tcp_connect", "description": "Connects.", "inputSchema": {"json": schema()}}}]},
    });
    assert_eq!(recorded.body, wanted);
}

#[tokio::test]
async fn neighbours_of_one_role_are_joined_and_odd_names_and_blanks_are_made_good() {
    let standin = Standin::start().await.unwrap();
    let call = CallId::at(1, 0);
    let mut odd = request("text");
    odd.system = " ".to_owned();
    odd.tools.clear();
    odd.messages.push(Message { speaker: Speaker::Assistant, content: vec![Content::text("")] }.into());
    odd.messages.push(Message { speaker: Speaker::User, content: vec![Content::text("Well?")] }.into());
    odd.messages.push(
        Message {
            speaker: Speaker::Assistant,
            content: vec![
                Content::Opaque { provider: "openai".to_owned(), data: json!({"reasoningText": {"text": "x", "signature": "y"}}) },
                Content::ToolUse { call: call.clone(), tool: "no such tool!".into(), arguments: json!({}) },
            ],
        }
        .into(),
    );
    odd.messages.push(Message { speaker: Speaker::User, content: vec![Content::ToolResult { call, text: String::new(), is_error: true }] }.into());
    hear(&bedrock(&standin), &odd).await.1.unwrap();
    let body = standin.recorded().pop().unwrap().body;
    assert_eq!(body.get("system"), None);
    let wanted = json!([
        {"role": "user", "content": [{"text": "Is it up?"}, {"text": "Well?"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1-0", "name": "no_such_tool_", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "c1-0", "content": [{"text": "(no output)"}], "status": "error"}}]},
    ]);
    assert_eq!(body["messages"], wanted);
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "no_such_tool_");
}

#[tokio::test]
async fn an_arn_is_a_model_too() {
    let standin = Standin::start().await.unwrap();
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.standin.text";
    let by_arn = ModelRequest { model: ModelRef::parse(&format!("bedrock/{arn}")).unwrap(), ..request("text") };
    hear(&bedrock(&standin), &by_arn).await.1.unwrap();
    assert_eq!(standin.recorded()[0].path, format!("/model/{arn}/converse-stream"));
}

#[tokio::test]
async fn half_a_json_is_the_calls_problem_and_not_the_replys() {
    let standin = Standin::start().await.unwrap();
    let whole = bedrock_with(&standin, Options { stream: false, ..Options::default() });
    for reply in [ask(&standin, "halfjson").await.unwrap(), hear(&whole, &request("halfjson")).await.1.unwrap()] {
        assert_eq!(reply.stop, Stop::OutputLimit);
        assert_eq!(reply.calls[0].arguments, json!({}));
        assert!(reply.calls[0].problem.is_some());
    }
}

#[tokio::test]
async fn every_failure_is_classified_and_says_what_to_do() {
    use ModelErrorKind::*;
    let standin = Standin::start().await.unwrap();
    for (model, kind, says) in [
        ("throttled", RateLimited, "limiting requests"),
        ("denied", Denied, "allow bedrock:InvokeModelWithResponseStream on arn:aws:bedrock:us-east-1:"),
        ("expired", Denied, "have expired"),
        ("eol", NotFound, "end of life"),
        ("profile", Invalid, "is offered through an inference profile only; use us."),
        ("unwell", Unavailable, "unwell"),
        ("not-ready", Unavailable, "not ready"),
        ("no-such-thing", NotFound, "has no model"),
        ("cut", Malformed, "broke within the reply"),
        ("unfinished", Malformed, "cut its reply off"),
        ("garbled", Malformed, "cannot be read"),
        ("novel-stop", Malformed, "got_bored"),
        ("instream-throttle", Unavailable, "Too much of it."),
        ("instream-throttle-capital", Unavailable, "Too much of it."),
        ("instream-unwell", Unavailable, "Too much of it."),
        ("instream-invalid", Invalid, "Too much of it."),
        ("endless", Timeout, "did not end"),
        ("silent", Timeout, "did not begin to answer"),
    ] {
        let error = ask(&standin, model).await.expect_err(model);
        assert_eq!(error.kind, kind, "{model}: {error}");
        assert!(error.message.contains(says), "{model}: {error}");
    }
    let attempts = standin.recorded().iter().filter(|r| r.path.contains("standin.throttled/")).count();
    assert_eq!(attempts, 1, "the engine alone retries");
}

#[tokio::test]
async fn a_model_that_does_not_stream_is_asked_for_whole_replies_from_then_on() {
    let standin = Standin::start().await.unwrap();
    let model = bedrock(&standin);
    for _ in 0..2 {
        assert_eq!(hear(&model, &request("whole-only")).await.1.unwrap().stop, Stop::End);
    }
    let paths: Vec<_> = standin.recorded().into_iter().map(|r| r.path.rsplit('/').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(paths, ["converse-stream", "converse", "converse"]);
}

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no providers in chain provided credentials")))
    }
}

#[tokio::test]
async fn missing_credentials_are_found_at_the_first_call_and_say_what_to_set() {
    let standin = Standin::start().await.unwrap();
    let options = || Options { endpoint_url: Some(standin.url().to_owned()), ..Options::default() };
    let without_provider = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).build();
    for config in [config(NoCredentials), without_provider] {
        let model = Bedrock::with_config(&config, options()).unwrap();
        let error = hear(&model, &request("text")).await.1.unwrap_err();
        assert_eq!(error.kind, ModelErrorKind::Denied, "{error}");
        assert!(error.message.contains("no AWS credentials found: set AWS_ACCESS_KEY_ID"), "{error}");
    }
    assert_eq!(standin.recorded(), []);
}

#[tokio::test]
async fn an_address_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = Options { endpoint_url: Some(format!("http://{closed}")), ..Options::default() };
    let model = Bedrock::with_config(&config(keys()), options).unwrap();
    assert_eq!(model.destination(), "127.0.0.1");
    let error = hear(&model, &request("text")).await.1.unwrap_err();
    assert_eq!(error.kind, ModelErrorKind::Connect, "{error}");
    assert!(error.message.contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn words_arrive_before_the_reply_is_over() {
    let standin = Standin::start().await.unwrap();
    let begun = Instant::now();
    let mut stream = bedrock(&standin).stream(&request("slow"), 100);
    assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("All ".to_owned()))));
    let first = begun.elapsed();
    let rest = stream.collect::<Vec<_>>().await;
    assert!(matches!(rest.last(), Some(Ok(ModelEvent::Finished(_)))));
    assert!(begun.elapsed() >= first + Duration::from_millis(300), "{first:?} of {:?}", begun.elapsed());
}

/// Set in a child process: what its environment holds.
const CHILD: &str = "BEDROCK_TEST_CHILD";

#[tokio::test]
async fn region_address_and_credentials_come_from_the_environment() {
    if std::env::var_os(CHILD).is_some() {
        let model = Bedrock::new(Options::default()).await.unwrap();
        println!("said by {} in {}: {:?}", model.destination(), model.region(), hear(&model, &request("text")).await.1);
        return;
    }
    let standin = Standin::start().await.unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDCHILD"), ("AWS_SECRET_ACCESS_KEY", "not-a-secret")];
    let said = in_child(&standin, &keys).await;
    assert!(said.contains("said by 127.0.0.1 in eu-west-1: Ok(ModelReply { text: \"All is well"), "{said}");
    let said = in_child(&standin, &[("AWS_BEARER_TOKEN_BEDROCK", "bearer-child")]).await;
    assert!(said.contains("All is well"), "{said}");
    let said = in_child(&standin, &[]).await;
    assert!(said.contains("Denied") && said.contains("no AWS credentials found"), "{said}");
    let authorizations: Vec<_> = standin.recorded().into_iter().map(|r| r.authorization).collect();
    assert_eq!(authorizations.len(), 2);
    assert!(authorizations[0].contains("Credential=AKIDCHILD/") && authorizations[0].contains("/eu-west-1/bedrock/"), "{}", authorizations[0]);
    assert_eq!(authorizations[1], "Bearer bearer-child");
}

/// This very test in a process with nothing in its environment but this, because a process cannot change its own safely.
async fn in_child(standin: &Standin, variables: &[(&str, &str)]) -> String {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "region_address_and_credentials_come_from_the_environment", "--nocapture"]).env_clear().env(CHILD, "1");
    child.env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "eu-west-1");
    child.env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url()).envs(variables.iter().copied());
    let output = child.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
