//! `/.well-known/openid-configuration` and `/jwks`: written once when keys are read, served as bytes. Plain requests are answered by
//! [`crate::app::Front`], those of browsers' scripts by the routes below.
//!
//! Discovery says only what is true (oidc.md row 46); a test holds each member against the endpoints.

use super::authorize::request::{PROMPTS, RESPONSE_MODES};
use super::{acr, claims, client_auth, dpop, scope::Scope, token};
use crate::app::{App, routes};
use crate::clients::{GrantType, SubjectType};
use crate::config::{ProviderConfig, SelfRegistration};
use crate::http::headers;
use crate::keys::{Alg, KeySet};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::response::Response;
use data_encoding::HEXLOWER;
use samekey_shared::methods::Level;
use samekey_shared::texts::Language;
use serde_json::json;

/// A document that rarely changes, with the head of its answer.
#[derive(Debug, Clone)]
pub struct Prebuilt {
    body: Bytes,
    etag: HeaderValue,
    head: HeaderMap,
}

/// Applications fetch the key set anew after this: a `next` key is published for longer before it signs.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=300");

impl Prebuilt {
    fn new(document: &serde_json::Value) -> Self {
        let body = Bytes::from(document.to_string());
        let hash = ring::digest::digest(&ring::digest::SHA256, &body);
        let etag = format!("\"{}\"", HEXLOWER.encode(&hash.as_ref()[..16]));
        let etag = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"0\""));
        let mut answer = Response::new(());
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ETAG, etag.clone());
        headers.insert(CACHE_CONTROL, FRESH);
        headers::complete(&mut answer);
        let head = answer.into_parts().0.headers;
        Self { body, etag, head }
    }

    /// The public keys.
    pub fn jwks(keys: &KeySet) -> Self {
        Self::new(&keys.jwks())
    }

    /// The provider's metadata (OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 9207).
    pub fn discovery(config: &ProviderConfig, strongest: Level) -> Self {
        let issuer = &config.issuer;
        let mut document = json!({
            "issuer": issuer.as_str(),
            "authorization_endpoint": issuer.at(routes::AUTHORIZE),
            "pushed_authorization_request_endpoint": issuer.at(routes::PAR),
            "require_pushed_authorization_requests": false,
            "token_endpoint": issuer.at(routes::TOKEN),
            "device_authorization_endpoint": issuer.at(routes::DEVICE_AUTHORIZATION),
            "userinfo_endpoint": issuer.at(routes::USERINFO),
            "introspection_endpoint": issuer.at(routes::INTROSPECT),
            "revocation_endpoint": issuer.at(routes::REVOKE),
            "jwks_uri": issuer.at(routes::JWKS),
            "end_session_endpoint": issuer.at(routes::END_SESSION),
            "check_session_iframe": issuer.at(routes::CHECK_SESSION),
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "frontchannel_logout_supported": true,
            "frontchannel_logout_session_supported": true,
            "scopes_supported": Scope::PUBLIC.map(Scope::name),
            "response_types_supported": ["code"],
            "response_modes_supported": RESPONSE_MODES.map(|(word, _, _)| word),
            "authorization_signing_alg_values_supported": Alg::ALL.map(Alg::name),
            "grant_types_supported": token::SUPPORTED.map(GrantType::name),
            "subject_types_supported": SubjectType::ALL.iter().map(|one| one.name()).collect::<Vec<_>>(),
            "id_token_signing_alg_values_supported": Alg::ALL.map(Alg::name),
            "userinfo_signing_alg_values_supported": Alg::ALL.map(Alg::name),
            "introspection_signing_alg_values_supported": Alg::ALL.map(Alg::name),
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": dpop::ALGS.map(Alg::name),
            "acr_values_supported": acr::reachable(strongest),
            "claims_supported": claims::supported().collect::<Vec<_>>(),
            "claim_types_supported": ["normal"],
            "claims_parameter_supported": true,
            "request_parameter_supported": true,
            "request_uri_parameter_supported": true,
            "require_request_uri_registration": true,
            "request_object_signing_alg_values_supported": signed_or_not(),
            "authorization_response_iss_parameter_supported": true,
            "prompt_values_supported": PROMPTS.map(|(word, _)| word),
            "display_values_supported": ["page"],
            "ui_locales_supported": Language::ALL.iter().map(|language| language.tag()).collect::<Vec<_>>(),
        });
        for (name, value) in client_auth::advertised(config) {
            document[name] = value;
        }
        if config.registration != SelfRegistration::Off {
            document["registration_endpoint"] = issuer.at(routes::REGISTER).into();
        }
        Self::new(&document)
    }

    /// The whole document, or that the one with this tag still holds.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get(IF_NONE_MATCH).is_some_and(|tag| tag == self.etag);
        let mut response = Response::new(if known {
            Body::empty()
        } else {
            Body::from(self.body.clone())
        });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response.headers_mut().clone_from(&self.head);
        response
    }
}

/// How request objects may come; `none` where a client registered so, or for an object fetched from its own address.
fn signed_or_not() -> Vec<&'static str> {
    let signed = Alg::ALL.into_iter().map(Alg::name);
    std::iter::once("none").chain(signed).collect()
}

/// `GET /.well-known/openid-configuration`
pub async fn discovery(State(app): State<App>, headers: HeaderMap) -> Response {
    app.discovery.answer(&headers)
}

/// `GET /jwks`
pub async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    app.published().jwks.answer(&headers)
}
