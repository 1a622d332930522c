//! `samekey client try`: signs somebody in with an app's registration and shows what the app would get, and why.
//!
//! ```text
//!   the app's registration, with http://127.0.0.1:PORT/ as a further redirect address while this runs
//!   ─► the address to open ─► the browser comes back to PORT with a code
//!   ─► tokens, made in this process: whoever runs it holds the store and the keys, so the app's secret is not needed
//!   ─► what they say, why the policy decided so; then they are revoked
//! ```

mod loopback;
mod shown;

use crate::commands::{policy, why};
use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, say};
use data_encoding::BASE64URL_NOPAD;
use loopback::Loopback;
use samekey_provider::app::AppState;
use samekey_provider::clients::{self, Client, ClientId, Profile, Registration};
use samekey_provider::http::params::encode;
use samekey_provider::oidc::token::trial::{self, Tried};
use samekey_shared::audit::EventKind;
use samekey_shared::secrets::opaque::Token;
use serde_json::json;
use std::sync::Arc;

/// How many random bytes `state`, `nonce` and verifier have.
const RANDOM_BYTES: usize = 32;

/// How to try it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The app's client id
    id: ClientId,
    /// The port of 127.0.0.1 that the browser comes back to
    #[arg(long, default_value_t = 8484)]
    port: u16,
    /// What to ask for, separated by blanks
    #[arg(long, value_name = "SCOPES", default_value = "openid profile email groups")]
    scope: String,
    /// Levels to ask for, the best first, separated by blanks
    #[arg(long, value_name = "LEVELS")]
    acr_values: Option<String>,
    /// Ask again although somebody is signed in
    #[arg(long)]
    again: bool,
    /// Seconds to wait for the browser
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let client = client_to_try(installation, &arguments.id)?;
    let loopback = Loopback::bind(arguments.port)?;
    let borrowed = Borrowed::take(installation, &client, loopback.address())?;
    let answer = borrowed.go(&loopback, arguments);
    borrowed.give_back()?;
    let tried = answer?;
    told(installation, &arguments.id, &tried)
}

fn client_to_try(installation: &Installation, id: &ClientId) -> Result<Client, Failure> {
    let found = installation.realm.store.read(|tx| clients::by_id(tx, id.as_str()))?;
    let client = found.ok_or_else(|| {
        Failure::not_found(format!("no app {id} is registered")).hint("`samekey client list` shows those there are.")
    })?;
    let settings = &client.settings;
    let pushes = settings.require_pushed || settings.require_request_object || settings.profile != Profile::Plain;
    if pushes || settings.dpop_bound || settings.certificate_bound {
        return Err(Failure::new(
            Exit::Usage,
            "not_to_be_tried",
            format!("app {id} signs or pushes its requests, or binds its tokens to a key of its own: only the app can do that"),
        )
        .hint("Register a second client without these for a trial."));
    }
    Ok(client)
}

/// An app's registration with one more redirect address, until it is given back.
struct Borrowed<'a> {
    installation: &'a Installation,
    client: &'a Client,
    address: String,
}

impl<'a> Borrowed<'a> {
    fn take(installation: &'a Installation, client: &'a Client, address: String) -> Result<Self, Failure> {
        let borrowed = Self {
            installation,
            client,
            address,
        };
        borrowed.register(true)?;
        Ok(borrowed)
    }

    fn give_back(&self) -> Result<(), Failure> {
        self.register(false)
    }

    /// Registers the client as it was, with or without our address. One that it has of its own stays.
    fn register(&self, with: bool) -> Result<(), Failure> {
        if self.client.redirect(&self.address).is_some() {
            return Ok(());
        }
        let mut settings = self.client.settings.clone();
        if with {
            settings.redirect_uris.push(self.address.clone());
        }
        let registration = Registration {
            id: self.client.id.clone(),
            name: self.client.name.clone(),
            kind: self.client.kind,
            settings,
        };
        let (realm, now) = (&self.installation.realm, self.installation.now());
        realm.store.write(|tx| {
            clients::ensure(tx, &registration, realm.entropy.as_ref(), now)?;
            let event = installation::event(EventKind::ClientChanged)
                .detail("client", &self.client.id)
                .detail("changed", if with { "trial began" } else { "trial ended" });
            self.installation.record(tx, &event)?;
            Ok::<_, Failure>(())
        })
    }

    /// Tells the address, waits for the browser, and makes the tokens.
    fn go(&self, loopback: &Loopback, arguments: &Arguments) -> Result<Tried, Failure> {
        let entropy = self.installation.realm.entropy.as_ref();
        let draw = || Token::draw(entropy, RANDOM_BYTES).map(|token| token.text().to_owned());
        let (state, nonce, verifier) = (draw()?, draw()?, draw()?);
        let config = self.installation.provider()?;
        let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        let challenge = BASE64URL_NOPAD.encode(hash.as_ref());
        let mut params = vec![
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", &self.address),
            ("response_type", "code"),
            ("scope", &arguments.scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        params.extend(arguments.acr_values.as_deref().map(|values| ("acr_values", values)));
        params.extend(arguments.again.then_some(("prompt", "login")));
        let issuer = config.issuer.clone();
        say("Open this address in a browser of this machine (from another one, forward the port first: ssh -L):");
        say(&format!("  {}?{}", issuer.at("/authorize"), encode(params.into_iter())));
        let code = loopback.code(&state, issuer.as_str(), arguments.wait)?;
        let realm = Installation::open(&self.installation.config.path)?.realm;
        let app = AppState::new(Arc::new(realm), config).map_err(|error| Failure::failed(error.to_string()))?;
        trial::redeem(&app, self.client, &code, &self.address, &verifier)
            .map_err(|error| Failure::failed(error.to_string()))
    }
}

/// What came of it.
fn told(installation: &Installation, id: &ClientId, tried: &Tried) -> Result<Answer, Failure> {
    let service = format!("oidc:{id}");
    let explained = policy::explain::of_sign_in(installation, tried.user.as_str(), &service)?;
    let events = why::of(installation, tried.grant)?;
    let explanation = serde_json::to_value(&explained).map_err(|error| Failure::failed(error.to_string()))?;
    let data = json!({
        "client": { "id": id },
        "user": tried.user.as_str(),
        "request": tried.grant.to_string(),
        "id_token": shown::parts(tried.response["id_token"].as_str()),
        "access_token": shown::parts(tried.response["access_token"].as_str()),
        "refresh_token": tried.response["refresh_token"].is_string(),
        "scope": tried.response["scope"],
        "userinfo": tried.userinfo,
        "policy": explanation,
    });
    let text = format!(
        "{}\n\nWhy the policy decides so for {} at {service}:\n\n{explained}\n\nThe trail of this sign-in:\n\n{}",
        shown::text(tried),
        tried.user,
        events.text
    );
    Ok(Answer::data(data, text).remark("The tokens were revoked, and the app is registered as before."))
}
