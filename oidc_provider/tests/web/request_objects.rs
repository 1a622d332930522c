//! Request objects (RFC 9101, OpenID Connect Core section 6): whose key, for how long, and which parameters count.
//!
//! The provider's own keys play the application's: the same kinds, and nobody has to make more of them.

use crate::browser::Page;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{CALLBACK, ISSUER, Scene, settings};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::clients::{ClientKind, ClientSettings, RequestObjectAlg};
use samekey_provider::keys::{Alg, jws};
use serde_json::{Map, Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;

/// An application that signs with these algorithms.
fn signer(scene: &Scene, id: &str, algs: &[Alg], change: impl FnOnce(&mut ClientSettings)) -> RelyingParty {
    let own = scene.app.published().keys.jwks();
    let keys: Vec<&Value> = own["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| algs.iter().any(|alg| key["alg"] == alg.name()))
        .collect();
    let mut changed = settings();
    changed.jwks = Some(json!({ "keys": keys }));
    change(&mut changed);
    let secret = scene.register(id, ClientKind::Confidential, changed).unwrap();
    RelyingParty::new(scene, id, Some(&secret))
}

/// The claims of a good object, with these changes; `null` leaves one out.
fn object(scene: &Scene, party: &RelyingParty, changes: &Value) -> Map<String, Value> {
    let now = scene.now();
    let mut claims = json!({
        "iss": party.id, "aud": ISSUER, "exp": now + 300, "nbf": now, "iat": now,
        "client_id": party.id, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid profile",
        "state": "inside", "nonce": "inside",
        "code_challenge": crate::relying_party::CHALLENGE, "code_challenge_method": "S256",
    });
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
    claims.clone()
}

fn signed(scene: &Scene, alg: Alg, claims: &Map<String, Value>) -> String {
    jws::sign(scene.app.published().keys.active(alg).unwrap(), claims).unwrap()
}

fn encoded(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn unsigned(claims: &Map<String, Value>) -> String {
    format!(
        "{}.{}.",
        encoded(&json!({"alg": "none"})),
        encoded(&Value::Object(claims.clone()))
    )
}

/// What a request looks like that holds nothing but the object (RFC 9101 section 5).
fn bare(object: &str) -> Vec<(&'static str, &str)> {
    let gone = [
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    ];
    gone.into_iter()
        .map(|name| (name, ""))
        .chain([("request", object)])
        .collect()
}

async fn nonce(party: &RelyingParty, back: &Page) -> Value {
    let tokens = party.redeem(&back.returned("code").unwrap(), &[]).await.json();
    claims(tokens["id_token"].as_str().unwrap())["nonce"].clone()
}

#[tokio::test]
async fn what_is_signed_counts_before_what_stands_beside_it() {
    let scene = Scene::new();
    let party = signer(&scene, "signer", &Alg::ALL, |_| {});
    let browser = scene.browser();
    scene.sign_in(&browser, &scene.wiki().request(&[])).await;
    for alg in Alg::ALL {
        let object = signed(&scene, alg, &object(&scene, &party, &json!({"max_age": 10_000})));
        let back = browser.get(&party.request(&bare(&object))).await;
        assert_eq!(back.returned("state").as_deref(), Some("inside"), "{alg}");
        assert_eq!(nonce(&party, &back).await, "inside");
        // Beside it stand other values of the same, which count no more than before.
        let back = browser.get(&party.request(&[("request", &object)])).await;
        assert_eq!(back.returned("state").as_deref(), Some("inside"), "{alg}");
    }
    // What the object leaves out is taken from beside it (OpenID Connect Core 6.1), as this client need not sign at all.
    let less = json!({"state": null, "nonce": null, "redirect_uri": null, "scope": null});
    let less = signed(&scene, Alg::Es256, &object(&scene, &party, &less));
    let back = browser.get(&party.request(&[("request", &less)])).await;
    assert_eq!(back.returned("state").as_deref(), Some("st"));
    assert_eq!(nonce(&party, &back).await, "no");
    // An address beside it that is not registered is not even looked at.
    let whole = signed(&scene, Alg::Es256, &object(&scene, &party, &json!({})));
    let evil = [("request", whole.as_str()), ("redirect_uri", "https://evil.example/cb")];
    assert!(
        browser
            .get(&party.request(&evil))
            .await
            .location()
            .starts_with(CALLBACK)
    );
    let other = [("request", whole.as_str()), ("response_type", "token")];
    let back = browser.get(&party.request(&other)).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn an_object_holds_for_us_from_its_client_and_for_its_time() {
    let scene = Scene::new();
    let party = signer(&scene, "signer", &[Alg::Es256], |_| {});
    let browser = scene.browser();
    scene.sign_in(&browser, &scene.wiki().request(&[])).await;
    let now = scene.now();
    let back = async |changes: Value| {
        let object = signed(&scene, Alg::Es256, &object(&scene, &party, &changes));
        browser.get(&party.request(&[("request", object.as_str())])).await
    };
    for right in [
        json!({"aud": [ISSUER, "https://other.example"]}),
        json!({"aud": null, "exp": null, "nbf": null, "iat": null, "iss": null, "client_id": null}),
        json!({"nbf": now + 8, "iat": now + 8}),
        json!({"exp": f64::from(u32::try_from(now).unwrap()) + 10.5}),
        json!({"sub": "somebody", "jti": "1", "unknown": "x"}),
    ] {
        assert!(back(right.clone()).await.returned("code").is_some(), "{right}");
    }
    for wrong in [
        json!({"aud": "https://other.example"}),
        json!({"aud": [format!("{ISSUER}/")]}),
        json!({"aud": 5}),
        json!({"iss": "wiki"}),
        json!({"iss": 5}),
        json!({"client_id": "wiki"}),
        json!({"sub": "signer"}),
        json!({"exp": now}),
        json!({"exp": now - 300}),
        json!({"exp": "soon"}),
        json!({"nbf": now + 60}),
        json!({"iat": now + 60}),
        json!({"request": "x"}),
        json!({"request_uri": "https://wiki.example/r"}),
        json!({"state": true}),
        json!({"state": "a\nb"}),
        json!({"scope": ["openid"]}),
    ] {
        let back = back(wrong.clone()).await;
        assert_eq!(
            back.returned("error").as_deref(),
            Some("invalid_request_object"),
            "{wrong}"
        );
        assert_eq!(back.returned("code"), None);
    }
}

/// Row 13, for request objects.
#[tokio::test]
async fn only_the_clients_own_keys_and_algorithms_sign() {
    let scene = Scene::new();
    let party = signer(&scene, "signer", &[Alg::Es256], |_| {});
    signer(&scene, "other", &[Alg::EdDsa], |_| {});
    let narrow = signer(&scene, "narrow", &[Alg::Es256, Alg::Ps256], |settings| {
        settings.request_object_alg = Some(RequestObjectAlg::Signed(Alg::Ps256));
    });
    let browser = scene.browser();
    let claims = object(&scene, &party, &json!({}));
    let good = signed(&scene, Alg::Es256, &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let key = scene.app.published().keys.jwks().to_string();
    let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    let head = encoded(&json!({"alg": "HS256"}));
    let message = format!("{head}.{}", parts[1]);
    let mac = BASE64URL_NOPAD.encode(ring::hmac::sign(&hmac, message.as_bytes()).as_ref());
    let altered = encoded(&Value::Object(object(&scene, &party, &json!({"state": "altered"}))));
    let header = |header: Value| format!("{}.{}.{}", encoded(&header), parts[1], parts[2]);
    for wrong in [
        signed(&scene, Alg::EdDsa, &claims),
        format!("{message}.{mac}"),
        format!("{}.{altered}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{good}.x.y"),
        format!("{}.{}.x", encoded(&json!({"alg": "none"})), parts[1]),
        header(json!({"alg": "ES256", "crit": ["x"], "x": 1})),
        header(json!({"alg": "ES256", "typ": "logout+jwt"})),
        header(json!({})),
        "x".to_owned(),
        "a".repeat(15_000),
    ] {
        let back = browser.get(&party.request(&[("request", &wrong)])).await;
        let error = back.returned("error");
        let told = error.as_deref();
        assert!(
            matches!(told, Some("invalid_request_object" | "request_not_supported")),
            "{wrong}: {told:?}"
        );
        assert_eq!(back.returned("state").as_deref(), Some("st"));
    }
    let none = browser.get(&party.request(&[("request", &unsigned(&claims))])).await;
    assert_eq!(none.returned("error").as_deref(), Some("request_not_supported"));
    let claims = object(&scene, &narrow, &json!({}));
    for (alg, right) in [(Alg::Es256, false), (Alg::Ps256, true)] {
        let back = browser
            .get(&narrow.request(&[("request", &signed(&scene, alg, &claims))]))
            .await;
        assert_eq!(back.location().starts_with("/sign-in"), right, "{alg}");
    }
    let back = browser.get(&narrow.request(&[("request", &unsigned(&claims))])).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request_object"));
}

#[tokio::test]
async fn unsigned_objects_are_for_those_who_registered_so() {
    let scene = Scene::new();
    let party = signer(&scene, "plain", &[Alg::Es256], |settings| {
        settings.request_object_alg = Some(RequestObjectAlg::Unsigned);
    });
    let browser = scene.browser();
    let claims = object(&scene, &party, &json!({}));
    let back = scene.sign_in(&browser, &party.request(&bare(&unsigned(&claims)))).await;
    assert_eq!(back.returned("state").as_deref(), Some("inside"));
    let signed = signed(&scene, Alg::Es256, &claims);
    let back = browser.get(&party.request(&[("request", &signed)])).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request_object"));
}

#[tokio::test]
async fn who_must_sign_is_bound_by_what_was_signed_alone() {
    let scene = Scene::new();
    let party = signer(&scene, "strict", &[Alg::Es256], |settings| {
        settings.require_request_object = true;
    });
    let browser = scene.browser();
    scene.sign_in(&browser, &scene.wiki().request(&[])).await;
    let plain = browser.get(&party.request(&[])).await;
    assert_eq!(plain.returned("error").as_deref(), Some("invalid_request"));
    assert_eq!(party.push(&[]).await.json()["error"], "invalid_request");
    let now = scene.now();
    let less = signed(
        &scene,
        Alg::Es256,
        &object(&scene, &party, &json!({"state": null, "nonce": null})),
    );
    let back = browser.get(&party.request(&[("request", &less)])).await;
    assert_eq!(
        back.returned("state"),
        None,
        "the state beside it is not its client's word"
    );
    assert_eq!(nonce(&party, &back).await, Value::Null);
    for wrong in [
        json!({"exp": null}),
        json!({"nbf": null}),
        json!({"aud": null}),
        json!({"client_id": null}),
        json!({"exp": now + 70 * 60}),
        json!({"nbf": now - 70 * 60, "exp": now + 60}),
    ] {
        let object = signed(&scene, Alg::Es256, &object(&scene, &party, &wrong));
        let answer = party.push(&bare(&object)).await;
        assert_eq!(answer.json()["error"], "invalid_request_object", "{wrong}");
    }
    let gone = signed(
        &scene,
        Alg::Es256,
        &object(&scene, &party, &json!({"redirect_uri": null})),
    );
    let answer = party.push(&[("request", &gone)]).await;
    assert_eq!(
        answer.json()["error"],
        "invalid_request",
        "the address beside it does not count: {}",
        answer.body
    );
    let whole = signed(&scene, Alg::Es256, &object(&scene, &party, &json!({})));
    let back = browser.get(&party.pushed(&party.push(&bare(&whole)).await)).await;
    assert_eq!(nonce(&party, &back).await, "inside");
}

/// Serves one document, as an application's own server would; gives its address.
fn serve(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let head = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    format!("http://{address}/request")
}

/// Row 36: only an address that the client registered is ever fetched.
#[tokio::test]
async fn an_object_may_be_fetched_from_where_it_was_registered() {
    let scene = Scene::with("outbound-allow = [\"127.0.0.1\"]", crate::scene::STRICT);
    let keys = scene.app.published().keys.jwks();
    let stub = RelyingParty::new(&scene, "far", None);
    let claims = object(&scene, &stub, &json!({}));
    let good = serve("200 OK", signed(&scene, Alg::Es256, &claims));
    let plain = serve("200 OK", unsigned(&claims));
    let gone = serve("404 Not Found", String::new());
    let large = serve("200 OK", "x".repeat(70_000));
    let elsewhere = serve("302 Found\r\nLocation: http://127.0.0.1/", String::new());
    let mut known = settings();
    known.jwks = Some(keys);
    known.request_uris = vec![
        good.clone(),
        format!("{plain}#hash"),
        gone.clone(),
        large.clone(),
        elsewhere.clone(),
    ];
    let secret = scene.register("far", ClientKind::Confidential, known).unwrap();
    let far = RelyingParty::new(&scene, "far", Some(&secret));
    let browser = scene.browser();
    let back = scene.sign_in(&browser, &far.request(&[("request_uri", &good)])).await;
    assert_eq!(nonce(&far, &back).await, "inside");
    // TLS vouches for what is fetched from the client's own address; nothing was registered against it.
    let back = browser
        .get(&far.request(&[("request_uri", &format!("{plain}#hash"))]))
        .await;
    assert_eq!(nonce(&far, &back).await, "inside");
    for wrong in [
        gone,
        large,
        elsewhere,
        format!("{good}/other"),
        "https://evil.example/r".to_owned(),
    ] {
        let back = browser.get(&far.request(&[("request_uri", &wrong)])).await;
        assert_eq!(
            back.returned("error").as_deref(),
            Some("invalid_request_uri"),
            "{wrong}"
        );
    }
    let nobody = browser.get(&scene.wiki().request(&[("request_uri", &good)])).await;
    assert_eq!(nobody.returned("error").as_deref(), Some("request_uri_not_supported"));
    let nowhere = far.request(&[("request_uri", "https://evil.example/r"), ("redirect_uri", "")]);
    assert_eq!(browser.get(&nowhere).await.status, StatusCode::BAD_REQUEST);
}
