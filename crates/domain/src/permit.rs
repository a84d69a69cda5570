//! No permit, no call. Only this module can make the `PermittedCall` that a tool accepts.

use crate::event::ToolCallStarted;
use crate::ids::{AgentId, CallId, RunId, ToolName};
use crate::principal::Principal;
use crate::tool::{EffectClass, Replay, ToolSpec};
use serde_json::{Value, json};

/// A call that somebody wants made, with all that a policy may look at.
#[derive(Debug)]
pub struct ProposedCall<'a> {
    /// In which run.
    pub run: RunId,
    /// Which call.
    pub call: &'a CallId,
    /// For whom.
    pub principal: &'a Principal,
    /// By which agent; `None` for a deterministic check.
    pub agent: Option<&'a AgentId>,
    /// The tool.
    pub tool: &'a ToolSpec,
    /// The exact arguments.
    pub arguments: &'a Value,
    /// Whether an outsider's words are already in the run.
    pub tainted: bool,
    /// A person's recorded yes: the hash of the call they saw.
    pub approved_hash: Option<&'a str>,
}

impl ProposedCall<'_> {
    /// Binds an approval to this run, call, tool and exact arguments.
    pub fn hash(&self) -> String {
        let bound = json!({"run": self.run.to_string(), "call": self.call, "tool": self.tool.name, "arguments": self.arguments});
        crate::canonical::sha256_hex(&crate::canonical::bytes(&bound))
    }
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Make the call.
    Allow,
    /// Do not; the reason is told to the model and to people.
    Deny(String),
    /// Ask a person; the reason is shown to them.
    Ask(String),
}

/// Decides about calls. Pure: the same call gets the same verdict.
pub trait Policy: Send + Sync {
    /// Names the rules, so that the journal can say which ones allowed a call.
    fn version(&self) -> &str;
    /// What this call gets. A recorded approval is judged by `permit`, after this.
    fn decide(&self, call: &ProposedCall<'_>) -> Verdict;
}

/// The built-in policy: looking is allowed, changing and speaking asks a person.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByEffectClass;

impl Policy for ByEffectClass {
    fn version(&self) -> &str {
        "effect-class-1"
    }

    fn decide(&self, call: &ProposedCall<'_>) -> Verdict {
        let after_taint = if call.tainted { ", and text from outside is already in this run" } else { "" };
        match call.tool.effect {
            EffectClass::Observe => Verdict::Allow,
            EffectClass::Change => Verdict::Ask(format!("{} changes state{after_taint}", call.tool.name)),
            EffectClass::Speak => Verdict::Ask(format!("{} speaks to somebody outside{after_taint}", call.tool.name)),
        }
    }
}

/// A call that may be made. It cannot be copied, and nothing but `permit` makes one.
#[derive(Debug)]
pub struct PermittedCall {
    run: RunId,
    call: CallId,
    tool: ToolName,
    arguments: Value,
    replay: Replay,
    policy_version: String,
}

impl PermittedCall {
    /// In which run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Which call.
    pub fn call(&self) -> &CallId {
        &self.call
    }

    /// The tool.
    pub fn tool(&self) -> &ToolName {
        &self.tool
    }

    /// The exact arguments that were judged.
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// What may happen if no outcome is recorded.
    pub fn replay(&self) -> Replay {
        self.replay
    }

    /// The policy that allowed it.
    pub fn policy_version(&self) -> &str {
        &self.policy_version
    }

    /// The fact that the journal holds before the call is made.
    pub fn intent(&self) -> ToolCallStarted {
        ToolCallStarted {
            call: self.call.clone(),
            tool: self.tool.clone(),
            arguments: self.arguments.clone(),
            replay: self.replay,
            idempotency_key: self.idempotency_key(),
            policy_version: self.policy_version.clone(),
        }
    }

    /// The same for every attempt at this call, unique across runs.
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}", self.run, self.call)
    }
}

/// What came of asking for a permit.
#[derive(Debug)]
pub enum Permit {
    /// Here it is.
    Granted(PermittedCall),
    /// No.
    Denied(String),
    /// A person must be asked.
    NeedsApproval(String),
}

/// Asks the policy. A recorded approval turns *ask* into *allow*, and only for the very call that was shown.
pub fn permit(policy: &dyn Policy, proposed: &ProposedCall<'_>) -> Permit {
    match policy.decide(proposed) {
        Verdict::Deny(reason) => return Permit::Denied(reason),
        Verdict::Ask(reason) if proposed.approved_hash != Some(proposed.hash().as_str()) => return Permit::NeedsApproval(reason),
        Verdict::Ask(_) | Verdict::Allow => {}
    }
    Permit::Granted(PermittedCall {
        run: proposed.run,
        call: proposed.call.clone(),
        tool: proposed.tool.name.clone(),
        arguments: proposed.arguments.clone(),
        replay: proposed.tool.replay,
        policy_version: policy.version().to_owned(),
    })
}
