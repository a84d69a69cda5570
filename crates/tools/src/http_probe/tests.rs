//! Redirects, time-outs and odd answers, from real servers on loopback.

use super::*;
use crate::egress::Options;
use crate::testing::{Authority, TlsServer, call, closed_port};
use domain::finding::FindingDraft;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A web server on loopback that answers by path: `/status/<code>`, `/to?<location>`, `/slow`, anything else 200.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 8192];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let answer = if let Some(code) = path.strip_prefix("/status/") {
                    format!("HTTP/1.1 {code} X\r\ncontent-length: 0\r\n\r\n")
                } else if let Some(location) = path.strip_prefix("/to?") {
                    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
                } else if path == "/slow" {
                    std::future::pending().await
                } else {
                    let headers = "server: test\u{1b}[31m\r\nset-cookie: sid=secret; HttpOnly\r\ncontent-length: 12";
                    format!("HTTP/1.1 200 OK\r\n{}\r\n\r\nsecret words", headers.replace('\u{1b}', "\u{9b}"))
                };
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

async fn probe(url: &str) -> ToolOutput {
    call(&HttpProbe::new(Egress::new(Options::default()), Roots::System), json!({"url": url})).await.unwrap()
}

fn only(output: &ToolOutput) -> &FindingDraft {
    assert_eq!(output.findings.len(), 1, "{:?}", output.findings);
    &output.findings[0]
}

#[tokio::test]
async fn a_good_answer_is_shown_without_body_or_cookie() {
    let port = server().await;
    let output = probe(&format!("http://localhost:{port}/a?b=c")).await;
    assert!(output.reachable && output.findings.is_empty());
    assert!(output.text.contains("200 OK") && output.text.contains("body    12 B"));
    assert!(output.text.contains("set-cookie: sid=***; HttpOnly") && !output.text.contains("secret"));
}

#[tokio::test]
async fn statuses_are_findings_by_how_bad_they_are() {
    let port = server().await;
    for (code, severity) in [(500, Severity::High), (503, Severity::High), (429, Severity::Medium), (404, Severity::Low), (403, Severity::Low)] {
        let output = probe(&format!("http://127.0.0.1:{port}/status/{code}")).await;
        assert_eq!(only(&output).severity, severity, "{code}");
        assert!(only(&output).title.contains(&code.to_string()) && output.reachable);
    }
    assert!(probe(&format!("http://127.0.0.1:{port}/status/204")).await.findings.is_empty());
}

#[tokio::test]
async fn redirects_are_followed_and_each_is_shown() {
    let port = server().await;
    let output = probe(&format!("http://127.0.0.1:{port}/to?/end")).await;
    assert!(output.findings.is_empty() && output.text.contains("with 1 redirect") && output.text.contains("302 Found"));
    let tool = HttpProbe::new(Egress::new(Options::default()), Roots::System);
    let arguments = json!({"url": format!("http://127.0.0.1:{port}/to?/end"), "follow_redirects": false, "method": "HEAD"});
    let output = call(&tool, arguments).await.unwrap();
    assert!(output.text.contains("with 0 redirects") && output.text.contains("location: /end"));
}

#[tokio::test]
async fn a_redirect_loop_is_found() {
    let port = server().await;
    let url = format!("http://127.0.0.1:{port}/to?/to?/to?/to?/to?/to?/to?/to?/end");
    assert!(only(&probe(&url).await).title.ends_with("redirects more than 5 times"));
    // The first path leads to itself.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let looping = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 301 Moved\r\nlocation: /x#y\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    assert!(only(&probe(&format!("http://127.0.0.1:{looping}/x")).await).title.ends_with("redirects in a loop"));
}

#[tokio::test]
async fn a_redirect_to_a_metadata_address_is_refused_in_every_form() {
    let port = server().await;
    for location in [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/",
        "//169.254.170.2/v2/credentials",
    ] {
        let output = probe(&format!("http://127.0.0.1:{port}/to?{location}")).await;
        assert_eq!(only(&output).severity, Severity::Medium, "{location}");
        assert!(only(&output).title.contains("must not be reached"), "{location}: {}", only(&output).title);
        assert!(!output.reachable);
    }
    let tool = HttpProbe::new(Egress::new(Options::default()), Roots::System);
    let error = call(&tool, json!({"url": "http://169.254.169.254/"})).await.unwrap_err();
    assert_eq!(error.kind, ToolErrorKind::Refused);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_found() {
    let port = server().await;
    for location in ["ftp://a.test/", "http://user:word@a.test/", "javascript:alert(1)"] {
        let output = probe(&format!("http://127.0.0.1:{port}/to?{location}")).await;
        assert!(only(&output).title.ends_with("redirects to no web address"), "{location}");
    }
}

#[tokio::test]
async fn closed_ports_and_other_protocols_are_told_apart() {
    let output = probe(&format!("http://127.0.0.1:{}/", closed_port())).await;
    assert!(!output.reachable && only(&output).title.ends_with("refuses connections"));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await;
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
        }
    });
    assert!(only(&probe(&format!("http://127.0.0.1:{other}/")).await).title.ends_with("does not answer in HTTP"));
    assert!(only(&probe(&format!("https://127.0.0.1:{other}/")).await).title.contains("does not speak TLS"));
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_in_time() {
    let port = server().await;
    let place = Place::read(&format!("http://127.0.0.1:{port}/slow")).unwrap();
    let egress = Egress::new(Options::default());
    let tool = HttpProbe::new(egress.clone(), Roots::System);
    let Err(failure) = exchange(&egress, &place, hyper::Method::GET, Duration::from_secs(1)).await else { panic!("it hangs") };
    let mut report = Report::default();
    tool.failed(&mut report, &place, failure, false).unwrap();
    let output = report.into_output(false);
    crate::testing::check_quotes(&output);
    assert!(only(&output).title.ends_with("does not answer in time"));
    let late = exchange(&egress, &place, hyper::Method::GET, Duration::from_millis(10)).await;
    assert!(matches!(late, Err(Failure::OutOfTime)));
}

#[tokio::test]
async fn https_is_asked_even_with_a_bad_certificate_and_says_so() {
    let authority = Authority::new("Authority");
    let tool = HttpProbe::new(Egress::new(Options::default()), authority.roots());
    let good = TlsServer::start(authority.certificate(&["localhost"], -10, 80)).await;
    let output = call(&tool, json!({"url": format!("https://localhost:{}/", good.port)})).await.unwrap();
    assert!(output.findings.is_empty() && output.text.contains("200 OK") && output.text.contains("trusted by"));
    let expired = TlsServer::start(authority.certificate(&["localhost"], -90, -20)).await;
    let output = call(&tool, json!({"url": format!("https://localhost:{}/", expired.port)})).await.unwrap();
    assert!(output.text.contains("200 OK") && only(&output).title.contains("expired on"));
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_found() {
    let place = Place::read("https://a.test/x").unwrap();
    let mut headers = hyper::HeaderMap::new();
    headers.insert(LOCATION, "http://a.test/x".parse().unwrap());
    let answer = Answer {
        status: hyper::StatusCode::FOUND,
        headers,
        address: "127.0.0.1:443".parse().unwrap(),
        resolve: Duration::ZERO,
        connect: Duration::ZERO,
        handshake: None,
        first_byte: Duration::ZERO,
        body_bytes: 0,
        body_whole: true,
        tls: None,
    };
    let mut report = Report::default();
    let followed = next(&mut report, &place, &answer, std::slice::from_ref(&place.url)).unwrap();
    assert_eq!(followed.port, 80);
    let output = report.into_output(true);
    crate::testing::check_quotes(&output);
    assert!(only(&output).title.ends_with("from https to http"));
}

#[test]
fn only_web_addresses_are_taken() {
    let tool = HttpProbe::new(Egress::new(Options::default()), Roots::System);
    for wrong in ["localhost", "ftp://a.test/", "http://user:word@a.test/", "http://2130706433/", "http://a b/"] {
        assert!(tool.check(&json!({"url": wrong})).is_err(), "{wrong}");
    }
    assert!(tool.check(&json!({"url": "http://a.test/", "method": "POST"})).is_err());
}
