//! The operator's logo and colours, as they are served.

use crate::scene::{STRICT, Scene};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

#[tokio::test]
async fn the_operators_colours_and_logo_are_served_by_us() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" ><script>alert(1)</script></svg>";
    std::fs::write(&logo, svg).unwrap();
    let lines = format!("logo = {logo:?}\naccent = \"#7a1fa2\"\naccent-dark = \"#e1bee7\"");
    let scene = Scene::with(&lines, STRICT);
    let browser = scene.browser();
    let page = browser.get("/forgot-password").await;
    assert!(page.body.contains("href=\"/assets/brand.css\""), "{}", page.body);
    assert!(page.body.contains("src=\"/assets/logo\""), "{}", page.body);
    let style = browser.get("/assets/brand.css").await;
    assert!(style.body.contains("--act: #7a1fa2"), "{}", style.body);
    let served = browser.get("/assets/logo").await;
    assert_eq!((served.status, served.body.as_str()), (StatusCode::OK, svg));
    assert_eq!(served.headers[CONTENT_TYPE], "image/svg+xml");
    let policy = served.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox"),
        "a picture runs nothing: {policy}"
    );
}

#[tokio::test]
async fn without_a_look_of_their_own_pages_have_ours() {
    let scene = Scene::new();
    let page = scene.browser().get("/forgot-password").await;
    assert!(
        page.body.contains("src=\"/assets/icon.svg\"") && !page.body.contains("brand.css"),
        "{}",
        page.body
    );
}
