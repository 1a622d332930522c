//! The configurations in the suite's own form: who its clients are, and how its browser finds its way through our pages.

use super::keys::PrivateKey;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// See the module.
pub(super) struct Plans {
    issuer: String,
    alias: String,
    person: Option<(String, String)>,
    clients: BTreeMap<&'static str, Value>,
}

impl Plans {
    pub(super) fn new(issuer: &str, alias: &str, person: Option<(String, String)>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            alias: alias.to_owned(),
            person,
            clients: BTreeMap::new(),
        }
    }

    /// Takes note of a client.
    pub(super) fn client(&mut self, id: &'static str, secret: Option<&str>, key: Option<&PrivateKey>) {
        let mut client = Map::new();
        client.insert("client_id".to_owned(), id.into());
        if let Some(secret) = secret {
            client.insert("client_secret".to_owned(), secret.into());
        }
        if let Some(key) = key {
            client.insert("scope".to_owned(), "openid profile".into());
            client.insert("dpop_signing_alg".to_owned(), "ES256".into());
            client.insert("jwks".to_owned(), json!({ "keys": [key.private()] }));
        }
        self.clients.insert(id, Value::Object(client));
    }

    /// Each file with its document.
    pub(super) fn files(&self) -> [(&'static str, Value); 3] {
        let mut oidc = self.document("OpenID Connect");
        oidc["client"] = self.known("conformance-1");
        oidc["client2"] = self.known("conformance-2");
        oidc["client_secret_post"] = self.known("conformance-post");
        let mut dynamic = self.document("OpenID Connect with dynamic registration");
        dynamic["client"] = json!({ "client_name": "conformance suite" });
        dynamic["client2"] = json!({ "client_name": "conformance suite, second client" });
        let mut fapi = self.document("FAPI 2.0");
        fapi["client"] = self.known("conformance-fapi-1");
        fapi["client2"] = self.known("conformance-fapi-2");
        fapi["resource"] = json!({ "resourceUrl": format!("{}/userinfo", self.issuer) });
        [("oidc.json", oidc), ("dynamic.json", dynamic), ("fapi2.json", fapi)]
    }

    fn known(&self, id: &str) -> Value {
        self.clients.get(id).cloned().unwrap_or_default()
    }

    fn document(&self, what: &str) -> Value {
        let mut document = json!({
            "alias": self.alias,
            "description": format!("Samekey, {what}"),
            "server": { "discoveryUrl": format!("{}/.well-known/openid-configuration", self.issuer) },
        });
        if let Some((user, password)) = &self.person {
            document["browser"] = json!([self.way(user, password)]);
        }
        document
    }

    /// The way through the sign-in, by the ids of its fields and buttons; every page may be left out by a session.
    fn way(&self, user: &str, password: &str) -> Value {
        let pages = format!("{}/sign-in*", self.issuer);
        json!({
            "comment": "sign in with name and password; back at the suite",
            "match": format!("{}/authorize*", self.issuer),
            "tasks": [
                {
                    "task": "name", "optional": true, "match": pages,
                    "commands": [["text", "id", "username", user], ["click", "id", "with-password"]],
                },
                {
                    "task": "password", "optional": true, "match": pages,
                    "commands": [["text", "id", "password", password], ["click", "id", "with-password"]],
                },
                {
                    "task": "back at the suite", "optional": true, "match": format!("*/test/a/{}/callback*", self.alias),
                    "commands": [["wait", "id", "submission_complete", 10]],
                },
            ],
        })
    }
}
