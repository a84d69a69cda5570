//! `version`.

use super::Context;
use crate::arguments::Format;
use crate::exit::Exit;
use crate::show;
use crate::terminal::print;
use serde_json::json;

/// Prints the version.
pub(crate) fn version(context: &Context) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    match context.format() {
        Format::Text => print(&format!("orchestrator {version}\n")),
        format => show::json(format, &json!({"name": "orchestrator", "version": version})),
    }
    Exit::Done
}
