//! `/authorize` and `/par` through the real router, and request objects in them: whatever bytes come, nothing of ours fails, nobody is
//! sent anywhere but to the registered address or the sign-in page, and nobody gets a code without signing in.
#![no_main]

use axum::body::Body;
use axum::http::Request;
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use samekey_fuzz::{CALLBACK, FORM, Provider};
use samekey_provider::clients::{ClientSettings, RequestObjectAlg};
use samekey_provider::http::params::encode;
use std::sync::LazyLock;

static PROVIDER: LazyLock<Provider> = LazyLock::new(|| {
    Provider::new(ClientSettings {
        // Objects need no key then: what they say is what is fuzzed.
        request_object_alg: Some(RequestObjectAlg::Unsigned),
        ..ClientSettings::default()
    })
});

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
    let pushed = Request::post("/par").header("content-type", FORM).header("authorization", &PROVIDER.basic);
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

fuzz_target!(
    init: { LazyLock::force(&PROVIDER); },
    |input: (u8, &[u8])| {
        let (which, bytes) = input;
        let Some(request) = request(which, bytes) else { return };
        let (_, headers, _) = PROVIDER.ask(request);
        if let Some(to) = headers.get("location").map(|to| to.to_str().unwrap()) {
            let ours = to.starts_with("/sign-in?flow=") || to.starts_with(&format!("{CALLBACK}?"));
            assert!(ours && !to.contains("code="), "{to}");
        }
    }
);
