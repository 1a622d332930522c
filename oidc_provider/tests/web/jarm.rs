//! Answers as signed JWTs (JARM), errors among them: nothing travels beside the JWT.

use crate::browser::Page;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{CALLBACK, ISSUER, Scene, settings};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::clients::ClientKind;
use samekey_provider::keys::{Alg, jws};
use serde_json::Value;

/// The one member of an answer, by whichever way it came.
fn response(page: &Page) -> String {
    if page.status == StatusCode::OK {
        assert!(page.body.contains(&format!("action=\"{CALLBACK}\"")));
        for absent in ["code", "state", "iss", "error"] {
            assert!(!page.body.contains(&format!("name=\"{absent}\"")), "{absent}");
        }
        return page.field("response");
    }
    let location = page.location();
    assert!(
        location.starts_with(&format!("{CALLBACK}?response=")) && !location.contains('&'),
        "{location}"
    );
    page.returned("response").unwrap()
}

#[tokio::test]
async fn each_signed_mode_tells_the_same_in_a_jwt() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    scene.sign_in(&browser, &wiki.request(&[])).await;
    for mode in ["jwt", "query.jwt", "form_post.jwt"] {
        let page = browser.get(&wiki.request(&[("response_mode", mode)])).await;
        assert_eq!(page.status == StatusCode::OK, mode == "form_post.jwt");
        let jwt = response(&page);
        let told: Value = jws::read(&scene.app.published().keys, &jwt).unwrap();
        assert_eq!((&told["iss"], &told["aud"]), (&ISSUER.into(), &"wiki".into()), "{told}");
        assert_eq!(told["state"], "st");
        let exp = told["exp"].as_i64().unwrap();
        assert!(exp > scene.now() && exp <= scene.now() + 600, "{exp}");
        assert_eq!(
            told.as_object()
                .unwrap()
                .keys()
                .filter(|name| *name != "session_state")
                .count(),
            5,
            "{told}"
        );
        let tokens = wiki.redeem(told["code"].as_str().unwrap(), &[]).await;
        assert_eq!(tokens.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn errors_and_absent_states_are_told_in_the_same_way() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    for (changes, error) in [
        ([("prompt", "none"), ("state", "")], "login_required"),
        ([("code_challenge", "short"), ("state", "")], "invalid_request"),
        ([("scope", "unknown"), ("state", "")], "invalid_scope"),
    ] {
        for mode in ["jwt", "form_post.jwt"] {
            let mut changes = changes.to_vec();
            changes.push(("response_mode", mode));
            let told = claims(&response(&browser.get(&wiki.request(&changes)).await));
            assert_eq!(told["error"], error, "{told}");
            assert!(told.get("state").is_none() && told.get("code").is_none());
        }
    }
    let cancelled = browser.get(&wiki.request(&[("response_mode", "jwt")])).await;
    let back = browser.press(&cancelled.location(), "cancel", &[]).await;
    assert_eq!(claims(&response(&back))["error"], "access_denied");
}

#[tokio::test]
async fn the_algorithm_is_the_registered_one_or_that_of_its_id_tokens() {
    let scene = Scene::new();
    let (mut one, mut two) = (settings(), settings());
    one.id_token_alg = Alg::EdDsa;
    two.response_alg = Some(Alg::Es256);
    let alg = |jwt: &str| -> Value {
        let header = jwt.split('.').next().unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap()
    };
    for (id, settings, expected) in [("one", one, "EdDSA"), ("two", two, "ES256")] {
        let secret = scene.register(id, ClientKind::Confidential, settings).unwrap();
        let party = RelyingParty::new(&scene, id, Some(&secret));
        let changes = [("response_mode", "jwt"), ("prompt", "none")];
        let jwt = response(&scene.browser().get(&party.request(&changes)).await);
        assert_eq!(alg(&jwt)["alg"], expected);
    }
}
