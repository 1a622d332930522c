//! `/authorize` and `/par` through the real router, and request objects in them: whatever bytes come, nothing of ours fails, nobody is
//! sent anywhere but to the registered address or the sign-in page, and nobody gets a code without signing in.
#![no_main]

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::response::Response;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use libfuzzer_sys::fuzz_target;
use samekey_provider::SCHEMA;
use samekey_provider::app::{AppState, Front};
use samekey_provider::clients::{self, ClientKind, ClientSettings, Registration, RequestObjectAlg};
use samekey_provider::config::ProviderSection;
use samekey_provider::http::params::encode;
use samekey_shared::config::strict;
use samekey_shared::testing::TestRealm;
use std::sync::OnceLock;
use tokio::runtime::Runtime;
use tower::ServiceExt;

const CALLBACK: &str = "https://app.example/cb";
const FORM: &str = "application/x-www-form-urlencoded";

struct Scene {
    _realm: TestRealm,
    front: Front,
    runtime: Runtime,
    basic: String,
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let test = TestRealm::new().unwrap();
        test.realm.store.migrate(&[SCHEMA]).unwrap();
        let section: ProviderSection = strict::parse("issuer = \"https://id.example.org\"\n").unwrap();
        let app = AppState::new(test.realm.clone(), section.check().unwrap()).unwrap();
        let registration = Registration {
            id: "app".parse().unwrap(),
            name: "App".into(),
            kind: ClientKind::Confidential,
            settings: ClientSettings {
                redirect_uris: vec![CALLBACK.into()],
                // Objects need no key then: what they say is what is fuzzed.
                request_object_alg: Some(RequestObjectAlg::Unsigned),
                ..ClientSettings::default()
            },
        };
        let realm = &test.realm;
        let made = realm.store.write(|tx| clients::register(tx, &registration, realm.entropy.as_ref(), 1)).unwrap();
        let secret = made.unwrap().0.expose().clone();
        Scene {
            front: Front::new(app),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            basic: format!("Basic {}", BASE64.encode(format!("app:{secret}").as_bytes())),
            _realm: test,
        }
    })
}

/// A query of any bytes behind what names the client, as far as it can stand in an address.
fn query(bytes: &[u8]) -> String {
    let clean = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}');
    bytes.iter().filter(|byte| clean(byte)).map(|byte| char::from(*byte)).collect()
}

fn object(claims: &[u8]) -> String {
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    format!("{}.{}.", part(br#"{"alg":"none"}"#), part(claims))
}

fn request(which: u8, bytes: &[u8]) -> Option<Request<Body>> {
    let known = encode([("client_id", "app"), ("redirect_uri", CALLBACK), ("response_type", "code")].into_iter());
    let pushed = Request::post("/par").header("content-type", FORM).header("authorization", &scene().basic);
    let request = match which % 4 {
        0 => Request::get(format!("/authorize?{known}&{}", query(bytes))).body(Body::empty()),
        1 => {
            let object = object(bytes);
            let asked = encode([("client_id", "app"), ("request", object.as_str())].into_iter());
            Request::get(format!("/authorize?{asked}")).body(Body::empty())
        }
        2 => pushed.body(Body::from(bytes.to_vec())),
        _ => {
            let object = object(bytes);
            pushed.body(Body::from(encode([("request", object.as_str())].into_iter())))
        }
    };
    request.ok()
}

fuzz_target!(|input: (u8, &[u8])| {
    let (which, bytes) = input;
    let Some(request) = request(which, bytes) else { return };
    let scene = scene();
    scene.runtime.block_on(async {
        let response: Response = scene.front.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(!status.is_server_error(), "{status} {text:?}");
        if let Some(to) = to {
            let ours = to.starts_with("/sign-in?flow=") || to.starts_with(&format!("{CALLBACK}?"));
            assert!(ours && !to.contains("code="), "{to}");
        }
    });
});
