//! Administrators for the tests: one of each role, with a phone, signed in.

use crate::browser::{Browser, Page};
use crate::scene::{PASSWORD, STRICT, Scene};
use axum::body::Body;
use axum::http::{Method, Request};
use samekey_shared::accounts::rows;
use samekey_shared::ids::AccountId;
use samekey_shared::roles::Role;
use samekey_shared::testing::Phone;
use serde_json::Value;

/// A realm with somebody of each role, each called as the role is; `ann` is a user with a phone.
pub struct Office {
    pub scene: Scene,
    phones: Vec<(&'static str, Phone)>,
}

/// Somebody signed in, with a second factor just shown.
pub struct Seated {
    pub browser: Browser,
    pub token: String,
}

impl Office {
    pub fn new() -> Self {
        Self::with(STRICT)
    }

    pub fn with(policy: &str) -> Self {
        Self::of(Scene::with("", policy))
    }

    /// The same in a realm that writes letters.
    pub fn with_letters() -> Self {
        Self::of(Scene::with_letters(STRICT))
    }

    fn of(scene: Scene) -> Self {
        let mut phones = Vec::new();
        for role in Role::ALL {
            let id = scene.test.account(role.as_str(), PASSWORD).unwrap();
            let (phone, _) = scene.test.bind_phone(id).unwrap();
            scene
                .test
                .realm
                .store
                .write(|tx| rows::set_role(tx, id, *role))
                .unwrap();
            phones.push((role.as_str(), phone));
        }
        scene.test.clock.advance(30);
        Self { scene, phones }
    }

    /// The account of this name.
    pub fn id(&self, name: &str) -> AccountId {
        let name = name.parse().unwrap();
        let found = self.scene.test.realm.store.read(|tx| rows::find(tx, &name)).unwrap();
        found.unwrap().id
    }

    /// What this person's phone shows now.
    pub fn code(&self, name: &str) -> String {
        let (_, phone) = self.phones.iter().find(|(owner, _)| *owner == name).unwrap();
        phone.code_at(self.scene.now()).expose().clone()
    }

    /// Signs in with password and code; each call takes the next code.
    pub async fn signed_in(&self, name: &str) -> Browser {
        self.scene.test.clock.advance(30);
        let browser = self.scene.browser();
        let first = browser.get("/login").await;
        let asks = browser.press(&first.location(), "name", &[("username", name)]).await;
        let asks = browser
            .press(&asks.location(), "password", &[("password", PASSWORD)])
            .await;
        let done = browser
            .press(&asks.location(), "code", &[("code", &self.code(name))])
            .await;
        assert_eq!(done.location(), "/", "{name} is signed in");
        browser
    }

    /// The same, with the token for changes.
    pub async fn seated(&self, name: &str) -> Seated {
        let browser = self.signed_in(name).await;
        let me = browser.get("/api/v1/me").await;
        let token = if me.status.is_success() {
            me.json()["csrf"].as_str().unwrap().to_owned()
        } else {
            String::new()
        };
        Seated { browser, token }
    }
}

impl Seated {
    /// Calls the API; changes carry the token.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Page {
        let method: Method = method.parse().unwrap();
        let request = Request::builder().method(method).uri(path);
        let request = request.header("x-samekey-csrf", &self.token);
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.browser.send(request, body).await
    }

    /// Sends a page's form with its token.
    pub async fn press(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", self.token.as_str())];
        all.extend(fields);
        self.browser.post(path, &all).await
    }
}
