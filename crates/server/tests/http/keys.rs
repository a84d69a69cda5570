//! Keys: none, wrong ones, two.

use crate::support::{KEY, refused, start};

#[tokio::test]
async fn everything_but_the_front_needs_a_key() {
    let service = start().await;
    for path in ["/api/v1/status", "/api/v1/runs", "/api/v1/runs/7", "/api/v1/runs/7/events", "/api/v1/agents", "/api/v1/agents/watcher"] {
        refused(service.http.get(service.url(path)), 401, "unauthorized", "X-API-Key").await;
    }
    for path in ["/api/v1/orchestrate", "/api/v1/runs", "/api/v1/runs/7/cancel", "/api/v1/runs/7/resume", "/api/v1/runs/7/decision"] {
        refused(service.http.post(service.url(path)).body("{"), 401, "unauthorized", "X-API-Key").await;
    }
    for path in ["/", "/api/v1/health", "/openapi.json"] {
        assert_eq!(service.http.get(service.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_key_is_taken_from_either_header() {
    let service = start().await;
    let get = || service.http.get(service.url("/api/v1/agents"));
    for request in [
        get().header("X-API-Key", KEY),
        get().header("Authorization", format!("Bearer {KEY}")),
        get().header("Authorization", format!("bearer {KEY}")),
        get().header("Authorization", format!("Bearer {KEY}")).header("X-API-Key", KEY),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_never_repeated() {
    let service = start().await;
    let get = || service.http.get(service.url("/api/v1/agents"));
    let wrong = "wrong-s3cret";
    for (request, said) in [
        (get().header("X-API-Key", wrong), "not known"),
        (get().header("X-API-Key", ""), "not known"),
        (get().header("Authorization", format!("Bearer {wrong}")), "not known"),
        (get().header("Authorization", format!("Basic {wrong}")), "Bearer KEY"),
        (get().header("X-API-Key", KEY).header("Authorization", format!("Bearer {wrong}")), "different keys"),
        (get().header("X-API-Key", KEY).header("X-API-Key", wrong), "different keys"),
    ] {
        let again = request.try_clone().unwrap().send().await.unwrap();
        assert_eq!(again.headers()["www-authenticate"], "ApiKey");
        let problem = refused(request, 401, "unauthorized", said).await;
        assert!(!problem.to_string().contains(wrong));
    }
}

#[test]
fn a_key_is_known_by_the_beginning_of_its_hash() {
    assert_eq!(server::Key::of("abc").id(), "kid_ba7816bf8f01");
}
