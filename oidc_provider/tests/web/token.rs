//! `/token` and `/userinfo` under attack.

use crate::relying_party::RelyingParty;
use crate::scene::{CALLBACK, Scene, settings};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use openidconnect::core::CoreJwsSigningAlgorithm;
use samekey_provider::clients::ClientKind;
use samekey_provider::keys::Alg;

async fn code(scene: &Scene) -> String {
    scene
        .sign_in(&scene.browser(), &scene.wiki().request(&[]))
        .await
        .returned("code")
        .unwrap()
}

/// Row 5: a second use kills what the first one gave.
#[tokio::test]
async fn a_code_used_twice_revokes_what_it_gave() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let code = code(&scene).await;
    let token = wiki.redeem(&code, &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(wiki.userinfo(&token).await.status, StatusCode::OK);
    scene.test.clock.advance(31);
    let again = wiki.redeem(&code, &[]).await;
    assert_eq!(
        (again.status, again.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    assert_eq!(wiki.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(scene.events("code-reuse-detected"), 1);
}

/// Row 5: reuse is answered only to the client that the code belongs to, with its verifier and address.
#[tokio::test]
async fn a_stranger_with_a_code_can_neither_use_it_nor_revoke_anything() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let evil_secret = scene.register("evil", ClientKind::Confidential, settings()).unwrap();
    let evil = RelyingParty::new(&scene, "evil", Some(&evil_secret));
    let code = code(&scene).await;
    let stranger = RelyingParty::new(&scene, "wiki", Some("wrong"));
    let wrong_verifier = "x".repeat(43);
    let attempts = async || {
        // Row 7: another client with valid credentials of its own.
        assert_eq!(evil.redeem(&code, &[]).await.json()["error"], "invalid_grant");
        assert_eq!(stranger.redeem(&code, &[]).await.json()["error"], "invalid_client");
        // Row 8.
        let elsewhere = [("redirect_uri", "https://wiki.example/other")];
        assert_eq!(wiki.redeem(&code, &elsewhere).await.json()["error"], "invalid_grant");
        assert_eq!(
            wiki.redeem(&code, &[("redirect_uri", "")]).await.json()["error"],
            "invalid_grant"
        );
        for verifier in ["", "short", wrong_verifier.as_str()] {
            let refused = wiki.redeem(&code, &[("code_verifier", verifier)]).await;
            assert_eq!(refused.json()["error"], "invalid_grant");
        }
    };
    attempts().await;
    let tokens = wiki.redeem(&code, &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "the code is still good: {}", tokens.body);
    attempts().await;
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        wiki.userinfo(&token).await.status,
        StatusCode::OK,
        "nothing was revoked"
    );
    assert_eq!(scene.events("code-reuse-detected"), 0);
}

/// Row 5: of many at once exactly one succeeds, a hundred times over.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_redemptions_exactly_one_succeeds() {
    redeemed_at_once(&Scene::new(), 100).await;
}

/// So many rounds of many redemptions of one code at once; fails unless exactly one succeeds in each.
pub async fn redeemed_at_once(scene: &Scene, rounds: u32) {
    let browser = scene.browser();
    scene.sign_in(&browser, &scene.wiki().request(&[])).await;
    for round in 0..rounds {
        let code = browser.get(&scene.wiki().request(&[])).await.returned("code").unwrap();
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let (wiki, code) = (scene.wiki(), code.clone());
                tokio::spawn(async move { wiki.redeem(&code, &[]).await.status })
            })
            .collect();
        let mut won = 0;
        for one in tries {
            won += usize::from(one.await.unwrap() == StatusCode::OK);
        }
        assert_eq!(won, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_code_dies_with_its_minute_its_session_and_its_person() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let browser = scene.browser();
    let late = scene
        .sign_in(&browser, &wiki.request(&[]))
        .await
        .returned("code")
        .unwrap();
    scene.test.clock.advance(60);
    assert_eq!(wiki.redeem(&late, &[]).await.json()["error"], "invalid_grant");
    let orphan = browser.get(&wiki.request(&[])).await.returned("code").unwrap();
    let home = browser.get("/").await;
    browser.post("/sign-out", &[("csrf", &home.field("csrf"))]).await;
    assert_eq!(wiki.redeem(&orphan, &[]).await.json()["error"], "invalid_grant");
}

/// Row 11.
#[tokio::test]
async fn an_empty_or_missing_secret_proves_nothing() {
    let scene = Scene::new();
    let code = code(&scene).await;
    let params = |more: &[(&str, &str)]| {
        let mut all = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", crate::relying_party::VERIFIER),
        ];
        all.extend_from_slice(more);
        samekey_provider::http::params::encode(all.into_iter())
    };
    let form = || Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let browser = scene.browser();
    for more in [
        &[][..],
        &[("client_id", "wiki")],
        &[("client_id", "wiki"), ("client_secret", "")],
        &[("client_id", "wiki"), ("client_secret", "x")],
    ] {
        let refused = browser.send(form(), Body::from(params(more))).await;
        assert_eq!(
            (refused.status, refused.json()["error"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("invalid_client"))
        );
    }
    for pair in [
        "wiki:",
        "wiki",
        ":",
        "",
        &format!("wiki:{}x", scene.secret),
        &format!("wiki:{}", scene.secret.to_lowercase()),
    ] {
        let header = format!("Basic {}", BASE64.encode(pair.as_bytes()));
        let refused = browser
            .send(form().header(AUTHORIZATION, header), Body::from(params(&[])))
            .await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{pair}");
        assert!(refused.headers[WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic"));
    }
    let right = format!("basic {}", BASE64.encode(format!("wiki:{}", scene.secret).as_bytes()));
    let both = [("client_secret", scene.secret.as_str())];
    let refused = browser
        .send(form().header(AUTHORIZATION, &right), Body::from(params(&both)))
        .await;
    assert_eq!(refused.json()["error"], "invalid_request", "two ways at once");
    let post = [("client_id", "wiki"), ("client_secret", scene.secret.as_str())];
    for wrong in ["", "x"] {
        let wrong = [("client_id", "wiki"), ("client_secret", wrong)];
        let refused = browser.send(form(), Body::from(params(&wrong))).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    let answered = browser.send(form(), Body::from(params(&post))).await;
    assert_eq!(answered.status, StatusCode::OK, "in the form it does as well");
}

/// Row 9: a secret does not make a public client more than it is, and it still needs its verifier.
#[tokio::test]
async fn a_public_client_is_only_its_verifier() {
    let scene = Scene::new();
    scene.register("app", ClientKind::Public, settings());
    let app = RelyingParty::new(&scene, "app", None);
    let browser = scene.browser();
    let code = scene
        .sign_in(&browser, &app.request(&[]))
        .await
        .returned("code")
        .unwrap();
    assert_eq!(
        app.redeem(&code, &[("client_secret", "x")]).await.json()["error"],
        "invalid_client"
    );
    assert_eq!(
        app.redeem(&code, &[("code_verifier", "")]).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(app.redeem(&code, &[]).await.status, StatusCode::OK);
}

/// Row 14.
#[tokio::test]
async fn an_access_token_is_its_whole_text() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    let code = code(&scene).await;
    let token = wiki.redeem(&code, &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    for wrong in [
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        format!(" {token}"),
        token.to_lowercase(),
        token.to_uppercase(),
        code,
        String::new(),
    ] {
        let refused = wiki.userinfo(&wrong).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(
            refused.headers[WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
    }
    let browser = scene.browser();
    assert_eq!(
        browser.get(&format!("/userinfo?access_token={token}")).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        browser.post("/userinfo", &[("access_token", &token)]).await.status,
        StatusCode::OK
    );
    scene.test.clock.advance(600);
    assert_eq!(wiki.userinfo(&token).await.status, StatusCode::UNAUTHORIZED, "expired");
}

#[tokio::test]
async fn another_implementation_accepts_each_signature() {
    let scene = Scene::new();
    for (alg, theirs) in [
        (Alg::Rs256, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256),
        (Alg::Ps256, CoreJwsSigningAlgorithm::RsaSsaPssSha256),
        (Alg::Es256, CoreJwsSigningAlgorithm::EcdsaP256Sha256),
        (Alg::EdDsa, CoreJwsSigningAlgorithm::EdDsa),
    ] {
        let mut chosen = settings();
        chosen.id_token_alg = alg;
        let secret = scene.register(alg.name(), ClientKind::Confidential, chosen).unwrap();
        let client = RelyingParty::new(&scene, alg.name(), Some(&secret));
        let browser = scene.browser();
        let code = scene
            .sign_in(&browser, &client.request(&[]))
            .await
            .returned("code")
            .unwrap();
        let tokens = client.redeem(&code, &[]).await.json();
        let claims = client.verified(tokens["id_token"].as_str().unwrap(), theirs).await;
        assert!(claims.access_token_hash().is_some());
        scene.test.clock.advance(30);
    }
}

#[tokio::test]
async fn other_grants_and_methods_are_refused_by_name() {
    let scene = Scene::new();
    let wiki = scene.wiki();
    for (grant, error) in [
        ("password", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("AUTHORIZATION_CODE", "unsupported_grant_type"),
        ("client_credentials", "unauthorized_client"),
        ("urn:ietf:params:oauth:grant-type:token-exchange", "unauthorized_client"),
        ("urn:ietf:params:oauth:grant-type:device_code", "unauthorized_client"),
        ("", "invalid_request"),
    ] {
        let refused = wiki.redeem("x", &[("grant_type", grant)]).await;
        assert_eq!(refused.refusal(), (400, error.to_owned()), "{grant}");
    }
    let missing = wiki.redeem("x", &[("code", "")]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}
