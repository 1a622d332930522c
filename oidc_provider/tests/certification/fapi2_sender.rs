//! The modules of both plans of FAPI 2.0 that are about sender-constrained tokens (RFC 9449, RFC 8705).

use crate::browser::Page;
use crate::fapi::{Auth, Constrain, Fapi, Messages, Openid, Variant, variants};
use crate::prover::{Draft, Prover, userinfo};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Runs a module in every selection that binds tokens in this way.
async fn each(constrain: Constrain, module: impl AsyncFn(&Fapi)) {
    let all = variants(&[Messages::Plain]);
    for variant in all.into_iter().filter(|variant| variant.constrain == constrain) {
        module(&Fapi::new(variant)).await;
    }
}

fn dpop() -> Fapi {
    Fapi::new(Variant {
        auth: Auth::PrivateKeyJwt,
        constrain: Constrain::Dpop,
        openid: Openid::Connect,
        messages: Messages::Plain,
    })
}

fn refused(page: &Page) -> (StatusCode, String) {
    (
        page.status,
        page.json()["error"].as_str().unwrap_or_default().to_owned(),
    )
}

/// Pushes with these further parameters, and a proof in the header where one is given.
async fn push(fapi: &Fapi, further: &[(&str, &str)], proof: Option<String>) -> Page {
    let mut asked = fapi.asked();
    for (name, value) in further {
        asked.insert((*name).to_owned(), (*value).into());
    }
    let mut shown = fapi.shown(&fapi.one);
    if let Some(proof) = proof {
        shown = shown.proof(proof);
    }
    fapi.call("/par", &fapi.form(&fapi.one, &asked), &shown).await
}

/// The code of a pushed request.
async fn code_of(fapi: &Fapi, pushed: &Page) -> String {
    let address = fapi.address(&fapi.one, pushed);
    fapi.visit(&fapi.one, &address).await.code().to_owned()
}

/// Redeems with a proof of this holder.
async fn redeem(fapi: &Fapi, code: &str, prover: &Prover) -> Page {
    let proof = prover.proof(fapi.now(), "POST", "/token", None);
    let shown = fapi.shown(&fapi.one).proof(proof);
    fapi.call("/token", &Fapi::redemption(&fapi.one, code), &shown).await
}

/// An access token of the first client, bound to this holder's key.
async fn bound(fapi: &Fapi, prover: &Prover) -> String {
    let code = fapi.authorize(&fapi.one, &fapi.asked()).await.code().to_owned();
    let page = redeem(fapi, &code, prover).await;
    fapi.tokens(&fapi.one, &page).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The resource with a proof that was changed before it was signed.
async fn with(fapi: &Fapi, (prover, token): (&Prover, &str), change: impl FnOnce(&mut Draft)) -> Page {
    let mut draft = prover.draft(fapi.now(), "GET", "/userinfo", Some(token));
    change(&mut draft);
    userinfo(&fapi.suite.scene, &format!("DPoP {token}"), &[&prover.sign(&draft)]).await
}

#[tokio::test]
async fn fapi2_security_profile_final_access_token_type_header_case_sensitivity() {
    let (fapi, prover) = (dpop(), Prover::new());
    let token = bound(&fapi, &prover).await;
    for scheme in ["DPoP", "dPOp", "dpop", "DPOP"] {
        let proof = prover.proof(fapi.now(), "GET", "/userinfo", Some(&token));
        let page = userinfo(&fapi.suite.scene, &format!("{scheme} {token}"), &[&proof]).await;
        assert_eq!(page.status, StatusCode::OK, "{scheme}: {}", page.body);
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_check_dpop_proof_nbf_exp() {
    let (fapi, prover) = (dpop(), Prover::new());
    let token = bound(&fapi, &prover).await;
    let now = fapi.now();
    let page = with(&fapi, (&prover, &token), |draft| {
        draft.claims["nbf"] = now.into();
        draft.claims["exp"] = (now + 300).into();
    });
    let page = page.await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
}

/// At the token endpoint and at the resource.
async fn iat_of(seconds: i64) {
    let (fapi, prover) = (dpop(), Prover::new());
    let code = fapi.authorize(&fapi.one, &fapi.asked()).await.code().to_owned();
    let proof = prover.proof(fapi.now() + seconds, "POST", "/token", None);
    let shown = fapi.shown(&fapi.one).proof(proof);
    let page = fapi.call("/token", &Fapi::redemption(&fapi.one, &code), &shown).await;
    let tokens = fapi.tokens(&fapi.one, &page).await;
    let token = tokens["access_token"].as_str().unwrap();
    let iat = fapi.now() + seconds;
    let page = with(&fapi, (&prover, token), |draft| draft.claims["iat"] = iat.into()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds() {
    iat_of(-10).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds() {
    iat_of(10).await;
}

/// RFC 9449 section 10.1: the parameter and the header must name one key.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails() {
    let (fapi, prover, other) = (dpop(), Prover::new(), Prover::new());
    let proof = prover.proof(fapi.now(), "POST", "/par", None);
    let page = push(&fapi, &[("dpop_jkt", &other.jkt())], Some(proof)).await;
    assert_eq!(
        refused(&page),
        (StatusCode::BAD_REQUEST, "invalid_dpop_proof".to_owned())
    );
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt() {
    let (fapi, prover, other) = (dpop(), Prover::new(), Prover::new());
    let proof = prover.proof(fapi.now(), "POST", "/par", None);
    let code = code_of(&fapi, &push(&fapi, &[], Some(proof)).await).await;
    let page = redeem(&fapi, &code, &other).await;
    assert_eq!(refused(&page), (StatusCode::BAD_REQUEST, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt() {
    let (fapi, prover, other) = (dpop(), Prover::new(), Prover::new());
    let code = code_of(&fapi, &push(&fapi, &[("dpop_jkt", &other.jkt())], None).await).await;
    let page = redeem(&fapi, &code, &prover).await;
    assert_eq!(refused(&page), (StatusCode::BAD_REQUEST, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success() {
    let (fapi, prover) = (dpop(), Prover::new());
    let proof = prover.proof(fapi.now(), "POST", "/par", None);
    let code = code_of(&fapi, &push(&fapi, &[], Some(proof)).await).await;
    let page = redeem(&fapi, &code, &prover).await;
    fapi.tokens(&fapi.one, &page).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpop_auth_code_binding_success() {
    let (fapi, prover) = (dpop(), Prover::new());
    let proof = prover.proof(fapi.now(), "POST", "/par", None);
    let pushed = push(&fapi, &[("dpop_jkt", &prover.jkt())], Some(proof)).await;
    let code = code_of(&fapi, &pushed).await;
    let page = redeem(&fapi, &code, &prover).await;
    fapi.tokens(&fapi.one, &page).await;
}

/// FAPI 2.0 section 5.3.2.1, 6: a client that is proven and binds its token to nothing gets none.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_holder_of_key_required() {
    let bare = async |fapi: &Fapi| {
        let code = fapi.authorize(&fapi.one, &fapi.asked()).await.code().to_owned();
        let mut shown = fapi.shown(&fapi.one);
        if fapi.variant.constrain == Constrain::Mtls {
            shown.certificate = None;
        }
        let form = Fapi::redemption(&fapi.one, &code);
        let (status, error) = refused(&fapi.call("/token", &form, &shown).await);
        let expected: &[&str] = match (fapi.variant.constrain, fapi.variant.auth) {
            (Constrain::Mtls, Auth::Mtls) => &["invalid_client", "invalid_request"],
            _ => &["invalid_request"],
        };
        assert!(
            status.is_client_error() && expected.contains(&error.as_str()),
            "{status} {error}"
        );
        // Nothing was spent by it.
        let page = fapi.redeem(&fapi.one, &code).await;
        fapi.tokens(&fapi.one, &page).await;
    };
    each(Constrain::Dpop, bare).await;
    each(Constrain::Mtls, bare).await;
}

/// A change of a proof, by its name in the module.
type Bend = (&'static str, fn(&mut Draft));

fn without(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

fn later(draft: &mut Draft, seconds: i64) {
    draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() + seconds).into();
}

const WRONG: [Bend; 16] = [
    ("typ is missing", |draft| without(&mut draft.header, "typ")),
    ("alg is missing", |draft| without(&mut draft.header, "alg")),
    ("jwk is missing", |draft| without(&mut draft.header, "jwk")),
    ("jti is missing", |draft| without(&mut draft.claims, "jti")),
    ("htm is missing", |draft| without(&mut draft.claims, "htm")),
    ("htu is missing", |draft| without(&mut draft.claims, "htu")),
    ("iat is missing", |draft| without(&mut draft.claims, "iat")),
    ("ath is missing", |draft| without(&mut draft.claims, "ath")),
    ("invalid typ", |draft| draft.header["typ"] = "dpop+jwt-invalid".into()),
    ("alg none", |draft| draft.header["alg"] = "none".into()),
    ("alg RS256", |draft| draft.header["alg"] = "RS256".into()),
    ("a private key in jwk", |draft| draft.header["jwk"]["d"] = "AAAA".into()),
    ("incorrect htm", |draft| draft.claims["htm"] = "PUT".into()),
    ("another htu", |draft| {
        draft.claims["htu"] = "https://example.com/userinfo".into();
    }),
    ("iat one hour in the future", |draft| later(draft, 3600)),
    ("iat one hour in the past", |draft| later(draft, -3600)),
];

const RIGHT: [Bend; 5] = [
    ("nothing", |_| {}),
    ("htu with query and fragment", |draft| {
        draft.claims["htu"] = "https://id.example.org/userinfo?a=b#c".into();
    }),
    ("extra members", |draft| {
        draft.header["extra"] = "x".into();
        draft.claims["extra"] = json!({"a": 1});
    }),
    ("htu in capitals", |draft| {
        draft.claims["htu"] = "HTTPS://ID.EXAMPLE.ORG/userinfo".into();
    }),
    ("htu with the scheme's port", |draft| {
        draft.claims["htu"] = "https://id.example.org:443/userinfo".into();
    }),
];

#[tokio::test]
async fn fapi2_security_profile_final_dpop_negative_tests() {
    let (fapi, prover) = (dpop(), Prover::new());
    let token = bound(&fapi, &prover).await;
    let holder = (&prover, token.as_str());
    for (name, bend) in WRONG {
        let page = with(&fapi, holder, bend).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    for (name, change) in RIGHT {
        let page = with(&fapi, holder, change).await;
        assert_eq!(page.status, StatusCode::OK, "{name}: {}", page.body);
    }
    let scene = &fapi.suite.scene;
    let authorization = format!("DPoP {token}");
    let proof = || prover.proof(fapi.now(), "GET", "/userinfo", Some(&token));
    let (one, two) = (proof(), proof());
    let signature = two.rsplit_once('.').unwrap().1;
    let mixed = format!("{}.{signature}", one.rsplit_once('.').unwrap().0);
    let stranger = Prover::new().proof(fapi.now(), "GET", "/userinfo", Some(&token));
    let elsewhere = prover.proof(fapi.now(), "GET", "/userinfo", Some("another token"));
    for (name, proofs) in [
        ("more than one", vec![one.as_str(), two.as_str()]),
        ("not well-formed", vec!["not.a.jwt"]),
        ("invalid signature", vec![mixed.as_str()]),
        ("another key", vec![stranger.as_str()]),
        ("incorrect ath", vec![elsewhere.as_str()]),
        ("none at all", vec![]),
    ] {
        let page = userinfo(scene, &authorization, &proofs).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name}: {}", page.body);
    }
    assert_eq!(
        userinfo(scene, &authorization, &[&one]).await.status,
        StatusCode::OK,
        "first use of the jti"
    );
    assert_eq!(
        userinfo(scene, &authorization, &[&one]).await.status,
        StatusCode::UNAUTHORIZED,
        "second use"
    );
    let bearer = userinfo(scene, &format!("Bearer {token}"), &[]).await;
    assert_eq!(bearer.status, StatusCode::UNAUTHORIZED, "as Bearer");
    assert_eq!(
        userinfo(scene, &authorization, &[&proof()]).await.status,
        StatusCode::OK,
        "the token still works"
    );
}
