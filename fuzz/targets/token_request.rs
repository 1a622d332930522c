//! `/token`, `/introspect` and `/revoke` through the real router: whatever bytes come as a form, the answer is JSON or empty,
//! never a failure of ours, never a panic; and nobody without the client's secret gets a token.
#![no_main]

use axum::body::Body;
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use samekey_fuzz::{FORM, Provider};
use samekey_provider::clients::{ClientSettings, GrantType};
use serde_json::Value;
use std::sync::LazyLock;

static PROVIDER: LazyLock<Provider> = LazyLock::new(|| {
    Provider::new(ClientSettings {
        grant_types: GrantType::ALL.iter().copied().collect(),
        ..ClientSettings::default()
    })
});

fuzz_target!(
    init: { LazyLock::force(&PROVIDER); },
    |input: (u8, bool, &[u8])| {
        let (which, proven, body) = input;
        let path = ["/token", "/introspect", "/revoke"][usize::from(which) % 3];
        let mut request = Request::post(path).header("content-type", FORM);
        if proven {
            request = request.header("authorization", &PROVIDER.basic);
        }
        let (status, _, text) = PROVIDER.ask(request.body(Body::from(body.to_vec())).unwrap());
        assert!(text.is_empty() || serde_json::from_slice::<Value>(&text).is_ok(), "{text:?}");
        assert!(proven || !status.is_success(), "{text:?}");
    }
);
