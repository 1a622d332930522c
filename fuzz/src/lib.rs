//! A provider with one app, for the targets that send it requests.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use data_encoding::BASE64;
use samekey_provider::SCHEMA;
use samekey_provider::app::{AppState, Front};
use samekey_provider::clients::{self, ClientKind, ClientSettings, Registration};
use samekey_provider::config::ProviderSection;
use samekey_shared::config::strict;
use samekey_shared::testing::TestRealm;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Where the app waits for answers.
pub const CALLBACK: &str = "https://app.example/cb";
/// How forms are sent.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The provider. Making it draws keys, which takes seconds: begin a target with `init: { LazyLock::force(…) }`, or the
/// first input is taken for one that hangs.
pub struct Provider {
    front: Front,
    runtime: Runtime,
    /// The app's id and secret, as it sends them in `Authorization`.
    pub basic: String,
    _realm: TestRealm,
}

impl Provider {
    /// One whose app `app` has these settings, and [`CALLBACK`] as its only redirect URI.
    pub fn new(settings: ClientSettings) -> Self {
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
                ..settings
            },
        };
        let realm = &test.realm;
        let made = realm.store.write(|tx| clients::register(tx, &registration, realm.entropy.as_ref(), 1)).unwrap();
        let secret = made.unwrap().0.expose().clone();
        Self {
            front: Front::new(app),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            basic: format!("Basic {}", BASE64.encode(format!("app:{secret}").as_bytes())),
            _realm: test,
        }
    }

    /// What it answers; that it fails is a finding.
    pub fn ask(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.runtime.block_on(async {
            let (head, body) = self.front.clone().oneshot(request).await.unwrap().into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
            assert!(!head.status.is_server_error(), "{} {}", head.status, String::from_utf8_lossy(&body));
            (head.status, head.headers, body)
        })
    }
}
