//! DPoP (RFC 9449): proofs and every way to bend one, nonces, what tokens are bound to, and how they must be shown.

use crate::browser::Page;
use crate::prover::{Draft, Prover, post, userinfo};
use crate::relying_party::{RelyingParty, VERIFIER, claims};
use crate::scene::{CALLBACK, STRICT, Scene, settings};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use samekey_provider::clients::{AccessTokenForm, ClientKind, ClientSettings};
use serde_json::{Value, json};
use std::sync::Arc;

/// A scene with a public application, `app`, whose tokens are bound wherever a proof is shown.
fn scene_with(lines: &str, change: impl Fn(&mut ClientSettings)) -> Scene {
    let scene = Scene::with(lines, STRICT);
    let mut chosen = settings();
    change(&mut chosen);
    scene.register("app", ClientKind::Public, chosen);
    scene
}

fn app(scene: &Scene) -> RelyingParty {
    RelyingParty::new(scene, "app", None)
}

async fn code(scene: &Scene, changes: &[(&str, &str)]) -> String {
    let back = scene.sign_in(&scene.browser(), &app(scene).request(changes)).await;
    let code = back.returned("code").unwrap();
    scene.test.clock.advance(30);
    code
}

/// Redeems a code of `app`.
async fn redeem(scene: &Scene, code: &str, proofs: &[&str]) -> Page {
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
    ];
    post(&scene.browser(), "/token", &params, proofs).await
}

/// An access token of `app` that is bound to this key.
async fn bound(scene: &Scene, prover: &Prover) -> String {
    let code = code(scene, &[]).await;
    let tokens = redeem(scene, &code, &[&prover.proof(scene.now(), "POST", "/token", None)]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(tokens.json()["token_type"], "DPoP");
    tokens.json()["access_token"].as_str().unwrap().to_owned()
}

fn error(page: &Page) -> (StatusCode, String) {
    let error = page.json()["error"].as_str().unwrap_or_default().to_owned();
    (page.status, error)
}

fn challenge(page: &Page) -> String {
    page.headers[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_bound_token_works_with_a_proof_of_its_key_and_in_no_other_way() {
    let scene = scene_with("", |_| {});
    let (prover, thief) = (Prover::new(), Prover::new());
    let token = bound(&scene, &prover).await;
    let proof = |who: &Prover, token: &str| who.proof(scene.now(), "GET", "/userinfo", Some(token));
    for scheme in ["DPoP", "dpop", "DPOP", "dPoP"] {
        let page = userinfo(&scene, &format!("{scheme} {token}"), &[&proof(&prover, &token)]).await;
        assert_eq!(page.status, StatusCode::OK, "{scheme}: {}", page.body);
        assert_eq!(page.json()["sub"], scene.ann.to_string());
    }
    // RFC 9449 section 7.2: never by the weaker scheme, with or without a proof.
    for proofs in [&[][..], &[proof(&prover, &token)]] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let page = userinfo(&scene, &format!("Bearer {token}"), &proofs).await;
        assert_eq!(error(&page), (StatusCode::UNAUTHORIZED, "invalid_token".to_owned()));
        assert!(challenge(&page).starts_with("DPoP error=\"invalid_token\""));
    }
    let in_form = scene.browser().post("/userinfo", &[("access_token", &token)]).await;
    assert_eq!(error(&in_form).1, "invalid_token");
    let stolen = userinfo(&scene, &format!("DPoP {token}"), &[&proof(&thief, &token)]).await;
    assert_eq!(error(&stolen), (StatusCode::UNAUTHORIZED, "invalid_token".to_owned()));
    let bare = userinfo(&scene, &format!("DPoP {token}"), &[]).await;
    assert_eq!(
        error(&bare),
        (StatusCode::UNAUTHORIZED, "invalid_dpop_proof".to_owned())
    );
    assert!(
        challenge(&bare).starts_with("DPoP error=\"invalid_dpop_proof\"") && challenge(&bare).contains("algs=\"ES256")
    );
    let other = bound(&scene, &prover).await;
    let crossed = userinfo(&scene, &format!("DPoP {token}"), &[&proof(&prover, &other)]).await;
    assert_eq!(error(&crossed).1, "invalid_dpop_proof", "ath of another token");
}

/// RFC 9449 section 7.1: nobody gains by showing a proof beside a token that is bound to nothing.
#[tokio::test]
async fn a_mere_bearer_token_is_refused_under_the_scheme_of_bound_ones() {
    let scene = scene_with("", |_| {});
    let code = code(&scene, &[]).await;
    let tokens = redeem(&scene, &code, &[]).await.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let token = tokens["access_token"].as_str().unwrap();
    let prover = Prover::new();
    let proof = prover.proof(scene.now(), "GET", "/userinfo", Some(token));
    let page = userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await;
    assert_eq!(error(&page), (StatusCode::UNAUTHORIZED, "invalid_token".to_owned()));
    let plain = userinfo(&scene, &format!("Bearer {token}"), &[]).await;
    assert_eq!(plain.status, StatusCode::OK);
}

/// A bend of a proof: its name, and what it does to a right draft.
type Bend = (&'static str, fn(&mut Draft));

fn without(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

const BENDS: [Bend; 34] = [
    ("typ missing", |draft| without(&mut draft.header, "typ")),
    ("typ JWT", |draft| draft.header["typ"] = "JWT".into()),
    ("typ in capitals", |draft| draft.header["typ"] = "DPOP+JWT".into()),
    ("alg missing", |draft| without(&mut draft.header, "alg")),
    ("alg none", |draft| draft.header["alg"] = "none".into()),
    ("alg HS256", |draft| draft.header["alg"] = "HS256".into()),
    ("alg RS256", |draft| draft.header["alg"] = "RS256".into()),
    ("alg of another kind of key", |draft| {
        draft.header["alg"] = "EdDSA".into();
    }),
    ("crit", |draft| draft.header["crit"] = json!(["b64"])),
    ("jwk missing", |draft| without(&mut draft.header, "jwk")),
    ("jwk private", |draft| draft.header["jwk"]["d"] = "AAAA".into()),
    ("jwk symmetric", |draft| {
        draft.header["jwk"] = json!({"kty": "oct", "k": "AAAA"});
    }),
    ("jwk no key", |draft| draft.header["jwk"] = "key".into()),
    ("jwk of another", |draft| draft.header["jwk"] = Prover::new().jwk()),
    ("jwk cut", |draft| draft.header["jwk"]["x"] = "AAAA".into()),
    ("jti missing", |draft| without(&mut draft.claims, "jti")),
    ("jti empty", |draft| draft.claims["jti"] = "".into()),
    ("jti too long", |draft| draft.claims["jti"] = "j".repeat(257).into()),
    ("jti no text", |draft| draft.claims["jti"] = 5.into()),
    ("htm missing", |draft| without(&mut draft.claims, "htm")),
    ("htm another", |draft| draft.claims["htm"] = "GET".into()),
    ("htm in small letters", |draft| draft.claims["htm"] = "post".into()),
    ("htu missing", |draft| without(&mut draft.claims, "htu")),
    ("htu another path", |draft| {
        draft.claims["htu"] = "https://id.example.org/userinfo".into();
    }),
    ("htu another host", |draft| {
        draft.claims["htu"] = "https://evil.example/token".into();
    }),
    ("htu not absolute", |draft| draft.claims["htu"] = "/token".into()),
    ("iat missing", |draft| without(&mut draft.claims, "iat")),
    ("iat a text", |draft| draft.claims["iat"] = "now".into()),
    ("iat an hour ago", |draft| {
        draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() - 3600).into();
    }),
    ("iat in an hour", |draft| {
        draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() + 3600).into();
    }),
    ("iat beyond time", |draft| draft.claims["iat"] = i64::MAX.into()),
    ("iat before time", |draft| draft.claims["iat"] = i64::MIN.into()),
    ("exp gone", |draft| {
        draft.claims["exp"] = (draft.claims["iat"].as_i64().unwrap() - 1).into();
    }),
    ("nbf not yet", |draft| {
        draft.claims["nbf"] = (draft.claims["iat"].as_i64().unwrap() + 60).into();
    }),
];

/// RFC 9449 section 4.3, one by one. Row 13 for the proof's own key.
#[tokio::test]
async fn every_bent_proof_is_refused_and_spends_no_code() {
    let scene = scene_with("", |_| {});
    let prover = Prover::new();
    let code = code(&scene, &[]).await;
    let draft = || prover.draft(scene.now(), "POST", "/token", None);
    for (name, bend) in BENDS {
        let mut bent = draft();
        bend(&mut bent);
        let page = redeem(&scene, &code, &[&prover.sign(&bent)]).await;
        assert_eq!(
            error(&page),
            (StatusCode::BAD_REQUEST, "invalid_dpop_proof".to_owned()),
            "{name}"
        );
        assert!(page.headers.contains_key("dpop-nonce"), "{name}");
    }
    let right = prover.sign(&draft());
    let (other, unsigned) = (prover.sign(&draft()), right.rsplit_once('.').unwrap().0.to_owned());
    let no_signature = format!("{unsigned}.");
    let another = format!("{unsigned}.{}", other.rsplit_once('.').unwrap().1);
    let cut = right[..right.len() - 2].to_owned();
    let long = format!("{right}{}", "A".repeat(5000));
    for wrong in [
        "",
        "x",
        "a.b.c",
        unsigned.as_str(),
        &no_signature,
        &another,
        &cut,
        &long,
    ] {
        let page = redeem(&scene, &code, &[wrong]).await;
        assert_eq!(error(&page).1, "invalid_dpop_proof", "{wrong}");
    }
    let twice = redeem(&scene, &code, &[&right, &other]).await;
    assert_eq!(error(&twice).1, "invalid_dpop_proof", "two headers");
    assert_eq!(
        redeem(&scene, &code, &[&right]).await.status,
        StatusCode::OK,
        "the code is still good"
    );
}

#[tokio::test]
async fn a_proof_of_ten_seconds_before_or_after_is_taken_and_so_is_one_with_more_in_it() {
    let scene = scene_with("", |_| {});
    let prover = Prover::new();
    let token = bound(&scene, &prover).await;
    let accepted: [Bend; 9] = [
        ("ten seconds ago", |draft| {
            draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() - 10).into();
        }),
        ("in ten seconds", |draft| {
            draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() + 10).into();
        }),
        ("a fraction of a second", |draft| {
            draft.claims["iat"] = json!(f64::from(u32::try_from(draft.claims["iat"].as_i64().unwrap()).unwrap()) + 0.5);
        }),
        ("nbf and exp", |draft| {
            let now = draft.claims["iat"].as_i64().unwrap();
            draft.claims["nbf"] = now.into();
            draft.claims["exp"] = (now + 300).into();
        }),
        ("members that nobody knows", |draft| {
            draft.header["x-extra"] = json!({"a": 1});
            draft.claims["x-extra"] = json!([1]);
        }),
        ("query and fragment", |draft| {
            draft.claims["htu"] = "https://id.example.org/userinfo?a=b#c".into();
        }),
        ("capitals", |draft| {
            draft.claims["htu"] = "HTTPS://ID.EXAMPLE.ORG/userinfo".into();
        }),
        ("the port of the scheme", |draft| {
            draft.claims["htu"] = "https://id.example.org:443/userinfo".into();
        }),
        ("escaped letters", |draft| {
            draft.claims["htu"] = "https://id.example.org/%75serinfo".into();
        }),
    ];
    for (name, change) in accepted {
        let mut draft = prover.draft(scene.now(), "GET", "/userinfo", Some(&token));
        change(&mut draft);
        let page = userinfo(&scene, &format!("DPoP {token}"), &[&prover.sign(&draft)]).await;
        assert_eq!(page.status, StatusCode::OK, "{name}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_one_proof_exactly_one_succeeds() {
    let scene = Arc::new(scene_with("", |_| {}));
    let prover = Prover::new();
    let token = bound(&scene, &prover).await;
    for _ in 0..5 {
        let proof = prover.proof(scene.now(), "GET", "/userinfo", Some(&token));
        let tries: Vec<_> = (0..12)
            .map(|_| {
                let (scene, token, proof) = (scene.clone(), token.clone(), proof.clone());
                tokio::spawn(async move { userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await.status })
            })
            .collect();
        let mut won = 0;
        for one in tries {
            won += usize::from(one.await.unwrap() == StatusCode::OK);
        }
        assert_eq!(won, 1);
    }
    // Another key may call its proof the same: that is another proof.
    let (mut one, other) = (
        prover.draft(scene.now(), "GET", "/userinfo", Some(&token)),
        Prover::new(),
    );
    one.claims["jti"] = "same".into();
    let mut stranger = one.clone();
    stranger.header["jwk"] = other.jwk();
    let refused = userinfo(&scene, &format!("DPoP {token}"), &[&other.sign(&stranger)]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let taken = userinfo(&scene, &format!("DPoP {token}"), &[&prover.sign(&one)]).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
    // What was forgotten because it is too old is too old.
    scene.test.clock.advance(100);
    let old = userinfo(&scene, &format!("DPoP {token}"), &[&prover.sign(&one)]).await;
    assert_eq!(error(&old).1, "invalid_dpop_proof");
}

/// RFC 9449 sections 8 and 9.
#[tokio::test]
async fn where_nonces_are_required_no_proof_counts_without_one_of_ours() {
    let scene = scene_with("dpop-nonces = \"required\"", |_| {});
    let prover = Prover::new();
    let code = code(&scene, &[]).await;
    let draft = || prover.draft(scene.now(), "POST", "/token", None);
    let first = redeem(&scene, &code, &[&prover.sign(&draft())]).await;
    assert_eq!(error(&first), (StatusCode::BAD_REQUEST, "use_dpop_nonce".to_owned()));
    let nonce = first.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let mut altered = nonce.clone();
    altered.replace_range(..1, if nonce.starts_with('A') { "B" } else { "A" });
    for wrong in ["", "nonce", altered.as_str()] {
        let mut bent = draft();
        bent.claims["nonce"] = wrong.into();
        let page = redeem(&scene, &code, &[&prover.sign(&bent)]).await;
        assert_eq!(error(&page).1, "use_dpop_nonce", "{wrong}");
    }
    // The nonce says when; the client's clock may be off by an hour (section 11.1).
    let mut right = draft();
    right.claims["nonce"] = nonce.as_str().into();
    right.claims["iat"] = (scene.now() - 3600).into();
    let tokens = redeem(&scene, &code, &[&prover.sign(&right)]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let proof = prover.proof(scene.now(), "GET", "/userinfo", Some(&token));
    let asked = userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await;
    assert_eq!(error(&asked), (StatusCode::UNAUTHORIZED, "use_dpop_nonce".to_owned()));
    assert!(challenge(&asked).starts_with("DPoP error=\"use_dpop_nonce\""));
    let mut with = prover.draft(scene.now(), "GET", "/userinfo", Some(&token));
    with.claims["nonce"] = asked.headers["dpop-nonce"].to_str().unwrap().into();
    let proof = prover.sign(&with);
    let told = userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    // It cannot be used again within the nonce's life, and not at all after it.
    assert_eq!(
        error(&userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await).1,
        "invalid_dpop_proof"
    );
    scene.test.clock.advance(301);
    assert_eq!(
        error(&userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await).1,
        "use_dpop_nonce"
    );
}

#[tokio::test]
async fn a_client_that_must_bind_its_tokens_gets_none_without_a_key() {
    let scene = scene_with("", |settings| settings.dpop_bound = true);
    let code = code(&scene, &[]).await;
    let bare = redeem(&scene, &code, &[]).await;
    assert_eq!(error(&bare), (StatusCode::BAD_REQUEST, "invalid_request".to_owned()));
    let proof = Prover::new().proof(scene.now(), "POST", "/token", None);
    assert_eq!(
        redeem(&scene, &code, &[&proof]).await.status,
        StatusCode::OK,
        "nothing was spent"
    );
}

/// RFC 9449 section 10: the code is good for the key that the request named.
#[tokio::test]
async fn a_code_of_a_request_with_dpop_jkt_is_redeemed_by_that_key_alone() {
    let scene = scene_with("", |_| {});
    let (prover, thief) = (Prover::new(), Prover::new());
    let code = code(&scene, &[("dpop_jkt", &prover.jkt())]).await;
    for proofs in [vec![], vec![thief.proof(scene.now(), "POST", "/token", None)]] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let page = redeem(&scene, &code, &proofs).await;
        assert_eq!(error(&page), (StatusCode::BAD_REQUEST, "invalid_grant".to_owned()));
    }
    let right = prover.proof(scene.now(), "POST", "/token", None);
    let tokens = redeem(&scene, &code, &[&right]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    for wrong in ["x", "AAAA", &"A".repeat(44), &"!".repeat(43)] {
        let back = scene.browser().get(&app(&scene).request(&[("dpop_jkt", wrong)])).await;
        assert_eq!(back.returned("error").as_deref(), Some("invalid_request"), "{wrong}");
    }
}

/// RFC 9449 section 5: a public client proves nothing else when it refreshes.
#[tokio::test]
async fn a_public_clients_refresh_token_works_with_its_key_alone() {
    let scene = scene_with("", |_| {});
    let (prover, thief) = (Prover::new(), Prover::new());
    let scope = [("scope", "openid offline_access")];
    let code = code(&scene, &scope).await;
    let proof = |who: &Prover| who.proof(scene.now(), "POST", "/token", None);
    let tokens = redeem(&scene, &code, &[&proof(&prover)]).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let ask = async |refresh: &str, proofs: Vec<String>| {
        let params = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", "app"),
        ];
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        post(&scene.browser(), "/token", &params, &proofs).await
    };
    for proofs in [vec![], vec![proof(&thief)]] {
        let page = ask(&refresh, proofs).await;
        assert_eq!(error(&page), (StatusCode::BAD_REQUEST, "invalid_grant".to_owned()));
    }
    let fresh = ask(&refresh, vec![proof(&prover)]).await;
    assert_eq!(
        fresh.status,
        StatusCode::OK,
        "a stranger's try ended nothing: {}",
        fresh.body
    );
    assert_eq!(fresh.json()["token_type"], "DPoP");
}

/// RFC 9449 section 6: APIs read the binding from the token or by introspection.
#[tokio::test]
async fn the_binding_stands_in_jwt_access_tokens() {
    let scene = scene_with("", |settings| settings.access_token = AccessTokenForm::Jwt);
    let prover = Prover::new();
    let token = bound(&scene, &prover).await;
    assert_eq!(claims(&token)["cnf"], json!({"jkt": prover.jkt()}));
    let proof = prover.proof(scene.now(), "GET", "/userinfo", Some(&token));
    let page = userinfo(&scene, &format!("DPoP {token}"), &[&proof]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let bare = userinfo(&scene, &format!("Bearer {token}"), &[]).await;
    assert_eq!(error(&bare).1, "invalid_token");
}
