//! How applications prove who they are (RFC 6749 section 2.3, OpenID Connect Core section 9, RFC 7523, RFC 8705).

use crate::browser::Page;
use crate::relying_party::VERIFIER;
use crate::scene::{CALLBACK, Scene, settings};
use crate::signer::{JWT_BEARER, Signer};
use crate::site::Site;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use samekey_provider::clients::{self, AuthMethod, CertificateName, ClientKind, ClientSettings, GrantType, Profile};
use samekey_provider::http::params::encode;
use samekey_provider::jose::Jwk;
use samekey_provider::keys::Alg;
use samekey_provider::oidc::client_auth::PeerCertificates;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A request that needs nothing but a client who is believed.
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn credentials(method: AuthMethod) -> ClientSettings {
    ClientSettings {
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::ClientCredentials]),
        auth_method: method,
        ..settings()
    }
}

async fn token(scene: &Scene, fields: &[(&str, &str)]) -> Page {
    scene.browser().post("/token", &[&[GRANT], fields].concat()).await
}

async fn with_basic(scene: &Scene, pair: &str) -> Page {
    let header = format!("Basic {}", BASE64.encode(pair.as_bytes()));
    let request = Request::post("/token")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, header);
    let body = encode([GRANT].into_iter());
    scene.browser().send(request, Body::from(body)).await
}

async fn with_assertion(scene: &Scene, assertion: &str) -> Page {
    let fields = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
    token(scene, &fields).await
}

fn refused(page: &Page, what: &str) {
    assert_eq!(page.json()["error"], "invalid_client", "{what}: {}", page.body);
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{what}");
}

fn accepted(page: &Page, what: &str) {
    assert_eq!(page.status, StatusCode::OK, "{what}: {}", page.body);
}

/// Rows 9 and 11: one method for each client, in one way for each request.
#[tokio::test]
async fn a_client_has_one_method_and_uses_one_at_a_time() {
    let scene = Scene::new();
    let basic = scene
        .register(
            "basic",
            ClientKind::Confidential,
            credentials(AuthMethod::ClientSecretBasic),
        )
        .unwrap();
    let post = scene
        .register(
            "post",
            ClientKind::Confidential,
            credentials(AuthMethod::ClientSecretPost),
        )
        .unwrap();
    accepted(&with_basic(&scene, &format!("basic:{basic}")).await, "basic");
    let in_form = [("client_id", "post"), ("client_secret", post.as_str())];
    accepted(&token(&scene, &in_form).await, "post");
    refused(&with_basic(&scene, &format!("post:{post}")).await, "post by header");
    let other_form = [("client_id", "basic"), ("client_secret", basic.as_str())];
    let page = token(&scene, &other_form).await;
    refused(&page, "basic by form");
    assert!(
        page.headers.get(WWW_AUTHENTICATE).is_none(),
        "no challenge where none was tried"
    );
    // An operator need not know what a library does: either way, one at a time.
    let either = scene
        .register(
            "either",
            ClientKind::Confidential,
            credentials(AuthMethod::ClientSecret),
        )
        .unwrap();
    accepted(&with_basic(&scene, &format!("either:{either}")).await, "either");
    let form = [("client_id", "either"), ("client_secret", either.as_str())];
    accepted(&token(&scene, &form).await, "either");
    let unknown = with_basic(&scene, &format!("nobody:{basic}")).await;
    let wrong = with_basic(&scene, &format!("basic:{post}")).await;
    refused(&unknown, "unknown");
    assert_eq!(
        unknown.body, wrong.body,
        "an unknown client is answered as a wrong secret"
    );
    assert_eq!(unknown.headers[WWW_AUTHENTICATE], wrong.headers[WWW_AUTHENTICATE]);
    for two in [
        &[
            ("client_id", "post"),
            ("client_secret", post.as_str()),
            ("client_assertion", "x"),
            ("client_assertion_type", JWT_BEARER),
        ][..],
        &[("client_assertion", "x")],
        &[("client_assertion_type", JWT_BEARER), ("client_id", "post")],
    ] {
        let page = token(&scene, two).await;
        assert_eq!(page.json()["error"], "invalid_request", "{two:?}");
    }
}

/// RFC 6749 section 2.3.1: both halves are form-encoded, and libraries encode more or less of them.
#[tokio::test]
async fn a_secret_is_read_however_a_library_encodes_it() {
    let scene = Scene::new();
    let secret = scene
        .register(
            "my-app_1",
            ClientKind::Confidential,
            credentials(AuthMethod::ClientSecretBasic),
        )
        .unwrap();
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<Vec<_>>()
            .concat()
    };
    accepted(&with_basic(&scene, &format!("my-app_1:{secret}")).await, "as it is");
    let all = format!("{}:{}", encoded("my-app_1"), encoded(&secret));
    accepted(&with_basic(&scene, &all).await, "every letter encoded");
    refused(
        &with_basic(&scene, &format!("my-app_1:{secret}%")).await,
        "wrongly encoded",
    );
}

#[tokio::test]
async fn two_secrets_are_good_in_overlap_and_the_old_one_dies_on_time() {
    let scene = Scene::new();
    let old = scene
        .register(
            "app",
            ClientKind::Confidential,
            credentials(AuthMethod::ClientSecretBasic),
        )
        .unwrap();
    let realm = scene.test.realm.clone();
    let renew = |overlap: i64| {
        let (id, now) = ("app".parse().unwrap(), realm.clock.now());
        let renewed = realm
            .store
            .write(|tx| clients::renew_secret(tx, &id, overlap, realm.entropy.as_ref(), now));
        renewed.unwrap().0.expose().clone()
    };
    let new = renew(3600);
    for (secret, what) in [(&old, "the old one"), (&new, "the new one")] {
        accepted(&with_basic(&scene, &format!("app:{secret}")).await, what);
    }
    scene.test.clock.advance(3600);
    refused(&with_basic(&scene, &format!("app:{old}")).await, "the old one, late");
    accepted(&with_basic(&scene, &format!("app:{new}")).await, "the new one, late");
    let newest = renew(0);
    refused(
        &with_basic(&scene, &format!("app:{new}")).await,
        "replaced without overlap",
    );
    accepted(&with_basic(&scene, &format!("app:{newest}")).await, "the newest");
}

#[tokio::test]
async fn each_algorithm_proves_a_client_and_only_its_own_does() {
    let scene = Scene::new();
    for (seed, alg) in Alg::ALL.into_iter().enumerate() {
        let signer = Signer::new(alg, 40 + seed as u64);
        let id = format!("app-{alg}");
        let mut settings = credentials(AuthMethod::PrivateKeyJwt);
        settings.jwks = Some(signer.jwks());
        assert!(
            scene
                .register(&id, ClientKind::Confidential, settings.clone())
                .is_none(),
            "no secret"
        );
        let assertion = signer.sign(&Signer::assertion(&id, scene.now()));
        accepted(&with_assertion(&scene, &assertion).await, &id);
        refused(&with_assertion(&scene, &assertion).await, "row 12: a second time");
        let other = Signer::new(alg, 90 + seed as u64);
        let forged = other.sign_under(
            &json!({"alg": alg.name(), "kid": signer.kid}),
            &Signer::assertion(&id, scene.now()),
        );
        refused(&with_assertion(&scene, &forged).await, "another's key");
        settings.auth_signing_alg = Alg::ALL.into_iter().find(|one| *one != alg);
        let bound = format!("bound-{alg}");
        scene.register(&bound, ClientKind::Confidential, settings);
        let assertion = signer.sign(&Signer::assertion(&bound, scene.now()));
        refused(
            &with_assertion(&scene, &assertion).await,
            "another algorithm than its own",
        );
    }
}

fn with_key(scene: &Scene, id: &str, profile: Profile) -> Signer {
    let signer = Signer::new(Alg::Es256, 7);
    let mut settings = credentials(AuthMethod::PrivateKeyJwt);
    settings.jwks = Some(signer.jwks());
    settings.profile = profile;
    settings.id_token_alg = Alg::Es256;
    settings.dpop_bound = profile != Profile::Plain;
    scene.register(id, ClientKind::Confidential, settings);
    signer
}

/// Row 12, and FAPI 2.0: 8 s ahead is taken, 60 s is not.
#[tokio::test]
async fn an_assertion_is_for_us_now_and_about_itself() {
    let scene = Scene::new();
    let signer = with_key(&scene, "app", Profile::Plain);
    let now = scene.now();
    let with = |name: &str, value: Value| {
        let mut claims = Signer::assertion("app", now);
        claims[name] = value;
        signer.sign(&claims)
    };
    let issuer = "https://id.example.org";
    for (name, value) in [
        ("aud", json!(issuer)),
        ("aud", json!([issuer])),
        ("aud", json!(format!("{issuer}/token"))),
        ("iat", json!(now + 8)),
        ("nbf", json!(now + 8)),
        ("exp", json!(f64::from(u32::try_from(now).unwrap()) + 30.5)),
    ] {
        accepted(
            &with_assertion(&scene, &with(name, value.clone())).await,
            &format!("{name} {value}"),
        );
    }
    for (name, value) in [
        ("aud", json!([issuer, "https://evil.example"])),
        ("aud", json!("https://evil.example")),
        ("aud", json!(format!("{issuer}/"))),
        ("aud", Value::Null),
        ("iss", json!("other")),
        ("sub", json!("wiki")),
        ("sub", Value::Null),
        ("exp", json!(now - 300)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("exp", json!(now + 90_000)),
        ("iat", json!(now + 60)),
        ("nbf", json!(now + 60)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(600))),
    ] {
        refused(
            &with_assertion(&scene, &with(name, value.clone())).await,
            &format!("{name} {value}"),
        );
    }
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256", "kid": signer.kid}),
        json!({"alg": "ES256", "kid": "other"}),
        json!({"alg": "ES256", "kid": signer.kid, "crit": ["x"]}),
    ] {
        let bent = signer.sign_under(&header, &Signer::assertion("app", now));
        refused(&with_assertion(&scene, &bent).await, &header.to_string());
    }
    for broken in ["x", "a.b.c", "....", &"A".repeat(9000)] {
        let page = with_assertion(&scene, broken).await;
        assert!(page.status.is_client_error(), "{broken}: {}", page.status);
    }
}

/// FAPI 2.0 Security Profile 5.3.2.1: the issuer, as a text, and nothing weaker than PS256, ES256 or EdDSA.
#[tokio::test]
async fn a_fapi_client_names_the_issuer_and_nothing_else() {
    let scene = Scene::new();
    let signer = with_key(&scene, "bank", Profile::Fapi2);
    let now = scene.now();
    for aud in [json!("https://id.example.org/token"), json!(["https://id.example.org"])] {
        let mut claims = Signer::assertion("bank", now);
        claims["aud"] = aud.clone();
        refused(&with_assertion(&scene, &signer.sign(&claims)).await, &aud.to_string());
    }
    let weak = Signer::new(Alg::Rs256, 8);
    let mut settings = credentials(AuthMethod::PrivateKeyJwt);
    settings.jwks = Some(weak.jwks());
    settings.profile = Profile::Fapi2;
    settings.id_token_alg = Alg::Es256;
    settings.dpop_bound = true;
    scene.register("old-bank", ClientKind::Confidential, settings);
    let assertion = weak.sign(&Signer::assertion("old-bank", now));
    refused(&with_assertion(&scene, &assertion).await, "RS256");
}

/// Row 12: of many at once exactly one is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_uses_of_one_assertion_exactly_one_is_taken() {
    let scene = Arc::new(Scene::new());
    let signer = with_key(&scene, "app", Profile::Plain);
    let assertion = signer.sign(&Signer::assertion("app", scene.now()));
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let (scene, assertion) = (Arc::clone(&scene), assertion.clone());
            tokio::spawn(async move { with_assertion(&scene, &assertion).await.status })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        won += usize::from(one.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(won, 1);
}

/// Row 36, and key rotation: keys are fetched once, and again only for a key that nobody knows yet.
#[tokio::test]
async fn keys_are_fetched_kept_and_fetched_again_for_a_new_one() {
    let scene = Scene::with("outbound-allow = [\"127.0.0.1\"]\n", crate::scene::STRICT);
    let site = Site::new();
    let (first, second) = (Signer::new(Alg::Es256, 1), Signer::new(Alg::Es256, 2));
    let mut settings = credentials(AuthMethod::PrivateKeyJwt);
    settings.jwks_uri = Some(site.publish("/jwks", &first.jwks().to_string()));
    scene.register("app", ClientKind::Confidential, settings);
    let by = |signer: &Signer| signer.sign(&Signer::assertion("app", scene.now()));
    for _ in 0..3 {
        accepted(&with_assertion(&scene, &by(&first)).await, "the first key");
    }
    assert_eq!(site.asked("/jwks"), 1, "remembered");
    site.publish("/jwks", &second.jwks().to_string());
    scene.test.clock.advance(5);
    accepted(&with_assertion(&scene, &by(&second)).await, "the new key");
    assert_eq!(site.asked("/jwks"), 2);
    let stranger = Signer::new(Alg::Es256, 3);
    for _ in 0..3 {
        refused(&with_assertion(&scene, &by(&stranger)).await, "nobody's key");
    }
    assert_eq!(site.asked("/jwks"), 2, "strangers make nobody fetch again at once");
    refused(&with_assertion(&scene, &by(&first)).await, "a key that was taken back");
    let mut private = second.jwk();
    private["d"] = json!("AAAA");
    for broken in [json!({"keys": [private]}).to_string(), "[]".into(), "x".repeat(100_000)] {
        site.publish("/jwks", &broken);
        scene.test.clock.advance(700);
        refused(&with_assertion(&scene, &by(&second)).await, "a set that is none");
    }
    site.publish_as("/jwks", 302, &site.publish("/elsewhere", &second.jwks().to_string()));
    scene.test.clock.advance(700);
    refused(&with_assertion(&scene, &by(&second)).await, "a redirect");
    assert_eq!(site.asked("/elsewhere"), 0, "never followed");
}

/// Row 36: what lies inside is not called, unless the operator named it.
#[tokio::test]
async fn nothing_inside_is_called() {
    let scene = Scene::new();
    let site = Site::new();
    let signer = Signer::new(Alg::Es256, 1);
    let inside = site.publish("/jwks", &signer.jwks().to_string());
    for (number, address) in [
        inside.clone(),
        inside.replace("http:", "https:"),
        "https://localhost/jwks".into(),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("app-{number}");
        let mut settings = credentials(AuthMethod::PrivateKeyJwt);
        settings.jwks_uri = Some(address.clone());
        scene.register(&id, ClientKind::Confidential, settings);
        let assertion = signer.sign(&Signer::assertion(&id, scene.now()));
        refused(&with_assertion(&scene, &assertion).await, &address);
    }
    assert_eq!(site.asked("/jwks"), 0);
}

async fn with_certificate(scene: &Scene, id: &str, chain: Vec<Vec<u8>>) -> Page {
    let request = Request::post("/token")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(PeerCertificates(Arc::new(chain)));
    let body = encode([GRANT, ("client_id", id)].into_iter());
    scene.browser().send(request, Body::from(body)).await
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// RFC 8705 section 2.2.
#[tokio::test]
async fn a_self_signed_certificate_is_known_by_its_registered_key() {
    let scene = Scene::new();
    let key = KeyPair::generate().unwrap();
    let jwk = Jwk::of_p256(key.public_key_raw()).unwrap();
    let point = key.public_key_raw();
    let text = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    let written = json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
    assert_eq!(Jwk::parse(&written).unwrap().thumbprint(), jwk.thumbprint());
    let mut settings = credentials(AuthMethod::SelfSignedTlsClientAuth);
    settings.jwks = Some(json!({ "keys": [written] }));
    scene.register("app", ClientKind::Confidential, settings);
    let own = named("app").self_signed(&key).unwrap().der().to_vec();
    accepted(&with_certificate(&scene, "app", vec![own]).await, "its own");
    let stranger = named("app").self_signed(&KeyPair::generate().unwrap()).unwrap();
    refused(
        &with_certificate(&scene, "app", vec![stranger.der().to_vec()]).await,
        "another's key",
    );
    let mut late = named("app");
    late.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let late = late.self_signed(&key).unwrap().der().to_vec();
    refused(&with_certificate(&scene, "app", vec![late]).await, "expired");
    refused(&with_certificate(&scene, "app", vec![]).await, "none");
    refused(
        &with_certificate(&scene, "app", vec![b"nonsense".to_vec()]).await,
        "nonsense",
    );
}

/// RFC 8705 section 2.1: an authority of the operator's, and exactly the registered name.
#[tokio::test]
async fn a_certificate_of_an_authority_names_its_client_exactly() {
    let authority = |name: &str| {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        (pem, Issuer::new(params, key))
    };
    let (pem, ours) = authority("Ours");
    let (_, theirs) = authority("Ours");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clients.pem");
    std::fs::write(&file, pem).unwrap();
    let scene = Scene::with(&format!("client-ca = \"{}\"\n", file.display()), crate::scene::STRICT);
    let leaf = |name: &str, issuer: &Issuer<'_, KeyPair>| {
        let mut params = named(name);
        params.subject_alt_names = vec![
            SanType::DnsName("app.example".try_into().unwrap()),
            SanType::URI("https://app.example/id".try_into().unwrap()),
            SanType::IpAddress("192.0.2.9".parse().unwrap()),
            SanType::Rfc822Name("app@example.org".try_into().unwrap()),
        ];
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, issuer).unwrap().der().to_vec()
    };
    let names = [
        (CertificateName::SubjectDn("CN=app,O=Example".into()), true),
        (CertificateName::SubjectDn("CN=app".into()), false),
        (CertificateName::SubjectDn("O=Example,CN=app".into()), false),
        (CertificateName::SanDns("app.example".into()), true),
        (CertificateName::SanDns("pp.example".into()), false),
        (CertificateName::SanUri("https://app.example/id".into()), true),
        (CertificateName::SanUri("https://app.example/".into()), false),
        (CertificateName::SanIp("192.0.2.9".parse().unwrap()), true),
        (CertificateName::SanIp("192.0.2.10".parse().unwrap()), false),
        (CertificateName::SanEmail("app@example.org".into()), true),
        (CertificateName::SanEmail("pp@example.org".into()), false),
    ];
    for (number, (name, right)) in names.into_iter().enumerate() {
        let id = format!("app-{number}");
        let mut settings = credentials(AuthMethod::TlsClientAuth);
        settings.tls_client_auth = Some(name.clone());
        scene.register(&id, ClientKind::Confidential, settings);
        let page = with_certificate(&scene, &id, vec![leaf("app", &ours)]).await;
        if right {
            accepted(&page, &format!("{name:?}"));
            let page = with_certificate(&scene, &id, vec![leaf("app", &theirs)]).await;
            refused(&page, "an authority of the same name");
        } else {
            refused(&page, &format!("{name:?}"));
        }
    }
}

/// Row 46: only what can work is told of, and a code is worth nothing without the method.
#[tokio::test]
async fn discovery_tells_of_certificates_only_where_one_can_come() {
    let methods = async |scene: &Scene| -> Vec<String> {
        let metadata = scene.browser().get("/.well-known/openid-configuration").await.json();
        serde_json::from_value(metadata["token_endpoint_auth_methods_supported"].clone()).unwrap()
    };
    let plain = Scene::new();
    let told = methods(&plain).await;
    assert_eq!(
        told,
        ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
    );
    let lines =
        "trusted-proxies = [\"192.0.2.7\"]\nclient-cert-header = true\nmtls-address = \"https://mtls.example.org\"\n";
    let proxied = Scene::with(lines, crate::scene::STRICT);
    assert!(
        methods(&proxied)
            .await
            .contains(&"self_signed_tls_client_auth".to_owned())
    );
    assert!(
        !methods(&proxied).await.contains(&"tls_client_auth".to_owned()),
        "nobody vouches"
    );
    let metadata = proxied.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(
        metadata["mtls_endpoint_aliases"]["token_endpoint"],
        "https://mtls.example.org/token"
    );
    let wiki = plain.wiki();
    let code = plain
        .sign_in(&plain.browser(), &wiki.request(&[]))
        .await
        .returned("code")
        .unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "wiki"),
    ];
    refused(&plain.browser().post("/token", &fields).await, "no method at all");
}
