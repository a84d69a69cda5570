//! A tool that can be called.

use async_trait::async_trait;
use domain::permit::PermittedCall;
use domain::tool::{ToolError, ToolOutput, ToolSpec};
use serde_json::Value;

/// Does one thing to the world, or looks at one.
#[async_trait]
pub trait Tool: Send + Sync {
    /// What it says of itself. The same for the life of the process.
    fn spec(&self) -> &ToolSpec;

    /// Whether these arguments can be used, without using them. The error is a sentence for the model.
    fn check(&self, arguments: &Value) -> Result<(), String>;

    /// Makes the call. Dropping the future abandons it.
    ///
    /// A `keyed` tool gives `call.idempotency_key()` to whatever it calls. The engine holds the time limit.
    async fn call(&self, call: PermittedCall) -> Result<ToolOutput, ToolError>;
}
