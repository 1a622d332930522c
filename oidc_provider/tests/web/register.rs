//! Applications that register themselves (RFC 7591) and manage what they registered (RFC 7592).

use crate::browser::Page;
use crate::registrant::own;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{CALLBACK, ISSUER, LAX, Scene};
use crate::signer::Signer;
use crate::site::Site;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use samekey_provider::clients::{self, initial};
use samekey_provider::keys::Alg;
use serde_json::{Value, json};

const WITH_TOKEN: &str = "registration = \"token\"\noutbound-allow = [\"127.0.0.1\"]\n";
const OPEN: &str = "registration = \"open\"\n";

fn plain() -> Value {
    json!({ "redirect_uris": [CALLBACK], "client_name": "Wiki" })
}

fn is_refused(page: &Page, code: &str, what: &str) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{what}: {}", page.body);
    assert_eq!(page.json()["error"], code, "{what}: {}", page.body);
}

/// Row 33: off in the settings is off at the HTTP layer.
#[tokio::test]
async fn there_is_no_such_address_unless_the_operator_wants_it() {
    let scene = Scene::new();
    let token = scene.initial_token(1);
    let page = scene.register_itself(Some(&token), &plain()).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let metadata = scene.browser().get("/.well-known/openid-configuration").await.json();
    assert!(metadata.get("registration_endpoint").is_none());
    let offered = Scene::with(WITH_TOKEN, LAX);
    let metadata = offered.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["registration_endpoint"], format!("{ISSUER}/register"));
}

#[tokio::test]
async fn an_initial_access_token_is_needed_and_spent() {
    let scene = Scene::with(WITH_TOKEN, LAX);
    for wrong in [None, Some(""), Some("wrong"), Some("é")] {
        let page = scene.register_itself(wrong, &plain()).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
        assert!(page.headers[WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
    }
    let token = scene.initial_token(2);
    let bad = json!({ "redirect_uris": ["javascript:alert(1)"] });
    is_refused(
        &scene.register_itself(Some(&token), &bad).await,
        "invalid_redirect_uri",
        "a bad one",
    );
    for left in [1, 0] {
        let page = scene.register_itself(Some(&token), &plain()).await;
        assert_eq!(
            page.status,
            StatusCode::CREATED,
            "{left} left, the bad one spent nothing: {}",
            page.body
        );
        assert_eq!(page.headers[CACHE_CONTROL], "no-store");
    }
    let page = scene.register_itself(Some(&token), &plain()).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "spent");
    let late = scene.initial_token(1);
    scene.test.clock.advance(3600);
    let page = scene.register_itself(Some(&late), &plain()).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "expired");
    let revoked = scene.initial_token(1);
    let realm = &scene.test.realm;
    let id = realm.store.read(initial::list).unwrap();
    let id = id
        .iter()
        .find(|one| one.uses == 0 && one.expires_at > scene.now())
        .unwrap();
    let done = realm.store.write(|tx| initial::revoke(tx, &id.id, scene.now()));
    assert!(done.unwrap());
    let page = scene.register_itself(Some(&revoked), &plain()).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "revoked");
    assert_eq!(scene.events("client-added"), 2);
}

#[tokio::test]
async fn a_stranger_s_application_signs_people_in_who_are_asked_first() {
    let scene = Scene::with(OPEN, LAX);
    let page = scene.register_itself(None, &plain()).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
    let told = page.json();
    for (member, expected) in [
        ("client_name", json!("Wiki")),
        ("redirect_uris", json!([CALLBACK])),
        ("response_types", json!(["code"])),
        ("grant_types", json!(["authorization_code"])),
        ("application_type", json!("web")),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("subject_type", json!("public")),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(scene.now())),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    let secret = told["client_secret"].as_str().unwrap();
    let wiki = RelyingParty::new(&scene, told["client_id"].as_str().unwrap(), Some(secret));
    let browser = scene.browser();
    let asks = scene.with_password(&browser, &wiki.request(&[])).await;
    let back = browser.press(&asks.location(), "allow", &[]).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let loose = wiki.request(&[("code_challenge", ""), ("code_challenge_method", "")]);
    assert_eq!(
        browser.get(&loose).await.returned("error").as_deref(),
        Some("invalid_request"),
        "PKCE"
    );
}

/// Rows 2 and 40.
#[tokio::test]
async fn every_bad_member_is_refused_by_its_code_and_nothing_is_registered() {
    let scene = Scene::with(OPEN, LAX);
    let with = |name: &str, value: Value| {
        let mut document = plain();
        document[name] = value;
        document
    };
    let redirects = [
        json!([]),
        json!(["http://app.example/cb"]),
        json!(["javascript:alert(1)"]),
        json!(["data:text/html,x"]),
        json!(["vbscript:x"]),
        json!(["https://app.example/cb#fragment"]),
        json!(["https://app.example/*"]),
        json!(["https://user@app.example/cb"]),
        json!(["https://app.example/a/../b"]),
        json!(["com.example.app:/cb"]),
        json!(["/cb"]),
    ];
    for redirect in redirects {
        let page = scene
            .register_itself(None, &with("redirect_uris", redirect.clone()))
            .await;
        is_refused(&page, "invalid_redirect_uri", &redirect.to_string());
    }
    let elsewhere = with("post_logout_redirect_uris", json!(["https://app.example/*"]));
    let page = scene.register_itself(None, &elsewhere).await;
    is_refused(&page, "invalid_redirect_uri", "after signing out");
    let members = [
        ("redirect_uris", json!("https://app.example/cb")),
        ("client_name", json!("a\u{7}b")),
        ("client_name", json!(5)),
        ("response_types", json!(["id_token"])),
        ("grant_types", json!(["password"])),
        ("grant_types", json!([])),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_signing_alg", json!("none")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("userinfo_signed_response_alg", json!("HS256")),
        ("id_token_encrypted_response_alg", json!("RSA-OAEP")),
        ("request_object_encryption_alg", json!("RSA-OAEP")),
        ("subject_type", json!("both")),
        ("application_type", json!("toaster")),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        ("jwks", json!({"keys": 5})),
        ("jwks", json!([])),
        ("jwks_uri", json!("http://app.example/jwks")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("policy_uri", json!("data:text/html,x")),
        ("tos_uri", json!("ftp://app.example")),
        ("client_uri", json!("not an address")),
        ("initiate_login_uri", json!("http://app.example/login")),
        ("initiate_login_uri", json!("http://localhost/login")),
        ("backchannel_logout_uri", json!("gopher://app.example")),
        ("frontchannel_logout_uri", json!("https://elsewhere.example/out")),
        ("request_uris", json!(["http://app.example/ro"])),
        ("default_max_age", json!(-1)),
        ("default_max_age", json!("soon")),
        ("contacts", json!(["a b"])),
        ("require_auth_time", json!("yes")),
        ("client_id", json!("chosen")),
        ("client_secret", json!("chosen")),
        ("sector_identifier_uri", json!("https://nowhere.invalid/sector")),
        ("tls_client_auth_san_ip", json!("not-an-address")),
    ];
    for (name, value) in members {
        let page = scene.register_itself(None, &with(name, value.clone())).await;
        is_refused(&page, "invalid_client_metadata", &format!("{name} {value}"));
        let described = page.json()["error_description"].as_str().unwrap().to_owned();
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        assert!(described.bytes().all(allowed), "{described}");
    }
    let page = scene
        .register_itself(None, &with("software_statement", json!("x.y.z")))
        .await;
    is_refused(&page, "unapproved_software_statement", "a statement");
    for (body, kind) in [
        ("", "application/json"),
        ("[]", "application/json"),
        ("{", "application/json"),
        ("\u{0}", "application/json"),
        ("redirect_uris=x", "application/x-www-form-urlencoded"),
        ("{}", "text/plain"),
    ] {
        let request = Request::post("/register").header(CONTENT_TYPE, kind);
        let page = scene.browser().send(request, Body::from(body.to_owned())).await;
        is_refused(&page, "invalid_client_metadata", body);
    }
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for body in [deep, "x".repeat(100_000)] {
        let request = Request::post("/register").header(CONTENT_TYPE, "application/json");
        let page = scene.browser().send(request, Body::from(body)).await;
        is_refused(&page, "invalid_client_metadata", "too deep, too long");
    }
    let there = scene.test.realm.store.read(clients::list).unwrap();
    assert_eq!(there.len(), 1, "only the wiki of the scene");
}

#[tokio::test]
async fn members_that_nobody_knows_are_passed_over_and_known_ones_told_again() {
    let scene = Scene::with(OPEN, LAX);
    let signer = Signer::new(Alg::Es256, 1);
    let document = json!({
        "redirect_uris": ["https://app.example/cb?x=1"],
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": ["code", "id_token"],
        "application_type": "web",
        "contacts": ["ops@app.example"],
        "client_name": "App",
        "client_name#de": "Anwendung",
        "logo_uri": "https://app.example/logo.png",
        "client_uri": "https://app.example/",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/tos",
        "jwks": signer.jwks(),
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "EdDSA",
        "subject_type": "pairwise",
        "default_max_age": 600,
        "require_auth_time": true,
        "default_acr_values": ["urn:samekey:acr:mfa"],
        "initiate_login_uri": "https://app.example/login",
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "backchannel_logout_uri": "https://app.example/logout",
        "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://app.example/frame",
        "require_pushed_authorization_requests": true,
        "dpop_bound_access_tokens": true,
        "software_id": "ignored",
        "x_unknown": {"deep": [1, 2, 3]},
        "policy_of_somebody": null,
    });
    let page = scene.register_itself(None, &document).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
    let told = page.json();
    assert!(told.get("client_secret").is_none(), "it has a key");
    for unknown in ["x_unknown", "software_id", "client_name#de"] {
        assert!(told.get(unknown).is_none(), "{unknown}");
    }
    assert_eq!(told["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(told["response_types"], json!(["code"]));
    for (name, value) in document.as_object().unwrap() {
        let replaced = ["grant_types", "response_types"].contains(&name.as_str());
        if !replaced && told.get(name).is_some() {
            assert_eq!(told[name], *value, "{name}");
        }
    }
    for name in [
        "logo_uri",
        "jwks",
        "default_max_age",
        "initiate_login_uri",
        "dpop_bound_access_tokens",
    ] {
        assert!(told.get(name).is_some(), "{name}");
    }
}

/// RFC 7592.
#[tokio::test]
async fn a_client_reads_replaces_and_removes_its_own_registration() {
    let scene = Scene::with(OPEN, LAX);
    let registered = scene.register_itself(None, &plain()).await;
    let (path, token) = own(&registered);
    let told = registered.json();
    let read = scene.send_json("GET", &path, Some(&token), &json!({})).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.body);
    assert_eq!(read.json()["registration_access_token"], token);
    assert!(read.json().get("client_secret").is_none(), "shown once");
    let mut replaced = json!({
        "client_id": told["client_id"],
        "client_secret": told["client_secret"],
        "redirect_uris": ["https://wiki.example/new"],
    });
    let page = scene.send_json("PUT", &path, Some(&token), &replaced).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.json()["redirect_uris"], json!(["https://wiki.example/new"]));
    assert_eq!(page.json()["client_name"], "wiki.example", "what is left out is gone");
    for (name, value) in [
        ("client_id", json!("wiki")),
        ("client_id", Value::Null),
        ("client_secret", json!("another")),
        ("registration_access_token", json!(token)),
        ("registration_client_uri", json!("https://x.example")),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(0)),
        ("token_endpoint_auth_method", json!("none")),
    ] {
        let before = replaced[name].clone();
        replaced[name] = value.clone();
        let page = scene.send_json("PUT", &path, Some(&token), &replaced).await;
        is_refused(&page, "invalid_client_metadata", &format!("{name} {value}"));
        replaced[name] = before;
    }
    let gone = scene.send_json("DELETE", &path, Some(&token), &json!({})).await;
    assert_eq!((gone.status, gone.body.as_str()), (StatusCode::NO_CONTENT, ""));
    let after = scene.send_json("GET", &path, Some(&token), &json!({})).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    assert_eq!(scene.events("client-removed"), 1);
}

/// Row 42.
#[tokio::test]
async fn nobody_else_s_token_opens_a_registration() {
    let scene = Scene::with(OPEN, LAX);
    let (first, own_token) = own(&scene.register_itself(None, &plain()).await);
    let (_, other) = own(&scene.register_itself(None, &plain()).await);
    let initial = scene.initial_token(1);
    for path in [first.as_str(), "/register/wiki", "/register/nobody"] {
        for token in [None, Some(""), Some("x"), Some(other.as_str()), Some(initial.as_str())] {
            for method in ["GET", "PUT", "DELETE"] {
                let page = scene.send_json(method, path, token, &plain()).await;
                assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{method} {path} {token:?}");
            }
        }
    }
    let page = scene.send_json("GET", &first, Some(&own_token), &json!({})).await;
    assert_eq!(page.status, StatusCode::OK, "nothing was changed");
}

/// What the client moves to a key needs no secret any more, and the old one is dead.
#[tokio::test]
async fn a_client_that_takes_a_key_into_use_loses_its_secret() {
    let scene = Scene::with(OPEN, LAX);
    let registered = scene.register_itself(None, &plain()).await;
    let (path, token) = own(&registered);
    let id = registered.json()["client_id"].as_str().unwrap().to_owned();
    let signer = Signer::new(Alg::EdDsa, 1);
    let mut document = plain();
    document["client_id"] = json!(id);
    document["token_endpoint_auth_method"] = json!("private_key_jwt");
    document["jwks"] = signer.jwks();
    let page = scene.send_json("PUT", &path, Some(&token), &document).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let realm = &scene.test.realm;
    let id = id.parse().unwrap();
    assert!(realm.store.read(|tx| clients::secret_hash(tx, &id)).unwrap().is_none());
    document["token_endpoint_auth_method"] = json!("client_secret_post");
    let page = scene.send_json("PUT", &path, Some(&token), &document).await;
    assert!(page.json()["client_secret"].is_string(), "a new one: {}", page.body);
}

/// OpenID Connect Core section 8.1: one name for each sector.
#[tokio::test]
async fn pairwise_names_differ_by_sector_and_only_by_sector() {
    let scene = Scene::with(WITH_TOKEN, LAX);
    let token = scene.initial_token(10);
    let site = Site::new();
    let shared = ["https://a.example/cb", "https://b.example/cb"];
    let sector = site.publish("/sector", &json!(shared).to_string());
    let mut names = Vec::new();
    let documents = [
        json!({"redirect_uris": ["https://c.example/one"], "subject_type": "pairwise"}),
        json!({"redirect_uris": ["https://c.example/two"], "subject_type": "pairwise"}),
        json!({"redirect_uris": ["https://d.example/cb"], "subject_type": "pairwise"}),
        json!({"redirect_uris": [shared[0]], "subject_type": "pairwise", "sector_identifier_uri": sector}),
        json!({"redirect_uris": [shared[1]], "subject_type": "pairwise", "sector_identifier_uri": sector}),
        json!({"redirect_uris": ["https://c.example/one"]}),
    ];
    let browser = scene.browser();
    scene.with_password(&browser, &scene.wiki().request(&[])).await;
    for document in documents {
        let page = scene.register_itself(Some(&token), &document).await;
        assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
        let told = page.json();
        let party = RelyingParty::new(
            &scene,
            told["client_id"].as_str().unwrap(),
            told["client_secret"].as_str(),
        );
        let redirect = document["redirect_uris"][0].as_str().unwrap();
        let code = browser
            .get(&party.request(&[("redirect_uri", redirect)]))
            .await
            .returned("code");
        let tokens = party.redeem(&code.unwrap(), &[("redirect_uri", redirect)]).await.json();
        let sub = claims(tokens["id_token"].as_str().unwrap())["sub"]
            .as_str()
            .unwrap()
            .to_owned();
        let info = party.userinfo(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(info.json()["sub"], sub, "the same at userinfo");
        names.push(sub);
    }
    assert_eq!(names[0], names[1], "one host, one sector");
    assert_eq!(names[3], names[4], "one sector_identifier_uri");
    let account = scene.ann.to_string();
    assert_eq!(names[5], account);
    for (one, other) in [(0, 2), (0, 3), (2, 3)] {
        assert_ne!(names[one], names[other]);
    }
    assert!(names[..5].iter().all(|name| !name.contains(&account)));
    let two_hosts = json!({"redirect_uris": shared, "subject_type": "pairwise"});
    let page = scene.register_itself(Some(&token), &two_hosts).await;
    is_refused(&page, "invalid_client_metadata", "two hosts without a sector");
}

/// Row 37: a picture of its own origin, and of nobody else's; nothing of it is served by us.
#[tokio::test]
async fn what_an_application_says_of_itself_is_shown_where_one_signs_in_to_it() {
    let scene = Scene::with(OPEN, LAX);
    let mut document = plain();
    for name in ["logo", "policy", "tos", "client"] {
        document[format!("{name}_uri")] =
            json!(format!("https://app.example/{name}?a=1&b=<2>").replace(['<', '>'], ""));
    }
    let told = scene.register_itself(None, &document).await.json();
    let party = RelyingParty::new(
        &scene,
        told["client_id"].as_str().unwrap(),
        told["client_secret"].as_str(),
    );
    let browser = scene.browser();
    let first = browser.get(&party.request(&[])).await;
    let page = browser.get(&first.location()).await;
    let asks = scene.with_password(&scene.browser(), &party.request(&[])).await;
    assert!(asks.location().starts_with("/sign-in"));
    for name in ["logo", "policy", "tos", "client"] {
        assert!(
            page.body.contains(&format!("https://app.example/{name}?a=1&#38;b=2")),
            "{name}: {}",
            page.body
        );
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src 'self' https://app.example;"), "{policy}");
    let wiki = browser
        .get(&browser.get(&scene.wiki().request(&[])).await.location())
        .await;
    let policy = wiki.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src 'self';"), "of nobody else: {policy}");
}

/// OpenID Connect Core section 4: whoever comes from our page begins there.
#[tokio::test]
async fn the_home_page_leads_to_applications_that_let_one_begin() {
    let scene = Scene::with(OPEN, LAX);
    let mut settings = crate::scene::settings();
    settings.initiate_login_uri = Some("https://wiki.example/login?x=1".into());
    settings.client_uri = Some("https://wiki.example/start".into());
    let confidential = samekey_provider::clients::ClientKind::Confidential;
    scene.register("ours", confidential, settings.clone());
    // One that may not know the name is not told it, and is asked for no page of another's.
    settings.initiate_login_uri = Some("https://apart.example/login".into());
    settings.subject_type = samekey_provider::clients::SubjectType::Pairwise;
    scene.register("apart", confidential, settings);
    let mut document = plain();
    document["initiate_login_uri"] = json!("https://stranger.example/login");
    let page = scene.register_itself(None, &document).await;
    assert_eq!(page.status, StatusCode::CREATED);
    let browser = scene.browser();
    scene.with_password(&browser, &scene.wiki().request(&[])).await;
    let home = browser.get("/").await;
    let ours = "https://wiki.example/login?x=1&#38;iss=https%3A%2F%2Fid.example.org&#38;login_hint=ann\
        &#38;target_link_uri=https%3A%2F%2Fwiki.example%2Fstart\"";
    let apart = "https://apart.example/login?iss=https%3A%2F%2Fid.example.org\"";
    for address in [ours, apart] {
        assert!(home.body.contains(address), "{address}: {}", home.body);
    }
    assert!(!home.body.contains("stranger.example"), "nobody agreed to that one");
}
