//! The front page: what this is, how it does, and a first request to copy.

use crate::app::App;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::Html;

/// A small page for people
#[utoipa::path(get, path = "/", tag = "service", operation_id = "front_page", responses((status = 200, description = "What this is.", body = String, content_type = "text/html")))]
pub(crate) async fn page(State(app): State<App>, headers: HeaderMap) -> Html<String> {
    // It goes into the page and into a shell, so nothing but what host names and addresses are made of.
    let fit = |host: &&str| !host.is_empty() && host.len() <= 255 && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:[]-".contains(&b));
    let host = headers.get(HOST).and_then(|v| v.to_str().ok()).filter(fit).unwrap_or("127.0.0.1:8000");
    let health = if app.draining().is_cancelled() { "draining: about to end" } else { "healthy" };
    let model = if app.model().is_some() { "a model, and deterministic checks where it fails" } else { "deterministic checks, without a model" };
    let agents: String =
        app.engine().catalogue().routable().map(|a| format!("<li><b>{}</b>: {}</li>\n", escape(a.name.as_str()), escape(&a.description))).collect();
    let version = env!("CARGO_PKG_VERSION");
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>AI Agent Orchestrator</title></head>
<body>
<h1>AI Agent Orchestrator</h1>
<p>Takes a task in plain words, looks with real tools, and answers with findings and their evidence.</p>
<p>Version {version} &middot; {health} &middot; works with {model}</p>
<h2>Agents</h2>
<ul>
{agents}</ul>
<h2>A first task</h2>
<p>Put your key into <code>API_KEY</code>. Where none was configured, the server wrote one to <code>api-key</code> in its data directory.</p>
<pre>curl -s http://{host}/api/v1/orchestrate \
  -H "X-API-Key: $API_KEY" -H "Content-Type: application/json" \
  -d '{{"task": "Is this machine healthy, and why does 127.0.0.1:1 not answer?"}}'</pre>
<p><a href="/api/v1/health">Health</a> &middot; <a href="/openapi.json">OpenAPI document</a></p>
</body>
</html>
"#
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
