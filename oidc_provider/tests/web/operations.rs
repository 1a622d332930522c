//! What the operator's machines ask: liveness, readiness, figures, and who may not read them.

use crate::scene::Scene;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use std::net::SocketAddr;
use tower::ServiceExt;

async fn asked(scene: &Scene, path: &str, peer: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = format!("{peer}:40000").parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
    let response = scene.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_provider_with_its_store_is_alive_and_ready() {
    let scene = Scene::new();
    let (status, body) = asked(&scene, "/healthz", "127.0.0.1", &[]).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "ok\n"));
    let (status, body) = asked(&scene, "/readyz", "127.0.0.1", &[]).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "ready\n"));
}

#[tokio::test]
async fn without_its_policy_it_is_alive_and_not_ready() {
    let scene = Scene::new();
    // As if a row had rotted: another version, so that nobody goes on with the one read before.
    let rotten = "UPDATE policies SET document = 'version = 2', version = version + 1 WHERE active = 1";
    let store = &scene.test.realm.store;
    store.write(|tx| tx.execute(rotten, &[]).map(drop)).unwrap();
    let (status, body) = asked(&scene, "/readyz", "127.0.0.1", &[]).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable\n")
    );
    let (status, _) = asked(&scene, "/healthz", "127.0.0.1", &[]).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn the_figures_count_requests_and_people() {
    let scene = Scene::new();
    scene.sign_in(&scene.browser(), &scene.wiki().request(&[])).await;
    asked(&scene, "/jwks", "127.0.0.1", &[]).await;
    asked(&scene, "/made/up/by/a/visitor", "127.0.0.1", &[]).await;
    let (status, figures) = asked(&scene, "/metrics", "127.0.0.1", &[]).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "samekey_http_requests_total{route=\"/jwks\",method=\"GET\",status=\"200\"} 1",
        "samekey_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 1",
        "samekey_accounts{state=\"active\"} ",
        "samekey_accounts_enrolled 1",
        "samekey_build_info{version=",
        "samekey_http_request_duration_seconds_bucket{le=\"0.001\",route=\"/jwks\"}",
        "# EOF",
    ] {
        assert!(figures.contains(line), "{line} is not in\n{figures}");
    }
    assert!(!figures.contains("made/up"), "a visitor made up a label");
    assert!(!figures.contains("ann"), "a name stands in the figures");
}

#[tokio::test]
async fn nobody_but_named_addresses_reads_the_figures() {
    let scene = Scene::with("metrics = [\"192.0.2.0/24\"]", crate::scene::STRICT);
    let (status, _) = asked(&scene, "/metrics", "192.0.2.7", &[]).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = asked(&scene, "/metrics", "198.51.100.1", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!body.contains("samekey_"));
    // A proxy on the same machine passes on whoever comes.
    let scene = Scene::with("trusted-proxies = [\"127.0.0.1\"]", crate::scene::STRICT);
    let forwarded = [("x-forwarded-for", "203.0.113.9")];
    let (status, _) = asked(&scene, "/metrics", "127.0.0.1", &forwarded).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = asked(&scene, "/metrics", "127.0.0.1", &[("forwarded", "for=203.0.113.9")]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
