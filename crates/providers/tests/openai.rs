//! The provider `openai` against the stand-in, over a local socket.

use domain::CallId;
use domain::model::{Content, Message, ModelError, ModelErrorKind, ModelRef, ModelReply, ModelRequest, OfferedTool, Speaker, Stop};
use domain::money::Usage;
use futures_util::StreamExt;
use ports::{Model, ModelEvent};
use providers::Secret;
use providers::openai::{OpenAi, Options};
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::standin::Standin;

/// Short enough to be waited for, long enough for a machine that is busy with other tests.
const IDLE: Duration = Duration::from_secs(2);

fn options(standin: &Standin) -> Options {
    Options { base_url: standin.openai_url(), api_key: Some(Secret::new("sk-test")), idle_timeout: IDLE, ..Options::default() }
}

fn request(model: &str) -> ModelRequest {
    let connect = OfferedTool {
        name: "tcp_connect".into(),
        description: "Connects.".to_owned(),
        input_schema: json!({"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "integer"}}, "required": ["host", "port"]}),
    };
    ModelRequest {
        model: ModelRef::parse(&format!("openai/standin.{model}")).unwrap(),
        system: "You look.".to_owned(),
        messages: vec![Message { speaker: Speaker::User, content: vec![Content::text("Is it up?")] }.into()],
        tools: vec![connect.into()],
        output_tokens_max: 1_000,
    }
}

async fn hear(model: &OpenAi, request: &ModelRequest) -> (Vec<ModelEvent>, Result<ModelReply, ModelError>) {
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
    hear(&OpenAi::new(options(standin)).unwrap(), &request(model)).await.1
}

#[tokio::test]
async fn text_comes_word_by_word_and_is_counted_once() {
    let standin = Standin::start().await.unwrap();
    let (heard, reply) = hear(&OpenAi::new(options(&standin)).unwrap(), &request("text")).await;
    let words: Vec<_> = ["All ", "is ", "well, ", "says ", "the ", "stand-in."].map(|word| ModelEvent::Text(word.to_owned())).into();
    assert_eq!(heard, words);
    let usage = Some(Usage { input_fresh: 11, cache_read: 4, output: 7, ..Usage::default() });
    let text = "All is well, says the stand-in.".to_owned();
    assert_eq!(reply.unwrap(), ModelReply { text, calls: Vec::new(), opaque: Vec::new(), stop: Stop::End, usage });
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_answered() {
    let standin = Standin::start().await.unwrap();
    let model = OpenAi::new(options(&standin)).unwrap();
    let mut request = request("tool");
    let first = hear(&model, &request).await.1.unwrap();
    assert_eq!((first.text.as_str(), first.stop), ("Let me look.", Stop::ToolUse));
    assert_eq!((first.calls[0].tool.as_str(), &first.calls[0].arguments), ("tcp_connect", &json!({"host": "localhost", "port": 1})));
    let call = CallId::at(4, 0);
    let used = Content::ToolUse { call: call.clone(), tool: first.calls[0].tool.clone(), arguments: first.calls[0].arguments.clone() };
    request.messages.push(Message { speaker: Speaker::Assistant, content: vec![Content::text(first.text), used] }.into());
    request
        .messages
        .push(Message { speaker: Speaker::User, content: vec![Content::ToolResult { call, text: "closed".to_owned(), is_error: false }] }.into());
    let second = hear(&model, &request).await.1.unwrap();
    assert_eq!((second.text.as_str(), second.stop), ("The tool said: closed", Stop::End));
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_these() {
    let standin = Standin::start().await.unwrap();
    ask(&standin, "text").await.unwrap();
    let recorded = standin.recorded();
    assert_eq!(recorded[0].authorization, "Bearer sk-test");
    let parameters = json!({"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "integer"}}, "required": ["host", "port"]});
    let wanted = json!({
        "model": "standin.text",
        "messages": [{"role": "system", "content": "You look."}, {"role": "user", "content": "Is it up?"}],
        "tools": [{"type": "function", "function": {"name": "tcp_connect", "description": "Connects.", "parameters": parameters}}],
        "stream": true,
        "stream_options": {"include_usage": true},
        "max_completion_tokens": 100,
    });
    assert_eq!(recorded[0].body, wanted);
}

#[tokio::test]
async fn half_a_json_is_the_calls_problem_and_not_the_replys() {
    let standin = Standin::start().await.unwrap();
    let reply = ask(&standin, "halfjson").await.unwrap();
    assert_eq!(reply.stop, Stop::OutputLimit);
    assert_eq!(reply.calls[0].arguments, json!({}));
    assert!(reply.calls[0].problem.as_deref().unwrap().contains("not JSON"));
}

#[tokio::test]
async fn every_failure_is_classified_and_says_what_to_do() {
    use ModelErrorKind::*;
    let standin = Standin::start().await.unwrap();
    for (model, kind, says) in [
        ("throttled", RateLimited, "limiting requests"),
        ("denied", Denied, "OPENAI_API_KEY"),
        ("expired", Denied, "check OPENAI_API_KEY"),
        ("eol", NotFound, "standin.eol"),
        ("no-such-thing", NotFound, "standin.no-such-thing"),
        ("profile", Invalid, "deployment"),
        ("unwell", Unavailable, "overloaded"),
        ("cut", Malformed, "broke"),
        ("unfinished", Malformed, "cut its reply off"),
        ("garbled", Malformed, "not a chat completion"),
        ("novel-stop", Malformed, "got_bored"),
        ("instream-throttle", Unavailable, "Too much of it."),
        ("endless", Timeout, "did not end"),
        ("silent", Timeout, "did not begin to answer"),
    ] {
        let error = ask(&standin, model).await.expect_err(model);
        assert_eq!(error.kind, kind, "{model}: {error}");
        assert!(error.message.contains(says), "{model}: {error}");
        assert_eq!(error.retry_after_ms, (model == "throttled").then_some(2_000), "{model}");
    }
}

#[tokio::test]
async fn the_ways_to_stop_are_told_apart() {
    let standin = Standin::start().await.unwrap();
    assert_eq!(ask(&standin, "limit").await.unwrap().stop, Stop::OutputLimit);
    assert_eq!(ask(&standin, "filtered").await.unwrap().stop, Stop::Filtered);
    let empty = ask(&standin, "empty").await.unwrap();
    assert_eq!((empty.text.as_str(), empty.stop), ("", Stop::End));
}

#[tokio::test]
async fn a_model_that_knows_the_older_name_of_the_limit_is_remembered() {
    let standin = Standin::start().await.unwrap();
    let model = OpenAi::new(options(&standin)).unwrap();
    for _ in 0..2 {
        assert_eq!(hear(&model, &request("older")).await.1.unwrap().stop, Stop::End);
    }
    let limits: Vec<_> = standin.recorded().iter().map(|r| (r.body["max_completion_tokens"].as_u64(), r.body["max_tokens"].as_u64())).collect();
    assert_eq!(limits, [(Some(100), None), (None, Some(100)), (None, Some(100))]);
}

#[tokio::test]
async fn a_server_that_answers_whole_is_understood() {
    let standin = Standin::start().await.unwrap();
    let reply = ask(&standin, "whole-only").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("All is well, says the stand-in.", Stop::End));
    assert_eq!(reply.usage.map(|usage| usage.output), Some(7));
}

#[tokio::test]
async fn a_wrong_or_missing_key_names_the_variable_and_never_the_key() {
    let standin = Standin::start().await.unwrap();
    for key in [Some("wrong"), None] {
        let model = OpenAi::new(Options { api_key: key.map(Secret::new), api_key_name: "MY_KEY".to_owned(), ..options(&standin) }).unwrap();
        let error = hear(&model, &request("text")).await.1.unwrap_err();
        assert_eq!(error.kind, ModelErrorKind::Denied);
        assert!(error.message.contains("MY_KEY") && !error.message.contains("wrong."), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let model = OpenAi::new(Options { base_url: format!("http://{closed}/v1"), ..Options::default() }).unwrap();
    let error = hear(&model, &request("text")).await.1.unwrap_err();
    assert_eq!(error.kind, ModelErrorKind::Connect);
    assert!(error.message.contains(&closed.to_string()), "{error}");
}

#[tokio::test]
async fn words_arrive_before_the_reply_is_over() {
    let standin = Standin::start().await.unwrap();
    let model = OpenAi::new(options(&standin)).unwrap();
    let begun = Instant::now();
    let mut stream = model.stream(&request("slow"), 100);
    assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("All ".to_owned()))));
    let first = begun.elapsed();
    let rest = stream.collect::<Vec<_>>().await;
    assert!(matches!(rest.last(), Some(Ok(ModelEvent::Finished(_)))));
    assert!(begun.elapsed() >= first + Duration::from_millis(300), "{first:?} of {:?}", begun.elapsed());
}
