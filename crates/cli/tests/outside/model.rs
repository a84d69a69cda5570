//! A model that answers what no model should: the run ends with what is known, and says what was wrong.

use crate::server::{Home, answer};
use serde_json::json;

const TOOL: &str = r#"
stream = false
[[tool]]
name = "put"
effect = "observe"
replay = "keyed"
ledger = "put.jsonl"
input_schema = { type = "object", required = ["n"] }
"#;

/// A script with these tasks; a turn that asks for a call is followed by one that has heard what came of it.
fn script(turns: &[(&str, &str)]) -> String {
    let script = |(task, turn): &(&str, &str)| {
        let then = if turn.contains("call") { "[[script.turn]]\ntext = \"So it cannot be put.\"\n" } else { "" };
        format!("[[script]]\nwhen = \"{task}\"\n[[script.turn]]\n{turn}\n{then}")
    };
    format!("{TOOL}{}", turns.iter().map(script).collect::<String>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_reply_ends_in_an_answer_that_says_what_was_odd() {
    let partial = [
        ("garbage", "garbage = true", "could not be read"),
        ("nothing", "empty = true", "answered nothing"),
        ("endless", "endless = true", "went on for more than"),
        ("denied", "fail = { kind = \"denied\", message = \"no such key\" }", "no such key"),
    ];
    let refused = [
        ("half", "call = [{ tool = \"put\", raw = '{\"n\": ' }]", "not JSON"),
        ("unknown", "call = [{ tool = \"putt\", arguments = { n = 1 } }]", "no tool putt"),
        ("misfit", "call = [{ tool = \"put\", arguments = { m = 1 } }]", "argument n is missing"),
    ];
    let turns: Vec<(&str, &str)> = partial.iter().chain(&refused).map(|(task, turn, _)| (*task, *turn)).collect();
    let home = Home::new(&script(&turns));
    let server = home.start().await;
    let ask = async |task: &str| {
        let (_, accepted) = answer(server.post("/api/v1/runs").json(&json!({ "task": task, "agent_ids": ["worker"] }))).await.unwrap();
        server.until(accepted["run_id"].as_str().unwrap(), "completed").await
    };
    for (task, _, said) in partial {
        let run = ask(task).await;
        assert_eq!(run["outcome"], "partial", "{run}");
        assert!(run["answer"].as_str().unwrap().contains(said), "{run}");
    }
    for (task, _, said) in refused {
        let run = ask(task).await;
        assert_eq!((&run["outcome"], &run["answer"]), (&"full".into(), &"So it cannot be put.".into()), "{run}");
        let call = &run["tool_calls"][0];
        assert!(call["state"] == "failed" && call["output"].as_str().unwrap().contains(said), "{call}");
    }
    assert!(!home.path("put.jsonl").exists(), "a call that makes no sense was made");
    assert!(!home.log().contains("panicked"), "{}", home.log());
}
