//! A tool whose whole effect is a line in a file: what tests count to see that nothing happened twice.

use super::format::{Moment, ToolLine};
use async_trait::async_trait;
use domain::permit::PermittedCall;
use domain::tool::{Reach, Replay, ToolError, ToolErrorKind, ToolOutput, ToolSpec, Trust};
use ports::Tool;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Appends `{idempotency_key, tool, arguments, pid}` to its ledger, one line a call.
pub(super) struct LedgerTool {
    spec: ToolSpec,
    line: ToolLine,
}

impl LedgerTool {
    pub(super) fn new(line: &ToolLine) -> LedgerTool {
        let spec = ToolSpec {
            name: line.name.as_str().into(),
            description: line.description.clone().unwrap_or_else(|| format!("Writes the call of {} into a ledger.", line.name)),
            input_schema: line.input_schema.clone().unwrap_or_else(|| json!({"type": "object"})),
            replay: line.replay,
            effect: line.effect,
            reach: Reach::Host,
            trust: line.trust.unwrap_or(Trust::Trusted),
            timeout_ms: 60_000,
            checks: Vec::new(),
        };
        LedgerTool { spec, line: line.clone() }
    }

    /// Ends the process the first time it comes here, as a power cut would: nothing is flushed, nobody is told.
    fn die_once_at(&self, moment: Moment) -> io::Result<()> {
        if self.line.die != Some(moment) {
            return Ok(());
        }
        let mark = beside(&self.line.ledger, ".died");
        match OpenOptions::new().write(true).create_new(true).open(mark) {
            Ok(file) => {
                file.sync_all()?;
                std::process::abort()
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The effect, or for a keyed call the effect it had before.
    fn act(&self, key: &str, arguments: &Value) -> io::Result<String> {
        self.die_once_at(Moment::Before)?;
        if self.line.replay == Replay::Keyed
            && let Some(recorded) = find(&self.line.ledger, key)?
        {
            return Ok(recorded);
        }
        let recorded = json!({"idempotency_key": key, "tool": self.line.name, "arguments": arguments, "pid": std::process::id()}).to_string();
        append(&self.line.ledger, &recorded)?;
        self.die_once_at(Moment::After)?;
        Ok(recorded)
    }
}

#[async_trait]
impl Tool for LedgerTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn check(&self, arguments: &Value) -> Result<(), String> {
        let object = arguments.as_object().ok_or("the arguments are not an object")?;
        let required = self.spec.input_schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        match required.into_iter().find(|name| !object.contains_key(*name)) {
            Some(name) => Err(format!("the argument {name} is missing")),
            None => Ok(()),
        }
    }

    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError> {
        tokio::time::sleep(Duration::from_millis(self.line.pause_before_ms)).await;
        // A line of a few hundred bytes: the wait for the disk is short, and a task of its own would outlive a dropped call.
        let recorded = self
            .act(&call.idempotency_key(), call.arguments())
            .map_err(|error| ToolError::new(ToolErrorKind::Failed, format!("the ledger {} cannot be used: {error}", self.line.ledger.display())))?;
        tokio::time::sleep(Duration::from_millis(self.line.pause_after_ms)).await;
        match &self.line.fail {
            Some(message) => Err(ToolError::new(ToolErrorKind::Failed, message.clone())),
            None => Ok(ToolOutput { text: self.line.text.clone().unwrap_or(recorded), findings: Vec::new(), reachable: true }),
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn find(ledger: &Path, key: &str) -> io::Result<Option<String>> {
    let file = match OpenOptions::new().read(true).open(ledger) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for line in BufReader::new(file).lines() {
        let line = line?;
        let is_it = serde_json::from_str::<Value>(&line).is_ok_and(|effect| effect["idempotency_key"] == key);
        if is_it {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

/// One write to the end of the file, so that lines of two processes do not mix.
fn append(ledger: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(ledger)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::super::Script;
    use domain::event::ToolCallStarted;
    use domain::permit::{Permit, PermittedCall, Policy, ProposedCall, Verdict, permit};
    use domain::principal::Principal;
    use domain::{CallId, RunId};
    use ports::Tool;
    use serde_json::{Value, json};
    use std::path::Path;
    use std::sync::Arc;

    struct Yes;

    impl Policy for Yes {
        fn version(&self) -> &str {
            "yes"
        }
        fn decide(&self, _: &ProposedCall<'_>) -> Verdict {
            Verdict::Allow
        }
    }

    fn permitted(tool: &dyn Tool, seq: u64) -> PermittedCall {
        let call = CallId::at(seq, 0);
        let proposed = ProposedCall {
            run: RunId::from_bytes([7; 16]),
            call: &call,
            principal: &Principal::local(),
            agent: None,
            tool: tool.spec(),
            arguments: &json!({"who": "ann"}),
            tainted: false,
            approved_hash: None,
        };
        match permit(&Yes, &proposed) {
            Permit::Granted(call) => call,
            other => panic!("{other:?}"),
        }
    }

    fn tool(folder: &std::path::Path, replay: &str) -> Arc<dyn Tool> {
        let text = format!(
            "[[tool]]\nname = \"page\"\neffect = \"speak\"\nreplay = \"{replay}\"\nledger = \"ledger.jsonl\"\ninput_schema = {{ type = \"object\", required = [\"who\"] }}\n"
        );
        std::fs::write(folder.join("script.toml"), text).unwrap();
        Script::load(&folder.join("script.toml")).unwrap().tools().remove(0)
    }

    fn lines(folder: &std::path::Path) -> Vec<Value> {
        std::fs::read_to_string(folder.join("ledger.jsonl")).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_keyed_call_has_its_effect_once_and_answers_the_same_twice() {
        let folder = tempfile::tempdir().unwrap();
        let tool = tool(folder.path(), "keyed");
        let first = tool.call(permitted(&*tool, 3)).await.unwrap();
        let again = tool.call(permitted(&*tool, 3)).await.unwrap();
        assert_eq!(first, again);
        tool.call(permitted(&*tool, 4)).await.unwrap();
        let lines = lines(folder.path());
        assert_eq!(lines.len(), 2);
        let ToolCallStarted { idempotency_key, .. } = permitted(&*tool, 3).intent();
        let wanted = json!({"idempotency_key": idempotency_key, "tool": "page", "arguments": {"who": "ann"}, "pid": std::process::id()});
        assert_eq!(lines[0], wanted);
    }

    #[tokio::test]
    async fn a_call_without_a_key_has_its_effect_each_time() {
        for replay in ["safe", "once"] {
            let folder = tempfile::tempdir().unwrap();
            let tool = tool(folder.path(), replay);
            tool.call(permitted(&*tool, 3)).await.unwrap();
            tool.call(permitted(&*tool, 3)).await.unwrap();
            assert_eq!(lines(folder.path()).len(), 2, "{replay}");
        }
    }

    /// Set in a child process: the folder of its script.
    const CHILD: &str = "LEDGER_TEST_CHILD";

    #[tokio::test]
    async fn a_process_that_dies_at_a_call_dies_once_and_leaves_the_effect_it_had() {
        if let Some(folder) = std::env::var_os(CHILD) {
            let tool = Script::load(&Path::new(&folder).join("script.toml")).unwrap().tools().remove(0);
            println!("answered: {}", tool.call(permitted(&*tool, 3)).await.unwrap().text);
            return;
        }
        for (moment, effects_of_the_dead) in [("before", 0), ("after", 1)] {
            let folder = tempfile::tempdir().unwrap();
            let tool = format!("[[tool]]\nname = \"page\"\neffect = \"change\"\nreplay = \"keyed\"\nledger = \"ledger.jsonl\"\ndie = \"{moment}\"\n");
            std::fs::write(folder.path().join("script.toml"), tool).unwrap();
            std::fs::write(folder.path().join("ledger.jsonl"), "").unwrap();
            let child = || {
                let mut child = std::process::Command::new(std::env::current_exe().unwrap());
                let name = "scripted::ledger_tool::tests::a_process_that_dies_at_a_call_dies_once_and_leaves_the_effect_it_had";
                child.args(["--exact", name, "--nocapture"]).env(CHILD, folder.path()).output().unwrap()
            };
            assert!(!child().status.success(), "{moment}");
            assert_eq!(lines(folder.path()).len(), effects_of_the_dead, "{moment}");
            let second = child();
            assert!(second.status.success() && String::from_utf8_lossy(&second.stdout).contains("answered: "), "{moment}");
            assert_eq!(lines(folder.path()).len(), 1, "{moment}");
        }
    }

    #[test]
    fn arguments_that_are_missing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let tool = tool(folder.path(), "once");
        assert_eq!(tool.check(&json!({"who": "ann"})), Ok(()));
        assert_eq!(tool.check(&json!({})), Err("the argument who is missing".to_owned()));
        assert!(tool.check(&json!([])).is_err());
    }
}
