//! An application that signs people in: by hand where a test wants odd requests, by the `openidconnect` crate where an
//! independent implementation should judge what we sign.

use crate::browser::{Browser, Page};
use crate::scene::{CALLBACK, ISSUER, Scene};
use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use openidconnect::core::{CoreClient, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{ClientId, ClientSecret, HttpRequest, HttpResponse, IssuerUrl, Nonce};
use samekey_provider::app::Front;
use samekey_provider::http::params::encode;
use std::str::FromStr;
use tower::ServiceExt;

/// PKCE of every request, from RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct RelyingParty {
    router: Front,
    pub id: String,
    secret: Option<String>,
    now: i64,
}

impl RelyingParty {
    pub fn new(scene: &Scene, id: &str, secret: Option<&str>) -> Self {
        Self {
            router: scene.router.clone(),
            id: id.to_owned(),
            secret: secret.map(str::to_owned),
            now: scene.now(),
        }
    }

    /// The same application, at another front.
    pub fn at(&self, router: Front) -> Self {
        Self {
            router,
            id: self.id.clone(),
            secret: self.secret.clone(),
            now: self.now,
        }
    }

    /// An authorization request with these changes: an empty value leaves the parameter out.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut params = vec![
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            params.retain(|(known, _)| known != name);
            if !value.is_empty() {
                params.push((name, value));
            }
        }
        format!("/authorize?{}", encode(params.into_iter()))
    }

    /// Leaves the same request at `/par`.
    pub async fn push(&self, changes: &[(&str, &str)]) -> Page {
        let request = self.request(changes);
        let body = request.split_once('?').unwrap().1.to_owned();
        self.post_form("/par", body).await
    }

    /// The address that a browser is sent to with the handle of a request that was pushed.
    pub fn pushed(&self, answer: &Page) -> String {
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
        self.with_handle(&uri)
    }

    /// The same with any handle.
    pub fn with_handle(&self, uri: &str) -> String {
        let params = [("client_id", self.id.as_str()), ("request_uri", uri)];
        format!("/authorize?{}", encode(params.into_iter()))
    }

    /// Posts a form as this client, proven by its secret.
    pub async fn post_form(&self, path: &str, body: String) -> Page {
        let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(secret) = &self.secret {
            let pair = BASE64.encode(format!("{}:{secret}", self.id).as_bytes());
            request = request.header(AUTHORIZATION, format!("Basic {pair}"));
        }
        Browser::new(self.router.clone()).send(request, Body::from(body)).await
    }

    /// Redeems a code with these changes to an ordinary request.
    pub async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Page {
        let mut params = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        if self.secret.is_none() {
            params.push(("client_id", self.id.as_str()));
        }
        for (name, value) in changes {
            params.retain(|(known, _)| known != name);
            if !value.is_empty() {
                params.push((name, value));
            }
        }
        self.post("/token", &params).await
    }

    /// Posts a form as this client, with its secret in the header.
    pub async fn post(&self, path: &str, params: &[(&str, &str)]) -> Page {
        self.post_form(path, encode(params.iter().copied())).await
    }

    /// Shows a refresh token, with these further parameters.
    pub async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Page {
        let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        if self.secret.is_none() {
            params.push(("client_id", self.id.as_str()));
        }
        params.extend(more);
        self.post("/token", &params).await
    }

    pub async fn userinfo(&self, token: &str) -> Page {
        let request = Request::get("/userinfo").header(AUTHORIZATION, format!("Bearer {token}"));
        Browser::new(self.router.clone()).send(request, Body::empty()).await
    }

    /// Lets `openidconnect` fetch metadata and keys and verify the token, as any application would.
    pub async fn verified(&self, id_token: &str, alg: CoreJwsSigningAlgorithm) -> CoreIdTokenClaims {
        let router = self.router.clone();
        let http = move |request: HttpRequest| {
            let router = router.clone();
            async move {
                let (mut parts, body) = request.into_parts();
                parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
                let response = router
                    .oneshot(Request::from_parts(parts, Body::from(body)))
                    .await
                    .unwrap();
                let (parts, body) = response.into_parts();
                let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
                Ok::<HttpResponse, std::convert::Infallible>(HttpResponse::from_parts(parts, bytes))
            }
        };
        let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
        let secret = self.secret.clone().map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.id.clone()), secret);
        let now = chrono::DateTime::from_timestamp(self.now, 0).unwrap();
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([alg])
            .set_time_fn(move || now);
        let token = CoreIdToken::from_str(id_token).unwrap();
        token.claims(&verifier, &Nonce::new("no".to_owned())).unwrap().clone()
    }
}

/// The claims of a token, unverified.
pub fn claims(id_token: &str) -> serde_json::Value {
    let middle = id_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(middle.as_bytes()).unwrap()).unwrap()
}
