//! What stands around a module: a provider, a relying party with two clients, a browser, and a person who answers what is asked.

pub mod callback;
pub mod jwks;
pub mod person;
pub mod request;
pub mod tokens;

pub use callback::Callback;
pub use person::Question;
pub use request::Asked;
pub use tokens::Tokens;

use crate::browser::{Browser, Page};
use crate::scene::{ISSUER, LAX, PASSWORD, Scene, settings};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use samekey_provider::clients::{ClientKind, ClientSettings, Pkce};
use samekey_provider::http::params::encode;
use samekey_shared::accounts::rows;
use serde_json::Value;
use std::cell::Cell;

/// Where the provider says what it can.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// How answers are asked for and come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `response_mode` is not named: the query of a redirect.
    Query,
    /// `response_mode=form_post`
    FormPost,
}

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

/// A client of the relying party.
pub struct Party {
    pub id: String,
    pub secret: String,
    pub way: Secret,
    pub redirect_uri: String,
}

/// See the module.
pub struct Suite {
    pub scene: Scene,
    pub mode: Mode,
    /// The person's browser; [`Suite::forget`] takes its cookies away.
    pub browser: Browser,
    pub one: Party,
    pub two: Party,
    asked: Cell<u32>,
    /// The step of the code that was typed last: the next one needs another.
    step: Cell<i64>,
}

/// What one authorization came to.
pub struct Authorized {
    pub callback: Callback,
    /// What the person was asked on the way.
    pub questions: Vec<Question>,
}

/// What a registration for the suite looks like: PKCE is tolerated, not demanded (oidc.md section 7, 1).
pub fn registered(redirect_uri: &str) -> ClientSettings {
    ClientSettings {
        redirect_uris: vec![redirect_uri.to_owned()],
        post_logout_redirect_uris: vec![redirect_uri.replace("/callback", "/post_logout_redirect")],
        pkce: Pkce::Optional,
        ..settings()
    }
}

impl Suite {
    pub fn new(mode: Mode) -> Self {
        Self::with(mode, "", |_| {})
    }

    /// With further lines in `[provider]`, and changes to how both clients are registered.
    pub fn with(mode: Mode, lines: &str, change: impl Fn(&mut ClientSettings)) -> Self {
        // A password suffices, as in the suite's scripts; what else may be asked is asked by acr.
        let scene = Scene::with(lines, LAX);
        scene
            .test
            .realm
            .store
            .write(|tx| rows::set_display_name(tx, scene.ann, Some("Ann Sommer")))
            .unwrap();
        let party = |id: &str| {
            let redirect_uri = format!("https://suite.example/{id}/callback");
            let mut settings = registered(&redirect_uri);
            change(&mut settings);
            let secret = scene.register(id, ClientKind::Confidential, settings);
            Party {
                id: id.to_owned(),
                secret: secret.unwrap_or_default(),
                way: Secret::Basic,
                redirect_uri,
            }
        };
        let (one, two) = (party("one"), party("two"));
        Self {
            browser: scene.browser(),
            scene,
            mode,
            one,
            two,
            asked: Cell::new(0),
            step: Cell::new(0),
        }
    }

    /// A browser without cookies: the person removes them where a module says so.
    pub fn forget(&mut self) {
        self.browser = self.scene.browser();
    }

    pub async fn metadata(&self) -> Value {
        self.scene.browser().get(DISCOVERY).await.json()
    }

    /// Whether a list of the metadata has this word.
    pub async fn supports(&self, member: &str, word: &str) -> bool {
        let metadata = self.metadata().await;
        let list = metadata[member].as_array();
        list.is_some_and(|words| words.iter().any(|one| one == word))
    }

    /// An ordinary request of the first client, with a `state` and a `nonce` of its own.
    pub fn ask(&self) -> Asked {
        self.ask_as(&self.one)
    }

    pub fn ask_as(&self, party: &Party) -> Asked {
        self.asked.set(self.asked.get() + 1);
        let number = self.asked.get();
        let asked = Asked::new(&[
            ("client_id", &party.id),
            ("redirect_uri", &party.redirect_uri),
            ("scope", "openid"),
            ("state", &format!("state-{number}")),
            ("nonce", &format!("nonce-{number}")),
            ("response_type", "code"),
        ]);
        match self.mode {
            Mode::Query => asked,
            Mode::FormPost => asked.with("response_mode", "form_post"),
        }
    }

    /// Sends the person with this request and lets them answer what is asked, up to the callback.
    pub async fn authorize(&self, asked: &Asked) -> Authorized {
        let first = self.browser.get(&asked.address()).await;
        self.go_on(asked, first).await
    }

    /// The same from this page on.
    pub async fn go_on(&self, asked: &Asked, first: Page) -> Authorized {
        let (questions, end) = self.answer_all(first).await;
        let callback = Callback::read(&end, self.mode);
        assert_eq!(callback.address, asked.value("redirect_uri").unwrap());
        assert_eq!(callback.get("iss"), Some(ISSUER), "RFC 9207");
        assert_eq!(callback.get("state"), asked.value("state"));
        Authorized { callback, questions }
    }

    /// The whole happy flow: sign in, redeem, verify.
    pub async fn tokens(&self, asked: &Asked) -> Tokens {
        let authorized = self.authorize(asked).await;
        self.redeem(asked, authorized.callback.code()).await
    }

    /// Redeems a code as the client that asked for it, and verifies all that comes.
    pub async fn redeem(&self, asked: &Asked, code: &str) -> Tokens {
        let party = self.party(asked.value("client_id").unwrap());
        let answer = self.try_redeem(party, code, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        Tokens::verified(self, asked, &answer).await
    }

    fn party(&self, id: &str) -> &Party {
        [&self.one, &self.two].into_iter().find(|party| party.id == id).unwrap()
    }

    /// Redeems a code with further parameters, and gives the answer as it came.
    pub async fn try_redeem(&self, party: &Party, code: &str, further: &[(&str, &str)]) -> Page {
        let mut params = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", party.redirect_uri.as_str()),
        ];
        params.extend(further);
        self.token_request(party, &params).await
    }

    /// A request to the token endpoint, authenticated in the client's way.
    pub async fn token_request(&self, party: &Party, params: &[(&str, &str)]) -> Page {
        let mut params = params.to_vec();
        let mut request = Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match party.way {
            Secret::Basic => {
                let pair = BASE64.encode(format!("{}:{}", party.id, party.secret).as_bytes());
                request = request.header(AUTHORIZATION, format!("Basic {pair}"));
            }
            Secret::Post => params.extend([
                ("client_id", party.id.as_str()),
                ("client_secret", party.secret.as_str()),
            ]),
        }
        let body = encode(params.into_iter());
        self.scene.browser().send(request, Body::from(body)).await
    }

    /// The userinfo endpoint with the token in the header.
    pub async fn userinfo(&self, access_token: &str) -> Page {
        let request = Request::get("/userinfo").header(AUTHORIZATION, format!("Bearer {access_token}"));
        self.scene.browser().send(request, Body::empty()).await
    }

    fn password() -> &'static str {
        PASSWORD
    }

    /// The code that the phone shows, in a step that no code was taken from yet.
    fn fresh_code(&self) -> String {
        if self.scene.now() / 30 == self.step.get() {
            self.scene.test.clock.advance(30);
        }
        self.step.set(self.scene.now() / 30);
        self.scene.code()
    }
}
