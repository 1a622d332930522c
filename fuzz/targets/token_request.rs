//! `/token`, `/introspect` and `/revoke` through the real router: whatever bytes come as a form, the answer is JSON or empty,
//! never a failure of ours, never a panic; and nobody without the client's secret gets a token.
#![no_main]

use axum::body::{Body, to_bytes};
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use samekey_provider::SCHEMA;
use samekey_provider::app::{AppState, Front};
use samekey_provider::clients::{self, ClientKind, ClientSettings, GrantType, Registration};
use samekey_provider::config::ProviderSection;
use samekey_shared::config::strict;
use samekey_shared::testing::TestRealm;
use std::sync::OnceLock;
use tokio::runtime::Runtime;
use tower::ServiceExt;

struct Scene {
    _realm: TestRealm,
    front: Front,
    runtime: Runtime,
    secret: String,
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
                redirect_uris: vec!["https://app.example/cb".into()],
                grant_types: GrantType::ALL.iter().copied().collect(),
                ..ClientSettings::default()
            },
        };
        let realm = &test.realm;
        let made = realm.store.write(|tx| clients::register(tx, &registration, realm.entropy.as_ref(), 1)).unwrap();
        Scene {
            front: Front::new(app),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            secret: made.unwrap().0.expose().clone(),
            _realm: test,
        }
    })
}

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (which, proven, body) = input;
    let path = ["/token", "/introspect", "/revoke"][usize::from(which) % 3];
    let scene = scene();
    let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if proven {
        let pair = data_encoding::BASE64.encode(format!("app:{}", scene.secret).as_bytes());
        request = request.header("authorization", format!("Basic {pair}"));
    }
    let request = request.body(Body::from(body.to_vec())).unwrap();
    scene.runtime.block_on(async {
        let response = scene.front.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(!status.is_server_error(), "{status} {text:?}");
        assert!(text.is_empty() || serde_json::from_slice::<serde_json::Value>(&text).is_ok(), "{text:?}");
        assert!(proven || !status.is_success(), "{text:?}");
    });
});
