//! What stands around a module of the FAPI 2.0 plans: two clients of the profile, in each variant of the plans.

pub mod client;
pub mod objects;
pub mod pushed;
pub mod requests;
pub mod tokens;
mod x509;

pub use client::{Client, Shown};

use crate::browser::{Browser, Page};
use crate::relying_party::{CHALLENGE, VERIFIER};
use crate::scene::ISSUER;
use crate::suite::{Mode, Suite, jwks};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use samekey_provider::clients::{AuthMethod, ClientKind, ClientSettings, Profile};
use samekey_provider::http::params::encode;
use samekey_provider::keys::{Alg, jws};
use samekey_provider::oidc::{client_auth::PeerCertificates, fapi2};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How clients prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    PrivateKeyJwt,
    Mtls,
}

/// What their access tokens are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constrain {
    Dpop,
    Mtls,
}

/// Whether an ID token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openid {
    Connect,
    PlainOauth,
}

/// How requests and answers travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    /// The Security Profile.
    Plain,
    /// Message Signing: requests alone.
    SignedRequests,
    /// Message Signing, whole.
    Signed,
}

/// One selection of the plans' variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    pub auth: Auth,
    pub constrain: Constrain,
    pub openid: Openid,
    pub messages: Messages,
}

/// Client certificates are taken: here from a proxy, so that no listener is needed.
const MUTUAL_TLS: &str = "trusted-proxies = [\"192.0.2.7\"]\nclient-cert-header = true\n";

/// The request's parameters, by name.
pub type Asked = Map<String, Value>;

/// Every selection of the plan of these messages.
pub fn variants(messages: &[Messages]) -> Vec<Variant> {
    let mut all = Vec::new();
    for auth in [Auth::PrivateKeyJwt, Auth::Mtls] {
        for constrain in [Constrain::Dpop, Constrain::Mtls] {
            for openid in [Openid::Connect, Openid::PlainOauth] {
                all.extend(messages.iter().map(|messages| Variant {
                    auth,
                    constrain,
                    openid,
                    messages: *messages,
                }));
            }
        }
    }
    all
}

/// Two selections that share nothing: for modules that no single variant changes.
pub fn corners(messages: &[Messages]) -> Vec<Variant> {
    let corner = |auth, constrain, openid, messages: Option<&Messages>| Variant {
        auth,
        constrain,
        openid,
        messages: *messages.unwrap(),
    };
    vec![
        corner(Auth::PrivateKeyJwt, Constrain::Dpop, Openid::Connect, messages.last()),
        corner(Auth::Mtls, Constrain::Mtls, Openid::PlainOauth, messages.first()),
    ]
}

/// The members of an answer, and where it went.
#[derive(Debug)]
pub struct Answer(BTreeMap<String, String>);

/// See the module.
pub struct Fapi {
    pub suite: Suite,
    pub variant: Variant,
    pub one: Client,
    pub two: Client,
}

impl Fapi {
    pub fn new(variant: Variant) -> Self {
        let suite = Suite::with(Mode::Query, MUTUAL_TLS, |_| {});
        let client = |id: &str, seed: u64| {
            let client = Client::new(id, seed);
            let settings = registration(&client, variant, &suite);
            suite.scene.register(id, ClientKind::Confidential, settings);
            client
        };
        let (one, two) = (client("fapi-one", 71), client("fapi-two", 72));
        Self {
            suite,
            variant,
            one,
            two,
        }
    }

    pub fn now(&self) -> i64 {
        self.suite.scene.now()
    }

    /// Signs with the RSA key that both clients registered.
    pub fn rs256(&self, claims: &Value) -> String {
        jws::sign(
            self.suite.scene.app.published().keys.active(Alg::Rs256).unwrap(),
            claims,
        )
        .unwrap()
    }

    pub fn signs(&self) -> bool {
        self.variant.messages != Messages::Plain
    }

    /// An ordinary request of the first client.
    pub fn asked(&self) -> Asked {
        self.asked_by(&self.one)
    }

    pub fn asked_by(&self, client: &Client) -> Asked {
        let scope = match self.variant.openid {
            Openid::Connect => "openid profile",
            Openid::PlainOauth => "profile",
        };
        let mut asked = json!({
            "client_id": client.id, "redirect_uri": client.redirect_uri, "response_type": "code", "scope": scope,
            "state": "state-of-it", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        });
        if self.variant.openid == Openid::Connect {
            asked["nonce"] = "nonce-of-it".into();
        }
        if self.variant.messages == Messages::Signed {
            asked["response_mode"] = "jwt".into();
        }
        asked.as_object().unwrap().clone()
    }

    /// The form that pushes a request: as it is, or as a signed object.
    pub fn form(&self, client: &Client, asked: &Asked) -> Vec<(String, String)> {
        if self.signs() {
            let object = client.object(asked, self.now(), &json!({}));
            return vec![("client_id".into(), client.id.clone()), ("request".into(), object)];
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        asked.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// Pushes a request, proven in the variant's way.
    pub async fn push(&self, client: &Client, asked: &Asked) -> Page {
        self.push_form(client, &self.form(client, asked)).await
    }

    pub async fn push_form(&self, client: &Client, form: &[(String, String)]) -> Page {
        self.call("/par", form, &self.shown(client)).await
    }

    /// What proves a client, and nothing that binds a token.
    pub fn shown(&self, client: &Client) -> Shown {
        match self.variant.auth {
            Auth::PrivateKeyJwt => Shown::default().assertion(client, client.assertion(self.now(), &json!({}))),
            Auth::Mtls => Shown::default().certificate(client),
        }
    }

    /// The same, with what binds a token of `/token`.
    pub fn bound(&self, client: &Client) -> Shown {
        match self.variant.constrain {
            Constrain::Dpop => self
                .shown(client)
                .proof(client.proof(self.now(), ("POST", "/token"), &json!({}))),
            Constrain::Mtls => self.shown(client).certificate(client),
        }
    }

    /// A form posted to an endpoint.
    pub async fn call(&self, path: &str, form: &[(String, String)], shown: &Shown) -> Page {
        let named = |name: &String| form.iter().any(|(known, _)| known == name);
        let further = shown.fields.iter().filter(|(name, _)| !named(name));
        let pairs = form.iter().chain(further);
        let body = encode(pairs.map(|(name, value)| (name.as_str(), value.as_str())));
        let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(proof) = &shown.proof {
            request = request.header("dpop", proof);
        }
        self.sent(request, Body::from(body), shown).await
    }

    async fn sent(&self, mut request: axum::http::request::Builder, body: Body, shown: &Shown) -> Page {
        if let Some(certificate) = &shown.certificate {
            request = request.extension(PeerCertificates(Arc::new(vec![certificate.clone()])));
        }
        Browser::new(self.suite.scene.router.clone()).send(request, body).await
    }

    /// Where the browser is sent with the handle: two parameters, as RFC 9126 section 4 has it.
    #[expect(clippy::unused_self, reason = "reads as the others do")]
    pub fn address(&self, client: &Client, pushed: &Page) -> String {
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        Self::address_of(client, &uri)
    }

    pub fn address_of(client: &Client, uri: &str) -> String {
        let params = [("client_id", client.id.as_str()), ("request_uri", uri)];
        format!("/authorize?{}", encode(params.into_iter()))
    }

    /// Pushes, lets the person answer all that is asked, and reads what came back.
    pub async fn authorize(&self, client: &Client, asked: &Asked) -> Answer {
        let address = self.address(client, &self.push(client, asked).await);
        self.visit(client, &address).await
    }

    /// The same from an address on.
    pub async fn visit(&self, client: &Client, address: &str) -> Answer {
        let first = self.suite.browser.get(address).await;
        let (_, end) = self.suite.answer_all(first).await;
        self.read(client, &end).await
    }

    /// Reads an answer in the variant's way; a signed one is verified by the published keys.
    pub async fn read(&self, client: &Client, end: &Page) -> Answer {
        let location = end.location();
        let (address, query) = location.split_once('?').unwrap();
        assert_eq!(address, client.redirect_uri);
        let params = samekey_provider::http::Params::parse(query.as_bytes()).unwrap();
        let told = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        if self.variant.messages != Messages::Signed {
            assert_eq!(params.value("iss"), Some(ISSUER), "RFC 9207");
            return Answer(params.iter().map(|(name, value)| told(name, value)).collect());
        }
        assert_eq!(params.iter().count(), 1, "nothing beside the JWT: {location}");
        let keys = jwks::fetch(&self.suite.browser).await;
        let (header, claims) = jwks::verify(&keys, params.value("response").unwrap());
        assert_eq!(header["alg"], "PS256");
        assert_eq!(
            (&claims["iss"], &claims["aud"]),
            (&ISSUER.into(), &client.id.clone().into())
        );
        assert!((self.now() + 1..=self.now() + 600).contains(&claims["exp"].as_i64().unwrap()));
        let told = claims
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(name, value)| Some(told(name, value.as_str()?)));
        Answer(told.filter(|(name, _)| name != "iss" && name != "aud").collect())
    }

    /// The form that redeems a code.
    pub fn redemption(client: &Client, code: &str) -> Vec<(String, String)> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// Redeems a code, proven and bound in the variant's way.
    pub async fn redeem(&self, client: &Client, code: &str) -> Page {
        self.call("/token", &Self::redemption(client, code), &self.bound(client))
            .await
    }

    /// Holds a token answer against the variant; gives it.
    pub async fn tokens(&self, client: &Client, page: &Page) -> Value {
        assert_eq!(page.status, StatusCode::OK, "{:?}: {}", self.variant, page.body);
        let tokens = page.json();
        let kind = match self.variant.constrain {
            Constrain::Dpop => "DPoP",
            Constrain::Mtls => "Bearer",
        };
        assert_eq!(tokens["token_type"], kind);
        match self.variant.openid {
            Openid::PlainOauth => assert!(tokens.get("id_token").is_none(), "{tokens}"),
            Openid::Connect => {
                let keys = jwks::fetch(&self.suite.browser).await;
                let (header, claims) = jwks::verify(&keys, tokens["id_token"].as_str().unwrap());
                assert_eq!(header["alg"], "PS256");
                assert_eq!(
                    (&claims["iss"], &claims["aud"]),
                    (&ISSUER.into(), &client.id.clone().into())
                );
            }
        }
        tokens
    }

    /// `/userinfo` with the token, shown as it is bound; plain OAuth is told that the token reaches no further.
    pub async fn resource(&self, client: &Client, token: &str) -> Page {
        let mut request = Request::get("/userinfo");
        let mut shown = Shown::default();
        match self.variant.constrain {
            Constrain::Dpop => {
                let changes = json!({ "ath": client::hash(token) });
                let proof = client.proof(self.now(), ("GET", "/userinfo"), &changes);
                request = request
                    .header("authorization", format!("DPoP {token}"))
                    .header("dpop", proof);
            }
            Constrain::Mtls => {
                request = request.header("authorization", format!("Bearer {token}"));
                shown = shown.certificate(client);
            }
        }
        self.sent(request, Body::empty(), &shown).await
    }

    /// The resource is there, as far as the variant's scope reaches.
    pub async fn reaches(&self, client: &Client, token: &str) {
        let expected = match self.variant.openid {
            Openid::Connect => StatusCode::OK,
            Openid::PlainOauth => StatusCode::FORBIDDEN,
        };
        let page = self.resource(client, token).await;
        assert_eq!(page.status, expected, "{:?}: {}", self.variant, page.body);
    }
}

impl Answer {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The code; an error stops the test.
    pub fn code(&self) -> &str {
        self.get("code").unwrap_or_else(|| panic!("no code: {:?}", self.0))
    }

    /// The error, with nothing beside it that belongs to a success.
    pub fn error(&self) -> &str {
        assert!(self.get("code").is_none(), "{:?}", self.0);
        self.get("error").unwrap_or_else(|| panic!("no error: {:?}", self.0))
    }
}

fn registration(client: &Client, variant: Variant, suite: &Suite) -> ClientSettings {
    let signed = variant.messages != Messages::Plain;
    // An RSA key too, so that what RS256 signs is refused for its algorithm alone.
    let mut keys = client.jwks();
    let own = suite.scene.app.published().keys.jwks();
    let rsa = own["keys"].as_array().unwrap().iter().find(|key| key["alg"] == "RS256");
    keys["keys"].as_array_mut().unwrap().extend(rsa.cloned());
    ClientSettings {
        redirect_uris: vec![client.redirect_uri.clone()],
        jwks: Some(keys),
        auth_method: match variant.auth {
            Auth::PrivateKeyJwt => AuthMethod::PrivateKeyJwt,
            Auth::Mtls => AuthMethod::SelfSignedTlsClientAuth,
        },
        id_token_alg: Alg::Ps256,
        dpop_bound: variant.constrain == Constrain::Dpop,
        certificate_bound: variant.constrain == Constrain::Mtls,
        require_request_object: signed,
        profile: match variant.messages {
            Messages::Signed => Profile::Fapi2Signed,
            Messages::Plain | Messages::SignedRequests => Profile::Fapi2,
        },
        ..fapi2::fitting()
    }
}
