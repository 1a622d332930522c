//! The form of an application: a field for each setting that most need, and one line for all others, in the words of `samekey client
//! ensure`. Nothing is lost by a form that does not show it: keys given in the registration itself stay.

use super::clients::{CONSENTS, KINDS, PKCES, consent, pkce};
use super::view::{Field, Trouble, text_field};
use crate::admin::Seat;
use crate::clients::{AuthMethod, Client, ClientId, ClientKind, ClientSettings, Consent, Pkce, Registration};
use crate::keys::Alg;
use axum::http::StatusCode;
use samekey_shared::texts::Texts;
use std::collections::BTreeSet;

/// The settings with a field of their own, and the keys, which are too long for a line: no word of the line for all others.
const ELSEWHERE: [&str; 13] = [
    "redirect-uris",
    "post-logout-redirect-uris",
    "pkce",
    "consent",
    "auth-method",
    "id-token-alg",
    "scopes",
    "client-uri",
    "logo-uri",
    "backchannel-logout-uri",
    "frontchannel-logout-uri",
    "initiate-login-uri",
    "jwks",
];
/// The line for all others.
const FURTHER: &str = "further";

/// What the form says; what it does not show stays.
pub(super) fn registration(seat: &Seat, id: ClientId, before: Option<&Client>) -> Result<Registration, Trouble> {
    let kind = match before {
        Some(before) => before.kind,
        None if seat.field("kind") == "public" => ClientKind::Public,
        None => ClientKind::Confidential,
    };
    let there = before.map(|before| before.settings.clone()).unwrap_or_default();
    let one = |name: &str, there: Option<String>| match seat.sent(name).map(str::trim) {
        None => there,
        Some(text) => (!text.is_empty()).then(|| text.to_owned()),
    };
    let base = match seat.sent(FURTHER) {
        None => there.clone(),
        Some(line) => further(line).map_err(|why| unusable(seat.visitor.t, &why))?,
    };
    Ok(Registration {
        id,
        name: seat.field("name").to_owned(),
        kind,
        settings: ClientSettings {
            redirect_uris: words(seat, "redirects"),
            post_logout_redirect_uris: words(seat, "logouts"),
            pkce: if seat.field("pkce") == "optional" {
                Pkce::Optional
            } else {
                Pkce::Required
            },
            consent: if seat.field("consent") == "asked" {
                Consent::Asked
            } else {
                Consent::Given
            },
            auth_method: seat.field("auth").parse().unwrap_or(there.auth_method),
            id_token_alg: seat.field("alg").parse().unwrap_or(there.id_token_alg),
            scopes: match seat.sent("scopes") {
                None => there.scopes,
                Some(_) => Some(words(seat, "scopes")).filter(|scopes: &BTreeSet<String>| !scopes.is_empty()),
            },
            client_uri: one("home", there.client_uri),
            logo_uri: one("logo", there.logo_uri),
            backchannel_logout_uri: one("backchannel", there.backchannel_logout_uri),
            frontchannel_logout_uri: one("frontchannel", there.frontchannel_logout_uri),
            initiate_login_uri: one("initiate", there.initiate_login_uri),
            jwks: there.jwks,
            ..base
        },
    })
}

fn words<T: FromIterator<String>>(seat: &Seat, name: &str) -> T {
    seat.field(name).split_whitespace().map(str::to_owned).collect()
}

/// Reads the line for all others.
fn further(line: &str) -> Result<ClientSettings, String> {
    let document: toml::Table = format!("{FURTHER} = {{ {line} }}")
        .parse()
        .map_err(|why: toml::de::Error| why.message().to_owned())?;
    let Some(toml::Value::Table(settings)) = document.get(FURTHER) else {
        return Err("no settings".to_owned());
    };
    if let Some(name) = settings.keys().find(|name| ELSEWHERE.contains(&name.as_str())) {
        return Err(format!("{name} is not set here"));
    }
    let settings = toml::Value::Table(settings.clone()).try_into();
    settings.map_err(|why: toml::de::Error| why.message().to_owned())
}

/// Writes it: what is other than usual and has no field.
fn line_of(settings: &ClientSettings) -> String {
    let settings = ClientSettings {
        jwks: None,
        ..settings.clone()
    };
    let Ok(toml::Value::Table(all)) = toml::Value::try_from(&settings) else {
        return String::new();
    };
    let told = all.into_iter().filter(|(name, value)| {
        let is_empty = value.as_table().is_some_and(toml::Table::is_empty);
        !ELSEWHERE.contains(&name.as_str()) && !is_empty
    });
    told.map(|(name, value)| format!("{name} = {value}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn unusable(t: Texts, why: &str) -> Trouble {
    Trouble {
        sentence: t.fill("admin-client-further-wrong", [("why", why)]),
        code: "setting_invalid",
        status: StatusCode::CONFLICT,
    }
}

/// A field as it stands, or as it was typed before.
struct Kept<'a> {
    seat: &'a Seat,
    typed: bool,
}

impl Kept<'_> {
    fn text(&self, name: &'static str, key: &str, there: impl Into<String>) -> Field {
        let value = match self.seat.sent(name).filter(|_| self.typed) {
            Some(typed) => typed.to_owned(),
            None => there.into(),
        };
        text_field(self.seat.visitor.t, name, key, value)
    }

    fn hinted(&self, name: &'static str, keys: [&str; 2], there: impl Into<String>) -> Field {
        let mut field = self.text(name, keys[0], there);
        field.hint = Some(self.seat.visitor.t.say(keys[1]));
        field
    }

    /// One of these words of the specifications.
    fn choice(&self, name: &'static str, key: &str, there: &str, words: &[&str]) -> Field {
        let mut field = self.text(name, key, there);
        let both = words.iter().map(|word| ((*word).to_owned(), (*word).to_owned()));
        field.options = both.collect();
        field
    }

    /// One of these words of ours, each with what it is called.
    fn called(&self, name: &'static str, key: &str, there: &str, words: [(&str, &str); 2]) -> Field {
        let t = self.seat.visitor.t;
        let mut field = self.text(name, key, there);
        field.options = words.map(|(word, key)| (word.to_owned(), t.say(key))).into();
        field
    }
}

/// The fields as they stand, or as they were typed before.
pub(super) fn fields(seat: &Seat, before: Option<&Client>, typed: bool) -> Vec<Field> {
    let kept = Kept { seat, typed };
    let mut fields = Vec::new();
    if before.is_none() {
        fields.push(kept.hinted("id", ["admin-client-id", "admin-client-id-hint"], ""));
        fields.push(kept.called("kind", "admin-kind", "confidential", KINDS));
    }
    let settings = before.map(|before| before.settings.clone()).unwrap_or_default();
    let name = before.map(|before| before.name.clone()).unwrap_or_default();
    fields.extend([
        kept.text("name", "admin-client-name", name),
        kept.hinted(
            "redirects",
            ["admin-client-redirects", "admin-client-redirects-hint"],
            settings.redirect_uris.join(" "),
        ),
        kept.text(
            "logouts",
            "admin-client-logouts",
            settings.post_logout_redirect_uris.join(" "),
        ),
        kept.called("pkce", "admin-client-pkce", pkce(settings.pkce), PKCES),
        kept.called("consent", "admin-client-consent", consent(settings.consent), CONSENTS),
    ]);
    if before.is_none_or(|before| before.kind == ClientKind::Confidential) {
        let methods = AuthMethod::ALL.iter().filter(|method| **method != AuthMethod::None);
        let methods: Vec<&str> = methods.map(|method| method.name()).collect();
        let there = settings.auth_method.name();
        fields.push(kept.choice("auth", "admin-client-auth", there, &methods));
    }
    fields.extend(more(&kept, &settings));
    fields
}

/// What fewer applications need.
fn more(kept: &Kept<'_>, settings: &ClientSettings) -> Vec<Field> {
    let scopes: Vec<&str> = settings.scopes.iter().flatten().map(String::as_str).collect();
    let there = |uri: &Option<String>| uri.clone().unwrap_or_default();
    let algs = Alg::ALL.map(Alg::name);
    vec![
        kept.choice("alg", "admin-client-alg", settings.id_token_alg.name(), &algs),
        kept.hinted(
            "scopes",
            ["admin-client-scopes", "admin-client-scopes-hint"],
            scopes.join(" "),
        ),
        kept.text("home", "admin-client-home", there(&settings.client_uri)),
        kept.text("logo", "admin-client-logo", there(&settings.logo_uri)),
        kept.text(
            "backchannel",
            "admin-client-backchannel",
            there(&settings.backchannel_logout_uri),
        ),
        kept.text(
            "frontchannel",
            "admin-client-frontchannel",
            there(&settings.frontchannel_logout_uri),
        ),
        kept.text("initiate", "admin-client-initiate", there(&settings.initiate_login_uri)),
        kept.hinted(
            FURTHER,
            ["admin-client-further", "admin-client-further-hint"],
            line_of(settings),
        ),
    ]
}
