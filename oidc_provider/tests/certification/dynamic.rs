//! The plan of dynamic registration: `oidcc-dynamic-certification-test-plan`. Every client here registers itself.

use crate::browser::Page;
use crate::modules::{discovery, happy, request_objects};
use crate::registrant::own;
use crate::scene::ISSUER;
use crate::signer::{JWT_BEARER, Signer};
use crate::site::Site;
use crate::suite::{Mode, Party, Secret, Suite, Tokens, jwks};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::keys::{self, Alg};
use samekey_shared::entropy::SeededEntropy;
use serde_json::{Map, Value, json};

const CALLBACK: &str = "https://suite.example/dynamic/callback";
const LINES: &str = "registration = \"token\"\noutbound-allow = [\"127.0.0.1\"]\n";

/// A suite whose first client registered itself with these members beside the usual ones.
async fn registered(members: Value) -> (Suite, Value) {
    let mut suite = Suite::with(Mode::Query, LINES, |_| {});
    let page = register(&suite, &members).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
    let told = page.json();
    let text = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
    suite.one = Party {
        id: text("client_id"),
        secret: text("client_secret"),
        way: Secret::Basic,
        redirect_uri: told["redirect_uris"][0].as_str().unwrap().to_owned(),
    };
    (suite, told)
}

async fn register(suite: &Suite, members: &Value) -> Page {
    let mut document = json!({
        "client_name": "Dynamic",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "contacts": ["certification@suite.example"],
    });
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    let token = suite.scene.initial_token(1);
    suite.scene.register_itself(Some(&token), &document).await
}

/// The answer of `/token` to a client that signs.
async fn signed_request(suite: &Suite, signer: &Signer, params: &[(&str, &str)]) -> Page {
    let claims = Signer::assertion(&suite.one.id, suite.scene.now());
    let assertion = signer.sign(&claims);
    let proof = [
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion.as_str()),
    ];
    suite.scene.browser().post("/token", &[params, &proof].concat()).await
}

/// A whole sign-in of a client that signs; verified tokens.
async fn signed_in(suite: &Suite, signer: &Signer, scope: &str) -> Tokens {
    let asked = suite.ask().with("scope", scope).with("prompt", "consent");
    let authorized = suite.authorize(&asked).await;
    let params = [
        ("grant_type", "authorization_code"),
        ("code", authorized.callback.code()),
        ("redirect_uri", CALLBACK),
    ];
    let answer = signed_request(suite, signer, &params).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    Tokens::verified(suite, &asked, &answer).await
}

async fn is_refused(members: Value, code: &str) {
    let suite = Suite::with(Mode::Query, LINES, |_| {});
    let page = register(&suite, &members).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    assert_eq!(page.json()["error"], code);
}

/// An error page that leads nowhere.
async fn is_shown(suite: &Suite, address: &str) {
    let page = suite.page_at(address).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("unknown_return_address"), "{}", page.body);
}

#[tokio::test]
async fn oidcc_server() {
    let (suite, told) = registered(json!({})).await;
    assert!(told["client_id"].is_string() && told["client_secret"].is_string());
    let tokens = suite.tokens(&suite.ask()).await;
    assert_eq!(
        suite.userinfo(&tokens.access_token).await.json()["sub"],
        tokens.claims["sub"]
    );
}

#[tokio::test]
async fn oidcc_idtoken_rs256() {
    let (suite, _) = registered(json!({"id_token_signed_response_alg": "RS256"})).await;
    assert_eq!(suite.tokens(&suite.ask()).await.header["alg"], "RS256");
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    happy::idtoken_unsigned(Mode::Query).await;
    is_refused(
        json!({"id_token_signed_response_alg": "none"}),
        "invalid_client_metadata",
    )
    .await;
}

#[tokio::test]
async fn oidcc_userinfo_rs256() {
    let (suite, told) = registered(json!({"userinfo_signed_response_alg": "RS256"})).await;
    assert_eq!(told["userinfo_signed_response_alg"], "RS256");
    assert!(suite.supports("userinfo_signing_alg_values_supported", "RS256").await);
    let tokens = suite.tokens(&suite.ask()).await;
    let page = suite.userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.headers[CONTENT_TYPE], "application/jwt");
    let (header, claims) = jwks::verify(&jwks::fetch(&suite.browser).await, &page.body);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(claims["sub"], tokens.claims["sub"]);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(suite.one.id)));
}

#[tokio::test]
async fn oidcc_ensure_redirect_uri_in_authorization_request() {
    let both = json!({"redirect_uris": [CALLBACK, "https://suite.example/dynamic/other"]});
    let (suite, _) = registered(both).await;
    is_shown(&suite, &suite.ask().without("redirect_uri").address()).await;
    let (suite, _) = registered(json!({})).await;
    is_shown(&suite, &suite.ask().without("redirect_uri").address()).await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_ok() {
    let with_query = format!("{CALLBACK}?dummy1=lorem&dummy2=ipsum");
    let (suite, _) = registered(json!({"redirect_uris": [with_query]})).await;
    let back = suite
        .answer_all(suite.browser.get(&suite.ask().address()).await)
        .await
        .1;
    let location = back.location();
    assert!(location.starts_with(&format!("{with_query}&")), "{location}");
    let answer = suite.try_redeem(&suite.one, &back.returned("code").unwrap(), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let (suite, _) = registered(json!({"redirect_uris": [format!("{CALLBACK}?foo=bar")]})).await;
    for other in ["?foo=bar2", "?foo=bar&foo=bar", "", "?"] {
        is_shown(
            &suite,
            &suite
                .ask()
                .with("redirect_uri", &format!("{CALLBACK}{other}"))
                .address(),
        )
        .await;
    }
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let (suite, _) = registered(json!({})).await;
    is_shown(
        &suite,
        &suite
            .ask()
            .with("redirect_uri", &format!("{CALLBACK}?foo=bar"))
            .address(),
    )
    .await;
}

#[tokio::test]
async fn oidcc_redirect_uri_regfrag() {
    is_refused(
        json!({"redirect_uris": [format!("{CALLBACK}#foobar")]}),
        "invalid_redirect_uri",
    )
    .await;
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    discovery::verification().await;
    let suite = Suite::with(Mode::Query, LINES, |_| {});
    let metadata = suite.metadata().await;
    assert_eq!(metadata["registration_endpoint"], format!("{ISSUER}/register"));
    assert_eq!(metadata["request_uri_parameter_supported"], true);
    for (member, word) in [
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_signing_alg_values_supported", "RS256"),
        ("subject_types_supported", "pairwise"),
        ("grant_types_supported", "refresh_token"),
        ("scopes_supported", "offline_access"),
    ] {
        assert!(suite.supports(member, word).await, "{member}: {word}");
    }
}

/// A fresh page of the sign-in, with what the application says of itself.
async fn shown_at_sign_in(member: &str) {
    let address = format!("https://suite.example/{member}.png");
    let (mut suite, told) = registered(json!({ member: address })).await;
    assert_eq!(told[member], address);
    suite.forget();
    let page = suite.page_at(&suite.ask().address()).await;
    let mark = if member == "logo_uri" {
        "<img src=\""
    } else {
        "<a href=\""
    };
    assert!(page.body.contains(&format!("{mark}{address}\"")), "{}", page.body);
    suite.tokens(&suite.ask()).await;
}

#[tokio::test]
async fn oidcc_registration_logo_uri() {
    shown_at_sign_in("logo_uri").await;
}

#[tokio::test]
async fn oidcc_registration_policy_uri() {
    shown_at_sign_in("policy_uri").await;
}

#[tokio::test]
async fn oidcc_registration_tos_uri() {
    shown_at_sign_in("tos_uri").await;
}

#[tokio::test]
async fn oidcc_registration_jwks_uri() {
    let (site, signer) = (Site::new(), Signer::new(Alg::Rs256, 5));
    let address = site.publish("/client1_jwks", &signer.jwks().to_string());
    let members = json!({"jwks_uri": address, "token_endpoint_auth_method": "private_key_jwt"});
    let (suite, told) = registered(members).await;
    assert_eq!(told["jwks_uri"], address);
    assert!(told.get("client_secret").is_none());
    signed_in(&suite, &signer, "openid").await;
    assert_eq!(site.asked("/client1_jwks"), 1);
}

#[tokio::test]
async fn oidcc_registration_sector_uri() {
    let site = Site::new();
    let address = site.publish("/sector", &json!([CALLBACK]).to_string());
    let (suite, told) = registered(json!({"sector_identifier_uri": address, "subject_type": "pairwise"})).await;
    assert_eq!(told["sector_identifier_uri"], address);
    let tokens = suite.tokens(&suite.ask()).await;
    assert_ne!(tokens.claims["sub"], suite.scene.ann.to_string());
}

#[tokio::test]
async fn oidcc_registration_sector_bad() {
    let site = Site::new();
    for body in [
        json!(["https://elsewhere.example/cb"]),
        json!([]),
        json!({}),
        json!(CALLBACK),
    ] {
        let address = site.publish("/sector", &body.to_string());
        is_refused(json!({"sector_identifier_uri": address}), "invalid_client_metadata").await;
    }
    let missing = site.at("/missing");
    is_refused(json!({"sector_identifier_uri": missing}), "invalid_client_metadata").await;
}

#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let (suite, _) = registered(json!({})).await;
    let kids =
        |keys: &[Value]| -> Vec<String> { keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect() };
    let before = kids(&jwks::fetch(&suite.browser).await);
    let realm = &suite.scene.test.realm;
    let keyring = realm.keyring().unwrap();
    // The scene's own entropy would draw again what its keys were made of.
    let fresh = SeededEntropy::new(77);
    keys::rotate(&realm.store, &keyring, &fresh, realm.clock.now(), &mut |_| Ok(())).unwrap();
    suite.scene.app.follow_rotation().unwrap();
    let after = kids(&jwks::fetch(&suite.browser).await);
    assert!(before.iter().all(|kid| after.contains(kid)), "the old ones stay");
    assert!(after.iter().any(|kid| !before.contains(kid)), "there is a new one");
    suite.tokens(&suite.ask()).await;
}

#[tokio::test]
async fn oidcc_refresh_token_rp_key_rotation() {
    let site = Site::new();
    let (first, second) = (Signer::new(Alg::Rs256, 5), Signer::new(Alg::Rs256, 6));
    let members = json!({
        "jwks_uri": site.publish("/client1_jwks", &first.jwks().to_string()),
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let (suite, _) = registered(members).await;
    let tokens = signed_in(&suite, &first, "openid offline_access").await;
    let refresh = tokens.response["refresh_token"].as_str().unwrap();
    site.publish("/client1_jwks", &second.jwks().to_string());
    suite.scene.test.clock.advance(60);
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let answer = signed_request(&suite, &second, &params).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let (_, claims) = jwks::verify(
        &jwks::fetch(&suite.browser).await,
        answer.json()["id_token"].as_str().unwrap(),
    );
    for member in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(claims[member], tokens.claims[member], "{member}");
    }
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(suite.userinfo(&access).await.status, StatusCode::OK);
}

/// Publishes the request as an object, and asks by its address.
async fn by_reference(members: Value, sign: impl Fn(&Value) -> String) {
    let site = Site::new();
    let mut members = members;
    members["request_uris"] = json!([site.at("/request.jwt")]);
    let (suite, told) = registered(members).await;
    assert_eq!(told["request_uris"], json!([site.at("/request.jwt")]));
    let asked = suite.ask();
    let mut claims: Map<String, Value> = asked
        .pairs()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    claims.insert("iss".to_owned(), suite.one.id.clone().into());
    claims.insert("aud".to_owned(), ISSUER.into());
    claims.insert("exp".to_owned(), (suite.scene.now() + 300).into());
    claims.insert("nbf".to_owned(), suite.scene.now().into());
    let address = site.publish("/request.jwt", &sign(&Value::Object(claims)));
    let outside = crate::suite::Asked::new(&[
        ("client_id", suite.one.id.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("request_uri", address.as_str()),
    ]);
    let first = suite.browser.get(&outside.address()).await;
    let authorized = suite.go_on(&asked, first).await;
    suite.redeem(&asked, authorized.callback.code()).await;
    assert_eq!(site.asked("/request.jwt"), 1);
}

#[tokio::test]
async fn oidcc_request_uri_unsigned() {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    by_reference(json!({"request_object_signing_alg": "none"}), |claims| {
        format!("{}.{}.", part("{\"alg\":\"none\"}"), part(&claims.to_string()))
    })
    .await;
}

#[tokio::test]
async fn oidcc_request_uri_signed_rs256() {
    let signer = Signer::new(Alg::Rs256, 5);
    let members = json!({"request_object_signing_alg": "RS256", "jwks": signer.jwks()});
    by_reference(members, |claims| signer.sign(claims)).await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    request_objects::with_redirect_uri(Mode::Query).await;
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let (suite, _) = registered(json!({"grant_types": ["authorization_code", "refresh_token"]})).await;
    let asked = suite
        .ask()
        .with("scope", "openid offline_access")
        .with("prompt", "consent");
    let tokens = suite.tokens(&asked).await;
    let refresh = tokens.response["refresh_token"].as_str().unwrap();
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let stranger = suite.token_request(&suite.two, &params).await;
    assert_eq!(
        (stranger.status, stranger.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant")),
        "bound to its client"
    );
    let answer = suite.token_request(&suite.one, &params).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_ne!(answer.json()["access_token"], tokens.response["access_token"]);
}

#[tokio::test]
async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds() {
    let signer = Signer::new(Alg::Rs256, 5);
    let members = json!({"jwks": signer.jwks(), "token_endpoint_auth_method": "private_key_jwt"});
    let (suite, _) = registered(members).await;
    assert_eq!(Signer::assertion("x", 0)["aud"], ISSUER);
    signed_in(&suite, &signer, "openid").await;
}

/// What the plan does after every module: the registration is removed again.
#[tokio::test]
async fn a_registration_is_removed_when_a_module_is_over() {
    let suite = Suite::with(Mode::Query, LINES, |_| {});
    let page = register(&suite, &json!({})).await;
    let (path, token) = own(&page);
    let gone = suite.scene.send_json("DELETE", &path, Some(&token), &json!({})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}
