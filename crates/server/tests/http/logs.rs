//! What the log says of a request that failed: as much as helps, under the id that the caller has.

use crate::support::{KEY, refused, start};
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Lines;

    fn make_writer(&self) -> Lines {
        self.clone()
    }
}

#[tokio::test]
async fn a_failure_is_logged_once_with_the_callers_id_and_without_the_key() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
    // The test and the service share this thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let service = start().await;
    let wrong = "wrong-s3cret";
    let request = service.http.get(service.url("/api/v1/agents?secret=1")).header("X-API-Key", wrong).header("X-Request-ID", "trace-1");
    refused(request, 401, "unauthorized", "not known").await;
    refused(service.get("/api/v1/nothing").header("X-Request-ID", "trace-2"), 404, "not_found", "").await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let of = |id: &str| text.lines().filter(|line| line.contains(&format!("request_id={id} "))).map(str::to_owned).collect::<Vec<_>>();
    let [refusal] = of("trace-1").try_into().unwrap();
    assert!(refusal.contains("WARN") && refusal.contains("status=401") && refusal.contains("path=\"/api/v1/agents\""), "{refusal}");
    assert!(refusal.contains("peer=\"127.0.0.1:"), "{refusal}");
    let [missing] = of("trace-2").try_into().unwrap();
    assert!(missing.contains("INFO") && missing.contains("status=404"), "{missing}");
    assert!(!text.contains(wrong) && !text.contains(KEY) && !text.contains("secret=1"), "{text}");
}
