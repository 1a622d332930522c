//! An application that registers itself: the operator's leave, the document, and the way back to its registration.

use crate::browser::Page;
use crate::scene::{ISSUER, Scene};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use samekey_provider::clients::initial::{self, NewInitialToken, Terms};
use samekey_provider::clients::{Consent, Pkce};
use serde_json::Value;

impl Scene {
    /// The operator's leave, for so many.
    pub fn initial_token(&self, uses: i64) -> String {
        let new = NewInitialToken {
            note: "tests".into(),
            terms: Terms {
                consent: Consent::Given,
                pkce: Pkce::Optional,
            },
            uses,
            lives: 3600,
            by: "operator:0".into(),
        };
        let realm = &self.test.realm;
        let made = realm
            .store
            .write(|tx| initial::issue(tx, &new, realm.entropy.as_ref(), realm.clock.now()));
        made.unwrap().1.text().to_owned()
    }

    /// Asks to be registered, with this token or without any.
    pub async fn register_itself(&self, token: Option<&str>, document: &Value) -> Page {
        self.send_json("POST", "/register", token, document).await
    }

    /// Sends JSON to a path.
    pub async fn send_json(&self, method: &str, path: &str, token: Option<&str>, document: &Value) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.browser().send(request, Body::from(document.to_string())).await
    }
}

/// The path and the token with which a client manages itself.
pub fn own(registered: &Page) -> (String, String) {
    let told = registered.json();
    let address = told["registration_client_uri"].as_str().unwrap();
    let path = address.strip_prefix(ISSUER).unwrap().to_owned();
    (path, told["registration_access_token"].as_str().unwrap().to_owned())
}
