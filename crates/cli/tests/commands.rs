//! The commands as a person types them: the real binary, a temporary home, nothing configured.

use serde_json::Value;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;
use testkit::standin::{Account, Standin};

/// A home without anything in it.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrator"));
        command.env_clear().env("HOME", self.0.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(self.command(arguments).output().unwrap())
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        Ran::new(self.command(arguments).envs(variables.iter().copied()).output().unwrap())
    }
}

#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn new(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    fn fails(&self, code: i32, said: &str) {
        assert!(self.code == code && self.err.contains(said), "{self:?}");
    }
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn without_a_model_a_task_is_routed_its_target_is_checked_and_the_answer_has_evidence() {
    let home = Home::new();
    let port = closed_port();
    let ran = home.run(&["ask", &format!("Why does 127.0.0.1:{port} refuse connections?"), "-o", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("no model, because no credentials") && ran.err.contains("nothing leaves this machine"), "{ran:?}");
    let result = ran.json();
    let mut names: Vec<&String> = result.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["agents", "answer", "cost_usd_micros", "duration_ms", "findings", "outcome", "run_id", "status", "usage"]);
    assert_eq!((&result["status"], &result["outcome"], &result["cost_usd_micros"]), (&"completed".into(), &"full".into(), &0.into()));
    let finding = &result["findings"][0];
    assert_eq!(finding["title"], format!("127.0.0.1:{port} refuses connections"));
    assert_eq!((&finding["severity"], &finding["evidence"][0]["tool"]), (&"high".into(), &"tcp_connect".into()));

    let again = home.run(&["run", "get", result["run_id"].as_str().unwrap(), "-o", "json"]);
    assert_eq!(again.json(), result, "the run is kept as it was shown");
    let listed = home.run(&["run", "ls", "-o", "json"]).json();
    assert_eq!((&listed["count"], &listed["runs"][0]["run_id"]), (&1.into(), &result["run_id"]));
}

#[test]
fn lines_of_json_are_the_events_and_then_the_result() {
    let ran = Home::new().run(&["check", "net", &format!("127.0.0.1:{}", closed_port()), "-o", "jsonl", "-q"]);
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["seq"].as_u64(), &lines[0]["type"]), (Some(0), &"submitted".into()));
    assert_eq!(lines.last().unwrap()["status"], "completed");
    assert_eq!(ran.err, "", "quiet is quiet");
}

#[test]
fn a_gate_on_severity_sets_the_exit_code() {
    let home = Home::new();
    let target = format!("127.0.0.1:{}", closed_port());
    assert_eq!(home.run(&["check", "net", &target, "--fail-on", "high"]).code, 3);
    assert_eq!(home.run(&["check", "net", &target, "--fail-on", "critical"]).code, 0);
    home.run(&["check", "net", &target, "--fail-on", "bad"]).fails(2, "must be info, low, medium, high or critical");
}

#[test]
fn wrong_input_is_refused_with_what_would_be_right() {
    let home = Home::new();
    home.run(&["ask", "  "]).fails(2, "say in plain words");
    home.run(&["ask", &"long ".repeat(20_000)]).fails(2, "10000 is the most");
    home.run(&["check", "net", "-c1;id"]).fails(2, "is not a host");
    home.run(&["check", "net", "ftp://x"]).fails(2, "http:// or https://");
    home.run(&["ask", "is it up?", "--agent", "network_diagnostic"]).fails(2, "network_diagnostics");
    home.run(&["agent", "get", "sytem_monitoring"]).fails(2, "did you mean system_monitoring?");
    home.run(&["run", "get", "12"]).fails(2, "not the id of a run");
    home.run(&["run", "get", "019f0c5e-7a3b-7c10-9d52-3f6f5a1f4f10"]).fails(2, "there is no run");
    home.run(&["run", "ls", "--status", "done"]).fails(2, "must be one of pending");
    home.run(&["ask", "x", "--model", "gpt"]).fails(2, "the flag --model: model is gpt, and must be provider/model-id");
    home.run(&["ask", "x", "--budget", "-1"]).fails(2, "--budget");
    home.run(&["ask", "x", "--model", "scripted/nowhere.toml"]).fails(2, "nowhere.toml");
    home.run(&["up", "--host", "0.0.0.0"]).fails(2, "a key must be configured");
    home.run(&["up", "--host", "localhost"]).fails(2, "must be an IP address");
    home.run_with(&["up", "--port", "0"], &[("API_KEY", "aao_admin_cut")]).fails(2, "lost or gained characters");
    home.run(&["up", "--model", "gpt"]).fails(2, "the flag --model: model is gpt, and must be provider/model-id");
    home.run(&["frobnicate"]).fails(2, "unrecognized subcommand");
    home.run(&["run", "ls", "--server", "http://127.0.0.1:1"]).fails(8, "could not be reached");
    home.run(&["run", "ls", "--server", "not a url"]).fails(2, "must be a URL");
}

#[test]
fn a_task_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = Home::new().command(&["ask"]);
    command.arg(std::ffi::OsStr::from_bytes(b"why is \xff\xfe slow?"));
    Ran::new(command.output().unwrap()).fails(2, "UTF-8");
}

#[test]
fn a_metadata_address_is_refused_and_nothing_is_sent_to_it() {
    let ran = Home::new().run(&["check", "net", "http://169.254.169.254/latest/meta-data/", "-o", "json"]);
    let result = ran.json();
    assert_eq!((ran.code, &result["findings"]), (0, &Value::Array(Vec::new())));
    assert!(result["answer"].as_str().unwrap().contains("may not be reached"), "{result}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    Home::new().run(&["up", "--port", &port]).fails(1, &format!("port {port} of 127.0.0.1 is in use"));
}

#[test]
fn the_configuration_is_read_from_its_usual_place_and_mistakes_are_named() {
    let home = Home::new();
    let folder = home.path(".config/orchestrator");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("orchestrator.toml");
    std::fs::write(&file, "port = 9001\napi_key = \"s3cret\"\n").unwrap();
    let shown = home.run(&["config", "show"]);
    assert!(shown.out.contains("9001") && shown.out.contains("orchestrator.toml:1") && !shown.out.contains("s3cret"), "{shown:?}");
    assert_eq!(home.run(&["config", "validate"]).code, 0);
    std::fs::write(&file, "prot = 9001\n").unwrap();
    home.run(&["config", "validate"]).fails(2, "did you mean port?");
    home.run(&["config", "validate", "--config", "/nowhere.toml"]).fails(2, "/nowhere.toml could not be read");
    std::fs::write(&file, "prices_file = \"/nowhere.toml\"\n").unwrap();
    home.run(&["config", "validate"]).fails(2, "the price file /nowhere.toml");
    std::fs::write(&file, "").unwrap();
    let warned = home.run_with(&["config", "validate"], &[("ORCHESTRATOR_PROT", "1")]);
    assert!(warned.code == 0 && warned.out.contains("nothing reads the variable ORCHESTRATOR_PROT"), "{warned:?}");
}

#[test]
fn where_nothing_can_be_kept_checks_still_work_and_the_server_says_why_it_does_not() {
    let home = Home::new();
    let file = home.path("occupied");
    std::fs::write(&file, "a file where the directory should be").unwrap();
    let dir = file.to_str().unwrap();
    let checked = home.run(&["check", "net", "127.0.0.1:1", "--data-dir", dir, "-o", "json"]);
    assert_eq!((checked.code, checked.json()["findings"].as_array().unwrap().len()), (0, 1), "{checked:?}");
    assert!(checked.err.contains("kept in memory only"), "{checked:?}");
    home.run(&["up", "--port", "0", "--data-dir", dir]).fails(1, "cannot be written to");
}

#[test]
fn on_a_full_disk_checks_still_work_and_the_server_says_why_it_does_not() {
    let home = Home::new();
    let small = home.path("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&small).output().unwrap();
    if !mounted.status.success() {
        println!("skipped: a small file system cannot be mounted here: {}", String::from_utf8_lossy(&mounted.stderr).trim());
        return;
    }
    let checked = home.run(&["check", "net", "127.0.0.1:1", "--data-dir", small.to_str().unwrap(), "-o", "json"]);
    let served = home.run(&["up", "--port", "0", "--data-dir", small.to_str().unwrap()]);
    let unmounted = Command::new("umount").arg(&small).status().unwrap();
    assert!(unmounted.success());
    assert_eq!((checked.code, checked.json()["findings"].as_array().unwrap().len()), (0, 1), "{checked:?}");
    assert!(checked.err.contains("kept in memory only"), "{checked:?}");
    served.fails(1, "is full");
}

#[test]
fn a_newer_or_damaged_database_is_left_alone_and_named() {
    let home = Home::new();
    assert_eq!(home.run(&["check", "net", "127.0.0.1:1", "-q"]).code, 0);
    let data = home.path(".local/state/orchestrator");
    let database =
        std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|e| e == "db")).unwrap();
    let good = std::fs::read(&database).unwrap();

    // The schema's number is the four bytes at 60 of SQLite's header.
    let mut newer = good.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&database, &newer).unwrap();
    home.run(&["ask", "is it up?"]).fails(1, "newer release");
    assert_eq!(std::fs::read(&database).unwrap(), newer, "it was left alone");

    std::fs::write(&database, b"this is not a database, whatever its name says ".repeat(100)).unwrap();
    home.run(&["run", "ls"]).fails(1, "damaged");
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let home = Home::new();
    let well = home.run(&["doctor", "-o", "json"]);
    assert!(well.json().as_array().unwrap().iter().any(|line| line["what"] == "data" && line["verdict"] == "ok"), "{well:?}");
    std::fs::write(home.path("occupied"), "").unwrap();
    let ill = home.run(&["doctor", "--data-dir", home.path("occupied").to_str().unwrap()]);
    assert!(ill.code == 1 && ill.out.contains("FAIL  data"), "{ill:?}");
}

#[test]
fn agents_can_be_listed_read_and_replaced() {
    let home = Home::new();
    let folder = home.path("agents");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("mine.md"), "---\nname: mine\ndescription: Mine.\nkeywords: {zebra: 5}\ntools: [disks]\n---\nLook.\n").unwrap();
    let with = [("ORCHESTRATOR_AGENTS_DIR", folder.to_str().unwrap())];
    let listed = home.run_with(&["agent", "ls", "-o", "json"], &with).json();
    assert_eq!(listed["count"], 4);
    let routed = home.run_with(&["agent", "route", "where is the zebra?", "-o", "json"], &with).json();
    assert_eq!((&routed["chosen"][0], &routed["is_clear"]), (&"mine".into(), &true.into()));
    std::fs::write(folder.join("mine.md"), "---\nname: mine\ndescription: Mine.\ntools: [dsks]\n---\nLook.\n").unwrap();
    home.run_with(&["agent", "ls"], &with).fails(2, "the tool dsks");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut head = Command::new("sh");
    head.args(["-c", "\"$0\" config show | head -1 > /dev/null; echo ${PIPESTATUS:-ok}", env!("CARGO_BIN_EXE_orchestrator")]);
    let ran = Ran::new(head.env_clear().env("HOME", home.0.path()).env("PATH", std::env::var_os("PATH").unwrap()).output().unwrap());
    assert!(ran.err.is_empty(), "{ran:?}");
}

/// Asks a model of the stand-in; `provider` is `openai` or `bedrock`.
async fn ask_standin(home: &Home, provider: &str, scenario: &str, budget: &str) -> Ran {
    let standin = Standin::start().await.unwrap();
    let prices = home.path("prices.toml");
    let row = format!(
        "[[model]]\nprovider = \"{provider}\"\nid = \"standin.{scenario}\"\ninput = \"1.00\"\noutput = \"5.00\"\nas_of = \"2026-01-01\"\nsource = \"test\"\nverified = true\n"
    );
    std::fs::write(&prices, row).unwrap();
    let mut command =
        home.command(&["ask", "how is the disk?", "--budget", budget, "-o", "json", "--model", &format!("{provider}/standin.{scenario}")]);
    command
        .env("ORCHESTRATOR_PRICES_FILE", &prices)
        .env("OPENAI_BASE_URL", standin.openai_url())
        .env("OPENAI_API_KEY", "test")
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    tokio::task::spawn_blocking(move || Ran::new(command.output().unwrap())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_on_bedrock_calls_a_tool_answers_and_is_paid_for() {
    let ran = ask_standin(&Home::new(), "bedrock", "tool", "0.25").await;
    let result = ran.json();
    assert_eq!((ran.code, &result["outcome"]), (0, &"full".into()), "{ran:?}");
    assert!(result["answer"].as_str().unwrap().starts_with("The tool said:"), "{ran:?}");
    assert!(result["cost_usd_micros"].as_i64().unwrap() > 0 && result["usage"]["output"].as_u64().unwrap() > 0, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_denied_or_too_dear_leaves_a_partial_answer_from_checks() {
    for (provider, scenario, budget, code, said) in [
        ("openai", "denied", "0.25", 4, "OPENAI_API_KEY"),
        ("bedrock", "denied", "0.25", 4, "bedrock:InvokeModel"),
        ("bedrock", "eol", "0.25", 0, "end of"),
        ("bedrock", "profile", "0.25", 0, "inference profile"),
        ("bedrock", "text", "0.000001", 5, "budget"),
    ] {
        let ran = ask_standin(&Home::new(), provider, scenario, budget).await;
        let result = ran.json();
        assert_eq!((ran.code, &result["outcome"]), (code, &"partial".into()), "{scenario}: {ran:?}");
        let answer = result["answer"].as_str().unwrap();
        assert!(answer.contains(said) && answer.contains("Checked:"), "{scenario}: {answer}");
    }
}

/// Asks the default model on Bedrock, as a user who has this policy.
async fn ask_as_user_with(home: &Home, policy: &serde_json::Value) -> Ran {
    let account = serde_json::json!({
        "user": "arn:aws:iam::123456789012:user/ann", "access_key_id": "AKIDTEST", "secret_access_key": "not-a-secret", "policy": policy,
        "profiles": {"us.anthropic.claude-haiku-5-5": {"model": "anthropic.claude-haiku-5-5", "regions": ["us-east-1", "us-east-2", "us-west-2"]}},
    });
    let standin = Standin::start_in(Account::parse(&account.to_string()).unwrap()).await.unwrap();
    let mut command = home.command(&["ask", "how is the disk?", "-o", "json"]);
    command
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDTEST")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    tokio::task::spawn_blocking(move || Ran::new(command.output().unwrap())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generated_policy_is_enough_and_a_denial_for_want_of_one_region_is_explained_by_its_own_message() {
    let home = Home::new();
    let model = ["--model", "us.anthropic.claude-haiku-5-5", "--region", "us-east-1", "--account", "123456789012"];
    let mut policy = home.run(&[&["infra", "iam", "generate", "--principal", "user", "-o", "json"], model.as_slice()].concat()).json();
    let ran = ask_as_user_with(&home, &policy).await;
    assert_eq!((ran.code, &ran.json()["outcome"]), (0, &"full".into()), "{ran:?}");

    let lacking = "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-haiku-5-5";
    policy["Statement"][0]["Resource"].as_array_mut().unwrap().retain(|arn| arn != lacking);
    let ran = ask_as_user_with(&home, &policy).await;
    assert_eq!((ran.code, &ran.json()["outcome"]), (4, &"partial".into()), "{ran:?}");
    let answer = ran.json()["answer"].as_str().unwrap().to_owned();
    let message = answer.lines().find(|line| line.contains("is not authorized to perform")).unwrap_or_else(|| panic!("{answer}"));
    let ours = "AWS denies access to us.anthropic.claude-haiku-5-5: allow bedrock:InvokeModelWithResponseStream on ";
    assert!(message.contains(ours) && message.contains("no identity-based policy allows"), "{message}");

    std::fs::write(home.path("policy.json"), policy.to_string()).unwrap();
    let file = home.path("policy.json");
    let file = file.to_str().unwrap();
    let explained = home.run(&[&["infra", "iam", "check", message, "--policy", file, "-o", "json"], model.as_slice()].concat()).json();
    assert_eq!(explained["principal"], "arn:aws:iam::123456789012:user/ann");
    assert_eq!((&explained["cause"], &explained["resource"]), (&"no_identity_policy".into(), &lacking.into()));
    assert_eq!(explained["action"], "bedrock:InvokeModelWithResponseStream");
    assert_eq!(explained["entry"], "model = \"bedrock/us.anthropic.claude-haiku-5-5\"");
    let says = explained["explanation"].as_str().unwrap();
    assert!(says.contains("in every region that it may be sent to") && says.contains("does not let it through: no statement allows it"), "{says}");
    assert!(explained["statement"]["Resource"].as_array().unwrap().contains(&lacking.into()), "{explained}");
}
