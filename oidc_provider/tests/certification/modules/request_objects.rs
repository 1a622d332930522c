//! Request objects that nobody signed: processed where they are offered, refused by name where not (OpenID Connect Core
//! section 6; the metadata says which).

use crate::suite::{Asked, Mode, Suite};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::clients::RequestObjectAlg;
use serde_json::{Map, Value};

/// The request as an unsigned JWT, with what OAuth wants beside it in the query.
fn by_value(asked: &Asked) -> (String, Asked) {
    let claims: Map<String, Value> = asked
        .pairs()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let part = |text: String| BASE64URL_NOPAD.encode(text.as_bytes());
    let object = format!(
        "{}.{}.",
        part("{\"alg\":\"none\"}".to_owned()),
        part(Value::Object(claims).to_string())
    );
    let outside = ["client_id", "response_type", "scope", "redirect_uri", "response_mode"];
    let pairs: Vec<(&str, &str)> = asked
        .pairs()
        .into_iter()
        .filter(|(name, _)| outside.contains(name))
        .collect();
    (object, Asked::new(&pairs))
}

/// Whether the metadata offers unsigned request objects; the suite skips these modules where it does not.
async fn offered(suite: &Suite, way: &str) -> bool {
    let metadata = suite.metadata().await;
    metadata[way] == true
        && suite
            .supports("request_object_signing_alg_values_supported", "none")
            .await
}

/// Clients that are registered to sign nothing, as the suite registers its own.
fn unsigned_suite(mode: Mode) -> Suite {
    Suite::with(mode, "", |settings| {
        settings.request_object_alg = Some(RequestObjectAlg::Unsigned);
    })
}

/// `oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported`
pub async fn unsigned(mode: Mode) {
    let suite = unsigned_suite(mode);
    let asked = suite.ask();
    let (object, outside) = by_value(&asked);
    let outside = outside.with("request", &object);
    let first = suite.browser.get(&outside.address()).await;
    if offered(&suite, "request_parameter_supported").await {
        let authorized = suite.go_on(&asked, first).await;
        suite.redeem(&asked, authorized.callback.code()).await;
    } else {
        let refused = suite.go_on(&asked.without("state"), first).await;
        assert_eq!(refused.callback.error(), "request_not_supported");
    }
}

/// `oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported`: nothing is fetched that was not registered.
pub async fn unsigned_by_reference(mode: Mode) {
    let suite = Suite::new(mode);
    let (_, outside) = by_value(&suite.ask());
    let outside = outside.with("request_uri", "https://suite.example/request#fragment");
    let first = suite.browser.get(&outside.address()).await;
    let refused = suite.go_on(&outside, first).await;
    assert_eq!(
        refused.callback.error(),
        "request_uri_not_supported",
        "none is registered"
    );
}

/// `oidcc-ensure-request-object-with-redirect-uri`: an unregistered address outside the object is never followed.
pub async fn with_redirect_uri(mode: Mode) {
    let suite = unsigned_suite(mode);
    let asked = suite.ask();
    let (object, outside) = by_value(&asked);
    let outside = outside
        .with("request", &object)
        .with("redirect_uri", "https://suite.example/evil");
    if offered(&suite, "request_parameter_supported").await {
        let first = suite.browser.get(&outside.address()).await;
        suite.go_on(&asked, first).await.callback.code();
    } else {
        let page = suite.page_at(&outside.address()).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.body.contains("unknown_return_address"), "{}", page.body);
    }
}
