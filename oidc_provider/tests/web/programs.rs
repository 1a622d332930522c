//! Administrators' programs at `/api/v1`: which tokens administer, and what the others are answered (RFC 9470; rows 23 and 24).

use crate::browser::Page;
use crate::desk::Office;
use crate::prover::{Prover, post};
use crate::relying_party::{RelyingParty, VERIFIER};
use crate::scene::{CALLBACK, PASSWORD, STRICT, settings};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use samekey_provider::clients::{ClientKind, ClientSettings};
use serde_json::Value;
use std::collections::BTreeSet;

/// A program that may ask to administer, and its key.
struct Program {
    office: Office,
    key: Prover,
}

impl Program {
    fn new(policy: &str, change: impl Fn(&mut ClientSettings)) -> Self {
        let office = Office::with(policy);
        let mut chosen = settings();
        chosen.scopes = Some(BTreeSet::from(["openid".to_owned(), "samekey:admin".to_owned()]));
        change(&mut chosen);
        office.scene.register("console", ClientKind::Public, chosen);
        Self {
            office,
            key: Prover::new(),
        }
    }

    /// Signs this person in to the program; the access token, bound to its key.
    async fn token(&self, name: &str, bound: bool) -> String {
        let scene = &self.office.scene;
        let console = RelyingParty::new(scene, "console", None);
        let browser = self.office.signed_in(name).await;
        let back = browser
            .get(&console.request(&[("scope", "openid samekey:admin")]))
            .await;
        let code = back.returned("code").unwrap();
        let params = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", "console"),
        ];
        let proof = self.key.proof(scene.now(), "POST", "/token", None);
        let proofs = if bound { vec![proof.as_str()] } else { vec![] };
        let tokens = post(&scene.browser(), "/token", &params, &proofs).await;
        tokens.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Page {
        let scene = &self.office.scene;
        let proof = self.key.proof(scene.now(), method, path, Some(token));
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(AUTHORIZATION, format!("DPoP {token}"))
            .header("dpop", proof);
        scene.browser().send(request, Body::from(body.to_owned())).await
    }
}

fn refused(page: &Page) -> (StatusCode, String, String) {
    let error = page.json()["error"].as_str().unwrap_or_default().to_owned();
    let challenge = page
        .headers
        .get(WWW_AUTHENTICATE)
        .map(|line| line.to_str().unwrap().to_owned());
    (page.status, error, challenge.unwrap_or_default())
}

#[tokio::test]
async fn an_administrators_bound_token_does_what_its_person_may() {
    let program = Program::new(STRICT, |_| {});
    let token = program.token("admin", true).await;
    let me = program.call("GET", "/api/v1/me", &token, "").await;
    assert_eq!(me.status, StatusCode::OK, "{}", me.body);
    assert!(me.body.contains("\"admin\""), "{}", me.body);
    // No form token: no browser sends an access token by itself.
    let locked = program.call("POST", "/api/v1/accounts/ann/lock", &token, "{}").await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.body);
    // The role as it is for everybody else.
    let user = program.token("user", true).await;
    let page = program.call("GET", "/api/v1/accounts", &user, "").await;
    assert_eq!(
        (page.status, page.json()["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("denied_by_rule"))
    );
}

#[tokio::test]
async fn a_token_that_anybody_could_copy_or_that_is_for_something_else_administers_nothing() {
    let program = Program::new(STRICT, |_| {});
    let bearer = program.token("admin", false).await;
    let request = || Request::get("/api/v1/me").header(AUTHORIZATION, format!("Bearer {bearer}"));
    let page = program.office.scene.browser().send(request(), Body::empty()).await;
    assert_eq!(
        refused(&page).0,
        StatusCode::UNAUTHORIZED,
        "not bound to anything: {}",
        page.body
    );
    // A cookie beside it does not help, nor does the token help the cookie.
    let browser = program.office.signed_in("admin").await;
    assert_eq!(browser.get("/api/v1/me").await.status, StatusCode::OK);
    assert_eq!(
        browser.send(request(), Body::empty()).await.status,
        StatusCode::UNAUTHORIZED
    );
    // Another application cannot even ask.
    let program = Program::new(STRICT, |settings| settings.scopes = None);
    let token = program.token("admin", true).await;
    let page = program.call("GET", "/api/v1/me", &token, "").await;
    let (status, error, challenge) = refused(&page);
    assert_eq!((status, error.as_str()), (StatusCode::FORBIDDEN, "insufficient_scope"));
    assert!(challenge.contains("scope=\"samekey:admin\""), "{challenge}");
}

/// Row 24, RFC 9470 sections 3 and 4.
#[tokio::test]
async fn an_old_or_weak_sign_in_is_told_what_to_prove_and_rises_only_by_a_new_token() {
    let lock = ("POST", "/api/v1/accounts/ann/lock");
    let weak = Program::new(&STRICT.replace("level = \"high\"", "level = \"single\""), |_| {});
    let scene = &weak.office.scene;
    let console = RelyingParty::new(scene, "console", None);
    let browser = scene.browser();
    let first = browser
        .get(&console.request(&[("scope", "openid samekey:admin")]))
        .await;
    let asks = browser.press(&first.location(), "name", &[("username", "admin")]).await;
    let back = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let code = back.returned("code").unwrap();
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "console"),
    ];
    let proof = weak.key.proof(scene.now(), "POST", "/token", None);
    let tokens: Value = post(&scene.browser(), "/token", &params, &[&proof]).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let page = weak.call(lock.0, lock.1, token, "{}").await;
    let (status, error, challenge) = refused(&page);
    assert_eq!(
        (status, error.as_str()),
        (StatusCode::UNAUTHORIZED, "insufficient_user_authentication")
    );
    assert!(
        challenge.starts_with("DPoP error=\"insufficient_user_authentication\"")
            && challenge.contains("acr_values=\"urn:samekey:acr:mfa phr phrh\"")
            && challenge.contains("max_age=600"),
        "{challenge}"
    );
    // The person proves more in the browser: the token of before stays what it was.
    scene.test.clock.advance(30);
    let again = console.request(&[
        ("scope", "openid samekey:admin"),
        ("acr_values", "urn:samekey:acr:mfa"),
        ("max_age", "600"),
    ]);
    let asks = browser.get(&again).await.location();
    let back = browser
        .press(&asks, "code", &[("code", &weak.office.code("admin"))])
        .await;
    let page = weak.call(lock.0, lock.1, token, "{}").await;
    assert_eq!(refused(&page).1, "insufficient_user_authentication");
    let code = back.returned("code").unwrap();
    let params = params.map(|(name, value)| (name, if name == "code" { code.as_str() } else { value }));
    let proof = weak.key.proof(scene.now(), "POST", "/token", None);
    let tokens: Value = post(&scene.browser(), "/token", &params, &[&proof]).await.json();
    let page = weak
        .call(lock.0, lock.1, tokens["access_token"].as_str().unwrap(), "{}")
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
}
